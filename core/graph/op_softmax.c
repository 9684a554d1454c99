/* What keeps its axes but looks along one: softmax and normalize. */
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/vecmath.h"

enum { ARG_AXIS, ARG_NUM };
enum { SHORT = 32 }; /* rows whose sums are not worth many lanes */

typedef struct along {
  const float *x, *y, *dy;
  float *out, *dx, *saved;
  float num; /* sharpness or eps */
} along;

static int dim_of(const at_node *n) { return at_node_dim(n->in[0], n->arg[ARG_AXIS].axis[0]); }

static void run_forward(at_exec *x, const at_node *n, at_lanes_fn *fn) {
  along a = {.x = at_x_in(x, n, 0),
             .out = at_x_out(x, n),
             .saved = at_x_saved(x, n),
             .num = (float)n->arg[ARG_NUM].num};
  at_x_each_lanes(x, n->in[0], dim_of(n), fn, &a);
}

static void run_backward(at_exec *x, const at_node *n, at_lanes_fn *fn) {
  along a = {.y = at_x_out(x, n),
             .dy = at_x_grad_out(x, n),
             .dx = at_x_grad_in(x, n, 0),
             .saved = at_x_saved(x, n),
             .num = (float)n->arg[ARG_NUM].num};
  if (a.dx) at_x_each_lanes(x, n->in[0], dim_of(n), fn, &a);
}

/* Of short rows, words of a caption say, one after another: many rows side by side hide the wait.
 */
static float row_dot(const float *x, const float *y, int64_t n) {
  float sum = 0;
  if (n > SHORT) return at_vdot(x, y, (size_t)n);
  for (int64_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

/* ---- softmax ---- */

static at_status softmax_infer(at_graph *g, at_node *n, at_error *err) {
  int d;
  at_status s = at_op_like_first(g, n, err);
  return s == AT_OK ? at_op_axis_dim(g, n, ARG_AXIS, true, &d, err) : s;
}

static void softmax_row(const along *a, const at_lanes *l) {
  const float *x = a->x + l->at;
  float *y = a->out + l->at;
  const float top = at_vmax(x, (size_t)l->n);
  for (int64_t i = 0; i < l->n; i++) y[i] = a->num * (x[i] - top);
  at_vexp(y, y, (size_t)l->n);
  float by = 1.0f / at_vsum(y, (size_t)l->n);
  for (int64_t i = 0; i < l->n; i++) y[i] *= by;
}

static void softmax_run(void *ctx, const at_lanes *l) {
  const along *a = ctx;
  float top[AT_LANES], sum[AT_LANES] = {0};
  if (l->stride == 1) {
    softmax_row(a, l);
    return;
  }
  memcpy(top, a->x + l->at, (size_t)l->width * sizeof(float));
  for (int64_t i = 1; i < l->n; i++) {
    const float *x = a->x + l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++) top[j] = x[j] > top[j] ? x[j] : top[j];
  }
  for (int64_t i = 0; i < l->n; i++) {
    const float *x = a->x + l->at + i * l->stride;
    float *y = a->out + l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++) y[j] = a->num * (x[j] - top[j]);
    at_vexp(y, y, (size_t)l->width);
    for (int64_t j = 0; j < l->width; j++) sum[j] += y[j];
  }
  for (int64_t j = 0; j < l->width; j++) sum[j] = 1.0f / sum[j];
  for (int64_t i = 0; i < l->n; i++) {
    float *y = a->out + l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++) y[j] *= sum[j];
  }
}

static void dots(const along *a, const at_lanes *l, float *dot) {
  if (l->stride == 1) {
    dot[0] = row_dot(a->y + l->at, a->dy + l->at, l->n);
    return;
  }
  memset(dot, 0, AT_LANES * sizeof *dot);
  for (int64_t i = 0; i < l->n; i++) {
    int64_t at = l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++) dot[j] += a->y[at + j] * a->dy[at + j];
  }
}

/* dx lies where dy does. */
static void softmax_back_in_place(const along *a, const at_lanes *l, const float *dot) {
  const bool row = l->stride == 1;
  for (int64_t i = 0; i < (row ? 1 : l->n); i++) {
    const int64_t at = l->at + i * l->stride;
    float *restrict dx = a->dx + at;
    const float *restrict y = a->y + at;
    for (int64_t j = 0; row && j < l->n; j++) dx[j] = 0.0f + a->num * y[j] * (dx[j] - dot[0]);
    for (int64_t j = 0; !row && j < l->width; j++) dx[j] = 0.0f + a->num * y[j] * (dx[j] - dot[j]);
  }
}

static void softmax_back(void *ctx, const at_lanes *l) {
  const along *a = ctx;
  float dot[AT_LANES];
  dots(a, l, dot);
  if (a->dx == a->dy) {
    softmax_back_in_place(a, l, dot);
    return;
  }
  for (int64_t i = 0; i < l->n; i++) {
    int64_t at = l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++)
      a->dx[at + j] += a->num * a->y[at + j] * (a->dy[at + j] - dot[j]);
  }
}

static void softmax_forward(at_exec *x, const at_node *n) { run_forward(x, n, softmax_run); }
static void softmax_backward(at_exec *x, const at_node *n) { run_backward(x, n, softmax_back); }

