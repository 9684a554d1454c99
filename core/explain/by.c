/* Conditions: what splits the examples into classes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

/* ---- what there is ---- */

static bool is_scalar(const attune_field *f) {
  int64_t count = 1;
  for (uint32_t d = 0; d < f->ndim; d++) count *= f->shape[d];
  return f->type == ATTUNE_FIELD_REAL && count == 1;
}

/* A text or a single number of each row. */
static const at_field *plain_field(const at_session *s, const char *name, int *table) {
  at_batch_table t;
  for (int b = 0; at_session_table(s, b, &t); b++) {
    const at_field *f = at_dataset_field(at_session_dataset(s), t.table, name);
    if (!f ||
        (f->f.type != ATTUNE_FIELD_TEXT && f->f.type != ATTUNE_FIELD_NAME && !is_scalar(&f->f)))
      continue;
    *table = b;
    return f;
  }
  return NULL;
}

static bool is_number(const char *name) {
  bool whole;
  return !strcmp(name, "keys") || at_columns_per_example(name, &whole);
}

static bool is_both(const char *name) { return !strcmp(name, "both"); }

/* With the fields that there are. */
static at_status no_such(const at_session *s, const char *name, at_error *err) {
  at_text t = {0};
  size_t n;
  int table;
  const at_field *f = at_dataset_fields(at_session_dataset(s), &n);
  for (size_t i = 0; i < n; i++)
    if (plain_field(s, f[i].f.name, &table) == &f[i]) at_text_addf(&t, ", `%s`", f[i].f.name);
  at_status st = t.failed ? at_nomem(err)
                          : at_fail(err, AT_EINPUT,
                                    "there is no condition `%s`; there are `correct`, `length`, "
                                    "`keys`, `output`%s",
                                    name, t.data ? t.data : "");
  at_text_free(&t);
  return st;
}

static at_status check(const at_session *s, const at_session *other, const at_by *by,
                       at_error *err) {
  int table;
  bool whole = true;
  if (is_both(by->name))
    return other && !by->bins
               ? AT_OK
               : at_fail(err, AT_EINPUT,
                         other ? "`both` has no bins"
                               : "`both` is a condition where another run is compared with");
  if (!strcmp(by->name, "keys")) return AT_OK;
  if (at_columns_per_example(by->name, &whole))
    return whole || by->bins ? AT_OK
                             : at_fail(err, AT_EINPUT,
                                       "`%s` is another number for every example; bins of it are "
                                       "asked for as in `%s:4`",
                                       by->name, by->name);
  return plain_field(s, by->name, &table) ? AT_OK : no_such(s, by->name, err);
}

at_status at_conditions_read(const at_session *s, const at_explain_options *o, at_arena *a,
                             at_by **out, size_t *n, at_error *err) {
  *n = 0;
  at_status st = o->by ? at_parse_by(o->by, a, out, n, err) : AT_OK;
  for (size_t i = 0; st == AT_OK && i < *n; i++) st = check(s, o->other, &(*out)[i], err);
  return st;
}

/* ---- numbers ---- */

/* NaN where it is not known, and everywhere where it was not measured. */
static void numbers(const attune_prediction *p, const char *name, int64_t n, double *to) {
  attune_array a, offsets;
  at_prediction_array(p, "offsets", &offsets);
  const int64_t *off = offsets.data;
  const bool keys = !strcmp(name, "keys");
  const bool known = !keys && at_prediction_array(p, name, &a) == AT_OK;
  for (int64_t i = 0; i < n; i++) {
    to[i] = NAN;
    if (keys)
      to[i] = (double)(off[i + 1] - off[i]);
    else if (known && a.type == ATTUNE_F32)
      to[i] = (double)((const float *)a.data)[i];
    else if (known && ((const int32_t *)a.data)[i] >= 0)
      to[i] = ((const int32_t *)a.data)[i];
  }
}

static at_status by_number(const attune_prediction *p, const at_by *by, int64_t n, at_arena *a,
                           at_split *out, at_error *err) {
  double *v = AT_NEW_ARRAY(a, double, (size_t)n + 1);
  if (!v) return at_nomem(err);
  numbers(p, by->name, n, v);
  return at_split_numbers(by->name, v, (size_t)n, by->bins, a, out, err);
}

/* ---- texts ---- */

static at_status by_right(const attune_prediction *p, const at_by *by, int64_t n, at_arena *a,
                          at_split *out, at_error *err) {
  const char **v = AT_NEW_ARRAY(a, const char *, (size_t)n + 1);
  attune_array right;
  if (!v) return at_nomem(err);
  const bool known = at_prediction_array(p, by->name, &right) == AT_OK;
  for (int64_t i = 0; known && i < n; i++) {
    const int32_t r = ((const int32_t *)right.data)[i];
    v[i] = r < 0 ? NULL : r ? "right" : "wrong";
  }
  return at_split_texts(by->name, v, (size_t)n, a, out, err);
}

/* Which of two runs are right. */
static at_status by_both(const attune_prediction *p, const at_by *by, int64_t n, at_arena *a,
                         at_split *out, at_error *err) {
  static const char *const classes[] = {"neither", "only other", "only this", "both right"};
  const char **v = AT_NEW_ARRAY(a, const char *, (size_t)n + 1);
  attune_array one, two;
  if (!v) return at_nomem(err);
  const bool known = at_prediction_array(p, "correct", &one) == AT_OK &&
                     at_prediction_array(p, "other_correct", &two) == AT_OK;
  for (int64_t i = 0; known && i < n; i++) {
    const int32_t a1 = ((const int32_t *)one.data)[i], a2 = ((const int32_t *)two.data)[i];
    v[i] = a1 < 0 || a2 < 0 ? NULL : classes[2 * a1 + a2];
  }
  return at_split_texts(by->name, v, (size_t)n, a, out, err);
}

