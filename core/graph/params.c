/* The block of parameters and the block of their gradients. */
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/base/zeros.h"
#include "core/graph/exec.h"

enum { STEP = 16 }; /* floats in 64 bytes */

static at_status parameter_size(const at_node *n, size_t *out, at_error *err) {
  size_t size = 1;
  for (int i = 0; i < n->ndim; i++) {
    if (n->dim[i].size < 1)
      return at_fail(err, AT_EINPUT, "the size of parameter `%s` is not known yet", n->pname);
    if (!at_mul_size(size, (size_t)n->dim[i].size, &size))
      return at_fail(err, AT_EINPUT, "parameter `%s` is too large for any memory", n->pname);
  }
  *out = size;
  return AT_OK;
}

static at_status lay_out(at_params *p, at_error *err) {
  const at_graph *g = p->graph;
  for (int i = 0; i < g->n_param; i++) {
    size_t padded, bytes;
    at_status s = parameter_size(g->param[i], &p->size[i], err);
    if (s != AT_OK) return s;
    p->offset[i] = p->count;
    if (!at_add_size(p->size[i], STEP - 1, &padded) ||
        !at_add_size(p->count, padded / STEP * STEP, &p->count) ||
        !at_mul_size(p->count, sizeof(float), &bytes))
      return at_fail(err, AT_EINPUT, "the parameters together are too large for any memory");
  }
  return AT_OK;
}

at_status at_params_new(const at_graph *g, at_params **out, at_error *err) {
  *out = NULL;
  at_status s = AT_ENOMEM;
  at_params *p = calloc(1, sizeof *p);
  size_t n = (size_t)g->n_param;
  if (!p) return at_nomem(err);
  p->graph = g;
  p->offset = calloc(n + 1, sizeof *p->offset);
  p->size = calloc(n + 1, sizeof *p->size);
  p->rows = calloc(n + 1, sizeof *p->rows);
  p->grad_of = calloc(n + 1, sizeof *p->grad_of);
  if (!p->offset || !p->size || !p->rows || !p->grad_of) {
    at_nomem(err);
    goto out;
  }
  if ((s = lay_out(p, err)) != AT_OK) goto out;
  p->value = at_zeros_new(p->count * sizeof *p->value);
  p->grad = at_zeros_new(p->count * sizeof *p->grad);
  if (!p->value || !p->grad) {
    s = at_nomem(err);
    goto out;
  }
  at_params_own_grads(p);
  *out = p;
  p = NULL;
out:
  at_params_free(p);
  return s;
}

void at_params_free(at_params *p) {
  if (!p) return;
  for (int i = 0; p->rows && i < p->graph->n_param; i++) {
    free(p->rows[i].row);
    free(p->rows[i].place);
  }
  free(p->rows);
  free(p->offset);
  free(p->size);
  at_zeros_free(p->value);
  at_zeros_free(p->grad);
  free(p->grad_of);
  free(p);
}

void at_params_own_grads(at_params *p) {
  for (int i = 0; i < p->graph->n_param; i++) p->grad_of[i] = p->grad + p->offset[i];
}

void at_params_clear_one(at_params *p, int param) {
  at_rows *r = &p->rows[param];
  const size_t size = r->count ? (size_t)(r->n * r->width) : p->size[param];
  if (p->grad_of[param] == p->grad + p->offset[param])
    memset(p->grad_of[param], 0, size * sizeof *p->grad);
  else
    p->grad_of[param] = NULL;
  at_rows_clear(r);
}

void at_params_clear(at_params *p) {
  for (int i = 0; i < p->graph->n_param; i++) at_params_clear_one(p, i);
}

int at_params_find(const at_params *p, size_t at) {
  int lo = 0, hi = p->graph->n_param - 1;
  while (lo < hi) {
    const int mid = (lo + hi + 1) / 2;
    if (p->offset[mid] <= at)
      lo = mid;
    else
      hi = mid - 1;
  }
  return lo;
}

typedef struct drawn {
  float *v;
  const at_init *init;
  at_random r;
} drawn;

enum { AT_ONCE = 1 << 14 };

static void draw(void *ctx, size_t begin, size_t end) {
  const drawn *d = ctx;
  const double scale = d->init->scale;
  float *v = d->v;
  switch (d->init->kind) {
    case AT_INIT_ZERO: memset(v + begin, 0, (end - begin) * sizeof *v); break;
    case AT_INIT_CONST:
      for (size_t i = begin; i < end; i++) v[i] = (float)scale;
      break;
    case AT_INIT_UNIFORM:
      at_random_uniforms(&d->r, begin, end - begin, v + begin);
      for (size_t i = begin; i < end; i++) v[i] = (float)((2.0 * (double)v[i] - 1.0) * scale);
      break;
    case AT_INIT_NORMAL:
      for (size_t i = begin; i < end; i++)
        v[i] = (float)((double)at_random_normal(&d->r, i) * scale);
      break;
  }
}

void at_params_init(at_params *p, uint64_t seed) { at_params_init_on(p, seed, NULL); }

void at_params_init_on(at_params *p, uint64_t seed, at_pool *pool) {
  for (int i = 0; i < p->graph->n_param; i++) {
    const at_node *n = p->graph->param[i];
    drawn d = {p->value + p->offset[i],
               &n->init,
               {.seed = seed, .stream = at_hash_name(n->pname), .step = 0}};
    at_parallel_range(pool, p->size[i], AT_ONCE, draw, &d);
  }
}
