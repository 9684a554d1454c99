/* The same numbers for other programs: CSV and JSON. LaTeX is in latex.c. */
#include <stdlib.h>
#include <string.h>
#include "core/base/csv.h"
#include "core/report/explained.h"

const char *at_rp_mark_word(rp_mark m) {
  static const char *const word[] = {"no", "yes", "unclear", "unknown", "noise"};
  return word[m];
}

/* ---- CSV ---- */

static void csv_row(at_text *t, const at_report *r, const rp_group *g, const rp_column *c,
                    const rp_stat *s) {
  for (size_t k = 0; k < r->n_keys; k++) at_csv_field(t, g->value[k] ? g->value[k] : "", k == 0);
  at_csv_field(t, c->metric, r->n_keys == 0);
  at_csv_number(t, s->n ? s->mean : NAN);
  at_csv_number(t, s->sd);
  at_csv_number(t, s->low);
  at_csv_number(t, s->high);
  at_text_addf(t, ",%zu,%s%s\r\n", s->n, c->better < 0 ? "" : at_rp_mark_word(s->mark),
               r->explained ? ",,," : "");
}

at_status at_report_csv(const at_report *r, const at_report_options *o, at_text *out,
                        at_error *err) {
  at_arena *a = at_arena_new();
  rp_summary s = {0};
  at_status st = a ? at_rp_summarise(r, o, a, &s, err) : at_nomem(err);
  if (st == AT_OK) {
    for (size_t k = 0; k < r->n_keys; k++) at_csv_field(out, r->key[k], k == 0);
    at_text_addf(out, "%smetric,mean,sd,low,high,n,best%s\r\n", r->n_keys ? "," : "",
                 r->explained ? ",block,examples,missing" : "");
  }
  for (size_t g = 0; st == AT_OK && g < r->n_groups; g++)
    for (size_t c = 0; c < s.n; c++)
      csv_row(out, r, &r->group[g], &s.column[c], &s.column[c].stat[g]);
  if (st == AT_OK && r->explained) at_rx_csv(r, out);
  if (st == AT_OK && out->failed) st = at_nomem(err);
  at_arena_free(a);
  return st;
}

/* ---- JSON ---- */

static json_t *real_or_null(double v) { return isfinite(v) ? json_real(v) : json_null(); }

/* Folder names need not be UTF-8; JSON text is. */
static json_t *clean_string(at_arena *a, const char *s) {
  const char *c = at_rp_clean(a, s);
  return c ? json_string(c) : NULL;
}

static json_t *run_json(const rp_run *run, const rp_summary *s, at_arena *a) {
  const char *seed = at_rp_setting(run, "seed");
  json_t *values = json_object();
  for (size_t c = 0; c < s->n; c++) {
    const rp_value *v = at_rp_value(run, s->split, s->column[c].metric);
    json_object_set_new(values, s->column[c].metric, v ? json_real(v->value) : json_null());
  }
  return json_pack("{s:o, s:o, s:s, s:f, s:I, s:I, s:o}", "directory", clean_string(a, run->dir),
                   "seed", seed ? json_string(seed) : json_null(), "attune", run->version,
                   "seconds", run->seconds, "steps", (json_int_t)run->steps, "parameters",
                   (json_int_t)run->parameters, "values", values);
}

static json_t *stat_json(const rp_column *c, const rp_stat *s) {
  return json_pack("{s:o, s:o, s:o, s:o, s:I, s:i, s:s, s:o}", "mean",
                   real_or_null(s->n ? s->mean : NAN), "sd", real_or_null(s->sd), "low",
                   real_or_null(s->low), "high", real_or_null(s->high), "n", (json_int_t)s->n,
                   "higher_is_better", c->better, "best",
                   c->better < 0 ? "none" : at_rp_mark_word(s->mark), "p", real_or_null(s->p));
}

static json_t *group_json(const at_report *r, size_t index, const rp_summary *s, at_arena *a) {
  const rp_group *g = &r->group[index];
  json_t *settings = json_object(), *metrics = json_object(), *runs = json_array();
  for (size_t k = 0; k < r->n_keys; k++)
    json_object_set_new(settings, r->key[k], g->value[k] ? json_string(g->value[k]) : json_null());
  for (size_t c = 0; c < s->n; c++)
    json_object_set_new(metrics, s->column[c].metric,
                        stat_json(&s->column[c], &s->column[c].stat[index]));
  for (size_t i = 0; i < g->n; i++) json_array_append_new(runs, run_json(&r->run[g->run[i]], s, a));
  return json_pack("{s:s, s:o, s:o, s:o}", "label", g->label, "settings", settings, "metrics",
                   metrics, "runs", runs);
}

static json_t *same_json(const at_report *r) {
  json_t *out = json_array();
  for (size_t i = 0; i < r->same.n; i++) {
    const at_same_class *k = &r->same.v[i];
    json_t *cells = json_array(), *why = json_array();
    for (size_t c = 0; c < k->n; c++)
      json_array_append_new(cells, json_string(r->group[k->cell[c]].label));
    for (size_t c = 0; c < k->n_why; c++) json_array_append_new(why, json_string(k->why[c]));
    json_array_append_new(
        out, json_pack("{s:s, s:b, s:o, s:o}", "relation", at_same_key(k->how), "holds",
                       k->tried != AT_TRIED_FALSE, "groups", cells, "why", why));
  }
  return out;
}

static json_t *report_json(const at_report *r, const rp_summary *s, at_arena *a) {
  json_t *common = json_object(), *groups = json_array(), *unfinished = json_array();
  for (size_t i = 0; i < r->n_common; i++)
    json_object_set_new(common, r->common[i].key, json_string(r->common[i].value));
  for (size_t g = 0; g < r->n_groups; g++) json_array_append_new(groups, group_json(r, g, s, a));
  for (size_t i = 0; i < r->n_unfinished; i++)
    json_array_append_new(unfinished, clean_string(a, r->unfinished[i]));
  json_t *j = json_pack("{s:o, s:o, s:o, s:o, s:o}", "split", clean_string(a, s->split), "common",
                        common, "groups", groups, "same", same_json(r), "unfinished", unfinished);
  if (r->explained) json_object_set_new(j, "explained", at_rx_json(r));
  return j;
}

at_status at_report_json(const at_report *r, const at_report_options *o, at_text *out,
                         at_error *err) {
  at_arena *a = at_arena_new();
  rp_summary s;
  json_t *j = NULL;
  char *text = NULL;
  at_status st = a ? at_rp_summarise(r, o, a, &s, err) : at_nomem(err);
  if (st == AT_OK) j = report_json(r, &s, a);
  if (j) text = json_dumps(j, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
  if (text) at_text_addf(out, "%s\n", text);
  if (st == AT_OK && (!text || out->failed)) st = at_nomem(err);
  free(text);
  json_decref(j);
  at_arena_free(a);
  return st;
}
