/* How much of a metric's variance a condition explains. */
#include <math.h>
#include <stdlib.h>
#include "core/analyse/condition.h"
#include "core/base/random.h"
#include "core/base/text.h"

enum { USUAL_ORDERS = 2000, PIECES = 32 };

/* Examples that have both a value and a class, values about their mean. */
typedef struct oneway {
  const at_resampling *how;
  double *value;
  int32_t *of;
  size_t n, classes, times;
  size_t *count;  /* [classes] */
  double between; /* sum of squares between classes, of the data's own order */
  double all;     /* about the mean */
  int32_t *order; /* [PIECES][n] */
  double *sum;    /* [PIECES][classes] */
  size_t reached[PIECES];
} oneway;

/* Values have mean 0: the sum over classes of (sum of values)^2 / count. */
static double between_classes(const oneway *w, const int32_t *of, double *sum) {
  double total = 0;
  for (size_t c = 0; c < w->classes; c++) sum[c] = 0;
  for (size_t i = 0; i < w->n; i++) sum[of[i]] += w->value[i];
  for (size_t c = 0; c < w->classes; c++)
    if (w->count[c]) total += sum[c] * sum[c] / (double)w->count[c];
  return total;
}

static void piece(void *ctx, size_t index) {
  oneway *w = ctx;
  int32_t *of = w->order + index * w->n;
  double *sum = w->sum + index * w->classes, least = w->between - 1e-12 * w->all;
  size_t begin = w->times * index / PIECES, end = w->times * (index + 1) / PIECES;
  for (size_t turn = begin; turn < end; turn++) {
    at_random r = {w->how->seed, at_hash_name("orders of classes"), turn};
    for (size_t i = 0; i < w->n; i++) of[i] = w->of[i];
    for (size_t i = w->n; i > 1; i--) {
      size_t k = (size_t)at_random_below(&r, i, i);
      int32_t t = of[i - 1];
      of[i - 1] = of[k];
      of[k] = t;
    }
    w->reached[index] += between_classes(w, of, sum) >= least;
  }
}

static bool give_room(oneway *w, size_t n) {
  size_t cells, sums;
  if (!at_mul_size(PIECES, n, &cells) || !at_mul_size(PIECES, w->classes, &sums)) return false;
  w->value = calloc(n + 1, sizeof *w->value);
  w->of = calloc(n + 1, sizeof *w->of);
  w->count = calloc(w->classes + 1, sizeof *w->count);
  w->order = calloc(cells + 1, sizeof *w->order);
  w->sum = calloc(sums + 1, sizeof *w->sum);
  return w->value && w->of && w->count && w->order && w->sum;
}

/* Returns how many classes have an example. */
static size_t take(oneway *w, const double *value, const at_split *split) {
  size_t filled = 0;
  for (size_t i = 0; i < split->n; i++) {
    if (isnan(value[i]) || split->of[i] < 0) continue;
    w->value[w->n] = value[i];
    w->of[w->n++] = split->of[i];
    filled += !w->count[split->of[i]]++;
  }
  double mean = at_moments_of(w->value, w->n).mean;
  for (size_t i = 0; i < w->n; i++) {
    w->value[i] -= mean;
    w->all += w->value[i] * w->value[i];
  }
  if (w->all <= 1e-24 * mean * mean * (double)w->n) w->all = 0; /* rounding of equal values */
  return filled;
}

static void conclude(oneway *w, at_anova *out) {
  double k = (double)out->classes, n = (double)out->n;
  size_t reached = 0;
  w->between = between_classes(w, w->of, w->sum);
  double within = (w->all - w->between) / (n - k); /* mean square */
  out->eta = w->between / w->all;
  out->omega = (w->between - (k - 1) * within) / (w->all + within);
  at_parallel(w->how->pool, PIECES, piece, w);
  for (size_t i = 0; i < PIECES; i++) reached += w->reached[i];
  out->p = (double)(reached + 1) / (double)(w->times + 1);
}

at_status at_variance_explained(const double *value, const at_split *split,
                                const at_resampling *how, at_anova *out, at_error *err) {
  oneway w = {
      .how = how, .classes = split->classes, .times = how->times ? how->times : USUAL_ORDERS};
  *out = (at_anova){.eta = NAN, .omega = NAN, .p = NAN};
  at_status s = give_room(&w, split->n) ? AT_OK : at_nomem(err);
  if (s == AT_OK) {
    out->classes = take(&w, value, split);
    out->n = w.n;
    if (out->classes > 1 && w.n > out->classes && w.all > 0) conclude(&w, out);
  }
  free(w.value);
  free(w.of);
  free(w.count);
  free(w.order);
  free(w.sum);
  return s;
}
