/* Layers with a weight matrix: linear and embed. */
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/graph/weight.h"
#include "core/tensor/gemm.h"

/* ---- linear ---- */

enum { LIN_AXES, LIN_BIAS, LIN_INIT, LIN_NORM };
static const at_param_spec linear_params[] = {
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "consumed -> made"},
    {"bias", AT_ARG_BOOL, false, 1, 0, 0, NULL, "whether a bias is added"},
    {"init", AT_ARG_ENUM, false, 0, 0, 0, "xavier|torch|normal",
     "weights: U(-r, r), r = sqrt(6/(from + to)) with bias 0; U(-1/sqrt(from), 1/sqrt(from)) for "
     "both; N(0, 0.02) with bias 0"},
    AT_WEIGHT_NORM,
    {0}};

bool at_linear_normed(const at_node *n) { return n->arg[LIN_NORM].num != 0; }

/* The input that is the bias, the last; 0: there is none. */
static int bias_of(const at_node *n) { return n->arg[LIN_BIAS].num != 0 ? n->n_in - 1 : 0; }

/* First dim of the consumed axes in input 0; they lie side by side, in order. */
static at_status from_dims(const at_graph *g, const at_node *n, int *first, at_error *err) {
  const at_arg *m = &n->arg[LIN_AXES];
  for (int i = 0; i < m->n_axes; i++) {
    int d;
    at_status s = at_node_need_dim(g, n->in[0], m->axis[i], &d, err);
    if (s != AT_OK) return s;
    const at_axis *a = &g->axis[m->axis[i]];
    if (a->kind == AT_BATCH || a->parent >= 0)
      return at_fail(err, AT_EINPUT, "%s cannot consume the %s axis `%s`; its size is not fixed",
                     n->op->name, a->kind == AT_BATCH ? "batch" : "ragged", a->name);
    if (i == 0) *first = d;
    if (d != *first + i)
      return at_fail(err, AT_EINPUT,
                     "%s consumes axes that lie side by side in this order; %s is %s", n->op->name,
                     at_node_title(g, n->in[0]), at_node_axes_text(g, n->in[0]));
  }
  return AT_OK;
}

static at_init weight_init(int kind, int64_t from, int64_t to) {
  double f = from > 0 ? (double)from : 1, t = to > 0 ? (double)to : 1;
  if (kind == 1) return (at_init){AT_INIT_UNIFORM, 1 / sqrt(f)};
  if (kind == 2) return (at_init){AT_INIT_NORMAL, 0.02};
  return (at_init){AT_INIT_UNIFORM, sqrt(6 / (f + t))};
}

static at_status linear_infer(at_graph *g, at_node *n, at_error *err) {
  const at_arg *m = &n->arg[LIN_AXES];
  int first = 0, kind = (int)n->arg[LIN_INIT].num;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK) s = from_dims(g, n, &first, err);
  if (s != AT_OK) return s;
  int64_t from = 1, to = m->to_size;
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < n->in[0]->ndim; i++) {
    const at_dim *d = &n->in[0]->dim[i];
    if (i >= first && i < first + m->n_axes)
      from = at_op_sizes(from, d->size);
    else
      n->dim[n->ndim++] = *d;
  }
  if ((s = at_op_add_dim(g, n, m->to, to, err)) != AT_OK) return s;
  const int64_t shape[] = {to, from};
  at_init init = weight_init(kind, from, to);
  s = at_weight_parameters(g, n, at_linear_normed(n), 2, shape, init, err);
  if (s != AT_OK || n->arg[LIN_BIAS].num == 0) return s;
  return at_node_parameter(g, n, "bias", 1, shape, kind == 1 ? init : (at_init){AT_INIT_ZERO, 0},
                           err);
}

/* x as [outer, from, inner], y as [outer, inner, to]. */
typedef struct layer {
  int64_t outer, from, inner, to;
} layer;

