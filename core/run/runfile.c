/* Run files: the table of keys, and how values get in. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/run/run_impl.h"

typedef enum value_type {
  T_TEXT,
  T_PATH,
  T_INT,
  T_REAL,
  T_BOOL,
  T_ENUM,
  T_LIST,
  T_FREE
} value_type;

typedef struct key_spec {
  const char *key;
  value_type type;
  const char *def; /* NULL: required; "" with T_FREE: none */
  double min, max; /* min == max: any */
  const char *choices;
} key_spec;

/* T_FREE: a map whose keys are the model's or the data's business. */
static const key_spec KEYS[] = {
    {"model", T_PATH, NULL, 0, 0, NULL},
    {"arguments", T_FREE, "", 0, 0, NULL},
    {"import", T_FREE, "", 0, 0, NULL},
    {"data.reader", T_TEXT, NULL, 0, 0, NULL},
    {"data.bind", T_FREE, "", 0, 0, NULL},
    {"data.pixels", T_ENUM, "unit", 0, 0, "unit|signed"},
    {"data.crop", T_INT, "0", 0, 16384, NULL},
    {"data.flip", T_BOOL, "false", 0, 0, NULL},
    {"data.memory", T_INT, "4096", 0, 1e9, NULL},
    {"data.splits.train", T_TEXT, "train", 0, 0, NULL},
    {"data.splits.validation", T_TEXT, "", 0, 0, NULL},
    {"data.splits.test", T_TEXT, "", 0, 0, NULL},
    {"data.vocabulary.count", T_BOOL, "false", 0, 0, NULL},
    {"data.vocabulary.tokens", T_ENUM, "words", 0, 0, "words|space|pieces"},
    {"data.vocabulary.threshold", T_INT, "1", 1, 1e9, NULL},
    {"data.vocabulary.max_words", T_INT, "64", 1, 4096, NULL},
    {"data.vocabulary.ends", T_BOOL, "true", 0, 0, NULL},
    {"data.vocabulary.file", T_PATH, "", 0, 0, NULL},
    {"data.labels.file", T_PATH, "", 0, 0, NULL},
    {"data.labels.top", T_INT, "0", 0, 1e6, NULL},
    {"data.labels.unknown", T_ENUM, "error", 0, 0, "error|none"},
    {"task", T_TEXT, NULL, 0, 0, NULL},
    {"metrics", T_LIST, "", 0, 0, NULL},
    {"train.epochs", T_INT, "30", 0, 1e6, NULL},
    {"train.batch", T_INT, "128", 1, 1e6, NULL},
    {"train.bucket", T_TEXT, "", 0, 0, NULL},
    {"train.learning_rate", T_REAL, "0.0002", 0, 1e3, NULL},
    {"train.schedule.kind", T_ENUM, "constant", 0, 0, AT_SCHEDULE_KINDS},
    {"train.schedule.factor", T_REAL, "0.1", 0, 1, NULL},
    {"train.schedule.every", T_INT, "15", 1, 1e6, NULL},
    {"train.schedule.floor", T_REAL, "0", 0, 1, NULL},
    {"train.schedule.patience", T_INT, "3", 1, 1e6, NULL},
    {"train.schedule.warmup", T_INT, "0", 0, 1e9, NULL},
    {"train.weight_decay", T_REAL, "0", 0, 1e3, NULL},
    {"train.average", T_REAL, "0", 0, 0.999999, NULL},
    {"train.average_of", T_LIST, "", 0, 0, NULL},
    {"train.losses", T_FREE, "", 0, 0, NULL},
    {"train.clip", T_REAL, "2", 0, 1e9, NULL},
    {"train.beta1", T_REAL, "0.9", 0, 0.9999, NULL},
    {"train.beta2", T_REAL, "0.999", 0, 0.999999, NULL},
    {"train.epsilon", T_REAL, "1e-08", 1e-30, 1, NULL},
    {"train.sparse", T_BOOL, "false", 0, 0, NULL},
    {"train.evaluate_every", T_INT, "1", 0, 1e6, NULL},
    {"train.evaluate_steps", T_INT, "0", 0, 1e9, NULL},
    {"train.patience", T_INT, "0", 0, 1e6, NULL},
    {"train.min_delta", T_REAL, "0", 0, 1e9, NULL},
    {"train.checkpoint_every", T_INT, "500", 1, 1e9, NULL},
    {"train.log_every", T_INT, "20", 1, 1e9, NULL},
    {"train.samples", T_INT, "6", 0, 64, NULL},
    {"train.best", T_TEXT, "", 0, 0, NULL},
    {"seed", T_INT, "0", 0, 9007199254740992.0, NULL},
    {"threads", T_INT, "0", 0, 1024, NULL},
};
enum { N_KEYS = sizeof KEYS / sizeof KEYS[0] };

