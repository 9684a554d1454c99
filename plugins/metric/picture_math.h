/* Numbers by which generated pictures are judged, from what a network says of them. Pure functions.
 */
#ifndef ATTUNE_METRIC_PICTURE_MATH_H
#define ATTUNE_METRIC_PICTURE_MATH_H
#include <stdbool.h>
#include <stdint.h>

typedef struct spread {
  double mean, deviation; /* over the parts, dividing by their number */
} spread;

/* Inception Score (Salimans and others, 2016), over `splits` parts in the order of the pictures, as
 * its authors' code has it: exp of the mean over pictures of KL(p(class | picture) || p(class)),
 * the latter the mean over the part. p: [n, classes], rows that sum to 1. False: there are fewer
 * pictures than parts, or no memory. */
bool inception_score(const float *p, int64_t n, int64_t classes, int64_t splits, spread *out);

/* Frechet Inception Distance (Heusel and others, 2017): |m1 - m2|^2 + Tr(C1 + C2 - 2 (C1
 * C2)^(1/2)), m and C the mean and the covariance (divided by n - 1) of features x [n, width]. The
 * last trace is that of (C1^(1/2) C2 C1^(1/2))^(1/2), whose eigenvalues LAPACK finds; none below 0
 * by rounding counts. Negative: fewer than two pictures (-1), no memory (-2), no convergence or
 * numbers that are none (-3). */
int frechet_distance(const float *x, int64_t n_x, const float *y, int64_t n_y, int64_t width,
                     double *out);
/* Its two halves: mean [width] and covariance [width, width] behind it, in one array; the distance
 * of two such. */
int frechet_moments(const float *x, int64_t n, int64_t width, double *moments);
int frechet_between(const double *a, const double *b, int64_t width, double *out);

/* R-precision, R = 1 (Xu and others, 2018): percent of pictures whose own caption is more similar
 * than each of the others. similarity: [n, candidates], each picture's own caption first; ties
 * count against. `folds` equal parts in the order of the pictures, give or take one. False: fewer
 * pictures than folds. */
bool r_precision(const float *similarity, int64_t n, int64_t candidates, int64_t folds,
                 spread *out);

/* Captions that `picture` is held against: `count` different rows of `captions` that are of another
 * picture, drawn by (seed, turn). False: there are too few. */
bool mismatched_captions(const int64_t *owner, int64_t captions, int64_t picture, uint64_t seed,
                         uint64_t turn, int64_t count, int64_t *out);
#endif
