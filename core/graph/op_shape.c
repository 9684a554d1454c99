/* The same numbers under other axes: flatten and rename. */
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

static const at_param_spec map_params[] = {
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "consumed -> made"}, {0}};

/* Axes side by side become one; of one axis it is a new name. */
static at_status shape_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  const at_arg *m = &n->arg[0];
  int64_t size = 1;
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
    if (m->n_axes > 1 && (a->kind == AT_BATCH || a->parent >= 0))
      return at_fail(err, AT_EINPUT, "flatten cannot take the %s axis `%s`",
                     a->parent >= 0 ? "ragged" : "batch", a->name);
    size = size < 0 || v->dim[d].size < 0 ? -1 : size * v->dim[d].size;
  }
  n->type = v->type;
  n->vocabulary = v->vocabulary;
  n->ndim = 0;
  for (int i = 0; i < v->ndim; i++) {
    at_status s = AT_OK;
    if (i == first)
      s = at_op_add_dim(g, n, m->to, size, err);
    else if (i < first || i >= first + m->n_axes)
      s = at_op_add_dim(g, n, v->dim[i].axis, v->dim[i].size, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
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
    .flags = AT_OP_ALIAS,
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
    .flags = AT_OP_ALIAS,
    .infer = shape_infer,
    .forward = nothing,
    .backward = nothing,
};
