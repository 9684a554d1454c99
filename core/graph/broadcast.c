#include "core/graph/broadcast.h"
#include <string.h>
#include "core/graph/op_common.h"

static int parent_of(const at_graph *g, int axis) { return axis < 0 ? -1 : g->axis[axis].parent; }

/* The dim of v that goes with `axis` of a result: of the same name, or the parent. */
static int dim_for(const at_graph *g, const at_node *v, int axis, bool *by_parent) {
  int d = at_node_dim(v, axis);
  *by_parent = false;
  if (d >= 0) return d;
  d = at_node_dim(v, parent_of(g, axis));
  *by_parent = d >= 0;
  return d;
}

bool at_bcast_fits(const at_graph *g, const at_node *out, const at_node *v) {
  for (int i = 0; i < v->ndim; i++) {
    bool found = false;
    for (int k = 0; k < out->ndim; k++) {
      int a = out->dim[k].axis;
      if (a == v->dim[i].axis)
        found |= out->dim[k].padded == v->dim[i].padded;
      else
        found |= a >= 0 && !out->dim[k].padded && parent_of(g, a) == v->dim[i].axis;
    }
    if (!found) return false;
  }
  return true;
}

static at_status same_size(const at_graph *g, const at_node *n, const at_dim *a, const at_dim *b,
                           at_error *err) {
  if (a->size < 0 || b->size < 0 || a->size == b->size) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "%s: axis `%s` has the size %lld on one side and %lld on the other", n->op->name,
                 g->axis[a->axis].name, (long long)a->size, (long long)b->size);
}

at_status at_bcast_sizes(const at_graph *g, const at_node *n, const at_node *v, at_error *err) {
  at_status s = AT_OK;
  for (int i = 0; i < v->ndim && s == AT_OK; i++) {
    int d = at_node_dim(n, v->dim[i].axis);
    if (d >= 0) s = same_size(g, n, &n->dim[d], &v->dim[i], err);
  }
  return s;
}

/* The child of batch axis `axis` among b's dims, -1. */
static int child_in(const at_graph *g, const at_node *b, int axis) {
  for (int i = 0; i < b->ndim; i++)
    if (!b->dim[i].padded && parent_of(g, b->dim[i].axis) == axis) return i;
  return -1;
}

at_status at_bcast_dims(const at_graph *g, at_node *n, const at_node *a, const at_node *b,
                        at_error *err) {
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < a->ndim; i++) {
    int same = at_node_dim(b, a->dim[i].axis), child = child_in(g, b, a->dim[i].axis);
    at_dim d = a->dim[i];
    if (same >= 0) {
      at_status s = same_size(g, n, &d, &b->dim[same], err);
      if (s != AT_OK) return s;
      if (d.size < 0) d.size = b->dim[same].size;
    } else if (child >= 0) {
      d = b->dim[child];
    }
    n->dim[n->ndim++] = d;
  }
  for (int i = 0; i < b->ndim; i++) {
    bool covered = false;
    for (int k = 0; k < n->ndim; k++)
      covered |= n->dim[k].axis == b->dim[i].axis || parent_of(g, n->dim[k].axis) == b->dim[i].axis;
    if (covered) continue;
    at_status s = at_op_add_dim(g, n, b->dim[i].axis, b->dim[i].size, err);
    if (s != AT_OK) return s;
  }
  if (at_bcast_fits(g, n, a) && at_bcast_fits(g, n, b)) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "%s cannot bring %s and %s together: one has pairs of ragged items, the other "
                 "single ones",
                 n->op->name, at_node_axes_text(g, a), at_node_axes_text(g, b));
}

/* ---- running ---- */

size_t at_bcast_scratch(const at_exec *x, const at_node *n) {
  size_t bytes = 0;
  for (int d = 0; d < n->ndim; d++)
    if (!n->dim[d].padded && at_x_offsets(x, n->dim[d].axis))
      bytes += (size_t)at_x_dim(x, n, d) * sizeof(int32_t);
  return bytes;
}

static const int32_t *fill_parents(const at_exec *x, int axis, int32_t *rows) {
  const int64_t *off = at_x_offsets(x, axis);
  int64_t parents = at_x_axis_size(x, parent_of(at_x_graph(x), axis));
  for (int64_t p = 0; p < parents; p++)
    for (int64_t r = off[p]; r < off[p + 1]; r++) rows[r] = (int32_t)p;
  return rows;
}

static int64_t stride_of(const at_exec *x, const at_node *v, int dim) {
  return at_x_around(x, v, dim).inner;
}

