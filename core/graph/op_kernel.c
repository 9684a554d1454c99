/* Scores by a plugin's own forward and backward.
 *
 * A turn of the product is cut into pieces of keys by the sizes alone.  SLOTS pieces run side by
 * side, each with memory of its own; what they add to gradients is summed in the order of the
 * pieces, so that the bits do not depend on the number of threads. */
#include "core/graph/kernel.h"
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/graph/product.h"

enum { SLOTS = 16, LEAST_KEYS = 16, MOST_KEYS = 512, ALIGN = 16 /* floats */ };

static at_status kernel_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *k = n->in[0], *q = n->in[1];
  const int along = n->arg[0].axis[0];
  at_status s = at_product_infer(g, n, err);
  if (s != AT_OK) return s;
  if (g->axis[along].parent >= 0 || q->dim[q->ndim - 1].axis != along ||
      k->dim[k->ndim - 1].axis != along)
    return at_fail(err, AT_EINPUT, "a kernel needs `%s` as the last axis of query and key",
                   g->axis[along].name);
  return AT_OK;
}

/* ---- memory of a slot ---- */

typedef struct room { /* where the parts of a slot lie, in floats */
  int64_t keys, queries, depth, saved;
  int64_t scratch, score, grad, keep, key_grad, query_grad, parameter[AT_MAX_IN], size;
} room;

static int64_t place(room *r, int64_t floats) {
  int64_t at = r->size;
  r->size += (floats + ALIGN - 1) / ALIGN * ALIGN;
  return at;
}

static int64_t keys_of(int64_t m) {
  int64_t n = (m + SLOTS - 1) / SLOTS;
  return n < LEAST_KEYS ? LEAST_KEYS : n > MOST_KEYS ? MOST_KEYS : n;
}

static int64_t longest(const int64_t *off, int64_t segments) {
  int64_t most = 1;
  for (int64_t s = 0; off && s < segments; s++)
    if (off[s + 1] - off[s] > most) most = off[s + 1] - off[s];
  return most;
}

static room room_of(const at_exec *x, const at_node *n, const at_product *p) {
  const at_kernel *k = n->kernel;
  int64_t most = longest(p->off, p->segments), most2 = longest(p->off2, p->segments);
  int64_t m = p->seg == &p->m ? most : p->seg2 == &p->m ? most2 : p->m.n;
  room r = {.keys = keys_of(m),
            .queries = p->seg == &p->n ? most : p->n.n,
            .depth = p->k.n,
            .saved = k->fn.saved};
  if (r.keys > m) r.keys = m;
  const int64_t pairs = r.keys * r.queries;
  int64_t own = k->fn.scratch ? k->fn.scratch(k->number, r.keys, r.queries, r.depth) : 0;
  r.scratch = place(&r, own > 0 ? own : 0);
  r.score = place(&r, p->n.o == 1 ? 0 : pairs);
  r.grad = place(&r, p->n.o == 1 ? 0 : pairs);
  r.keep = place(&r, p->n.o == 1 ? 0 : pairs * r.saved);
  r.key_grad = place(&r, r.keys * r.depth);
  r.query_grad = place(&r, r.queries * r.depth);
  for (int i = 2; i < n->n_in; i++) r.parameter[i] = place(&r, at_x_count(x, n->in[i]));
  return r;
}

static size_t kernel_scratch(const at_exec *x, const at_node *n) {
  at_product p;
  at_product_make(x, n, &p);
  return (size_t)room_of(x, n, &p).size * SLOTS * sizeof(float) + 64;
}

static size_t kernel_saved(const at_exec *x, const at_node *n) {
  return (size_t)at_x_count(x, n) * (size_t)n->kernel->fn.saved * sizeof(float);
}

/* ---- pieces ---- */

typedef struct piece {
  at_turn t; /* m: keys of this piece */
  float *room;
} piece;

typedef struct work {
  const at_exec *x;
  const at_node *n;
  const at_product *p;
  room r;
  bool backward;
  float *memory, *out, *saved;
  const float *dy, *value[AT_MAX_IN];
  float *grad[AT_MAX_IN];
  piece piece[SLOTS];
  int pieces;
} work;

