/* Parts of the JSON lines of predictions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

enum { DIGITS = 6 };

/* ---- values ---- */

json_t *at_json_text(const char *text) {
  size_t n = text ? strlen(text) : 0, good = n;
  if (!text) return json_null();
  if ((good = at_utf8_valid_prefix(text, n)) == n) return json_string(text);
  char *copy = strdup(text);
  for (; copy && good < n; good += at_utf8_valid_prefix(copy + good, n - good)) copy[good] = '?';
  json_t *j = copy ? json_string(copy) : NULL;
  free(copy);
  return j;
}

json_t *at_json_number(double v) { return isfinite(v) ? json_real(v) : json_null(); }

at_status at_json_field(const at_session *s, const char *split, const at_field *f, int64_t row,
                        json_t **out, at_error *err) {
  char *text = NULL;
  at_status st = f ? at_dataset_read_text(s->data, split, f, row, &text, err) : AT_OK;
  *out = st == AT_OK ? at_json_text(text) : NULL;
  free(text);
  return st == AT_OK && !*out ? at_nomem(err) : st;
}

const at_field *at_session_name_field(const at_session *s, const char *table) {
  size_t n;
  const at_field *f = at_dataset_fields(s->data, &n);
  for (size_t i = 0; i < n; i++)
    if (f[i].f.type == ATTUNE_FIELD_NAME && !strcmp(f[i].table, table)) return &f[i];
  return NULL;
}

/* ---- attention ---- */

static json_t *row_json(const float *v, int64_t n) {
  json_t *j = json_array();
  for (int64_t i = 0; i < n; i++) json_array_append_new(j, at_json_number((double)v[i]));
  return j;
}

/* Where the parts of a concatenation begin and end: {"token": [7, 61]}. */
static json_t *parts_json(const at_key_parts *p) {
  json_t *j = json_object();
  for (int i = 0; i < p->n; i++)
    json_object_set_new(
        j, p->v[i].axis,
        json_pack("[I, I]", (json_int_t)p->v[i].first, (json_int_t)(p->v[i].first + p->v[i].n)));
  return j;
}

/* Of those that ask each head by itself: [head][step][key]. */
static json_t *heads_json(const at_attention *a) {
  json_t *heads = json_array();
  for (int64_t h = 0; h < a->heads; h++) {
    json_t *rows = json_array();
    for (int64_t q = a->ask_first; q < a->ask_first + a->asks; q++)
      json_array_append_new(rows, row_json(a->head + (h * a->queries + q) * a->keys, a->keys));
    json_array_append_new(heads, rows);
  }
  return heads;
}

/* One row of weights, or one for each of several that ask. */
static json_t *block_json(const at_attention *a) {
  static const char *const over[] = {"other", "words", "cells", "boxes", "parts"};
  json_t *weights = a->queries == 1 ? row_json(a->weight, a->keys) : json_array();
  for (int64_t q = 0; a->queries > 1 && q < a->queries; q++)
    json_array_append_new(weights, row_json(a->weight + q * a->keys, a->keys));
  json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "block", a->block, "step", a->step, "axis",
                        a->key_axis, "over", over[a->over]);
  if (a->over == AT_OVER_CELLS)
    json_object_set_new(j, "grid",
                        json_pack("[I, I]", (json_int_t)a->grid_h, (json_int_t)a->grid_w));
  if (*a->query_axis) json_object_set_new(j, "asked_by", json_string(a->query_axis));
  json_object_set_new(j, "weights", weights);
  if (a->parts.n) json_object_set_new(j, "parts", parts_json(&a->parts));
  if (a->parts.n && a->head && a->queries == a->keys)
    json_object_set_new(j, "heads", heads_json(a));
  return j;
}

static json_t *texts_json(const at_items *v) {
  json_t *j = json_array();
  for (int64_t i = 0; i < v->n; i++) json_array_append_new(j, at_json_text(v->text[i]));
  return j;
}

at_status at_json_attention(at_session *s, const char *split, int64_t row, json_t *line,
                            at_error *err) {
  int64_t rows[AT_MOST_ROWS];
  size_t n;
  at_look l = {0};
  at_status st = at_session_linked(s, split, row, rows, &n, err);
  if (st == AT_OK) st = at_session_see(s, split, rows, n, false, &l, err);
  if (st != AT_OK) return st;
  json_t *words = json_array(), *blocks = json_array();
  for (size_t i = 0; i < l.n_words; i++) json_array_append_new(words, at_json_text(l.words[i]));
  for (size_t i = 0; i < l.n_attention; i++)
    json_array_append_new(blocks, block_json(&l.attention[i]));
  bool whole = words && blocks && json_array_size(blocks) == l.n_attention;
  for (size_t i = 0; i < l.n_items; i++)
    if (l.items[i].text) json_object_set_new(line, l.items[i].axis, texts_json(&l.items[i]));
  if (words) json_object_set_new(line, "words", words);
  if (blocks) json_object_set_new(line, "attention", blocks);
  at_look_free(&l);
  return whole ? AT_OK : at_nomem(err);
}

/* ---- lines ---- */

at_status at_json_line(json_t *line, at_writer *to, at_error *err) {
  char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
  at_status st = text ? at_writer_put(to, text, strlen(text), err) : at_nomem(err);
  if (st == AT_OK) st = at_writer_put(to, "\n", 1, err);
  free(text);
  json_decref(line);
  return st;
}

bool at_json_stopped(int64_t row, int64_t n, at_progress_fn *fn, void *ctx) {
  at_progress p = {.phase = "write predictions", .step = row, .steps = n, .loss = NAN};
  return fn && fn(ctx, &p);
}
