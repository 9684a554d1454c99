/* What explain measured, for other programs. */
#include <jansson.h>
#include <string.h>
#include "core/base/csv.h"
#include "core/report/explained.h"

/* ---- CSV ---- */

/* Marks are those of the headline: of other results nothing is judged. */
static const rx_column *headline(const rp_table *t, const rx_column *c) {
  for (size_t i = 0; i < t->n_head; i++)
    if (t->head[i].result == c->result) return &t->head[i];
  return NULL;
}

static const char *best_word(const rp_table *t, const rx_column *c, size_t g) {
  const rx_column *h = headline(t, c);
  return h && h->c.better >= 0 ? at_rp_mark_word(h->c.stat[g].mark) : "";
}

static void csv_line(const at_report *r, size_t block, const rx_column *c, size_t g, at_text *t) {
  const rp_explained *x = r->explained;
  const rp_stat *s = &c->c.stat[g];
  for (size_t k = 0; k < r->n_keys; k++)
    at_csv_field(t, r->group[g].value[k] ? r->group[g].value[k] : "", k == 0);
  at_csv_field(t, c->full, r->n_keys == 0);
  at_csv_number(t, s->n ? s->mean : NAN);
  at_csv_number(t, s->sd);
  at_csv_number(t, s->low);
  at_csv_number(t, s->high);
  at_text_addf(t, ",%zu,%s", s->n, best_word(&x->table[block], c, g));
  at_csv_field(t, x->block[block].name, false);
  if (c->result->each)
    at_text_addf(t, ",%zu", c->examples[g]);
  else
    at_text_add(t, ",");
  at_csv_field(t, c->why[g] ? c->why[g] : "", false);
  at_text_add(t, "\r\n");
}

void at_rx_csv(const at_report *r, at_text *t) {
  const rp_explained *x = r->explained;
  for (size_t g = 0; g < r->n_groups; g++)
    for (size_t b = 0; b < x->n; b++)
      for (size_t c = 0; c < x->table[b].n_all; c++) csv_line(r, b, &x->table[b].all[c], g, t);
}

/* ---- JSON ---- */

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static json_t *stat_json(const rp_table *t, const rx_column *c, size_t g) {
  const rp_stat *s = &c->c.stat[g];
  const rx_column *h = headline(t, c);
  json_t *j = json_pack("{s:o, s:o, s:o, s:I, s:I}", "mean", number(s->n ? s->mean : NAN), "low",
                        number(s->low), "high", number(s->high), "seeds", (json_int_t)s->n,
                        "examples", (json_int_t)c->examples[g]);
  if (h && h->c.better >= 0) {
    json_object_set_new(j, "best", json_string(at_rp_mark_word(h->c.stat[g].mark)));
    json_object_set_new(j, "p", number(h->c.stat[g].p));
  }
  if (c->why[g]) {
    json_object_set_new(j, "runs_missing", json_integer((json_int_t)c->lacking[g]));
    json_object_set_new(j, "missing", json_string(c->why[g]));
  }
  return j;
}

static json_t *block_json(const at_report *r, size_t block) {
  const rp_table *t = &r->explained->table[block];
  json_t *results = json_array();
  for (size_t c = 0; c < t->n_all; c++) {
    const rx_column *v = &t->all[c];
    json_t *groups = json_object();
    for (size_t g = 0; g < r->n_groups; g++)
      json_object_set_new(groups, r->group[g].label, stat_json(t, v, g));
    json_t *j = json_pack("{s:s, s:s*, s:i, s:o, s:o}", "metric", v->result->metric, "result",
                          v->result->name, "higher_is_better", v->c.better, "floor",
                          number(v->c.floor), "groups", groups);
    json_array_append_new(results, j);
  }
  return json_pack("{s:s, s:o, s:o, s:o, s:o}", "block", r->explained->block[block].name, "results",
                   results, "comparisons", at_rx_pairs_json(r, block), "curves",
                   at_rx_curves_json(r, block), "conditions", at_rx_conditions_json(r, block));
}

json_t *at_rx_json(const at_report *r) {
  const rp_explained *x = r->explained;
  json_t *blocks = json_array(), *none = json_object();
  for (size_t b = 0; b < x->n; b++) json_array_append_new(blocks, block_json(r, b));
  for (size_t i = 0; i < r->n_runs; i++)
    if (x->why[i])
      json_object_set_new(none, at_rp_clean(r->arena, r->run[i].dir), json_string(x->why[i]));
  return json_pack("{s:s, s:o, s:o}", "split", x->split, "blocks", blocks, "not_explained", none);
}
