/* The tables of what explain measured. */
#include <string.h>
#include "core/report/explained.h"

const char *at_rx_number(at_arena *a, double v, int decimals) {
  char buf[RP_NUMBER];
  if (!isfinite(v)) return NULL;
  const char *s = at_rp_number(buf, v, decimals);
  return *s == '-' ? at_arena_printf(a, "−%s", s + 1) : at_arena_strdup(a, s);
}

const char *at_rx_range(at_arena *a, double low, double high, int decimals) {
  const char *from = at_rx_number(a, low, decimals), *to = at_rx_number(a, high, decimals);
  return from && to ? at_arena_printf(a, "[%s, %s]", from, to) : NULL;
}

static const char *arrow(int better) {
  return better < 0 ? "" : better ? "\xC2\xA0↑" : "\xC2\xA0↓";
}

void at_rx_fill_cell(at_arena *a, const rx_column *c, size_t g, rp_cell *out) {
  const rp_stat *s = &c->c.stat[g];
  *out = (rp_cell){.text = "–", .mark = s->mark};
  if (!s->n) return;
  out->text = at_rx_number(a, s->mean, c->c.decimals);
  out->small = at_rx_range(a, s->low, s->high, c->c.decimals);
}

/* ---- headline ---- */

/* Seeds and examples behind a row: the most that a column has. */
static const char *counts(const at_report *r, const rp_table *t, size_t g, at_arena *a) {
  size_t seeds = 0, examples = 0;
  for (size_t c = 0; c < t->n_head; c++) {
    if (!t->head[c].result) continue;
    if (t->head[c].c.stat[g].n > seeds) seeds = t->head[c].c.stat[g].n;
    if (t->head[c].examples[g] > examples) examples = t->head[c].examples[g];
  }
  if (!seeds) return "–";
  return at_arena_printf(a, "%zu%s × %zu", seeds, seeds < r->group[g].n ? " (!)" : "", examples);
}

at_status at_rx_head_grid(const at_report *r, size_t block, at_arena *a, rp_grid *out,
                          at_error *err) {
  const rp_explained *x = r->explained;
  const rp_table *t = &x->table[block];
  const size_t rows = x->block[block].n ? r->n_groups : 0; /* none: nothing was measured */
  at_status st = at_rp_grid_new(a, rows, t->n_head, out, err);
  if (st != AT_OK) return st;
  out->title = x->block[block].name;
  out->corner = "group";
  out->span = AT_NEW_ARRAY(a, const char *, out->columns + 1);
  if (!out->span) return at_nomem(err);
  for (size_t c = 0; c < t->n_head; c++) {
    const rx_column *v = &t->head[c];
    out->span[c] = at_rx_side_name(v->side);
    out->head[c] = at_arena_printf(a, "%s%s", v->c.metric, arrow(v->c.better));
    if (!out->head[c]) return at_nomem(err);
  }
  for (size_t g = 0; g < rows; g++) {
    rp_cell *row = out->cell + g * out->columns;
    out->label[g] = r->group[g].label;
    out->under[g] = counts(r, t, g, a);
    if (!out->under[g]) return at_nomem(err);
    for (size_t c = 0; c < t->n_head; c++) at_rx_fill_cell(a, &t->head[c], g, &row[c]);
  }
  return at_rx_missing(r, &x->block[block], t->head, t->n_head, a, &out->notes, err);
}

/* ---- every result ---- */

at_status at_rx_all_grid(const at_report *r, size_t block, at_arena *a, rp_grid *out,
                         at_error *err) {
  const rp_explained *x = r->explained;
  const rp_table *t = &x->table[block];
  at_status st = at_rp_grid_new(a, t->n_all, r->n_groups, out, err);
  if (st != AT_OK) return st;
  out->title = at_arena_printf(a, "All results of %s", x->block[block].name);
  out->corner = "result";
  for (size_t g = 0; g < r->n_groups; g++) out->head[g] = r->group[g].label;
  for (size_t i = 0; i < t->n_all; i++) {
    const rx_column *v = &t->all[i];
    const rx_result *own = v->result;
    if (!i || strcmp(own->metric, t->all[i - 1].result->metric)) out->section[i] = own->metric;
    out->label[i] =
        at_arena_printf(a, "%s%s", own->name ? own->name : "no results", arrow(own->better));
    if (!out->label[i]) return at_nomem(err);
    for (size_t g = 0; g < r->n_groups; g++)
      at_rx_fill_cell(a, v, g, &out->cell[i * out->columns + g]);
  }
  if (!out->title) return at_nomem(err);
  return at_rx_missing(r, &x->block[block], t->all, t->n_all, a, &out->notes, err);
}

