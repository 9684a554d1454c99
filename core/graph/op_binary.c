/* Arithmetic of two values, and the cosine's quotient, over the union of their axes. */
#include <math.h>
#include "core/graph/broadcast.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

static at_status infer_binary(at_graph *g, at_node *n, at_error *err) {
  at_status s = at_op_need_real(g, n, err);
  return s == AT_OK ? at_bcast_dims(g, n, n->in[0], n->in[1], err) : s;
}

typedef struct binary {
  const float *a, *b, *c, *y, *dy;
  float *out, *d;
  float eps;
} binary;

#define EACH(name, ...)                              \
  static void name(void *ctx, const at_stretch *s) { \
    const binary *m = ctx;                           \
    for (int64_t i = 0; i < s->n; i++) {             \
      __VA_ARGS__;                                   \
    }                                                \
  }
#define A    m->a[s->at[0] + i * s->step[0]]
#define B    m->b[s->at[1] + i * s->step[1]]
#define C    m->c[s->at[2] + i * s->step[2]]
#define OUT  m->out[s->out + i]
#define DY   m->dy[s->out + i]
#define D(k) m->d[s->at[k] + i * s->step[k]]

EACH(add_run, OUT = A + B)
EACH(sub_run, OUT = A - B)
EACH(mul_run, OUT = A * B)
EACH(div_run, OUT = A / B)
EACH(pass_0, D(0) += DY)
EACH(pass_1, D(1) += DY)
EACH(sub_1, D(1) -= DY)
EACH(mul_0, D(0) += DY * B)
EACH(mul_1, D(1) += DY * A)
EACH(div_0, D(0) += DY / B)
EACH(div_1, D(1) -= DY * A / (B * B))

static void forward(at_exec *x, const at_node *n, int n_in, at_stretch_fn *fn) {
  at_bcast b;
  binary m = {.a = at_x_in(x, n, 0),
              .b = at_x_in(x, n, 1),
              .out = at_x_out(x, n),
              .eps = (float)n->arg[0].num};
  if (n_in > 2) m.c = at_x_in(x, n, 2);
  at_bcast_make(x, n, n_in, at_x_scratch(x, n), &b);
  at_bcast_each(x, &b, -1, fn, &m);
}

static void backward(at_exec *x, const at_node *n, int n_in, at_stretch_fn *const *fn) {
  at_bcast b;
  binary m = {.dy = at_x_grad_out(x, n), .eps = (float)n->arg[0].num};
  if (n->op->flags & AT_OP_KEEPS_IN) {
    m.a = at_x_in(x, n, 0);
    m.b = at_x_in(x, n, 1);
    if (n_in > 2) m.c = at_x_in(x, n, 2);
  }
  at_bcast_make(x, n, n_in, at_x_scratch(x, n), &b);
  /* In place (add, sub) the gradient of input 0 is there already. */
  for (int k = 0; k < n_in; k++)
    if ((m.d = at_x_grad_in(x, n, k)) && m.d != m.dy) at_bcast_each(x, &b, k, fn[k], &m);
}

#define BINARY(op, flags_, back0, back1, summary_)                                       \
  static void op##_forward(at_exec *x, const at_node *n) { forward(x, n, 2, op##_run); } \
  static void op##_backward(at_exec *x, const at_node *n) {                              \
    at_stretch_fn *const fn[] = {back0, back1};                                          \
    backward(x, n, 2, fn);                                                               \
  }                                                                                      \
  const at_op at_op_##op = {.name = #op,                                                 \
                            .summary = summary_,                                         \
                            .axes = "[a...], [b...] -> [a... and b...]",                 \
                            .min_in = 2,                                                 \
                            .max_in = 2,                                                 \
                            .flags = AT_OP_ITEMS | (flags_),                             \
                            .infer = infer_binary,                                       \
                            .scratch = at_bcast_scratch,                                 \
                            .forward = op##_forward,                                     \
                            .backward = op##_backward};
BINARY(add, AT_OP_CHEAP | AT_OP_IN_PLACE, pass_0, pass_1, "sum, over the axes of both")
BINARY(sub, AT_OP_CHEAP | AT_OP_IN_PLACE, pass_0, sub_1, "difference, over the axes of both")
BINARY(mul, AT_OP_KEEPS_IN | AT_OP_CHEAP, mul_0, mul_1, "product, over the axes of both")
BINARY(div, AT_OP_KEEPS_IN, div_0, div_1, "quotient, over the axes of both")

/* ---- the distance of a normal distribution from the standard one ---- */

EACH(kl_run, OUT = 0.5F * (A * A + expm1f(B) - B))
EACH(kl_0, D(0) += DY * A)
EACH(kl_1, D(1) += DY * 0.5F * expm1f(B))

static void kl_forward(at_exec *x, const at_node *n) { forward(x, n, 2, kl_run); }
static void kl_backward(at_exec *x, const at_node *n) {
  at_stretch_fn *const fn[] = {kl_0, kl_1};
  backward(x, n, 2, fn);
}
const at_op at_op_kl = {
    .name = "kl",
    .summary =
        "divergence of a normal distribution, by mean and log variance, from the standard "
        "one",
    .formula = "(x^2 + exp(y) - y - 1) / 2  (Kingma and Welling, 2014, appendix B)",
    .axes = "[a...], [b...] -> [a... and b...]",
    .min_in = 2,
    .max_in = 2,
    .flags = AT_OP_KEEPS_IN,
    .infer = infer_binary,
    .scratch = at_bcast_scratch,
    .forward = kl_forward,
    .backward = kl_backward,
};

/* ---- num / max(na nb, eps) ---- */

static at_status infer_ratio(at_graph *g, at_node *n, at_error *err) {
  at_status s = at_op_like_first(g, n, err);
  for (int k = 1; s == AT_OK && k < 3; k++)
    if (!at_bcast_fits(g, n, n->in[k]))
      s = at_fail(err, AT_EINPUT,
                  "a norm of the cosine varies over axes %s that the product %s lacks",
                  at_node_axes_text(g, n->in[k]), at_node_axes_text(g, n->in[0]));
  return s;
}

#define DEN(v)     \
  float v = B * C; \
  v = v > m->eps ? v : m->eps
EACH(ratio_run, DEN(den); OUT = A / den)
EACH(ratio_0, DEN(den); D(0) += DY / den)
/* Below eps the denominator is constant. */
EACH(ratio_1, DEN(den); if (den > m->eps) D(1) -= DY * A * C / (den * den))
EACH(ratio_2, DEN(den); if (den > m->eps) D(2) -= DY * A * B / (den * den))

static void ratio_forward(at_exec *x, const at_node *n) { forward(x, n, 3, ratio_run); }
static void ratio_backward(at_exec *x, const at_node *n) {
  at_stretch_fn *const fn[] = {ratio_0, ratio_1, ratio_2};
  backward(x, n, 3, fn);
}
static const at_param_spec ratio_params[] = {
    {"eps", AT_ARG_REAL, false, 1e-8, 0, 1, NULL, "least denominator"}, {0}};
const at_op at_op_cosine_ratio = {.name = "cosine_ratio",
                                  .summary = "product over two norms",
                                  .formula = "num / max(na nb, eps)",
                                  .axes = "[num...]",
                                  .min_in = 3,
                                  .max_in = 3,
                                  .params = ratio_params,
                                  .flags = AT_OP_KEEPS_IN | AT_OP_INTERNAL | AT_OP_ITEMS,
                                  .infer = infer_ratio,
                                  .scratch = at_bcast_scratch,
                                  .forward = ratio_forward,
                                  .backward = ratio_backward};
