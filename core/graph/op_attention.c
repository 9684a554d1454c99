/* Attention in one pass over tiles: scores that are products of query and key, softmax, and the
 * values by their weights. A tile is some rows of queries against all keys of one question and
 * head; weights are never there as a whole. Backward makes them again from the greatest score and
 * the sum of each row, which are kept (Dao et al., FlashAttention, NeurIPS 2022; here a row of keys
 * fits a cache, so that no running sums are needed).
 *
 * Made by the pass `attend` (pass_attend.c). */
#include <math.h>
#include "core/graph/attend_axes.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/graph/product.h"
#include "core/tensor/gemm.h"
#include "core/tensor/vecmath.h"

enum { SLOTS = 32 }; /* tasks side by side, each with tiles of its own */

static const at_param_spec attention_params[] = {
    {"along", AT_ARG_AXIS, true, 0, 0, 0, NULL, "summed over in the scores"},
    {"over", AT_ARG_AXIS, true, 0, 0, 0, NULL, "attended over"},
    {"by", AT_ARG_REAL, true, 1, 0, 0, NULL, "factor of the scores"},
    {"sharpness", AT_ARG_REAL, true, 1, 1e-6, 1e6, NULL, "inverse temperature"},
    {"row", AT_ARG_AXIS, false, 0, 0, 0, NULL,
     "of those who attend, whose order hides what is later"},
    {"part", AT_ARG_AXIS, false, 0, 0, 0, NULL,
     "only this part of what they attend to is in order"},
    {0}};

/* ---- building ---- */

/* As contract(softmax(contract(key, query, along)), value, over) would lie. */
static at_status infer_as_products(at_graph *g, at_node *n, at_error *err) {
  at_node weight = {.op = &at_op_contract, .n_in = 2, .n_data = 2}, made = weight;
  weight.in[0] = n->in[AT_ATTENTION_KEY];
  weight.in[1] = n->in[AT_ATTENTION_QUERY];
  weight.arg[0] = n->arg[AT_ATTENTION_ALONG];
  at_status s = at_product_infer(g, &weight, err);
  if (s != AT_OK) return s;
  made.in[0] = &weight;
  made.in[1] = n->in[AT_ATTENTION_VALUE];
  made.arg[0] = n->arg[AT_ATTENTION_OVER];
  if ((s = at_product_infer(g, &made, err)) != AT_OK) return s;
  n->type = AT_REAL;
  n->ndim = made.ndim;
  for (int d = 0; d < made.ndim; d++) n->dim[d] = made.dim[d];
  return AT_OK;
}

static at_status attention_infer(at_graph *g, at_node *n, at_error *err) {
  at_attention_axes a;
  at_status s = infer_as_products(g, n, err);
  if (s != AT_OK) return s;
  if (!at_attention_axes_of(g, n, &a) || n->dim[n->ndim - 1].axis != a.depth)
    return at_fail(err, AT_EINPUT,
                   "attention in tiles needs rows of queries, and heads alike in "
                   "query, key and value");
  if (n->arg[AT_ATTENTION_ROW].set && n->arg[AT_ATTENTION_ROW].axis[0] != a.row)
    return at_fail(err, AT_EINPUT, "attention in tiles has no order along `%s`",
                   g->axis[n->arg[AT_ATTENTION_ROW].axis[0]].name);
  return AT_OK;
}

/* ---- one tile ---- */

typedef struct work {
  at_attention a;
  const float *q, *k, *v, *dy;
  float *y, *dq, *dk, *dv, *kept, *room;
  int64_t room_step, slots; /* floats of a slot, and how many there are */
  float by, sharpness;
} work;

/* Rows r0 .. r0 + rows of turn t; weight and slope: [rows, keys]. */
typedef struct tile {
  const work *w;
  const at_attention_turn *t;
  int64_t r0, rows;
  float *weight, *slope;
} tile;

static at_mat mat(const float *p, int64_t at, int64_t row, int64_t number) {
  return (at_mat){at_unconst(p) + at, row, number};
}
static at_mat turned(at_mat m) { return (at_mat){m.p, m.cs, m.rs}; }

