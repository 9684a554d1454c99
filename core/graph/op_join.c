/* Values put together along an axis and taken apart again: concat, part, stack, slice. All
 * copy blocks of neighbouring numbers. */
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

/* Copies are made from one side to the other; gradients go back by adding. */
typedef struct join {
  /* rows of the whole: [outer, parents x rows, inner] */
  int64_t outer, inner, parents;
  const int64_t *whole_off, *piece_off; /* NULL: one block per outer index (and parent) */
  int64_t whole_rows, piece_rows;       /* rows in all (ragged: total; else of one parent) */
  /* where the piece begins inside a parent's rows, from the parts before it */
  int n_before;
  const int64_t *before_off[AT_MAX_IN];
  int64_t before;
  float *to;
  const float *from;
  bool to_whole, add;
} join;

static void move_range(void *ctx, size_t begin, size_t end) {
  const join *j = ctx;
  for (size_t t = begin; t < end; t++) {
    int64_t o = (int64_t)t / j->parents, p = (int64_t)t % j->parents;
    int64_t at = j->before;
    for (int i = 0; i < j->n_before; i++) at += j->before_off[i][p + 1] - j->before_off[i][p];
    int64_t whole = j->whole_off ? o * j->whole_rows + j->whole_off[p] + at
                                 : (o * j->parents + p) * j->whole_rows + at;
    int64_t piece =
        j->piece_off ? o * j->piece_rows + j->piece_off[p] : (o * j->parents + p) * j->piece_rows;
    int64_t n = (j->piece_off ? j->piece_off[p + 1] - j->piece_off[p] : j->piece_rows) * j->inner;
    float *to = j->to + (j->to_whole ? whole : piece) * j->inner;
    const float *from = j->from + (j->to_whole ? piece : whole) * j->inner;
    if (!j->add)
      memcpy(to, from, (size_t)n * sizeof *to);
    else
      for (int64_t i = 0; i < n; i++) to[i] += from[i];
  }
}

static void move(const at_exec *x, join *j) {
  int64_t tasks = j->outer * j->parents;
  int64_t each = (j->piece_off ? j->piece_rows / j->parents + 1 : j->piece_rows) * j->inner;
  at_parallel_range(at_x_pool(x), (size_t)tasks, (size_t)(16384 / (each + 1) + 1), move_range, j);
}

/* ---- concat ---- */

static const at_param_spec concat_params[] = {
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL,
     "the axis of all the values, or [one of each], -> the axis made"},
    {0}};

static int axis_of(const at_node *n, int i) {
  const at_arg *m = &n->arg[0];
  return m->axis[m->n_axes == 1 ? 0 : i];
}

static bool is_ragged(const at_graph *g, int axis) { return g->axis[axis].parent >= 0; }

/* Dims of value i without the joined one; where that stood is *at.  A batch axis whose
 * ragged child another value joins goes with it. */
static int other_dims(const at_graph *g, const at_node *n, int i, int parent, at_dim *dim,
                      int *at) {
  const at_node *v = n->in[i];
  int count = 0;
  *at = -1;
  for (int d = 0; d < v->ndim; d++) {
    if (v->dim[d].axis == axis_of(n, i)) {
      if (*at < 0) *at = count;
      continue;
    }
    if (parent >= 0 && v->dim[d].axis == parent && !is_ragged(g, axis_of(n, i))) {
      *at = count;
      continue;
    }
    dim[count++] = v->dim[d];
  }
  return count;
}

static at_status check_value(const at_graph *g, const at_node *n, int i, int parent,
                             at_error *err) {
  const at_node *v = n->in[i];
  int d, axis = axis_of(n, i);
  at_status s = at_node_need_dim(g, v, axis, &d, err);
  if (s != AT_OK) return s;
  if (g->axis[axis].kind == AT_BATCH)
    return at_fail(err, AT_EINPUT, "concat over the batch axis `%s` would mix independent rows",
                   g->axis[axis].name);
  if (parent < 0) return AT_OK;
  if (is_ragged(g, axis) && g->axis[axis].parent != parent)
    return at_fail(err, AT_EINPUT, "`%s` is ragged over `%s`, another value over `%s`",
                   g->axis[axis].name, g->axis[g->axis[axis].parent].name, g->axis[parent].name);
  int p = at_node_dim(v, parent);
  if (!is_ragged(g, axis) && (p < 0 || p + 1 != d))
    return at_fail(err, AT_EINPUT,
                   "concat with a ragged axis needs `%s` and then `%s` in %s, "
                   "which is %s",
                   g->axis[parent].name, g->axis[axis].name, at_node_title(g, v),
                   at_node_axes_text(g, v));
  return AT_OK;
}

