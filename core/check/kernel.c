/* Kernels, called as the host may call them but seldom does: rows apart, pages behind them that
 * nobody may touch, gradients missing, nothing to do. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/base/random.h"
#include "core/check/check_impl.h"

enum { KEYS = 21, QUERIES = 5, DEPTH = 7, GAP = 3, MOST_PARAMETERS = 8 };

/* n floats that end where the readable pages end. */
typedef struct guarded {
  float *v;
  void *map;
  size_t bytes, n;
} guarded;

static bool guard(guarded *g, size_t n) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE),
               room = (n * sizeof(float) + page - 1) / page * page;
  g->n = n;
  g->bytes = room + page;
  g->map = mmap(NULL, g->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (g->map == MAP_FAILED) return false;
  if (mprotect((char *)g->map + room, page, PROT_NONE)) return false;
  g->v = (float *)(void *)((char *)g->map + room) - n;
  return true;
}

/* A number that no kernel writes: a NaN with a mark. */
static float mark(void) {
  const uint32_t bits = 0x7fc0dea1;
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}
static bool is_mark(float v) {
  const float m = mark();
  return !memcmp(&v, &m, sizeof v);
}

typedef struct bench {
  const at_kernel *k;
  const char *name[MOST_PARAMETERS];
  guarded key, query, score, saved, scratch, grad, key_grad, query_grad;
  guarded parameter[MOST_PARAMETERS], parameter_grad[MOST_PARAMETERS];
  const float *value[MOST_PARAMETERS];
  float *slope[MOST_PARAMETERS];
  attune_kernel_call c;
} bench;

static void draw(const ck *c, const guarded *g, uint64_t stream) {
  at_random r = {.seed = c->o->seed, .stream = stream};
  for (size_t i = 0; i < g->n; i++) g->v[i] = at_random_normal(&r, i);
}
static void fill(const guarded *g, float v) {
  for (size_t i = 0; i < g->n; i++) g->v[i] = v;
}

/* Rows of `width` with GAP numbers between them; nothing behind the last. */
static bool rows(guarded *g, int64_t n, int64_t width) {
  return guard(g, (size_t)((n - 1) * (width + GAP) + width));
}

static bool open_bench(ck *c, const ck_net *w, bench *b) {
  const at_node *n = ck_kernel(w);
  memset(b, 0, sizeof *b);
  b->k = n->kernel;
  const attune_kernel *f = &b->k->fn;
  const int parameters = n->n_in - 2;
  const int64_t depth = n->in[0]->dim[n->in[0]->ndim - 1].size,
                room = f->scratch ? f->scratch(b->k->number, KEYS, QUERIES, depth) : 0;
  bool ok = rows(&b->key, KEYS, depth) && rows(&b->query, QUERIES, depth) &&
            rows(&b->score, KEYS, QUERIES) && rows(&b->grad, KEYS, QUERIES) &&
            guard(&b->saved, (size_t)(KEYS * (QUERIES * f->saved + GAP))) &&
            guard(&b->scratch, (size_t)((room > 0 ? room : 0) + 15) / 16 * 16) &&
            guard(&b->key_grad, (size_t)(KEYS * depth)) &&
            guard(&b->query_grad, (size_t)(QUERIES * depth));
  for (int i = 0; ok && i < parameters && i < MOST_PARAMETERS; i++) {
    const at_node *p = n->in[2 + i];
    const size_t size = w->p->size[p->param];
    ok = guard(&b->parameter[i], size) && guard(&b->parameter_grad[i], size);
    if (!ok) break;
    draw(c, &b->parameter[i], 20 + (uint64_t)i);
    b->value[i] = b->parameter[i].v;
    b->slope[i] = b->parameter_grad[i].v;
    b->name[i] = p->pname;
  }
  if (!ok) return false;
  draw(c, &b->key, 11);
  draw(c, &b->query, 12);
  draw(c, &b->grad, 13);
  b->c = (attune_kernel_call){.size = sizeof b->c,
                              .parameters = (uint32_t)parameters,
                              .keys = KEYS,
                              .queries = QUERIES,
                              .depth = depth,
                              .key = b->key.v,
                              .query = b->query.v,
                              .key_stride = depth + GAP,
                              .query_stride = depth + GAP,
                              .parameter = b->value,
                              .number = b->k->number,
                              .score = b->score.v,
                              .score_stride = QUERIES + GAP,
                              .saved = f->saved ? b->saved.v : NULL,
                              .saved_stride = QUERIES * f->saved + GAP,
                              .scratch = b->scratch.v};
  fill(&b->score, mark());
  fill(&b->saved, mark());
  fill(&b->scratch, NAN);
  return true;
}

static void release(guarded *g) {
  if (g->map && g->map != MAP_FAILED) munmap(g->map, g->bytes);
}

