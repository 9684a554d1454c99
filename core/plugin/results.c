/* What metrics say: single numbers, and numbers example by example with their mean. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/plugin/plugin_impl.h"

typedef struct entry {
  at_result r;
  double *each; /* NULL: a single number */
  int64_t n, defined;
  char *missing; /* why it is not to be had */
} entry;

struct attune_results {
  entry *v;
  size_t n;
};

static at_status add(attune_results *r, const char *name, int higher_is_better, entry **out,
                     at_error *err) {
  if (!name || !*name || strlen(name) >= sizeof r->v->r.name)
    return at_fail(err, AT_EFAIL, "a metric gives a result without a name of 1 to 63 bytes");
  entry *v = realloc(r->v, (r->n + 1) * sizeof *v);
  if (!v) return at_nomem(err);
  r->v = v;
  *out = &v[r->n++];
  memset(*out, 0, sizeof **out);
  strcpy((*out)->r.name, name);
  (*out)->r.value = NAN;
  (*out)->r.higher_is_better = higher_is_better;
  return AT_OK;
}

int at_host_result(attune_results *r, const char *name, double value, int higher_is_better) {
  at_error err = {0};
  entry *e;
  at_status s = add(r, name, higher_is_better, &e, &err);
  if (s == AT_OK) e->r.value = value;
  return at_host_keep(s, &err);
}

/* The mean over the examples for which there is a number. */
static void summarise(entry *e) {
  double sum = 0;
  for (int64_t i = 0; i < e->n; i++) {
    if (isnan(e->each[i])) continue;
    sum += e->each[i];
    e->defined++;
  }
  if (e->defined) e->r.value = sum / (double)e->defined;
}

static at_status keep_each(entry *e, const double *value, int64_t n, at_error *err) {
  size_t bytes;
  if (n < 0 || !at_mul_size((size_t)n, sizeof *value, &bytes))
    return at_fail(err, AT_EFAIL, "a metric gives `%s` for %lld examples", e->r.name, (long long)n);
  e->each = malloc(bytes + 1);
  if (!e->each) return at_nomem(err);
  memcpy(e->each, value, bytes);
  e->n = n;
  summarise(e);
  return AT_OK;
}

static at_status keep_missing(entry *e, at_error *err) {
  const char *why = at_host_message();
  e->missing = strdup(*why ? why : "the metric does not say why it is missing");
  return e->missing ? AT_OK : at_nomem(err);
}

int at_host_each(attune_results *r, const char *name, const double *value, int64_t n,
                 int higher_is_better) {
  at_error err = {0};
  entry *e;
  for (size_t i = 0; name && i < r->n; i++)
    if ((r->v[i].each || r->v[i].missing) && !strcmp(r->v[i].r.name, name))
      return at_host_keep(at_fail(&err, AT_EFAIL, "`%s` is given twice, example by example", name),
                          &err);
  at_status s = add(r, name, higher_is_better, &e, &err);
  if (s != AT_OK) return at_host_keep(s, &err);
  s = value ? keep_each(e, value, n, &err) : keep_missing(e, &err);
  if (s != AT_OK) r->n--;
  return at_host_keep(s, &err);
}

/* ---- reading them ---- */

at_results *at_results_new(void) { return calloc(1, sizeof(at_results)); }

static void clear(at_results *r) {
  for (size_t i = 0; i < r->n; i++) {
    free(r->v[i].each);
    free(r->v[i].missing);
  }
  free(r->v);
}

void at_results_free(at_results *r) {
  if (!r) return;
  clear(r);
  free(r);
}

size_t at_results_count(const at_results *r) { return r->n; }
const at_result *at_results_at(const at_results *r, size_t i) { return &r->v[i].r; }
const char *at_results_missing(const at_results *r, size_t i) { return r->v[i].missing; }

const double *at_results_each(const at_results *r, size_t i, int64_t *n, int64_t *defined) {
  if (n) *n = r->v[i].n;
  if (defined) *defined = r->v[i].defined;
  return r->v[i].each;
}

size_t at_results_find(const at_results *r, const char *name) {
  size_t i = 0;
  while (i < r->n && strcmp(r->v[i].r.name, name)) i++;
  return i;
}

/* ---- asking for them ---- */

at_status at_metric_results(const at_item *metric, const attune_options *o,
                            const attune_prediction *p, at_results *r, at_error *err) {
  const attune_metric *m = (const attune_metric *)(const void *)metric->item;
  at_host_begin();
  return at_host_end(m->compute(&at_host_table, o, p, r), metric->item, "compute", err);
}

/* Appends what was given, and takes it. */
static at_status append(at_results *r, at_status s, at_result **results, size_t *n, at_error *err) {
  at_result *v = realloc(*results, (*n + r->n + 1) * sizeof *v);
  if (v) *results = v;
  for (size_t i = 0; v && i < r->n; i++)
    if (!r->v[i].missing) v[(*n)++] = r->v[i].r;
  clear(r);
  return s == AT_OK && !v ? at_nomem(err) : s;
}

at_status at_metric_compute(const at_item *metric, const attune_options *o,
                            const attune_prediction *p, at_result **results, size_t *n,
                            at_error *err) {
  at_results r = {0};
  at_status s = at_metric_results(metric, o, p, &r, err);
  return append(&r, s, results, n, err);
}

/* ---- metrics of pictures ---- */

static const attune_metric *metric_of(const at_item *metric) {
  return (const attune_metric *)(const void *)metric->item;
}

bool at_metric_sees(const at_item *metric) {
  const attune_metric *m = metric_of(metric);
  return m->item.size >= sizeof *m && m->begin && m->pictures && m->conclude && m->end;
}

at_status at_metric_begin(const at_item *metric, const attune_options *o, void **state,
                          at_error *err) {
  *state = NULL;
  at_host_begin();
  return at_host_end(metric_of(metric)->begin(&at_host_table, o, state), metric->item, "begin",
                     err);
}

at_status at_metric_pictures(const at_item *metric, const attune_options *o, void *state,
                             const attune_pictures *batch, at_error *err) {
  at_host_begin();
  return at_host_end(metric_of(metric)->pictures(&at_host_table, o, state, batch), metric->item,
                     "pictures", err);
}

at_status at_metric_conclude(const at_item *metric, const attune_options *o, void *state,
                             const attune_prediction *p, at_result **results, size_t *n,
                             at_error *err) {
  at_results r = {0};
  at_host_begin();
  at_status s = at_host_end(metric_of(metric)->conclude(&at_host_table, o, state, p, &r),
                            metric->item, "conclude", err);
  return append(&r, s, results, n, err);
}

void at_metric_end(const at_item *metric, void *state) { metric_of(metric)->end(state); }
