/* Dropout (Srivastava et al., 2014): in training each number is zeroed with
 * probability `rate`, the others are scaled up.  What is dropped is a function of
 * (seed, step, node, element) alone. */
#include "core/base/random.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

static const at_param_spec dropout_params[] = {
    {"rate", AT_ARG_REAL, true, 0.5, 0, 0.99, NULL, "probability of zero"}, {0}};

typedef struct drop {
  at_random r;
  const float *x;
  float *y;
  float rate;
  bool training, add;
} drop;

static void drop_range(void *ctx, size_t begin, size_t end) {
  const drop *d = ctx;
  float by = 1.0f / (1.0f - d->rate);
  for (size_t i = begin; i < end; i++) {
    float keep = !d->training ? 1 : at_random_uniform(&d->r, i) < d->rate ? 0 : by;
    if (d->add)
      d->y[i] += keep * d->x[i];
    else
      d->y[i] = keep * d->x[i];
  }
}

static void run(at_exec *x, const at_node *n, drop d) {
  d.r = (at_random){.seed = at_x_seed(x),
                    .stream = at_hash_name("dropout") + (uint64_t)n->id,
                    .step = at_x_step(x)};
  d.rate = (float)n->arg[0].num;
  d.training = at_x_training(x);
  at_parallel_range(at_x_pool(x), (size_t)at_x_count(x, n), 8192, drop_range, &d);
}

static void dropout_forward(at_exec *x, const at_node *n) {
  run(x, n, (drop){.x = at_x_in(x, n, 0), .y = at_x_out(x, n)});
}

static void dropout_backward(at_exec *x, const at_node *n) {
  float *dx = at_x_grad_in(x, n, 0);
  if (dx) run(x, n, (drop){.x = at_x_grad_out(x, n), .y = dx, .add = true});
}

const at_op at_op_dropout = {
    .name = "dropout",
    .summary = "zeroes numbers at random in training",
    .formula = "x m / (1 - rate), m = 0 with probability rate, else 1",
    .axes = "[...] -> [...]",
    .min_in = 1,
    .max_in = 1,
    .params = dropout_params,
    .flags = AT_OP_RANDOM | AT_OP_TRAIN,
    .infer = at_op_like_first,
    .forward = dropout_forward,
    .backward = dropout_backward,
};
