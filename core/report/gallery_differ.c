/* How far two models differ in what they attend to. */
#include <string.h>
#include "core/report/gallery.h"

static double row_overlap(const float *p, const float *q, int64_t keys) {
  double sum = 0;
  for (int64_t i = 0; i < keys; i++) {
    double a = (double)p[i], b = (double)q[i];
    if (!isfinite(a) || !isfinite(b)) return NAN;
    sum += fmax(0, fmin(a, b));
  }
  return fmin(1, sum);
}

/* NAN: no row of it has numbers in both. */
static double block_differs(const at_attention *x, const at_attention *y) {
  double sum = 0;
  int64_t n = 0;
  for (int64_t q = 0; q < x->queries; q++) {
    double v = row_overlap(x->weight + q * x->keys, y->weight + q * x->keys, x->keys);
    if (isnan(v)) continue;
    sum += 1 - v;
    n++;
  }
  return n ? sum / (double)n : NAN;
}

static bool comparable(const at_attention *x, const at_attention *y) {
  return x->weight && y->weight && x->attend && y->attend && !strcmp(x->attend, y->attend) &&
         x->queries == y->queries && x->keys == y->keys && x->over == y->over;
}

double at_rp_differ(const at_look *x, const at_look *y) {
  double sum = 0;
  size_t n = 0;
  for (size_t i = 0; i < x->n_attention; i++)
    for (size_t k = 0; k < y->n_attention; k++) {
      if (!comparable(&x->attention[i], &y->attention[k])) continue;
      double v = block_differs(&x->attention[i], &y->attention[k]);
      if (!isnan(v)) sum += v, n++;
      break;
    }
  return n ? sum / (double)n : NAN;
}
