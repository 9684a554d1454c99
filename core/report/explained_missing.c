/* What is missing of what explain measured, and why: a sentence for each reason. */
#include <string.h>
#include "core/report/explained.h"

typedef struct search {
  const at_report *r;
  const rx_block *b;
  const rx_column *column;
  size_t n;
  bool bare; /* no run has any result of the block */
} search;

static const char *why(const search *s, size_t c, size_t run) {
  if (s->bare) return at_rx_block_why(s->r->explained, s->b, run);
  const rx_result *v = s->column[c].result;
  return v ? at_rx_why(s->r->explained, s->b, v, run) : NULL;
}

static bool is_new(const search *s, size_t c, size_t run, const char *reason) {
  for (size_t i = 0; i < s->r->n_runs; i++)
    for (size_t k = 0; k < s->n; k++) {
      if (i == run && k == c) return true;
      const char *other = why(s, k, i);
      if (other && !strcmp(other, reason)) return false;
    }
  return true;
}

static bool has_reason(const search *s, size_t c, size_t run, const char *reason) {
  const char *own = why(s, c, run);
  return own && !strcmp(own, reason);
}

static void add_columns(const search *s, const char *reason, at_text *t) {
  size_t all = 0, found = 0;
  if (s->bare) {
    at_text_add(t, "Nothing");
    return;
  }
  for (size_t c = 0; c < s->n; c++) {
    bool any = false;
    for (size_t i = 0; i < s->r->n_runs; i++) any |= has_reason(s, c, i, reason);
    all += s->column[c].result != NULL;
    if (any) at_text_addf(t, "%s%s", found++ ? ", " : "No ", s->column[c].c.metric);
  }
  if (found < all || found < 2) return;
  at_text_free(t);
  at_text_add(t, "Nothing");
}

static void add_groups(const search *s, const char *reason, at_text *t) {
  at_text list = {0};
  size_t whole = 0;
  for (size_t g = 0; g < s->r->n_groups; g++) {
    const rp_group *group = &s->r->group[g];
    size_t runs = 0;
    for (size_t i = 0; i < group->n; i++) {
      bool any = false;
      for (size_t c = 0; c < s->n; c++) any |= has_reason(s, c, group->run[i], reason);
      runs += any;
    }
    whole += runs == group->n;
    if (!runs) continue;
    at_text_addf(&list, "%s%s", list.len ? "; " : "", group->label);
    if (runs < group->n) at_text_addf(&list, " (%zu of %zu runs)", runs, group->n);
  }
  if (whole == s->r->n_groups && whole > 1)
    at_text_add(t, " of any group");
  else
    at_text_addf(t, " of %s", list.data ? list.data : "");
  t->failed |= list.failed;
  at_text_free(&list);
}

at_status at_rx_missing(const at_report *r, const rx_block *b, const rx_column *column, size_t n,
                        at_arena *a, rp_notes *out, at_error *err) {
  const search s = {r, b, column, b->n ? n : 1, !b->n};
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && i < r->n_runs; i++)
    for (size_t c = 0; st == AT_OK && c < s.n; c++) {
      const char *reason = why(&s, c, i);
      at_text t = {0};
      if (!reason || !is_new(&s, c, i, reason)) continue;
      add_columns(&s, reason, &t);
      add_groups(&s, reason, &t);
      at_text_addf(&t, ": %s.", reason);
      st = t.failed ? at_nomem(err) : at_rp_note(a, out, t.data, err);
      at_text_free(&t);
    }
  return st;
}
