/* Functions of one number, element by element. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/vecmath.h"

typedef struct map {
  const float *x, *y, *dy;
  float *out, *dx;
  float a, b;
} map;

enum { GRAIN = 16384 };

static void run_forward(at_exec *x, const at_node *n, at_range_fn *fn) {
  map m = {.x = at_x_in(x, n, 0),
           .out = at_x_out(x, n),
           .a = (float)n->arg[0].num,
           .b = (float)n->arg[1].num};
  at_parallel_range(at_x_pool(x), (size_t)at_x_count(x, n), GRAIN, fn, &m);
}

enum { PIECE = 512 }; /* numbers of a gradient that make room for another */

typedef struct placed {
  const map *m;
  at_range_fn *fn;
} placed;

/* dx lies where dy does: a piece at a time stands aside, and dx begins as zeros. */
static void in_place(void *ctx, size_t begin, size_t end) {
  const placed *p = ctx;
  float dy[PIECE];
  for (size_t at = begin; at < end; at += PIECE) {
    const size_t n = end - at < PIECE ? end - at : PIECE;
    map m = *p->m;
    if (m.x) m.x += at;
    if (m.y) m.y += at;
    m.dx += at;
    memcpy(dy, m.dx, n * sizeof *dy);
    memset(m.dx, 0, n * sizeof *dy);
    m.dy = dy;
    p->fn(&m, 0, n);
  }
}

static void run_backward(at_exec *x, const at_node *n, at_range_fn *fn) {
  map m = {.dy = at_x_grad_out(x, n),
           .dx = at_x_grad_in(x, n, 0),
           .a = (float)n->arg[0].num,
           .b = (float)n->arg[1].num};
  if (!m.dx) return;
  if (n->op->flags & AT_OP_KEEPS_OUT) m.y = at_x_out(x, n);
  if (n->op->flags & AT_OP_KEEPS_IN) m.x = at_x_in(x, n, 0);
  placed p = {&m, fn};
  const bool same = m.dx == m.dy;
  at_parallel_range(at_x_pool(x), (size_t)at_x_count(x, n), GRAIN, same ? in_place : fn,
                    same ? (void *)&p : &m);
}

/* The body of a loop over one range; `m` and `i` are in scope of the expression. What is written
 * may not be `here`, so that the compiler may take several turns at once. */
/* What counts in some turns alone is read, and worked out, in all of them: the loop has no branch
 * then. */
#define EACH(name, ...)                                   \
  static void name(void *ctx, size_t begin, size_t end) { \
    const map here = *(const map *)ctx, *m = &here;       \
    for (size_t i = begin; i < end; i++) {                \
      __VA_ARGS__;                                        \
    }                                                     \
  }
/* Forward and backward of the table entry `name`, from two range functions. */
#define ENTRY(name)                                                                           \
  static void name##_forward(at_exec *x, const at_node *n) { run_forward(x, n, name##_run); } \
  static void name##_backward(at_exec *x, const at_node *n) { run_backward(x, n, name##_back); }

EACH(relu_run, m->out[i] = m->x[i] > 0 ? m->x[i] : 0)
EACH(relu_back, const float dy = m->dy[i]; m->dx[i] += m->y[i] > 0 ? dy : 0)
ENTRY(relu)

EACH(leaky_relu_run, m->out[i] = m->x[i] > 0 ? m->x[i] : m->a * m->x[i])
EACH(leaky_relu_back, const float dy = m->dy[i]; m->dx[i] += m->y[i] > 0 ? dy : m->a * dy)
ENTRY(leaky_relu)

static void tanh_run(void *ctx, size_t begin, size_t end) {
  const map *m = ctx;
  at_vtanh(m->out + begin, m->x + begin, end - begin);
}
EACH(tanh_back, m->dx[i] += m->dy[i] * (1.0f - m->y[i] * m->y[i]))
ENTRY(tanh)

static void sigmoid_run(void *ctx, size_t begin, size_t end) {
  const map *m = ctx;
  at_vsigmoid(m->out + begin, m->x + begin, end - begin);
}
EACH(sigmoid_back, m->dx[i] += m->dy[i] * m->y[i] * (1.0f - m->y[i]))
ENTRY(sigmoid)

static void exp_run(void *ctx, size_t begin, size_t end) {
  const map *m = ctx;
  at_vexp(m->out + begin, m->x + begin, end - begin);
}
EACH(exp_back, m->dx[i] += m->dy[i] * m->y[i])
ENTRY(exp)

