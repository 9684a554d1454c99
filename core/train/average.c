#include "core/train/average.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/zeros.h"

enum { GRAIN = 1 << 15 };

at_status at_average_new(at_params *params, double decay, at_average **out, at_error *err) {
  at_average *a = calloc(1, sizeof *a);
  *out = NULL;
  if (!a) return at_nomem(err);
  a->params = params;
  a->decay = decay;
  a->value = at_zeros_new(params->count * sizeof *a->value);
  if (!a->value) {
    at_average_free(a);
    return at_nomem(err);
  }
  memcpy(a->value, params->value, params->count * sizeof(float));
  *out = a;
  return AT_OK;
}

void at_average_free(at_average *a) {
  if (!a) return;
  at_zeros_free(a->value);
  free(a);
}

typedef struct step {
  float *restrict average;
  const float *restrict weight;
  float share;
} step;

static void take_range(void *ctx, size_t begin, size_t end) {
  const step s = *(const step *)ctx;
  for (size_t i = begin; i < end; i++) s.average[i] += s.share * (s.weight[i] - s.average[i]);
}

static bool averaged(const at_average *a, int param) {
  for (size_t i = 0; i < a->n_part; i++)
    if (at_param_under(a->params->graph->param[param]->pname, a->part[i])) return true;
  return !a->n_part;
}

/* Parameters lie one after another; what lies between two belongs to the first. */
void at_average_take(at_average *a, at_pool *pool, int64_t n) {
  const at_params *p = a->params;
  const float share = (float)(1 - fmin(a->decay, (1 + (double)n) / (10 + (double)n)));
  for (int i = 0, last; i < p->graph->n_param; i = last + 1) {
    const bool yes = averaged(a, i);
    for (last = i; last + 1 < p->graph->n_param && averaged(a, last + 1) == yes;) last++;
    const size_t at = p->offset[i];
    const size_t count = (last + 1 < p->graph->n_param ? p->offset[last + 1] : p->count) - at;
    step s = {a->value + at, p->value + at, share};
    if (yes)
      at_parallel_range(pool, count, GRAIN, take_range, &s);
    else
      memcpy(s.average, s.weight, count * sizeof(float));
  }
}

void at_average_swap(at_average *a) {
  if (!a) return;
  float *v = a->value;
  a->value = a->params->value;
  a->params->value = v;
}
