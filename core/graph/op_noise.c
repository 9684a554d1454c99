/* Numbers drawn at every step, in training and in evaluation. */
#include "core/base/random.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

static const at_param_spec noise_params[] = {
    {"axis", AT_ARG_NEW, true, 0, 0, 0, NULL, "the axis made"}, {0}};

static at_status noise_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  at_status s = AT_OK;
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < v->ndim && s == AT_OK; i++) {
    const at_axis *a = &g->axis[v->dim[i].axis];
    int axis = a->parent >= 0 ? a->parent : v->dim[i].axis;
    if (g->axis[axis].kind == AT_BATCH && at_node_dim(n, axis) < 0)
      s = at_op_add_dim(g, n, axis, -1, err);
  }
  return s == AT_OK ? at_op_add_dim(g, n, n->arg[0].to, n->arg[0].to_size, err) : s;
}

typedef struct draw {
  at_random r;
  float *y;
} draw;

static void draw_range(void *ctx, size_t begin, size_t end) {
  const draw *d = ctx;
  for (size_t i = begin; i < end; i++) d->y[i] = at_random_normal(&d->r, i);
}

static void noise_forward(at_exec *x, const at_node *n) {
  draw d = {.r = {.seed = at_x_seed(x),
                  .stream = at_hash_name("noise") + (uint64_t)n->draw,
                  .step = at_x_step(x)},
            .y = at_x_out(x, n)};
  at_parallel_range(at_x_pool(x), (size_t)at_x_count(x, n), 4096, draw_range, &d);
}

static void noise_backward(at_exec *x, const at_node *n) {
  (void)x;
  (void)n;
}

const at_op at_op_noise = {
    .name = "noise",
    .summary = "standard normal numbers for every item of the batch axes of a value",
    .axes = "[batch..., ...] -> [batch..., axis]",
    .min_in = 1,
    .max_in = 1,
    .params = noise_params,
    .flags = AT_OP_RANDOM | AT_OP_NOGRAD,
    .infer = noise_infer,
    .forward = noise_forward,
    .backward = noise_backward,
};
