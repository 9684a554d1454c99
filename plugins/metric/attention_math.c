#include "attention_math.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool am_any_nan(const double *v, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (isnan(v[i])) return true;
  return false;
}

static int by_both(const void *a, const void *b) {
  const am_pair *x = a, *y = b;
  if (x->v != y->v) return x->v < y->v ? -1 : 1;
  return (x->w > y->w) - (x->w < y->w);
}

static void sort_pairs(const am_space *s, const double *v, const double *w, int64_t n) {
  for (int64_t i = 0; i < n; i++) s->pair[i] = (am_pair){v[i], w ? w[i] : (double)i};
  qsort(s->pair, (size_t)n, sizeof *s->pair, by_both);
}

/* End of the run of equal values that begins at i. */
static int64_t run_end(const am_pair *p, int64_t i, int64_t n) {
  int64_t j = i + 1;
  while (j < n && p[j].v == p[i].v) j++;
  return j;
}

void am_ranks(const am_space *s, const double *v, int64_t n, double *rank) {
  sort_pairs(s, v, NULL, n);
  for (int64_t i = 0, j; i < n; i = j) {
    j = run_end(s->pair, i, n);
    for (int64_t k = i; k < j; k++) rank[(int64_t)s->pair[k].w] = (double)(i + 1 + j) / 2;
  }
}

/* ---- correlation ---- */

typedef struct ties {          /* over groups of t equal values */
  double pairs, cubes, spread; /* t(t-1)/2, t(t-1)(t-2), t(t-1)(2t+5) */
  double groups;
} ties;

static void add_group(ties *t, double size) {
  t->groups++;
  t->pairs += size * (size - 1) / 2;
  t->cubes += size * (size - 1) * (size - 2);
  t->spread += size * (size - 1) * (2 * size + 5);
}

/* Sorts v and returns how many pairs stood in the wrong order. */
static double sort_counting(double *v, double *spare, int64_t n) {
  double swaps = 0;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t from = 0; from < n; from += 2 * width) {
      int64_t i = from, mid = from + width < n ? from + width : n;
      int64_t j = mid, end = mid + width < n ? mid + width : n;
      for (int64_t k = from; k < end; k++) {
        bool right = j < end && (i == mid || v[j] < v[i]);
        if (right) swaps += (double)(mid - i);
        spare[k] = right ? v[j++] : v[i++];
      }
    }
    memcpy(v, spare, (size_t)n * sizeof *v);
  }
  return swaps;
}

static ties count_ties(const double *sorted, int64_t n) {
  ties t = {0};
  for (int64_t i = 0, j; i < n; i = j) {
    for (j = i + 1; j < n && sorted[j] == sorted[i]; j++) continue;
    add_group(&t, (double)(j - i));
  }
  return t;
}

/* Twice the share of orders of n <= AM_EXACT values with at most c inversions. */
static double exact_p(int64_t n, int64_t c) {
  double share[AM_EXACT * (AM_EXACT - 1) / 4 + 1] = {1}, next[sizeof share / sizeof *share],
                                               sum = 0;
  for (int64_t size = 2; size <= n; size++) {
    double window = 0;
    for (int64_t k = 0; k <= c; k++) {
      window += share[k];
      if (k >= size) window -= share[k - size];
      next[k] = window / (double)size;
    }
    memcpy(share, next, sizeof *share * (size_t)(c + 1));
  }
  for (int64_t k = 0; k <= c; k++) sum += share[k];
  return fmin(1, 2 * sum);
}

static double normal_p(double difference, int64_t n, ties x, ties y) {
  double k = (double)n, m = k * (k - 1);
  double var = (m * (2 * k + 5) - x.spread - y.spread) / 18 + 2 * x.pairs * y.pairs / m;
  if (n > 2) var += x.cubes * y.cubes / (9 * m * (k - 2));
  return erfc(fabs(difference) / sqrt(2 * var));
}

/* C - D; *swaps: pairs in the wrong order once ties are sorted. */
static double concordance(const am_space *s, const double *x, const double *y, int64_t n,
                          ties *in_x, ties *in_y, double *swaps) {
  double *v = s->merge[0], both = 0;
  sort_pairs(s, x, y, n);
  for (int64_t i = 0; i < n; i++) v[i] = s->pair[i].v;
  *in_x = count_ties(v, n);
  for (int64_t i = 0, j; i < n; i = j) {
    for (j = i + 1; j < n && !by_both(&s->pair[i], &s->pair[j]); j++) continue;
    both += (double)(j - i) * (double)(j - i - 1) / 2;
  }
  for (int64_t i = 0; i < n; i++) v[i] = s->pair[i].w;
  *swaps = sort_counting(v, s->merge[1], n);
  *in_y = count_ties(v, n);
  return (double)n * (double)(n - 1) / 2 - in_x->pairs - in_y->pairs + both - 2 * *swaps;
}

double am_tau_b(const am_space *s, const double *x, const double *y, int64_t n, double *p) {
  ties tx, ty;
  double swaps, all = (double)n * (double)(n - 1) / 2;
  if (p) *p = NAN;
  if (n < 2 || am_any_nan(x, n) || am_any_nan(y, n)) return NAN;
  double difference = concordance(s, x, y, n, &tx, &ty, &swaps);
  if (tx.pairs == all || ty.pairs == all) return NAN;
  if (p && n <= AM_EXACT && tx.pairs == 0 && ty.pairs == 0)
    *p = exact_p(n, (int64_t)fmin(swaps, all - swaps));
  else if (p)
    *p = normal_p(difference, n, tx, ty);
  return difference / sqrt(all - tx.pairs) / sqrt(all - ty.pairs);
}