/* ---- looking up ---- */

static bool under(const char *key, const char *section) {
  size_t n = strlen(section);
  return !strncmp(key, section, n) && key[n] == '.';
}

static const key_spec *spec_of(const char *key) {
  for (int i = 0; i < N_KEYS; i++)
    if (!strcmp(KEYS[i].key, key) || (KEYS[i].type == T_FREE && under(key, KEYS[i].key)))
      return &KEYS[i];
  return NULL;
}

static bool is_section(const char *key) {
  for (int i = 0; i < N_KEYS; i++)
    if (under(KEYS[i].key, key) || (KEYS[i].type == T_FREE && !strcmp(KEYS[i].key, key)))
      return true;
  return false;
}

static at_status unknown_key(const char *place, const char *key, at_error *err) {
  static const char *const sections[] = {"data",        "data.splits", "data.vocabulary",
                                         "data.labels", "train",       "train.schedule"};
  const char *names[N_KEYS + 8];
  size_t n = 0;
  for (int i = 0; i < N_KEYS; i++) names[n++] = KEYS[i].key;
  for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) names[n++] = sections[i];
  const char *near = at_suggest(key, names, n), *last = strrchr(key, '.');
  /* A right word in a wrong section. */
  for (int i = 0; !near && i < N_KEYS; i++) {
    const char *word = strrchr(KEYS[i].key, '.');
    if (!strcmp(word ? word + 1 : KEYS[i].key, last ? last + 1 : key)) near = KEYS[i].key;
  }
  if (near)
    return at_fail(err, AT_EINPUT, "%s: there is no key `%s`; did you mean `%s`?", place, key,
                   near);
  return at_fail(err, AT_EINPUT, "%s: there is no key `%s`; see attune-run(5)", place, key);
}

const at_entry *at_run_entry(const at_run *r, const char *key) {
  for (size_t i = 0; i < r->n; i++)
    if (!strcmp(r->entry[i].key, key)) return &r->entry[i];
  return NULL;
}

const char *at_run_get(const at_run *r, const char *key) {
  const at_entry *e = at_run_entry(r, key);
  return e ? e->value : NULL;
}

double at_run_number(const at_run *r, const char *key) {
  double v = 0;
  const char *text = at_run_get(r, key);
  if (text) at_parse_f64(text, &v);
  return v;
}

int64_t at_run_int(const at_run *r, const char *key) { return (int64_t)at_run_number(r, key); }

/* ---- values ---- */

static bool in_choices(const char *choices, const char *word) {
  size_t n = strlen(word);
  for (const char *c = choices; c && *c; c = strchr(c, '|') ? strchr(c, '|') + 1 : "")
    if (!strncmp(c, word, n) && (c[n] == '|' || !c[n])) return true;
  return false;
}

static const char *truth(const char *text) {
  static const char *const yes[] = {"true", "yes", "on", NULL}, *const no[] = {"false", "no", "off",
                                                                               NULL};
  for (int i = 0; yes[i]; i++) {
    if (!strcmp(text, yes[i])) return "true";
    if (!strcmp(text, no[i])) return "false";
  }
  return NULL;
}

static at_status check_value(const key_spec *k, const at_entry *e, at_error *err) {
  double v;
  int64_t i;
  if (k->type == T_ENUM && !in_choices(k->choices, e->value))
    return at_fail(err, AT_EINPUT, "%s: `%s` is `%s`; it must be one of %s", e->place, e->key,
                   e->value, k->choices);
  if (k->type == T_BOOL && !truth(e->value))
    return at_fail(err, AT_EINPUT, "%s: `%s` is `%s`; it must be true or false", e->place, e->key,
                   e->value);
  if (k->type == T_INT && !at_parse_i64(e->value, &i))
    return at_fail(err, AT_EINPUT, "%s: `%s` is `%s`; it must be a whole number", e->place, e->key,
                   e->value);
  if (k->type == T_REAL && !at_parse_f64(e->value, &v))
    return at_fail(err, AT_EINPUT, "%s: `%s` is `%s`; it must be a number", e->place, e->key,
                   e->value);
  if ((k->type == T_INT || k->type == T_REAL) && k->min != k->max) {
    at_parse_f64(e->value, &v);
    if (v < k->min || v > k->max)
      return at_fail(err, AT_EINPUT, "%s: `%s` is %s; it must lie between %g and %g", e->place,
                     e->key, e->value, k->min, k->max);
  }
  if (k->type == T_TEXT && !k->def && !*e->value)
    return at_fail(err, AT_EINPUT, "%s: `%s` is empty", e->place, e->key);
  return AT_OK;
}

