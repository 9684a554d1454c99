/* Additive scores without the product of their sizes in memory:
 * s[key, query] = sum_d v_d f(key_d + query_d)  (Bahdanau et al., 2015, eq. 6). Heads may have a v
 * each. */
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/graph/product.h"
#include "core/tensor/vecmath.h"

enum { PAIR_ALONG, PAIR_ACT, PAIR_SLOPE };
enum { ACT_NONE, ACT_TANH, ACT_RELU, ACT_LEAKY_RELU, ACT_SIGMOID };
static const at_param_spec pairwise_params[] = {
    {"along", AT_ARG_AXIS, true, 0, 0, 0, NULL, "summed over"},
    {"act", AT_ARG_ENUM, false, ACT_TANH, 0, 0, "none|tanh|relu|leaky_relu|sigmoid",
     "function of the sums"},
    {"slope", AT_ARG_REAL, false, 0.1, 0, 1, NULL, "of leaky_relu"},
    {0}};

/* Rows are worked on in stretches of this many numbers. */
enum { BLOCK = 256, CHUNKS = 16 };

/* Inputs are query, key, v; the result has the layout of contract(key, query). */
static at_status pairwise_infer(at_graph *g, at_node *n, at_error *err) {
  at_node *q = n->in[0], *k = n->in[1], *v = n->in[2];
  int along = n->arg[PAIR_ALONG].axis[0];
  n->in[0] = k;
  n->in[1] = q;
  at_status s = at_product_infer(g, n, err);
  n->in[0] = q;
  n->in[1] = k;
  if (s != AT_OK) return s;
  if (g->axis[along].parent >= 0 || q->dim[q->ndim - 1].axis != along ||
      k->dim[k->ndim - 1].axis != along)
    return at_fail(err, AT_EINPUT, "pairwise needs `%s` as the last axis of query and key",
                   g->axis[along].name);
  int64_t d = k->dim[k->ndim - 1].size;
  const int64_t size = v->dim[v->ndim - 1].size;
  if (v->ndim > 2 || (size >= 0 && d >= 0 && size != d))
    return at_fail(err, AT_EINPUT, "pairwise needs a vector as long as `%s`", g->axis[along].name);
  const int head = v->ndim == 2 ? v->dim[0].axis : along;
  if (at_node_dim(q, head) < 0 || at_node_dim(k, head) < 0)
    return at_fail(err, AT_EINPUT, "pairwise needs `%s` in query and key", g->axis[head].name);
  return AT_OK;
}

/* The product as contract(key, query) would plan it. */
static void make(const at_exec *x, const at_node *n, at_product *p) {
  at_node view = *n;
  view.in[0] = n->in[1];
  view.in[1] = n->in[0];
  at_product_make(x, &view, p);
}

typedef struct pair {
  const at_product *p;
  const float *k, *q, *v, *ds;
  float *out, *dk, *dq, *dv, *room, *partial, *ek, *eq, sum_v;
  int act;
  float slope;
  int64_t heads, head_step; /* of v; numbers of the keys from head to head */
  at_pool *pool;
  at_turn t;
} pair;

/* Vectors of this turn's head. Keys lie row by row, so that where a turn begins tells its head. */
static void choose_head(pair *c) {
  const int64_t at = c->heads > 1 ? c->t.a / c->head_step % c->heads * c->t.k : 0;
  c->v += at;
  if (c->dv) c->dv += at;
}

