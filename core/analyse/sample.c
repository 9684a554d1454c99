#include "core/analyse/sample.h"
#include <math.h>
#include <stdlib.h>

/* ---- means ---- */

/* Two passes: the sum of squares of differences does not cancel. */
at_moments at_moments_of(const double *v, size_t n) {
  at_moments m = {0, 0, NAN};
  double squares = 0;
  for (size_t i = 0; i < n; i++)
    if (!isnan(v[i])) m.mean += v[i], m.n++;
  m.mean = m.n ? m.mean / (double)m.n : NAN;
  for (size_t i = 0; i < n; i++)
    if (!isnan(v[i])) squares += (v[i] - m.mean) * (v[i] - m.mean);
  if (m.n > 1) m.sd = sqrt(squares / (double)(m.n - 1));
  return m;
}

void at_example_means(const at_samples *s, double *out) {
  for (size_t i = 0; i < s->examples; i++) {
    double sum = 0;
    size_t n = 0;
    for (size_t k = 0; k < s->seeds; k++) {
      double v = s->value[k * s->examples + i];
      if (!isnan(v)) sum += v, n++;
    }
    out[i] = n ? sum / (double)n : NAN;
  }
}

void at_seed_means(const at_samples *s, double *out) {
  for (size_t k = 0; k < s->seeds; k++)
    out[k] = at_moments_of(s->value + k * s->examples, s->examples).mean;
}

double at_grand_mean(const at_samples *s) {
  double sum = 0;
  size_t n = 0;
  for (size_t k = 0; k < s->seeds; k++) {
    double own = at_moments_of(s->value + k * s->examples, s->examples).mean;
    if (!isnan(own)) sum += own, n++;
  }
  return n ? sum / (double)n : NAN;
}

/* ---- order ---- */

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

void at_sort(double *v, size_t n) {
  if (n) qsort(v, n, sizeof *v, by_value);
}

double at_quantile(const double *sorted, size_t n, double q) {
  if (!n) return NAN;
  double at = q * (double)(n - 1);
  size_t low = (size_t)at;
  if (low + 1 >= n) return sorted[n - 1];
  return sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]);
}

/* Merge sort of places: qsort has no context, and stable order needs none. */
static void merge(const double *v, const size_t *from, size_t *to, size_t n, size_t width) {
  for (size_t begin = 0; begin < n; begin += 2 * width) {
    size_t middle = begin + width < n ? begin + width : n;
    size_t end = begin + 2 * width < n ? begin + 2 * width : n;
    for (size_t k = begin, a = begin, b = middle; k < end; k++)
      to[k] = b >= end || (a < middle && v[from[a]] <= v[from[b]]) ? from[a++] : from[b++];
  }
}

static void sort_places(const double *v, size_t n, size_t *order, size_t *spare) {
  size_t *from = order, *to = spare;
  for (size_t i = 0; i < n; i++) order[i] = i;
  for (size_t width = 1; width < n; width *= 2) {
    merge(v, from, to, n, width);
    size_t *t = from;
    from = to;
    to = t;
  }
  if (from != order)
    for (size_t i = 0; i < n; i++) order[i] = from[i];
}

void at_ranks(const double *v, size_t n, size_t *order, double *rank) {
  sort_places(v, n, order, order + n);
  for (size_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && v[order[end]] == v[order[i]]; end++) continue;
    for (size_t k = i; k < end; k++) rank[order[k]] = 0.5 * (double)(i + end + 1);
  }
}

double at_pearson(const double *a, const double *b, size_t n) {
  at_moments x = at_moments_of(a, n), y = at_moments_of(b, n);
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < n; i++) {
    xy += (a[i] - x.mean) * (b[i] - y.mean);
    xx += (a[i] - x.mean) * (a[i] - x.mean);
    yy += (b[i] - y.mean) * (b[i] - y.mean);
  }
  return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

/* ---- Student's t ---- */

static double away_from_zero(double v) { return fabs(v) < 1e-300 ? 1e-300 : v; }

/* The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method;
 * quick where x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), f = d;
  for (int m = 1; m < 5000; m++) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    f *= c * d;
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    f *= c * d;
    if (fabs(c * d - 1) < 1e-15) break;
  }
  return f;
}

static double beta_part(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

enum { NEARLY_NORMAL = 1000000 }; /* degrees from which t and the normal agree to six digits */

double at_student_p(double t, double degrees) {
  if (isnan(t) || isnan(degrees) || degrees <= 0) return NAN;
  if (isinf(t)) return 0;
  if (degrees > NEARLY_NORMAL) return erfc(fabs(t) / sqrt(2));
  return beta_part(0.5 * degrees, 0.5, degrees / (degrees + t * t));
}

/* Bisection: p falls as t grows. */
double at_student_limit(double level, double degrees) {
  double lo = 0, hi = 1, p = 1 - level;
  if (!(p > 0 && p < 1) || !(degrees > 0)) return NAN;
  while (at_student_p(hi, degrees) > p && hi < 1e300) hi *= 2;
  for (int i = 0; i < 200 && hi - lo > 1e-14 * hi; i++) {
    double middle = 0.5 * (lo + hi);
    if (at_student_p(middle, degrees) > p)
      lo = middle;
    else
      hi = middle;
  }
  return 0.5 * (lo + hi);
}

double at_normal_limit(double level) { return at_student_limit(level, INFINITY); }
