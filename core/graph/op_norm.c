/* Normalisation by statistics: over the features of an item (layer_norm), and of each
 * channel over everything else (batch_norm).  Values are seen as rows of the axis, which
 * lies last. */
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/vecmath.h"

enum { AXIS, EPS, MOMENTUM };
enum { WEIGHT = 1, BIAS, MEAN, VARIANCE }; /* inputs */

typedef struct norm {
  const float *x, *dy, *weight, *bias;
  float *y, *dx, *dw, *db, *mean, *rstd;
  int64_t rows, n;
  float eps;
  bool fixed; /* statistics are no function of x */
} norm;

static at_status last_axis(at_graph *g, at_node *n, int64_t *size, at_error *err) {
  int d;
  const at_node *v = n->in[0];
  at_status s = at_op_like_first(g, n, err);
  if (s == AT_OK) s = at_node_need_dim(g, v, n->arg[AXIS].axis[0], &d, err);
  if (s != AT_OK) return s;
  const at_axis *a = &g->axis[v->dim[d].axis];
  if (a->kind == AT_BATCH || a->parent >= 0)
    return at_fail(err, AT_EINPUT, "%s needs an axis of fixed size; `%s` is not one", n->op->name,
                   a->name);
  if (d != v->ndim - 1)
    return at_fail(err, AT_EINPUT, "%s needs `%s` last; %s is %s", n->op->name, a->name,
                   at_node_title(g, v), at_node_axes_text(g, v));
  *size = v->dim[d].size;
  return AT_OK;
}

static at_status factor_and_shift(at_graph *g, at_node *n, int64_t size, at_error *err) {
  at_status s = at_node_parameter(g, n, "weight", 1, &size, (at_init){AT_INIT_CONST, 1}, err);
  return s == AT_OK ? at_node_parameter(g, n, "bias", 1, &size, (at_init){AT_INIT_ZERO, 0}, err)
                    : s;
}

static norm open_norm(const at_exec *x, const at_node *n) {
  int last = n->ndim - 1;
  norm m = {.n = at_x_dim(x, n, last), .eps = (float)n->arg[EPS].num};
  m.rows = at_x_count(x, n) / m.n;
  m.x = at_x_in(x, n, 0);
  m.weight = at_x_in(x, n, WEIGHT);
  m.bias = at_x_in(x, n, BIAS);
  m.mean = at_x_saved(x, n);
  return m;
}

/* ---- layer_norm ---- */

static at_status layer_infer(at_graph *g, at_node *n, at_error *err) {
  int64_t size = -1;
  at_status s = last_axis(g, n, &size, err);
  if (s == AT_OK && g->axis[n->arg[AXIS].axis[0]].kind != AT_FEATURE)
    s = at_fail(err, AT_EINPUT, "layer_norm takes a feature axis; `%s` is a %s axis",
                g->axis[n->arg[AXIS].axis[0]].name,
                at_axis_kind_name(g->axis[n->arg[AXIS].axis[0]].kind));
  return s == AT_OK ? factor_and_shift(g, n, size, err) : s;
}

/* Kept: mean and 1 / deviation of each row. */
static size_t layer_saved(const at_exec *x, const at_node *n) {
  return (size_t)(2 * (at_x_count(x, n) / at_x_dim(x, n, n->ndim - 1))) * sizeof(float);
}

enum { WIDE = 8 };