static void close_bench(bench *b) {
  guarded *all[] = {&b->key,     &b->query, &b->score,    &b->saved,
                    &b->scratch, &b->grad,  &b->key_grad, &b->query_grad};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) release(all[i]);
  for (int i = 0; i < MOST_PARAMETERS; i++) {
    release(&b->parameter[i]);
    release(&b->parameter_grad[i]);
  }
}

/* What a call may read but not write. */
typedef struct before {
  guarded *of;
  float *copy;
  const char *name;
} before;

static bool remember(before *list, int n) {
  for (int i = 0; i < n; i++) {
    list[i].copy = malloc(list[i].of->n * sizeof(float) + 1);
    if (!list[i].copy) return false;
    memcpy(list[i].copy, list[i].of->v, list[i].of->n * sizeof(float));
  }
  return true;
}

/* What was written all the same; NULL: nothing. Frees. */
static const char *forget(before *list, int n) {
  const char *name = NULL;
  for (int i = 0; i < n; i++) {
    if (list[i].copy && memcmp(list[i].copy, list[i].of->v, list[i].of->n * sizeof(float)))
      name = list[i].name;
    free(list[i].copy);
  }
  return name;
}

static const char *after_forward(const bench *b) {
  const attune_kernel_call *c = &b->c;
  for (int64_t i = 0; i < c->keys; i++) {
    for (int64_t j = 0; j < c->queries; j++)
      if (is_mark(c->score[i * c->score_stride + j])) return "forward leaves scores unwritten";
    for (int64_t j = c->queries; j < c->score_stride && i + 1 < c->keys; j++)
      if (!is_mark(c->score[i * c->score_stride + j]))
        return "forward writes between the rows of scores";
    const int64_t width = c->queries * b->k->fn.saved;
    for (int64_t j = width; c->saved && j < c->saved_stride; j++)
      if (!is_mark(c->saved[i * c->saved_stride + j]))
        return "forward writes between the rows of what it saves";
  }
  return NULL;
}

static void wanted(bench *b, float start) {
  fill(&b->key_grad, start);
  fill(&b->query_grad, start);
  for (uint32_t i = 0; i < b->c.parameters; i++) fill(&b->parameter_grad[i], start);
  b->c.score_grad = b->grad.v;
  b->c.score_grad_stride = QUERIES + GAP;
  b->c.key_grad = b->key_grad.v;
  b->c.query_grad = b->query_grad.v;
  b->c.parameter_grad = b->slope;
}

typedef at_check_outcome on_bench(ck *c, bench *b);

static at_check_outcome with_bench(ck *c, on_bench *fn) {
  ck_net w;
  bench b;
  ck_dims d = ck_small;
  d.depth = DEPTH;
  if (!ck_net_open(c, c->spec, &d, NULL, &w)) return ck_err(c, "made");
  if (!ck_kernel(&w)) {
    ck_net_close(&w);
    return ck_skip(c, "it is composed of the host's functions");
  }
  at_check_outcome out = open_bench(c, &w, &b) ? fn(c, &b) : ck_fail(c, "out of memory");
  ck_at("%s", "");
  close_bench(&b);
  ck_net_close(&w);
  return out;
}

/* Behind each array lies a page that nobody may touch. */
static const char bare[] = "with nothing behind keys, queries, parameters, scores, saved, scratch";

static at_check_outcome bounds(ck *c, bench *b) {
  const attune_kernel *f = &b->k->fn;
  before reads[] = {{&b->key, NULL, "the keys"},
                    {&b->query, NULL, "the queries"},
                    {&b->grad, NULL, "the gradient of the scores"},
                    {&b->parameter[0], NULL, "a parameter"},
                    {&b->score, NULL, "the scores, in backward"},
                    {&b->saved, NULL, "what forward saved, in backward"}};
  const int inputs = b->c.parameters ? 4 : 3;
  if (!remember(reads, inputs)) return ck_fail(c, "out of memory");
  ck_at("forward, %s", bare);
  f->forward(b->k->host, &b->c);
  const char *wrote = forget(reads, inputs), *what = after_forward(b);
  if (wrote) return ck_fail(c, "forward writes to %s", wrote);
  if (what) return ck_fail(c, "%s", what);
  if (!b->c.parameters) reads[3] = reads[5];
  if (!remember(reads, b->c.parameters ? 6 : 5)) return ck_fail(c, "out of memory");
  wanted(b, 0);
  fill(&b->scratch, NAN);
  ck_at("backward, %s", bare);
  f->backward(b->k->host, &b->c);
  wrote = forget(reads, b->c.parameters ? 6 : 5);
  if (wrote) return ck_fail(c, "backward writes to %s", wrote);
  attune_kernel_call none = b->c;
  none.keys = 0;
  ck_at("a call without keys or without queries");
  f->forward(b->k->host, &none);
  f->backward(b->k->host, &none);
  none.keys = KEYS;
  none.queries = 0;
  f->forward(b->k->host, &none);
  f->backward(b->k->host, &none);
  return AT_CHECK_PASS;
}

