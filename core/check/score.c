/* Scores: shapes, numbers at the ends of what floats hold, independence, repetition. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/check/check_impl.h"

enum { SPEC = 512 };

/* Heads with parameters of their own: a score may refuse that, with a sentence. */
static bool composes_for_each(ck *c, const char *spec) {
  ck_dims d = ck_small;
  ck_net w;
  d.layout = CK_HEADS;
  if (!ck_net_open(c, spec, &d, &(ck_net_options){.each = true}, &w))
    return c->err.code == AT_EINPUT;
  ck_net_close(&w);
  return true;
}

at_check_outcome ck_layouts(ck *c) {
  char spec[SPEC];
  for (size_t v = 0; ck_variant(c, v, spec, sizeof spec); v++) {
    if (!composes_for_each(c, spec))
      return ck_fail(c, "%s, each head with its own parameters: %s", spec, c->err.message);
    for (ck_layout l = 0; l < CK_LAYOUTS; l++) {
      ck_dims d = ck_small;
      ck_net w;
      d.layout = l;
      if (!ck_net_open(c, spec, &d, NULL, &w))
        return ck_fail(c, "%s, %s: %s", spec, ck_layout_name(l), c->err.message);
      ck_net_close(&w);
    }
  }
  return AT_CHECK_PASS;
}

/* ---- shapes ---- */

static int64_t not_finite(const float *v, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (!isfinite(v[i])) return i;
  return -1;
}

/* What is not finite after forward and backward, in words; NULL: nothing. */
static const char *where_not_finite(ck *c, ck_net *w) {
  float *grad = ck_weights(c, w->n);
  const char *what = NULL;
  if (!grad) return "memory";
  if (not_finite(ck_net_forward(w), w->n) >= 0) what = "a score";
  ck_net_backward(w, grad);
  if (!what && not_finite(ck_net_key_grad(w), w->nk) >= 0) what = "a gradient of the key";
  if (!what && not_finite(ck_net_query_grad(w), w->nq) >= 0) what = "a gradient of the query";
  if (!what && not_finite(w->p->grad, (int64_t)w->p->count) >= 0)
    what = "a gradient of a parameter";
  free(grad);
  return what;
}

static const ck_dims SHAPES[] = {
    {CK_APART, 1, 1, 1, {1}, 1},         {CK_APART, 1, 1, 1, {1}, 7},
    {CK_APART, 2, 36, 3, {1, 9, 2}, 16}, {CK_APART, 1, 17, 1, {31}, 33},
    {CK_SWAPPED, 3, 5, 2, {1, 12}, 3},   {CK_HEADS, 2, 1, 1, {9}, 5},
    {CK_HEADS, 2, 9, 1, {1}, 8},         {CK_SELF, 1, 1, 3, {1, 13, 4}, 6},
    {CK_SELF, 1, 1, 1, {1}, 1},          {CK_APART, 3, 203, 2, {70, 33}, 37},
    {CK_APART, 1, 600, 1, {300}, 64},
};

at_check_outcome ck_shapes(ck *c) {
  for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
    const ck_dims *d = &SHAPES[i];
    ck_net w;
    if (!ck_net_open(c, c->spec, d, NULL, &w))
      return ck_fail(c, "%s, %lld x %lld keys of depth %lld: %s", ck_layout_name(d->layout),
                     (long long)d->pictures, (long long)d->keys, (long long)d->depth,
                     c->err.message);
    const char *what = where_not_finite(c, &w);
    ck_net_close(&w);
    if (what)
      return ck_fail(c, "%s is not finite: %s, %lld keys, %lld words, depth %lld", what,
                     ck_layout_name(d->layout), (long long)d->keys, (long long)d->words[0],
                     (long long)d->depth);
  }
  return AT_CHECK_PASS;
}

/* ---- a pair alone ---- */