at_status at_run_put(at_run *r, const char *key, const char *value, const char *place,
                     at_error *err) {
  at_entry e = {at_arena_strdup(r->arena, key), at_arena_strdup(r->arena, value),
                at_arena_strdup(r->arena, place)};
  if (!e.key || !e.value || !e.place) return at_nomem(err);
  for (size_t i = 0; i < r->n; i++)
    if (!strcmp(r->entry[i].key, key)) {
      r->entry[i] = e;
      return AT_OK;
    }
  at_entry *v = at_arena_grow(r->arena, r->entry, r->n, &r->cap, sizeof *v);
  if (!v) return at_nomem(err);
  r->entry = v;
  r->entry[r->n++] = e;
  return AT_OK;
}

static at_status put_value(at_run *r, const key_spec *k, const char *key, const at_yaml *v,
                           const char *place, at_error *err) {
  at_text t = {0};
  at_status s = AT_OK;
  if (v->kind == AT_YAML_SCALAR) {
    at_text_add(&t, v->text);
  } else if (k->type == T_LIST && v->kind == AT_YAML_LIST) {
    for (size_t i = 0; i < v->n && s == AT_OK; i++) {
      if (v->item[i]->kind != AT_YAML_SCALAR)
        s = at_fail(err, AT_EINPUT, "%s: `%s` is a list of names", place, key);
      else
        at_text_addf(&t, "%s%s", i ? ", " : "", v->item[i]->text);
    }
  } else {
    s = at_fail(err, AT_EINPUT, "%s: `%s` takes a single value%s", place, key,
                k->type == T_LIST ? " or a list" : "");
  }
  if (s == AT_OK && t.failed) s = at_nomem(err);
  if (s == AT_OK) s = at_run_put(r, key, t.data ? t.data : "", place, err);
  if (s == AT_OK) s = check_value(k, at_run_entry(r, key), err);
  at_text_free(&t);
  return s;
}

static at_status take_at(at_run *r, const at_yaml *v, const char *prefix, const char *what,
                         const char *const *skip, at_error *err);

static at_status take_key(at_run *r, const char *key, const at_yaml *v, const char *what,
                          const at_yaml *where, at_error *err) {
  char place[512];
  if (where)
    snprintf(place, sizeof place, "%s:%d:%d", what, where->line, where->col);
  else
    snprintf(place, sizeof place, "%s", what);
  const key_spec *k = spec_of(key);
  const bool within = k && k->type == T_FREE && v->kind == AT_YAML_MAP;
  if (k && !within && (k->type != T_FREE || strcmp(k->key, key) != 0))
    return put_value(r, k, key, v, place, err);
  if (!within && !is_section(key)) return unknown_key(place, key, err);
  if (v->kind != AT_YAML_MAP) {
    if (v->kind == AT_YAML_SCALAR && !*v->text) return AT_OK; /* "arguments:" with nothing below */
    return at_fail(err, AT_EINPUT, "%s: `%s` is a section; its keys go below it", place, key);
  }
  return take_at(r, v, key, what, NULL, err);
}

static at_status take_at(at_run *r, const at_yaml *v, const char *prefix, const char *what,
                         const char *const *skip, at_error *err) {
  at_status s = AT_OK;
  for (size_t i = 0; s == AT_OK && i < v->n; i++) {
    bool skipped = false;
    for (int k = 0; skip && skip[k]; k++) skipped |= !strcmp(skip[k], v->key[i]->text);
    if (skipped) continue;
    const char *key =
        *prefix ? at_arena_printf(r->arena, "%s.%s", prefix, v->key[i]->text) : v->key[i]->text;
    s = key ? take_key(r, key, v->item[i], what, v->key[i], err) : at_nomem(err);
  }
  return s;
}