static at_mat query_of(const tile *c, const float *q) {
  const at_attention_side *s = &c->w->a.q;
  return mat(q, c->t->q + c->r0 * s->row, s->row, s->number);
}
static at_mat result_of(const tile *c, const float *y) {
  const at_attention_side *s = &c->w->a.o;
  return mat(y, c->t->o + c->r0 * s->row, s->row, s->number);
}
static at_mat key_of(const tile *c, const float *k) {
  return mat(k, c->t->k, c->w->a.k.row, c->w->a.k.number);
}
static at_mat value_of(const tile *c, const float *v) {
  return mat(v, c->t->v, c->w->a.v.row, c->w->a.v.number);
}
static at_mat square(const tile *c, const float *p) { return mat(p, 0, c->t->keys, 1); }

/* The greatest score of a row, and 1 / the sum of its exponentials. */
static float *kept_of(const tile *c, int64_t r) {
  const at_attention *a = &c->w->a;
  return c->w->kept + 2 * ((c->t->o + (c->r0 + r) * a->o.row) / a->depth);
}

static void hidden(const tile *c, int64_t r, int64_t *from, int64_t *end) {
  *from = *end = 0;
  if (c->w->a.ordered)
    at_causal_hidden(&c->w->a.causal, c->t->segment, c->r0 + r, c->t->keys, from, end);
}

static void make_scores(const tile *c) {
  at_gemm(NULL, c->rows, c->t->keys, c->w->a.along, c->w->by, query_of(c, c->w->q),
          turned(key_of(c, c->w->k)), 0, square(c, c->weight));
  for (int64_t r = 0; r < c->rows; r++) {
    int64_t from, end;
    hidden(c, r, &from, &end);
    for (int64_t i = from; i < end; i++) c->weight[r * c->t->keys + i] = AT_EXCLUDED;
  }
}

/* Exponentials of a row of scores, less `top`. */
static void exponentials(const tile *c, float *row, float top) {
  const float sharpness = c->w->sharpness;
  for (int64_t i = 0; i < c->t->keys; i++) row[i] = sharpness * (row[i] - top);
  at_vexp(row, row, (size_t)c->t->keys);
}

static void scale(float *row, float by, int64_t n) {
  for (int64_t i = 0; i < n; i++) row[i] *= by;
}

static void forward_tile(const tile *c) {
  make_scores(c);
  for (int64_t r = 0; r < c->rows; r++) {
    float *row = c->weight + r * c->t->keys, *kept = kept_of(c, r);
    kept[0] = at_vmax(row, (size_t)c->t->keys);
    exponentials(c, row, kept[0]);
    kept[1] = 1.0f / at_vsum(row, (size_t)c->t->keys);
    scale(row, kept[1], c->t->keys);
  }
  at_gemm(NULL, c->rows, c->w->a.depth, c->t->keys, 1, square(c, c->weight), value_of(c, c->w->v),
          0, result_of(c, c->w->y));
}

/* Of the scores, in the place of that of the weights; what is hidden has none. */
static void slope_of_scores(const tile *c) {
  const float by = c->w->by * c->w->sharpness;
  const int64_t keys = c->t->keys;
  for (int64_t r = 0; r < c->rows; r++) {
    const float *restrict y = c->weight + r * keys;
    float *restrict d = c->slope + r * keys;
    const float dot = at_vdot(y, d, (size_t)keys);
    int64_t from, end;
    for (int64_t i = 0; i < keys; i++) d[i] = by * y[i] * (d[i] - dot);
    hidden(c, r, &from, &end);
    for (int64_t i = from; i < end; i++) d[i] = 0;
  }
}

static void backward_tile(const tile *c) {
  const work *w = c->w;
  const int64_t keys = c->t->keys, along = w->a.along, depth = w->a.depth;
  make_scores(c);
  for (int64_t r = 0; r < c->rows; r++) {
    const float *kept = kept_of(c, r);
    exponentials(c, c->weight + r * keys, kept[0]);
    scale(c->weight + r * keys, kept[1], keys);
  }
  if (w->dv)
    at_gemm(NULL, keys, depth, c->rows, 1, turned(square(c, c->weight)), result_of(c, w->dy), 1,
            value_of(c, w->dv));
  if (!w->dq && !w->dk) return;
  at_gemm(NULL, c->rows, keys, depth, 1, result_of(c, w->dy), turned(value_of(c, w->v)), 0,
          square(c, c->slope));
  slope_of_scores(c);
  if (w->dq)
    at_gemm(NULL, c->rows, along, keys, 1, square(c, c->slope), key_of(c, w->k), 1,
            query_of(c, w->dq));
  if (w->dk)
    at_gemm(NULL, keys, along, c->rows, 1, turned(square(c, c->slope)), query_of(c, w->q), 1,
            key_of(c, w->dk));
}

