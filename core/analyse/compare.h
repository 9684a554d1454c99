/* Two samples: is there a difference, how large is it, and what is left of it at equal accuracy. */
#ifndef AT_ANALYSE_COMPARE_H
#define AT_ANALYSE_COMPARE_H
#include <stdbool.h>
#include "core/analyse/bootstrap.h"

/* ---- tests ---- */

typedef struct at_paired {
  size_t n;          /* pairs in which both are defined */
  double difference; /* mean of a - b */
  double p;          /* two-sided; NaN when there is no pair */
  bool exact;
} at_paired;

/* Permutation test by flips of sign: under no difference a[i] - b[i] may as well be its negative.
 * Exact over all flips for up to 16 pairs that differ, else over `times` (0: 10000) random ones,
 * p = (b + 1) / (m + 1) (Phipson and Smyth 2010). Of how, seed, times and pool count. */
at_status at_paired_test(const double *a, const double *b, size_t n, const at_resampling *how,
                         at_paired *out, at_error *err);

/* Welch's test, two-sided, degrees by Satterthwaite. NaN: one has fewer than two values. */
double at_welch_p(const at_moments *a, const at_moments *b);

/* Holm's step-down correction (1979) in place; NaN stays and does not count. order: room for n. */
void at_holm(double *p, size_t n, size_t *order);

/* ---- effect sizes ---- */

/* Cohen's d of pairs: mean of the differences over their standard deviation (d_z). 0 when that
 * mean is 0, infinite when nothing varies; NaN for fewer than two pairs. */
double at_cohen_paired(const double *a, const double *b, size_t n);
/* Share of the pairs (x of a, y of b) with x > y less that with x < y. Takes NaN out of, and
 * sorts, both. */
double at_cliff_delta(double *a, size_t n, double *b, size_t m);

/* ---- at equal accuracy ---- */

/* Values where the answer was right, NaN elsewhere. Of two tables so treated the paired test and
 * at_bootstrap_difference take the examples that both models answer correctly, each by those
 * of its seeds that do. right: as value, 1 right, everything else not. */
void at_keep_right(const at_samples *s, const int32_t *right, double *out);

typedef struct at_adjusted {
  double raw;          /* mean of a less mean of b */
  double difference;   /* the same at equal accuracy */
  double low, high, p; /* of difference */
  double slope;        /* of the value in the accuracy, common to both */
  double degrees;
  bool overlap; /* the accuracies of a and b do: else it extrapolates */
} at_adjusted;

/* One value and one accuracy a seed; analysis of covariance: value = group + slope * accuracy by
 * least squares, the slope that of seeds within their group. Numbers are NaN when there are fewer
 * than four seeds or the accuracy does not vary within a group. level 0: 0.95. */
at_adjusted at_equal_accuracy(const double *a, const double *accuracy_a, size_t n, const double *b,
                              const double *accuracy_b, size_t m, double level);
#endif