static at_status same_others(const at_graph *g, const at_node *n, int i, int parent,
                             at_error *err) {
  at_dim a[AT_MAX_DIM], b[AT_MAX_DIM];
  int at_a, at_b, na = other_dims(g, n, 0, parent, a, &at_a);
  int nb = other_dims(g, n, i, parent, b, &at_b);
  bool same = na == nb && at_a == at_b;
  for (int k = 0; same && k < na; k++) {
    same = a[k].axis == b[k].axis;
    if (same && a[k].size >= 0 && b[k].size >= 0 && a[k].size != b[k].size)
      return at_fail(err, AT_EINPUT, "axis `%s` has the size %lld in %s and %lld in %s",
                     g->axis[a[k].axis].name, (long long)a[k].size, at_node_title(g, n->in[0]),
                     (long long)b[k].size, at_node_title(g, n->in[i]));
  }
  if (same) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "concat needs the same axes beside the joined one; %s is %s, %s "
                 "is %s",
                 at_node_title(g, n->in[0]), at_node_axes_text(g, n->in[0]),
                 at_node_title(g, n->in[i]), at_node_axes_text(g, n->in[i]));
}

static at_status concat_infer(at_graph *g, at_node *n, at_error *err) {
  const at_arg *m = &n->arg[0];
  struct at_part part[AT_MAX_AXES_ARG];
  at_dim dim[AT_MAX_DIM];
  int parent = -1, at;
  int64_t size = 0;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK && m->n_axes != 1 && m->n_axes != n->n_data)
    s = at_fail(err, AT_EINPUT, "concat of %d values takes one axis or %d, not %d", n->n_data,
                n->n_data, m->n_axes);
  for (int i = 0; i < n->n_data && s == AT_OK; i++)
    if (is_ragged(g, axis_of(n, i))) parent = g->axis[axis_of(n, i)].parent;
  if (s == AT_OK && parent >= 0 && n->n_data > AT_MAX_AXES_ARG)
    s = at_fail(err, AT_EINPUT, "concat joins at most %d values along a ragged axis",
                AT_MAX_AXES_ARG);
  for (int i = 0; i < n->n_data && s == AT_OK; i++) {
    s = check_value(g, n, i, parent, err);
    if (s == AT_OK && i) s = same_others(g, n, i, parent, err);
    if (s != AT_OK) return s;
    int64_t here = n->in[i]->dim[at_node_dim(n->in[i], axis_of(n, i))].size;
    size = size < 0 || here < 0 ? -1 : size + here;
    if (parent >= 0)
      part[i] = (struct at_part){axis_of(n, i), is_ragged(g, axis_of(n, i)) ? -1 : here};
  }
  if (s == AT_OK && (parent >= 0) != is_ragged(g, m->to))
    s = at_fail(err, AT_EINPUT, "axis `%s` is %s here and not elsewhere", g->axis[m->to].name,
                parent >= 0 ? "ragged" : "of fixed size");
  if (s == AT_OK && parent >= 0) s = at_graph_join(g, m->to, n->n_data, part, err);
  if (s != AT_OK) return s;
  int others = other_dims(g, n, 0, parent, dim, &at);
  n->type = AT_REAL;
  n->ndim = 0;
  for (int k = 0; k <= others && s == AT_OK; k++) {
    if (k == at) s = at_op_add_dim(g, n, m->to, parent >= 0 ? -1 : size, err);
    if (k < others && s == AT_OK) s = at_op_add_dim(g, n, dim[k].axis, dim[k].size, err);
  }
  return s;
}