/* Rows [keys, width] of a piece to and from a place where neighbours lie n.o apart. */
static void gather(float *to, const float *from, const work *w, const at_turn *t, int64_t each) {
  for (int64_t i = 0; i < t->m; i++)
    for (int64_t j = 0; j < t->n; j++)
      memcpy(to + (i * t->n + j) * each, from + (t->o + i * w->p->m.o + j * w->p->n.o) * each,
             (size_t)each * sizeof *to);
}
static void scatter(float *to, const float *from, const work *w, const at_turn *t, int64_t each) {
  for (int64_t i = 0; i < t->m; i++)
    for (int64_t j = 0; j < t->n; j++)
      memcpy(to + (t->o + i * w->p->m.o + j * w->p->n.o) * each, from + (i * t->n + j) * each,
             (size_t)each * sizeof *to);
}

static void fill_call(attune_kernel_call *c, const work *w, const piece *pc, float **gradients) {
  const at_turn *t = &pc->t;
  const bool dense = w->p->n.o == 1;
  const room *r = &w->r;
  *c = (attune_kernel_call){.size = sizeof *c,
                            .parameters = (uint32_t)(w->n->n_in - 2),
                            .keys = t->m,
                            .queries = t->n,
                            .depth = t->k,
                            .key = w->value[0] + t->a,
                            .query = w->value[1] + t->b,
                            .key_stride = w->p->m.a,
                            .query_stride = w->p->n.b,
                            .parameter = w->value + 2,
                            .number = w->n->kernel->number,
                            .score = dense ? w->out + t->o : pc->room + r->score,
                            .score_stride = dense ? w->p->m.o : t->n,
                            .scratch = pc->room + r->scratch};
  if (r->saved && w->saved) {
    c->saved = dense ? w->saved + t->o * r->saved : pc->room + r->keep;
    c->saved_stride = (dense ? w->p->m.o : t->n) * r->saved;
  }
  if (!w->backward) return;
  c->score_grad = dense ? w->dy + t->o : pc->room + r->grad;
  c->score_grad_stride = c->score_stride;
  c->key_grad = w->grad[0] ? pc->room + r->key_grad : NULL;
  c->query_grad = w->grad[1] ? pc->room + r->query_grad : NULL;
  for (int i = 2; i < w->n->n_in; i++)
    gradients[i - 2] = w->grad[i] ? pc->room + r->parameter[i] : NULL;
  c->parameter_grad = (float *const *)gradients;
}

static void run_piece(void *ctx, size_t index) {
  const work *w = ctx;
  const piece *pc = &w->piece[index];
  const at_kernel *k = w->n->kernel;
  const room *r = &w->r;
  const bool dense = w->p->n.o == 1;
  float *gradients[AT_MAX_IN];
  attune_kernel_call c;
  fill_call(&c, w, pc, gradients);
  if (!w->backward) {
    k->fn.forward(k->host, &c);
    if (!dense) scatter(w->out, c.score, w, &pc->t, 1);
    if (!dense && c.saved) scatter(w->saved, c.saved, w, &pc->t, r->saved);
    return;
  }
  if (!dense) {
    gather(pc->room + r->score, w->out, w, &pc->t, 1);
    gather(pc->room + r->grad, w->dy, w, &pc->t, 1);
    if (c.saved) gather(c.saved, w->saved, w, &pc->t, r->saved);
  }
  memset(pc->room + r->key_grad, 0, (size_t)(r->size - r->key_grad) * sizeof(float));
  k->fn.backward(k->host, &c);
}

/* ---- sums, in the order of the pieces ---- */

