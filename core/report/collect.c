/* Finished runs read back from their folders, and put into groups. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/report/report_impl.h"

enum { LIMIT = 1 << 28 };

static bool there(const char *dir, const char *name) {
  char *path = at_path_join(dir, name);
  bool yes = path && at_file_exists(path);
  free(path);
  return yes;
}

/* ---- one run ---- */

static at_status load_results(const char *dir, json_t **out, at_error *err) {
  char *path = at_path_join(dir, "results.json"), *text = NULL;
  size_t n;
  json_error_t e;
  at_status s = path ? at_file_read(path, LIMIT, &text, &n, err) : at_nomem(err);
  if (s == AT_OK && !(*out = json_loadb(text, n, 0, &e)))
    s = at_fail(err, AT_EINPUT, "%s:%d:%d: this is no JSON: %s", path, e.line, e.column, e.text);
  if (s == AT_OK && (!json_is_object(json_object_get(*out, "run")) ||
                     !json_is_object(json_object_get(*out, "split")))) {
    json_decref(*out);
    *out = NULL;
    s = at_fail(err, AT_EINPUT, "%s: this is not what a run of attune writes", path);
  }
  free(text);
  free(path);
  return s;
}

static at_status add_line(at_report *r, at_finished *f, const json_t *j, size_t *cap,
                          at_error *err) {
  const char *kind = json_string_value(json_object_get(j, "kind"));
  if (kind && !strcmp(kind, "evaluate")) {
    const char *split = json_string_value(json_object_get(j, "split"));
    if (split && !strcmp(split, "validation")) json_array_append(f->log, (json_t *)(uintptr_t)j);
    return AT_OK;
  }
  if (!kind || strcmp(kind, "train")) return AT_OK;
  if (f->n_loss == *cap) {
    size_t more = *cap ? 2 * *cap : 256;
    at_point *p = AT_NEW_ARRAY(r->arena, at_point, more);
    if (!p) return at_nomem(err);
    if (f->n_loss) memcpy(p, f->loss, f->n_loss * sizeof *p);
    f->loss = p;
    *cap = more;
  }
  f->loss[f->n_loss++] = (at_point){json_number_value(json_object_get(j, "step")),
                                    json_number_value(json_object_get(j, "loss"))};
  return AT_OK;
}

static at_status load_log(at_report *r, at_finished *f, at_error *err) {
  char *path = at_path_join(f->dir, "metrics.jsonl"), *text = NULL;
  size_t n, cap = 0, number = 0;
  at_status s = path ? AT_OK : at_nomem(err);
  f->log = json_array();
  if (s == AT_OK && at_file_exists(path)) s = at_file_read(path, LIMIT, &text, &n, err);
  for (char *at = text; s == AT_OK && at && *at;) {
    size_t len = strcspn(at, "\n");
    json_error_t e;
    json_t *j = json_loadb(at, len, 0, &e);
    number++;
    s = j ? add_line(r, f, j, &cap, err)
          : at_fail(err, AT_EINPUT, "%s:%zu: this line is no JSON", path, number);
    json_decref(j);
    at += len + (at[len] == '\n');
  }
  free(text);
  free(path);
  return s;
}

static at_status add_run(at_report *r, const char *dir, at_error *err) {
  if (r->n == r->cap) {
    size_t cap = r->cap ? 2 * r->cap : 32;
    at_finished *v = realloc(r->run, cap * sizeof *v);
    if (!v) return at_nomem(err);
    r->run = v;
    r->cap = cap;
  }
  at_finished *f = &r->run[r->n];
  memset(f, 0, sizeof *f);
  f->dir = at_arena_strdup(r->arena, dir);
  at_status s = f->dir ? load_results(dir, &f->results, err) : at_nomem(err);
  if (s != AT_OK) return s;
  r->n++;
  return load_log(r, f, err);
}

/* ---- folders ---- */

static at_status add_unfinished(at_report *r, const char *dir, at_error *err) {
  const char **v = AT_NEW_ARRAY(r->arena, const char *, r->n_unfinished + 1);
  if (!v) return at_nomem(err);
  if (r->n_unfinished) memcpy(v, r->unfinished, r->n_unfinished * sizeof *v);
  r->unfinished = v;
  v[r->n_unfinished++] = at_arena_strdup(r->arena, dir);
  return v[r->n_unfinished - 1] ? AT_OK : at_nomem(err);
}

static int no_dots(const struct dirent *e) { return e->d_name[0] != '.'; }