static void set_before(const at_exec *x, join *j, const at_node *n, int upto) {
  const at_graph *g = at_x_graph(x);
  for (int i = 0; i < upto; i++) {
    int axis = axis_of(n, i);
    if (is_ragged(g, axis))
      j->before_off[j->n_before++] = at_x_offsets(x, axis);
    else
      j->before += at_x_dim(x, n->in[i], at_node_dim(n->in[i], axis));
  }
}

static void concat_plan(const at_exec *x, const at_node *n, int i, join *j) {
  const at_graph *g = at_x_graph(x);
  int axis = axis_of(n, i), to = at_node_dim(n, n->arg[0].to);
  at_around w = at_x_around(x, n, to), v = at_x_around(x, n->in[i], at_node_dim(n->in[i], axis));
  *j = (join){
      .outer = w.outer, .inner = w.inner, .parents = 1, .whole_rows = w.n, .piece_rows = v.n};
  if (is_ragged(g, n->arg[0].to)) {
    j->parents = at_x_axis_size(x, g->axis[n->arg[0].to].parent);
    j->whole_off = at_x_offsets(x, n->arg[0].to);
    if (is_ragged(g, axis)) j->piece_off = at_x_offsets(x, axis);
  }
  set_before(x, j, n, i);
}

static void concat_forward(at_exec *x, const at_node *n) {
  for (int i = 0; i < n->n_data; i++) {
    join j;
    concat_plan(x, n, i, &j);
    j.to = at_x_out(x, n);
    j.from = at_x_in(x, n, i);
    j.to_whole = true;
    move(x, &j);
  }
}

static void concat_backward(at_exec *x, const at_node *n) {
  for (int i = 0; i < n->n_data; i++) {
    join j;
    float *dx = at_x_grad_in(x, n, i);
    if (!dx) continue;
    concat_plan(x, n, i, &j);
    j.to = dx;
    j.from = at_x_grad_out(x, n);
    j.add = true;
    move(x, &j);
  }
}

const at_op at_op_concat = {
    .name = "concat",
    .summary = "values one after another along an axis",
    .axes = "[..., a], [..., b], ... -> [..., c]",
    .min_in = 1,
    .max_in = AT_MAX_IN,
    .params = concat_params,
    .flags = AT_OP_CHEAP | AT_OP_SIZES,
    .infer = concat_infer,
    .forward = concat_forward,
    .backward = concat_backward,
};

/* ---- part ---- */

static const at_param_spec part_params[] = {
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "a ragged axis that concat made -> one of its parts"},
    {0}};

static int part_index(const at_graph *g, int whole, int part) {
  while (g->axis[whole].from >= 0) whole = g->axis[whole].from;
  for (int i = 0; i < g->axis[whole].n_part; i++)
    if (g->axis[whole].part[i].axis == part) return i;
  return -1;
}

static at_status part_infer(at_graph *g, at_node *n, at_error *err) {
  const at_arg *m = &n->arg[0];
  const at_node *v = n->in[0];
  int d;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK && m->n_axes != 1) s = at_fail(err, AT_EINPUT, "part takes one axis");
  if (s == AT_OK) s = at_node_need_dim(g, v, m->axis[0], &d, err);
  if (s != AT_OK) return s;
  int whole = m->axis[0];
  while (g->axis[whole].from >= 0) whole = g->axis[whole].from;
  int k = part_index(g, whole, m->to);
  if (k < 0 || v->dim[d].padded)
    return at_fail(err, AT_EINPUT, "`%s` was not joined from `%s`", g->axis[m->axis[0]].name,
                   g->axis[m->to].name);
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < v->ndim && s == AT_OK; i++) {
    if (i != d) {
      s = at_op_add_dim(g, n, v->dim[i].axis, v->dim[i].size, err);
      continue;
    }
    if (g->axis[whole].part[k].size >= 0) s = at_op_add_dim(g, n, g->axis[whole].parent, -1, err);
    if (s == AT_OK) s = at_op_add_dim(g, n, m->to, g->axis[whole].part[k].size, err);
  }
  return s;
}