at_status at_run_take(at_run *r, const at_yaml *root, const char *what, const char *const *skip,
                      at_error *err) {
  if (root->kind != AT_YAML_MAP)
    return at_fail(err, AT_EINPUT, "%s:%d:%d: a run file is a list of `key: value` lines", what,
                   root->line, root->col);
  return take_at(r, root, "", what, skip, err);
}

at_status at_run_override(at_run *r, const char *assignment, at_error *err) {
  const char *eq = strchr(assignment, '=');
  char place[256];
  snprintf(place, sizeof place, "--set %.200s", assignment);
  if (!eq || eq == assignment) return at_fail(err, AT_EINPUT, "%s: expected KEY=VALUE", place);
  const char *key = at_arena_strndup(r->arena, assignment, (size_t)(eq - assignment));
  /* Specs such as general(side=key, act=tanh) are no YAML flow; only [..] and {..} are parsed. */
  at_yaml scalar = {.kind = AT_YAML_SCALAR, .text = eq + 1, .line = 1, .col = 1};
  const at_yaml *v = &scalar;
  at_status s = key ? AT_OK : at_nomem(err);
  if (s == AT_OK && (eq[1] == '[' || eq[1] == '{'))
    s = at_yaml_parse(r->arena, eq + 1, strlen(eq + 1), place, &v, err);
  return s == AT_OK ? take_key(r, key, v, place, NULL, err) : s;
}

/* ---- files ---- */

enum { LIMIT = 1 << 20 };

at_status at_run_file(at_arena *arena, const char *path, const at_yaml **root, at_error *err) {
  char *text = NULL;
  size_t n;
  at_status s = at_file_read(path, LIMIT, &text, &n, err);
  if (s == AT_OK) s = at_yaml_parse(arena, text, n, path, root, err);
  free(text);
  return s;
}

at_status at_run_new(const char *path, at_run **out, at_error *err) {
  at_arena *a = at_arena_new();
  at_run *r = a ? AT_NEW(a, at_run) : NULL;
  char real[PATH_MAX];
  *out = NULL;
  if (!r) {
    at_arena_free(a);
    return at_nomem(err);
  }
  r->arena = a;
  r->path = at_arena_strdup(a, path);
  const char *slash = strrchr(path, '/');
  char *dir =
      slash ? at_arena_strndup(a, path, (size_t)(slash - path) + 1) : at_arena_strdup(a, ".");
  if (!r->path || !dir) {
    at_arena_free(a);
    return at_nomem(err);
  }
  if (!realpath(dir, real)) {
    at_status s = at_fail(err, AT_EINPUT, "%s: %s", path, strerror(errno));
    at_arena_free(a);
    return s;
  }
  r->dir = at_arena_strdup(a, real);
  if (!r->dir) {
    at_arena_free(a);
    return at_nomem(err);
  }
  *out = r;
  return AT_OK;
}

void at_run_free(at_run *r) {
  if (r) at_arena_free(r->arena);
}

/* What is imported lies beside the run file, as paths do. */
static at_status resolve_imports(at_run *r, at_error *err) {
  at_status s = AT_OK;
  for (size_t i = 0; s == AT_OK && i < r->n; i++) {
    const at_entry e = r->entry[i];
    if (!under(e.key, "import") || !*e.value || e.value[0] == '/') continue;
    const char *abs = at_arena_printf(r->arena, "%s/%s", r->dir, e.value);
    s = abs ? at_run_put(r, e.key, abs, e.place, err) : at_nomem(err);
  }
  return s;
}

static at_status resolve(at_run *r, const key_spec *k, at_error *err) {
  const at_entry *e = at_run_entry(r, k->key);
  if (!e) {
    if (k->type == T_FREE) return AT_OK;
    if (!k->def) return at_fail(err, AT_EINPUT, "%s: the key `%s` is missing", r->path, k->key);
    return at_run_put(r, k->key, k->def, "", err);
  }
  if (k->type == T_BOOL) return at_run_put(r, k->key, truth(e->value), e->place, err);
  if (k->type != T_PATH || !*e->value || e->value[0] == '/') return AT_OK;
  const char *abs = at_arena_printf(r->arena, "%s/%s", r->dir, e->value);
  return abs ? at_run_put(r, k->key, abs, e->place, err) : at_nomem(err);
}

