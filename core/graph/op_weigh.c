/* Weights that leave most alternatives out: sparsemax, entmax15, topk, hardmax. Each takes the
 * place of softmax. One lane is worked on at a time, in scratch of its own length. */
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/vecmath.h"

enum { ARG_AXIS, ARG_SHARPNESS };
enum { TOPK_K = 1, TOPK_SHARPNESS };

/* A lane: element i lies at i * stride of each array. */
typedef struct lane {
  const float *x, *y, *dy;
  float *out, *dx, *work;
  int64_t n, stride, k;
  float sharpness;
} lane;
typedef void lane_fn(const lane *l);

typedef struct weighing {
  lane whole; /* arrays of all lanes */
  lane_fn *fn;
} weighing;

static float *moved(float *p, int64_t by) { return p ? p + by : NULL; }
static const float *moved_const(const float *p, int64_t by) { return p ? p + by : NULL; }

/* The lanes of a row lie between each other in the value, one behind another in scratch. */
static void each_lane(void *ctx, const at_lanes *l) {
  const weighing *w = ctx;
  const int64_t before = l->at % l->stride;
  for (int64_t j = 0; j < l->width; j++) {
    lane one = w->whole;
    one.x = moved_const(one.x, l->at + j);
    one.y = moved_const(one.y, l->at + j);
    one.dy = moved_const(one.dy, l->at + j);
    one.out = moved(one.out, l->at + j);
    one.dx = moved(one.dx, l->at + j);
    one.work = moved(one.work, l->at - before + (before + j) * l->n);
    one.n = l->n;
    one.stride = l->stride;
    w->fn(&one);
  }
}

static int dim_of(const at_node *n) { return at_node_dim(n->in[0], n->arg[ARG_AXIS].axis[0]); }

static weighing open_weighing(at_exec *x, const at_node *n, lane_fn *fn) {
  bool top = n->op == &at_op_topk;
  weighing w = {.fn = fn};
  w.whole.work = at_x_scratch(x, n);
  w.whole.sharpness = (float)n->arg[top ? TOPK_SHARPNESS : ARG_SHARPNESS].num;
  w.whole.k = top ? (int64_t)n->arg[TOPK_K].num : 1;
  return w;
}

static void run_forward(at_exec *x, const at_node *n, lane_fn *fn) {
  weighing w = open_weighing(x, n, fn);
  w.whole.x = at_x_in(x, n, 0);
  w.whole.out = at_x_out(x, n);
  at_x_each_lanes(x, n->in[0], dim_of(n), each_lane, &w);
}

static void run_backward(at_exec *x, const at_node *n, lane_fn *fn) {
  weighing w = open_weighing(x, n, fn);
  if (n->op->flags & AT_OP_KEEPS_IN) w.whole.x = at_x_in(x, n, 0);
  if (n->op->flags & AT_OP_KEEPS_OUT) w.whole.y = at_x_out(x, n);
  w.whole.dy = at_x_grad_out(x, n);
  w.whole.dx = at_x_grad_in(x, n, 0);
  if (w.whole.dx) at_x_each_lanes(x, n->in[0], dim_of(n), each_lane, &w);
}

static size_t lane_scratch(const at_exec *x, const at_node *n) {
  return (size_t)at_x_count(x, n->in[0]) * sizeof(float);
}

static at_status weigh_infer(at_graph *g, at_node *n, at_error *err) {
  int d;
  at_status s = at_op_like_first(g, n, err);
  return s == AT_OK ? at_op_axis_dim(g, n, ARG_AXIS, true, &d, err) : s;
}

/* ---- order, without memory of its own ---- */

/* v[0 .. n) is a heap, its least number first, but for v[i], which may lie too high. */
static void sift(float *v, int64_t i, int64_t n) {
  const float x = v[i];
  for (int64_t c; (c = 2 * i + 1) < n; i = c) {
    if (c + 1 < n && v[c + 1] < v[c]) c++;
    if (!(v[c] < x)) break;
    v[i] = v[c];
  }
  v[i] = x;
}

static void make_heap(float *v, int64_t n) {
  for (int64_t i = n / 2; i-- > 0;) sift(v, i, n);
}

static void sort_down(float *v, int64_t n) {
  make_heap(v, n);
  while (--n > 0) {
    float least = v[0];
    v[0] = v[n];
    v[n] = least;
    sift(v, 0, n);
  }
}

static float greatest(const lane *l) {
  float top = l->x[0];
  for (int64_t i = 1; i < l->n; i++) top = l->x[i * l->stride] > top ? l->x[i * l->stride] : top;
  return top;
}

/* Scores less the greatest, times `by`, greatest first: those that can get weight at all. A
 * threshold lies less than 1 below the greatest, so that what a mask excluded is not among them. */