at_check_outcome ck_alone(ck *c) {
  const ck_dims d = {CK_APART, 2, 5, 2, {3, 4}, 6}, one = {CK_APART, 1, 1, 1, {1}, 6};
  const int64_t regions = d.pictures * d.keys, words = d.words[0] + d.words[1];
  ck_net all, pair;
  at_check_outcome out = AT_CHECK_PASS;
  if (!ck_net_open(c, c->spec, &d, NULL, &all)) return ck_err(c, "made");
  if (!ck_net_open(c, c->spec, &one, NULL, &pair)) {
    ck_net_close(&all);
    return ck_err(c, "made for one pair");
  }
  const float *s = ck_net_forward(&all);
  for (int64_t i = 0; i < regions && out == AT_CHECK_PASS; i++)
    for (int64_t j = 0; j < words && out == AT_CHECK_PASS; j++) {
      memcpy(pair.kv, all.kv + i * d.depth, (size_t)d.depth * sizeof(float));
      memcpy(pair.qv, all.qv + j * d.depth, (size_t)d.depth * sizeof(float));
      const float alone = ck_net_forward(&pair)[0], among = s[i * words + j];
      if (!(fabsf(alone - among) <= 1e-4f * (1 + fabsf(alone))))
        out = ck_fail(c,
                      "key %lld with query %lld scores %g alone and %g among others; a score is of "
                      "one pair",
                      (long long)i, (long long)j, alone, among);
    }
  ck_net_close(&all);
  ck_net_close(&pair);
  return out;
}

/* ---- the ends of floats ---- */

typedef struct level {
  const char *name;
  float value;
  bool finite; /* numbers must come out */
} level;
static const level LEVELS[] = {
    {"zero", 0, true},      {"1e-30", 1e-30f, true},       {"denormal", 1e-41f, true},
    {"10", 10, true},       {"1e4", 1e4f, false},          {"1e18", 1e18f, false},
    {"3e38", 3e38f, false}, {"infinity", INFINITY, false},
};

at_check_outcome ck_extremes(ck *c) {
  for (ck_layout l = 0; l < CK_LAYOUTS; l++)
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++)
      for (int which = 0; which < 3; which++) { /* key, query, both */
        ck_dims d = ck_small;
        ck_net w;
        d.layout = l;
        if (!ck_net_open(c, c->spec, &d, NULL, &w)) return ck_err(c, "made");
        for (int64_t k = 0; k < w.nk && which != 1; k++)
          w.kv[k] = LEVELS[i].value * (k % 2 ? -1 : 1);
        for (int64_t k = 0; k < w.nq && which != 0; k++)
          w.qv[k] = LEVELS[i].value * (k % 3 ? 1 : -1);
        const char *what = where_not_finite(c, &w);
        ck_net_close(&w);
        if (what && LEVELS[i].finite)
          return ck_fail(c, "%s is not finite where %s %s %s", what,
                         which == 2 ? "key and query"
                         : which    ? "the query"
                                    : "the key",
                         which == 2 ? "are" : "is", LEVELS[i].name);
      }
  return AT_CHECK_PASS;
}

at_check_outcome ck_nan(ck *c) {
  const ck_dims d = {CK_APART, 2, 5, 2, {3, 4}, 6};
  const int64_t regions = d.pictures * d.keys, words = d.words[0] + d.words[1];
  enum { KEY = 3, QUERY = 5 };
  ck_net clean, w;
  at_check_outcome out = AT_CHECK_PASS;
  if (!ck_net_open(c, c->spec, &d, NULL, &clean)) return ck_err(c, "made");
  if (!ck_net_open(c, c->spec, &d, NULL, &w)) {
    ck_net_close(&clean);
    return ck_err(c, "made");
  }
  for (int64_t e = 0; e < d.depth; e++) w.kv[KEY * d.depth + e] = w.qv[QUERY * d.depth + e] = NAN;
  const float *s = ck_net_forward(&clean), *t = ck_net_forward(&w);
  for (int64_t i = 0; i < regions && out == AT_CHECK_PASS; i++)
    for (int64_t j = 0; j < words && out == AT_CHECK_PASS; j++)
      if (i != KEY && j != QUERY &&
          !(fabsf(s[i * words + j] - t[i * words + j]) <= 1e-5f * (1 + fabsf(s[i * words + j]))))
        out = ck_fail(c,
                      "key %d and query %d are no numbers, and the score of key %lld with query "
                      "%lld changes from %g to %g",
                      KEY, QUERY, (long long)i, (long long)j, s[i * words + j], t[i * words + j]);
  ck_net_close(&clean);
  ck_net_close(&w);
  return out;
}

