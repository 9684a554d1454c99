/* What was measured, as files. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/data/npz.h"
#include "core/explain/explain_impl.h"

enum { DIGITS = 9 };

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static json_t *arrays_json(const attune_prediction *p) {
  json_t *j = json_array();
  attune_array a;
  const char *name;
  for (size_t i = 0; (name = at_prediction_name(p, i, &a)); i++)
    json_array_append_new(j, json_string(name));
  return j;
}

/* ---- results ---- */

static json_t *interval_json(const at_explain_result *r, const at_interval *v) {
  json_t *j = json_pack("{s:o}", "mean", number(v->mean));
  if (r->each) {
    json_object_set_new(j, "low", number(v->low));
    json_object_set_new(j, "high", number(v->high));
    json_object_set_new(j, "n", json_integer((json_int_t)v->examples));
  }
  return j;
}

static json_t *result_json(const at_explain_result *r) {
  if (r->why) return json_pack("{s:s}", "missing", r->why);
  json_t *j = interval_json(r, &r->mean);
  if (r->better >= 0) json_object_set_new(j, "better", json_string(r->better ? "higher" : "lower"));
  return j;
}

/* The object of the metric in `all`, made when it is absent. */
static json_t *of_metric(json_t *all, const char *metric) {
  json_t *j = json_object_get(all, metric);
  if (j) return j;
  json_object_set_new(all, metric, json_object());
  return json_object_get(all, metric);
}

static json_t *metrics_json(const at_explained *e) {
  json_t *all = json_object();
  for (size_t i = 0; i < e->n_results; i++) {
    const at_explain_result *r = &e->result[i];
    json_t *m = of_metric(all, r->metric);
    if (!r->name)
      json_object_set_new(m, "missing", json_string(r->why));
    else
      json_object_set_new(of_metric(m, "results"), r->name, result_json(r));
  }
  return all;
}

static json_t *part_json(const at_explained *e, size_t b, size_t c) {
  json_t *all = json_object();
  for (size_t i = 0; i < e->n_results; i++) {
    const at_explain_result *r = &e->result[i];
    if (r->within)
      json_object_set_new(of_metric(all, r->metric), r->name,
                          interval_json(r, &r->within[b].part[c]));
  }
  return json_pack("{s:s, s:I, s:o}", "value", e->by[b].label[c], "examples",
                   (json_int_t)e->by[b].count[c], "metrics", all);
}

/* How much of each result the condition explains. */
static json_t *explained_json(const at_explained *e, size_t b) {
  json_t *all = json_object();
  for (size_t i = 0; i < e->n_results; i++) {
    const at_explain_result *r = &e->result[i];
    if (!r->within) continue;
    const at_anova *a = &r->within[b].anova;
    json_object_set_new(
        of_metric(all, r->metric), r->name,
        json_pack("{s:o, s:o}", "omega_squared", number(a->omega), "p", number(a->p)));
  }
  return all;
}

static json_t *by_json(const at_explained *e) {
  json_t *all = json_array();
  for (size_t b = 0; b < e->n_by; b++) {
    json_t *parts = json_array();
    for (size_t c = 0; c < e->by[b].classes; c++) json_array_append_new(parts, part_json(e, b, c));
    json_array_append_new(all, json_pack("{s:s, s:o, s:o}", "condition", e->by[b].name, "parts",
                                         parts, "explained", explained_json(e, b)));
  }
  return all;
}

/* What the numbers of `field.NAME` stand for. */
static json_t *fields_json(const at_explained *e) {
  json_t *all = json_object();
  for (size_t i = 0; i < e->n_fields; i++) {
    json_t *values = json_array();
    for (size_t c = 0; c < e->field[i].classes; c++)
      json_array_append_new(values, json_string(e->field[i].label[c]));
    json_object_set_new(all, e->field[i].name, values);
  }
  return all;
}

static json_t *block_json(const at_explained *e) {
  json_t *j = json_pack("{s:s}", "block", e->block);
  if (e->why) {
    json_object_set_new(j, "missing", json_string(e->why));
    return j;
  }
  json_object_set_new(j, "examples", json_integer((json_int_t)e->examples));
  json_object_set_new(j, "arrays", arrays_json(e->arrays));
  json_object_set_new(j, "metrics", metrics_json(e));
  if (e->n_by) json_object_set_new(j, "by", by_json(e));
  if (e->n_fields) json_object_set_new(j, "fields", fields_json(e));
  json_object_set_new(j, "passes", json_integer((json_int_t)e->cost.passes));
  json_object_set_new(j, "flops", number(e->cost.flops));
  json_object_set_new(j, "flops_of_whole_passes", number(e->cost.whole_flops));
  return j;
}

