/* What splits the examples into classes, and the results within each. */
#include <stdlib.h>
#include <string.h>
#include "core/report/explained.h"

static const double LEVEL = 0.95;

/* ---- which class ---- */

/* Of a run's examples: a text, or a number as text; NULL: not known. [n] */
typedef struct reading {
  const at_report *r;
  const rx_block *b;
  const at_by *by;
  const char **text; /* [runs * examples] */
  double *number;
  bool numbers, any;
  at_error *err;
} reading;

static const rx_field *field_of(const rx_own *o, const char *name) {
  for (size_t i = 0; i < o->n_fields; i++)
    if (!strcmp(o->field[i].name, name)) return &o->field[i];
  return NULL;
}

static void read_field(reading *d, size_t run) {
  const rx_own *o = &d->b->own[run];
  const rx_field *f = field_of(o, d->by->name);
  const char *name = at_arena_printf(d->r->arena, "field.%s", d->by->name);
  const at_array *a = f && name ? at_rx_array(o, name, AT_I32, 1) : NULL;
  if (!a) return;
  d->any = true;
  for (size_t i = 0; i < o->n; i++) {
    int32_t c = ((const int32_t *)a->data)[i];
    if (c >= 0 && (size_t)c < f->n) d->text[run * d->b->examples + o->place[i]] = f->value[c];
  }
}

static void read_right(reading *d, size_t run) {
  const rx_own *o = &d->b->own[run];
  const at_array *a = at_rx_array(o, "correct", AT_I32, 1);
  if (!a) return;
  d->any = true;
  for (size_t i = 0; i < o->n; i++) {
    int32_t right = ((const int32_t *)a->data)[i];
    if (right >= 0) d->text[run * d->b->examples + o->place[i]] = right ? "right" : "wrong";
  }
}

/* Keys, length, output. */
static void read_number(reading *d, size_t run) {
  const rx_own *o = &d->b->own[run];
  const at_array *real = at_rx_array(o, d->by->name, AT_F32, 1);
  const at_array *whole = at_rx_array(o, d->by->name, AT_I32, 1);
  const at_array *offsets = at_arrays_find(&o->arrays, "offsets");
  const bool keys = !strcmp(d->by->name, "keys") && offsets;
  d->any |= real || whole || keys;
  for (size_t i = 0; i < o->n; i++) {
    double v = NAN;
    if (keys)
      v = (double)(((const int64_t *)offsets->data)[i + 1] - ((const int64_t *)offsets->data)[i]);
    else if (real)
      v = (double)((const float *)real->data)[i];
    else if (whole && ((const int32_t *)whole->data)[i] >= 0)
      v = ((const int32_t *)whole->data)[i];
    d->number[run * d->b->examples + o->place[i]] = v;
  }
}

static at_status to_numbers(reading *d, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (d->text[i] && !at_parse_f64(d->text[i], &d->number[i]))
      return at_fail(d->err, AT_EINPUT, "`%s` is no number that could be cut into bins: `%.40s`",
                     d->by->name, d->text[i]);
  d->numbers = true;
  return AT_OK;
}

static at_status no_such(const reading *d) {
  at_text t = {0};
  for (size_t i = 0; i < d->r->n_runs && !t.len; i++)
    for (size_t k = 0; k < d->b->own[i].n_fields; k++)
      at_text_addf(&t, ", `%s`", d->b->own[i].field[k].name);
  at_status st =
      t.failed ? at_nomem(d->err)
               : at_fail(d->err, AT_EINPUT,
                         "no run has the condition `%s`; there are `correct`, `length`, `keys`, "
                         "`output`%s",
                         d->by->name, t.data ? t.data : "");
  at_text_free(&t);
  return st;
}

static at_status split(const at_report *r, const rx_block *b, const at_by *by, at_split *out,
                       at_error *err) {
  static const char *const numbers[] = {"keys", "length", "output"};
  size_t n = r->n_runs * b->examples;
  reading d = {r,
               b,
               by,
               AT_NEW_ARRAY(r->arena, const char *, n + 1),
               AT_NEW_ARRAY(r->arena, double, n + 1),
               false,
               false,
               err};
  if (!d.text || !d.number) return at_nomem(err);
  for (size_t i = 0; i < n; i++) d.number[i] = NAN;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    d.numbers |= !strcmp(by->name, numbers[i]);
  void (*read)(reading *, size_t) = d.numbers                      ? read_number
                                    : !strcmp(by->name, "correct") ? read_right
                                                                   : read_field;
  for (size_t i = 0; i < r->n_runs; i++)
    if (b->own[i].n) read(&d, i);
  if (!d.any) return no_such(&d);
  at_status st = !d.numbers && by->bins ? to_numbers(&d, n) : AT_OK;
  if (st != AT_OK) return st;
  return d.numbers ? at_split_numbers(by->name, d.number, n, by->bins, r->arena, out, err)
                   : at_split_texts(by->name, d.text, n, r->arena, out, err);
}

/* ---- results within ---- */

typedef struct work {
  const at_report *r;
  const rp_explained *x;
  const rx_block *b;
  at_resampling how;
  at_error *err;
} work;