/* ---- bits ---- */

typedef struct bits {
  float *v;
  int64_t n;
} bits;

/* Scores and all gradients, one after another; v NULL: c->err says why. */
static bits take(ck *c, const ck_dims *d, const ck_net_options *o, float *parameters) {
  ck_net w;
  bits b = {NULL, 0};
  if (!ck_net_open(c, c->spec, d, o, &w)) return b;
  if (parameters) memcpy(w.p->value, parameters, w.p->count * sizeof(float));
  float *grad = ck_weights(c, w.n);
  b.n = w.n + w.nk + w.nq + (int64_t)w.p->count;
  b.v = malloc((size_t)(b.n + 1) * sizeof *b.v);
  if (!grad || !b.v) {
    at_nomem(&c->err);
    free(b.v);
    b.v = NULL;
  } else {
    float *at = b.v;
    memcpy(at, ck_net_forward(&w), (size_t)w.n * sizeof *at);
    ck_net_backward(&w, grad);
    memcpy(at += w.n, ck_net_key_grad(&w), (size_t)w.nk * sizeof *at);
    memcpy(at += w.nk, ck_net_query_grad(&w), (size_t)w.nq * sizeof *at);
    memcpy(at += w.nq, w.p->grad, w.p->count * sizeof *at);
  }
  free(grad);
  ck_net_close(&w);
  return b;
}

static const char *part_of(const ck_dims *d, int64_t i, int64_t n) {
  (void)d;
  return i < n ? "scores" : "gradients";
}

static int64_t differs(const bits *a, const bits *b) {
  if (a->n != b->n) return 0;
  for (int64_t i = 0; i < a->n; i++)
    if (memcmp(&a->v[i], &b->v[i], sizeof *a->v)) return i;
  return -1;
}

static int64_t score_count(const ck_dims *d) {
  int64_t words = 0;
  for (int i = 0; i < d->captions; i++) words += d->words[i];
  return d->pictures * d->keys * words;
}

at_check_outcome ck_threads(ck *c) {
  enum { TURNS = 3 };
  static const int counts[] = {2, 3, 7};
  bits one = take(c, &ck_large, &(ck_net_options){.backward = true}, NULL);
  at_check_outcome out = one.v ? AT_CHECK_PASS : ck_err(c, "made");
  for (size_t i = 0; i < TURNS * sizeof counts / sizeof *counts && out == AT_CHECK_PASS; i++) {
    at_pool *pool = NULL;
    const int threads = counts[i / TURNS];
    if (at_pool_new(threads, &pool, &c->err) != AT_OK) {
      out = ck_err(c, "threads");
      break;
    }
    bits b = take(c, &ck_large, &(ck_net_options){.pool = pool, .backward = true}, NULL);
    at_pool_free(pool);
    int64_t at = b.v ? differs(&one, &b) : -1;
    if (!b.v) out = ck_err(c, "made");
    if (at >= 0)
      out = ck_fail(c, "on %d threads the %s differ from those on one, in number %lld", threads,
                    part_of(&ck_large, at, score_count(&ck_large)), (long long)at);
    free(b.v);
  }
  free(one.v);
  return out;
}