static double fold(const double *lane) {
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static double sum_of(const float *x, int64_t n) {
  double lane[WIDE] = {0};
  int64_t i = 0;
  for (; i + WIDE <= n; i += WIDE)
    for (int l = 0; l < WIDE; l++) lane[l] += x[i + l];
  for (int l = 0; i < n; i++, l++) lane[l] += x[i];
  return fold(lane);
}

static double squares_about(const float *x, int64_t n, float mean) {
  double lane[WIDE] = {0};
  int64_t i = 0;
  for (; i + WIDE <= n; i += WIDE)
    for (int l = 0; l < WIDE; l++) {
      const double d = x[i + l] - mean;
      lane[l] += d * d;
    }
  for (int l = 0; i < n; i++, l++) lane[l] += (double)(x[i] - mean) * (x[i] - mean);
  return fold(lane);
}

static void layer_rows(void *ctx, size_t begin, size_t end) {
  const norm *m = ctx;
  for (int64_t r = (int64_t)begin; r < (int64_t)end; r++) {
    const float *x = m->x + r * m->n;
    float *y = m->y + r * m->n;
    float mean = (float)(sum_of(x, m->n) / (double)m->n);
    float by = (float)(1 / sqrt(squares_about(x, m->n, mean) / (double)m->n + m->eps));
    m->mean[r] = mean;
    m->rstd[r] = by;
    AT_NO_CARRY
    for (int64_t i = 0; i < m->n; i++) y[i] = (x[i] - mean) * by * m->weight[i] + m->bias[i];
  }
}

static void layer_forward(at_exec *x, const at_node *n) {
  norm m = open_norm(x, n);
  m.rstd = m.mean + m.rows;
  m.y = at_x_out(x, n);
  at_parallel_range(at_x_pool(x), (size_t)m.rows, (size_t)(8192 / m.n + 1), layer_rows, &m);
}

/* dx = (g - mean(g) - xhat mean(g xhat)) / deviation with g = dy weight. */
static void layer_back_rows(void *ctx, size_t begin, size_t end) {
  const norm *m = ctx;
  const float *weight = m->weight;
  for (int64_t r = (int64_t)begin; r < (int64_t)end; r++) {
    const float *x = m->x + r * m->n, *dy = m->dy + r * m->n;
    float *dx = m->dx + r * m->n, mean = m->mean[r], by = m->rstd[r];
    double sum[WIDE] = {0}, product[WIDE] = {0};
    int64_t i = 0;
    for (; i + WIDE <= m->n; i += WIDE)
      for (int l = 0; l < WIDE; l++) {
        const double g = dy[i + l] * weight[i + l];
        sum[l] += g;
        product[l] += g * ((x[i + l] - mean) * by);
      }
    for (int l = 0; i < m->n; i++, l++) {
      const double g = dy[i] * weight[i];
      sum[l] += g;
      product[l] += g * ((x[i] - mean) * by);
    }
    float a = (float)(fold(sum) / (double)m->n), b = (float)(fold(product) / (double)m->n);
    AT_NO_CARRY
    for (i = 0; i < m->n; i++) dx[i] += by * (dy[i] * weight[i] - a - (x[i] - mean) * by * b);
  }
}

enum { STRIP = 64 };

/* Columns [begin, end): rows in order, whatever the number of threads. */
static void layer_back_columns(void *ctx, size_t begin, size_t end) {
  const norm *m = ctx;
  for (size_t at = begin; at < end; at += STRIP) {
    const size_t n = end - at < STRIP ? end - at : STRIP;
    float dw[STRIP] = {0}, db[STRIP] = {0};
    for (int64_t r = 0; r < m->rows; r++) {
      const float *x = m->x + r * m->n + at, *dy = m->dy + r * m->n + at;
      const float mean = m->mean[r], by = m->rstd[r];
      for (size_t i = 0; i < n; i++) {
        dw[i] += dy[i] * (x[i] - mean) * by;
        db[i] += dy[i];
      }
    }
    for (size_t i = 0; m->dw && i < n; i++) m->dw[at + i] += dw[i];
    for (size_t i = 0; m->db && i < n; i++) m->db[at + i] += db[i];
  }
}

static void layer_backward(at_exec *x, const at_node *n) {
  norm m = open_norm(x, n);
  m.rstd = m.mean + m.rows;
  m.dy = at_x_grad_out(x, n);
  m.dx = at_x_grad_in(x, n, 0);
  m.dw = at_x_grad_in(x, n, WEIGHT);
  m.db = at_x_grad_in(x, n, BIAS);
  if (m.dx)
    at_parallel_range(at_x_pool(x), (size_t)m.rows, (size_t)(8192 / m.n + 1), layer_back_rows, &m);
  if (m.dw || m.db) at_parallel_range(at_x_pool(x), (size_t)m.n, 64, layer_back_columns, &m);
}

static const at_param_spec layer_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the features"},
    {"eps", AT_ARG_REAL, false, 1e-5, 0, 1, NULL, "added to the variance"},
    {0}};
const at_op at_op_layer_norm = {
    .name = "layer_norm",
    .summary = "each item less its mean, over its deviation; a learned factor and shift",
    .formula = "w (x - mean(x)) / sqrt(var(x) + eps) + b  (Ba, Kiros and Hinton, 2016)",
    .axes = "[..., axis] -> [..., axis]",
    .min_in = 1,
    .max_in = 1,
    .params = layer_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_CHEAP | AT_OP_TAIL,
    .infer = layer_infer,
    .saved = layer_saved,
    .forward = layer_forward,
    .backward = layer_backward,
};

/* ---- batch_norm ---- */

