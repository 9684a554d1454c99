#include "core/analyse/compare.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/random.h"

/* ---- flips of sign ---- */

enum { MOST_EXACT = 16, USUAL_FLIPS = 10000, FLIP_PIECES = 32, WORD = 32, BYTE = 8, SIGNS = 256 };

typedef struct flips {
  const double *d; /* differences that are not 0 */
  size_t n, times;
  double *sum;  /* [ceil(n / BYTE)][SIGNS]: of so many differences, by the signs that they get */
  double least; /* a sum this large counts as no smaller than the one seen */
  const at_resampling *how;
  size_t count[FLIP_PIECES];
} flips;

static void random_flips(void *ctx, size_t index) {
  flips *f = ctx;
  size_t begin = f->times * index / FLIP_PIECES, end = f->times * (index + 1) / FLIP_PIECES;
  for (size_t turn = begin; turn < end; turn++) {
    at_random r = {f->how->seed, at_hash_name("sign flips"), turn};
    double sum = 0;
    for (size_t i = 0; i < f->n; i += WORD) {
      uint32_t bits = at_random_u32(&r, i / WORD);
      for (size_t k = i; k < f->n && k < i + WORD; k += BYTE, bits >>= BYTE)
        sum += f->sum[k / BYTE * SIGNS + (bits & (SIGNS - 1))];
    }
    f->count[index] += fabs(sum) >= f->least;
  }
}

static double exact_p(const flips *f) {
  size_t all = (size_t)1 << f->n, count = 0;
  for (size_t bits = 0; bits < all; bits++) {
    double sum = 0;
    for (size_t i = 0; i < f->n; i++) sum += bits >> i & 1 ? f->d[i] : -f->d[i];
    count += fabs(sum) >= f->least;
  }
  return (double)count / (double)all;
}

static void sum_signs(flips *f) {
  for (size_t k = 0; k < f->n; k += BYTE)
    for (size_t bits = 0; bits < SIGNS; bits++) {
      double sum = 0;
      for (size_t i = k; i < f->n && i < k + BYTE; i++)
        sum += bits >> (i - k) & 1 ? f->d[i] : -f->d[i];
      f->sum[k / BYTE * SIGNS + bits] = sum;
    }
}

static double sampled_p(flips *f) {
  size_t count = 0;
  sum_signs(f);
  f->times = f->how->times ? f->how->times : USUAL_FLIPS;
  at_parallel(f->how->pool, FLIP_PIECES, random_flips, f);
  for (size_t i = 0; i < FLIP_PIECES; i++) count += f->count[i];
  return (double)(count + 1) / (double)(f->times + 1);
}

at_status at_paired_test(const double *a, const double *b, size_t n, const at_resampling *how,
                         at_paired *out, at_error *err) {
  flips f = {.how = how};
  double *d = calloc(n + 1, sizeof *d), sum = 0, size = 0;
  *out = (at_paired){.difference = NAN, .p = NAN};
  if (!d) return at_nomem(err);
  for (size_t i = 0; i < n; i++) {
    if (isnan(a[i]) || isnan(b[i])) continue;
    out->n++;
    if (a[i] != b[i]) d[f.n++] = a[i] - b[i];
  }
  for (size_t i = 0; i < f.n; i++) sum += d[i], size += fabs(d[i]);
  f.d = d;
  f.least = fabs(sum) - 1e-12 * size; /* equal sums differ by the order of their terms */
  out->exact = f.n <= MOST_EXACT;
  if (!out->exact && !(f.sum = calloc(f.n / BYTE + 1, SIGNS * sizeof *f.sum))) {
    free(d);
    return at_nomem(err);
  }
  if (out->n) {
    out->difference = sum / (double)out->n;
    out->p = out->exact ? exact_p(&f) : sampled_p(&f);
  }
  free(d);
  free(f.sum);
  return AT_OK;
}

/* ---- Welch and Holm ---- */

double at_welch_p(const at_moments *a, const at_moments *b) {
  if (a->n < 2 || b->n < 2) return NAN;
  double n = (double)a->n, m = (double)b->n, v = a->sd * a->sd / n, w = b->sd * b->sd / m;
  double distance = a->mean - b->mean;
  if (v + w == 0) return distance == 0 ? 1 : 0;
  double degrees = (v + w) * (v + w) / (v * v / (n - 1) + w * w / (m - 1));
  return at_student_p(distance / sqrt(v + w), degrees);
}

