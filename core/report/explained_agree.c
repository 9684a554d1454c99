/* Do runs of one group that differ in their seed attend to the same keys? */
#include <stdlib.h>
#include <string.h>
#include "core/analyse/agree.h"
#include "core/report/explained.h"

static const char *const METRIC = "attention_shape", *const NAME = "seed_agreement";
static const char *const ALONE = "a single seed has none to agree with";

/* The runs of a group that kept weights, and for each example of the block where its keys lie in
 * each of them. */
typedef struct shared {
  const rx_block *b;
  const rx_own **own; /* [seeds] */
  size_t seeds;
  int64_t **begin; /* [seeds][examples] first key, -1: the run has no such example */
  int64_t *keys;   /* [examples] the same number in all runs; 0: not in all */
} shared;

static void free_shared(shared *s) {
  for (size_t i = 0; s->begin && i < s->seeds; i++) free(s->begin[i]);
  free(s->begin);
  free(s->own);
  free(s->keys);
}

static at_status find_runs(const at_report *r, const rx_block *b, size_t group, shared *s,
                           at_error *err) {
  const rp_group *g = &r->group[group];
  *s = (shared){.b = b,
                .own = calloc(g->n + 1, sizeof *s->own),
                .begin = calloc(g->n + 1, sizeof *s->begin),
                .keys = calloc(b->examples + 1, sizeof *s->keys)};
  if (!s->own || !s->begin || !s->keys) return at_nomem(err);
  for (size_t i = 0; i < g->n; i++) {
    const rx_own *o = &b->own[g->run[i]];
    if (o->n && at_arrays_find(&o->arrays, "weight")) s->own[s->seeds++] = o;
  }
  return AT_OK;
}

static const int64_t *offsets_of(const rx_own *o) {
  return at_arrays_find(&o->arrays, "offsets")->data;
}

static at_status find_keys(shared *s, at_error *err) {
  for (size_t k = 0; k < s->seeds; k++) {
    const rx_own *o = s->own[k];
    const int64_t *off = offsets_of(o);
    int64_t *at = s->begin[k] = calloc(s->b->examples + 1, sizeof *at);
    if (!at) return at_nomem(err);
    for (size_t i = 0; i < s->b->examples; i++) at[i] = -1;
    for (size_t i = 0; i < o->n; i++) {
      int64_t keys = off[i + 1] - off[i], *own = &s->keys[o->place[i]];
      at[o->place[i]] = off[i];
      *own = !k || *own == keys ? keys : 0;
    }
    for (size_t i = 0; i < s->b->examples; i++)
      if (at[i] < 0) s->keys[i] = 0;
  }
  return AT_OK;
}

/* Maps of the shared examples, one behind the other. */
static at_status correlate(const shared *s, double *out, at_error *err) {
  size_t n = s->b->examples;
  int64_t *off = calloc(n + 1, sizeof *off);
  float **map = calloc(s->seeds + 1, sizeof *map);
  at_status st = off && map ? AT_OK : at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < n; i++) off[i + 1] = off[i] + s->keys[i];
  for (size_t k = 0; st == AT_OK && k < s->seeds; k++) {
    const float *w = at_arrays_find(&s->own[k]->arrays, "weight")->data;
    map[k] = calloc((size_t)off[n] + 1, sizeof **map);
    if (!map[k]) st = at_nomem(err);
    for (size_t i = 0; st == AT_OK && i < n; i++)
      for (int64_t j = 0; j < s->keys[i]; j++) map[k][off[i] + j] = w[s->begin[k][i] + j];
  }
  if (st == AT_OK) st = at_agreement((const float *const *)map, s->seeds, off, n, out, err);
  for (size_t k = 0; map && k < s->seeds; k++) free(map[k]);
  free(map);
  free(off);
  return st;
}

at_status at_rx_agreement(const at_report *r, const rx_block *b, size_t group, double *out,
                          size_t *seeds, at_error *err) {
  shared s;
  at_status st = find_runs(r, b, group, &s, err);
  *seeds = s.seeds;
  for (size_t i = 0; i < b->examples; i++) out[i] = NAN;
  if (st == AT_OK && s.seeds > 1) st = find_keys(&s, err);
  if (st == AT_OK && s.seeds > 1) st = correlate(&s, out, err);
  free_shared(&s);
  return st;
}

/* ---- as a result ---- */

static at_status fill(const at_report *r, const rx_block *b, const at_resampling *how, rx_result *v,
                      rx_column *c, at_error *err) {
  double *own = calloc(b->examples + 1, sizeof *own);
  at_status st = own ? AT_OK : at_nomem(err);
  for (size_t g = 0; st == AT_OK && g < r->n_groups; g++) {
    at_interval range;
    size_t seeds;
    st = at_rx_agreement(r, b, g, own, &seeds, err);
    if (st == AT_OK) st = at_bootstrap(&(at_samples){own, 1, b->examples}, how, &range, err);
    for (size_t i = 0; st == AT_OK && i < r->group[g].n; i++) {
      v->single[r->group[g].run[i]] = 0; /* it is there, though not of one run */
      if (seeds < 2) v->why[r->group[g].run[i]] = ALONE;
    }
    if (seeds < 2) c->why[g] = ALONE, c->lacking[g] = r->group[g].n;
    if (st != AT_OK || !range.examples) continue;
    c->c.stat[g] = (rp_stat){seeds, range.mean, NAN, range.low, range.high, NAN, RP_PLAIN};
    c->examples[g] = range.examples;
  }
  free(own);
  return st;
}

at_status at_rx_add_agreement(const at_report *r, const rx_block *b, const at_resampling *how,
                              rp_table *t, at_error *err) {
  rx_result *v = AT_NEW(r->arena, rx_result);
  rx_column c;
  size_t at = t->n_all;
  if (!v) return at_nomem(err);
  *v = (rx_result){.metric = METRIC,
                   .name = NAME,
                   .full = at_arena_printf(r->arena, "%s.%s", METRIC, NAME),
                   .better = -1,
                   .single = AT_NEW_ARRAY(r->arena, double, r->n_runs + 1),
                   .why = AT_NEW_ARRAY(r->arena, const char *, r->n_runs + 1)};
  if (!v->full || !v->single || !v->why) return at_nomem(err);
  at_status st = at_rx_new_column(r, v, &c, err);
  if (st == AT_OK) st = fill(r, b, how, v, &c, err);
  if (st != AT_OK) return st;
  while (at > 0 && strcmp(t->all[at - 1].result->metric, METRIC)) at--;
  if (!at) at = t->n_all;
  memmove(&t->all[at + 1], &t->all[at], (t->n_all - at) * sizeof *t->all);
  t->all[at] = c;
  t->n_all++;
  return at_rx_choose_decimals(r, &t->all[at].c, err);
}
