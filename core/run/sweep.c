/* Sweeps: one run for each combination of the values under `over`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/run/run_impl.h"

enum { MOST_CELLS = 10000, MOST_KEYS = 16 };

typedef struct axis {
  const char *key;
  const char **value;
  size_t n;
} axis;

struct at_sweep {
  at_arena *arena;
  const char *path, *dir;
  const char **set; /* for every cell: those of the command line */
  size_t n_set;
  axis axis[MOST_KEYS];
  size_t n_axes;
  at_cell *cell;
  size_t n;
};

/* ---- reading ---- */

/* YAML splits `f(a, b)` in a flow list at its comma; pieces are joined again until their
 * parentheses close. */
static at_status take_values(at_sweep *w, axis *a, const at_yaml *v, const char *what,
                             at_error *err) {
  a->value = AT_NEW_ARRAY(w->arena, const char *, v->n + 1);
  if (!a->value) return at_nomem(err);
  const char *open = NULL;
  for (size_t i = 0; i < v->n; i++) {
    const at_yaml *item = v->item[i];
    if (item->kind != AT_YAML_SCALAR)
      return at_fail(err, AT_EINPUT, "%s:%d:%d: values of a sweep are single words or numbers",
                     what, item->line, item->col);
    const char *text = open ? at_arena_printf(w->arena, "%s, %s", open, item->text) : item->text;
    if (!text) return at_nomem(err);
    int depth = 0;
    for (const char *c = text; *c; c++) depth += (*c == '(') - (*c == ')');
    open = depth > 0 ? text : NULL;
    if (!open) a->value[a->n++] = text;
  }
  if (open)
    return at_fail(err, AT_EINPUT, "%s:%d:%d: \"%s\" has an open parenthesis", what, v->line,
                   v->col, open);
  if (!a->n)
    return at_fail(err, AT_EINPUT, "%s:%d:%d: `%s` has no values to sweep over", what, v->line,
                   v->col, a->key);
  return AT_OK;
}

