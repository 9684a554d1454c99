#include "picture_math.h"
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../split_mix.h"

static spread spread_of(const double *v, int64_t n) {
  spread s = {0};
  for (int64_t i = 0; i < n; i++) s.mean += v[i] / (double)n;
  for (int64_t i = 0; i < n; i++) s.deviation += (v[i] - s.mean) * (v[i] - s.mean) / (double)n;
  s.deviation = sqrt(s.deviation);
  return s;
}

/* ---- Inception Score ---- */

/* Of rows from .. to; `mean` has room for a number each class. */
static double score_of(const float *p, int64_t from, int64_t to, int64_t classes, double *mean) {
  double sum = 0;
  memset(mean, 0, (size_t)classes * sizeof *mean);
  for (int64_t i = from; i < to; i++)
    for (int64_t c = 0; c < classes; c++) mean[c] += (double)p[i * classes + c];
  for (int64_t c = 0; c < classes; c++) mean[c] /= (double)(to - from);
  for (int64_t i = from; i < to; i++)
    for (int64_t c = 0; c < classes; c++) {
      const double v = (double)p[i * classes + c];
      if (v > 0) sum += v * log(v / mean[c]);
    }
  return exp(sum / (double)(to - from));
}

bool inception_score(const float *p, int64_t n, int64_t classes, int64_t splits, spread *out) {
  if (splits < 1 || n < splits) return false;
  double *score = malloc((size_t)splits * sizeof *score),
         *mean = malloc((size_t)classes * sizeof *mean);
  const bool ok = score && mean;
  for (int64_t k = 0; ok && k < splits; k++)
    score[k] = score_of(p, k * n / splits, (k + 1) * n / splits, classes, mean);
  if (ok) *out = spread_of(score, splits);
  free(score);
  free(mean);
  return ok;
}

/* ---- Frechet distance ---- */

/* Mean [width] and covariance [width, width] of the rows of x. */
static bool moments(const float *x, int64_t n, int64_t width, double *mean, double *cov) {
  double *row = malloc((size_t)width * sizeof *row);
  if (!row) return false;
  memset(mean, 0, (size_t)width * sizeof *mean);
  memset(cov, 0, (size_t)(width * width) * sizeof *cov);
  for (int64_t i = 0; i < n; i++)
    for (int64_t k = 0; k < width; k++) mean[k] += (double)x[i * width + k] / (double)n;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < width; k++) row[k] = (double)x[i * width + k] - mean[k];
    for (int64_t k = 0; k < width; k++) {
      const double v = row[k] / (double)(n - 1);
      for (int64_t j = 0; j <= k; j++) cov[k * width + j] += v * row[j];
    }
  }
  for (int64_t k = 0; k < width; k++)
    for (int64_t j = k + 1; j < width; j++) cov[k * width + j] = cov[j * width + k];
  free(row);
  return true;
}

/* out = a b, all [n, n]. */
static void multiply(const double *a, const double *b, int64_t n, double *out) {
  memset(out, 0, (size_t)(n * n) * sizeof *out);
  for (int64_t i = 0; i < n; i++)
    for (int64_t k = 0; k < n; k++) {
      const double v = a[i * n + k];
      for (int64_t j = 0; j < n; j++) out[i * n + j] += v * b[k * n + j];
    }
}

/* Eigenvalues below this share of the largest are rounding. */
static double root(double value, double largest, int64_t n) {
  return value > largest * (double)n * 2.3e-16 ? sqrt(value) : 0;
}

/* Tr (c1 c2)^(1/2). Overwrites both; `work` has room for [n, n]; NaN: no convergence. With
 * c1 = V diag(l) V', rows of V' scaled by l^(1/2) make B, and B c2 B' has the eigenvalues. */
