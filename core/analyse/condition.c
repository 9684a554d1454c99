#include "core/analyse/condition.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"

/* ---- --by ---- */

static at_status parse_one(char *item, at_by *out, at_error *err) {
  char *colon = strrchr(item, ':');
  int64_t bins = 0;
  if (colon) {
    *colon = '\0';
    if (!at_parse_i64(colon + 1, &bins) || bins < 2 || bins > AT_MOST_BINS)
      return at_fail(err, AT_EINPUT, "the number of bins in `%s:%s` is a whole number from 2 to %d",
                     item, colon + 1, AT_MOST_BINS);
  }
  if (!*item)
    return at_fail(err, AT_EINPUT,
                   "a condition has no name; write fields with commas between, as in "
                   "`question_type,length:4`");
  *out = (at_by){item, (size_t)bins};
  return AT_OK;
}

at_status at_parse_by(const char *text, at_arena *a, at_by **out, size_t *n, at_error *err) {
  size_t most = 1;
  for (const char *p = text; *p; p++) most += *p == ',';
  char *item = at_arena_strdup(a, text);
  *out = AT_NEW_ARRAY(a, at_by, most);
  *n = 0;
  if (!item || !*out) return at_nomem(err);
  for (char *end; item; item = end) {
    end = strchr(item, ',');
    if (end) *end++ = '\0';
    at_status s = parse_one(item, &(*out)[*n], err);
    if (s != AT_OK) return s;
    for (size_t i = 0; i < *n; i++)
      if (!strcmp((*out)[i].name, item))
        return at_fail(err, AT_EINPUT, "the condition `%s` is given twice", item);
    ++*n;
  }
  return AT_OK;
}

/* ---- making a split ---- */

static bool begin(at_split *s, const char *name, size_t n, size_t classes, at_arena *a) {
  *s = (at_split){.name = name, .n = n, .classes = classes};
  s->label = AT_NEW_ARRAY(a, const char *, classes + 1);
  s->count = AT_NEW_ARRAY(a, size_t, classes + 1);
  s->of = AT_NEW_ARRAY(a, int32_t, n + 1);
  return s->label && s->count && s->of;
}

static void count_classes(at_split *s) {
  for (size_t i = 0; i < s->n; i++)
    if (s->of[i] >= 0) s->count[s->of[i]]++;
}

static at_status too_many(const char *name, size_t classes, at_error *err) {
  if (classes <= AT_MOST_CLASSES) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "`%s` has %zu different values, more than the %d that a condition may have; "
                 "bins of a number are asked for as in `%s:4`",
                 name, classes, AT_MOST_CLASSES, name);
}

/* ---- by text ---- */

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_number(const void *a, const void *b) {
  double x, y;
  at_parse_f64(*(const char *const *)a, &x);
  at_parse_f64(*(const char *const *)b, &y);
  return x != y ? (x > y) - (x < y) : by_text(a, b);
}

static bool all_numbers(const char *const *v, size_t n) {
  double number;
  for (size_t i = 0; i < n; i++)
    if (!at_parse_f64(v[i], &number)) return false;
  return true;
}

static size_t distinct(const char **v, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (!kept || strcmp(v[kept - 1], v[i])) v[kept++] = v[i];
  return kept;
}

at_status at_split_texts(const char *name, const char *const *value, size_t n, at_arena *a,
                         at_split *out, at_error *err) {
  const char **v = AT_NEW_ARRAY(a, const char *, n + 1);
  size_t present = 0;
  if (!v) return at_nomem(err);
  for (size_t i = 0; i < n; i++)
    if (value[i]) v[present++] = value[i];
  if (present) qsort(v, present, sizeof *v, by_text);
  size_t classes = distinct(v, present);
  at_status s = too_many(name, classes, err);
  if (s != AT_OK) return s;
  if (classes && all_numbers(v, classes)) qsort(v, classes, sizeof *v, by_number);
  if (!begin(out, name, n, classes, a)) return at_nomem(err);
  for (size_t c = 0; c < classes; c++)
    if (!(out->label[c] = at_arena_strdup(a, v[c]))) return at_nomem(err);
  for (size_t i = 0; i < n; i++) {
    out->of[i] = -1;
    for (size_t c = 0; value[i] && c < classes; c++)
      if (!strcmp(v[c], value[i])) out->of[i] = (int32_t)c;
  }
  count_classes(out);
  return AT_OK;
}

