/* A small graph around one score, and what it gives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/check/check_impl.h"

static const at_span nowhere = {-1, 0, 0};
const ck_dims ck_small = {CK_APART, 2, 3, 2, {2, 1}, 4};
/* More pieces than a kernel's slots, and rows that no vector divides. */
const ck_dims ck_large = {CK_APART, 3, 203, 2, {70, 33}, 37};

const char *ck_layout_name(ck_layout l) {
  static const char *const names[] = {"regions against words", "words against regions",
                                      "heads that share a picture", "words against words"};
  return l < CK_LAYOUTS ? names[l] : "?";
}

enum { PICTURE, REGION, CAPTION, WORD, WORD2, HEAD, STEP, D, N_AXES };

static at_status make_axes(at_graph *g, int a[N_AXES], at_error *err) {
  static const struct {
    const char *name;
    at_axis_kind kind;
    int parent;
  } axes[N_AXES] = {{"picture", AT_BATCH, -1},       {"region", AT_SEQUENCE, -1},
                    {"caption", AT_BATCH, -1},       {"word", AT_SEQUENCE, CAPTION},
                    {"word2", AT_SEQUENCE, CAPTION}, {"head", AT_SEQUENCE, -1},
                    {"step", AT_SEQUENCE, -1},       {"d", AT_FEATURE, -1}};
  for (int i = 0; i < N_AXES; i++) {
    int parent = axes[i].parent < 0 ? -1 : a[axes[i].parent];
    at_status s = at_graph_axis(g, axes[i].name, axes[i].kind, parent, nowhere, &a[i], err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

enum { HEADS = 2 };

/* Inputs k and q, and key and query as the score gets them. */
static at_status make_inputs(ck_net *w, const ck_dims *d, const int a[N_AXES], at_node **key,
                             at_node **query, at_error *err) {
  const at_dim picture = {a[PICTURE], -1, false}, word = {a[WORD], -1, false},
               depth = {a[D], d->depth, false}, region = {a[REGION], d->keys, false},
               head = {a[HEAD], HEADS, false}, step = {a[STEP], d->words[0], false};
  const at_dim regions[] = {picture, region, depth}, words[] = {word, depth},
               head_keys[] = {picture, head, region, depth},
               head_queries[] = {picture, head, step, depth};
  const struct {
    const at_dim *k, *q;
    int nk, nq;
  } of[] = {[CK_APART] = {regions, words, 3, 2},
            [CK_SWAPPED] = {words, regions, 2, 3},
            [CK_HEADS] = {head_keys, head_queries, 4, 4},
            [CK_SELF] = {words, words, 2, 2}};
  at_status s = at_graph_input(w->g, "k", AT_REAL, of[d->layout].nk, of[d->layout].k, -1, nowhere,
                               &w->k, err);
  if (s == AT_OK)
    s = at_graph_input(w->g, "q", AT_REAL, of[d->layout].nq, of[d->layout].q, -1, nowhere, &w->q,
                       err);
  *key = w->k;
  *query = w->q;
  w->over = a[d->layout == CK_SWAPPED ? WORD : d->layout == CK_SELF ? WORD2 : REGION];
  if (s != AT_OK || d->layout != CK_SELF) return s;
  at_arg arg[AT_MAX_ARG] = {
      {.set = true, .n_axes = 1, .axis = {a[WORD]}, .to = a[WORD2], .to_size = -1}};
  return at_graph_node(w->g, at_op_find("rename"), 1, &w->k, arg, NULL, nowhere, key, err);
}

static at_status make_graph(ck *c, const char *spec, const ck_dims *d, const ck_net_options *o,
                            ck_net *w) {
  int a[N_AXES];
  at_node *key, *query;
  at_status s = at_graph_new("check", &w->g, &c->err);
  if (s == AT_OK) s = make_axes(w->g, a, &c->err);
  if (s == AT_OK) s = make_inputs(w, d, a, &key, &query, &c->err);
  if (s == AT_OK)
    s = at_plugin_compose(c->reg, w->g, spec, query, key, a[D], false, o && o->each ? a[HEAD] : -1,
                          "score", nowhere, &w->score, &c->err);
  if (s == AT_OK && o && o->weigh) {
    at_arg arg[AT_MAX_ARG] = {{.set = true, .n_axes = 1, .axis = {w->over}, .span.file = -1}};
    s = at_graph_node(w->g, at_op_find("softmax"), 1, &w->score, arg, NULL, nowhere, &w->score,
                      &c->err);
  }
  if (s == AT_OK) s = at_graph_output(w->g, "s", w->score, nowhere, &c->err);
  return s;
}

static at_status bind(ck *c, const ck_dims *d, ck_net *w) {
  const bool pictures = d->layout != CK_SELF, captions = d->layout != CK_HEADS;
  int64_t off[5] = {0};
  for (int i = 0; i < d->captions && i < 4; i++) off[i + 1] = off[i] + d->words[i];
  at_status s = pictures ? at_exec_size(w->x, "picture", d->pictures, &c->err) : AT_OK;
  if (s == AT_OK && captions) s = at_exec_ragged(w->x, "word", off, d->captions, &c->err);
  if (s == AT_OK) s = at_exec_input(w->x, "k", w->kv, &c->err);
  if (s == AT_OK) s = at_exec_input(w->x, "q", w->qv, &c->err);
  return s == AT_OK ? at_exec_ready(w->x, &c->err) : s;
}

static int64_t input_count(const ck_dims *d, bool key) {
  const int64_t regions = d->pictures * d->keys;
  int64_t words = 0;
  for (int i = 0; i < d->captions && i < 4; i++) words += d->words[i];
  switch (d->layout) {
    case CK_APART: return (key ? regions : words) * d->depth;
    case CK_SWAPPED: return (key ? words : regions) * d->depth;
    case CK_HEADS: return d->pictures * HEADS * (key ? d->keys : d->words[0]) * d->depth;
    default: return words * d->depth;
  }
}

void ck_net_fill(const ck *c, ck_net *w) {
  at_random k = {.seed = c->o->seed, .stream = 1}, q = {.seed = c->o->seed, .stream = 2};
  for (int64_t i = 0; i < w->nk; i++) w->kv[i] = at_random_normal(&k, (uint64_t)i);
  for (int64_t i = 0; i < w->nq; i++) w->qv[i] = at_random_normal(&q, (uint64_t)i);
  for (int p = 0; p < w->g->n_param; p++) {
    at_random r = {.seed = c->o->seed, .stream = at_hash_name(w->g->param[p]->pname)};
    for (size_t i = 0; i < w->p->size[p]; i++)
      w->p->value[w->p->offset[p] + i] = 0.5f * at_random_normal(&r, i);
  }
}

bool ck_net_open(ck *c, const char *spec, const ck_dims *d, const ck_net_options *o, ck_net *w) {
  memset(w, 0, sizeof *w);
  ck_at("compose");
  at_status s = make_graph(c, spec, d, o, w);
  ck_at("%s", "");
  if (s == AT_OK) s = at_params_new(w->g, &w->p, &c->err);
  if (s == AT_OK) {
    const bool back = !o || o->backward;
    at_exec_options x = {.pool = o ? o->pool : NULL,
                         .poison = o && o->poison,
                         .gradients = back,
                         .input_grads = back};
    s = at_exec_new(w->g, w->p, &x, &w->x, &c->err);
  }
  if (s == AT_OK) {
    w->nk = input_count(d, true);
    w->nq = input_count(d, false);
    w->kv = calloc((size_t)w->nk + 1, sizeof *w->kv);
    w->qv = calloc((size_t)w->nq + 1, sizeof *w->qv);
    s = w->kv && w->qv ? AT_OK : at_nomem(&c->err);
  }
  if (s == AT_OK) ck_net_fill(c, w);
  if (s == AT_OK) s = bind(c, d, w);
  if (s == AT_OK) {
    w->n = at_x_count(w->x, w->score);
    return true;
  }
  ck_net_close(w);
  return false;
}

void ck_net_close(ck_net *w) {
  at_exec_free(w->x);
  at_params_free(w->p);
  at_graph_free(w->g);
  free(w->kv);
  free(w->qv);
  memset(w, 0, sizeof *w);
}

const float *ck_net_forward(ck_net *w) {
  ck_at("forward");
  at_exec_forward(w->x, 1, 1, true);
  ck_at("%s", "");
  return at_exec_value(w->x, w->score);
}

void ck_net_backward(ck_net *w, const float *grad) {
  memset(w->p->grad, 0, w->p->count * sizeof *w->p->grad);
  ck_at("backward");
  at_exec_backward_from(w->x, w->score, grad);
  ck_at("%s", "");
}

const float *ck_net_key_grad(const ck_net *w) { return at_exec_input_grad(w->x, w->k); }
const float *ck_net_query_grad(const ck_net *w) { return at_exec_input_grad(w->x, w->q); }

float *ck_weights(const ck *c, int64_t n) {
  at_random r = {.seed = c->o->seed, .stream = 3};
  float *v = malloc((size_t)(n + 1) * sizeof *v);
  for (int64_t i = 0; v && i < n; i++) v[i] = at_random_normal(&r, (uint64_t)i);
  return v;
}

const at_node *ck_kernel(const ck_net *w) {
  for (int i = 0; i < w->g->n_node; i++)
    if (w->g->node[i]->kernel) return w->g->node[i];
  return NULL;
}