static const char *added(const guarded *g, const float *first, float start) {
  for (size_t i = 0; i < g->n; i++)
    if (!(fabsf(g->v[i] - (first[i] + start)) <= 1e-3f * (fabsf(first[i]) + fabsf(start))))
      return "backward writes a gradient where it must add to it";
  return NULL;
}

static at_check_outcome adds(ck *c, bench *b) {
  const attune_kernel *f = &b->k->fn;
  guarded *all[2 + MOST_PARAMETERS] = {&b->key_grad, &b->query_grad};
  float *first[2 + MOST_PARAMETERS] = {0};
  const int n = 2 + (int)b->c.parameters;
  const char *what = NULL;
  const char *names[2 + MOST_PARAMETERS] = {"the key", "the query"};
  for (int i = 2; i < n; i++) {
    all[i] = &b->parameter_grad[i - 2];
    names[i] = b->name[i - 2];
  }
  ck_at("forward or backward");
  f->forward(b->k->host, &b->c);
  wanted(b, 0);
  f->backward(b->k->host, &b->c);
  for (int i = 0; i < n; i++) {
    first[i] = malloc(all[i]->n * sizeof(float) + 1);
    if (!first[i]) return ck_fail(c, "out of memory");
    memcpy(first[i], all[i]->v, all[i]->n * sizeof(float));
  }
  wanted(b, 8);
  f->backward(b->k->host, &b->c);
  at_check_outcome out = AT_CHECK_PASS;
  for (int i = 0; i < n; i++) {
    what = added(all[i], first[i], 8);
    if (what && out == AT_CHECK_PASS) out = ck_fail(c, "%s: that of %s", what, names[i]);
    free(first[i]);
  }
  return out;
}

/* Each wanted gradient is what it is, whoever else is wanted. */
static at_check_outcome missing(ck *c, bench *b) {
  const attune_kernel *f = &b->k->fn;
  const int n = 2 + (int)b->c.parameters;
  ck_at("forward");
  f->forward(b->k->host, &b->c);
  for (int alone = 0; alone < n; alone++) {
    guarded *g = alone == 0   ? &b->key_grad
                 : alone == 1 ? &b->query_grad
                              : &b->parameter_grad[alone - 2];
    float *all = malloc(g->n * sizeof *all + 1);
    if (!all) return ck_fail(c, "out of memory");
    wanted(b, 0);
    ck_at("backward");
    f->backward(b->k->host, &b->c);
    memcpy(all, g->v, g->n * sizeof *all);
    wanted(b, 0);
    ck_at("backward where only the gradient of %s is wanted, and all others are NULL",
          alone == 0   ? "the key"
          : alone == 1 ? "the query"
                       : b->name[alone - 2]);
    if (alone != 0) b->c.key_grad = NULL;
    if (alone != 1) b->c.query_grad = NULL;
    for (int i = 2; i < n; i++) b->slope[i - 2] = i == alone ? b->parameter_grad[i - 2].v : NULL;
    f->backward(b->k->host, &b->c);
    for (int i = 2; i < n; i++) b->slope[i - 2] = b->parameter_grad[i - 2].v;
    bool same = !memcmp(all, g->v, g->n * sizeof *all);
    free(all);
    if (!same)
      return ck_fail(c, "where the gradient of %s is wanted alone, it is another one",
                     alone == 0   ? "the key"
                     : alone == 1 ? "the query"
                                  : b->name[alone - 2]);
  }
  return AT_CHECK_PASS;
}

/* ---- memory ---- */

static at_check_outcome allocates(ck *c, bench *b) {
  const attune_kernel *f = &b->k->fn;
  if (!ck_spy(c)) return ck_skip(c, "its calls cannot be seen on this system");
  ck_at("forward or backward");
  f->forward(b->k->host, &b->c);
  const long forward = ck_spied.allocations;
  wanted(b, 0);
  f->backward(b->k->host, &b->c);
  if (ck_spied.allocations)
    return ck_fail(c, "%s calls %s; memory is what scratch() asks for",
                   forward ? "forward" : "backward", ck_spied.allocation);
  return AT_CHECK_PASS;
}

at_check_outcome ck_allocation(ck *c) { return with_bench(c, allocates); }
at_check_outcome ck_kernel_bounds(ck *c) { return with_bench(c, bounds); }
at_check_outcome ck_kernel_adds(ck *c) { return with_bench(c, adds); }
at_check_outcome ck_kernel_null(ck *c) { return with_bench(c, missing); }
