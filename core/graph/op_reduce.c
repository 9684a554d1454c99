/* Reductions over one axis: mean, sum, max, logsumexp, norm, first, last.
 *
 * Each is written for a run of neighbouring lanes, so that the inner loop goes
 * along memory whether the axis is the last one or not. */
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/vecmath.h"

enum { RED_AXIS, RED_NUM };

typedef struct reduce {
  const float *x, *y, *dy;
  float *out, *dx;
  float num; /* sharpness or eps */
} reduce;

static at_status infer_over(at_graph *g, at_node *n, at_error *err) {
  int d;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK) s = at_op_axis_dim(g, n, RED_AXIS, false, &d, err);
  if (s == AT_OK) at_op_reduced_dims(g, n, d);
  return s;
}

static int over(const at_node *n) { return at_node_dim(n->in[0], n->arg[RED_AXIS].axis[0]); }

static void run_forward(at_exec *x, const at_node *n, at_lanes_fn *fn) {
  reduce r = {.x = at_x_in(x, n, 0), .out = at_x_out(x, n), .num = (float)n->arg[RED_NUM].num};
  at_x_each_lanes(x, n->in[0], over(n), fn, &r);
}

static void run_backward(at_exec *x, const at_node *n, at_lanes_fn *fn) {
  reduce r = {
      .dy = at_x_grad_out(x, n), .dx = at_x_grad_in(x, n, 0), .num = (float)n->arg[RED_NUM].num};
  if (n->op->flags & AT_OP_KEEPS_IN) r.x = at_x_in(x, n, 0);
  if (n->op->flags & AT_OP_KEEPS_OUT) r.y = at_x_out(x, n);
  if (r.dx) at_x_each_lanes(x, n->in[0], over(n), fn, &r);
}

/* A body per element of a run: `e` its place in the value, `j` the lane. */
#define EACH(...)                    \
  for (int64_t i = 0; i < l->n; i++) \
    for (int64_t j = 0, e = l->at + i * l->stride; j < l->width; j++, e++) __VA_ARGS__

/* ---- sum, mean ---- */

static void sum_lanes(const reduce *r, const at_lanes *l, float *acc) {
  if (l->stride == 1) {
    acc[0] = at_vsum(r->x + l->at, (size_t)l->n);
    return;
  }
  memset(acc, 0, sizeof(float) * AT_LANES);
  EACH(acc[j] += r->x[e];)
}

static void sum_run(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  float acc[AT_LANES];
  sum_lanes(r, l, acc);
  memcpy(r->out + l->out, acc, (size_t)l->width * sizeof(float));
}

static void sum_back(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  EACH(r->dx[e] += r->dy[l->out + j];)
}

static void mean_run(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  float acc[AT_LANES];
  sum_lanes(r, l, acc);
  for (int64_t j = 0; j < l->width; j++) r->out[l->out + j] = acc[j] / (float)l->n;
}

static void mean_back(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  float by = 1.0f / (float)l->n;
  EACH(r->dx[e] += by * r->dy[l->out + j];)
}

/* ---- max ---- */

static void max_run(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  float acc[AT_LANES];
  for (int64_t j = 0; j < l->width; j++) acc[j] = -INFINITY;
  EACH(acc[j] = r->x[e] > acc[j] ? r->x[e] : acc[j];)
  memcpy(r->out + l->out, acc, (size_t)l->width * sizeof(float));
}

/* The first of equals gets the gradient. */
static void max_back(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  bool given[AT_LANES] = {0};
  EACH(if (!given[j] && r->x[e] == r->y[l->out + j]) {
    r->dx[e] += r->dy[l->out + j];
    given[j] = true;
  })
}

/* ---- log(sum exp(sharpness x)) / sharpness ---- */

static void logsumexp_run(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  float top[AT_LANES], acc[AT_LANES] = {0}, t[AT_LANES];
  for (int64_t j = 0; j < l->width; j++) top[j] = -INFINITY;
  EACH(top[j] = r->x[e] > top[j] ? r->x[e] : top[j];)
  for (int64_t i = 0; i < l->n; i++) {
    const float *x = r->x + l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++) t[j] = r->num * (x[j] - top[j]);
    at_vexp(t, t, (size_t)l->width);
    for (int64_t j = 0; j < l->width; j++) acc[j] += t[j];
  }
  for (int64_t j = 0; j < l->width; j++) r->out[l->out + j] = top[j] + logf(acc[j]) / r->num;
}