/* Texts that are numbers, in bins. */
static at_status by_read_number(const char *const *text, const at_by *by, int64_t n, at_arena *a,
                                at_split *out, at_error *err) {
  double *v = AT_NEW_ARRAY(a, double, (size_t)n + 1);
  if (!v) return at_nomem(err);
  for (int64_t i = 0; i < n; i++)
    if (!at_parse_f64(text[i], &v[i]))
      return at_fail(err, AT_EINPUT, "`%s` is no number that could be cut into bins: `%.40s`",
                     by->name, text[i]);
  return at_split_numbers(by->name, v, (size_t)n, by->bins, a, out, err);
}

/* Single numbers of rows; rows: [n, width]. */
static at_status by_scalar(const at_session *s, const char *split, const at_field *f,
                           const int64_t *row, int64_t width, const at_by *by, int64_t n,
                           at_arena *a, at_split *out, at_error *err) {
  double *v = AT_NEW_ARRAY(a, double, (size_t)n + 1);
  at_status st = v ? AT_OK : at_nomem(err);
  for (int64_t i = 0; st == AT_OK && i < n; i++) {
    float one;
    st = at_dataset_read(at_session_dataset(s), at_session_split(s, split), f, row[i * width], &one,
                         err);
    v[i] = st == AT_OK ? (double)one : 0;
  }
  return st == AT_OK ? at_split_numbers(by->name, v, (size_t)n, by->bins, a, out, err) : st;
}

/* rows: [n, width], of each batch axis. */
static at_status by_field(const at_session *s, const char *split, const int64_t *rows,
                          int64_t width, const at_by *by, int64_t n, at_arena *a, at_split *out,
                          at_error *err) {
  int table = 0;
  const at_field *f = plain_field(s, by->name, &table);
  if (is_scalar(&f->f)) return by_scalar(s, split, f, rows + table, width, by, n, a, out, err);
  const char **v = AT_NEW_ARRAY(a, const char *, (size_t)n + 1);
  at_status st = v ? AT_OK : at_nomem(err);
  for (int64_t i = 0; st == AT_OK && i < n; i++) {
    char *text = NULL;
    st = at_dataset_read_text(at_session_dataset(s), at_session_split(s, split), f,
                              rows[i * width + table], &text, err);
    if (st == AT_OK && !(v[i] = at_arena_strdup(a, text))) st = at_nomem(err);
    free(text);
  }
  if (st != AT_OK) return st;
  return by->bins ? by_read_number(v, by, n, a, out, err)
                  : at_split_texts(by->name, v, (size_t)n, a, out, err);
}

at_status at_condition_split(const at_session *s, const char *split, const attune_prediction *p,
                             const at_by *by, at_arena *a, at_split *out, at_error *err) {
  attune_array rows;
  at_status st = at_prediction_array(p, "rows", &rows);
  if (st != AT_OK) return at_fail(err, st, "what was measured has no rows");
  const int64_t n = rows.shape[0];
  if (is_both(by->name)) return by_both(p, by, n, a, out, err);
  if (!strcmp(by->name, "correct") && !by->bins) return by_right(p, by, n, a, out, err);
  if (is_number(by->name)) return by_number(p, by, n, a, out, err);
  return by_field(s, split, rows.data, rows.shape[1], by, n, a, out, err);
}

enum { MOST_LABEL = 80 };

/* Values such as whole programs are no classes, however few the examples are. */
static bool has_short_labels(const at_split *v) {
  for (size_t c = 0; c < v->classes; c++)
    if (strlen(v->label[c]) > MOST_LABEL) return false;
  return true;
}

at_status at_condition_fields(const at_session *s, const char *split, const attune_prediction *p,
                              at_arena *a, at_split **out, size_t *n, at_error *err) {
  size_t all;
  int table;
  const at_field *f = at_dataset_fields(at_session_dataset(s), &all);
  at_status st = AT_OK;
  *n = 0;
  *out = AT_NEW_ARRAY(a, at_split, all + 1);
  if (!*out) return at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < all; i++) {
    at_error why = {0};
    if (is_number(f[i].f.name) || plain_field(s, f[i].f.name, &table) != &f[i]) continue;
    at_by by = {.name = at_arena_strdup(a, f[i].f.name)};
    if (!by.name) return at_nomem(err);
    st = at_condition_split(s, split, p, &by, a, &(*out)[*n], &why);
    if (st == AT_OK)
      *n += has_short_labels(&(*out)[*n]);
    else if (st == AT_EINPUT)
      st = AT_OK; /* too many values, as questions have */
    else
      at_fail(err, st, "%s", why.message);
  }
  return st;
}

at_status at_conditions_check(const at_session *s, const at_explain_options *o, at_arena *a,
                              at_error *err) {
  at_by *by = NULL;
  at_examples e = {0};
  at_split split;
  size_t n;
  at_status st = at_conditions_read(s, o, a, &by, &n, err);
  if (st == AT_OK) st = at_examples_find(s, o->split, o->limit, o->seed, &e, err);
  for (size_t i = 0; st == AT_OK && i < n; i++)
    if (!is_number(by[i].name) && !is_both(by[i].name))
      st = by_field(s, o->split, e.row, e.width, &by[i], e.n, a, &split, err);
  at_examples_free(&e);
  return st;
}