static double cross_trace(double *c1, double *c2, int64_t n, double *work, double *value) {
  double sum = 0;
  if (LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'U', (lapack_int)n, c1, (lapack_int)n, value))
    return NAN;
  for (int64_t k = 0; k < n; k++) {
    const double by = root(value[k], value[n - 1], n);
    for (int64_t i = 0; i < n; i++) c1[i * n + k] *= by; /* V diag(l)^(1/2) */
  }
  multiply(c2, c1, n, work);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < i; j++) {
      const double v = c1[i * n + j];
      c1[i * n + j] = c1[j * n + i];
      c1[j * n + i] = v;
    }
  multiply(c1, work, n, c2);
  if (LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'N', 'U', (lapack_int)n, c2, (lapack_int)n, value))
    return NAN;
  for (int64_t k = 0; k < n; k++) sum += root(value[k], value[n - 1], n);
  return sum;
}

static bool finite_all(const float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return false;
  return true;
}

int frechet_moments(const float *x, int64_t n, int64_t width, double *m) {
  if (n < 2) return -1;
  if (!finite_all(x, n * width)) return -3;
  return moments(x, n, width, m, m + width) ? 0 : -2;
}

int frechet_between(const double *a, const double *b, int64_t width, double *out) {
  const size_t square = (size_t)(width * width);
  double *all = malloc((3 * square + (size_t)width) * sizeof *all), sum = 0;
  if (!all) return -2;
  double *c1 = all, *c2 = c1 + square, *work = c2 + square, *value = work + square;
  memcpy(c1, a + width, square * sizeof *c1);
  memcpy(c2, b + width, square * sizeof *c2);
  for (int64_t k = 0; k < width; k++)
    sum += (a[k] - b[k]) * (a[k] - b[k]) + c1[k * width + k] + c2[k * width + k];
  *out = sum - 2 * cross_trace(c1, c2, width, work, value);
  free(all);
  return isfinite(*out) ? 0 : -3;
}

int frechet_distance(const float *x, int64_t n_x, const float *y, int64_t n_y, int64_t width,
                     double *out) {
  const size_t one = (size_t)(width * width + width);
  double *m = malloc(2 * one * sizeof *m);
  if (!m) return -2;
  int rc = frechet_moments(x, n_x, width, m);
  if (!rc) rc = frechet_moments(y, n_y, width, m + one);
  if (!rc) rc = frechet_between(m, m + one, width, out);
  free(m);
  return rc;
}

/* ---- R-precision ---- */

bool r_precision(const float *similarity, int64_t n, int64_t candidates, int64_t folds,
                 spread *out) {
  if (folds < 1 || n < folds) return false;
  double *share = calloc((size_t)folds, sizeof *share);
  if (!share) return false;
  for (int64_t k = 0; k < folds; k++) {
    const int64_t from = k * n / folds, to = (k + 1) * n / folds;
    for (int64_t i = from; i < to; i++) {
      const float *s = similarity + i * candidates;
      bool hit = s[0] == s[0];
      for (int64_t c = 1; c < candidates; c++) hit = hit && s[0] > s[c];
      share[k] += hit ? 100.0 / (double)(to - from) : 0;
    }
  }
  *out = spread_of(share, folds);
  free(share);
  return true;
}

static uint64_t mix(uint64_t seed, uint64_t turn, uint64_t index) {
  return split_mix(seed + (turn + 1) * SPLIT_MIX_STEP + (index + 1) * UINT64_C(0xd1b54a32d192ed03));
}

static bool drawn(const int64_t *out, int64_t n, int64_t row) {
  for (int64_t i = 0; i < n; i++)
    if (out[i] == row) return true;
  return false;
}

bool mismatched_captions(const int64_t *owner, int64_t captions, int64_t picture, uint64_t seed,
                         uint64_t turn, int64_t count, int64_t *out) {
  int64_t others = 0, n = 0;
  for (int64_t c = 0; c < captions; c++) others += owner[c] != picture;
  if (others < count) return false;
  for (uint64_t k = 0; n < count; k++) {
    int64_t row = (int64_t)(mix(seed, turn, k) % (uint64_t)captions);
    /* Where few are left the next one on is taken, so that this ends. */
    while (k > 64 * (uint64_t)count && (owner[row] == picture || drawn(out, n, row)))
      row = (row + 1) % captions;
    if (owner[row] != picture && !drawn(out, n, row)) out[n++] = row;
  }
  return true;
}
