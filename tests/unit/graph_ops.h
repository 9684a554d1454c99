/* Small operators for tests of the graph and the executor, each with one trait:
 * `mul` reads its inputs in backward, `square_root` its output, `cube` keeps
 * bytes and uses scratch, `view` is an alias, `bias` makes a parameter. */
#ifndef TESTS_GRAPH_OPS_H
#define TESTS_GRAPH_OPS_H
#include <math.h>
#include <string.h>
#include "core/graph/exec.h"

static const at_span nowhere = {-1, 0, 0};

static at_status t_like_first(at_graph *g, at_node *n, at_error *err) {
  (void)g;
  (void)err;
  n->type = n->in[0]->type;
  n->ndim = n->in[0]->ndim;
  memcpy(n->dim, n->in[0]->dim, sizeof n->dim);
  return AT_OK;
}

/* ---- mul ---- */
static void t_mul_forward(at_exec *x, const at_node *n) {
  const float *a = at_x_in(x, n, 0), *b = at_x_in(x, n, 1);
  float *y = at_x_out(x, n);
  for (int64_t i = 0; i < at_x_count(x, n); i++) y[i] = a[i] * b[i];
}
static void t_mul_backward(at_exec *x, const at_node *n) {
  const float *dy = at_x_grad_out(x, n);
  for (int k = 0; k < 2; k++) {
    const float *other = at_x_in(x, n, 1 - k);
    float *d = at_x_grad_in(x, n, k);
    for (int64_t i = 0; d && i < at_x_count(x, n); i++) d[i] += dy[i] * other[i];
  }
}
static const at_op t_mul = {.name = "t_mul",
                            .min_in = 2,
                            .max_in = 2,
                            .flags = AT_OP_KEEPS_IN,
                            .infer = t_like_first,
                            .forward = t_mul_forward,
                            .backward = t_mul_backward};

/* ---- add: the gradient passes, nothing is read ---- */
static void t_add_forward(at_exec *x, const at_node *n) {
  const float *a = at_x_in(x, n, 0), *b = at_x_in(x, n, 1);
  float *y = at_x_out(x, n);
  for (int64_t i = 0; i < at_x_count(x, n); i++) y[i] = a[i] + b[i];
}
static void t_add_backward(at_exec *x, const at_node *n) {
  const float *dy = at_x_grad_out(x, n);
  for (int k = 0; k < 2; k++) {
    float *d = at_x_grad_in(x, n, k);
    for (int64_t i = 0; d && i < at_x_count(x, n); i++) d[i] += dy[i];
  }
}
static const at_op t_add = {.name = "t_add",
                            .min_in = 2,
                            .max_in = 2,
                            .infer = t_like_first,
                            .forward = t_add_forward,
                            .backward = t_add_backward};

/* ---- square root of 1 + x^2: reads its output ---- */
static void t_root_forward(at_exec *x, const at_node *n) {
  const float *a = at_x_in(x, n, 0);
  float *y = at_x_out(x, n);
  for (int64_t i = 0; i < at_x_count(x, n); i++) y[i] = tanhf(a[i]);
}
static void t_root_backward(at_exec *x, const at_node *n) {
  const float *dy = at_x_grad_out(x, n), *y = at_x_out(x, n);
  float *d = at_x_grad_in(x, n, 0);
  for (int64_t i = 0; d && i < at_x_count(x, n); i++) d[i] += dy[i] * (1 - y[i] * y[i]);
}
static const at_op t_tanh = {.name = "t_tanh",
                             .min_in = 1,
                             .max_in = 1,
                             .flags = AT_OP_KEEPS_OUT,
                             .infer = t_like_first,
                             .forward = t_root_forward,
                             .backward = t_root_backward};

