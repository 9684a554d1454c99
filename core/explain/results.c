/* Blocks one after another; what metric plugins make of each. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

typedef struct work {
  at_session *s;
  const at_explain_options *o;
  at_chosen metrics;
} work;

static void free_one(at_explained *e) {
  at_prediction_free(e->arrays);
  at_arena_free(e->arena);
}

void at_explained_free(at_explained *e, size_t n) {
  for (size_t i = 0; e && i < n; i++) free_one(&e[i]);
  free(e);
}

/* ---- intervals ---- */

static at_status within(at_explained *e, at_explain_result *r, const at_resampling *how,
                        at_error *err) {
  const at_samples v = {r->each, 1, (size_t)e->examples};
  at_status st = AT_OK;
  r->within = AT_NEW_ARRAY(e->arena, at_explain_within, e->n_by + 1);
  if (!r->within) return at_nomem(err);
  for (size_t b = 0; st == AT_OK && b < e->n_by; b++) {
    at_explain_within *w = &r->within[b];
    w->part = AT_NEW_ARRAY(e->arena, at_interval, e->by[b].classes + 1);
    st = w->part ? at_by_class(&v, &e->by[b], how, w->part, err) : at_nomem(err);
    if (st == AT_OK) st = at_variance_explained(r->each, &e->by[b], how, &w->anova, err);
  }
  return st;
}

static at_status keep_each(at_explained *e, at_explain_result *r, const double *each,
                           const at_resampling *how, at_error *err) {
  const size_t n = (size_t)e->examples;
  double *v = AT_NEW_ARRAY(e->arena, double, n + 1);
  if (!v) return at_nomem(err);
  memcpy(v, each, n * sizeof *v);
  r->each = v;
  at_status st = at_bootstrap(&(at_samples){v, 1, n}, how, &r->mean, err);
  return st == AT_OK ? within(e, r, how, err) : st;
}

/* ---- metrics ---- */

/* NULL: out of memory. `name`, `why` may be NULL. */
static at_explain_result *add(at_explained *e, const char *metric, const char *name,
                              const char *why) {
  at_explain_result *v =
      at_arena_grow(e->arena, e->result, e->n_results, &e->cap_results, sizeof *v);
  if (!v) return NULL;
  e->result = v;
  v += e->n_results;
  *v = (at_explain_result){.metric = at_arena_strdup(e->arena, metric),
                           .name = name ? at_arena_strdup(e->arena, name) : NULL,
                           .why = why ? at_arena_strdup(e->arena, why) : NULL,
                           .better = -1,
                           .mean = {NAN, NAN, NAN, 1, 0}};
  if (!v->metric || (name && !v->name) || (why && !v->why)) return NULL;
  e->n_results++;
  return v;
}

static at_status keep_result(at_explained *e, const char *metric, const at_results *from, size_t i,
                             const at_resampling *how, at_error *err) {
  int64_t n;
  const at_result *given = at_results_at(from, i);
  const double *each = at_results_each(from, i, &n, NULL);
  const char *why = at_results_missing(from, i);
  char other[96];
  snprintf(other, sizeof other, "given for %lld examples of %lld", (long long)n,
           (long long)e->examples);
  if (each && n != e->examples) why = other;
  at_explain_result *r = add(e, metric, given->name, why);
  if (!r) return at_nomem(err);
  r->better = given->higher_is_better;
  r->mean.mean = given->value;
  return each && !why ? keep_each(e, r, each, how, err) : AT_OK;
}

/* A metric that lacks what it needs says so; the others go on. */
static at_status run_metric(const at_chosen_metric *m, at_explained *e, const at_resampling *how,
                            at_error *err) {
  at_error why = {0};
  at_results *r = at_results_new();
  if (!r) return at_nomem(err);
  at_status st = at_metric_results(m->item, m->options, e->arrays, r, &why);
  if (st == AT_ENOMEM)
    at_nomem(err);
  else if (st != AT_OK)
    st = add(e, m->name, NULL, why.message) ? AT_OK : at_nomem(err);
  else
    for (size_t i = 0; st == AT_OK && i < at_results_count(r); i++)
      st = keep_result(e, m->name, r, i, how, err);
  at_results_free(r);
  return st;
}

