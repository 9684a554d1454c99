/* Losses: numbers that training makes small, over all items of a batch. */
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/vecmath.h"

static at_status scalar(at_node *n) {
  n->type = AT_REAL;
  n->ndim = 0;
  return AT_OK;
}

/* In order, in double. */
static double total(const float *v, int64_t n) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) s += v[i];
  return s;
}

/* ---- cross entropy ---- */

static const at_param_spec cross_entropy_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the classes"}, {0}};

/* The target has the dims of the logits without the classes, in their order. */
static bool fits_target(const at_node *v, int classes, const at_node *t) {
  if (t->ndim != v->ndim - 1) return false;
  for (int i = 0, k = 0; i < v->ndim; i++) {
    if (i == classes) continue;
    if (v->dim[i].axis != t->dim[k++].axis || v->dim[i].padded) return false;
  }
  return true;
}

static at_status cross_entropy_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0], *t = n->in[1];
  int d;
  if (v->type != AT_REAL || t->type != AT_TOKEN)
    return at_fail(err, AT_EINPUT,
                   "cross_entropy takes logits and tokens (the right classes); "
                   "%s is of %s, %s of %s",
                   at_node_title(g, v), v->type == AT_REAL ? "numbers" : "tokens",
                   at_node_title(g, t), t->type == AT_REAL ? "numbers" : "tokens");
  at_status s = at_op_axis_dim(g, n, 0, false, &d, err);
  if (s != AT_OK) return s;
  if (!fits_target(v, d, t))
    return at_fail(err, AT_EINPUT,
                   "cross_entropy of %s over `%s` needs a token for each of its "
                   "other items; %s is %s",
                   at_node_axes_text(g, v), g->axis[v->dim[d].axis].name, at_node_title(g, t),
                   at_node_axes_text(g, t));
  if (v->dim[d].size >= 0 && t->vocabulary > v->dim[d].size)
    return at_fail(err, AT_EINPUT,
                   "%s has %lld different tokens, more than the %lld classes of `%s`",
                   at_node_title(g, t), (long long)t->vocabulary, (long long)v->dim[d].size,
                   g->axis[v->dim[d].axis].name);
  return scalar(n);
}

static int classes_of(const at_node *n) { return at_node_dim(n->in[0], n->arg[0].axis[0]); }

/* Kept: log(sum exp) of each item, and the number of items that count at the end. */
static size_t cross_entropy_saved(const at_exec *x, const at_node *n) {
  return (size_t)(at_x_lane_count(x, n->in[0], classes_of(n)) + 2) * sizeof(float);
}

static size_t cross_entropy_scratch(const at_exec *x, const at_node *n) {
  return (size_t)at_x_lane_count(x, n->in[0], classes_of(n)) * sizeof(float);
}

typedef struct entropy {
  const float *x;
  const int32_t *target;
  float *lse, *loss, *dx, by;
} entropy;

static bool counts(const entropy *e, const at_lanes *l, int64_t j) {
  int32_t t = e->target[l->out + j];
  return t >= 0 && t < l->n;
}

static void entropy_run(void *ctx, const at_lanes *l) {
  const entropy *e = ctx;
  for (int64_t j = 0; j < l->width; j++) {
    const float *x = e->x + l->at + j;
    float top = x[0];
    double sum = 0;
    for (int64_t i = 1; i < l->n; i++) top = x[i * l->stride] > top ? x[i * l->stride] : top;
    for (int64_t i = 0; i < l->n; i++) sum += expf(x[i * l->stride] - top);
    e->lse[l->out + j] = top + (float)log(sum);
    e->loss[l->out + j] =
        counts(e, l, j) ? e->lse[l->out + j] - x[e->target[l->out + j] * l->stride] : 0;
  }
}

static void entropy_back(void *ctx, const at_lanes *l) {
  const entropy *e = ctx;
  for (int64_t j = 0; j < l->width; j++) {
    if (!counts(e, l, j)) continue;
    const float *x = e->x + l->at + j;
    float *dx = e->dx + l->at + j, lse = e->lse[l->out + j];
    for (int64_t i = 0; i < l->n; i++) dx[i * l->stride] += e->by * expf(x[i * l->stride] - lse);
    dx[e->target[l->out + j] * l->stride] -= e->by;
  }
}

