/* What metrics make of each block, to be read. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/explain/explain_impl.h"

enum { NAME = 26, AT_ONCE = 3 }; /* least width of names; classes beside each other */

static int width(const at_explained *e) {
  size_t most = NAME;
  for (size_t i = 0; i < e->n_results; i++)
    if (e->result[i].name && !e->result[i].why && strlen(e->result[i].name) > most)
      most = strlen(e->result[i].name);
  return (int)most;
}

/* The end of a line, which has no blanks before it. */
static void end_line(at_text *t) {
  while (!t->failed && t->len && t->data[t->len - 1] == ' ') t->data[--t->len] = '\0';
  at_text_add(t, "\n");
}

static const char *better(int higher) { return higher < 0 ? "" : higher ? "higher" : "lower"; }

/* ---- what is missing ---- */

static bool for_the_same(const at_explain_result *a, const at_explain_result *b) {
  return b->name && b->why && !strcmp(a->metric, b->metric) && !strcmp(a->why, b->why);
}

/* Results that are missing for one reason, in one line; returns how many. */
static size_t add_missing(at_text *t, const at_explain_result *r, size_t n) {
  size_t k = 1;
  at_text_addf(t, "    %s", r->name ? r->name : "");
  while (k < n && r->name && for_the_same(r, &r[k])) at_text_addf(t, ", %s", r[k++].name);
  at_text_addf(t, "%s%s\n", r->name ? ": " : "", r->why);
  return k;
}

/* ---- over all examples ---- */

static void add_number(at_text *t, double v) {
  if (isnan(v))
    at_text_addf(t, "%10s", "-");
  else
    at_text_addf(t, "%10.4f", v);
}

static void add_result(at_text *t, const at_explain_result *r, int wide) {
  at_text_addf(t, "    %-*s", wide, r->name);
  add_number(t, r->mean.mean);
  if (isnan(r->mean.low))
    at_text_addf(t, "  %20s", "");
  else
    at_text_addf(t, "  %9.4f .. %7.4f", r->mean.low, r->mean.high);
  if (r->each)
    at_text_addf(t, " %7zu", r->mean.examples);
  else
    at_text_addf(t, " %7s", "");
  at_text_addf(t, "  %s", better(r->better));
  end_line(t);
}

static void add_all(at_text *t, const at_explained *e) {
  const int wide = width(e);
  at_text_addf(t, "  %-*s%10s  %20s %7s  better\n", wide + 2, "metric", "mean", "95 % interval",
               "n");
  for (size_t i = 0; i < e->n_results;) {
    const at_explain_result *r = &e->result[i];
    if (!i || strcmp(r->metric, r[-1].metric)) at_text_addf(t, "  %s\n", r->metric);
    if (r->why) {
      i += add_missing(t, r, e->n_results - i);
      continue;
    }
    add_result(t, r, wide);
    i++;
  }
}

/* ---- by condition ---- */

/* `count`: examples of the class; how many of them have a value is said where it is fewer. */
static void add_class(at_text *t, const at_interval *v, size_t count) {
  char text[64] = "-", n[24] = "";
  if (!isnan(v->mean) && isnan(v->low))
    snprintf(text, sizeof text, "%.3f", v->mean);
  else if (!isnan(v->mean))
    snprintf(text, sizeof text, "%.3f (%.3f .. %.3f)", v->mean, v->low, v->high);
  if (!isnan(v->mean) && v->examples < count) snprintf(n, sizeof n, "n %zu", v->examples);
  at_text_addf(t, "  %24s %-5s", text, n);
}

static void add_heads(at_text *t, const at_split *by, size_t from, size_t to, int wide) {
  at_text_addf(t, "    %-*s", wide, "");
  for (size_t c = from; c < to; c++) {
    char text[64];
    snprintf(text, sizeof text, "%.20s, n = %zu", by->label[c], by->count[c]);
    at_text_addf(t, "  %24s %5s", text, "");
  }
  at_text_add(t, to == by->classes ? " omega^2       p" : "");
  end_line(t);
}

static void add_anova(at_text *t, const at_anova *a) {
  if (isnan(a->p))
    at_text_addf(t, " %7s %7s", "-", "-");
  else
    at_text_addf(t, " %7.3f %7.4f", a->omega, a->p);
}

static void add_classes(at_text *t, const at_explained *e, size_t b, size_t from, size_t to) {
  const int wide = width(e);
  add_heads(t, &e->by[b], from, to, wide);
  for (size_t i = 0; i < e->n_results; i++) {
    const at_explain_result *r = &e->result[i];
    if (!r->within) continue;
    at_text_addf(t, "    %-*s", wide, r->name);
    for (size_t c = from; c < to; c++) add_class(t, &r->within[b].part[c], e->by[b].count[c]);
    if (to == e->by[b].classes) add_anova(t, &r->within[b].anova);
    end_line(t);
  }
}

static void add_by(at_text *t, const at_explained *e, size_t b) {
  const at_split *by = &e->by[b];
  at_text_addf(t, "\n  by %s%s\n", by->name, by->classes ? "" : ": it is known of no example");
  for (size_t from = 0; from < by->classes; from += AT_ONCE)
    add_classes(t, e, b, from, from + AT_ONCE < by->classes ? from + AT_ONCE : by->classes);
}

/* ---- a block ---- */

static void add_cost(at_text *t, const at_explain_cost *c) {
  at_text_addf(t, "\n  %" PRId64 " passes from changed weights on, in %.1f s", c->passes,
               c->seconds);
  if (c->flops > 0)
    at_text_addf(t, "; whole passes would be %.1f times the arithmetic", c->whole_flops / c->flops);
  at_text_add(t, "\n");
}

void at_explain_table(const at_explained *e, size_t n, at_text *out) {
  for (size_t i = 0; i < n; i++) {
    at_text_addf(out, "%s%s", i ? "\n" : "", e[i].block);
    if (e[i].why) {
      at_text_addf(out, "\n  %s\n", e[i].why);
      continue;
    }
    at_text_addf(out, ", %" PRId64 " example%s\n", e[i].examples, e[i].examples == 1 ? "" : "s");
    add_all(out, &e[i]);
    for (size_t b = 0; b < e[i].n_by; b++) add_by(out, &e[i], b);
    add_cost(out, &e[i].cost);
  }
}