at_check_outcome ck_repeat(ck *c) {
  static const ck_dims dims[] = {{CK_APART, 2, 36, 3, {1, 9, 2}, 16},
                                 {CK_SELF, 1, 1, 3, {1, 13, 4}, 6}};
  at_check_outcome out = AT_CHECK_PASS;
  for (size_t i = 0; i < 2 * sizeof dims / sizeof *dims && out == AT_CHECK_PASS; i++) {
    const ck_dims *d = &dims[i / 2];
    bits a = take(c, d, &(ck_net_options){.backward = true}, NULL);
    bits b = take(c, d, &(ck_net_options){.backward = true, .poison = i % 2}, NULL);
    int64_t at = a.v && b.v ? differs(&a, &b) : -1;
    if (!a.v || !b.v) out = ck_err(c, "made");
    if (at >= 0)
      out = ck_fail(c, "%s, the second time the %s differ, in number %lld%s",
                    ck_layout_name(d->layout),
                    d->layout == CK_APART ? part_of(d, at, score_count(d)) : "numbers",
                    (long long)at, i % 2 ? "; memory held NaN before" : "");
    free(a.v);
    free(b.v);
  }
  return out;
}

/* ---- two at once, and made anew ---- */

at_check_outcome ck_instances(ck *c) {
  char spec[SPEC];
  at_check_outcome out = AT_CHECK_PASS;
  for (size_t v = 0; out == AT_CHECK_PASS && ck_variant(c, v, spec, sizeof spec); v++) {
    ck_net a, b;
    float *before = NULL;
    if (!ck_net_open(c, c->spec, &ck_small, NULL, &a)) return ck_err(c, "made");
    if ((before = malloc((size_t)a.n * sizeof *before)))
      memcpy(before, ck_net_forward(&a), (size_t)a.n * sizeof *before);
    if (!before || !ck_net_open(c, spec, &ck_small, NULL, &b)) {
      out = ck_err(c, "made beside another one");
    } else {
      ck_net_forward(&b);
      if (memcmp(before, ck_net_forward(&a), (size_t)a.n * sizeof *before))
        out = ck_fail(c, "once %s is made too, %s gives other scores", spec, c->spec);
      ck_net_close(&b);
    }
    free(before);
    ck_net_close(&a);
  }
  return out;
}

at_check_outcome ck_saved(ck *c) {
  ck_net a, b;
  at_check_outcome out = AT_CHECK_PASS;
  if (!ck_net_open(c, c->spec, &ck_small, NULL, &a)) return ck_err(c, "made");
  if (!ck_net_open(c, c->spec, &ck_small, NULL, &b)) {
    ck_net_close(&a);
    return ck_err(c, "made a second time");
  }
  for (int i = 0; i < b.g->n_param && out == AT_CHECK_PASS; i++) {
    const at_node *p = b.g->param[i], *kept = NULL;
    for (int k = 0; k < a.g->n_param; k++)
      if (!strcmp(a.g->param[k]->pname, p->pname) && a.p->size[k] == b.p->size[i]) {
        kept = a.g->param[k];
        memcpy(b.p->value + b.p->offset[i], a.p->value + a.p->offset[k],
               a.p->size[k] * sizeof(float));
      }
    if (!kept)
      out = ck_fail(c, "made a second time, it has the parameter %s, which the first one lacks",
                    p->pname);
  }
  if (out == AT_CHECK_PASS && a.g->n_param != b.g->n_param)
    out = ck_fail(c, "made a second time, it has %d parameters in the place of %d", b.g->n_param,
                  a.g->n_param);
  if (out == AT_CHECK_PASS &&
      memcmp(ck_net_forward(&a), ck_net_forward(&b), (size_t)a.n * sizeof(float)))
    out = ck_fail(c, "made a second time, with the same parameters, it gives other scores");
  ck_net_close(&a);
  ck_net_close(&b);
  return out;
}
