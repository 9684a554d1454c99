/* conv2d over a map that resize made twice as large, from the map as it was (doubled.h). A pass
 * makes it; in[1] is the layer's own weight. */
#include <string.h>
#include "core/graph/doubled.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

enum { AXES };
static const at_param_spec doubled_params[] = {
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "channels consumed -> made"}, {0}};

static at_status doubled_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0], *w = n->in[1];
  const at_arg *m = &n->arg[AXES];
  at_status s = at_op_need_real(g, n, err);
  if (s != AT_OK) return s;
  if (v->ndim < 3 || v->dim[v->ndim - 1].axis != m->axis[0] || !at_node_is_parameter(w) ||
      w->ndim != 4 || w->dim[0].size != m->to_size || w->dim[1].size != v->dim[v->ndim - 1].size ||
      w->dim[2].size != 3 || w->dim[3].size != 3)
    return at_fail(err, AT_EINPUT, "conv2d_doubled: %s and the weight do not fit each other",
                   at_node_title(g, v));
  n->type = AT_REAL;
  n->ndim = v->ndim - 1;
  memcpy(n->dim, v->dim, sizeof n->dim);
  for (int d = v->ndim - 3; d < v->ndim - 1; d++) n->dim[d].size = at_op_sizes(n->dim[d].size, 2);
  return at_op_add_dim(g, n, m->to, m->to_size, err);
}

static at_tiling shape(const at_exec *x, const at_node *n) {
  const at_node *v = n->in[0];
  const int d = v->ndim - 3;
  at_tiling t = {.h = at_x_dim(x, v, d),
                 .w = at_x_dim(x, v, d + 1),
                 .from = at_x_dim(x, v, d + 2),
                 .oh = at_x_dim(x, n, d),
                 .ow = at_x_dim(x, n, d + 1),
                 .to = at_x_dim(x, n, d + 2),
                 .pad = 1,
                 .side = at_doubled.side,
                 .assign = true};
  t.images = at_x_count(x, v) / (t.h * t.w * t.from);
  return t;
}

static size_t doubled_scratch(const at_exec *x, const at_node *n) {
  const at_tiling t = shape(x, n);
  return at_doubled.scratch(&t) * sizeof(float);
}

static void doubled_forward(at_exec *x, const at_node *n) {
  const at_tiling t = shape(x, n);
  at_doubled.forward(at_x_pool(x), &t, at_x_in(x, n, 1), at_x_in(x, n, 0), at_x_out(x, n),
                     at_x_scratch(x, n));
}

static void doubled_backward(at_exec *x, const at_node *n) {
  const at_tiling t = shape(x, n);
  float *dw = at_x_grad_in(x, n, 1), *dx;
  const float *dy = at_x_grad_out(x, n);
  if (dw) at_doubled.into_weight(at_x_pool(x), &t, at_x_in(x, n, 0), dy, dw, at_x_scratch(x, n));
  if ((dx = at_x_grad_late(x, n)))
    at_doubled.into_x(at_x_pool(x), &t, at_x_in(x, n, 1), dy, dx, at_x_scratch(x, n));
}

static double doubled_flops(const at_exec *x, const at_node *n) {
  return 2.0 * 9 * (double)at_x_count(x, n) * (double)at_x_dim(x, n->in[0], n->in[0]->ndim - 1);
}

const at_op at_op_conv2d_doubled = {
    .name = "conv2d_doubled",
    .summary = "conv2d with kernels of 3 x 3 over a picture made twice as large",
    .formula = "conv2d(resize(x, by = 2))",
    .axes = "[..., y, x, from] -> [..., 2 y, 2 x, to]",
    .min_in = 2,
    .max_in = 2,
    .params = doubled_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_INTERNAL | AT_OP_WEIGHS_FIRST,
    .infer = doubled_infer,
    .scratch = doubled_scratch,
    .forward = doubled_forward,
    .backward = doubled_backward,
    .flops = doubled_flops,
};
