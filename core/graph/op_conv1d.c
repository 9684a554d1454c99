/* Convolution along one axis, of fixed or of ragged length: one product for each place of the
 * kernel, over the items that it reaches. */
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/graph/weight.h"
#include "core/tensor/gemm.h"

enum { OVER, AXES, KERNEL, STRIDE, PADDING, BIAS, NORM };
static const at_param_spec conv1d_params[] = {
    {"over", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the axis of time"},
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "channels consumed -> made"},
    {"kernel", AT_ARG_INT, false, 3, 1, 1023, NULL, "length of the kernel"},
    {"stride", AT_ARG_INT, false, 1, 1, 1023, NULL, "step"},
    {"padding", AT_ARG_INT, false, -1, -1, 1023, NULL, "zeros at both ends; -1: kernel / 2"},
    {"bias", AT_ARG_BOOL, false, 1, 0, 0, NULL, "whether a bias is added"},
    AT_WEIGHT_NORM,
    {0}};

static bool normed(const at_node *n) { return n->arg[NORM].num != 0; }

/* The input that is the bias, the last; 0: there is none. */
static int bias_of(const at_node *n) { return n->arg[BIAS].num != 0 ? n->n_in - 1 : 0; }

static int64_t padding(const at_node *n) {
  int64_t p = (int64_t)n->arg[PADDING].num;
  return p < 0 ? (int64_t)n->arg[KERNEL].num / 2 : p;
}

static int64_t length_of(const at_node *n, int64_t length) {
  int64_t room = length + 2 * padding(n) - (int64_t)n->arg[KERNEL].num;
  return room < 0 ? 0 : room / (int64_t)n->arg[STRIDE].num + 1;
}

static at_status conv1d_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  const at_arg *m = &n->arg[AXES];
  int over, from;
  int64_t k = (int64_t)n->arg[KERNEL].num;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK) s = at_op_axis_dim(g, n, OVER, true, &over, err);
  if (s == AT_OK && m->n_axes != 1)
    s = at_fail(err, AT_EINPUT, "conv1d consumes one axis of channels");
  if (s == AT_OK) s = at_node_need_dim(g, v, m->axis[0], &from, err);
  if (s != AT_OK) return s;
  const at_axis *axis = &g->axis[v->dim[over].axis];
  if (from != v->ndim - 1 || over != v->ndim - 2)
    return at_fail(err, AT_EINPUT, "conv1d needs [..., %s, %s]; %s is %s", axis->name,
                   g->axis[m->axis[0]].name, at_node_title(g, v), at_node_axes_text(g, v));
  bool keeps = n->arg[STRIDE].num == 1 && 2 * padding(n) == k - 1;
  if (axis->parent >= 0 && (!keeps || v->dim[over].padded))
    return at_fail(err, AT_EINPUT,
                   "conv1d keeps the length of the ragged axis `%s`: its stride is 1, its kernel "
                   "odd, its padding half of that",
                   axis->name);
  int64_t size = v->dim[over].size;
  if (size >= 0 && axis->parent < 0 && (size = length_of(n, size)) == 0)
    return at_fail(err, AT_EINPUT, "conv1d: `%s` is shorter than the kernel", axis->name);
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < over && s == AT_OK; i++)
    s = at_op_add_dim(g, n, v->dim[i].axis, v->dim[i].size, err);
  if (s == AT_OK) s = at_op_add_dim(g, n, v->dim[over].axis, size, err);
  if (s == AT_OK) s = at_op_add_dim(g, n, m->to, m->to_size, err);
  if (s != AT_OK) return s;
  int64_t c = v->dim[from].size;
  const int64_t shape[] = {m->to_size, c, k};
  at_init init = {AT_INIT_UNIFORM, c > 0 ? sqrt(6.0 / (double)(c * k)) : 1}; /* He et al., 2015 */
  s = at_weight_parameters(g, n, normed(n), 3, shape, init, err);
  if (s != AT_OK || n->arg[BIAS].num == 0) return s;
  return at_node_parameter(g, n, "bias", 1, shape, (at_init){AT_INIT_ZERO, 0}, err);
}

typedef struct conv1d {
  int64_t from, to, kernel, stride, pad;
} conv1d;

static conv1d shape_of(const at_exec *x, const at_node *n) {
  return (conv1d){.from = at_x_dim(x, n->in[0], n->in[0]->ndim - 1),
                  .to = at_x_dim(x, n, n->ndim - 1),
                  .kernel = (int64_t)n->arg[KERNEL].num,
                  .stride = (int64_t)n->arg[STRIDE].num,
                  .pad = padding(n)};
}

/* Outputs [first, end) of `length` inputs that place k of the kernel reaches. */
static void reach(const conv1d *c, int64_t k, int64_t length, int64_t outputs, int64_t *first,
                  int64_t *end) {
  int64_t shift = k - c->pad; /* input o stride + shift */
  *first = shift >= 0 ? 0 : (-shift + c->stride - 1) / c->stride;
  *end = length - shift <= 0 ? 0 : (length - 1 - shift) / c->stride + 1;
  if (*end > outputs) *end = outputs;
}

typedef void piece_fn(void *ctx, int64_t k, int64_t in, int64_t out, int64_t rows);

