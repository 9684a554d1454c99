/* Dropout (Srivastava et al., 2014): in training each number is zeroed with
 * probability `rate`, the others are scaled up.  What is dropped is a function of
 * (seed, step, node, element) alone.  With a shared axis all its items lose the same numbers
 * (variational dropout: Gal and Ghahramani, 2016). */
#include <string.h>
#include "core/base/random.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

static const at_param_spec dropout_params[] = {
    {"rate", AT_ARG_REAL, true, 0.5, 0, 0.99, NULL, "probability of zero"},
    {"shared", AT_ARG_AXIS, false, 0, 0, 0, NULL, "one draw for all items along it"},
    {0}};

typedef struct drop {
  at_random r;
  const float *x;
  float *y;
  uint32_t *kept; /* a bit for each number: it stays; of numbers that draw by themselves */
  float rate;
  bool training, back;
} drop;

enum { RUN = 256, WORD = 32 };

/* What number `at` and the n - 1 behind it draw. */
static void draw(const drop *d, size_t at, size_t n) {
  float u[RUN];
  at_random_uniforms(&d->r, at, n, u);
  for (size_t i = n; i % WORD; i++) u[i] = 0;
  for (size_t i = 0; i < n; i += WORD) {
    uint32_t bits = 0;
    for (uint32_t b = 0; b < WORD; b++) bits |= (uint32_t)(u[i + b] >= d->rate) << b;
    d->kept[(at + i) / WORD] = bits;
  }
}

/* y of a word of numbers. Going back x and y may be one; a gradient is added to nothing then. */
static void drop_word(const drop *d, size_t at, size_t n, float by) {
  const uint32_t bits = d->kept[at / WORD];
  const float *x = d->x + at;
  float *y = d->y + at, made[WORD];
  const bool add = d->back && x != y, in_place = d->back && x == y;
  for (uint32_t b = 0; b < n; b++) made[b] = (bits >> b & 1 ? by : 0) * x[b];
  for (uint32_t b = 0; in_place && b < n; b++) made[b] = 0.0f + made[b];
  for (uint32_t b = 0; add && b < n; b++) made[b] = y[b] + made[b];
  memcpy(y, made, n * sizeof *y);
}

static void drop_range(void *ctx, size_t begin, size_t end) {
  const drop *d = ctx;
  const float by = 1.0f / (1.0f - d->rate);
  for (size_t at = begin; at < end; at += RUN) {
    const size_t n = end - at < RUN ? end - at : RUN;
    if (!d->back) draw(d, at, n);
    for (size_t i = 0; i < n; i += WORD) drop_word(d, at + i, n - i < WORD ? n - i : WORD, by);
  }
}

static void pass_range(void *ctx, size_t begin, size_t end) {
  const drop *d = ctx;
  const float *x = d->x;
  float *y = d->y;
  if (!d->back) memcpy(y + begin, x + begin, (end - begin) * sizeof *y);
  if (!d->back || x == y) return;
  for (size_t i = begin; i < end; i++) y[i] += x[i];
}

/* Elements of lane j of a run draw as the reduced value's element does. */
static void drop_lanes(void *ctx, const at_lanes *l) {
  const drop *d = ctx;
  float by = 1.0f / (1.0f - d->rate);
  for (int64_t j = 0; j < l->width; j++) {
    float keep = !d->training                                                 ? 1
                 : at_random_uniform(&d->r, (uint64_t)(l->out + j)) < d->rate ? 0
                                                                              : by;
    for (int64_t i = 0; i < l->n; i++) {
      int64_t e = l->at + i * l->stride + j;
      d->y[e] = (d->back && d->x != d->y ? d->y[e] : 0) + keep * d->x[e];
    }
  }
}

static at_status dropout_infer(at_graph *g, at_node *n, at_error *err) {
  int d;
  at_status s = at_op_like_first(g, n, err);
  return s == AT_OK && n->arg[1].set ? at_op_axis_dim(g, n, 1, true, &d, err) : s;
}

static void run(at_exec *x, const at_node *n, drop d) {
  d.r = (at_random){.seed = at_x_seed(x),
                    .stream = at_hash_name("dropout") + (uint64_t)n->draw,
                    .step = at_x_step(x)};
  d.rate = (float)n->arg[0].num;
  d.training = at_x_training(x) && d.rate > 0;
  d.kept = at_x_saved(x, n);
  if (n->arg[1].set)
    at_x_each_lanes(x, n, at_node_dim(n, n->arg[1].axis[0]), drop_lanes, &d);
  else
    at_parallel_range(at_x_pool(x), (size_t)at_x_count(x, n), 8192,
                      d.training ? drop_range : pass_range, &d);
}

/* Drawing costs more than reading what was drawn. */
static size_t dropout_saved(const at_exec *x, const at_node *n) {
  const bool alone = !n->arg[1].set && n->arg[0].num > 0;
  return alone ? ((size_t)at_x_count(x, n) + WORD - 1) / WORD * sizeof(uint32_t) : 0;
}

static void dropout_forward(at_exec *x, const at_node *n) {
  run(x, n, (drop){.x = at_x_in(x, n, 0), .y = at_x_out(x, n)});
}

static void dropout_backward(at_exec *x, const at_node *n) {
  float *dx = at_x_grad_in(x, n, 0);
  if (dx) run(x, n, (drop){.x = at_x_grad_out(x, n), .y = dx, .back = true});
}

const at_op at_op_dropout = {
    .name = "dropout",
    .summary = "zeroes numbers at random in training",
    .formula = "x m / (1 - rate), m = 0 with probability rate, else 1",
    .axes = "[...] -> [...]",
    .min_in = 1,
    .max_in = 1,
    .params = dropout_params,
    .flags = AT_OP_RANDOM | AT_OP_TRAIN | AT_OP_IN_PLACE,
    .infer = dropout_infer,
    .saved = dropout_saved,
    .forward = dropout_forward,
    .backward = dropout_backward,
};