static int64_t candidates(const lane *l, float top, float by) {
  int64_t m = 0;
  for (int64_t i = 0; i < l->n; i++) {
    float z = by * (l->x[i * l->stride] - top);
    if (z > -1) l->work[m++] = z;
  }
  sort_down(l->work, m);
  return m;
}

/* ---- sparsemax ---- */

static void sparsemax_lane(const lane *l) {
  const float top = greatest(l);
  const int64_t m = candidates(l, top, l->sharpness);
  double sum = 0, tau = 0;
  for (int64_t k = 1; k <= m; k++) {
    double z = l->work[k - 1];
    sum += z;
    if (!(1 + (double)k * z > sum)) break;
    tau = (sum - 1) / (double)k;
  }
  for (int64_t i = 0; i < l->n; i++) {
    double y = (double)(l->sharpness * (l->x[i * l->stride] - top)) - tau;
    l->out[i * l->stride] = y < 0 ? 0 : (float)y;
  }
}

/* Within the support the gradient less its mean; nothing outside. */
static void sparsemax_back(const lane *l) {
  double sum = 0;
  int64_t n = 0;
  for (int64_t i = 0; i < l->n; i++)
    if (l->y[i * l->stride] > 0) {
      sum += l->dy[i * l->stride];
      n++;
    }
  const float mean = n ? (float)(sum / (double)n) : 0;
  for (int64_t i = 0, e = 0; i < l->n; i++, e += l->stride)
    if (l->y[e] > 0) l->dx[e] += l->sharpness * (l->dy[e] - mean);
}

/* ---- entmax with alpha = 1.5 ---- */

static void entmax15_lane(const lane *l) {
  const float top = greatest(l), by = 0.5f * l->sharpness;
  const int64_t m = candidates(l, top, by);
  double sum = 0, squares = 0, tau = 0;
  for (int64_t k = 1; k <= m; k++) {
    double z = l->work[k - 1], n = (double)k;
    sum += z;
    squares += z * z;
    double mean = sum / n, left = (1 - (squares - n * mean * mean)) / n;
    double t = mean - sqrt(left > 0 ? left : 0);
    if (t > z) break;
    tau = t;
  }
  for (int64_t i = 0; i < l->n; i++) {
    double r = (double)(by * (l->x[i * l->stride] - top)) - tau;
    l->out[i * l->stride] = r < 0 ? 0 : (float)(r * r);
  }
}

/* Like softmax's, with the square roots of the weights in the place of the weights. */
static void entmax15_back(const lane *l) {
  double dot = 0, sum = 0;
  for (int64_t i = 0, e = 0; i < l->n; i++, e += l->stride) {
    double r = sqrtf(l->y[e]);
    dot += r * (double)l->dy[e];
    sum += r;
  }
  const float mean = sum > 0 ? (float)(dot / sum) : 0;
  for (int64_t i = 0, e = 0; i < l->n; i++, e += l->stride)
    l->dx[e] += l->sharpness * sqrtf(l->y[e]) * (l->dy[e] - mean);
}

/* ---- topk ---- */

static at_status topk_infer(at_graph *g, at_node *n, at_error *err) {
  int d;
  at_status s = at_op_like_first(g, n, err);
  if (s == AT_OK) s = at_op_axis_dim(g, n, ARG_AXIS, true, &d, err);
  if (s != AT_OK) return s;
  const int64_t size = n->dim[d].size, k = (int64_t)n->arg[TOPK_K].num;
  if (size >= 0 && k > size)
    return at_fail(err, AT_EINPUT, "topk keeps %lld items of `%s`, which has %lld only",
                   (long long)k, g->axis[n->dim[d].axis].name, (long long)size);
  return AT_OK;
}

/* The least score among the k greatest, and how many of those that equal it are among them. */
static float least_kept(const lane *l, int64_t *equals) {
  const int64_t k = l->k < l->n ? l->k : l->n;
  for (int64_t i = 0; i < k; i++) l->work[i] = l->x[i * l->stride];
  make_heap(l->work, k);
  for (int64_t i = k; i < l->n; i++)
    if (l->x[i * l->stride] > l->work[0]) {
      l->work[0] = l->x[i * l->stride];
      sift(l->work, 0, k);
    }
  const float least = l->work[0];
  *equals = 0;
  for (int64_t i = 0; i < k; i++) *equals += l->work[i] == least;
  return least;
}

