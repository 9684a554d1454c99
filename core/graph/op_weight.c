/* Weight normalisation, a row of the matrix at a time. */
#include <math.h>
#include <string.h>
#include "core/graph/weight.h"

enum { V = 1, G = 2 };

at_status at_weight_parameters(at_graph *g, at_node *n, bool normed, int ndim, const int64_t *shape,
                               at_init init, at_error *err) {
  if (!normed) return at_node_parameter(g, n, "weight", ndim, shape, init, err);
  int64_t ones[AT_MAX_DIM] = {shape[0]};
  double row = 1;
  for (int i = 1; i < ndim; i++) {
    ones[i] = 1;
    if (shape[i] > 0) row *= (double)shape[i];
  }
  if (init.kind == AT_INIT_UNIFORM) row /= 3; /* the variance of U(-1, 1) */
  at_status s = at_node_parameter(g, n, "weight_v", ndim, shape, init, err);
  at_init length = {AT_INIT_CONST, init.scale * sqrt(row)};
  return s == AT_OK ? at_node_parameter(g, n, "weight_g", ndim, ones, length, err) : s;
}

typedef struct rows {
  const float *v, *g, *dw;
  float *w, *dv, *dg;
  int64_t row;
} rows;

static int64_t count_of(const at_exec *x, const at_node *n) { return at_x_count(x, n->in[V]); }

static rows rows_of(const at_exec *x, const at_node *n) {
  return (rows){.v = at_x_in(x, n, V),
                .g = at_x_in(x, n, G),
                .row = count_of(x, n) / at_x_count(x, n->in[G])};
}

static double length_of(const float *v, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += (double)v[i] * (double)v[i];
  return sqrt(sum) + 1e-12;
}

static void make_rows(void *ctx, size_t begin, size_t end) {
  const rows *m = ctx;
  for (size_t o = begin; o < end; o++) {
    const float *v = m->v + (int64_t)o * m->row;
    float *w = m->w + (int64_t)o * m->row;
    float by = (float)(m->g[o] / length_of(v, m->row));
    for (int64_t i = 0; i < m->row; i++) w[i] = by * v[i];
  }
}

/* dg = dw v/|v|, dv = g/|v| (dw - v/|v| dg). */
static void back_rows(void *ctx, size_t begin, size_t end) {
  const rows *m = ctx;
  for (size_t o = begin; o < end; o++) {
    const float *v = m->v + (int64_t)o * m->row, *dw = m->dw + (int64_t)o * m->row;
    double length = length_of(v, m->row), dg = 0;
    for (int64_t i = 0; i < m->row; i++) dg += (double)dw[i] * (double)v[i];
    dg /= length;
    if (m->dg) m->dg[o] += (float)dg;
    if (!m->dv) continue;
    float *dv = m->dv + (int64_t)o * m->row;
    float by = (float)(m->g[o] / length), along = (float)(dg / length);
    for (int64_t i = 0; i < m->row; i++) dv[i] += by * (dw[i] - along * v[i]);
  }
}

static void each_row(at_exec *x, const at_node *n, void (*fn)(void *, size_t, size_t), rows *m) {
  at_parallel_range(at_x_pool(x), (size_t)at_x_count(x, n->in[G]), 16, fn, m);
}

size_t at_weight_scratch(const at_exec *x, const at_node *n, bool normed) {
  return normed ? 2 * (size_t)count_of(x, n) * sizeof(float) : 0;
}

at_weight at_weight_forward(at_exec *x, const at_node *n, bool normed) {
  float *scratch = at_x_scratch(x, n);
  if (!normed) return (at_weight){.w = at_x_in(x, n, V), .rest = scratch};
  rows m = rows_of(x, n);
  m.w = scratch;
  each_row(x, n, make_rows, &m);
  return (at_weight){.w = scratch, .rest = scratch + 2 * count_of(x, n), .normed = true};
}

at_weight at_weight_backward(at_exec *x, const at_node *n, bool normed) {
  at_weight w = at_weight_forward(x, n, normed);
  w.dw = at_x_grad_in(x, n, V);
  if (!normed || (!w.dw && !at_x_grad_in(x, n, G))) return w;
  w.dw = w.rest - count_of(x, n);
  memset(w.dw, 0, (size_t)count_of(x, n) * sizeof *w.dw);
  return w;
}

void at_weight_close(at_exec *x, const at_node *n, const at_weight *w) {
  if (!w->normed || !w->dw) return;
  rows m = rows_of(x, n);
  m.dw = w->dw;
  m.dv = at_x_grad_in(x, n, V);
  m.dg = at_x_grad_in(x, n, G);
  each_row(x, n, back_rows, &m);
}