static void apply(const pair *c, float *y, const float *x, int64_t n) {
  switch (c->act) {
    case ACT_TANH: at_vtanh(y, x, (size_t)n); break;
    case ACT_SIGMOID: at_vsigmoid(y, x, (size_t)n); break;
    case ACT_RELU:
      for (int64_t i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : 0;
      break;
    case ACT_LEAKY_RELU:
      for (int64_t i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : c->slope * x[i];
      break;
    default: memcpy(y, x, (size_t)n * sizeof *y);
  }
}

/* f' from f(x) */
static void slope_of(const pair *c, float *d, const float *y, int64_t n) {
  switch (c->act) {
    case ACT_TANH:
      for (int64_t i = 0; i < n; i++) d[i] = 1 - y[i] * y[i];
      break;
    case ACT_SIGMOID:
      for (int64_t i = 0; i < n; i++) d[i] = y[i] * (1 - y[i]);
      break;
    case ACT_RELU:
      for (int64_t i = 0; i < n; i++) d[i] = y[i] > 0 ? 1 : 0;
      break;
    case ACT_LEAKY_RELU:
      for (int64_t i = 0; i < n; i++) d[i] = y[i] > 0 ? 1 : c->slope;
      break;
    default:
      for (int64_t i = 0; i < n; i++) d[i] = 1;
  }
}

/* ---- tanh and sigmoid through products ----
 *
 * With E = exp(b x), b = 2 for tanh and 1 for sigmoid, both are 1 - b / (E_key E_query + 1): the
 * exponentials are taken once for every row, and a pair costs a product and a quotient. */

/* Numbers so large that their exponentials leave float32 take the plain way. */
#define LARGEST 20.0f

static float exponent(const pair *c) { return c->act == ACT_TANH ? 2 : 1; }

typedef struct exps {
  const float *from;
  float *to, by;
  int64_t d, stride;
} exps;

static void fill_exps(void *ctx, size_t begin, size_t end) {
  const exps *e = ctx;
  for (size_t row = begin; row < end; row++) {
    const float *from = e->from + (int64_t)row * e->stride;
    float *to = e->to + (int64_t)row * e->d;
    for (int64_t i = 0; i < e->d; i++) to[i] = e->by * from[i];
    at_vexp(to, to, (size_t)e->d);
  }
}

static bool moderate(const float *v, int64_t rows, int64_t stride, int64_t d) {
  float most = 0;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t i = 0; i < d; i++) {
      float a = fabsf(v[r * stride + i]);
      most = a > most || a != a ? a : most;
    }
  return most <= LARGEST;
}

/* Fills c->ek and c->eq for this turn, or leaves them NULL. */
static void prepare(pair *c) {
  const float *k = c->k + c->t.a, *q = c->q + c->t.b;
  int64_t d = c->t.k;
  c->ek = c->eq = NULL;
  if (c->act != ACT_TANH && c->act != ACT_SIGMOID) return;
  if (!moderate(k, c->t.m, c->p->m.a, d) || !moderate(q, c->t.n, c->p->n.b, d)) return;
  c->ek = c->room;
  c->eq = c->room + c->t.m * d;
  exps e = {k, c->ek, exponent(c), d, c->p->m.a}, f = {q, c->eq, exponent(c), d, c->p->n.b};
  at_parallel_range(c->pool, (size_t)c->t.m, (size_t)(8192 / d + 1), fill_exps, &e);
  at_parallel_range(c->pool, (size_t)c->t.n, (size_t)(8192 / d + 1), fill_exps, &f);
}

enum { LANES = 16 };

/* sum_d v_d / (E_key E_query + 1), in lanes as at_vdot. */
static float quotients(const float *v, const float *ek, const float *eq, int64_t n) {
  float lane[LANES] = {0}, total = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lane[l] += v[i + l] / (ek[i + l] * eq[i + l] + 1.0f);
  for (int l = 0; i < n; i++, l++) lane[l] += v[i] / (ek[i] * eq[i] + 1.0f);
  for (int l = 0; l < LANES; l++) total += lane[l];
  return total;
}

static void back_quotients(const pair *c, float ds, const float *restrict ek,
                           const float *restrict eq, float *restrict dk, float *restrict dq,
                           float *restrict dv) {
  const float b = exponent(c), *restrict v = c->v;
  for (int64_t i = 0; i < c->t.k; i++) {
    float r = 1.0f / (ek[i] * eq[i] + 1.0f), d = ds * v[i] * (b * b) * r * (1.0f - r);
    dk[i] += d;
    dq[i] += d;
    dv[i] += ds * (1.0f - b * r);
  }
}

/* ---- any function ---- */

static float score(const pair *c, const float *k, const float *q) {
  float sum[BLOCK], y[BLOCK], total = 0;
  for (int64_t b = 0; b < c->t.k; b += BLOCK) {
    int64_t w = c->t.k - b < BLOCK ? c->t.k - b : BLOCK;
    for (int64_t i = 0; i < w; i++) sum[i] = k[b + i] + q[b + i];
    apply(c, y, sum, w);
    total += at_vdot(y, c->v + b, (size_t)w);
  }
  return total;
}

static void forward_row(void *ctx, size_t i) {
  const pair *c = ctx;
  const at_product *p = c->p;
  const float *k = c->k + c->t.a + (int64_t)i * p->m.a;
  float *o = c->out + c->t.o + (int64_t)i * p->m.o;
  const float *ek = c->ek ? c->ek + (int64_t)i * c->t.k : NULL;
  for (int64_t j = 0; ek && j < c->t.n; j++)
    o[j * p->n.o] = c->sum_v - exponent(c) * quotients(c->v, ek, c->eq + j * c->t.k, c->t.k);
  if (ek) return;
  for (int64_t j = 0; j < c->t.n; j++) o[j * p->n.o] = score(c, k, c->q + c->t.b + j * p->n.b);
}

/* Turns run one after another; the threads share the rows of keys inside one. */
static void forward_turn(void *ctx, at_pool *pool, const at_turn *t) {
  pair c = *(const pair *)ctx;
  (void)pool;
  c.t = *t;
  choose_head(&c);
  prepare(&c);
  c.sum_v = at_vsum(c.v, (size_t)t->k);
  at_parallel(c.pool, (size_t)t->m, forward_row, &c);
}

static pair open_pair(const at_exec *x, const at_node *n, const at_product *p) {
  const at_node *key = n->in[1], *v = n->in[2];
  pair c = {.p = p,
            .q = at_x_in(x, n, 0),
            .k = at_x_in(x, n, 1),
            .v = at_x_in(x, n, 2),
            .room = at_x_scratch(x, n),
            .act = (int)n->arg[PAIR_ACT].num,
            .slope = (float)n->arg[PAIR_SLOPE].num,
            .heads = v->ndim == 2 ? at_x_dim(x, v, 0) : 1,
            .head_step = 1,
            .pool = at_x_pool(x)};
  const int head = v->ndim == 2 ? at_node_dim(key, v->dim[0].axis) : key->ndim;
  for (int d = head + 1; d < key->ndim; d++) c.head_step *= at_x_dim(x, key, d);
  return c;
}

static void pairwise_forward(at_exec *x, const at_node *n) {
  at_product p;
  make(x, n, &p);
  pair c = open_pair(x, n, &p);
  c.out = at_x_out(x, n);
  at_product_in_order(&p, forward_turn, &c);
}

/* Adds the gradients of one pair of rows; dq and dv go to the chunk's own sums. */
static void back_pair(const pair *c, float ds, const float *k, const float *q, float *dk, float *dq,
                      float *dv) {
  float sum[BLOCK], y[BLOCK], f[BLOCK];
  for (int64_t b = 0; b < c->t.k; b += BLOCK) {
    int64_t w = c->t.k - b < BLOCK ? c->t.k - b : BLOCK;
    for (int64_t i = 0; i < w; i++) sum[i] = k[b + i] + q[b + i];
    apply(c, y, sum, w);
    slope_of(c, f, y, w);
    for (int64_t i = 0; i < w; i++) {
      float d = ds * c->v[b + i] * f[i];
      if (dk) dk[b + i] += d;
      dq[b + i] += d;
      dv[b + i] += ds * y[i];
    }
  }
}

static void backward_chunk(void *ctx, size_t chunk) {
  const pair *c = ctx;
  const at_product *p = c->p;
  int64_t d = c->t.k, per = (c->t.m + CHUNKS - 1) / CHUNKS;
  int64_t begin = (int64_t)chunk * per, end = begin + per < c->t.m ? begin + per : c->t.m;
  float *dq = c->partial + (int64_t)chunk * (c->t.n + 2) * d, *dv = dq + c->t.n * d,
        *spare = dv + d;
  memset(dq, 0, (size_t)((c->t.n + 2) * d) * sizeof *dq);
  for (int64_t i = begin; i < end; i++)
    for (int64_t j = 0; j < c->t.n; j++) {
      float ds = c->ds[c->t.o + i * p->m.o + j * p->n.o];
      float *dk = c->dk ? c->dk + c->t.a + i * p->m.a : NULL;
      if (ds == 0) continue;
      if (c->ek) {
        back_quotients(c, ds, c->ek + i * d, c->eq + j * d, dk ? dk : spare, dq + j * d, dv);
        continue;
      }
      back_pair(c, ds, c->k + c->t.a + i * p->m.a, c->q + c->t.b + j * p->n.b, dk, dq + j * d, dv);
    }
}

static void add_partials(void *ctx, size_t j) {
  const pair *c = ctx;
  int64_t d = c->t.k;
  bool is_v = (int64_t)j == c->t.n;
  float *to = is_v ? c->dv : c->dq ? c->dq + c->t.b + (int64_t)j * c->p->n.b : NULL;
  for (int64_t chunk = 0; to && chunk < CHUNKS; chunk++)
    at_vaxpy(to, 1, c->partial + (chunk * (c->t.n + 2) + (int64_t)j) * d, (size_t)d);
}

static void backward_turn(void *ctx, at_pool *pool, const at_turn *t) {
  pair c = *(const pair *)ctx;
  (void)pool;
  c.t = *t;
  choose_head(&c);
  prepare(&c);
  c.partial = c.room + (t->m + t->n) * t->k;
  at_parallel(c.pool, CHUNKS, backward_chunk, &c);
  at_parallel(c.pool, (size_t)t->n + 1, add_partials, &c);
}

static void pairwise_backward(at_exec *x, const at_node *n) {
  at_product p;
  make(x, n, &p);
  pair c = open_pair(x, n, &p);
  c.ds = at_x_grad_out(x, n);
  c.dq = at_x_grad_in(x, n, 0);
  c.dk = at_x_grad_in(x, n, 1);
  c.dv = at_x_grad_in(x, n, 2);
  at_product_in_order(&p, backward_turn, &c);
}

static size_t pairwise_scratch(const at_exec *x, const at_node *n) {
  at_product p;
  make(x, n, &p);
  int64_t most = 1;
  for (int64_t s = 0; p.off && s < p.segments; s++)
    if (p.off[s + 1] - p.off[s] > most) most = p.off[s + 1] - p.off[s];
  int64_t keys = p.seg == &p.m ? most : p.m.n, queries = p.seg == &p.n ? most : p.n.n;
  return (size_t)((keys + queries + CHUNKS * (queries + 2)) * p.k.n) * sizeof(float);
}

static double pairwise_flops(const at_exec *x, const at_node *n) {
  int d = n->in[1]->ndim - 1;
  return 2.0 * (double)at_x_count(x, n) * (double)at_x_dim(x, n->in[1], d);
}

const at_op at_op_pairwise = {
    .name = "pairwise",
    .summary = "additive scores of every key with every query",
    .formula = "y = sum_along v f(query + key)  (Bahdanau et al., 2015, eq. 6)",
    .axes =
        "[..., along], [..., along], [along] or [head, along] -> [both, key alone, query alone]",
    .min_in = 3,
    .max_in = 3,
    .params = pairwise_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_INTERNAL,
    .infer = pairwise_infer,
    .scratch = pairwise_scratch,
    .forward = pairwise_forward,
    .backward = pairwise_backward,
    .flops = pairwise_flops,
};
