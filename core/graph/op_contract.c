/* Sum of products over one named axis; all else broadcasts. */
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/graph/product.h"
#include "core/tensor/gemm.h"
#include "core/tensor/holes.h"

static const at_param_spec contract_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "summed over"}, {0}};

typedef struct contract {
  const at_product *p;
  float *a, *b, *o; /* values or, for the target, gradients */
  bool zeros;
} contract;

static void into_out(void *ctx, at_pool *pool, const at_turn *t) {
  const contract *c = ctx;
  const at_product *p = c->p;
  at_gemm(pool, t->m, t->n, t->k, 1, (at_mat){c->a + t->a, p->m.a, p->k.a},
          (at_mat){c->b + t->b, p->k.b, p->n.b}, 0, (at_mat){c->o + t->o, p->m.o, p->n.o});
}

/* to += dy v, dy a gradient of the result */
static void add_product(const contract *c, at_pool *pool, int64_t m, int64_t n, int64_t k,
                        at_mat dy, at_mat v, at_mat to) {
  if (!c->zeros || !at_holes(pool, m, n, k, dy, v, to)) at_gemm(pool, m, n, k, 1, dy, v, 1, to);
}

static void into_a(void *ctx, at_pool *pool, const at_turn *t) {
  const contract *c = ctx;
  const at_product *p = c->p;
  add_product(c, pool, t->m, t->k, t->n, (at_mat){c->o + t->o, p->m.o, p->n.o},
              (at_mat){c->b + t->b, p->n.b, p->k.b}, (at_mat){c->a + t->a, p->m.a, p->k.a});
}

static void into_b(void *ctx, at_pool *pool, const at_turn *t) {
  const contract *c = ctx;
  const at_product *p = c->p;
  add_product(c, pool, t->n, t->k, t->m, (at_mat){c->o + t->o, p->n.o, p->m.o},
              (at_mat){c->a + t->a, p->m.a, p->k.a}, (at_mat){c->b + t->b, p->n.b, p->k.b});
}

static void contract_forward(at_exec *x, const at_node *n) {
  at_product p;
  at_product_make(x, n, &p);
  contract c = {&p, at_unconst(at_x_in(x, n, 0)), at_unconst(at_x_in(x, n, 1)), at_x_out(x, n),
                false};
  at_product_each(x, &p, AT_INTO_OUT, into_out, &c);
}

static void contract_backward(at_exec *x, const at_node *n) {
  at_product p;
  at_product_make(x, n, &p);
  float *a = at_unconst(at_x_in(x, n, 0)), *b = at_unconst(at_x_in(x, n, 1));
  float *dy = at_unconst(at_x_grad_out(x, n));
  float *da = at_x_grad_in(x, n, 0), *db = at_x_grad_in(x, n, 1);
  const bool zeros = at_x_graph(x)->how.zeros;
  if (da) at_product_each(x, &p, AT_INTO_A, into_a, &(contract){&p, da, b, dy, zeros});
  if (db) at_product_each(x, &p, AT_INTO_B, into_b, &(contract){&p, a, db, dy, zeros});
}

static double contract_flops(const at_exec *x, const at_node *n) {
  at_product p;
  at_product_make(x, n, &p);
  /* Every element of the result sums k products; a ragged k is counted by its mean. */
  double k = (double)p.k.n / (p.seg == &p.k ? (double)p.segments : 1);
  if (p.off2) k = p.seg2 == &p.k ? (double)p.off2[p.segments] / (double)p.segments : k;
  return 2.0 * (double)at_x_count(x, n) * k;
}

const at_op at_op_contract = {
    .name = "contract",
    .summary = "sum of products over one axis",
    .formula = "y = sum_axis a b",
    .axes = "[..., axis], [..., axis] -> [both, a alone, b alone]",
    .min_in = 2,
    .max_in = 2,
    .params = contract_params,
    .flags = AT_OP_KEEPS_IN,
    .infer = at_product_infer,
    .forward = contract_forward,
    .backward = contract_backward,
    .flops = contract_flops,
};

static const at_param_spec cosine_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the axis of the vectors"},
    {"eps", AT_ARG_REAL, false, 1e-8, 0, 1, NULL, "least product of the norms"},
    {0}};
const at_op at_op_cosine = {
    .name = "cosine",
    .summary = "product over the norms of both",
    .formula = "sum_i x_i y_i / max(|x| |y|, eps)",
    .axes = "[a..., axis], [b..., axis] -> [a... and b...]",
    .min_in = 2,
    .max_in = 2,
    .params = cosine_params,
    .flags = AT_OP_COMPOSED,
};