static at_status run_metrics(const work *w, at_explained *e, at_error *err) {
  const at_resampling how = {.seed = w->o->seed, .pool = at_session_pool(w->s)};
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && i < w->metrics.n; i++)
    st = run_metric(&w->metrics.metric[i], e, &how, err);
  return st;
}

/* ---- blocks ---- */

static at_status split_by(const work *w, at_explained *e, at_error *err) {
  at_by *by = NULL;
  size_t n;
  at_status st = at_conditions_read(w->s, w->o, e->arena, &by, &n, err);
  if (st != AT_OK) return st;
  e->by = AT_NEW_ARRAY(e->arena, at_split, n + 1);
  if (!e->by) return at_nomem(err);
  for (; st == AT_OK && e->n_by < n; e->n_by++)
    st = at_condition_split(w->s, w->o->split, e->arrays, &by[e->n_by], e->arena, &e->by[e->n_by],
                            err);
  return st;
}

static at_status explain_one(const work *w, const char *block, at_explained *e, at_error *err) {
  at_error why = {0};
  attune_array offsets;
  e->arena = at_arena_new();
  e->block = e->arena ? at_arena_strdup(e->arena, block) : NULL;
  if (!e->block) return at_nomem(err);
  at_status st = at_explain_block(w->s, block, w->o, &e->arrays, &e->cost, &why);
  if (st == AT_EINPUT) {
    e->why = at_arena_strdup(e->arena, why.message);
    return e->why ? AT_OK : at_nomem(err);
  }
  if (st != AT_OK) return at_fail(err, st, "%s", why.message);
  at_prediction_array(e->arrays, "offsets", &offsets);
  e->examples = offsets.shape[0] - 1;
  if (w->o->other) st = at_compare_read(w->s, block, w->o, e->arrays, err);
  if (st == AT_OK) st = split_by(w, e, err);
  if (st == AT_OK)
    st = at_condition_fields(w->s, w->o->split, e->arrays, e->arena, &e->field, &e->n_fields, err);
  return st == AT_OK ? run_metrics(w, e, err) : st;
}

/* Wrong names, and a split that is not there, are said before anything runs. */
static at_status check(const at_session *s, const char *const *blocks, size_t n,
                       const at_explain_options *o, at_error *err) {
  if (!at_session_graph(s)->n_attend)
    return at_fail(err, AT_EINPUT, "the model `%s` has no attention block to explain",
                   at_session_graph(s)->name);
  for (size_t i = 0; i < n; i++)
    if (at_explain_find(s, blocks[i], err) < 0) return AT_EINPUT;
  at_arena *a = at_arena_new();
  at_status st = a ? at_conditions_check(s, o, a, err) : at_nomem(err);
  at_arena_free(a);
  return st;
}

at_status at_explain(at_session *s, const char *const *blocks, size_t n,
                     const at_explain_options *o, at_explained **out, size_t *n_out,
                     at_error *err) {
  const at_graph *g = at_session_graph(s);
  const size_t all = n ? n : (size_t)g->n_attend;
  at_explain_options with = *o;
  work w = {.s = s, .o = &with};
  *out = NULL;
  *n_out = 0;
  at_status st = check(s, blocks, n, o, err);
  if (st == AT_OK) st = at_chosen_find(at_session_registry(s), o, &w.metrics, err);
  if (st != AT_OK) return st;
  with.order = w.metrics.order;
  with.n_orders = w.metrics.n_orders;
  *out = calloc(all, sizeof **out);
  if (!*out) st = at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < all; i++, ++*n_out)
    st = explain_one(&w, n ? blocks[i] : g->attend[i].name, &(*out)[i], err);
  at_chosen_free(&w.metrics);
  if (st == AT_OK) return AT_OK;
  at_explained_free(*out, all);
  *out = NULL;
  *n_out = 0;
  return st;
}