static void elu_run(void *ctx, size_t begin, size_t end) {
  const map *m = ctx;
  at_vexp(m->out + begin, m->x + begin, end - begin);
  for (size_t i = begin; i < end; i++) m->out[i] = m->x[i] > 0 ? m->x[i] : m->out[i] - 1.0f;
}
EACH(elu_back, m->dx[i] += m->dy[i] * (m->y[i] > 0 ? 1.0f : m->y[i] + 1.0f))
ENTRY(elu)

EACH(scale_run, m->out[i] = m->a * m->x[i] + m->b)
EACH(scale_back, m->dx[i] += m->a * m->dy[i])
ENTRY(scale)

/* ---- what backward finds from x ---- */

#define SQRT_HALF       0.70710678f /* 1 / sqrt(2) */
#define NORMAL_DENSITY0 0.39894228f /* 1 / sqrt(2 pi) */
enum { STRIP = 512 };               /* numbers that are worked on at a time, in a cache */

/* share[i] = Phi(x[i]) */
static void normal_below(float *share, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++) share[i] = x[i] * SQRT_HALF;
  at_verf(share, share, n);
  for (size_t i = 0; i < n; i++) share[i] = 0.5f * (1.0f + share[i]);
}

static void gelu_run(void *ctx, size_t begin, size_t end) {
  const map *m = ctx;
  float share[STRIP];
  for (size_t at = begin; at < end; at += STRIP) {
    const size_t n = end - at < STRIP ? end - at : STRIP;
    const float *x = m->x + at;
    normal_below(share, x, n);
    AT_NO_CARRY
    for (size_t i = 0; i < n; i++) m->out[at + i] = x[i] * share[i];
  }
}

static void gelu_back(void *ctx, size_t begin, size_t end) {
  const map *m = ctx;
  float share[STRIP], density[STRIP];
  for (size_t at = begin; at < end; at += STRIP) {
    const size_t n = end - at < STRIP ? end - at : STRIP;
    const float *x = m->x + at, *dy = m->dy + at;
    float *dx = m->dx + at;
    normal_below(share, x, n);
    for (size_t i = 0; i < n; i++) density[i] = -0.5f * x[i] * x[i];
    at_vexp(density, density, n);
    AT_NO_CARRY
    for (size_t i = 0; i < n; i++)
      dx[i] += dy[i] * (share[i] + x[i] * NORMAL_DENSITY0 * density[i]);
  }
}
ENTRY(gelu)

static void silu_run(void *ctx, size_t begin, size_t end) {
  const map *m = ctx;
  float gate[STRIP];
  for (size_t at = begin; at < end; at += STRIP) {
    const size_t n = end - at < STRIP ? end - at : STRIP;
    at_vsigmoid(gate, m->x + at, n);
    for (size_t i = 0; i < n; i++) m->out[at + i] = m->x[at + i] * gate[i];
  }
}

static void silu_back(void *ctx, size_t begin, size_t end) {
  const map *m = ctx;
  float gate[STRIP];
  for (size_t at = begin; at < end; at += STRIP) {
    const size_t n = end - at < STRIP ? end - at : STRIP;
    const float *x = m->x + at, *dy = m->dy + at;
    float *dx = m->dx + at;
    at_vsigmoid(gate, x, n);
    AT_NO_CARRY
    for (size_t i = 0; i < n; i++) dx[i] += dy[i] * gate[i] * (1.0f + x[i] * (1.0f - gate[i]));
  }
}
ENTRY(silu)

EACH(softplus_run, m->out[i] = fmaxf(m->x[i], 0) + log1pf(expf(-fabsf(m->x[i]))))
static void softplus_back(void *ctx, size_t begin, size_t end) {
  const map *m = ctx;
  float slope[STRIP];
  for (size_t at = begin; at < end; at += STRIP) {
    const size_t n = end - at < STRIP ? end - at : STRIP;
    at_vsigmoid(slope, m->x + at, n);
    AT_NO_CARRY
    for (size_t i = 0; i < n; i++) m->dx[at + i] += m->dy[at + i] * slope[i];
  }
}
ENTRY(softplus)

EACH(log_run, m->out[i] = logf(fmaxf(m->x[i], FLT_MIN)))
EACH(log_back, const float x = m->x[i], d = m->dy[i] / x; m->dx[i] += x > FLT_MIN ? d : 0)
ENTRY(log)

EACH(sqrt_run, m->out[i] = sqrtf(fmaxf(m->x[i], 0)))
EACH(sqrt_back, const float y = m->y[i], d = m->dy[i] / (2.0f * y); m->dx[i] += y > 0 ? d : 0)
ENTRY(sqrt)

EACH(abs_run, m->out[i] = fabsf(m->x[i]))
EACH(abs_back, const float x = m->x[i], dy = m->dy[i], up = x > 0 ? dy : 0;
     m->dx[i] += x < 0 ? -dy : up)