static void part_plan(const at_exec *x, const at_node *n, join *j) {
  const at_graph *g = at_x_graph(x);
  int whole = n->arg[0].axis[0], k = part_index(g, whole, n->arg[0].to);
  at_around w = at_x_around(x, n->in[0], at_node_dim(n->in[0], whole));
  at_around v = at_x_around(x, n, at_node_dim(n, n->arg[0].to));
  *j = (join){.outer = w.outer,
              .inner = w.inner,
              .whole_rows = w.n,
              .piece_rows = v.n,
              .parents = at_x_axis_size(x, g->axis[whole].parent),
              .whole_off = at_x_offsets(x, whole),
              .piece_off = at_x_offsets(x, n->arg[0].to)};
  while (g->axis[whole].from >= 0) whole = g->axis[whole].from;
  for (int i = 0; i < k; i++) {
    const struct at_part *p = &g->axis[whole].part[i];
    if (p->size >= 0)
      j->before += p->size;
    else
      j->before_off[j->n_before++] = at_x_offsets(x, p->axis);
  }
}

static void part_forward(at_exec *x, const at_node *n) {
  join j;
  part_plan(x, n, &j);
  j.to = at_x_out(x, n);
  j.from = at_x_in(x, n, 0);
  move(x, &j);
}

static void part_backward(at_exec *x, const at_node *n) {
  join j;
  part_plan(x, n, &j);
  j.to = at_x_grad_in(x, n, 0);
  j.from = at_x_grad_out(x, n);
  j.to_whole = j.add = true;
  if (j.to) move(x, &j);
}

const at_op at_op_part = {
    .name = "part",
    .summary = "what concat put together along a ragged axis, taken out again",
    .axes = "[..., a] -> [..., b]",
    .min_in = 1,
    .max_in = 1,
    .params = part_params,
    .flags = AT_OP_SIZES,
    .infer = part_infer,
    .forward = part_forward,
    .backward = part_backward,
};

/* ---- stack ---- */

static const at_param_spec stack_params[] = {
    {"axis", AT_ARG_NEW, true, 0, 0, 0, NULL, "the axis made, as long as there are values"}, {0}};

static at_status stack_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  at_status s = at_op_need_real(g, n, err);
  for (int i = 1; i < n->n_data && s == AT_OK; i++) {
    const at_node *o = n->in[i];
    bool same = o->ndim == v->ndim;
    for (int d = 0; same && d < v->ndim; d++)
      same = o->dim[d].axis == v->dim[d].axis &&
             (o->dim[d].size == v->dim[d].size || o->dim[d].size < 0 || v->dim[d].size < 0);
    if (!same)
      s = at_fail(err, AT_EINPUT, "stack needs values of the same axes; %s is %s, %s is %s",
                  at_node_title(g, v), at_node_axes_text(g, v), at_node_title(g, o),
                  at_node_axes_text(g, o));
  }
  n->type = AT_REAL;
  n->ndim = 0;
  if (s == AT_OK) s = at_op_add_dim(g, n, n->arg[0].to, n->n_data, err);
  for (int d = 0; d < v->ndim && s == AT_OK; d++)
    s = at_op_add_dim(g, n, v->dim[d].axis, v->dim[d].size, err);
  return s;
}

static void stack_forward(at_exec *x, const at_node *n) {
  int64_t each = at_x_count(x, n->in[0]);
  for (int i = 0; i < n->n_data; i++)
    memcpy(at_x_out(x, n) + i * each, at_x_in(x, n, i), (size_t)each * sizeof(float));
}

static void stack_backward(at_exec *x, const at_node *n) {
  int64_t each = at_x_count(x, n->in[0]);
  for (int i = 0; i < n->n_data; i++) {
    const float *dy = at_x_grad_out(x, n) + i * each;
    float *dx = at_x_grad_in(x, n, i);
    for (int64_t k = 0; dx && k < each; k++) dx[k] += dy[k];
  }
}

const at_op at_op_stack = {
    .name = "stack",
    .summary = "values side by side along a new axis",
    .axes = "[...], [...], ... -> [axis, ...]",
    .min_in = 1,
    .max_in = AT_MAX_IN,
    .params = stack_params,
    .flags = AT_OP_SIZES,
    .infer = stack_infer,
    .forward = stack_forward,
    .backward = stack_backward,
};