/* ---- all of them ---- */

static void run_task(const work *w, int64_t task, float *room) {
  const at_attention *a = &w->a;
  const at_attention_turn whole = at_attention_task(a, task);
  for (int64_t i = 0; i < a->others; i++) {
    const at_attention_turn t = at_attention_other(a, &whole, i);
    for (int64_t r = 0; r < t.rows; r += a->tile) {
      const tile c = {.w = w,
                      .t = &t,
                      .r0 = r,
                      .rows = t.rows - r < a->tile ? t.rows - r : a->tile,
                      .weight = room,
                      .slope = room + a->tile * a->keys};
      if (w->dy)
        backward_tile(&c);
      else
        forward_tile(&c);
    }
  }
}

/* Tasks of a slot are every so many-th. */
static void run_slot(void *ctx, size_t slot) {
  const work *w = ctx;
  for (int64_t task = (int64_t)slot; task < w->a.tasks; task += w->slots)
    run_task(w, task, w->room + (int64_t)slot * w->room_step);
}

static int64_t slots_of(const at_attention *a) { return a->tasks < SLOTS ? a->tasks : SLOTS; }

static size_t attention_scratch(const at_exec *x, const at_node *n) {
  at_attention a;
  at_attention_make(x, n, &a);
  return (size_t)(slots_of(&a) * 2 * a.tile * a.keys) * sizeof(float);
}

static size_t attention_saved(const at_exec *x, const at_node *n) {
  return (size_t)(2 * (at_x_count(x, n) / at_x_dim(x, n, n->ndim - 1))) * sizeof(float);
}

static void open_work(at_exec *x, const at_node *n, work *w) {
  at_attention_make(x, n, &w->a);
  w->q = at_x_in(x, n, AT_ATTENTION_QUERY);
  w->k = at_x_in(x, n, AT_ATTENTION_KEY);
  w->v = at_x_in(x, n, AT_ATTENTION_VALUE);
  w->kept = at_x_saved(x, n);
  w->room = at_x_scratch(x, n);
  w->room_step = 2 * w->a.tile * w->a.keys;
  w->slots = slots_of(&w->a);
  w->by = (float)n->arg[AT_ATTENTION_BY].num;
  w->sharpness = (float)n->arg[AT_ATTENTION_SHARPNESS].num;
}

static void attention_forward(at_exec *x, const at_node *n) {
  work w = {.y = at_x_out(x, n)};
  open_work(x, n, &w);
  at_parallel(at_x_pool(x), (size_t)w.slots, run_slot, &w);
}

static void attention_backward(at_exec *x, const at_node *n) {
  work w = {.dy = at_x_grad_out(x, n),
            .dq = at_x_grad_in(x, n, AT_ATTENTION_QUERY),
            .dk = at_x_grad_in(x, n, AT_ATTENTION_KEY),
            .dv = at_x_grad_in(x, n, AT_ATTENTION_VALUE)};
  open_work(x, n, &w);
  at_parallel(at_x_pool(x), (size_t)w.slots, run_slot, &w);
}

static double attention_flops(const at_exec *x, const at_node *n) {
  at_attention a;
  double sum = 0;
  at_attention_make(x, n, &a);
  for (int64_t s = 0; s < a.segments; s++) {
    const at_attention_turn t = at_attention_task(&a, s * (a.tasks / a.segments));
    sum += (double)t.rows * (double)t.keys;
  }
  sum *= (double)(a.tasks / a.segments) * (double)a.others;
  return sum * (2.0 * (double)(a.along + a.depth) + 5);
}

const at_op at_op_attention = {
    .name = "attention",
    .summary = "values by the softmax of the products of query and key, in tiles",
    .formula = "y = sum_over softmax_over(by sum_along query key) value  (Dao et al., 2022)",
    .axes = "[..., along], [..., over, along], [..., over, depth] -> [..., depth]",
    .min_in = 3,
    .max_in = 3,
    .params = attention_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_INTERNAL,
    .infer = attention_infer,
    .saved = attention_saved,
    .scratch = attention_scratch,
    .forward = attention_forward,
    .backward = attention_backward,
    .flops = attention_flops,
};
