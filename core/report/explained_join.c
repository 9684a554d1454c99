/* Examples of several runs in one order, and the numbers of a group as seeds by examples. */
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"
#include "core/report/explained.h"

/* ---- one order ---- */

static const int64_t *rows_of(const rx_own *o, size_t *width) {
  const at_array *a = at_arrays_find(&o->arrays, "rows");
  *width = a ? (size_t)a->shape[1] : 0;
  return a ? a->data : NULL;
}

typedef struct row {
  const int64_t *at;
  size_t width, run, example;
} row;

static int by_rows(const void *a, const void *b) {
  const row *x = a, *y = b;
  if (x->width != y->width) return x->width < y->width ? -1 : 1;
  for (size_t i = 0; i < x->width; i++)
    if (x->at[i] != y->at[i]) return x->at[i] < y->at[i] ? -1 : 1;
  return 0;
}

at_status at_rx_join(const at_report *r, rx_block *b, at_error *err) {
  size_t all = 0, n = 0;
  for (size_t i = 0; i < r->n_runs; i++) all += b->own[i].n;
  row *v = calloc(all + 1, sizeof *v);
  if (!v) return at_nomem(err);
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && i < r->n_runs; i++) {
    rx_own *o = &b->own[i];
    size_t width;
    const int64_t *rows = rows_of(o, &width);
    o->place = AT_NEW_ARRAY(r->arena, size_t, o->n + 1);
    if (!o->place) st = at_nomem(err);
    for (size_t k = 0; st == AT_OK && k < o->n; k++) v[n++] = (row){rows + k * width, width, i, k};
  }
  if (st == AT_OK && n) qsort(v, n, sizeof *v, by_rows);
  for (size_t k = 0; st == AT_OK && k < n; k++) {
    b->examples += !k || by_rows(&v[k - 1], &v[k]) != 0;
    b->own[v[k].run].place[v[k].example] = b->examples - 1;
  }
  free(v);
  return st;
}

/* ---- numbers of a group ---- */

static at_status give_room(const at_report *r, const rx_block *b, size_t group, rx_sample *out,
                           at_error *err) {
  size_t cells, seeds = r->group[group].n;
  *out = (rx_sample){.s = {.examples = b->examples}};
  if (!at_mul_size(seeds, b->examples, &cells)) return at_nomem(err);
  out->value = calloc(cells + 1, sizeof *out->value);
  out->run = calloc(seeds + 1, sizeof *out->run);
  out->s.value = out->value;
  if (!out->value || !out->run) {
    at_rx_sample_free(out);
    return at_nomem(err);
  }
  for (size_t i = 0; i < cells; i++) out->value[i] = NAN;
  return AT_OK;
}

void at_rx_sample_free(rx_sample *s) {
  free(s->value);
  free(s->run);
  *s = (rx_sample){0};
}

at_status at_rx_gather(const at_report *r, const rp_explained *x, const rx_block *b,
                       const rx_result *v, size_t group, rx_sample *out, at_error *err) {
  const rp_group *g = &r->group[group];
  at_status st = give_room(r, b, group, out, err);
  for (size_t i = 0; st == AT_OK && i < g->n; i++) {
    const rx_own *o = &b->own[g->run[i]];
    const at_array *a = at_arrays_find(&o->values, v->full);
    if (!a || at_rx_why(x, b, v, g->run[i])) continue;
    double *to = out->value + out->s.seeds * b->examples;
    for (size_t k = 0; k < o->n; k++) to[o->place[k]] = ((const double *)a->data)[k];
    out->run[out->s.seeds++] = g->run[i];
  }
  return st;
}

at_status at_rx_gather_right(const at_report *r, const rx_block *b, size_t group, rx_sample *out,
                             at_error *err) {
  const rp_group *g = &r->group[group];
  at_status st = give_room(r, b, group, out, err);
  for (size_t i = 0; st == AT_OK && i < g->n; i++) {
    const rx_own *o = &b->own[g->run[i]];
    const at_array *a = at_rx_array(o, "correct", AT_I32, 1);
    if (!a) continue;
    double *to = out->value + out->s.seeds * b->examples;
    for (size_t k = 0; k < o->n; k++) {
      int32_t right = ((const int32_t *)a->data)[k];
      if (right >= 0) to[o->place[k]] = right;
    }
    out->run[out->s.seeds++] = g->run[i];
  }
  return st;
}

/* ---- why there is none ---- */

/* The metric as a whole failed. */
static const char *of_metric(const rx_block *b, const rx_result *v, size_t run) {
  for (size_t i = 0; i < b->n; i++)
    if (!b->result[i].name && !strcmp(b->result[i].metric, v->metric)) return b->result[i].why[run];
  return NULL;
}

const char *at_rx_block_why(const rp_explained *x, const rx_block *b, size_t run) {
  const rx_own *o = &b->own[run];
  if (x->why[run]) return x->why[run];
  if (o->why) return o->why;
  return o->n ? NULL : "this block was not explained";
}

const char *at_rx_why(const rp_explained *x, const rx_block *b, const rx_result *v, size_t run) {
  const rx_own *o = &b->own[run];
  const char *whole = at_rx_block_why(x, b, run);
  if (whole) return whole;
  if (v->why[run]) return v->why[run];
  if (v->name && of_metric(b, v, run)) return of_metric(b, v, run);
  const at_array *a = at_arrays_find(&o->values, v->full);
  if (v->each ? !a : isnan(v->single[run])) return "this metric was not asked for";
  for (size_t i = 0; a && i < o->n; i++)
    if (!isnan(((const double *)a->data)[i])) return NULL;
  return a ? "it is defined for no example" : NULL;
}
