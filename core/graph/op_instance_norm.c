/* Normalisation of each channel of each picture by its own statistics (Ulyanov et al., 2016). */
#include <math.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

enum { OVER, EPS, AFFINE };
static const at_param_spec instance_params[] = {
    {"over", AT_ARG_AXES, true, 0, 0, 0, NULL, "rows and columns of the picture, and its channels"},
    {"eps", AT_ARG_REAL, false, 1e-5, 0, 1, NULL, "added to the variance"},
    {"affine", AT_ARG_BOOL, false, 0, 0, 0, NULL, "whether a learned factor and shift follow"},
    {0}};

static at_status instance_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  at_arg space = n->arg[OVER];
  at_status s = at_op_like_first(g, n, err);
  if (s == AT_OK && space.n_axes != 3)
    s = at_fail(err, AT_EINPUT, "instance_norm takes rows, columns and channels; here are %d axes",
                space.n_axes);
  space.n_axes = 2;
  if (s == AT_OK) s = at_op_space(g, n, &space, space.axis[2], err);
  if (s != AT_OK || n->arg[AFFINE].num == 0) return s;
  const int64_t size = v->dim[v->ndim - 1].size;
  s = at_node_parameter(g, n, "weight", 1, &size, (at_init){AT_INIT_CONST, 1}, err);
  return s == AT_OK ? at_node_parameter(g, n, "bias", 1, &size, (at_init){AT_INIT_ZERO, 0}, err)
                    : s;
}

typedef struct instance {
  const float *x, *dy, *weight, *bias;
  float *y, *dx, *dw, *db, *mean, *rstd;
  int64_t pictures, rows, n; /* rows of n channels in each picture */
  float eps;
} instance;

static instance open_instance(const at_exec *x, const at_node *n) {
  const at_node *v = n->in[0];
  int last = v->ndim - 1;
  instance m = {.x = at_x_in(x, n, 0),
                .n = at_x_dim(x, v, last),
                .rows = at_x_dim(x, v, last - 1) * at_x_dim(x, v, last - 2),
                .eps = (float)n->arg[EPS].num};
  m.pictures = at_x_count(x, v) / (m.rows * m.n);
  m.mean = at_x_saved(x, n);
  m.rstd = m.mean + m.pictures * m.n;
  if (n->n_in > 1) {
    m.weight = at_x_in(x, n, 1);
    m.bias = at_x_in(x, n, 2);
  }
  return m;
}

static size_t instance_saved(const at_exec *x, const at_node *n) {
  const at_node *v = n->in[0];
  int64_t rows = at_x_dim(x, v, v->ndim - 2) * at_x_dim(x, v, v->ndim - 3);
  return (size_t)(2 * (at_x_count(x, v) / rows)) * sizeof(float);
}

/* (picture, channel) pairs [begin, end). */
static void forward_range(void *ctx, size_t begin, size_t end) {
  const instance *m = ctx;
  for (int64_t k = (int64_t)begin; k < (int64_t)end; k++) {
    const int64_t c = k % m->n, at = k / m->n * m->rows * m->n + c;
    double sum = 0, square = 0;
    for (int64_t r = 0; r < m->rows; r++) sum += m->x[at + r * m->n];
    const float mean = (float)(sum / (double)m->rows);
    for (int64_t r = 0; r < m->rows; r++) {
      double d = m->x[at + r * m->n] - mean;
      square += d * d;
    }
    const float by = (float)(1 / sqrt(square / (double)m->rows + m->eps));
    const float w = m->weight ? m->weight[c] : 1, b = m->weight ? m->bias[c] : 0;
    m->mean[k] = mean;
    m->rstd[k] = by;
    for (int64_t r = 0; r < m->rows; r++)
      m->y[at + r * m->n] = (m->x[at + r * m->n] - mean) * by * w + b;
  }
}

static void backward_range(void *ctx, size_t begin, size_t end) {
  const instance *m = ctx;
  for (int64_t k = (int64_t)begin; k < (int64_t)end; k++) {
    const int64_t c = k % m->n, at = k / m->n * m->rows * m->n + c;
    const float by = m->rstd[k], mean = m->mean[k], w = m->weight ? m->weight[c] : 1;
    double sum = 0, product = 0;
    for (int64_t r = 0; r < m->rows; r++) {
      float dy = m->dy[at + r * m->n];
      sum += dy;
      product += (double)dy * ((m->x[at + r * m->n] - mean) * by);
    }
    for (int64_t r = 0; r < m->rows; r++) {
      double hat = (double)(m->x[at + r * m->n] - mean) * by;
      m->dx[at + r * m->n] +=
          (float)(w * by * (m->dy[at + r * m->n] - (sum + hat * product) / (double)m->rows));
    }
  }
}

/* Channels [begin, end) of the factor's and the shift's gradients. */
static void affine_range(void *ctx, size_t begin, size_t end) {
  const instance *m = ctx;
  for (int64_t c = (int64_t)begin; c < (int64_t)end; c++)
    for (int64_t p = 0; p < m->pictures; p++)
      for (int64_t r = 0; r < m->rows; r++) {
        int64_t at = (p * m->rows + r) * m->n + c, k = p * m->n + c;
        if (m->dw) m->dw[c] += m->dy[at] * (m->x[at] - m->mean[k]) * m->rstd[k];
        if (m->db) m->db[c] += m->dy[at];
      }
}

static void instance_forward(at_exec *x, const at_node *n) {
  instance m = open_instance(x, n);
  m.y = at_x_out(x, n);
  at_parallel_range(at_x_pool(x), (size_t)(m.pictures * m.n), 8, forward_range, &m);
}

static void instance_backward(at_exec *x, const at_node *n) {
  instance m = open_instance(x, n);
  m.dy = at_x_grad_out(x, n);
  if ((m.dx = at_x_grad_in(x, n, 0)))
    at_parallel_range(at_x_pool(x), (size_t)(m.pictures * m.n), 8, backward_range, &m);
  if (n->n_in < 2) return;
  m.dw = at_x_grad_in(x, n, 1);
  m.db = at_x_grad_in(x, n, 2);
  if (m.dw || m.db) at_parallel_range(at_x_pool(x), (size_t)m.n, 8, affine_range, &m);
}

const at_op at_op_instance_norm = {
    .name = "instance_norm",
    .summary = "each channel of each picture less its mean, over its deviation",
    .formula = "(x - mean(x)) / sqrt(var(x) + eps)  (Ulyanov et al., 2016)",
    .axes = "[..., y, x, channel] -> [..., y, x, channel]",
    .min_in = 1,
    .max_in = 1,
    .params = instance_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_TAIL,
    .infer = instance_infer,
    .saved = instance_saved,
    .forward = instance_forward,
    .backward = instance_backward,
};
