/* The same numbers under other axes: flatten, split, squeeze, rename; and detach, the same
 * numbers cut off from what made them. */
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include <string.h>

/* ---- flatten and rename ---- */

static const at_param_spec map_params[] = {
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "consumed -> made"}, {0}};

static bool dynamic(const at_axis *a) { return a->kind == AT_BATCH || a->parent >= 0; }

/* Puts the dims `made` where `count` dims from `first` on stood. */
static at_status replace_dims(at_graph *g, at_node *n, int first, int count, const at_dim *made,
                              int n_made, at_error *err) {
  const at_node *v = n->in[0];
  n->type = v->type;
  n->vocabulary = v->vocabulary;
  n->ndim = 0;
  for (int i = 0; i < v->ndim; i++) {
    at_status s = AT_OK;
    if (i == first)
      for (int k = 0; k < n_made && s == AT_OK; k++) {
        s = at_op_add_dim(g, n, made[k].axis, made[k].size, err);
        if (s == AT_OK) n->dim[n->ndim - 1].padded = made[k].padded;
      }
    else if (i < first || i >= first + count)
      s = at_op_add_dim(g, n, v->dim[i].axis, v->dim[i].size, err);
    if (s != AT_OK) return s;
    if (i != first && n->ndim) n->dim[n->ndim - 1].padded = v->dim[i].padded;
  }
  return AT_OK;
}

/* Axes side by side become one; of one axis it is a new name. */
static at_status shape_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  const at_arg *m = &n->arg[0];
  at_dim made = {m->to, 1, false};
  int first = 0;
  bool rename = n->op == &at_op_rename;
  if (rename && m->n_axes != 1) return at_fail(err, AT_EINPUT, "rename takes one axis");
  for (int i = 0; i < m->n_axes; i++) {
    int d;
    at_status s = at_node_need_dim(g, v, m->axis[i], &d, err);
    if (s != AT_OK) return s;
    if (i == 0) first = d;
    if (d != first + i)
      return at_fail(err, AT_EINPUT, "%s takes axes that lie side by side in this order; %s is %s",
                     n->op->name, at_node_title(g, v), at_node_axes_text(g, v));
    const at_axis *a = &g->axis[m->axis[i]];
    if (m->n_axes > 1 && dynamic(a))
      return at_fail(err, AT_EINPUT, "flatten cannot take the %s axis `%s`",
                     a->parent >= 0 ? "ragged" : "batch", a->name);
    made.size = at_op_sizes(made.size, v->dim[d].size);
    made.padded = v->dim[d].padded;
  }
  const at_axis *from = &g->axis[m->axis[0]], *to = &g->axis[m->to];
  if (dynamic(from) != dynamic(to) || from->parent != to->parent ||
      (from->kind == AT_BATCH) != (to->kind == AT_BATCH))
    return at_fail(err, AT_EINPUT, "axis `%s` is %s, `%s` is not", from->name,
                   from->parent >= 0        ? "ragged"
                   : from->kind == AT_BATCH ? "a batch axis"
                   : to->kind == AT_BATCH   ? "no batch axis"
                                            : "of fixed size",
                   to->name);
  if (dynamic(from)) {
    at_status s = at_graph_derive(g, m->to, m->axis[0], 0, err);
    if (s != AT_OK) return s;
  }
  return replace_dims(g, n, first, m->n_axes, &made, 1, err);
}

/* Aliases have no storage: values and gradients are those of the input. */
static void nothing(at_exec *x, const at_node *n) {
  (void)x;
  (void)n;
}

const at_op at_op_flatten = {
    .name = "flatten",
    .summary = "several axes side by side become one",
    .axes = "[..., a, b] -> [..., c]",
    .min_in = 1,
    .max_in = 1,
    .params = map_params,
    .flags = AT_OP_ALIAS | AT_OP_SIZES | AT_OP_TAIL,
    .infer = shape_infer,
    .forward = nothing,
    .backward = nothing,
};
const at_op at_op_rename = {
    .name = "rename",
    .summary = "another name for an axis",
    .axes = "[..., a] -> [..., b]",
    .min_in = 1,
    .max_in = 1,
    .params = map_params,
    .flags = AT_OP_ALIAS | AT_OP_SIZES,
    .infer = shape_infer,
    .forward = nothing,
    .backward = nothing,
};