static void cross_entropy_forward(at_exec *x, const at_node *n) {
  int d = classes_of(n);
  int64_t items = at_x_lane_count(x, n->in[0], d), classes = at_x_dim(x, n->in[0], d), valid = 0;
  entropy e = {.x = at_x_in(x, n, 0),
               .target = at_x_in_tokens(x, n, 1),
               .lse = at_x_saved(x, n),
               .loss = at_x_scratch(x, n)};
  at_x_each_lanes(x, n->in[0], d, entropy_run, &e);
  for (int64_t i = 0; i < items; i++) valid += e.target[i] >= 0 && e.target[i] < classes;
  e.lse[items] = valid ? 1.0f / (float)valid : 0;
  *at_x_out(x, n) = (float)(total(e.loss, items) * e.lse[items]);
}

static void cross_entropy_backward(at_exec *x, const at_node *n) {
  int d = classes_of(n);
  entropy e = {.x = at_x_in(x, n, 0),
               .target = at_x_in_tokens(x, n, 1),
               .lse = at_x_saved(x, n),
               .dx = at_x_grad_in(x, n, 0)};
  if (!e.dx) return;
  e.by = *at_x_grad_out(x, n) * e.lse[at_x_lane_count(x, n->in[0], d)];
  at_x_each_lanes(x, n->in[0], d, entropy_back, &e);
}

const at_op at_op_cross_entropy = {
    .name = "cross_entropy",
    .summary = "mean of -log softmax at the right class; a token that is no class is passed over",
    .formula = "mean over items of log(sum_c exp x_c) - x_target",
    .axes = "[..., axis], [...] tokens -> []",
    .min_in = 2,
    .max_in = 2,
    .params = cross_entropy_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_LOSS,
    .infer = cross_entropy_infer,
    .saved = cross_entropy_saved,
    .scratch = cross_entropy_scratch,
    .forward = cross_entropy_forward,
    .backward = cross_entropy_backward,
};

/* ---- true pairs among all pairs ---- */

enum { MATCH_A, MATCH_B, MATCH_SHARPNESS };
static const at_param_spec matching_params[] = {
    {"rows", AT_ARG_AXIS, true, 0, 0, 0, NULL, "a batch axis"},
    {"cols", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the other; row i belongs to column i"},
    {"sharpness", AT_ARG_REAL, false, 1, 1e-6, 1e6, NULL, "factor of the similarities"},
    {0}};

static at_status matching_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  int r, c;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK) s = at_node_need_dim(g, v, n->arg[MATCH_A].axis[0], &r, err);
  if (s == AT_OK) s = at_node_need_dim(g, v, n->arg[MATCH_B].axis[0], &c, err);
  if (s != AT_OK) return s;
  if (r == c || v->ndim != 2 || g->axis[v->dim[r].axis].kind != AT_BATCH ||
      g->axis[v->dim[c].axis].kind != AT_BATCH)
    return at_fail(err, AT_EINPUT, "matching needs a square of two batch axes; %s is %s%s",
                   at_node_title(g, v), at_node_axes_text(g, v),
                   v->ndim > 2 ? ", reduce it over the others" : "");
  return scalar(n);
}

/* Kept: log(sum exp) of each row, then of each column. */
static size_t matching_saved(const at_exec *x, const at_node *n) {
  return (size_t)(at_x_dim(x, n->in[0], 0) + at_x_dim(x, n->in[0], 1)) * sizeof(float);
}

/* Of n numbers `stride` apart. */
static float log_sum_exp(const float *s, int64_t n, int64_t stride, float by) {
  float top = s[0];
  double sum = 0;
  for (int64_t i = 1; i < n; i++) top = s[i * stride] > top ? s[i * stride] : top;
  for (int64_t i = 0; i < n; i++) sum += expf(by * (s[i * stride] - top));
  return by * top + (float)log(sum);
}