at_status at_run_finish(at_run *r, at_error *err) {
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < N_KEYS; i++) s = resolve(r, &KEYS[i], err);
  if (s == AT_OK) s = resolve_imports(r, err);
  return s == AT_OK ? at_run_rules(r, err) : s;
}

at_status at_run_load(const char *path, const char *const *set, size_t n_set, at_run **out,
                      at_error *err) {
  at_run *r;
  const at_yaml *root;
  at_status s = at_run_new(path, &r, err);
  *out = NULL;
  if (s != AT_OK) return s;
  s = at_run_file(r->arena, path, &root, err);
  if (s == AT_OK && (at_yaml_get(root, "over") || at_yaml_get(root, "base")))
    s = at_fail(err, AT_EINPUT, "%s: this is a sweep file; train its runs with `attune sweep`",
                path);
  if (s == AT_OK) s = at_run_take(r, root, path, NULL, err);
  for (size_t i = 0; s == AT_OK && i < n_set; i++) s = at_run_override(r, set[i], err);
  if (s == AT_OK) s = at_run_finish(r, err);
  if (s == AT_OK)
    *out = r;
  else
    at_run_free(r);
  return s;
}

at_status at_run_arguments(const at_run *r, const char *const **out, size_t *n, at_error *err) {
  const char **set = AT_NEW_ARRAY(r->arena, const char *, r->n + 1);
  *n = 0;
  if (!set) return at_nomem(err);
  for (size_t i = 0; i < r->n; i++) {
    if (strncmp(r->entry[i].key, "arguments.", 10)) continue;
    set[*n] = at_arena_printf(r->arena, "%s=%s", r->entry[i].key + 10, r->entry[i].value);
    if (!set[(*n)++]) return at_nomem(err);
  }
  *out = set;
  return AT_OK;
}

/* ---- text ---- */

static void put_line(at_text *t, int depth, const char *key, size_t n, const char *value) {
  at_text_addf(t, "%*s%.*s:", 2 * depth, "", (int)n, key);
  if (value) {
    at_text_add(t, " ");
    at_yaml_put_scalar(t, value);
  }
  at_text_add(t, "\n");
}

/* The sections of `key` that `before` was not in, then the value. */
static void put_entry(at_text *t, const char *before, const at_entry *e) {
  int depth = 0;
  const char *at = e->key;
  bool same = true;
  bool free_key = spec_of(e->key) && spec_of(e->key)->type == T_FREE;
  size_t free_prefix = free_key ? strlen(spec_of(e->key)->key) : 0;
  for (const char *dot; (dot = strchr(at, '.')); at = dot + 1, depth++) {
    if (free_key && (size_t)(at - e->key) > free_prefix)
      break; /* keys of a free map may hold dots */
    size_t n = (size_t)(dot - e->key) + 1;
    same = same && !strncmp(before, e->key, n);
    if (!same) put_line(t, depth, at, (size_t)(dot - at), NULL);
  }
  put_line(t, depth, at, strlen(at), e->value);
}

/* Keys in the order of the table, then those of free maps where the table has them. */
char *at_run_text(const at_run *r) {
  at_text t = {0};
  const char *before = "";
  for (int k = 0; k < N_KEYS; k++)
    for (size_t i = 0; i < r->n; i++) {
      const at_entry *e = &r->entry[i];
      if (spec_of(e->key) != &KEYS[k]) continue;
      put_entry(&t, before, e);
      before = e->key;
    }
  if (t.failed) {
    at_text_free(&t);
    return NULL;
  }
  return t.data;
}

at_status at_run_list(at_arena *arena, const char *value, const char ***out, size_t *n,
                      at_error *err) {
  size_t most = 1;
  for (const char *c = value; *c; c++) most += *c == ',';
  const char **v = AT_NEW_ARRAY(arena, const char *, most);
  if (!v) return at_nomem(err);
  *n = 0;
  int depth = 0;
  for (const char *at = value, *c = value;; c++) {
    depth += *c == '(';
    depth -= *c == ')';
    if (*c && (*c != ',' || depth > 0)) continue;
    const char *b = at, *e = c;
    while (b < e && *b == ' ') b++;
    while (e > b && e[-1] == ' ') e--;
    if (e > b && !(v[(*n)++] = at_arena_strndup(arena, b, (size_t)(e - b)))) return at_nomem(err);
    if (!*c) break;
    at = c + 1;
  }
  *out = v;
  return AT_OK;
}