static at_status take_over(at_sweep *w, const at_yaml *over, const char *what, at_error *err) {
  if (!over || over->kind != AT_YAML_MAP || !over->n)
    return at_fail(err, AT_EINPUT,
                   "%s: a sweep file needs a section `over` of keys with lists of values", what);
  for (size_t i = 0; i < over->n; i++) {
    if (w->n_axes == MOST_KEYS)
      return at_fail(err, AT_EINPUT, "%s: a sweep goes over at most %d keys", what, MOST_KEYS);
    if (over->item[i]->kind != AT_YAML_LIST)
      return at_fail(err, AT_EINPUT, "%s:%d:%d: `%s` needs a list of values", what,
                     over->item[i]->line, over->item[i]->col, over->key[i]->text);
    axis *a = &w->axis[w->n_axes++];
    a->key = over->key[i]->text;
    at_status s = take_values(w, a, over->item[i], what, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

/* ---- cells ---- */

static const char *short_key(const char *key) {
  const char *dot = strrchr(key, '.');
  return dot ? dot + 1 : key;
}

/* Letters, digits and "._=-+" stay; other characters become one '_' each run. */
static char *safe_name(at_arena *a, const char *text) {
  char *out = at_arena_strdup(a, text), *to = out;
  for (const char *c = text; out && *c; c++) {
    bool ok = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr("._=-+,", *c);
    if (ok)
      *to++ = *c;
    else if (to > out && to[-1] != '_')
      *to++ = '_';
  }
  if (out) {
    while (to > out && to[-1] == '_') to--;
    *to = 0;
  }
  return out;
}

static at_status make_cell(at_sweep *w, size_t index, at_error *err) {
  at_cell *c = &w->cell[index];
  at_text name = {0};
  size_t rest = index;
  c->keys = AT_NEW_ARRAY(w->arena, char *, w->n_axes);
  c->values = AT_NEW_ARRAY(w->arena, char *, w->n_axes);
  if (!c->keys || !c->values) return at_nomem(err);
  for (size_t k = w->n_axes; k-- > 0;) {
    c->keys[k] = at_arena_strdup(w->arena, w->axis[k].key);
    c->values[k] = at_arena_strdup(w->arena, w->axis[k].value[rest % w->axis[k].n]);
    rest /= w->axis[k].n;
    if (!c->keys[k] || !c->values[k]) return at_nomem(err);
  }
  c->n_keys = w->n_axes;
  for (size_t k = 0; k < w->n_axes; k++)
    at_text_addf(&name, "%s%s=%s", k ? "," : "", short_key(c->keys[k]), c->values[k]);
  c->name = name.data ? safe_name(w->arena, name.data) : NULL;
  at_text_free(&name);
  c->dir = c->name ? at_arena_printf(w->arena, "%s/cells/%s", w->dir, c->name) : NULL;
  char *results = c->dir ? at_path_join(c->dir, "results.json") : NULL;
  if (!results) return at_nomem(err);
  c->finished = at_file_exists(results);
  free(results);
  for (size_t i = 0; i < index; i++)
    if (!strcmp(w->cell[i].name, c->name))
      return at_fail(err, AT_EINPUT, "%s: two runs of this sweep are the same: %s", w->path,
                     c->name);
  return AT_OK;
}

/* The run of a cell: base, then the sweep file's own keys, then --set, then the cell. */
static at_status cell_run(at_sweep *w, const at_cell *c, at_run **out, at_error *err) {
  static const char *const skip[] = {"base", "over", NULL};
  const at_yaml *root, *base_root;
  at_run *r = NULL;
  at_status s = at_run_file(w->arena, w->path, &root, err);
  const at_yaml *base = s == AT_OK ? at_yaml_get(root, "base") : NULL;
  char *base_path = NULL;
  if (s == AT_OK && base && base->kind != AT_YAML_SCALAR)
    s = at_fail(err, AT_EINPUT, "%s:%d:%d: `base` is the path of a run file", w->path, base->line,
                base->col);
  if (s == AT_OK && base) {
    const char *slash = strrchr(w->path, '/');
    char *folder = slash ? strndup(w->path, (size_t)(slash - w->path)) : strdup(".");
    base_path = folder ? at_path_join(folder, base->text) : NULL;
    free(folder);
    if (!base_path) s = at_nomem(err);
  }
  if (s == AT_OK) s = at_run_new(base ? base_path : w->path, &r, err);
  if (s == AT_OK && base) {
    s = at_run_file(r->arena, base_path, &base_root, err);
    if (s == AT_OK) s = at_run_take(r, base_root, base_path, NULL, err);
  }
  if (s == AT_OK) s = at_run_take(r, root, w->path, skip, err);
  for (size_t i = 0; s == AT_OK && i < w->n_set; i++) s = at_run_override(r, w->set[i], err);
  for (size_t k = 0; s == AT_OK && k < c->n_keys; k++) {
    const char *set = at_arena_printf(r->arena, "%s=%s", c->keys[k], c->values[k]);
    s = set ? at_run_override(r, set, err) : at_nomem(err);
  }
  if (s == AT_OK) s = at_run_finish(r, err);
  free(base_path);
  if (s == AT_OK)
    *out = r;
  else
    at_run_free(r);
  return s;
}

static at_status make_cells(at_sweep *w, at_error *err) {
  size_t n = 1;
  for (size_t k = 0; k < w->n_axes; k++)
    if (!at_mul_size(n, w->axis[k].n, &n) || n > MOST_CELLS)
      return at_fail(err, AT_EINPUT, "%s: this sweep has more than %d runs", w->path, MOST_CELLS);
  w->cell = AT_NEW_ARRAY(w->arena, at_cell, n);
  if (!w->cell) return at_nomem(err);
  at_status s = AT_OK;
  for (w->n = 0; s == AT_OK && w->n < n; w->n++) s = make_cell(w, w->n, err);
  /* Mistakes in any cell show before the first one is trained. */
  for (size_t i = 0; s == AT_OK && i < n; i++) {
    at_run *r = NULL;
    s = cell_run(w, &w->cell[i], &r, err);
    at_run_free(r);
  }
  return s;
}

at_status at_sweep_load(const char *path, const char *const *set, size_t n_set, const char *dir,
                        at_sweep **out, at_error *err) {
  at_arena *a = at_arena_new();
  at_sweep *w = a ? AT_NEW(a, at_sweep) : NULL;
  const at_yaml *root;
  *out = NULL;
  if (!w) {
    at_arena_free(a);
    return at_nomem(err);
  }
  w->arena = a;
  w->path = at_arena_strdup(a, path);
  w->dir = at_arena_strdup(a, dir);
  w->set = AT_NEW_ARRAY(a, const char *, n_set + 1);
  at_status s = w->path && w->dir && w->set ? AT_OK : at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < n_set; i++) {
    w->set[w->n_set++] = at_arena_strdup(a, set[i]);
    if (!w->set[i]) s = at_nomem(err);
  }
  if (s == AT_OK) s = at_run_file(a, path, &root, err);
  if (s == AT_OK) s = take_over(w, at_yaml_get(root, "over"), path, err);
  if (s == AT_OK) s = make_cells(w, err);
  if (s == AT_OK)
    *out = w;
  else
    at_arena_free(a);
  return s;
}

void at_sweep_free(at_sweep *w) {
  if (w) at_arena_free(w->arena);
}

const at_cell *at_sweep_cells(const at_sweep *w, size_t *n) {
  *n = w->n;
  return w->cell;
}

at_status at_sweep_cell_run(at_sweep *w, size_t cell, at_run **out, at_error *err) {
  return cell_run(w, &w->cell[cell], out, err);
}

at_status at_is_sweep(const char *path, bool *yes, at_error *err) {
  at_arena *a = at_arena_new();
  const at_yaml *root;
  at_status s = a ? at_run_file(a, path, &root, err) : at_nomem(err);
  if (s == AT_OK) *yes = at_yaml_get(root, "over") || at_yaml_get(root, "base");
  at_arena_free(a);
  return s;
}

/* ---- running ---- */

typedef struct relay {
  at_progress_fn *fn;
  void *ctx;
  char prefix[192];
  bool stopped;
} relay;

static int relay_progress(void *ctx, const at_progress *p) {
  relay *r = ctx;
  char phase[256];
  at_progress q = *p;
  snprintf(phase, sizeof phase, "%s: %s", r->prefix, p->phase);
  q.phase = phase;
  int stop = r->fn ? r->fn(r->ctx, &q) : 0;
  if (stop) r->stopped = true;
  return stop;
}

/* Of a model that is none the first message says it all. */
static void tell_first(at_status s, const at_text *messages, at_error *err) {
  char first[600];
  if (!messages->data || !err) return;
  snprintf(first, sizeof first, "%.*s", (int)strcspn(messages->data, "\n"), messages->data);
  at_fail(err, s, "%s", first);
}

at_status at_sweep_look(at_sweep *w, at_registry *reg, at_text *faults, at_error *err) {
  for (size_t i = 0; i < w->n; i++) {
    at_run *run = NULL;
    at_text messages = {0};
    at_error e = {0};
    if (w->cell[i].finished) continue;
    at_status s = cell_run(w, &w->cell[i], &run, &e);
    if (s == AT_OK) s = at_session_check(reg, run, &messages, &e);
    if (s != AT_OK) tell_first(s, &messages, &e);
    if (s != AT_OK) at_text_addf(faults, "%s: %s\n", w->cell[i].name, e.message);
    at_run_free(run);
    at_text_free(&messages);
    if (s == AT_ENOMEM || faults->failed) return at_nomem(err);
  }
  return AT_OK;
}

static at_status run_cell(at_sweep *w, at_cell *c, at_registry *reg, int threads, relay *r,
                          at_error *err) {
  at_run *run = NULL;
  at_session *s = NULL;
  at_text messages = {0};
  at_status st = cell_run(w, c, &run, err);
  if (st == AT_OK) st = at_session_new(reg, run, threads, &s, &messages, err);
  if (st != AT_OK) tell_first(st, &messages, err);
  if (st == AT_OK) st = at_session_train(s, c->dir, true, relay_progress, r, err);
  if (st == AT_OK) c->finished = true;
  at_session_free(s);
  at_run_free(run);
  at_text_free(&messages);
  return st;
}

static at_status keep_file(const at_sweep *w, at_error *err) {
  char *text = NULL, *to = at_path_join(w->dir, "sweep.yaml");
  size_t n;
  at_status s = to ? at_mkdirs(w->dir, err) : at_nomem(err);
  if (s == AT_OK) s = at_file_read(w->path, (size_t)1 << 20, &text, &n, err);
  if (s == AT_OK) s = at_file_write(to, text, n, err);
  free(text);
  free(to);
  return s;
}

at_status at_sweep_run(at_sweep *w, at_registry *reg, int threads, at_progress_fn *fn, void *ctx,
                       at_text *failures, at_error *err) {
  at_status s = keep_file(w, err);
  size_t failed = 0;
  relay r = {.fn = fn, .ctx = ctx};
  for (size_t i = 0; s == AT_OK && i < w->n && !r.stopped; i++) {
    at_error e = {0};
    if (w->cell[i].finished) continue;
    snprintf(r.prefix, sizeof r.prefix, "%zu/%zu %.120s", i + 1, w->n, w->cell[i].name);
    if (run_cell(w, &w->cell[i], reg, threads, &r, &e) == AT_OK) continue;
    failed++;
    if (failures) at_text_addf(failures, "%s: %s\n", w->cell[i].name, e.message);
  }
  if (s == AT_OK && r.stopped)
    s = at_fail(err, AT_EFAIL, "stopped; run the same command again to go on");
  if (s == AT_OK && failed) s = at_fail(err, AT_EFAIL, "%zu of %zu runs failed", failed, w->n);
  return s;
}
