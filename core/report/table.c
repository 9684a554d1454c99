/* The table for a terminal. */
#include <string.h>
#include "core/report/explained.h"

/* Widths of the three parts of a column: mean, " ± sd", and the mark. */
typedef struct layout {
  size_t mean, sd, all;
} layout;

static layout measure(const rp_column *c, size_t groups) {
  layout l = {1, 0, 0};
  char buf[RP_NUMBER];
  for (size_t g = 0; g < groups; g++) {
    if (!c->stat[g].n) continue;
    l.mean = at_rp_larger(l.mean, strlen(at_rp_number(buf, c->stat[g].mean, c->decimals)));
    if (c->stat[g].n > 1)
      l.sd = at_rp_larger(l.sd, strlen(at_rp_number(buf, c->stat[g].sd, c->decimals)));
  }
  l.all = at_rp_larger(l.mean + (l.sd ? 3 + l.sd : 0), at_rp_columns(c->metric));
  return l;
}

static void cell(at_text *t, const rp_column *c, const rp_stat *s, const layout *l, bool color) {
  char buf[RP_NUMBER];
  bool best = s->mark == RP_BEST;
  at_rp_pad(t, l->all - l->mean - (l->sd ? 3 + l->sd : 0));
  if (best && color) at_text_add(t, "\033[1;32m");
  at_rp_right(t, s->n ? at_rp_number(buf, s->mean, c->decimals) : "–", l->mean);
  if (s->n > 1) {
    at_text_add(t, " ± ");
    at_rp_right(t, at_rp_number(buf, s->sd, c->decimals), l->sd);
  } else if (l->sd) {
    at_rp_pad(t, 3 + l->sd);
  }
  if (best && color) at_text_add(t, "\033[0m");
  at_text_add(t, s->mark == RP_LIKE ? "~" : s->mark == RP_FLOOR ? "≈" : best && !color ? "*" : " ");
}

static void end_line(at_text *t) {
  while (t->len && t->data[t->len - 1] == ' ') t->data[--t->len] = '\0';
  at_text_add(t, "\n");
}

/* ---- the headline: a line for each group ---- */

static void header(at_text *t, const rp_summary *s, const layout *l, size_t label, size_t count,
                   bool color) {
  if (color) at_text_add(t, "\033[1m");
  at_rp_pad(t, label);
  at_text_add(t, "  ");
  at_rp_right(t, "n", count);
  for (size_t c = 0; c < s->n; c++) {
    if (s->column[c].part) continue;
    at_text_add(t, "  ");
    at_rp_right(t, s->column[c].metric, l[c].all);
    at_text_add(t, " ");
  }
  if (color) at_text_add(t, "\033[0m");
  end_line(t);
}

static at_status rows(const at_report *r, const rp_summary *s, bool color, at_arena *a, at_text *t,
                      at_error *err) {
  layout *l = AT_NEW_ARRAY(a, layout, s->n + 1);
  size_t label = 0, count = 1;
  char buf[RP_NUMBER];
  if (!l) return at_nomem(err);
  for (size_t c = 0; c < s->n; c++) l[c] = measure(&s->column[c], r->n_groups);
  for (size_t g = 0; g < r->n_groups; g++) {
    label = at_rp_larger(label, at_rp_columns(r->group[g].label));
    count = at_rp_larger(count, strlen(at_rp_number(buf, (double)r->group[g].n, 0)));
  }
  header(t, s, l, label, count, color);
  for (size_t g = 0; g < r->n_groups; g++) {
    at_rp_left(t, r->group[g].label, label);
    at_text_add(t, "  ");
    at_rp_right(t, at_rp_number(buf, (double)r->group[g].n, 0), count);
    for (size_t c = 0; c < s->n; c++) {
      if (s->column[c].part) continue;
      at_text_add(t, "  ");
      cell(t, &s->column[c], &s->column[c].stat[g], &l[c], color);
    }
    end_line(t);
  }
  return AT_OK;
}

/* ---- parts: a line for each, as there may be many ---- */

static void parts(const at_report *r, const rp_column *const *column, size_t n, bool color,
                  at_text *t) {
  size_t label = 0;
  layout all = {1, 0, 0};
  for (size_t c = 0; c < n; c++) {
    layout own = measure(column[c], r->n_groups);
    all.mean = at_rp_larger(all.mean, own.mean);
    all.sd = at_rp_larger(all.sd, own.sd);
    label = at_rp_larger(label, at_rp_columns(column[c]->part));
  }
  label = at_rp_larger(label, at_rp_columns(column[0]->base));
  if (color) at_text_add(t, "\033[1m");
  at_rp_left(t, column[0]->base, label);
  for (size_t g = 0; g < r->n_groups; g++) {
    size_t w = at_rp_larger(all.mean + (all.sd ? 3 + all.sd : 0), at_rp_columns(r->group[g].label));
    at_text_add(t, "  ");
    at_rp_right(t, r->group[g].label, w);
    at_text_add(t, " ");
  }
  if (color) at_text_add(t, "\033[0m");
  end_line(t);
  for (size_t c = 0; c < n; c++) {
    at_rp_left(t, column[c]->part, label);
    for (size_t g = 0; g < r->n_groups; g++) {
      layout own = all;
      own.all =
          at_rp_larger(all.mean + (all.sd ? 3 + all.sd : 0), at_rp_columns(r->group[g].label));
      at_text_add(t, "  ");
      cell(t, column[c], &column[c]->stat[g], &own, color);
    }
    end_line(t);
  }
}

static at_status all_parts(const at_report *r, const rp_summary *s, bool color, at_arena *a,
                           at_text *t, at_error *err) {
  const rp_column **column = AT_NEW_ARRAY(a, const rp_column *, s->n + 1);
  size_t n;
  if (!column) return at_nomem(err);
  for (size_t base = 0; (n = at_rp_parts(s, base, column)); base++) {
    at_text_add(t, "\n");
    parts(r, column, n, color, t);
  }
  return AT_OK;
}

at_status at_report_table(const at_report *r, const at_report_options *o, at_text *out,
                          at_error *err) {
  at_arena *a = at_arena_new();
  rp_summary s;
  const char **note = NULL;
  size_t n = 0;
  at_status st = a ? at_rp_summarise(r, o, a, &s, err) : at_nomem(err);
  if (st == AT_OK) st = rows(r, &s, o->color, a, out, err);
  if (st == AT_OK) st = all_parts(r, &s, o->color, a, out, err);
  if (st == AT_OK) st = at_rp_notes(r, &s, o->color ? "Bold" : "*", a, &note, &n, err);
  if (st == AT_OK) at_text_add(out, "\n");
  for (size_t i = 0; i < n; i++) at_text_addf(out, "%s\n", note[i]);
  if (st == AT_OK && r->explained) st = at_rx_text(r, o->color, a, out, err);
  if (st == AT_OK && out->failed) st = at_nomem(err);
  at_arena_free(a);
  return st;
}