/* ---- by number ---- */

/* The place between different values that is nearest to `at`, in 0..n. */
static size_t cut_near(const double *sorted, size_t n, double at) {
  size_t low = (size_t)at, high;
  if (low >= n) return n;
  while (low > 0 && sorted[low - 1] == sorted[low]) low--;
  for (high = low + 1; high < n && sorted[high] == sorted[low]; high++) continue;
  return at - (double)low <= (double)high - at ? low : high;
}

/* Where each class begins, and the end of the last; returns how many there are. */
static size_t find_bins(const double *sorted, size_t n, size_t bins, size_t *begins) {
  size_t classes = 0;
  begins[0] = 0;
  for (size_t k = 1; k < bins; k++) {
    size_t cut = cut_near(sorted, n, (double)n * (double)k / (double)bins);
    if (cut > begins[classes] && cut < n) begins[++classes] = cut;
  }
  begins[++classes] = n;
  return n ? classes : 0;
}

static size_t find_values(const double *sorted, size_t n, size_t *begins) {
  size_t classes = 0;
  for (size_t i = 0; i < n; i++)
    if (!i || sorted[i] != sorted[i - 1]) begins[classes++] = i;
  begins[classes] = n;
  return classes;
}

/* Whole numbers without an exponent. */
static void write_number(char buf[32], double v) {
  if (v == floor(v) && fabs(v) < 1e15)
    snprintf(buf, 32, "%.0f", v);
  else
    at_format_f64(buf, v);
}

static const char *range_label(at_arena *a, double low, double high) {
  char from[32], to[32];
  write_number(from, low);
  write_number(to, high);
  return low == high ? at_arena_strdup(a, from) : at_arena_printf(a, "%s to %s", from, to);
}

at_status at_split_numbers(const char *name, const double *value, size_t n, size_t bins,
                           at_arena *a, at_split *out, at_error *err) {
  double *v = AT_NEW_ARRAY(a, double, n + 1);
  size_t *begins = AT_NEW_ARRAY(a, size_t, (bins > n ? bins : n) + 2), present = 0;
  if (!v || !begins) return at_nomem(err);
  for (size_t i = 0; i < n; i++)
    if (!isnan(value[i])) v[present++] = value[i];
  at_sort(v, present);
  size_t classes = bins ? find_bins(v, present, bins, begins) : find_values(v, present, begins);
  at_status s = too_many(name, classes, err);
  if (s != AT_OK) return s;
  if (!begin(out, name, n, classes, a)) return at_nomem(err);
  for (size_t c = 0; c < classes; c++)
    if (!(out->label[c] = range_label(a, v[begins[c]], v[begins[c + 1] - 1]))) return at_nomem(err);
  for (size_t i = 0; i < n; i++) {
    out->of[i] = -1;
    for (size_t c = 0; c < classes; c++)
      if (value[i] >= v[begins[c]] && value[i] <= v[begins[c + 1] - 1]) out->of[i] = (int32_t)c;
  }
  count_classes(out);
  return AT_OK;
}

/* ---- within a class ---- */

/* The examples of one class, seed after seed; returns how many. */
static size_t take_class(const at_samples *s, const at_split *split, size_t class_, double *to) {
  size_t n = 0, k = 0;
  for (size_t i = 0; i < split->n; i++) n += split->of[i] == (int32_t)class_;
  for (size_t seed = 0; seed < s->seeds; seed++)
    for (size_t i = 0; i < split->n; i++)
      if (split->of[i] == (int32_t)class_) to[k++] = s->value[seed * s->examples + i];
  return n;
}

at_status at_by_class(const at_samples *s, const at_split *split, const at_resampling *how,
                      at_interval *out, at_error *err) {
  size_t n;
  if (s->examples != split->n)
    return at_fail(err, AT_EINPUT, "%zu values cannot be split by the `%s` of %zu examples",
                   s->examples, split->name, split->n);
  double *own = at_mul_size(s->seeds, s->examples, &n) ? calloc(n + 1, sizeof *own) : NULL;
  at_status st = own ? AT_OK : at_nomem(err);
  for (size_t c = 0; st == AT_OK && c < split->classes; c++) {
    n = take_class(s, split, c, own);
    st = at_bootstrap(&(at_samples){own, s->seeds, n}, how, &out[c], err);
  }
  free(own);
  return st;
}