static int32_t class_of(const work *w, const rx_condition *c, size_t run, size_t example) {
  return c->split.of[run * w->b->examples + example];
}

/* The means of a group's classes. */
static at_status means(const work *w, const rx_condition *c, const rx_sample *s, size_t group,
                       rx_within *v) {
  size_t n = w->b->examples, classes = c->split.classes, cells;
  if (!at_mul_size(s->s.seeds * n, classes, &cells)) return at_nomem(w->err);
  double *own = calloc(cells + 1, sizeof *own);
  at_samples *part = calloc(classes + 1, sizeof *part);
  at_interval *range = calloc(classes + 1, sizeof *range);
  at_status st = own && part && range ? AT_OK : at_nomem(w->err);
  for (size_t k = 0; st == AT_OK && k < classes; k++) {
    double *to = own + k * s->s.seeds * n;
    part[k] = (at_samples){to, s->s.seeds, n};
    for (size_t i = 0; i < s->s.seeds * n; i++)
      to[i] = class_of(w, c, s->run[i / n], i % n) == (int32_t)k ? s->value[i] : NAN;
  }
  if (st == AT_OK) st = at_bootstrap_many(part, classes, &w->how, range, w->err);
  for (size_t k = 0; st == AT_OK && k < classes; k++) {
    const at_interval *i = &range[k];
    v->stat[group * classes + k] =
        (rp_stat){i->seeds, i->seeds ? i->mean : 0, NAN, i->low, i->high, NAN, RP_PLAIN};
    v->examples[group * classes + k] = i->examples;
  }
  free(own);
  free(part);
  free(range);
  return st;
}

/* Each seed by itself: its examples are not those of another twice. */
static at_status explained(const work *w, const rx_condition *c, const rx_sample *s, size_t group,
                           rx_within *v) {
  size_t seeds = 0;
  double sum = 0, p = 0;
  at_status st = AT_OK;
  for (size_t k = 0; st == AT_OK && k < s->s.seeds; k++) {
    at_split one = c->split;
    at_anova a;
    one.n = w->b->examples;
    one.of = c->split.of + s->run[k] * w->b->examples;
    st = at_variance_explained(s->value + k * w->b->examples, &one, &w->how, &a, w->err);
    if (st != AT_OK || isnan(a.omega)) continue;
    sum += a.omega;
    p = fmax(p, a.p);
    seeds++;
  }
  v->omega[group] = seeds ? sum / (double)seeds : NAN;
  v->p[group] = seeds ? p : NAN;
  return st;
}

static at_status within(const work *w, const rx_condition *c, const rx_column *column,
                        rx_within *v) {
  size_t groups = w->r->n_groups, cells = groups * c->split.classes;
  at_arena *a = w->r->arena;
  *v = (rx_within){column, AT_NEW_ARRAY(a, rp_stat, cells + 1), AT_NEW_ARRAY(a, size_t, cells + 1),
                   AT_NEW_ARRAY(a, double, groups + 1), AT_NEW_ARRAY(a, double, groups + 1)};
  at_status st = v->stat && v->examples && v->omega && v->p ? AT_OK : at_nomem(w->err);
  for (size_t g = 0; st == AT_OK && g < groups; g++) {
    rx_sample s = {0};
    v->omega[g] = v->p[g] = NAN;
    st = at_rx_gather(w->r, w->x, w->b, column->result, g, &s, w->err);
    if (st == AT_OK && s.s.seeds) st = means(w, c, &s, g, v);
    if (st == AT_OK && s.s.seeds) st = explained(w, c, &s, g, v);
    at_rx_sample_free(&s);
  }
  return st;
}

static at_status condition(const work *w, const rp_table *t, const at_by *by, rx_condition *c) {
  at_status st = split(w->r, w->b, by, &c->split, w->err);
  if (st != AT_OK) return st;
  c->v = AT_NEW_ARRAY(w->r->arena, rx_within, t->n_head + 1);
  if (!c->v) return at_nomem(w->err);
  for (size_t i = 0; st == AT_OK && i < t->n_head; i++)
    if (t->head[i].result && t->head[i].result->each) st = within(w, c, &t->head[i], &c->v[c->n++]);
  return st;
}

at_status at_rx_conditions(const at_report *r, const char *text, rp_explained *x, at_pool *pool,
                           at_error *err) {
  at_by *by = NULL;
  size_t n = 0;
  at_status st = at_parse_by(text, r->arena, &by, &n, err);
  for (size_t b = 0; st == AT_OK && b < x->n; b++) {
    rp_table *t = &x->table[b];
    work w = {r, x, &x->block[b], {.pool = pool, .level = LEVEL}, err};
    if (!x->block[b].examples) continue; /* nothing was measured */
    t->condition = AT_NEW_ARRAY(r->arena, rx_condition, n + 1);
    if (!t->condition) return at_nomem(err);
    for (; st == AT_OK && t->n_conditions < n; t->n_conditions++)
      st = condition(&w, t, &by[t->n_conditions], &t->condition[t->n_conditions]);
  }
  return st;
}
