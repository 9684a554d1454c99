/* One run read back from results.json and metrics.jsonl. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/report/report_impl.h"

enum { MOST_RESULTS = 1 << 24, MOST_LOG = 1 << 29 };

const char *at_rp_setting(const rp_run *run, const char *key) {
  for (size_t i = 0; i < run->n_settings; i++)
    if (!strcmp(run->setting[i].key, key)) return run->setting[i].value;
  return NULL;
}

/* ---- results.json ---- */

static int by_key(const void *a, const void *b) {
  return strcmp(((const rp_setting *)a)->key, ((const rp_setting *)b)->key);
}

/* A value as text: the trainer writes strings, other programs may write numbers. */
static char *as_text(at_arena *a, const json_t *v) {
  char buf[32];
  if (json_is_string(v)) return at_arena_strdup(a, json_string_value(v));
  if (json_is_integer(v)) return at_arena_printf(a, "%lld", (long long)json_integer_value(v));
  if (json_is_boolean(v)) return at_arena_strdup(a, json_is_true(v) ? "true" : "false");
  if (!json_is_real(v)) return NULL;
  at_format_f64(buf, json_real_value(v));
  return at_arena_strdup(a, buf);
}

static at_status take_settings(at_arena *a, rp_run *run, const char *path, json_t *j,
                               at_error *err) {
  const char *key;
  json_t *v;
  if (!json_is_object(j))
    return at_fail(err, AT_EINPUT,
                   "%s: it has no object \"run\" with the settings of the run; "
                   "train the run again",
                   path);
  run->setting = AT_NEW_ARRAY(a, rp_setting, json_object_size(j) + 1);
  if (!run->setting) return at_nomem(err);
  json_object_foreach(j, key, v) {
    char *text = as_text(a, v);
    if (!text)
      return at_fail(err, AT_EINPUT,
                     "%s: the setting \"%s\" is neither a text nor a number; "
                     "train the run again",
                     path, key);
    run->setting[run->n_settings++] = (rp_setting){at_arena_strdup(a, key), text};
    if (!run->setting[run->n_settings - 1].key) return at_nomem(err);
  }
  qsort(run->setting, run->n_settings, sizeof *run->setting, by_key);
  return AT_OK;
}

static at_status take_values(at_arena *a, rp_run *run, const char *path, json_t *splits,
                             at_error *err) {
  const char *split, *metric;
  json_t *s, *v;
  size_t most = 0;
  if (!json_is_object(splits))
    return at_fail(err, AT_EINPUT,
                   "%s: it has no object \"split\" with the results; train the "
                   "run again",
                   path);
  json_object_foreach(splits, split, s) most += json_object_size(s);
  run->value = AT_NEW_ARRAY(a, rp_value, most + 1);
  if (!run->value) return at_nomem(err);
  json_object_foreach(splits, split, s) json_object_foreach(s, metric, v) {
    json_t *number = json_object_get(v, "value"), *better = json_object_get(v, "higher_is_better");
    if (!json_is_number(number) || (better && !json_is_integer(better) && !json_is_boolean(better)))
      return at_fail(err, AT_EINPUT,
                     "%s: the result \"%s\" of the split \"%s\" is not a number with "
                     "\"value\" and \"higher_is_better\"; train the run again",
                     path, metric, split);
    rp_value *out = &run->value[run->n_values++];
    *out = (rp_value){at_arena_strdup(a, split), at_arena_strdup(a, metric),
                      json_number_value(number), -1};
    if (json_is_boolean(better)) out->better = json_is_true(better);
    if (json_is_integer(better)) {
      json_int_t b = json_integer_value(better);
      out->better = b > 0 ? 1 : b < 0 ? -1 : 0;
    }
    if (!out->split || !out->metric) return at_nomem(err);
  }
  return AT_OK;
}

static at_status parse(const char *path, const char *text, size_t n, json_t **out, at_error *err) {
  json_error_t e;
  *out = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
  if (!*out)
    return at_fail(err, AT_EINPUT,
                   "%s:%d:%d: damaged or cut short (%s); train the run again or leave "
                   "it out",
                   path, e.line, e.column, e.text);
  if (json_is_object(*out)) return AT_OK;
  json_decref(*out);
  *out = NULL;
  return at_fail(err, AT_EINPUT,
                 "%s: not the results of a run (a JSON object is expected); leave it out", path);
}