static void add(float *to, const float *from, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

/* Index 0 .. SLOTS - 1: a share of the depth of key and query rows; after them the parameters. */
static void add_share(void *ctx, size_t index) {
  const work *w = ctx;
  const room *r = &w->r;
  if (index >= SLOTS) {
    const int i = (int)index - SLOTS + 2;
    for (int s = 0; s < w->pieces && w->grad[i]; s++)
      add(w->grad[i], w->piece[s].room + r->parameter[i], at_x_count(w->x, w->n->in[i]));
    return;
  }
  const int64_t d = r->depth, begin = d * (int64_t)index / SLOTS,
                n = d * ((int64_t)index + 1) / SLOTS - begin;
  for (int s = 0; s < w->pieces && n; s++) {
    const at_turn *t = &w->piece[s].t;
    const float *dk = w->piece[s].room + r->key_grad + begin,
                *dq = w->piece[s].room + r->query_grad + begin;
    for (int64_t i = 0; i < t->m && w->grad[0]; i++)
      add(w->grad[0] + t->a + i * w->p->m.a + begin, dk + i * d, n);
    for (int64_t j = 0; j < t->n && w->grad[1]; j++)
      add(w->grad[1] + t->b + j * w->p->n.b + begin, dq + j * d, n);
  }
}

static void flush(work *w) {
  at_pool *pool = at_x_pool(w->x);
  if (!w->pieces) return;
  at_parallel(pool, (size_t)w->pieces, run_piece, w);
  if (w->backward) at_parallel(pool, (size_t)(SLOTS + w->n->n_in - 2), add_share, w);
  w->pieces = 0;
}

static void each_turn(void *ctx, at_pool *pool, const at_turn *t) {
  work *w = ctx;
  (void)pool;
  const int64_t most = w->r.keys;
  for (int64_t i = 0; i < t->m && t->n > 0; i += most) {
    piece *pc = &w->piece[w->pieces];
    *pc = (piece){*t, w->memory + w->pieces * w->r.size};
    pc->t.a += i * w->p->m.a;
    pc->t.o += i * w->p->m.o;
    pc->t.m = t->m - i < most ? t->m - i : most;
    if (++w->pieces == SLOTS) flush(w);
  }
}

static void run(at_exec *x, const at_node *n, bool backward) {
  at_product p;
  at_product_make(x, n, &p);
  work w = {.x = x, .n = n, .p = &p, .r = room_of(x, n, &p), .backward = backward};
  w.memory = at_x_scratch(x, n);
  w.saved = n->kernel->fn.saved ? at_x_saved(x, n) : NULL;
  w.out = at_x_out(x, n);
  w.dy = backward ? at_x_grad_out(x, n) : NULL;
  for (int i = 0; i < n->n_in; i++) {
    w.value[i] = at_x_in(x, n, i);
    w.grad[i] = backward ? at_x_grad_in(x, n, i) : NULL;
  }
  at_product_in_order(&p, each_turn, &w);
  flush(&w);
}

static void kernel_forward(at_exec *x, const at_node *n) { run(x, n, false); }
static void kernel_backward(at_exec *x, const at_node *n) { run(x, n, true); }

static double kernel_flops(const at_exec *x, const at_node *n) {
  double d = (double)at_x_dim(x, n->in[0], n->in[0]->ndim - 1);
  const attune_kernel *k = &n->kernel->fn;
  return (double)at_x_count(x, n) * (k->flops ? k->flops(n->kernel->number, (int64_t)d) : 2 * d);
}

static const at_param_spec kernel_params[] = {
    {"along", AT_ARG_AXIS, true, 0, 0, 0, NULL, "consumed"}, {0}};

const at_op at_op_kernel = {
    .name = "kernel",
    .summary = "scores of every key with every query, by a plugin's own code",
    .formula = "y = s(key, query)",
    .axes = "[..., along], [..., along], parameters -> [both, key alone, query alone]",
    .min_in = 2,
    .max_in = AT_MAX_IN,
    .params = kernel_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_KEEPS_OUT | AT_OP_INTERNAL,
    .infer = kernel_infer,
    .saved = kernel_saved,
    .scratch = kernel_scratch,
    .forward = kernel_forward,
    .backward = kernel_backward,
    .flops = kernel_flops,
};

at_status at_graph_kernel(at_graph *g, const at_kernel *k, int n_in, at_node *const *in, int axis,
                          at_span span, at_node **out, at_error *err) {
  const at_arg arg[AT_MAX_ARG] = {{.set = true, .n_axes = 1, .axis = {axis}, .span.file = -1}};
  at_kernel *copy = AT_NEW(g->arena, at_kernel);
  if (!copy) return at_nomem(err);
  *copy = *k;
  at_status s = at_graph_node(g, &at_op_kernel, n_in, in, arg, NULL, span, out, err);
  if (s == AT_OK) (*out)->kernel = copy;
  return s;
}