static layer linear_shape(const at_exec *x, const at_node *n) {
  const at_arg *m = &n->arg[LIN_AXES];
  int first = at_node_dim(n->in[0], m->axis[0]);
  at_around a = at_x_around(x, n->in[0], first),
            last = at_x_around(x, n->in[0], first + m->n_axes - 1);
  return (layer){a.outer, a.inner * a.n / last.inner, last.inner, m->to_size};
}

static size_t linear_scratch(const at_exec *x, const at_node *n) {
  return at_weight_scratch(x, n, at_linear_normed(n));
}

static void linear_forward(at_exec *x, const at_node *n) {
  layer s = linear_shape(x, n);
  const int bias = bias_of(n);
  float *y = at_x_out(x, n), beta = bias > 0;
  if (bias) at_x_fill_rows(x, y, s.outer * s.inner, s.to, at_x_in(x, n, bias));
  at_mat w = {at_unconst(at_weight_forward(x, n, at_linear_normed(n)).w), 1, s.from};
  at_mat in = {at_unconst(at_x_in(x, n, 0)), s.from, 1};
  if (s.inner == 1) {
    at_gemm(at_x_pool(x), s.outer, s.to, s.from, 1, in, w, beta, (at_mat){y, s.to, 1});
    return;
  }
  in = (at_mat){in.p, 1, s.inner};
  at_gemm_batch(at_x_pool(x), s.outer, s.inner, s.to, s.from, 1, in, s.from * s.inner, w, 0, beta,
                (at_mat){y, s.to, 1}, s.inner * s.to);
}

static void linear_backward(at_exec *x, const at_node *n) {
  layer s = linear_shape(x, n);
  at_pool *pool = at_x_pool(x);
  float *dy = at_unconst(at_x_grad_out(x, n)), *dx;
  at_weight weight = at_weight_backward(x, n, at_linear_normed(n));
  float *dw = weight.dw, *db = bias_of(n) ? at_x_grad_in(x, n, bias_of(n)) : NULL;
  float *in = at_unconst(at_x_in(x, n, 0)), *w = at_unconst(weight.w);
  int64_t rows = s.inner == 1 ? s.outer : s.inner, outer = s.inner == 1 ? 1 : s.outer;
  at_mat xin = s.inner == 1 ? (at_mat){in, s.from, 1} : (at_mat){in, 1, s.inner};
  if (db) at_x_add_column_sums(x, dy, outer * rows, s.to, s.to, db);
  for (int64_t o = 0; dw && o < outer; o++) {
    at_mat xo = {xin.p + o * s.from * rows, xin.rs, xin.cs};
    at_gemm(pool, s.to, s.from, rows, 1, (at_mat){dy + o * rows * s.to, 1, s.to}, xo, 1,
            (at_mat){dw, s.from, 1});
  }
  at_weight_close(x, n, &weight);
  if (!(dx = at_x_grad_late(x, n))) return;
  at_mat xout = s.inner == 1 ? (at_mat){dx, s.from, 1} : (at_mat){dx, 1, s.inner};
  at_gemm_batch(pool, outer, rows, s.from, s.to, 1, (at_mat){dy, s.to, 1}, rows * s.to,
                (at_mat){w, s.from, 1}, 0, 1, xout, s.from * rows);
}

static double linear_flops(const at_exec *x, const at_node *n) {
  layer s = linear_shape(x, n);
  return 2.0 * (double)s.outer * (double)s.inner * (double)s.from * (double)s.to;
}

const at_op at_op_linear = {
    .name = "linear",
    .summary = "a learned matrix, and a bias",
    .formula = "y = W x + b",
    .axes = "[..., from] -> [..., to]",
    .min_in = 1,
    .max_in = 1,
    .params = linear_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_WEIGHS_FIRST,
    .infer = linear_infer,
    .scratch = linear_scratch,
    .forward = linear_forward,
    .backward = linear_backward,
    .flops = linear_flops,
};

/* ---- embed ---- */