/* Few p values: insertion sort. */
void at_holm(double *p, size_t n, size_t *order) {
  size_t m = 0;
  for (size_t i = 0; i < n; i++) {
    if (isnan(p[i])) continue;
    size_t at = m++;
    for (; at > 0 && p[order[at - 1]] > p[i]; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  double before = 0;
  for (size_t k = 0; k < m; k++) {
    double *own = &p[order[k]];
    before = fmax(before, fmin(1, *own * (double)(m - k)));
    *own = before;
  }
}

/* ---- effect sizes ---- */

double at_cohen_paired(const double *a, const double *b, size_t n) {
  double sum = 0, squares = 0, mean;
  size_t pairs = 0;
  for (size_t i = 0; i < n; i++)
    if (!isnan(a[i]) && !isnan(b[i])) sum += a[i] - b[i], pairs++;
  if (pairs < 2) return NAN;
  mean = sum / (double)pairs;
  for (size_t i = 0; i < n; i++)
    if (!isnan(a[i]) && !isnan(b[i])) squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean);
  if (mean == 0) return 0;
  return mean / sqrt(squares / (double)(pairs - 1));
}

static size_t take_defined(double *v, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (!isnan(v[i])) v[kept++] = v[i];
  at_sort(v, kept);
  return kept;
}

double at_cliff_delta(double *a, size_t n, double *b, size_t m) {
  double sum = 0;
  n = take_defined(a, n);
  m = take_defined(b, m);
  if (!n || !m) return NAN;
  for (size_t i = 0, below = 0, reached = 0; i < n; i++) {
    while (below < m && b[below] < a[i]) below++;
    while (reached < m && b[reached] <= a[i]) reached++;
    sum += (double)below - (double)(m - reached);
  }
  return sum / ((double)n * (double)m);
}

/* ---- at equal accuracy ---- */

void at_keep_right(const at_samples *s, const int32_t *right, double *out) {
  for (size_t i = 0; i < s->seeds * s->examples; i++) out[i] = right[i] == 1 ? s->value[i] : NAN;
}

/* Sums over the seeds of one group that have both numbers, about their means. */
typedef struct group {
  double n, value, accuracy; /* count and means */
  double vv, va, aa;         /* sums of squares and products */
  double least, most;        /* accuracy */
} group;

static group sums_of(const double *value, const double *accuracy, size_t n) {
  group g = {.least = INFINITY, .most = -INFINITY};
  for (size_t i = 0; i < n; i++) {
    if (isnan(value[i]) || isnan(accuracy[i])) continue;
    g.n++;
    g.value += value[i];
    g.accuracy += accuracy[i];
    g.least = fmin(g.least, accuracy[i]);
    g.most = fmax(g.most, accuracy[i]);
  }
  g.value /= g.n;
  g.accuracy /= g.n;
  for (size_t i = 0; i < n; i++) {
    if (isnan(value[i]) || isnan(accuracy[i])) continue;
    double v = value[i] - g.value, a = accuracy[i] - g.accuracy;
    g.vv += v * v;
    g.va += v * a;
    g.aa += a * a;
  }
  return g;
}

at_adjusted at_equal_accuracy(const double *a, const double *accuracy_a, size_t n, const double *b,
                              const double *accuracy_b, size_t m, double level) {
  group x = sums_of(a, accuracy_a, n), y = sums_of(b, accuracy_b, m);
  at_adjusted out = {.raw = x.value - y.value,
                     .difference = NAN,
                     .low = NAN,
                     .high = NAN,
                     .p = NAN,
                     .slope = NAN,
                     .degrees = x.n + y.n - 3};
  double aa = x.aa + y.aa, apart = x.accuracy - y.accuracy;
  out.overlap = x.least <= y.most && y.least <= x.most;
  if (out.degrees < 1 || !x.n || !y.n || !(aa > 0)) return out;
  out.slope = (x.va + y.va) / aa;
  out.difference = out.raw - out.slope * apart;
  double left = fmax(0, x.vv + y.vv - out.slope * (x.va + y.va)); /* squares unexplained */
  double error = sqrt(left / out.degrees * (1 / x.n + 1 / y.n + apart * apart / aa));
  double arm = at_student_limit(level > 0 ? level : 0.95, out.degrees) * error;
  out.low = out.difference - arm;
  out.high = out.difference + arm;
  out.p = error > 0 ? at_student_p(out.difference / error, out.degrees) : out.difference == 0;
  return out;
}