ENTRY(abs)

EACH(square_run, m->out[i] = m->x[i] * m->x[i])
EACH(square_back, m->dx[i] += 2.0f * m->x[i] * m->dy[i])
ENTRY(square)

EACH(clamp_run, m->out[i] = fminf(fmaxf(m->x[i], m->a), m->b))
EACH(clamp_back, const float x = m->x[i], dy = m->dy[i], up = x >= m->a ? dy : 0;
     m->dx[i] += x <= m->b ? up : 0)
ENTRY(clamp)

static at_status clamp_infer(at_graph *g, at_node *n, at_error *err) {
  if (n->arg[0].num > n->arg[1].num)
    return at_fail(err, AT_EINPUT, "clamp from %g to %g leaves no number", n->arg[0].num,
                   n->arg[1].num);
  return at_op_like_first(g, n, err);
}

static const at_param_spec clamp_params[] = {
    {"min", AT_ARG_REAL, true, 0, 0, 0, NULL, "the least"},
    {"max", AT_ARG_REAL, true, 0, 0, 0, NULL, "the greatest"},
    {0}};
static const at_param_spec slope_params[] = {
    {"slope", AT_ARG_REAL, false, 0.1, 0, 1, NULL, "factor of negative numbers"}, {0}};
static const at_param_spec scale_params[] = {
    {"by", AT_ARG_REAL, true, 1, 0, 0, NULL, "factor"},
    {"shift", AT_ARG_REAL, false, 0, 0, 0, NULL, "added afterwards"},
    {0}};

#define UNARY(fn, params_, flags_, summary_, formula_) \
  UNARY_OF(fn, at_op_like_first, params_, flags_, summary_, formula_)
#define UNARY_OF(fn, infer_, params_, flags_, summary_, formula_)             \
  const at_op at_op_##fn = {.name = #fn,                                      \
                            .summary = summary_,                              \
                            .formula = formula_,                              \
                            .axes = "[...] -> [...]",                         \
                            .min_in = 1,                                      \
                            .max_in = 1,                                      \
                            .params = params_,                                \
                            .flags = AT_OP_IN_PLACE | AT_OP_ITEMS | (flags_), \
                            .infer = infer_,                                  \
                            .forward = fn##_forward,                          \
                            .backward = fn##_backward};
UNARY(relu, NULL, AT_OP_KEEPS_OUT | AT_OP_CHEAP, "negative numbers become 0", "max(x, 0)")
UNARY(leaky_relu, slope_params, AT_OP_KEEPS_OUT | AT_OP_CHEAP, "negative numbers shrink",
      "x where x > 0, slope x elsewhere")
UNARY(tanh, NULL, AT_OP_KEEPS_OUT, "hyperbolic tangent", "tanh(x)")
UNARY(sigmoid, NULL, AT_OP_KEEPS_OUT, "logistic function", "1 / (1 + exp(-x))")
UNARY(exp, NULL, AT_OP_KEEPS_OUT, "exponential", "exp(x)")
UNARY(elu, NULL, AT_OP_KEEPS_OUT | AT_OP_CHEAP, "exponential linear unit (Clevert et al., 2016)",
      "x where x > 0, exp(x) - 1 elsewhere")
UNARY(scale, scale_params, AT_OP_CHEAP, "a factor and a shift", "by x + shift")
UNARY(gelu, NULL, AT_OP_KEEPS_IN | AT_OP_CHEAP, "x by the share of a normal distribution below it",
      "x Phi(x), Phi the standard normal distribution (Hendrycks and Gimpel, 2016)")
UNARY(silu, NULL, AT_OP_KEEPS_IN | AT_OP_CHEAP, "x by its logistic function",
      "x sigmoid(x)  (Elfwing et al., 2018)")
UNARY(softplus, NULL, AT_OP_KEEPS_IN, "smooth relu", "log(1 + exp(x))")
UNARY(log, NULL, AT_OP_KEEPS_IN, "natural logarithm", "log(max(x, 1.2e-38))")
UNARY(sqrt, NULL, AT_OP_KEEPS_OUT, "square root; of negative numbers 0", "sqrt(max(x, 0))")
UNARY(abs, NULL, AT_OP_KEEPS_IN, "numbers without their sign", "|x|")
UNARY(square, NULL, AT_OP_KEEPS_IN, "numbers by themselves", "x^2")
UNARY_OF(clamp, clamp_infer, clamp_params, AT_OP_KEEPS_IN, "numbers kept between two bounds",
         "min(max(x, min), max)")
