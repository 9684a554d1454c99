/* Gated linear unit (Dauphin et al., 2017): one half of an axis opens and shuts the other. */
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/vecmath.h"

static const at_param_spec glu_params[] = {
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "halved -> made"}, {0}};

static at_status glu_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  const at_arg *m = &n->arg[0];
  int d;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK && m->n_axes != 1) s = at_fail(err, AT_EINPUT, "glu halves one axis");
  if (s == AT_OK) s = at_node_need_dim(g, v, m->axis[0], &d, err);
  if (s != AT_OK) return s;
  const at_axis *a = &g->axis[m->axis[0]];
  int64_t size = v->dim[d].size;
  if (a->kind == AT_BATCH || a->parent >= 0)
    return at_fail(err, AT_EINPUT, "glu needs an axis of fixed size; `%s` is not one", a->name);
  if (size % 2 == 1)
    return at_fail(err, AT_EINPUT, "glu halves `%s`, whose size %lld is odd", a->name,
                   (long long)size);
  int64_t half = size < 0 ? m->to_size : size / 2;
  if (m->to_size >= 0 && m->to_size != half)
    return at_fail(err, AT_EINPUT, "glu makes `%s` half as long as `%s`: %lld, not %lld",
                   g->axis[m->to].name, a->name, (long long)half, (long long)m->to_size);
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < v->ndim && s == AT_OK; i++) {
    s = at_op_add_dim(g, n, i == d ? m->to : v->dim[i].axis, i == d ? half : v->dim[i].size, err);
    if (s == AT_OK) n->dim[i].padded = v->dim[i].padded;
  }
  return s;
}

typedef struct glu {
  const float *x, *dy;
  float *y, *dx;
  int64_t half; /* floats of half an item */
} glu;

enum { PIECE = 256 };

static void glu_rows(void *ctx, size_t begin, size_t end) {
  const glu *k = ctx;
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++) {
    const float *a = k->x + 2 * o * k->half, *b = a + k->half;
    float *y = k->y + o * k->half;
    at_vsigmoid(y, b, (size_t)k->half);
    for (int64_t i = 0; i < k->half; i++) y[i] *= a[i];
  }
}

static void glu_back_rows(void *ctx, size_t begin, size_t end) {
  const glu *k = ctx;
  const bool over = k->dx == k->x;
  float gate[PIECE];
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t at = 0; at < k->half; at += PIECE) {
      int64_t n = k->half - at < PIECE ? k->half - at : PIECE;
      const float *a = k->x + 2 * o * k->half + at, *dy = k->dy + o * k->half + at;
      float *da = k->dx + 2 * o * k->half + at, *db = da + k->half;
      at_vsigmoid(gate, a + k->half, (size_t)n);
      AT_NO_CARRY
      for (int64_t i = 0; i < n; i++) {
        const float to_a = dy[i] * gate[i], to_b = dy[i] * a[i] * gate[i] * (1 - gate[i]);
        da[i] = over ? to_a : da[i] + to_a;
        db[i] = over ? to_b : db[i] + to_b;
      }
    }
}

static void run(const at_exec *x, const at_node *n, glu k, at_range_fn *fn) {
  at_around a = at_x_around(x, n, at_node_dim(n, n->arg[0].to));
  k.x = at_x_in(x, n, 0);
  k.half = a.n * a.inner;
  at_parallel_range(at_x_pool(x), (size_t)a.outer, (size_t)(8192 / k.half + 1), fn, &k);
}

static void glu_forward(at_exec *x, const at_node *n) {
  run(x, n, (glu){.y = at_x_out(x, n)}, glu_rows);
}

static void glu_backward(at_exec *x, const at_node *n) {
  glu k = {.dy = at_x_grad_out(x, n), .dx = at_x_grad_in(x, n, 0)};
  if (k.dx) run(x, n, k, glu_back_rows);
}

const at_op at_op_glu = {
    .name = "glu",
    .summary = "the first half of an axis, gated by the second",
    .formula = "x_1 sigmoid(x_2)  (Dauphin et al., 2017)",
    .axes = "[..., a, ...] -> [..., b, ...], half as long",
    .min_in = 1,
    .max_in = 1,
    .params = glu_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_CHEAP | AT_OP_SIZES | AT_OP_OVER_VALUE,
    .infer = glu_infer,
    .forward = glu_forward,
    .backward = glu_backward,
};
