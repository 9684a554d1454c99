/* Another order of storage: what lowering puts before operators that want theirs. */
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

static const at_param_spec arrange_params[] = {
    {"first", AT_ARG_AXES, true, 0, 0, 0, NULL, "the axes in their new order"},
    {"then", AT_ARG_AXES, false, 0, 0, 0, NULL, "those after the fourth"},
    {0}};

static int axis_at(const at_node *n, int i) {
  return i < AT_MAX_AXES_ARG ? n->arg[0].axis[i] : n->arg[1].axis[i - AT_MAX_AXES_ARG];
}

static at_status arrange_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  int count = n->arg[0].n_axes + (n->arg[1].set ? n->arg[1].n_axes : 0);
  n->type = AT_REAL;
  n->ndim = 0;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK && count != v->ndim)
    s = at_fail(err, AT_EINPUT, "arrange names %d axes; %s is %s", count, at_node_title(g, v),
                at_node_axes_text(g, v));
  for (int i = 0; i < count && s == AT_OK; i++) {
    int d;
    s = at_node_need_dim(g, v, axis_at(n, i), &d, err);
    if (s == AT_OK && v->dim[d].padded)
      s = at_fail(err, AT_EINPUT, "%s is a value of pairs, whose axes stay in their order",
                  at_node_title(g, v));
    if (s == AT_OK) s = at_op_add_dim(g, n, axis_at(n, i), v->dim[d].size, err);
  }
  return s;
}

typedef struct order {
  int ndim;
  int64_t size[AT_MAX_DIM], stride[AT_MAX_DIM]; /* of the result; strides in the input */
  const float *from;
  float *to;
  bool back; /* add from the result's place to the input's */
} order;

static void rows_range(void *ctx, size_t begin, size_t end) {
  const order *o = ctx;
  const int last = o->ndim - 1;
  const int64_t n = o->size[last], step = o->stride[last];
  for (int64_t row = (int64_t)begin; row < (int64_t)end; row++) {
    int64_t at = 0;
    for (int64_t r = row, d = last - 1; d >= 0; r /= o->size[d], d--)
      at += r % o->size[d] * o->stride[d];
    const float *from = o->from + (o->back ? row * n : at);
    float *to = o->to + (o->back ? at : row * n);
    if (o->back)
      for (int64_t i = 0; i < n; i++) to[i * step] += from[i];
    else if (step == 1)
      memcpy(to, from, (size_t)n * sizeof *to);
    else
      for (int64_t i = 0; i < n; i++) to[i] = from[i * step];
  }
}

static void run(const at_exec *x, const at_node *n, order *o) {
  int64_t rows = 1;
  o->ndim = n->ndim;
  for (int i = 0; i < n->ndim; i++) {
    o->size[i] = at_x_dim(x, n, i);
    o->stride[i] = at_x_around(x, n->in[0], at_node_dim(n->in[0], n->dim[i].axis)).inner;
    if (i + 1 < n->ndim) rows *= o->size[i];
  }
  at_parallel_range(at_x_pool(x), (size_t)rows, (size_t)(16384 / o->size[n->ndim - 1] + 1),
                    rows_range, o);
}

static void arrange_forward(at_exec *x, const at_node *n) {
  order o = {.from = at_x_in(x, n, 0), .to = at_x_out(x, n)};
  run(x, n, &o);
}

static void arrange_backward(at_exec *x, const at_node *n) {
  order o = {.from = at_x_grad_out(x, n), .to = at_x_grad_in(x, n, 0), .back = true};
  if (o.to) run(x, n, &o);
}

const at_op at_op_arrange = {
    .name = "arrange",
    .summary = "the same value, stored in another order of its axes",
    .axes = "[...] -> [...]",
    .min_in = 1,
    .max_in = 1,
    .params = arrange_params,
    .flags = AT_OP_INTERNAL,
    .infer = arrange_infer,
    .forward = arrange_forward,
    .backward = arrange_backward,
};