/* Every stretch of a segment under every place of the kernel: input row `in` and every stride-th
 * after it belong to output rows from `out` on. */
static void each_piece(const at_exec *x, const at_node *n, piece_fn *fn, void *ctx) {
  const at_node *v = n->in[0];
  conv1d c = shape_of(x, n);
  int64_t two[2], segments;
  const int64_t *off = at_x_segments(x, v, v->ndim - 2, two, &segments);
  at_around a = at_x_around(x, v, v->ndim - 2);
  int64_t out_n = at_x_dim(x, n, n->ndim - 2);
  for (int64_t o = 0; o < a.outer; o++)
    for (int64_t s = 0; s < segments; s++) {
      int64_t length = off[s + 1] - off[s], outputs = segments == 1 ? out_n : length;
      int64_t out = o * out_n + (segments == 1 ? 0 : off[s]);
      for (int64_t k = 0; k < c.kernel; k++) {
        int64_t first, end;
        reach(&c, k, length, outputs, &first, &end);
        if (end > first)
          fn(ctx, k, o * a.n + off[s] + first * c.stride + k - c.pad, out + first, end - first);
      }
    }
}

typedef struct work {
  conv1d c;
  at_pool *pool;
  float *x, *y, *w, *dw; /* y: values or gradients; x likewise */
} work;

static at_mat input_rows(const work *k, int64_t in) {
  return (at_mat){k->x + in * k->c.from, k->c.stride * k->c.from, 1};
}
static at_mat output_rows(const work *k, int64_t out) {
  return (at_mat){k->y + out * k->c.to, k->c.to, 1};
}

static void forward_piece(void *ctx, int64_t k, int64_t in, int64_t out, int64_t rows) {
  const work *p = ctx;
  at_gemm(p->pool, rows, p->c.to, p->c.from, 1, input_rows(p, in),
          (at_mat){p->w + k, p->c.kernel, p->c.from * p->c.kernel}, 1, output_rows(p, out));
}

static void input_piece(void *ctx, int64_t k, int64_t in, int64_t out, int64_t rows) {
  const work *p = ctx;
  at_gemm(p->pool, rows, p->c.from, p->c.to, 1, output_rows(p, out),
          (at_mat){p->w + k, p->c.from * p->c.kernel, p->c.kernel}, 1, input_rows(p, in));
}

static void weight_piece(void *ctx, int64_t k, int64_t in, int64_t out, int64_t rows) {
  const work *p = ctx;
  at_mat dy = output_rows(p, out);
  at_gemm(p->pool, p->c.to, p->c.from, rows, 1, (at_mat){dy.p, 1, dy.rs}, input_rows(p, in), 1,
          (at_mat){p->dw + k, p->c.from * p->c.kernel, p->c.kernel});
}

static size_t conv1d_scratch(const at_exec *x, const at_node *n) {
  return at_weight_scratch(x, n, normed(n));
}

static void conv1d_forward(at_exec *x, const at_node *n) {
  work k = {.c = shape_of(x, n),
            .pool = at_x_pool(x),
            .x = at_unconst(at_x_in(x, n, 0)),
            .y = at_x_out(x, n),
            .w = at_unconst(at_weight_forward(x, n, normed(n)).w)};
  if (bias_of(n))
    at_x_fill_rows(x, k.y, at_x_count(x, n) / k.c.to, k.c.to, at_x_in(x, n, bias_of(n)));
  else
    memset(k.y, 0, (size_t)at_x_count(x, n) * sizeof(float));
  each_piece(x, n, forward_piece, &k);
}

static void conv1d_backward(at_exec *x, const at_node *n) {
  at_weight w = at_weight_backward(x, n, normed(n));
  work k = {.c = shape_of(x, n),
            .pool = at_x_pool(x),
            .x = at_unconst(at_x_in(x, n, 0)),
            .y = at_unconst(at_x_grad_out(x, n)),
            .w = at_unconst(w.w),
            .dw = w.dw};
  float *db = bias_of(n) ? at_x_grad_in(x, n, bias_of(n)) : NULL;
  if (db) at_x_add_column_sums(x, k.y, at_x_count(x, n) / k.c.to, k.c.to, k.c.to, db);
  if (k.dw) each_piece(x, n, weight_piece, &k);
  if ((k.x = at_x_grad_in(x, n, 0))) each_piece(x, n, input_piece, &k);
  at_weight_close(x, n, &w);
}

static double conv1d_flops(const at_exec *x, const at_node *n) {
  conv1d c = shape_of(x, n);
  return 2.0 * (double)at_x_count(x, n) * (double)(c.from * c.kernel);
}

const at_op at_op_conv1d = {
    .name = "conv1d",
    .summary = "convolution along one axis",
    .formula = "y[o] = sum W[o, c, k] x[t stride + k - padding, c] + b",
    .axes = "[..., over, from] -> [..., over', to]",
    .min_in = 1,
    .max_in = 1,
    .params = conv1d_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_TAIL,
    .infer = conv1d_infer,
    .scratch = conv1d_scratch,
    .forward = conv1d_forward,
    .backward = conv1d_backward,
    .flops = conv1d_flops,
};