static void topk_lane(const lane *l) {
  int64_t equals;
  const float top = greatest(l), least = least_kept(l, &equals);
  double sum = 0;
  for (int64_t i = 0; i < l->n; i++) {
    float x = l->x[i * l->stride];
    bool in = x == least ? equals-- > 0 : !(x < least);
    l->work[i] = in ? l->sharpness * (x - top) : -INFINITY;
  }
  at_vexp(l->work, l->work, (size_t)l->n);
  for (int64_t i = 0; i < l->n; i++) sum += l->work[i];
  const float by = (float)(1 / sum);
  for (int64_t i = 0; i < l->n; i++) l->out[i * l->stride] = l->work[i] * by;
}

/* Softmax's: what was left out has weight 0, and so no part in it. */
static void topk_back(const lane *l) {
  double dot = 0;
  for (int64_t i = 0, e = 0; i < l->n; i++, e += l->stride) dot += (double)l->y[e] * l->dy[e];
  for (int64_t i = 0, e = 0; i < l->n; i++, e += l->stride)
    l->dx[e] += l->sharpness * l->y[e] * (l->dy[e] - (float)dot);
}

/* ---- hardmax ---- */

static void hardmax_lane(const lane *l) {
  int64_t best = 0;
  for (int64_t i = 1; i < l->n; i++)
    if (l->x[i * l->stride] > l->x[best * l->stride]) best = i;
  for (int64_t i = 0; i < l->n; i++) l->out[i * l->stride] = i == best;
}

/* A step has no slope that could teach anything: softmax's stands in for it. */
static void hardmax_back(const lane *l) {
  const float top = greatest(l);
  double sum = 0, dot = 0;
  for (int64_t i = 0; i < l->n; i++) l->work[i] = l->sharpness * (l->x[i * l->stride] - top);
  at_vexp(l->work, l->work, (size_t)l->n);
  for (int64_t i = 0; i < l->n; i++) {
    sum += l->work[i];
    dot += (double)l->work[i] * l->dy[i * l->stride];
  }
  const float mean = (float)(dot / sum), by = l->sharpness / (float)sum;
  for (int64_t i = 0, e = 0; i < l->n; i++, e += l->stride)
    l->dx[e] += by * l->work[i] * (l->dy[e] - mean);
}

/* ---- entries ---- */

static const at_param_spec weigh_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the alternatives"},
    {"sharpness", AT_ARG_REAL, false, 1, 1e-6, 1e6, NULL, "inverse temperature"},
    {0}};
static const at_param_spec hardmax_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the alternatives"},
    {"sharpness", AT_ARG_REAL, false, 1, 1e-6, 1e6, NULL, "of the softmax that gives the gradient"},
    {0}};
static const at_param_spec topk_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the alternatives"},
    {"k", AT_ARG_INT, true, 1, 1, 1 << 20, NULL, "how many of them get weight"},
    {"sharpness", AT_ARG_REAL, false, 1, 1e-6, 1e6, NULL, "inverse temperature"},
    {0}};

#define WEIGH(op, params_, flags_, infer_, summary_, formula_)                               \
  static void op##_forward(at_exec *x, const at_node *n) { run_forward(x, n, op##_lane); }   \
  static void op##_backward(at_exec *x, const at_node *n) { run_backward(x, n, op##_back); } \
  const at_op at_op_##op = {.name = #op,                                                     \
                            .summary = summary_,                                             \
                            .formula = formula_,                                             \
                            .axes = "[..., axis] -> [..., axis]",                            \
                            .min_in = 1,                                                     \
                            .max_in = 1,                                                     \
                            .params = params_,                                               \
                            .flags = AT_OP_ITEMS | (flags_),                                 \
                            .infer = infer_,                                                 \
                            .scratch = lane_scratch,                                         \
                            .forward = op##_forward,                                         \
                            .backward = op##_backward};
WEIGH(sparsemax, weigh_params, AT_OP_KEEPS_OUT, weigh_infer,
      "weights nearest to the scores that sum to one; low scores get none",
      "max(sharpness x_i - t, 0), t such that they sum to 1 (Martins and Astudillo, 2016)")
WEIGH(entmax15, weigh_params, AT_OP_KEEPS_OUT, weigh_infer,
      "weights between softmax's and sparsemax's; low scores get none",
      "max(sharpness x_i / 2 - t, 0)^2, t such that they sum to 1 (Peters et al., 2019, alpha 1.5)")
WEIGH(topk, topk_params, AT_OP_KEEPS_OUT, topk_infer,
      "softmax of the k greatest scores, of equals the first; no weight for others",
      "exp(sharpness x_i) / sum_j exp(sharpness x_j), i and j among the k greatest")
WEIGH(hardmax, hardmax_params, AT_OP_KEEPS_IN, weigh_infer,
      "1 at the greatest score, of equals the first; the gradient is that of softmax",
      "x_i = max_j x_j; straight through in backward (Bengio et al., 2013)")
