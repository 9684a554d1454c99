#include "core/train/average.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRAIN = 1 << 15 };

at_status at_average_new(at_params *params, double decay, at_average **out, at_error *err) {
  size_t bytes = (params->count ? params->count : 16) * sizeof(float);
  at_average *a = calloc(1, sizeof *a);
  *out = NULL;
  if (!a) return at_nomem(err);
  a->params = params;
  a->decay = decay;
  a->value = aligned_alloc(64, bytes);
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
  free(a->value);
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

void at_average_take(at_average *a, at_pool *pool, int64_t n) {
  double decay = fmin(a->decay, (1 + (double)n) / (10 + (double)n));
  step s = {a->value, a->params->value, (float)(1 - decay)};
  at_parallel_range(pool, a->params->count, GRAIN, take_range, &s);
}

void at_average_swap(at_average *a) {
  if (!a) return;
  float *v = a->value;
  a->value = a->params->value;
  a->params->value = v;
}