static const at_param_spec softmax_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the alternatives"},
    {"sharpness", AT_ARG_REAL, false, 1, 1e-6, 1e6, NULL, "inverse temperature"},
    {0}};
const at_op at_op_softmax = {
    .name = "softmax",
    .summary = "weights that sum to one along an axis",
    .formula = "exp(sharpness x_i) / sum_j exp(sharpness x_j)",
    .axes = "[..., axis] -> [..., axis]",
    .min_in = 1,
    .max_in = 1,
    .params = softmax_params,
    .flags = AT_OP_KEEPS_OUT | AT_OP_CHEAP | AT_OP_IN_PLACE | AT_OP_ITEMS,
    .infer = softmax_infer,
    .forward = softmax_forward,
    .backward = softmax_backward,
};

/* ---- x / (|x| + eps) ---- */

static at_status normalize_infer(at_graph *g, at_node *n, at_error *err) {
  int d;
  at_status s = at_op_like_first(g, n, err);
  return s == AT_OK ? at_op_axis_dim(g, n, ARG_AXIS, false, &d, err) : s;
}

static void normalize_row(const along *a, const at_lanes *l) {
  const float *restrict x = a->x + l->at;
  float *restrict y = a->out + l->at;
  const float norm = sqrtf(row_dot(x, x, l->n)), by = 1.0f / (norm + a->num);
  a->saved[l->out] = norm;
  for (int64_t i = 0; i < l->n; i++) y[i] = x[i] * by;
}

static void normalize_run(void *ctx, const at_lanes *l) {
  const along *a = ctx;
  float acc[AT_LANES] = {0};
  if (l->stride == 1) {
    normalize_row(a, l);
    return;
  }
  for (int64_t i = 0; i < l->n; i++) {
    const float *x = a->x + l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++) acc[j] += x[j] * x[j];
  }
  for (int64_t j = 0; j < l->width; j++) {
    a->saved[l->out + j] = sqrtf(acc[j]);
    acc[j] = 1.0f / (a->saved[l->out + j] + a->num);
  }
  for (int64_t i = 0; i < l->n; i++) {
    const float *x = a->x + l->at + i * l->stride;
    float *y = a->out + l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++) y[j] = x[j] * acc[j];
  }
}

/* With N = |x|: dx = (dy - y <y, dy> (N + eps) / N) / (N + eps); at x = 0, where there
 * is no direction, 0. */
static void normalize_factors(const along *a, const at_lanes *l, float *dot, float *by) {
  for (int64_t j = 0; j < l->width; j++) {
    const float n = a->saved[l->out + j], m = n + a->num;
    by[j] = n > 0 ? 1.0f / m : 0;
    dot[j] = n > 0 ? dot[j] * m / n : 0;
  }
}

static void normalize_back_row(const along *a, const at_lanes *l) {
  const float *restrict y = a->y + l->at;
  float *restrict dx = a->dx + l->at, by;
  float dot = row_dot(y, a->dy + l->at, l->n);
  normalize_factors(a, l, &dot, &by);
  if (a->dx == a->dy) {
    for (int64_t i = 0; i < l->n; i++) dx[i] = 0.0f + (dx[i] - y[i] * dot) * by;
    return;
  }
  const float *restrict dy = a->dy + l->at;
  for (int64_t i = 0; i < l->n; i++) dx[i] += (dy[i] - y[i] * dot) * by;
}

static void normalize_back(void *ctx, const at_lanes *l) {
  const along *a = ctx;
  float dot[AT_LANES], by[AT_LANES];
  if (l->stride == 1) {
    normalize_back_row(a, l);
    return;
  }
  dots(a, l, dot);
  normalize_factors(a, l, dot, by);
  for (int64_t i = 0; i < l->n; i++) {
    const int64_t at = l->at + i * l->stride;
    const float *restrict y = a->y + at;
    float *restrict dx = a->dx + at;
    if (a->dx == a->dy) {
      for (int64_t j = 0; j < l->width; j++) dx[j] = 0.0f + (dx[j] - y[j] * dot[j]) * by[j];
      continue;
    }
    const float *restrict dy = a->dy + at;
    for (int64_t j = 0; j < l->width; j++) dx[j] += (dy[j] - y[j] * dot[j]) * by[j];
  }
}

static size_t normalize_saved(const at_exec *x, const at_node *n) {
  return (size_t)at_x_lane_count(x, n->in[0], dim_of(n)) * sizeof(float);
}
static void normalize_forward(at_exec *x, const at_node *n) { run_forward(x, n, normalize_run); }
static void normalize_backward(at_exec *x, const at_node *n) { run_backward(x, n, normalize_back); }

static const at_param_spec normalize_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the vectors lie along it"},
    {"eps", AT_ARG_REAL, false, 1e-8, 0, 1, NULL, "added to the norm"},
    {0}};
const at_op at_op_normalize = {
    .name = "normalize",
    .summary = "vectors of length one along an axis",
    .formula = "x / (|x| + eps)",
    .axes = "[..., axis] -> [..., axis]",
    .min_in = 1,
    .max_in = 1,
    .params = normalize_params,
    .flags = AT_OP_KEEPS_OUT | AT_OP_CHEAP | AT_OP_IN_PLACE | AT_OP_ITEMS,
    .infer = normalize_infer,
    .saved = normalize_saved,
    .forward = normalize_forward,
    .backward = normalize_backward,
};