/* ---- cube: keeps x^2 in saved bytes, works in scratch ---- */
static size_t t_cube_bytes(const at_exec *x, const at_node *n) {
  return (size_t)at_x_count(x, n) * sizeof(float);
}
static void t_cube_forward(at_exec *x, const at_node *n) {
  const float *a = at_x_in(x, n, 0);
  float *y = at_x_out(x, n), *keep = at_x_saved(x, n), *work = at_x_scratch(x, n);
  for (int64_t i = 0; i < at_x_count(x, n); i++) work[i] = a[i] * a[i];
  for (int64_t i = 0; i < at_x_count(x, n); i++) keep[i] = work[i];
  for (int64_t i = 0; i < at_x_count(x, n); i++) y[i] = work[i] * a[i];
}
static void t_cube_backward(at_exec *x, const at_node *n) {
  const float *dy = at_x_grad_out(x, n), *keep = at_x_saved(x, n);
  float *d = at_x_grad_in(x, n, 0), *work = at_x_scratch(x, n);
  for (int64_t i = 0; i < at_x_count(x, n); i++) work[i] = 3 * keep[i];
  for (int64_t i = 0; d && i < at_x_count(x, n); i++) d[i] += dy[i] * work[i];
}
static const at_op t_cube = {.name = "t_cube",
                             .min_in = 1,
                             .max_in = 1,
                             .infer = t_like_first,
                             .saved = t_cube_bytes,
                             .scratch = t_cube_bytes,
                             .forward = t_cube_forward,
                             .backward = t_cube_backward};

/* ---- view: the same storage ---- */
static const at_op t_view = {
    .name = "t_view", .min_in = 1, .max_in = 1, .flags = AT_OP_ALIAS, .infer = t_like_first};

/* ---- bias: adds a parameter over the last dim, scaled by an argument ---- */
static const at_param_spec t_bias_args[] = {
    {.name = "scale", .type = AT_ARG_REAL, .def = 1, .min = -4, .max = 4},
    {.name = "times", .type = AT_ARG_INT, .def = 1, .min = 1, .max = 3},
    {.name = NULL, .type = AT_ARG_END}};
static at_status t_bias_infer(at_graph *g, at_node *n, at_error *err) {
  t_like_first(g, n, err);
  if (!n->ndim) return at_fail(err, AT_EINPUT, "t_bias needs an axis");
  int64_t shape[] = {n->dim[n->ndim - 1].size};
  return at_node_parameter(g, n, "bias", 1, shape, (at_init){AT_INIT_NORMAL, 0.5}, err);
}
static void t_bias_forward(at_exec *x, const at_node *n) {
  const float *a = at_x_in(x, n, 0), *b = at_x_in(x, n, 1);
  float *y = at_x_out(x, n);
  int64_t d = at_x_dim(x, n, n->ndim - 1);
  for (int64_t i = 0; i < at_x_count(x, n); i++) y[i] = a[i] + (float)n->arg[0].num * b[i % d];
}
static void t_bias_backward(at_exec *x, const at_node *n) {
  const float *dy = at_x_grad_out(x, n);
  float *da = at_x_grad_in(x, n, 0), *db = at_x_grad_in(x, n, 1);
  int64_t d = at_x_dim(x, n, n->ndim - 1);
  for (int64_t i = 0; da && i < at_x_count(x, n); i++) da[i] += dy[i];
  for (int64_t i = 0; db && i < at_x_count(x, n); i++) db[i % d] += (float)n->arg[0].num * dy[i];
}
static const at_op t_bias = {.name = "t_bias",
                             .min_in = 1,
                             .max_in = 1,
                             .params = t_bias_args,
                             .infer = t_bias_infer,
                             .forward = t_bias_forward,
                             .backward = t_bias_backward};

/* ---- total: a single number ---- */
static at_status t_total_infer(at_graph *g, at_node *n, at_error *err) {
  (void)g;
  (void)err;
  n->type = AT_REAL;
  n->ndim = 0;
  return AT_OK;
}
static void t_total_forward(at_exec *x, const at_node *n) {
  const float *a = at_x_in(x, n, 0);
  float sum = 0;
  for (int64_t i = 0; i < at_x_count(x, n->in[0]); i++) sum += a[i];
  at_x_out(x, n)[0] = sum;
}
static void t_total_backward(at_exec *x, const at_node *n) {
  float dy = at_x_grad_out(x, n)[0], *d = at_x_grad_in(x, n, 0);
  for (int64_t i = 0; d && i < at_x_count(x, n->in[0]); i++) d[i] += dy;
}
static const at_op t_total = {.name = "t_total",
                              .min_in = 1,
                              .max_in = 1,
                              .infer = t_total_infer,
                              .forward = t_total_forward,
                              .backward = t_total_backward};

static inline at_node *t_node(at_graph *g, const at_op *op, at_node *a, at_node *b,
                              const char *scope) {
  at_node *in[] = {a, b}, *out = NULL;
  at_graph_node(g, op, b ? 2 : 1, in, NULL, scope, nowhere, &out, NULL);
  return out;
}
#endif