/* ---- slice ---- */

enum { SLICE_AXES, SLICE_BEGIN, SLICE_END };
static const at_param_spec slice_params[] = {
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "the axis cut -> its name afterwards"},
    {"begin", AT_ARG_INT, false, 0, -1e9, 1e9, NULL, "the first item kept; negative: from the end"},
    {"end", AT_ARG_INT, false, 0, -1e9, 1e9, NULL,
     "the first item no longer kept; 0: none, negative: from the end"},
    {0}};

static int64_t slice_begin(const at_node *n, int64_t size) {
  int64_t b = (int64_t)n->arg[SLICE_BEGIN].num;
  return b < 0 ? size + b : b;
}
static int64_t slice_end(const at_node *n, int64_t size) {
  int64_t e = (int64_t)n->arg[SLICE_END].num;
  return e <= 0 ? size + e : e;
}

static at_status slice_infer(at_graph *g, at_node *n, at_error *err) {
  const at_arg *m = &n->arg[SLICE_AXES];
  int d;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK && m->n_axes != 1) s = at_fail(err, AT_EINPUT, "slice takes one axis");
  if (s == AT_OK) s = at_node_need_dim(g, n->in[0], m->axis[0], &d, err);
  if (s != AT_OK) return s;
  const at_axis *a = &g->axis[m->axis[0]];
  int64_t size = n->in[0]->dim[d].size, made = -1;
  if (a->parent >= 0)
    return at_fail(err, AT_EINPUT, "slice cannot cut the ragged axis `%s`", a->name);
  if (a->kind == AT_BATCH) {
    double b = n->arg[SLICE_BEGIN].num, e = n->arg[SLICE_END].num;
    if (b < 0 || e > 0)
      return at_fail(err, AT_EINPUT,
                     "a slice of the batch axis `%s` begins at 0 or more and ends "
                     "at 0 (its end) or less",
                     a->name);
    s = at_graph_derive(g, m->to, m->axis[0], (int64_t)(e - b), err);
  } else if (size >= 0) {
    int64_t b = slice_begin(n, size), e = slice_end(n, size);
    if (b < 0 || e > size || b >= e)
      return at_fail(err, AT_EINPUT, "axis `%s` has %lld items; %lld to %lld is no part of them",
                     a->name, (long long)size, (long long)b, (long long)e);
    made = e - b;
  }
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < n->in[0]->ndim && s == AT_OK; i++)
    s = i == d ? at_op_add_dim(g, n, m->to, made, err)
               : at_op_add_dim(g, n, n->in[0]->dim[i].axis, n->in[0]->dim[i].size, err);
  return s;
}

static void slice_plan(const at_exec *x, const at_node *n, join *j) {
  int d = at_node_dim(n->in[0], n->arg[SLICE_AXES].axis[0]);
  at_around w = at_x_around(x, n->in[0], d), v = at_x_around(x, n, d);
  *j = (join){.outer = w.outer,
              .inner = w.inner,
              .parents = 1,
              .whole_rows = w.n,
              .piece_rows = v.n,
              .before = slice_begin(n, w.n)};
}

static void slice_forward(at_exec *x, const at_node *n) {
  join j;
  slice_plan(x, n, &j);
  j.to = at_x_out(x, n);
  j.from = at_x_in(x, n, 0);
  move(x, &j);
}

static void slice_backward(at_exec *x, const at_node *n) {
  join j;
  slice_plan(x, n, &j);
  j.to = at_x_grad_in(x, n, 0);
  j.from = at_x_grad_out(x, n);
  j.to_whole = j.add = true;
  if (j.to) move(x, &j);
}

const at_op at_op_slice = {
    .name = "slice",
    .summary = "some items of an axis, one after another",
    .axes = "[..., a] -> [..., b]",
    .min_in = 1,
    .max_in = 1,
    .params = slice_params,
    .flags = AT_OP_SIZES,
    .infer = slice_infer,
    .forward = slice_forward,
    .backward = slice_backward,
};