static at_status add_sweep(at_report *r, const char *dir, at_error *err) {
  char *cells = at_path_join(dir, "cells");
  struct dirent **list = NULL;
  int n = cells ? scandir(cells, &list, no_dots, alphasort) : -1;
  at_status s = n < 0 ? at_fail(err, AT_EINPUT, "%s: this sweep has no runs yet", dir) : AT_OK;
  for (int i = 0; i < n; i++) {
    char *cell = at_path_join(cells, list[i]->d_name);
    if (s == AT_OK && !cell) s = at_nomem(err);
    if (s == AT_OK)
      s = there(cell, "results.json") ? add_run(r, cell, err) : add_unfinished(r, cell, err);
    free(cell);
    free(list[i]);
  }
  free(list);
  free(cells);
  return s;
}

static at_status add_dir(at_report *r, const char *dir, at_error *err) {
  if (there(dir, "sweep.yaml")) return add_sweep(r, dir, err); /* its results.json is a report's */
  if (there(dir, "results.json")) return add_run(r, dir, err);
  if (there(dir, "run.yaml")) return add_unfinished(r, dir, err);
  return at_fail(err, AT_EINPUT,
                 "%s: this is neither a run nor a sweep: it has no run.yaml and no sweep.yaml",
                 dir);
}

/* ---- groups ---- */

const char *at_report_setting(const at_report *r, size_t run, const char *key) {
  const char *v =
      json_string_value(json_object_get(json_object_get(r->run[run].results, "run"), key));
  return v ? v : "";
}

static bool counts(const char *key) { return strcmp(key, "seed") && strcmp(key, "threads"); }

bool at_report_common(const at_report *r, const char *key) {
  for (size_t i = 1; i < r->n; i++)
    if (strcmp(at_report_setting(r, 0, key), at_report_setting(r, i, key))) return false;
  return true;
}

/* All settings of a run that make it what it is, or only those that differ between runs. */
static const char *describe(at_report *r, size_t run, bool differing, at_error *err) {
  json_t *settings = json_object_get(r->run[run].results, "run");
  const char *key;
  json_t *value;
  at_text t = {0};
  json_object_foreach(settings, key, value) {
    if (!counts(key) || (differing && at_report_common(r, key))) continue;
    const char *dot = strrchr(key, '.'), *name = differing && dot ? dot + 1 : key;
    at_text_addf(&t, "%s%s=%s", t.len ? ", " : "", name,
                 json_string_value(value) ? json_string_value(value) : "");
  }
  const char *out = t.failed ? NULL
                             : at_arena_strdup(r->arena, t.data      ? t.data
                                                         : differing ? "all runs"
                                                                     : "");
  at_text_free(&t);
  if (!out) at_nomem(err);
  return out;
}

static at_status make_groups(at_report *r, at_error *err) {
  r->group = AT_NEW_ARRAY(r->arena, at_group, r->n + 1);
  if (!r->group) return at_nomem(err);
  for (size_t i = 0; i < r->n; i++) {
    const char *key = describe(r, i, false, err);
    at_group *g = NULL;
    if (!key) return AT_ENOMEM;
    for (size_t k = 0; k < r->n_groups; k++)
      if (!strcmp(r->group[k].key, key)) g = &r->group[k];
    if (!g) {
      g = &r->group[r->n_groups++];
      g->key = key;
      g->run = AT_NEW_ARRAY(r->arena, size_t, r->n);
      g->label = describe(r, i, true, err);
      if (!g->run || !g->label) return at_nomem(err);
    }
    g->run[g->n++] = i;
  }
  return AT_OK;
}

at_status at_report_collect(const char *const *dirs, size_t n, at_report **out, at_error *err) {
  at_report *r = calloc(1, sizeof *r);
  *out = NULL;
  if (!r || !(r->arena = at_arena_new())) {
    free(r);
    return at_nomem(err);
  }
  at_status s = AT_OK;
  for (size_t i = 0; s == AT_OK && i < n; i++) s = add_dir(r, dirs[i], err);
  if (s == AT_OK && !r->n)
    s = at_fail(err, AT_EINPUT, "%s: no run is finished yet (%zu begun)", dirs[0], r->n_unfinished);
  if (s == AT_OK) s = make_groups(r, err);
  if (s == AT_OK)
    *out = r;
  else
    at_report_free(r);
  return s;
}

void at_report_free(at_report *r) {
  if (!r) return;
  for (size_t i = 0; i < r->n; i++) {
    json_decref(r->run[i].results);
    json_decref(r->run[i].log);
  }
  free(r->run);
  at_arena_free(r->arena);
  free(r);
}