static void logsumexp_back(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  float t[AT_LANES];
  for (int64_t i = 0; i < l->n; i++) {
    int64_t at = l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++) t[j] = r->num * (r->x[at + j] - r->y[l->out + j]);
    at_vexp(t, t, (size_t)l->width);
    for (int64_t j = 0; j < l->width; j++) r->dx[at + j] += r->dy[l->out + j] * t[j];
  }
}

/* ---- norm ---- */

static void norm_run(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  float acc[AT_LANES] = {0};
  if (l->stride == 1)
    acc[0] = at_vdot(r->x + l->at, r->x + l->at, (size_t)l->n);
  else
    EACH(acc[j] += r->x[e] * r->x[e];)
  for (int64_t j = 0; j < l->width; j++) r->out[l->out + j] = sqrtf(acc[j]);
}

static void norm_back(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  float by[AT_LANES];
  for (int64_t j = 0; j < l->width; j++) {
    float y = r->y[l->out + j];
    by[j] = y > 0 ? r->dy[l->out + j] / y : 0; /* no direction at 0 */
  }
  EACH(r->dx[e] += by[j] * r->x[e];)
}

/* ---- one end ---- */

static void first_run(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  memcpy(r->out + l->out, r->x + l->at, (size_t)l->width * sizeof(float));
}

static void first_back(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  for (int64_t j = 0; j < l->width; j++) r->dx[l->at + j] += r->dy[l->out + j];
}

static void last_run(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  memcpy(r->out + l->out, r->x + l->at + (l->n - 1) * l->stride, (size_t)l->width * sizeof(float));
}

static void last_back(void *ctx, const at_lanes *l) {
  const reduce *r = ctx;
  int64_t at = l->at + (l->n - 1) * l->stride;
  for (int64_t j = 0; j < l->width; j++) r->dx[at + j] += r->dy[l->out + j];
}

/* ---- entries ---- */

static const at_param_spec axis_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "reduced over"}, {0}};
static const at_param_spec logsumexp_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "reduced over"},
    {"sharpness", AT_ARG_REAL, false, 1, 1e-6, 1e6, NULL, "large: near the maximum"},
    {0}};

#define REDUCE(op, params_, flags_, summary_, formula_)                                      \
  static void op##_forward(at_exec *x, const at_node *n) { run_forward(x, n, op##_run); }    \
  static void op##_backward(at_exec *x, const at_node *n) { run_backward(x, n, op##_back); } \
  const at_op at_op_##op = {.name = #op,                                                     \
                            .summary = summary_,                                             \
                            .formula = formula_,                                             \
                            .axes = "[..., axis] -> [...]",                                  \
                            .min_in = 1,                                                     \
                            .max_in = 1,                                                     \
                            .params = params_,                                               \
                            .flags = AT_OP_ITEMS | (flags_),                                 \
                            .infer = infer_over,                                             \
                            .forward = op##_forward,                                         \
                            .backward = op##_backward};
REDUCE(sum, axis_params, 0, "sum over an axis", "sum_i x_i")
REDUCE(mean, axis_params, 0, "mean over an axis", "sum_i x_i / n")
REDUCE(max, axis_params, AT_OP_KEEPS_IN | AT_OP_KEEPS_OUT, "greatest along an axis", "max_i x_i")
REDUCE(logsumexp, logsumexp_params, AT_OP_KEEPS_IN | AT_OP_KEEPS_OUT,
       "smooth maximum along an axis", "log(sum_i exp(sharpness x_i)) / sharpness")
REDUCE(norm, axis_params, AT_OP_KEEPS_IN | AT_OP_KEEPS_OUT, "Euclidean norm along an axis",
       "sqrt(sum_i x_i^2)")
REDUCE(first, axis_params, 0, "the first item along an axis", "x_1")
REDUCE(last, axis_params, 0, "the last item along an axis", "x_n")