static bool mergeable(const at_bcast *b, int d) {
  for (int k = 0; k < b->n_in; k++) {
    if (b->parent[k][d] || b->parent[k][d + 1]) return false;
    if (b->stride[k][d] != b->stride[k][d + 1] * b->size[d + 1]) return false;
  }
  return true;
}

static void merge(at_bcast *b) {
  for (int d = b->ndim - 2; d >= 0; d--) {
    if (!mergeable(b, d)) continue;
    b->size[d] *= b->size[d + 1];
    for (int k = 0; k < b->n_in; k++) b->stride[k][d] = b->stride[k][d + 1];
    for (int e = d + 1; e + 1 < b->ndim; e++) {
      b->size[e] = b->size[e + 1];
      for (int k = 0; k < b->n_in; k++) {
        b->stride[k][e] = b->stride[k][e + 1];
        b->parent[k][e] = b->parent[k][e + 1];
      }
    }
    b->ndim--;
  }
}

void at_bcast_make(const at_exec *x, const at_node *n, int n_in, void *scratch, at_bcast *b) {
  const at_graph *g = at_x_graph(x);
  int32_t *rows = scratch;
  memset(b, 0, sizeof *b);
  b->ndim = n->ndim;
  b->n_in = n_in;
  b->total = at_x_count(x, n);
  for (int d = 0; d < n->ndim; d++) {
    const int32_t *parents = NULL;
    b->size[d] = at_x_dim(x, n, d);
    for (int k = 0; k < n_in; k++) {
      bool by_parent;
      int dim = dim_for(g, n->in[k], n->dim[d].axis, &by_parent);
      if (dim < 0 || (by_parent && n->dim[d].padded)) continue;
      b->stride[k][d] = stride_of(x, n->in[k], dim);
      if (!by_parent) continue;
      if (!parents) {
        parents = fill_parents(x, n->dim[d].axis, rows);
        rows += b->size[d];
      }
      b->parent[k][d] = parents;
    }
  }
  if (!b->ndim) {
    b->ndim = 1;
    b->size[0] = 1;
  }
  merge(b);
}

typedef struct each {
  const at_bcast *b;
  at_stretch_fn *fn;
  void *ctx;
} each;

static int64_t place(const at_bcast *b, int k, int d, int64_t i) {
  return (b->parent[k][d] ? b->parent[k][d][i] : i) * b->stride[k][d];
}

/* One row along the last dim, from column `from` to `to`. A last dim that goes by
 * parents is taken element by element. */
static void run_row(const each *e, int64_t row, int64_t from, int64_t to) {
  const at_bcast *b = e->b;
  const int last = b->ndim - 1;
  at_stretch s = {.out = row * b->size[last] + from, .n = to - from};
  bool by_parent = false;
  for (int64_t r = row, d = last - 1; d >= 0; d--) {
    int64_t i = r % b->size[d];
    r /= b->size[d];
    for (int k = 0; k < b->n_in; k++) s.at[k] += place(b, k, (int)d, i);
  }
  for (int k = 0; k < b->n_in; k++) by_parent |= b->parent[k][last] != NULL;
  if (!by_parent) {
    for (int k = 0; k < b->n_in; k++) {
      s.at[k] += from * b->stride[k][last];
      s.step[k] = b->stride[k][last];
    }
    e->fn(e->ctx, &s);
    return;
  }
  for (int64_t i = from; i < to; i++) {
    at_stretch one = s;
    one.out = row * b->size[last] + i;
    one.n = 1;
    for (int k = 0; k < b->n_in; k++) one.at[k] += place(b, k, last, i);
    e->fn(e->ctx, &one);
  }
}

static void run_range(void *ctx, size_t begin, size_t end) {
  const each *e = ctx;
  int64_t n = e->b->size[e->b->ndim - 1], at = (int64_t)begin, to = (int64_t)end;
  while (at < to) {
    int64_t row = at / n, from = at % n, stop = to - row * n;
    run_row(e, row, from, stop < n ? stop : n);
    at = (row + 1) * n;
  }
}

void at_bcast_each(const at_exec *x, const at_bcast *b, int reduce, at_stretch_fn *fn, void *ctx) {
  each e = {b, fn, ctx};
  size_t grain = 16384;
  if (reduce >= 0) {
    bool all = true;
    for (int d = 0; d < b->ndim; d++) all &= b->stride[reduce][d] != 0 && !b->parent[reduce][d];
    /* Rows of the first dim write apart when the operand has that dim. */
    if (!all && b->ndim > 1 && b->stride[reduce][0] && !b->parent[reduce][0])
      grain = (size_t)(b->total / b->size[0]);
    else if (!all)
      grain = (size_t)b->total;
  }
  at_parallel_range(at_x_pool(x), (size_t)b->total, grain, run_range, &e);
}
