/* Weights that a run takes from another run, or from a file: `import: {PART: FOLDER as PART}`. */
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/run/run_impl.h"

static const char SECTION[] = "import.";

/* "PATH as PREFIX": the path in the session's memory; the prefix, or the part itself. */
static at_status split_value(const at_session *s, const at_entry *e, const char **path,
                             const char **prefix, at_error *err) {
  const char *as = NULL, *part = e->key + sizeof SECTION - 1;
  for (const char *c = e->value; (c = strstr(c, " as ")); c += 4) as = c;
  *prefix = as ? as + 4 : part;
  *path = at_arena_strndup(s->arena, e->value, as ? (size_t)(as - e->value) : strlen(e->value));
  return *path ? AT_OK : at_nomem(err);
}

/* The best weights of a run directory, or the last; a file is what it is. */
static at_status weights_of(const at_session *s, const at_entry *e, const char *path,
                            const char **file, at_error *err) {
  static const char *const names[] = {"best.safetensors", "last.safetensors"};
  const char *run = at_arena_printf(s->arena, "%s/run.yaml", path);
  if (!run) return at_nomem(err);
  *file = path;
  if (!at_file_exists(run)) {
    if (at_file_exists(path)) return AT_OK;
    return at_fail(err, AT_EINPUT,
                   "%s: `%s` is `%s`, where there is neither a run nor a file of weights", e->place,
                   e->key, path);
  }
  for (int i = 0; i < 2; i++) {
    *file = at_arena_printf(s->arena, "%s/%s", path, names[i]);
    if (!*file) return at_nomem(err);
    if (at_file_exists(*file)) return AT_OK;
  }
  return at_fail(err, AT_EINPUT,
                 "%s: `%s` is the run `%s`, which has no weights yet; train it first", e->place,
                 e->key, path);
}

static at_status check_part(const at_session *s, const at_entry *e, at_error *err) {
  const char *part = e->key + sizeof SECTION - 1, *names[256];
  size_t n = 0;
  for (int i = 0; i < s->graph->n_param; i++) {
    const char *p = s->graph->param[i]->pname;
    if (at_param_under(p, part)) return AT_OK;
    const char *top = at_arena_strndup(s->arena, p, strcspn(p, "."));
    if (!top) return at_nomem(err);
    if (n < 256 && (!n || strcmp(names[n - 1], top) != 0)) names[n++] = top;
  }
  const char *near = at_suggest(part, names, n);
  return at_fail(err, AT_EINPUT, "%s: `%s`: the model has no parameters under `%s`%s%s%s", e->place,
                 e->key, part, near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
}

static at_status import_entry(at_session *s, const at_entry *e, at_error *err) {
  at_import i = {.path = e->key + sizeof SECTION - 1, .span = {-1, 0, 0}};
  const char *path;
  if (!*e->value) return AT_OK;
  at_status st = check_part(s, e, err);
  if (st == AT_OK) st = split_value(s, e, &path, &i.prefix, err);
  if (st == AT_OK) st = weights_of(s, e, path, &i.file, err);
  return st == AT_OK ? at_graph_add_import(s->graph, &i, err) : st;
}

at_status at_session_import(at_session *s, at_error *err) {
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && i < s->run->n; i++)
    if (!strncmp(s->run->entry[i].key, SECTION, sizeof SECTION - 1))
      st = import_entry(s, &s->run->entry[i], err);
  return st;
}

at_status at_session_import_words(const at_session *s, char **path, at_error *err) {
  *path = NULL;
  for (size_t i = 0; i < s->run->n; i++) {
    const at_entry *e = &s->run->entry[i];
    const char *as = NULL;
    if (strncmp(e->key, SECTION, sizeof SECTION - 1)) continue;
    for (const char *c = e->value; (c = strstr(c, " as ")); c += 4) as = c;
    char *dir = strndup(e->value, as ? (size_t)(as - e->value) : strlen(e->value));
    *path = dir ? at_path_join(dir, "vocabulary.json") : NULL;
    free(dir);
    if (!*path) return at_nomem(err);
    if (at_file_exists(*path)) return AT_OK;
    free(*path);
    *path = NULL;
  }
  return AT_OK;
}