static at_status batch_infer(at_graph *g, at_node *n, at_error *err) {
  int64_t size;
  at_status s = last_axis(g, n, &size, err);
  if (s == AT_OK && n->ndim < 2)
    s = at_fail(err, AT_EINPUT, "batch_norm needs another axis beside `%s`",
                g->axis[n->arg[AXIS].axis[0]].name);
  if (s == AT_OK) s = factor_and_shift(g, n, size, err);
  if (s == AT_OK)
    s = at_node_state(g, n, "running_mean", 1, &size, (at_init){AT_INIT_ZERO, 0}, err);
  if (s == AT_OK)
    s = at_node_state(g, n, "running_var", 1, &size, (at_init){AT_INIT_CONST, 1}, err);
  return s;
}

/* Kept: mean and 1 / deviation of each channel. */
static size_t batch_saved(const at_exec *x, const at_node *n) {
  return (size_t)(2 * at_x_dim(x, n, n->ndim - 1)) * sizeof(float);
}

/* Scratch: two sums of each channel. */
static size_t batch_scratch(const at_exec *x, const at_node *n) {
  return (size_t)(2 * at_x_dim(x, n, n->ndim - 1)) * sizeof(double);
}

typedef struct channels {
  norm m;
  double *sum, *square;
  float *running_mean, *running_var;
  double momentum;
} channels;

/* Channels are worked on LANES at a time, their sums in registers. */
enum { LANES = 16 };

static int lanes_at(size_t first, size_t end) {
  return end - first < LANES ? (int)(end - first) : LANES;
}

/* sum, square: of x - x0 and of its square. */
static inline void add_moments(const norm *m, size_t first, int n, double *restrict sum,
                               double *restrict square) {
  double s[LANES] = {0}, q[LANES] = {0};
  const float *x0 = m->x + first;
  for (int64_t r = 0; r < m->rows; r++)
    for (int i = 0; i < n; i++) {
      const double d = (double)x0[r * m->n + i] - (double)x0[i];
      s[i] += d;
      q[i] += d * d;
    }
  memcpy(sum, s, (size_t)n * sizeof *s);
  memcpy(square, q, (size_t)n * sizeof *q);
}

/* From the first row on, so that nothing cancels where all values lie close together. */
static void batch_statistics(void *ctx, size_t begin, size_t end) {
  const channels *c = ctx;
  const norm *m = &c->m;
  const double rows = (double)m->rows;
  for (size_t i = begin; i < end; i += LANES)
    if (lanes_at(i, end) == LANES)
      add_moments(m, i, LANES, c->sum + i, c->square + i);
    else
      add_moments(m, i, lanes_at(i, end), c->sum + i, c->square + i);
  for (size_t i = begin; i < end; i++) {
    const double off = c->sum[i] / rows, all = fmax(0, c->square[i] - c->sum[i] * off);
    const double v = all / rows, unbiased = m->rows > 1 ? all / (rows - 1) : v;
    m->mean[i] = (float)((double)m->x[i] + off);
    m->rstd[i] = (float)(1 / sqrt(v + m->eps));
    c->running_mean[i] += (float)(c->momentum * ((double)m->mean[i] - c->running_mean[i]));
    c->running_var[i] += (float)(c->momentum * (unbiased - c->running_var[i]));
  }
}

static void batch_rows(void *ctx, size_t begin, size_t end) {
  const norm *m = ctx;
  for (int64_t r = (int64_t)begin; r < (int64_t)end; r++) {
    const float *x = m->x + r * m->n;
    float *y = m->y + r * m->n;
    for (int64_t i = 0; i < m->n; i++)
      y[i] = (x[i] - m->mean[i]) * m->rstd[i] * m->weight[i] + m->bias[i];
  }
}

static void batch_forward(at_exec *x, const at_node *n) {
  channels c = {.m = open_norm(x, n), .momentum = n->arg[MOMENTUM].num};
  norm *m = &c.m;
  m->rstd = m->mean + m->n;
  m->y = at_x_out(x, n);
  if (!at_x_counts(x, n)) c.momentum = 0;
  c.sum = at_x_scratch(x, n);
  c.square = c.sum + m->n;
  c.running_mean = at_unconst(at_x_in(x, n, MEAN));
  c.running_var = at_unconst(at_x_in(x, n, VARIANCE));
  if (!at_x_training(x))
    for (int64_t i = 0; i < m->n; i++) {
      m->mean[i] = c.running_mean[i];
      m->rstd[i] = (float)(1 / sqrt((double)c.running_var[i] + m->eps));
    }
  else if (!at_x_again(x, n))
    at_parallel_range(at_x_pool(x), (size_t)m->n, 16, batch_statistics, &c);
  at_parallel_range(at_x_pool(x), (size_t)m->rows, (size_t)(8192 / m->n + 1), batch_rows, m);
}