char *at_explain_json(const at_explained *e, size_t n, const at_explain_options *o) {
  json_t *blocks = json_array();
  at_text out = {0};
  for (size_t i = 0; i < n; i++) json_array_append_new(blocks, block_json(&e[i]));
  json_t *j = json_pack("{s:s, s:I, s:i, s:o}", "split", o->split, "seed", (json_int_t)o->seed,
                        "permutations", o->permutations, "blocks", blocks);
  if (o->other_name) json_object_set_new(j, "compared_with", json_string(o->other_name));
  char *text =
      j ? json_dumps(j, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(DIGITS)) : NULL;
  if (text) at_text_addf(&out, "%s\n", text);
  json_decref(j);
  free(text);
  if (out.failed) at_text_free(&out);
  return out.data;
}

static at_status add_array(at_arrays *to, const char *name, const attune_array *a, at_error *err) {
  static const at_dtype types[] = {
      [ATTUNE_F32] = AT_F32, [ATTUNE_I32] = AT_I32, [ATTUNE_I64] = AT_I64, [ATTUNE_U8] = AT_U8};
  at_array *v = at_arrays_add(to);
  at_status st =
      v ? at_array_init(v, name, types[a->type], (int)a->ndim, a->shape, err) : at_nomem(err);
  if (st == AT_OK)
    memcpy(v->data, a->data, (size_t)at_array_count(v) * at_dtype_size(types[a->type]));
  return st;
}

static at_status add_field(at_arrays *to, const at_split *f, at_error *err) {
  at_text name = {0};
  const int64_t n = (int64_t)f->n;
  at_text_addf(&name, "field.%s", f->name);
  at_array *v = name.failed ? NULL : at_arrays_add(to);
  at_status st = v ? at_array_init(v, name.data, AT_I32, 1, &n, err) : at_nomem(err);
  if (st == AT_OK) memcpy(v->data, f->of, f->n * sizeof *f->of);
  at_text_free(&name);
  return st;
}

static at_status write_npz(const char *dir, const char *block, const char *ending,
                           const at_arrays *v, at_error *err) {
  at_text file = {0};
  at_text_addf(&file, "%s/%s%s.npz", dir, block, ending);
  at_status st =
      file.data && !file.failed ? at_npz_write(file.data, v, AT_NPZ_DEFLATE, err) : at_nomem(err);
  at_text_free(&file);
  return st;
}

static at_status write_arrays(const at_explained *e, const char *dir, at_error *err) {
  at_arrays out = {0};
  attune_array a;
  const char *name;
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && (name = at_prediction_name(e->arrays, i, &a)); i++)
    st = add_array(&out, name, &a, err);
  for (size_t i = 0; st == AT_OK && i < e->n_fields; i++) st = add_field(&out, &e->field[i], err);
  if (st == AT_OK) st = write_npz(dir, e->block, "", &out, err);
  at_arrays_free(&out);
  return st;
}

static at_status add_values(at_arrays *to, const at_explain_result *r, int64_t n, at_error *err) {
  at_text name = {0};
  at_text_addf(&name, "%s.%s", r->metric, r->name);
  at_array *v = name.data && !name.failed ? at_arrays_add(to) : NULL;
  at_status st = v ? at_array_init(v, name.data, AT_F64, 1, &n, err) : at_nomem(err);
  if (st == AT_OK) memcpy(v->data, r->each, (size_t)n * sizeof *r->each);
  at_text_free(&name);
  return st;
}

static at_status write_values(const at_explained *e, const char *dir, at_error *err) {
  at_arrays out = {0};
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && i < e->n_results; i++)
    if (e->result[i].each) st = add_values(&out, &e->result[i], e->examples, err);
  if (st == AT_OK) st = write_npz(dir, e->block, ".metrics", &out, err);
  at_arrays_free(&out);
  return st;
}

static at_status write_text(const char *dir, const char *name, const char *text, at_error *err) {
  char *path = at_path_join(dir, name);
  at_status st = path && text ? at_file_write(path, text, strlen(text), err) : at_nomem(err);
  free(path);
  return st;
}

at_status at_explain_write(const at_explained *e, size_t n, const at_explain_options *o,
                           const char *dir, at_error *err) {
  char *json = at_explain_json(e, n, o);
  at_text csv = {0};
  at_explain_csv(e, n, &csv);
  at_status st = at_mkdirs(dir, err);
  for (size_t i = 0; st == AT_OK && i < n; i++) {
    if (!e[i].arrays) continue;
    st = write_arrays(&e[i], dir, err);
    if (st == AT_OK) st = write_values(&e[i], dir, err);
  }
  if (st == AT_OK) st = write_text(dir, "explain.csv", csv.failed ? NULL : csv.data, err);
  if (st == AT_OK) st = write_text(dir, "explain.json", json, err);
  at_text_free(&csv);
  free(json);
  return st;
}
