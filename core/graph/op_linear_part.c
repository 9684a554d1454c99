/* A part of a linear layer: some of its columns, applied to the values that they belong to, added
 * to what the other parts made. A pass makes it of linear over concat; in[1] is the layer's own
 * weight, in[2] its bias or the result of another part. */
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/gemm.h"
#include "core/tensor/vecmath.h"

enum { PART_AXES, PART_BEGIN };
static const at_param_spec part_params[] = {
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "consumed -> made"},
    {"begin", AT_ARG_INT, true, 0, 0, 0, NULL, "the first column of the weight"},
    {0}};

static bool same_dims(const at_node *a, const at_node *b) {
  if (a->ndim != b->ndim) return false;
  for (int i = 0; i < a->ndim; i++)
    if (a->dim[i].axis != b->dim[i].axis || a->dim[i].size != b->dim[i].size) return false;
  return true;
}

static at_status part_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0], *w = n->in[1];
  const at_arg *m = &n->arg[PART_AXES];
  int d;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK) s = at_node_need_dim(g, v, m->axis[0], &d, err);
  if (s != AT_OK) return s;
  const int64_t begin = (int64_t)n->arg[PART_BEGIN].num, from = v->dim[d].size;
  if (d != v->ndim - 1 || !at_node_is_parameter(w) || w->ndim != 2 || from < 0 || begin < 0 ||
      begin > w->dim[1].size - from || w->dim[0].size != m->to_size)
    return at_fail(err, AT_EINPUT, "linear_part: %s and the weight do not fit each other",
                   at_node_title(g, v));
  n->type = AT_REAL;
  n->ndim = v->ndim - 1;
  memcpy(n->dim, v->dim, sizeof n->dim);
  s = at_op_add_dim(g, n, m->to, m->to_size, err);
  if (s != AT_OK || n->n_data < 3) return s;
  const at_node *more = n->in[2];
  bool bias = at_node_is_parameter(more) && more->ndim == 1 && more->dim[0].size == m->to_size;
  if (bias || same_dims(more, n)) return AT_OK;
  return at_fail(err, AT_EINPUT, "linear_part: %s is neither a bias nor another part",
                 at_node_title(g, more));
}

typedef struct part {
  int64_t rows, from, to, whole; /* columns of the weight: `from` of `whole` */
  int64_t begin;
} part;

static part part_shape(const at_exec *x, const at_node *n) {
  const int64_t to = n->arg[PART_AXES].to_size;
  return (part){.rows = at_x_count(x, n) / to,
                .from = at_x_dim(x, n->in[0], n->in[0]->ndim - 1),
                .to = to,
                .whole = n->in[1]->dim[1].size,
                .begin = (int64_t)n->arg[PART_BEGIN].num};
}

typedef struct sums {
  const float *from;
  float *to;
} sums;

enum { GRAIN = 16384 };

static void copy_range(void *ctx, size_t begin, size_t end) {
  const sums *c = ctx;
  memcpy(c->to + begin, c->from + begin, (end - begin) * sizeof(float));
}

static void add_range(void *ctx, size_t begin, size_t end) {
  const sums *c = ctx;
  at_vaxpy(c->to + begin, 1, c->from + begin, end - begin);
}

static bool has_bias(const at_node *n) { return n->n_in > 2 && at_node_is_parameter(n->in[2]); }

static void part_forward(at_exec *x, const at_node *n) {
  const part p = part_shape(x, n);
  float *y = at_x_out(x, n);
  at_pool *pool = at_x_pool(x);
  if (has_bias(n))
    at_x_fill_rows(x, y, p.rows, p.to, at_x_in(x, n, 2));
  else if (n->n_in > 2)
    at_parallel_range(pool, (size_t)(p.rows * p.to), GRAIN, copy_range,
                      &(sums){at_x_in(x, n, 2), y});
  at_gemm(pool, p.rows, p.to, p.from, 1, (at_mat){at_unconst(at_x_in(x, n, 0)), p.from, 1},
          (at_mat){at_unconst(at_x_in(x, n, 1)) + p.begin, 1, p.whole}, n->n_in > 2,
          (at_mat){y, p.to, 1});
}

static void part_backward(at_exec *x, const at_node *n) {
  const part p = part_shape(x, n);
  at_pool *pool = at_x_pool(x);
  float *dy = at_unconst(at_x_grad_out(x, n)), *dx;
  float *dw = at_x_grad_in(x, n, 1), *more = n->n_in > 2 ? at_x_grad_in(x, n, 2) : NULL;
  if (more && has_bias(n))
    at_x_add_column_sums(x, dy, p.rows, p.to, p.to, more);
  else if (more)
    at_parallel_range(pool, (size_t)(p.rows * p.to), GRAIN, add_range, &(sums){dy, more});
  if (dw)
    at_gemm(pool, p.to, p.from, p.rows, 1, (at_mat){dy, 1, p.to},
            (at_mat){at_unconst(at_x_in(x, n, 0)), p.from, 1}, 1,
            (at_mat){dw + p.begin, p.whole, 1});
  if ((dx = at_x_grad_late(x, n)))
    at_gemm(pool, p.rows, p.from, p.to, 1, (at_mat){dy, p.to, 1},
            (at_mat){at_unconst(at_x_in(x, n, 1)) + p.begin, p.whole, 1}, 1,
            (at_mat){dx, p.from, 1});
}

static double part_flops(const at_exec *x, const at_node *n) {
  const part p = part_shape(x, n);
  return 2.0 * (double)p.rows * (double)p.from * (double)p.to;
}

const at_op at_op_linear_part = {
    .name = "linear_part",
    .summary = "some columns of a learned matrix, added to what the others made",
    .formula = "y = W[:, begin ...] x + (b or other parts)",
    .axes = "[..., from] -> [..., to]",
    .min_in = 2,
    .max_in = 3,
    .params = part_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_INTERNAL | AT_OP_WEIGHS_FIRST,
    .unread = 1u << 2,
    .infer = part_infer,
    .forward = part_forward,
    .backward = part_backward,
    .flops = part_flops,
};