static const at_param_spec embed_params[] = {
    {"axis", AT_ARG_NEW, true, 0, 0, 0, NULL, "the axis made, its size the length of a vector"},
    {"scale", AT_ARG_REAL, false, 0.1, 0, 1e6, NULL, "weights begin as U(-scale, scale)"},
    {"frozen", AT_ARG_BOOL, false, 0, 0, 0, NULL, "whether they stay as they begin"},
    {0}};

static at_status embed_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  if (v->type != AT_TOKEN)
    return at_fail(err, AT_EINPUT, "embed takes tokens; %s holds real numbers",
                   at_node_title(g, v));
  n->type = AT_REAL;
  n->ndim = v->ndim;
  memcpy(n->dim, v->dim, sizeof n->dim);
  at_status s = at_op_add_dim(g, n, n->arg[0].to, n->arg[0].to_size, err);
  if (s != AT_OK) return s;
  const int64_t shape[] = {v->vocabulary, n->arg[0].to_size};
  s = at_node_parameter(g, n, "weight", 2, shape, (at_init){AT_INIT_UNIFORM, n->arg[1].num}, err);
  if (s == AT_OK && n->arg[2].num != 0) at_graph_freeze(g, n->in[n->n_in - 1]);
  return s;
}

typedef struct embed {
  const int32_t *token;
  const int32_t *place; /* of each row in the gradient; NULL: its own number */
  const float *w, *dy;
  float *y, *dw;
  int64_t rows, e;
} embed;

static void embed_rows(void *ctx, size_t begin, size_t end) {
  const embed *m = ctx;
  for (size_t i = begin; i < end; i++)
    memcpy(m->y + (int64_t)i * m->e, m->w + (int64_t)m->token[i] * m->e,
           (size_t)m->e * sizeof(float));
}

static void embed_forward(at_exec *x, const at_node *n) {
  embed m = {.token = at_x_in_tokens(x, n, 0),
             .w = at_x_in(x, n, 1),
             .y = at_x_out(x, n),
             .e = n->arg[0].to_size};
  at_parallel_range(at_x_pool(x), (size_t)(at_x_count(x, n) / m.e), 64, embed_rows, &m);
}

enum { EMBED_BLOCK = 64 };

/* A block of columns of the gradient; tokens in order, so repeated ones add up in order. */
static void embed_columns(void *ctx, size_t block) {
  const embed *m = ctx;
  int64_t b = (int64_t)block * EMBED_BLOCK, w = m->e - b < EMBED_BLOCK ? m->e - b : EMBED_BLOCK;
  for (int64_t i = 0; i < m->rows; i++) {
    const float *dy = m->dy + i * m->e + b;
    const int32_t row = m->place ? m->place[m->token[i]] : m->token[i];
    float *dw = m->dw + (int64_t)row * m->e + b;
    for (int64_t j = 0; j < w; j++) dw[j] += dy[j];
  }
}

static void embed_backward(at_exec *x, const at_node *n) {
  embed m = {.token = at_x_in_tokens(x, n, 0),
             .dy = at_x_grad_out(x, n),
             .dw = at_x_grad_in(x, n, 1),
             .e = n->arg[0].to_size};
  at_rows *rows = m.dw ? at_x_rows(x, n->in[1]) : NULL;
  m.rows = at_x_count(x, n) / m.e;
  if (rows) {
    at_rows_add(rows, m.token, m.rows);
    m.place = rows->place;
  }
  if (m.dw)
    at_parallel(at_x_pool(x), (size_t)((m.e + EMBED_BLOCK - 1) / EMBED_BLOCK), embed_columns, &m);
}

const at_op at_op_embed = {
    .name = "embed",
    .summary = "a learned vector for each token",
    .formula = "y = W[token]",
    .axes = "[...] tokens -> [..., axis]",
    .min_in = 1,
    .max_in = 1,
    .params = embed_params,
    .flags = AT_OP_KEEPS_IN,
    .infer = embed_infer,
    .forward = embed_forward,
    .backward = embed_backward,
};
