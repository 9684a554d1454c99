/* A value repeated along the axes of another. */
#include "core/graph/broadcast.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

static const at_param_spec expand_params[] = {
    {"without", AT_ARG_AXIS, false, 0, 0, 0, NULL, "an axis of the other that is left out"}, {0}};

static at_status expand_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0], *like = n->in[1];
  at_status s = at_op_need_real(g, n, err);
  int without = n->arg[0].set ? n->arg[0].axis[0] : -1;
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < like->ndim && s == AT_OK; i++) {
    int d = at_node_dim(v, like->dim[i].axis);
    if (like->dim[i].axis == without && d < 0) continue;
    s = at_op_add_dim(g, n, like->dim[i].axis, like->dim[i].size, err);
    if (s == AT_OK && d >= 0 && v->dim[d].size != like->dim[i].size && v->dim[d].size >= 0 &&
        like->dim[i].size >= 0)
      s = at_fail(err, AT_EINPUT, "axis `%s` has the size %lld in %s and %lld in %s",
                  g->axis[v->dim[d].axis].name, (long long)v->dim[d].size, at_node_title(g, v),
                  (long long)like->dim[i].size, at_node_title(g, like));
  }
  for (int i = 0; i < v->ndim && s == AT_OK; i++) {
    bool there = at_node_has_axis(g, n, v->dim[i].axis);
    if (!there) s = at_op_add_dim(g, n, v->dim[i].axis, v->dim[i].size, err);
  }
  if (s == AT_OK && !at_bcast_fits(g, n, v))
    s = at_fail(err, AT_EINPUT, "%s cannot be repeated along %s", at_node_axes_text(g, v),
                at_node_axes_text(g, like));
  return s;
}

typedef struct expand {
  const float *from;
  float *to;
} expand;

static void out_run(void *ctx, const at_stretch *s) {
  const expand *c = ctx;
  for (int64_t i = 0; i < s->n; i++) c->to[s->out + i] = c->from[s->at[0] + i * s->step[0]];
}

static void back_run(void *ctx, const at_stretch *s) {
  const expand *c = ctx;
  for (int64_t i = 0; i < s->n; i++) c->to[s->at[0] + i * s->step[0]] += c->from[s->out + i];
}

static void expand_forward(at_exec *x, const at_node *n) {
  at_bcast b;
  expand c = {at_x_in(x, n, 0), at_x_out(x, n)};
  at_bcast_make(x, n, 1, at_x_scratch(x, n), &b);
  at_bcast_each(x, &b, -1, out_run, &c);
}

static void expand_backward(at_exec *x, const at_node *n) {
  at_bcast b;
  expand c = {at_x_grad_out(x, n), at_x_grad_in(x, n, 0)};
  if (!c.to) return;
  at_bcast_make(x, n, 1, at_x_scratch(x, n), &b);
  at_bcast_each(x, &b, 0, back_run, &c);
}

const at_op at_op_expand = {
    .name = "expand",
    .summary = "the first value, repeated along the axes that only the second has",
    .axes = "[...], [more] -> [more, ...]",
    .min_in = 2,
    .max_in = 2,
    .params = expand_params,
    .infer = expand_infer,
    .scratch = at_bcast_scratch,
    .forward = expand_forward,
    .backward = expand_backward,
};
