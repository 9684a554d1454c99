/* Which entries of a column are the best, and which are not told apart from it. */
#ifndef AT_ANALYSE_WINNER_H
#define AT_ANALYSE_WINNER_H
#include "core/analyse/compare.h"

typedef enum at_verdict {
  AT_WORSE,  /* told apart from the best mean; also an entry without values, or a lone one */
  AT_BEST,   /* the best mean, and every other entry is told apart from it: at most one */
  AT_LIKE,   /* not told apart from the best mean; the best mean itself where there are such */
  AT_UNKNOWN /* one of the two has too few values for a test; the best mean itself where there
                are only such */
} at_verdict;

typedef struct at_judged {
  at_verdict verdict;
  double p; /* against the best mean, after Holm over the column; NaN: no test */
} at_judged;

/* Told apart: Welch's test after Holm is below `alpha`. The interval of the difference by the
 * same test then excludes 0. For one number a seed. */
at_status at_judge_seeds(const at_moments *entry, size_t n, bool higher, double alpha,
                         at_judged *out, at_error *err);
/* Told apart: at_paired_test on examples averaged over seeds after Holm is below 1 - level, and
 * the interval of at_bootstrap_difference excludes 0: the first knows the spread over examples,
 * the second that over seeds as well. Entries have the same examples. */
at_status at_judge_examples(const at_samples *entry, size_t n, bool higher,
                            const at_resampling *how, at_judged *out, at_error *err);
#endif