/* ---- split ---- */

static const at_param_spec split_params[] = {
    {"axes", AT_ARG_SPLIT, true, 0, 0, 0, NULL, "consumed -> [made, made]; one size may be open"},
    {0}};

static at_status split_infer(at_graph *g, at_node *n, at_error *err) {
  at_arg *m = &n->arg[0];
  at_dim made[AT_MAX_AXES_ARG];
  int d, open = -1;
  int64_t known = 1;
  at_status s = at_node_need_dim(g, n->in[0], m->axis[0], &d, err);
  if (s != AT_OK) return s;
  const at_axis *a = &g->axis[m->axis[0]];
  const int64_t size = n->in[0]->dim[d].size;
  if (dynamic(a))
    return at_fail(err, AT_EINPUT, "split cannot take the %s axis `%s`",
                   a->parent >= 0 ? "ragged" : "batch", a->name);
  for (int i = 0; i < m->n_made; i++) {
    if (dynamic(&g->axis[m->made[i]]))
      return at_fail(err, AT_EINPUT, "split makes axes of fixed size; `%s` is not one",
                     g->axis[m->made[i]].name);
    made[i] = (at_dim){m->made[i], m->made_size[i], false};
    if (made[i].size >= 0)
      known = at_op_sizes(known, made[i].size);
    else if (open >= 0)
      return at_fail(err, AT_EINPUT, "split can find one size only; both `%s` and `%s` are open",
                     g->axis[m->made[open]].name, g->axis[m->made[i]].name);
    else
      open = i;
  }
  if (open >= 0 && size >= 0 && size % known == 0) made[open].size = size / known;
  if (size >= 0 && (open >= 0 ? size % known != 0 : size != known))
    return at_fail(err, AT_EINPUT, "`%s` has the size %lld, which cannot be split by %lld", a->name,
                   (long long)size, (long long)known);
  return replace_dims(g, n, d, 1, made, m->n_made, err);
}

const at_op at_op_split = {
    .name = "split",
    .summary = "one axis becomes several, the last running fastest",
    .axes = "[..., a] -> [..., b, c]",
    .min_in = 1,
    .max_in = 1,
    .params = split_params,
    .flags = AT_OP_ALIAS | AT_OP_SIZES,
    .infer = split_infer,
    .forward = nothing,
    .backward = nothing,
};

/* ---- squeeze ---- */

static const at_param_spec squeeze_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "an axis of size 1"}, {0}};

static at_status squeeze_infer(at_graph *g, at_node *n, at_error *err) {
  int d;
  at_status s = at_node_need_dim(g, n->in[0], n->arg[0].axis[0], &d, err);
  if (s != AT_OK) return s;
  const at_axis *a = &g->axis[n->arg[0].axis[0]];
  if (dynamic(a) || (n->in[0]->dim[d].size >= 0 && n->in[0]->dim[d].size != 1))
    return at_fail(err, AT_EINPUT, "squeeze takes an axis of size 1; `%s` %s", a->name,
                   dynamic(a) ? "has the size that data brings" : "is longer");
  return replace_dims(g, n, d, 1, NULL, 0, err);
}

const at_op at_op_squeeze = {
    .name = "squeeze",
    .summary = "an axis of size 1 goes",
    .axes = "[..., axis] -> [...]",
    .min_in = 1,
    .max_in = 1,
    .params = squeeze_params,
    .flags = AT_OP_ALIAS,
    .infer = squeeze_infer,
    .forward = nothing,
    .backward = nothing,
};

/* ---- detach ---- */

static at_status detach_infer(at_graph *g, at_node *n, at_error *err) {
  return replace_dims(g, n, -1, 0, NULL, 0, err);
}

const at_op at_op_detach = {
    .name = "detach",
    .summary = "the same value; no gradient goes through",
    .axes = "[...] -> [...]",
    .min_in = 1,
    .max_in = 1,
    .flags = AT_OP_ALIAS | AT_OP_NOGRAD,
    .infer = detach_infer,
    .forward = nothing,
    .backward = nothing,
};
