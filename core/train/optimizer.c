#include "core/train/optimizer.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 15 };

at_adam at_adam_defaults(void) { return (at_adam){0.9, 0.999, 1e-8, 0}; }

at_status at_optimizer_new(at_params *params, const at_adam *o, at_optimizer **out, at_error *err) {
  *out = NULL;
  at_optimizer *p = calloc(1, sizeof *p);
  if (!p) return at_nomem(err);
  p->params = params;
  p->o = *o;
  p->m = calloc(params->count + 1, sizeof *p->m);
  p->v = calloc(params->count + 1, sizeof *p->v);
  if (!p->m || !p->v) {
    at_optimizer_free(p);
    return at_nomem(err);
  }
  *out = p;
  return AT_OK;
}

void at_optimizer_free(at_optimizer *o) {
  if (!o) return;
  free(o->m);
  free(o->v);
  free(o);
}

typedef struct norm {
  const float *g;
  size_t n;
  double *part;
} norm;

static void norm_block(void *ctx, size_t b) {
  const norm *w = ctx;
  size_t end = (b + 1) * BLOCK < w->n ? (b + 1) * BLOCK : w->n;
  double s = 0;
  for (size_t i = b * BLOCK; i < end; i++) s += (double)w->g[i] * (double)w->g[i];
  w->part[b] = s;
}

/* NAN when there is no memory for the partial sums. */
static double global_norm(const at_params *p, at_pool *pool) {
  size_t blocks = p->count / BLOCK + 1;
  double sum = 0;
  norm w = {p->grad, p->count, calloc(blocks, sizeof(double))};
  if (!w.part) return NAN;
  at_parallel(pool, blocks, norm_block, &w);
  for (size_t b = 0; b < blocks; b++) sum += w.part[b];
  free(w.part);
  return sqrt(sum);
}

typedef struct update {
  float *restrict p, *restrict g, *restrict m, *restrict v;
  float scale, b1, b2, rate, root, eps;
} update;

static void update_range(void *ctx, size_t begin, size_t end) {
  const update u = *(const update *)ctx;
  for (size_t i = begin; i < end; i++) {
    float g = u.g[i] * u.scale;
    float m = u.b1 * u.m[i] + (1 - u.b1) * g;
    float v = u.b2 * u.v[i] + (1 - u.b2) * g * g;
    u.m[i] = m;
    u.v[i] = v;
    u.p[i] -= u.rate * m / (sqrtf(v) * u.root + u.eps);
    u.g[i] = 0;
  }
}

double at_optimizer_step(at_optimizer *o, at_pool *pool, double learning_rate) {
  at_params *p = o->params;
  double n = global_norm(p, pool);
  if (!isfinite(n)) {
    memset(p->grad, 0, p->count * sizeof(float));
    return n;
  }
  double by = o->o.clip > 0 ? o->o.clip / (n + 1e-6) : 1;
  o->count++;
  update u = {.p = p->value,
              .g = p->grad,
              .m = o->m,
              .v = o->v,
              .scale = by < 1 ? (float)by : 1,
              .b1 = (float)o->o.beta1,
              .b2 = (float)o->o.beta2,
              .eps = (float)o->o.eps,
              .rate = (float)(learning_rate / (1 - pow(o->o.beta1, (double)o->count))),
              .root = (float)(1 / sqrt(1 - pow(o->o.beta2, (double)o->count)))};
  at_parallel_range(pool, p->count, BLOCK, update_range, &u);
  return n;
}
