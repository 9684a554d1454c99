/* Conditions: what splits the examples into parts. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"
#include "core/explain/explain_impl.h"

enum { MOST = 64 }; /* parts of a condition */

void at_parts_free(at_parts *p) {
  for (size_t i = 0; i < p->n; i++) free(p->name[i]);
  free(p->name);
  free(p->of);
  memset(p, 0, sizeof *p);
}

/* The part called so; made when absent. -1: out of memory, or there are MOST already. */
static int32_t part(at_parts *p, const char *name) {
  for (size_t i = 0; i < p->n; i++)
    if (!strcmp(p->name[i], name)) return (int32_t)i;
  if (p->n == MOST) return -1;
  p->name[p->n] = strdup(name);
  return p->name[p->n] ? (int32_t)p->n++ : -1;
}

/* ---- numbers ---- */

/* NaN where it is not known. false: the condition is no number of the examples. */
static bool numbers(const attune_prediction *p, const char *name, int64_t n, double *to) {
  attune_array a, offsets;
  at_prediction_array(p, "offsets", &offsets);
  const int64_t *off = offsets.data;
  const bool keys = !strcmp(name, "keys");
  if (!keys && at_prediction_array(p, name, &a) != AT_OK) return false;
  if (!keys && (a.ndim != 1 || a.shape[0] != n || off[n] == n || a.type == ATTUNE_I64))
    return false;
  for (int64_t i = 0; i < n; i++) {
    if (keys)
      to[i] = (double)(off[i + 1] - off[i]);
    else if (a.type == ATTUNE_F32)
      to[i] = (double)((const float *)a.data)[i];
    else
      to[i] = ((const int32_t *)a.data)[i] < 0 ? NAN : ((const int32_t *)a.data)[i];
  }
  return true;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Upper ends of the bins, equal ones once; *n: how many. NULL: out of memory. */
static double *quantiles(const double *v, int64_t n, int64_t bins, int64_t *n_out) {
  double *sorted = malloc(((size_t)n + 1) * sizeof *sorted);
  double *end = malloc(((size_t)bins + 1) * sizeof *end);
  int64_t known = 0, k = 0;
  for (int64_t i = 0; sorted && i < n; i++)
    if (!isnan(v[i])) sorted[known++] = v[i];
  if (sorted && known) qsort(sorted, (size_t)known, sizeof *sorted, by_size);
  for (int64_t b = 1; sorted && end && known && b <= bins; b++) {
    double e = sorted[(b * known + bins - 1) / bins - 1];
    if (!k || e > end[k - 1]) end[k++] = e;
  }
  free(sorted);
  *n_out = k;
  return end;
}

static at_status split_numbers(const double *v, int64_t n, int64_t bins, at_parts *out,
                               at_error *err) {
  int64_t k;
  double *end = quantiles(v, n, bins, &k);
  if (!end) return at_nomem(err);
  for (int64_t b = 0; b < k; b++) {
    char name[64];
    if (b)
      snprintf(name, sizeof name, "over %g up to %g", end[b - 1], end[b]);
    else
      snprintf(name, sizeof name, "up to %g", end[b]);
    if (part(out, name) < 0) break;
  }
  for (int64_t i = 0; i < n; i++)
    for (int64_t b = 0; out->of[i] < 0 && !isnan(v[i]) && b < (int64_t)out->n; b++)
      if (v[i] <= end[b]) out->of[i] = (int32_t)b;
  free(end);
  return AT_OK;
}

static at_status split_values(const char *what, const double *v, int64_t n, at_parts *out,
                              at_error *err) {
  for (int64_t i = 0; i < n; i++) {
    char name[32];
    snprintf(name, sizeof name, "%g", v[i]);
    if (!isnan(v[i]) && (out->of[i] = part(out, name)) < 0)
      return at_fail(err, AT_EINPUT,
                     "the condition `%s` has more than %d values; `%s:4` makes four parts of them",
                     what, MOST, what);
  }
  return AT_OK;
}

/* ---- texts ---- */

static const at_field *text_field(const at_session *s, const char *name, int *table) {
  at_batch_table t;
  for (int b = 0; at_session_table(s, b, &t); b++) {
    const at_field *f = at_dataset_field(at_session_dataset(s), t.table, name);
    if (!f || (f->f.type != ATTUNE_FIELD_TEXT && f->f.type != ATTUNE_FIELD_NAME)) continue;
    *table = b;
    return f;
  }
  return NULL;
}

static at_status no_such(const char *name, at_error *err) {
  return at_fail(err, AT_EINPUT,
                 "there is no condition `%s`: it is `correct`, `length`, `keys`, `output` or a "
                 "text field of the data",
                 name);
}

static at_status split_texts(const at_session *s, const char *split, const attune_prediction *p,
                             const char *name, at_parts *out, at_error *err) {
  attune_array rows;
  int table = 0;
  const at_field *f = text_field(s, name, &table);
  at_status st = AT_OK;
  if (!f) return no_such(name, err);
  at_prediction_array(p, "rows", &rows);
  for (int64_t i = 0; st == AT_OK && i < rows.shape[0]; i++) {
    char *text = NULL;
    const int64_t row = ((const int64_t *)rows.data)[i * rows.shape[1] + table];
    st =
        at_dataset_read_text(at_session_dataset(s), at_session_split(s, split), f, row, &text, err);
    if (st == AT_OK && (out->of[i] = part(out, text)) < 0)
      st = at_fail(err, AT_EINPUT, "the condition `%s` has more than %d values", name, MOST);
    free(text);
  }
  return st;
}

/* The name before the colon, and the number behind it; 0: none. */
static at_status read_condition(const char *condition, char name[128], int64_t *bins,
                                at_error *err) {
  const char *colon = strchr(condition, ':');
  *bins = 0;
  snprintf(name, 128, "%.*s", colon ? (int)(colon - condition) : 127, condition);
  if (colon && (!at_parse_i64(colon + 1, bins) || *bins < 1 || *bins > MOST))
    return at_fail(err, AT_EINPUT, "the condition `%s` asks for no number of parts from 1 to %d",
                   condition, MOST);
  return AT_OK;
}

at_status at_parts_check(const at_session *s, const char *condition, at_error *err) {
  char name[128];
  int64_t bins;
  int table;
  at_status st = read_condition(condition, name, &bins, err);
  if (st != AT_OK || !strcmp(name, "keys") || at_columns_per_example(name)) return st;
  if (!text_field(s, name, &table)) return no_such(name, err);
  return bins ? at_fail(err, AT_EINPUT, "`%s` is no number that could be cut into parts", name)
              : AT_OK;
}

at_status at_parts_find(const at_session *s, const char *split, const attune_prediction *p,
                        const char *condition, at_parts *out, at_error *err) {
  char name[128];
  int64_t bins;
  attune_array offsets;
  at_status st = read_condition(condition, name, &bins, err);
  if (st != AT_OK) return st;
  at_prediction_array(p, "offsets", &offsets);
  const int64_t n = offsets.shape[0] - 1;
  double *v = malloc(((size_t)n + 1) * sizeof *v);
  out->name = calloc(MOST, sizeof *out->name);
  out->of = malloc(((size_t)n + 1) * sizeof *out->of);
  if (!v || !out->name || !out->of) st = at_nomem(err);
  for (int64_t i = 0; out->of && i < n; i++) out->of[i] = -1;
  if (st == AT_OK && !numbers(p, name, n, v))
    st = bins ? at_fail(err, AT_EINPUT, "`%s` is no number that could be cut into parts", name)
              : split_texts(s, split, p, name, out, err);
  else if (st == AT_OK)
    st = bins ? split_numbers(v, n, bins, out, err) : split_values(name, v, n, out, err);
  free(v);
  return st;
}
