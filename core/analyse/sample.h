/* Numbers by seed and example, and what is said of a sample. Pure numbers: no files, no names.
 *
 * NaN stands for "not defined here" in every array of values and is left out of every sum. */
#ifndef AT_ANALYSE_SAMPLE_H
#define AT_ANALYSE_SAMPLE_H
#include <stddef.h>
#include <stdint.h>

/* value[seed * examples + example]; seeds are runs, examples the same ones for every seed. */
typedef struct at_samples {
  const double *value;
  size_t seeds, examples;
} at_samples;

typedef struct at_moments {
  size_t n;        /* defined values */
  double mean, sd; /* mean NaN when n = 0; sample standard deviation NaN when n < 2 */
} at_moments;

at_moments at_moments_of(const double *v, size_t n);
/* Mean over the seeds that have a value; NaN where none has. */
void at_example_means(const at_samples *s, double *out);
/* Mean of each seed over its examples. */
void at_seed_means(const at_samples *s, double *out);
/* Mean of the seeds' means: every seed counts the same. */
double at_grand_mean(const at_samples *s);

void at_sort(double *v, size_t n); /* ascending; no NaN */
/* Of sorted values, linear between neighbours (type 7 of Hyndman and Fan 1996). */
double at_quantile(const double *sorted, size_t n, double q);

/* Ranks from 1, equal values share the mean of theirs. order: room for 2 * n. No NaN. */
void at_ranks(const double *v, size_t n, size_t *order, double *rank);
double at_pearson(const double *a, const double *b, size_t n); /* NaN: one of them is constant */

/* Two-sided p value of Student's t; degrees need not be whole. */
double at_student_p(double t, double degrees);
/* The t whose two-sided p value is 1 - level. */
double at_student_limit(double level, double degrees);
double at_normal_limit(double level);
#endif
