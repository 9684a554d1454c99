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

static json_t *metric_json(const at_explain_metric *m) {
  json_t *j = json_object(), *results = json_object();
  for (size_t i = 0; i < m->n; i++)
    json_object_set_new(results, m->result[i].name, number(m->result[i].value));
  if (m->why) json_object_set_new(j, "missing", json_string(m->why));
  json_object_set_new(j, "results", results);
  return j;
}

static json_t *arrays_json(const attune_prediction *p) {
  json_t *j = json_array();
  attune_array a;
  const char *name;
  for (size_t i = 0; (name = at_prediction_name(p, i, &a)); i++)
    json_array_append_new(j, json_string(name));
  return j;
}

static json_t *metrics_json(const at_explain_metric *m, size_t n) {
  json_t *j = json_object();
  for (size_t i = 0; i < n; i++) json_object_set_new(j, m[i].name, metric_json(&m[i]));
  return j;
}

static json_t *parts_json(const at_explained *e) {
  json_t *j = json_array();
  for (size_t i = 0; i < e->n_parts; i++) {
    const at_explain_part *p = &e->part[i];
    json_array_append_new(j, json_pack("{s:s, s:s, s:I, s:o}", "condition", p->condition, "value",
                                       p->value, "examples", (json_int_t)p->examples, "metrics",
                                       metrics_json(p->metric, p->n_metrics)));
  }
  return j;
}

static json_t *block_json(const at_explained *e) {
  json_t *j = json_pack("{s:s}", "block", e->block);
  if (e->why) {
    json_object_set_new(j, "missing", json_string(e->why));
    return j;
  }
  json_object_set_new(j, "examples", json_integer((json_int_t)e->examples));
  json_object_set_new(j, "arrays", arrays_json(e->arrays));
  json_object_set_new(j, "metrics", metrics_json(e->metric, e->n_metrics));
  if (e->n_parts) json_object_set_new(j, "by", parts_json(e));
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
  char *text = j ? json_dumps(j, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) : NULL;
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

static at_status write_arrays(const at_explained *e, const char *dir, at_error *err) {
  at_arrays out = {0};
  attune_array a;
  const char *name;
  at_text file = {0};
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && (name = at_prediction_name(e->arrays, i, &a)); i++)
    st = add_array(&out, name, &a, err);
  at_text_addf(&file, "%s/%s.npz", dir, e->block);
  if (st == AT_OK)
    st = file.data && !file.failed ? at_npz_write(file.data, &out, AT_NPZ_DEFLATE, err)
                                   : at_nomem(err);
  at_text_free(&file);
  at_arrays_free(&out);
  return st;
}

at_status at_explain_write(const at_explained *e, size_t n, const at_explain_options *o,
                           const char *dir, at_error *err) {
  char *text = at_explain_json(e, n, o), *path = at_path_join(dir, "explain.json");
  at_status st = text && path ? at_mkdirs(dir, err) : at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < n; i++)
    if (e[i].arrays) st = write_arrays(&e[i], dir, err);
  if (st == AT_OK) st = at_file_write(path, text, strlen(text), err);
  free(text);
  free(path);
  return st;
}
