/* Numbers about one example's keys: ranks, correlations, overlap with a truth, spread.
 *
 * All take n values as double, give NaN where they are not defined (one key, no spread, a value
 * that is no number) and work in O(n log n) in the memory of an am_space. */
#ifndef ATTUNE_METRIC_ATTENTION_MATH_H
#define ATTUNE_METRIC_ATTENTION_MATH_H
#include <stdbool.h>
#include <stdint.h>

typedef struct am_pair {
  double v, w;
} am_pair;
typedef struct am_space { /* room for the largest n, each */
  am_pair *pair;
  double *rank[2], *merge[2];
} am_space;

bool am_any_nan(const double *v, int64_t n);
/* Ranks from 1; equal values share the mean of theirs. */
void am_ranks(const am_space *s, const double *v, int64_t n, double *rank);

/* Kendall's tau-b (Kendall 1945), after Knight (1966). *p, which may be NULL, is the two-sided
 * probability under independence: exact without ties up to AM_EXACT values, else by the normal
 * approximation with the variance that ties leave. */
enum { AM_EXACT = 33 };
double am_tau_b(const am_space *s, const double *x, const double *y, int64_t n, double *p);
/* Stuart's tau-c (Stuart 1953): 2 m (C - D) / (n^2 (m - 1)), m the smaller number of different
 * values.
 */
double am_tau_c(const am_space *s, const double *x, const double *y, int64_t n);
/* Spearman's rho: Pearson's correlation of the ranks. */
double am_spearman(const am_space *s, const double *x, const double *y, int64_t n);

/* ---- against a truth: 1 and 0, both of which must occur ---- */
/* Expected number of true ones among the k largest, where ties are drawn from. */
double am_top_hits(const am_space *s, const double *v, const double *truth, int64_t n, int64_t k);
double am_roc_auc(const am_space *s, const double *v, const double *truth, int64_t n);
/* sum over distinct values, falling, of (gain of recall) x precision. */
double am_average_precision(const am_space *s, const double *v, const double *truth, int64_t n);
/* Share of the sum of positive values that is true. */
double am_mass(const double *v, const double *truth, int64_t n);
/* Size of what is both, or either, of the true keys and those of at least t x the largest value,
 * which must be positive; NULL: each key is of size 1. */
void am_overlap(const double *v, const double *truth, const double *size, int64_t n, double t,
                double *both, double *found, double *real);

/* ---- spread of values; negative ones count as 0 ---- */
double am_entropy(const double *v, int64_t n); /* in nats, of v / sum v; n >= 2 */
double am_gini(const am_space *s, const double *v, int64_t n);
/* What softmax over n scores that lie at most `range` apart can give to one of them. */
double am_softmax_bound(double range, int64_t n);

/* Area under the points (x, y), by trapezoids; x rises. */
double am_area(const double *x, const double *y, int64_t n);
#endif