static at_status read_results(at_arena *a, rp_run *run, at_error *err) {
  char *path = at_path_join(run->dir, "results.json"), *text = NULL;
  json_t *j = NULL;
  size_t n;
  at_status s = path ? at_file_read(path, MOST_RESULTS, &text, &n, err) : at_nomem(err);
  if (s == AT_OK) s = parse(path, text, n, &j, err);
  if (s == AT_OK) s = take_settings(a, run, path, json_object_get(j, "run"), err);
  if (s == AT_OK) s = take_values(a, run, path, json_object_get(j, "split"), err);
  if (s == AT_OK) {
    const char *version = json_string_value(json_object_get(j, "attune"));
    run->version = at_arena_strdup(a, version ? version : "");
    run->seconds = json_number_value(json_object_get(j, "seconds"));
    run->steps = json_integer_value(json_object_get(j, "steps"));
    run->parameters = json_integer_value(json_object_get(j, "parameters"));
    if (!run->version) s = at_nomem(err);
  }
  json_decref(j);
  free(text);
  free(path);
  return s;
}

/* ---- metrics.jsonl ---- */

static at_status add_point(at_arena *a, rp_series *s, double step, double value, at_error *err) {
  rp_point *v = at_arena_grow(a, s->point, s->n, &s->cap, sizeof *v);
  if (!v) return at_nomem(err);
  s->point = v;
  s->point[s->n++] = (rp_point){step, value};
  return AT_OK;
}

enum { MOST_SERIES = 256 };

static rp_series *series_of(at_arena *a, rp_run *run, const char *name) {
  for (size_t i = 0; i < run->n_series; i++)
    if (!strcmp(run->series[i].name, name)) return &run->series[i];
  if (!run->series) run->series = AT_NEW_ARRAY(a, rp_series, MOST_SERIES);
  if (!run->series || run->n_series == MOST_SERIES) return NULL;
  rp_series *s = &run->series[run->n_series];
  s->name = at_arena_strdup(a, name);
  if (!s->name) return NULL;
  run->n_series++;
  return s;
}

/* Values that JSON cannot hold (not finite) are null in the log and leave a gap. */
static at_status take_event(at_arena *a, rp_run *run, const json_t *j, at_error *err) {
  const char *kind = json_string_value(json_object_get(j, "kind")), *name;
  const char *split = json_string_value(json_object_get(j, "split"));
  const json_t *loss = json_object_get(j, "loss");
  json_t *v, *results = json_object_get(j, "results");
  double step = json_number_value(json_object_get(j, "step"));
  at_status s = AT_OK;
  if (!kind) return AT_OK;
  if (!strcmp(kind, "train") && json_is_number(loss))
    return add_point(a, &run->loss, step, json_number_value(loss), err);
  if (strcmp(kind, "evaluate") || !split || strcmp(split, "validation")) return AT_OK;
  json_object_foreach(results, name, v) {
    rp_series *to = json_is_number(v) ? series_of(a, run, name) : NULL;
    if (to && s == AT_OK) s = add_point(a, to, step, json_number_value(v), err);
  }
  return s;
}

/* Curves are a help, not the result: a run without the file has none. */
static at_status read_log(at_arena *a, rp_run *run, at_error *err) {
  char *path = at_path_join(run->dir, "metrics.jsonl"), *text = NULL;
  size_t n = 0;
  at_status s = path ? AT_OK : at_nomem(err);
  if (s == AT_OK && at_file_exists(path)) s = at_file_read(path, MOST_LOG, &text, &n, err);
  int number = 1;
  for (char *line = text, *end; s == AT_OK && line && line < text + n; line = end + 1, number++) {
    json_error_t e;
    end = memchr(line, '\n', n - (size_t)(line - text));
    if (!end) end = text + n;
    if (end == line) continue;
    json_t *j = json_loadb(line, (size_t)(end - line), 0, &e);
    if (json_is_object(j))
      s = take_event(a, run, j, err);
    else
      s = at_fail(err, AT_EINPUT,
                  "%s:%d: damaged or cut short (%s); take the line out or leave the run out", path,
                  number, j ? "not an object" : e.text);
    json_decref(j);
  }
  free(text);
  free(path);
  return s;
}

at_status at_rp_read_run(at_arena *a, rp_run *run, at_error *err) {
  at_status s = read_results(a, run, err);
  return s == AT_OK ? read_log(a, run, err) : s;
}