/* ---- what it all means ---- */

typedef struct legend {
  const at_report *r;
  at_arena *a;
  rp_notes *out;
  at_status st;
  at_error *err;
} legend;

static void say(legend *l, at_text *t) {
  if (l->st == AT_OK && t->failed) l->st = at_nomem(l->err);
  if (l->st == AT_OK && t->len) l->st = at_rp_note(l->a, l->out, t->data, l->err);
  at_text_free(t);
}

/* A mark in some headline table. */
static bool any_mark(const legend *l, rp_mark m) {
  const rp_explained *x = l->r->explained;
  for (size_t b = 0; b < x->n; b++)
    for (size_t c = 0; c < x->table[b].n_head; c++)
      for (size_t g = 0; g < l->r->n_groups; g++)
        if (x->table[b].head[c].c.stat[g].mark == m) return true;
  return false;
}

static void say_columns(legend *l) {
  const rp_explained *x = l->r->explained;
  for (size_t b = 0; b < x->n; b++)
    for (size_t c = 0; c < x->table[b].n_head; c++) {
      const rx_column *v = &x->table[b].head[c];
      bool before = false;
      for (size_t i = 0; i < b; i++)
        for (size_t k = 0; k < x->table[i].n_head; k++)
          before |= !strcmp(x->table[i].head[k].full, v->full);
      at_text t = {0};
      if (before) continue;
      at_text_addf(&t, "%s: %s", v->c.metric, v->about);
      if (v->result) at_text_addf(&t, " (%s)", v->full);
      at_text_add(&t, ".");
      say(l, &t);
    }
}

static void say_marks(legend *l, const char *best) {
  at_text t = {0};
  if (any_mark(l, RP_BEST))
    at_text_addf(&t, "%s: the best mean of the column, and told from all others.", best);
  say(l, &t);
  if (any_mark(l, RP_LIKE)) at_text_add(&t, "~: the best mean, and what is not told from it.");
  say(l, &t);
  if (any_mark(l, RP_BEST) || any_mark(l, RP_LIKE))
    at_text_add(&t,
                "Told from: the test by flips of sign over examples, each averaged over its "
                "seeds, with Holm's correction over the column (5 %), and the interval of the "
                "difference, seeds and examples resampled, has no 0 in it.");
  say(l, &t);
  if (any_mark(l, RP_FLOOR))
    at_text_add(&t,
                "≈: no farther from the best than groups that are one function lie from each "
                "other; no finding.");
  say(l, &t);
}

static void say_singles(legend *l) {
  size_t n = 0;
  at_text t = {0};
  for (size_t g = 0; g < l->r->n_groups; g++) n += l->r->group[g].n == 1;
  if (n)
    at_text_addf(&t,
                 "%s a single seed: the interval speaks of other examples for this one run, and "
                 "no best is marked beside it.",
                 n == l->r->n_groups ? "Every group has" : "Some groups have");
  say(l, &t);
}

at_status at_rx_legend(const at_report *r, const char *best, at_arena *a, rp_notes *out,
                       at_error *err) {
  legend l = {r, a, out, AT_OK, err};
  at_text t = {0};
  *out = (rp_notes){0};
  at_text_addf(
      &t,
      "Attention of the split %s: mean [95 %% interval], seeds and examples resampled. Beside a "
      "group: seeds "
      "× examples; of few seeds an interval may reach beyond what the number can be. ↑: higher is "
      "better; ↓: lower is.",
      r->explained->split);
  say(&l, &t);
  say_columns(&l);
  say_marks(&l, best);
  say_singles(&l);
  return l.st;
}