/* sum, square: of dy, and of dy (x - mean). */
static inline void add_slopes(const norm *m, size_t first, int n, double *restrict sum,
                              double *restrict square) {
  double s[LANES] = {0}, q[LANES] = {0};
  float mean[LANES];
  memcpy(mean, m->mean + first, (size_t)n * sizeof *mean);
  for (int64_t r = 0; r < m->rows; r++) {
    const float *x = m->x + r * m->n + first, *dy = m->dy + r * m->n + first;
    for (int i = 0; i < n; i++) {
      s[i] += (double)dy[i];
      q[i] += (double)dy[i] * (double)(x[i] - mean[i]);
    }
  }
  memcpy(sum, s, (size_t)n * sizeof *s);
  memcpy(square, q, (size_t)n * sizeof *q);
}

/* sum = sum of dy, square = sum of dy xhat: the gradients of bias and weight. */
static void batch_back_channels(void *ctx, size_t begin, size_t end) {
  const channels *c = ctx;
  const norm *m = &c->m;
  for (size_t i = begin; i < end; i += LANES)
    if (lanes_at(i, end) == LANES)
      add_slopes(m, i, LANES, c->sum + i, c->square + i);
    else
      add_slopes(m, i, lanes_at(i, end), c->sum + i, c->square + i);
  for (size_t i = begin; i < end; i++) {
    c->square[i] *= m->rstd[i];
    if (m->db) m->db[i] += (float)c->sum[i];
    if (m->dw) m->dw[i] += (float)c->square[i];
  }
}

static void batch_back_rows(void *ctx, size_t begin, size_t end) {
  const channels *c = ctx;
  const norm *m = &c->m;
  const double share = m->fixed ? 0 : 1 / (double)m->rows;
  const bool placed = m->dx == m->dy;
  for (int64_t r = (int64_t)begin; r < (int64_t)end; r++) {
    const float *x = m->x + r * m->n, *dy = m->dy + r * m->n;
    float *dx = m->dx + r * m->n;
    for (int64_t i = 0; i < m->n; i++) {
      float hat = (x[i] - m->mean[i]) * m->rstd[i];
      const float g = m->weight[i] * m->rstd[i] *
                      (float)(dy[i] - share * (c->sum[i] + (double)hat * c->square[i]));
      dx[i] = placed ? g : dx[i] + g;
    }
  }
}

static void batch_backward(at_exec *x, const at_node *n) {
  channels c = {.m = open_norm(x, n)};
  norm *m = &c.m;
  m->rstd = m->mean + m->n;
  m->dy = at_x_grad_out(x, n);
  m->dx = at_x_grad_in(x, n, 0);
  m->dw = at_x_grad_in(x, n, WEIGHT);
  m->db = at_x_grad_in(x, n, BIAS);
  m->fixed = !at_x_training(x);
  c.sum = at_x_scratch(x, n);
  c.square = c.sum + m->n;
  at_parallel_range(at_x_pool(x), (size_t)m->n, 16, batch_back_channels, &c);
  if (m->dx)
    at_parallel_range(at_x_pool(x), (size_t)m->rows, (size_t)(8192 / m->n + 1), batch_back_rows,
                      &c);
}

static const at_param_spec batch_params[] = {
    {"channel", AT_ARG_AXIS, true, 0, 0, 0, NULL, "whose items each have statistics of their own"},
    {"eps", AT_ARG_REAL, false, 1e-5, 0, 1, NULL, "added to the variance"},
    {"momentum", AT_ARG_REAL, false, 0.1, 0, 1, NULL, "share of a batch in the running averages"},
    {0}};
const at_op at_op_batch_norm = {
    .name = "batch_norm",
    .summary =
        "each channel less its mean over the batch, over its deviation; a learned factor "
        "and shift; running averages in evaluation",
    .formula = "w (x - mean(x)) / sqrt(var(x) + eps) + b  (Ioffe and Szegedy, 2015)",
    .axes = "[..., channel] -> [..., channel]",
    .min_in = 1,
    .max_in = 1,
    .params = batch_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_CHEAP | AT_OP_TAIL | AT_OP_TRAIN | AT_OP_IN_PLACE,
    .infer = batch_infer,
    .saved = batch_saved,
    .scratch = batch_scratch,
    .forward = batch_forward,
    .backward = batch_backward,
};
