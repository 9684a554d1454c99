#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include <string.h>

/* ---- building ---- */

at_status at_op_need_real(const at_graph *g, const at_node *n, at_error *err) {
  for (int i = 0; i < n->n_data; i++)
    if (n->in[i]->type != AT_REAL)
      return at_fail(err, AT_EINPUT, "%s takes real values; %s holds tokens", n->op->name,
                     at_node_title(g, n->in[i]));
  return AT_OK;
}

at_status at_op_like_first(at_graph *g, at_node *n, at_error *err) {
  at_status s = at_op_need_real(g, n, err);
  if (s != AT_OK) return s;
  n->type = AT_REAL;
  n->ndim = n->in[0]->ndim;
  memcpy(n->dim, n->in[0]->dim, sizeof n->dim);
  return AT_OK;
}

at_status at_op_axis_dim(const at_graph *g, const at_node *n, int arg, bool sequence_only, int *dim,
                         at_error *err) {
  int axis = n->arg[arg].axis[0];
  const at_axis *a = &g->axis[axis];
  if (a->kind == AT_BATCH)
    return at_fail(err, AT_EINPUT,
                   "%s over the batch axis `%s` would mix independent rows; use a sequence or "
                   "feature axis",
                   n->op->name, a->name);
  if (sequence_only && a->kind == AT_FEATURE)
    return at_fail(err, AT_EINPUT,
                   "%s over the feature axis `%s` makes no sense: features are not alternatives; "
                   "use a sequence axis",
                   n->op->name, a->name);
  return at_node_need_dim(g, n->in[0], axis, dim, err);
}

void at_op_reduced_dims(const at_graph *g, at_node *n, int d) {
  const at_node *v = n->in[0];
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < v->ndim; i++) {
    if (i != d) {
      n->dim[n->ndim++] = v->dim[i];
      continue;
    }
    int parent = v->dim[i].axis >= 0 && !v->dim[i].padded ? g->axis[v->dim[i].axis].parent : -1;
    if (parent >= 0) n->dim[n->ndim++] = (at_dim){.axis = parent, .size = -1};
  }
}

at_status at_op_add_dim(const at_graph *g, at_node *n, int axis, int64_t size, at_error *err) {
  const char *name = g->axis[axis].name;
  int parent = g->axis[axis].parent;
  if (parent >= 0 && at_node_has_axis(g, n, parent)) name = g->axis[parent].name;
  if (at_node_has_axis(g, n, axis) || name != g->axis[axis].name)
    return at_fail(err, AT_EINPUT, "the result of %s would have the axis `%s` twice", n->op->name,
                   name);
  if (n->ndim >= AT_MAX_DIM)
    return at_fail(err, AT_EINPUT, "the result of %s would have more than %d axes", n->op->name,
                   AT_MAX_DIM);
  n->dim[n->ndim++] = (at_dim){.axis = axis, .size = size};
  return AT_OK;
}

/* ---- walking along one axis ---- */

const int64_t *at_x_segments(const at_exec *x, const at_node *v, int dim, int64_t two[2],
                             int64_t *segments) {
  const at_graph *g = at_x_graph(x);
  int axis = v->dim[dim].axis;
  const int64_t *off = v->dim[dim].padded ? NULL : at_x_offsets(x, axis);
  if (off) {
    *segments = at_x_axis_size(x, g->axis[axis].parent);
    return off;
  }
  two[0] = 0;
  two[1] = at_x_dim(x, v, dim);
  *segments = 1;
  return two;
}

typedef struct walk {
  at_around a;
  const int64_t *off;
  int64_t segments, blocks;
  /* padded: lengths of items, rows of the packed dim, and how an outer index tells its row */
  const int64_t *items, *rows;
  int64_t n_rows, between, parents;
  at_lanes_fn *fn;
  void *ctx;
} walk;

/* Which parent packed row `row` belongs to. */
static int64_t parent_of_row(const walk *w, int64_t row) {
  int64_t lo = 0, hi = w->parents;
  while (hi - lo > 1) {
    int64_t mid = lo + (hi - lo) / 2;
    if (w->rows[mid] <= row)
      lo = mid;
    else
      hi = mid;
  }
  return lo;
}

