/* Blocks one after another; what metric plugins make of each. */
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

static void free_metrics(at_explain_metric *m, size_t n) {
  for (size_t i = 0; i < n; i++) {
    free(m[i].name);
    free(m[i].why);
    free(m[i].result);
  }
  free(m);
}

static void free_one(at_explained *e) {
  for (size_t i = 0; i < e->n_parts; i++) {
    free_metrics(e->part[i].metric, e->part[i].n_metrics);
    free(e->part[i].condition);
    free(e->part[i].value);
  }
  free(e->part);
  free_metrics(e->metric, e->n_metrics);
  free(e->block);
  free(e->why);
  at_prediction_free(e->arrays);
}

void at_explained_free(at_explained *e, size_t n) {
  for (size_t i = 0; e && i < n; i++) free_one(&e[i]);
  free(e);
}

static bool explains(const at_item *it) {
  if (it->item->kind != ATTUNE_METRIC) return false;
  const char *task = ((const attune_metric *)(const void *)it->item)->task;
  return task && !strcmp(task, "explain");
}

/* A metric that lacks what it needs says so; the others go on. */
static at_status run_metric(const at_item *it, const attune_prediction *p, at_explain_metric *to,
                            at_error *err) {
  attune_options *options = NULL;
  at_error why = {0};
  to->name = strdup(it->item->name);
  if (!to->name) return at_nomem(err);
  at_status st = at_options_new(it, NULL, 0, ".", &options, &why);
  if (st == AT_OK) st = at_metric_compute(it, options, p, &to->result, &to->n, &why);
  at_options_free(options);
  if (st == AT_OK) return AT_OK;
  if (st == AT_ENOMEM) return at_nomem(err);
  free(to->result);
  to->result = NULL;
  to->n = 0;
  to->why = strdup(why.message);
  return to->why ? AT_OK : at_nomem(err);
}

static at_status run_metrics(at_registry *reg, const attune_prediction *p, at_explain_metric **out,
                             size_t *n_out, at_error *err) {
  const at_item *items;
  size_t n;
  at_status st = at_registry_list(reg, &items, &n, NULL, err);
  if (st != AT_OK) return st;
  *out = calloc(n + 1, sizeof **out);
  if (!*out) return at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < n; i++)
    if (explains(&items[i])) st = run_metric(&items[i], p, &(*out)[(*n_out)++], err);
  return st;
}

/* ---- conditions ---- */

static at_status add_part(at_session *s, const char *condition, const at_parts *parts, size_t k,
                          at_explained *e, at_error *err) {
  attune_prediction *p = NULL;
  at_explain_part *to = &e->part[e->n_parts++];
  bool *in = calloc((size_t)e->examples + 1, sizeof *in);
  to->condition = strdup(condition);
  to->value = strdup(parts->name[k]);
  at_status st = in && to->condition && to->value ? AT_OK : at_nomem(err);
  for (int64_t i = 0; st == AT_OK && i < e->examples; i++)
    to->examples += in[i] = parts->of[i] == (int32_t)k;
  if (st == AT_OK) st = at_columns_part(e->arrays, in, &p, err);
  if (st == AT_OK) st = run_metrics(at_session_registry(s), p, &to->metric, &to->n_metrics, err);
  at_prediction_free(p);
  free(in);
  return st;
}

static at_status split_by(at_session *s, const char *condition, const at_explain_options *o,
                          at_explained *e, at_error *err) {
  at_parts parts = {0};
  at_status st = at_parts_find(s, o->split, e->arrays, condition, &parts, err);
  at_explain_part *v =
      st == AT_OK ? realloc(e->part, (e->n_parts + parts.n + 1) * sizeof *v) : NULL;
  if (st == AT_OK && !v) st = at_nomem(err);
  if (v) {
    e->part = v;
    memset(v + e->n_parts, 0, (parts.n + 1) * sizeof *v);
  }
  for (size_t k = 0; st == AT_OK && k < parts.n; k++)
    st = add_part(s, condition, &parts, k, e, err);
  at_parts_free(&parts);
  return st;
}

static at_status explain_one(at_session *s, const char *block, const at_explain_options *o,
                             at_explained *e, at_error *err) {
  at_error why = {0};
  attune_array offsets;
  e->block = strdup(block);
  if (!e->block) return at_nomem(err);
  at_status st = at_explain_block(s, block, o, &e->arrays, &e->cost, &why);
  if (st == AT_EINPUT) {
    e->why = strdup(why.message);
    return e->why ? AT_OK : at_nomem(err);
  }
  if (st != AT_OK) return at_fail(err, st, "%s", why.message);
  at_prediction_array(e->arrays, "offsets", &offsets);
  e->examples = offsets.shape[0] - 1;
  st = run_metrics(at_session_registry(s), e->arrays, &e->metric, &e->n_metrics, err);
  for (size_t i = 0; st == AT_OK && i < o->n_by; i++) st = split_by(s, o->by[i], o, e, err);
  return st;
}

/* Wrong names, and a split that is not there, are said before anything runs. */
static at_status check(const at_session *s, const char *const *blocks, size_t n,
                       const at_explain_options *o, at_error *err) {
  at_examples e;
  if (!at_session_graph(s)->n_attend)
    return at_fail(err, AT_EINPUT, "the model `%s` has no attention block to explain",
                   at_session_graph(s)->name);
  for (size_t i = 0; i < n; i++)
    if (at_explain_find(s, blocks[i], err) < 0) return AT_EINPUT;
  for (size_t i = 0; i < o->n_by; i++)
    if (at_parts_check(s, o->by[i], err) != AT_OK) return AT_EINPUT;
  at_status st = at_examples_find(s, o->split, 1, &e, err);
  if (st == AT_OK) at_examples_free(&e);
  return st;
}

at_status at_explain(at_session *s, const char *const *blocks, size_t n,
                     const at_explain_options *o, at_explained **out, size_t *n_out,
                     at_error *err) {
  const at_graph *g = at_session_graph(s);
  const size_t all = n ? n : (size_t)g->n_attend;
  *out = NULL;
  *n_out = 0;
  at_status st = check(s, blocks, n, o, err);
  if (st != AT_OK) return st;
  *out = calloc(all, sizeof **out);
  if (!*out) return at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < all; i++, ++*n_out)
    st = explain_one(s, n ? blocks[i] : g->attend[i].name, o, &(*out)[i], err);
  if (st == AT_OK) return AT_OK;
  at_explained_free(*out, all);
  *out = NULL;
  *n_out = 0;
  return st;
}