static void matching_forward(at_exec *x, const at_node *n) {
  const float *s = at_x_in(x, n, 0);
  int64_t rows = at_x_dim(x, n->in[0], 0), cols = at_x_dim(x, n->in[0], 1);
  float *lse = at_x_saved(x, n), by = (float)n->arg[MATCH_SHARPNESS].num;
  double sum = 0;
  for (int64_t i = 0; i < rows; i++) lse[i] = log_sum_exp(s + i * cols, cols, 1, by);
  for (int64_t i = 0; i < cols; i++) lse[rows + i] = log_sum_exp(s + i, rows, cols, by);
  if (rows != cols) { /* no pairs: whoever binds such a batch sees it at once */
    *at_x_out(x, n) = NAN;
    return;
  }
  for (int64_t i = 0; i < rows; i++)
    sum += (double)lse[i] + lse[rows + i] - 2.0 * by * s[i * cols + i];
  *at_x_out(x, n) = (float)(sum / (double)rows);
}

static void matching_backward(at_exec *x, const at_node *n) {
  const float *s = at_x_in(x, n, 0), *lse = at_x_saved(x, n);
  float *ds = at_x_grad_in(x, n, 0);
  int64_t rows = at_x_dim(x, n->in[0], 0), cols = at_x_dim(x, n->in[0], 1);
  if (!ds || rows != cols) return;
  float by = (float)n->arg[MATCH_SHARPNESS].num, g = *at_x_grad_out(x, n) * by / (float)rows;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t c = 0; c < cols; c++) {
      float v = by * s[i * cols + c];
      ds[i * cols + c] += g * (expf(v - lse[i]) + expf(v - lse[rows + c]) - (i == c ? 2.0f : 0));
    }
}

const at_op at_op_matching = {
    .name = "matching",
    .summary = "cross entropy of true pairs among all pairs, by rows and by columns",
    .formula =
        "mean_i -log softmax_c(sharpness S_ic)_i + mean_c -log softmax_i(sharpness S_ic)_c  "
        "(Xu et al., 2018, eq. 9 to 12)",
    .axes = "[rows, cols] -> []",
    .min_in = 1,
    .max_in = 1,
    .params = matching_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_LOSS,
    .infer = matching_infer,
    .saved = matching_saved,
    .forward = matching_forward,
    .backward = matching_backward,
};

/* ---- over everything ---- */

/* The count of a value with two ragged axes leaves out what only fills up. */
static at_status whole_infer(at_graph *g, at_node *n, at_error *err) {
  at_status s = at_op_need_real(g, n, err);
  for (int i = 0; s == AT_OK && i < n->in[0]->ndim; i++)
    if (n->in[0]->dim[i].padded)
      s = at_fail(err, AT_EINPUT, "%s takes `%s` and `%s`, both ragged, apart: reduce one first",
                  n->op->name, g->axis[n->in[0]->dim[at_node_packed(g, n->in[0], i)].axis].name,
                  g->axis[n->in[0]->dim[i].axis].name);
  return s == AT_OK ? scalar(n) : s;
}

static double share(const at_exec *x, const at_node *n) {
  return n->op == &at_op_mean_all ? 1.0 / (double)at_x_count(x, n->in[0]) : 1.0;
}

static void whole_forward(at_exec *x, const at_node *n) {
  *at_x_out(x, n) = (float)(total(at_x_in(x, n, 0), at_x_count(x, n->in[0])) * share(x, n));
}

static void whole_backward(at_exec *x, const at_node *n) {
  float *dx = at_x_grad_in(x, n, 0), g = *at_x_grad_out(x, n) * (float)share(x, n);
  if (!dx) return;
  for (int64_t i = 0; i < at_x_count(x, n->in[0]); i++) dx[i] += g;
}

#define WHOLE(id, summary_, formula_)                 \
  const at_op at_op_##id = {.name = #id,              \
                            .summary = summary_,      \
                            .formula = formula_,      \
                            .axes = "[...] -> []",    \
                            .min_in = 1,              \
                            .max_in = 1,              \
                            .flags = AT_OP_LOSS,      \
                            .infer = whole_infer,     \
                            .forward = whole_forward, \
                            .backward = whole_backward};
WHOLE(mean_all, "mean over all axes, batch axes too", "sum x / count")
WHOLE(sum_all, "sum over all axes, batch axes too", "sum x")