static void walk_range(void *ctx, size_t begin, size_t end) {
  const walk *w = ctx;
  int64_t block = (int64_t)begin % w->blocks, s = (int64_t)begin / w->blocks % w->segments,
          o = (int64_t)begin / w->blocks / w->segments;
  for (size_t t = begin; t < end; t++) {
    const int64_t j = block * AT_LANES, width = w->a.inner - j;
    at_lanes l = {.at = (o * w->a.n + w->off[s]) * w->a.inner + j,
                  .out = (o * w->segments + s) * w->a.inner + j,
                  .n = w->off[s + 1] - w->off[s],
                  .stride = w->a.inner,
                  .width = width < AT_LANES ? width : AT_LANES};
    if (w->items) {
      int64_t p = parent_of_row(w, o / w->between % w->n_rows);
      l.n = w->items[p + 1] - w->items[p];
    }
    w->fn(w->ctx, &l);
    if (++block < w->blocks) continue;
    block = 0;
    if (++s < w->segments) continue;
    s = 0;
    o++;
  }
}

void at_x_each_lanes(const at_exec *x, const at_node *v, int dim, at_lanes_fn *fn, void *ctx) {
  int64_t two[2];
  walk w = {.a = at_x_around(x, v, dim), .fn = fn, .ctx = ctx};
  w.off = at_x_segments(x, v, dim, two, &w.segments);
  int packed = at_node_packed(at_x_graph(x), v, dim);
  if (packed >= 0) {
    const at_graph *g = at_x_graph(x);
    w.items = at_x_offsets(x, v->dim[dim].axis);
    w.rows = at_x_offsets(x, v->dim[packed].axis);
    w.n_rows = at_x_dim(x, v, packed);
    w.parents = at_x_axis_size(x, g->axis[v->dim[dim].axis].parent);
    w.between = at_x_around(x, v, packed).inner / (w.a.n * w.a.inner);
  }
  w.blocks = (w.a.inner + AT_LANES - 1) / AT_LANES;
  int64_t tasks = w.a.outer * w.segments * w.blocks;
  int64_t each = w.a.outer * w.a.n * w.a.inner / tasks + 1;
  at_parallel_range(at_x_pool(x), (size_t)tasks, (size_t)(16384 / each + 1), walk_range, &w);
}

int64_t at_x_lane_count(const at_exec *x, const at_node *v, int dim) {
  int64_t two[2], segments;
  at_around a = at_x_around(x, v, dim);
  at_x_segments(x, v, dim, two, &segments);
  return a.outer * segments * a.inner;
}

/* ---- small helpers ---- */

typedef struct columns {
  const float *m;
  float *out;
  int64_t rows, cols, stride;
} columns;

enum { COLUMN_BLOCK = 64 };

static void sum_columns(void *ctx, size_t block) {
  const columns *c = ctx;
  int64_t b = (int64_t)block * COLUMN_BLOCK;
  int64_t w = c->cols - b < COLUMN_BLOCK ? c->cols - b : COLUMN_BLOCK;
  float sum[COLUMN_BLOCK] = {0};
  for (int64_t i = 0; i < c->rows; i++) {
    const float *row = c->m + i * c->stride + b;
    for (int64_t j = 0; j < w; j++) sum[j] += row[j];
  }
  for (int64_t j = 0; j < w; j++) c->out[b + j] += sum[j];
}

void at_x_add_column_sums(const at_exec *x, const float *m, int64_t rows, int64_t cols,
                          int64_t row_stride, float *out) {
  columns c = {m, out, rows, cols, row_stride};
  at_parallel(at_x_pool(x), (size_t)((cols + COLUMN_BLOCK - 1) / COLUMN_BLOCK), sum_columns, &c);
}

typedef struct fill {
  float *y;
  const float *bias;
  int64_t cols;
} fill;

static void fill_range(void *ctx, size_t begin, size_t end) {
  const fill *f = ctx;
  for (size_t i = begin; i < end; i++)
    memcpy(f->y + (int64_t)i * f->cols, f->bias, (size_t)f->cols * sizeof(float));
}

void at_x_fill_rows(const at_exec *x, float *y, int64_t rows, int64_t cols, const float *bias) {
  fill f = {y, bias, cols};
  at_parallel_range(at_x_pool(x), (size_t)rows, (size_t)(16384 / cols + 1), fill_range, &f);
}
