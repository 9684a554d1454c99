/* The Frechet distance; apart, for it alone needs LAPACK. */
#include <lapacke.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "picture_math.h"

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
