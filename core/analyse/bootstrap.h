/* Intervals of means over seeds and examples, by resampling both.
 *
 * Method: percentile interval of a hierarchical bootstrap. Seeds are drawn with replacement,
 * then examples. Usually one sample of examples serves all the seeds of a resample, as the seeds
 * of a study answer the same examples (crossed; Owen, "The pigeonhole bootstrap", Annals of
 * Applied Statistics 2007); `nested` draws examples anew within each drawn seed.
 *
 * A percentile interval over a handful of seeds is too short. Its two arms are therefore
 * stretched by t / z * sqrt(V / V*), with V the sum of the variances that seeds and examples
 * give the mean, V* the one that resampling sees (n - 1 of n in each), and t of Satterthwaite's
 * degrees of freedom (cf. Hesterberg, The American Statistician 2015, on narrowness bias).
 *
 * With one seed the interval speaks of other examples for this one run; with one example of
 * other seeds. With one of each there is none (NaN). */
#ifndef AT_ANALYSE_BOOTSTRAP_H
#define AT_ANALYSE_BOOTSTRAP_H
#include <stdbool.h>
#include "core/analyse/sample.h"
#include "core/base/thread.h"

typedef struct at_resampling {
  uint64_t seed; /* the same seed gives the same bits on any number of threads */
  size_t times;  /* 0: 2000 */
  double level;  /* 0: 0.95 */
  bool nested;
  at_pool *pool; /* NULL: the caller alone */
} at_resampling;

typedef struct at_interval {
  double mean, low, high;
  size_t seeds, examples; /* that have a value; of a difference: the smaller count of seeds */
} at_interval;

/* Of at_grand_mean. */
at_status at_bootstrap(const at_samples *s, const at_resampling *how, at_interval *out,
                       at_error *err);
/* The same for n samples of as many examples each, for which resamples are drawn once. */
at_status at_bootstrap_many(const at_samples *s, size_t n, const at_resampling *how,
                            at_interval *out, at_error *err);
/* Of the mean of a less that of b, over the examples that both have: examples are drawn for
 * both together, seeds apart, as seed 1 of one model is no kin of seed 1 of another. */
at_status at_bootstrap_difference(const at_samples *a, const at_samples *b,
                                  const at_resampling *how, at_interval *out, at_error *err);
/* The same for n pairs, all of as many examples. */
typedef struct at_bootstrap_pair {
  const at_samples *a, *b;
} at_bootstrap_pair;
at_status at_bootstrap_differences(const at_bootstrap_pair *pair, size_t n,
                                   const at_resampling *how, at_interval *out, at_error *err);
/* mean -+ t * sd / sqrt(n): for one number a seed. low and high NaN when n < 2. */
at_interval at_student_interval(const at_moments *m, double level);
#endif