double am_tau_c(const am_space *s, const double *x, const double *y, int64_t n) {
  ties tx, ty;
  double swaps;
  if (n < 2 || am_any_nan(x, n) || am_any_nan(y, n)) return NAN;
  double difference = concordance(s, x, y, n, &tx, &ty, &swaps);
  double m = fmin(tx.groups, ty.groups);
  return m < 2 ? NAN : 2 * m * difference / ((double)n * (double)n * (m - 1));
}

double am_spearman(const am_space *s, const double *x, const double *y, int64_t n) {
  double *a = s->rank[0], *b = s->rank[1], mean = (double)(n + 1) / 2, xy = 0, xx = 0, yy = 0;
  if (n < 2 || am_any_nan(x, n) || am_any_nan(y, n)) return NAN;
  am_ranks(s, x, n, a);
  am_ranks(s, y, n, b);
  for (int64_t i = 0; i < n; i++) {
    xy += (a[i] - mean) * (b[i] - mean);
    xx += (a[i] - mean) * (a[i] - mean);
    yy += (b[i] - mean) * (b[i] - mean);
  }
  return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

/* ---- against a truth ---- */

/* How many are true, where both kinds occur and every number is one; else 0. */
static int64_t true_ones(const double *v, const double *truth, int64_t n) {
  int64_t real = 0;
  if (am_any_nan(v, n) || am_any_nan(truth, n)) return 0;
  for (int64_t i = 0; i < n; i++) real += truth[i] > 0;
  return real < n ? real : 0;
}

double am_top_hits(const am_space *s, const double *v, const double *truth, int64_t n, int64_t k) {
  double hits = 0;
  if (!true_ones(v, truth, n)) return NAN;
  for (int64_t i = 0; i < n; i++) s->pair[i] = (am_pair){-v[i], truth[i] > 0};
  qsort(s->pair, (size_t)n, sizeof *s->pair, by_both);
  for (int64_t i = 0, j; i < k && i < n; i = j) {
    double real = 0;
    j = run_end(s->pair, i, n);
    for (int64_t a = i; a < j; a++) real += s->pair[a].w;
    hits += j <= k ? real : real * (double)(k - i) / (double)(j - i);
  }
  return hits;
}

double am_roc_auc(const am_space *s, const double *v, const double *truth, int64_t n) {
  double sum = 0, real = (double)true_ones(v, truth, n);
  if (real == 0) return NAN;
  am_ranks(s, v, n, s->rank[0]);
  for (int64_t i = 0; i < n; i++) sum += truth[i] > 0 ? s->rank[0][i] : 0;
  return (sum - real * (real + 1) / 2) / (real * ((double)n - real));
}

double am_average_precision(const am_space *s, const double *v, const double *truth, int64_t n) {
  double hits = 0, sum = 0, real = (double)true_ones(v, truth, n);
  if (real == 0) return NAN;
  for (int64_t i = 0; i < n; i++) s->pair[i] = (am_pair){-v[i], truth[i] > 0};
  qsort(s->pair, (size_t)n, sizeof *s->pair, by_both);
  for (int64_t i = 0, j; i < n; i = j) {
    double gain = 0;
    j = run_end(s->pair, i, n);
    for (int64_t a = i; a < j; a++) gain += s->pair[a].w;
    hits += gain;
    sum += gain / real * hits / (double)j;
  }
  return sum;
}

double am_mass(const double *v, const double *truth, int64_t n) {
  double all = 0, inside = 0;
  if (!true_ones(v, truth, n)) return NAN;
  for (int64_t i = 0; i < n; i++) {
    all += fmax(v[i], 0);
    inside += truth[i] > 0 ? fmax(v[i], 0) : 0;
  }
  return all > 0 ? inside / all : NAN;
}

void am_overlap(const double *v, const double *truth, const double *size, int64_t n, double t,
                double *both, double *found, double *real) {
  double most = 0;
  *both = *found = *real = NAN;
  if (!true_ones(v, truth, n)) return;
  for (int64_t i = 0; i < n; i++) most = fmax(most, v[i]);
  if (!(most > 0)) return;
  *both = *found = *real = 0;
  for (int64_t i = 0; i < n; i++) {
    double one = size ? size[i] : 1;
    bool in = v[i] >= t * most;
    *found += in ? one : 0;
    *real += truth[i] > 0 ? one : 0;
    *both += in && truth[i] > 0 ? one : 0;
  }
}

/* ---- spread ---- */

static double positive_sum(const double *v, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += fmax(v[i], 0);
  return n < 2 || am_any_nan(v, n) || !(sum > 0) ? NAN : sum;
}

double am_entropy(const double *v, int64_t n) {
  double sum = positive_sum(v, n), h = 0;
  if (isnan(sum)) return NAN;
  for (int64_t i = 0; i < n; i++)
    if (v[i] > 0) h -= v[i] / sum * log(v[i] / sum);
  return fmax(h, 0);
}

double am_gini(const am_space *s, const double *v, int64_t n) {
  double sum = positive_sum(v, n), g = 0;
  if (isnan(sum)) return NAN;
  sort_pairs(s, v, NULL, n);
  for (int64_t i = 0; i < n; i++) g += (double)(2 * i + 1 - n) * fmax(s->pair[i].v, 0);
  return g / ((double)n * sum);
}

double am_softmax_bound(double range, int64_t n) {
  return range >= 0 && n >= 2 ? 1 / (1 + (double)(n - 1) * exp(-range)) : NAN;
}

double am_area(const double *x, const double *y, int64_t n) {
  double sum = 0;
  for (int64_t i = 1; i < n; i++) sum += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
  return sum;
}
