/* Where plugins are looked for, and what was found. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/plugin/plugin_impl.h"

enum { MOST_DIRS = 64, MOST_LIBRARIES = 1024 };

struct at_registry {
  at_arena *arena;
  const char *dir[MOST_DIRS];
  size_t n_dirs;
  at_library library[MOST_LIBRARIES];
  int library_dir[MOST_LIBRARIES];
  size_t n_libraries;
  at_item *item; /* sorted by kind, then name */
  size_t n_items, cap_items;
  at_text problems;
  const char **names[ATTUNE_DATA + 1];
  bool loaded;
};

const char *at_kind_name(attune_kind k) {
  static const char *const names[] = {"?", "score", "task", "metric", "data reader"};
  return k >= ATTUNE_SCORE && k <= ATTUNE_DATA ? names[k] : names[0];
}

/* ---- folders ---- */

static at_status add_dir(at_registry *r, const char *dir, size_t n, at_error *err) {
  char *copy = at_arena_strndup(r->arena, dir, n);
  if (!copy) return at_nomem(err);
  if (r->n_dirs == MOST_DIRS)
    return at_fail(err, AT_EINPUT, "more than %d plugin folders are named", MOST_DIRS);
  if (n) r->dir[r->n_dirs++] = copy;
  return AT_OK;
}

/* A program run where it was built uses the plugins built beside it. */
bool at_in_build_tree(void) {
  char exe[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  size_t build = strlen(AT_BUILD_DIR);
  if (n <= 0) return false;
  exe[n] = 0;
  return !strncmp(exe, AT_BUILD_DIR, build) && exe[build] == '/';
}

at_status at_registry_new(const char *const *dirs, size_t n, at_registry **out, at_error *err) {
  at_registry *r = calloc(1, sizeof *r);
  const char *path = getenv("ATTUNE_PLUGIN_PATH");
  at_status s = AT_OK;
  *out = NULL;
  if (!r || !(r->arena = at_arena_new())) {
    free(r);
    return at_nomem(err);
  }
  for (size_t i = 0; s == AT_OK && i < n; i++) s = add_dir(r, dirs[i], strlen(dirs[i]), err);
  while (s == AT_OK && path && *path) {
    size_t len = strcspn(path, ":");
    s = add_dir(r, path, len, err);
    path += len + (path[len] == ':');
  }
  if (s == AT_OK && at_in_build_tree())
    s = add_dir(r, AT_BUILD_DIR "/.libs", strlen(AT_BUILD_DIR "/.libs"), err);
  else if (s == AT_OK)
    s = add_dir(r, AT_PLUGINDIR, strlen(AT_PLUGINDIR), err);
  if (s == AT_OK)
    *out = r;
  else
    at_registry_free(r);
  return s;
}

void at_registry_free(at_registry *r) {
  if (!r) return;
  for (size_t i = 0; i < r->n_libraries; i++) at_library_close(&r->library[i]);
  for (int k = 0; k <= ATTUNE_DATA; k++) free(r->names[k]);
  free(r->item);
  at_text_free(&r->problems);
  at_arena_free(r->arena);
  free(r);
}

/* ---- loading ---- */

static int by_kind_and_name(const void *a, const void *b) {
  const at_item *x = a, *y = b;
  if (x->item->kind != y->item->kind) return x->item->kind < y->item->kind ? -1 : 1;
  return strcmp(x->item->name, y->item->name);
}

static at_item *find_loaded(at_registry *r, attune_kind kind, const char *name) {
  for (size_t i = 0; i < r->n_items; i++)
    if (r->item[i].item->kind == (uint32_t)kind && !strcmp(r->item[i].item->name, name))
      return &r->item[i];
  return NULL;
}

static int dir_of(const at_registry *r, const at_item *it) {
  for (size_t i = 0; i < r->n_libraries; i++)
    if (r->library[i].path == it->path) return r->library_dir[i];
  return -1;
}

static at_status add_item(at_registry *r, const at_library *l, int dir, const attune_item *item,
                          at_error *err) {
  at_item *same = find_loaded(r, (attune_kind)item->kind, item->name);
  if (same && dir_of(r, same) == dir)
    return at_fail(err, AT_EINPUT,
                   "%s: it offers the %s `%s`, as %s in the same folder does; remove one of them",
                   l->path, at_kind_name((attune_kind)item->kind), item->name, same->path);
  if (same) {
    same->shadows = at_arena_strdup(r->arena, l->path);
    return same->shadows ? AT_OK : at_nomem(err);
  }
  if (r->n_items == r->cap_items) {
    size_t cap = r->cap_items ? 2 * r->cap_items : 32;
    at_item *v = realloc(r->item, cap * sizeof *v);
    if (!v) return at_nomem(err);
    r->item = v;
    r->cap_items = cap;
  }
  r->item[r->n_items++] = (at_item){item, l->plugin, l->path, l->sha256, NULL};
  return AT_OK;
}

static at_status load_file(at_registry *r, int dir, const char *path, at_error *err) {
  if (r->n_libraries == MOST_LIBRARIES)
    return at_fail(err, AT_EINPUT, "%s: more than %d plugin files", path, MOST_LIBRARIES);
  at_library *l = &r->library[r->n_libraries];
  at_status s = at_library_open(path, l, err);
  if (s != AT_OK) return s;
  r->library_dir[r->n_libraries++] = dir;
  for (uint32_t i = 0; s == AT_OK && i < l->plugin->item_count; i++)
    s = add_item(r, l, dir, l->plugin->items[i], err);
  return s;
}

static int only_objects(const struct dirent *e) {
  size_t n = strlen(e->d_name);
  return n > 3 && !strcmp(e->d_name + n - 3, ".so") && e->d_name[0] != '.';
}

/* Names sort, so that the same folder gives the same choice everywhere. */
static void load_dir(at_registry *r, int dir) {
  struct dirent **list;
  int n = scandir(r->dir[dir], &list, only_objects, alphasort);
  if (n < 0) {
    if (errno != ENOENT) at_text_addf(&r->problems, "%s: %s\n", r->dir[dir], strerror(errno));
    return;
  }
  for (int i = 0; i < n; i++) {
    char *path = at_path_join(r->dir[dir], list[i]->d_name);
    at_error e = {0};
    if (!path || load_file(r, dir, path, &e) != AT_OK)
      at_text_addf(&r->problems, "%s\n", path ? e.message : "out of memory");
    free(path);
    free(list[i]);
  }
  free(list);
}

static void load_all(at_registry *r) {
  if (r->loaded) return;
  r->loaded = true;
  for (size_t d = 0; d < r->n_dirs; d++) load_dir(r, (int)d);
  if (r->n_items) qsort(r->item, r->n_items, sizeof *r->item, by_kind_and_name);
}

at_status at_registry_file(const char *path, at_registry **out, at_error *err) {
  at_registry *r = calloc(1, sizeof *r);
  *out = NULL;
  if (!r || !(r->arena = at_arena_new())) {
    free(r);
    return at_nomem(err);
  }
  at_status s = load_file(r, 0, path, err);
  r->loaded = true;
  if (s == AT_OK)
    *out = r;
  else
    at_registry_free(r);
  return s;
}

/* ---- asking ---- */

size_t at_registry_names(at_registry *r, attune_kind kind, const char *const **names) {
  load_all(r);
  size_t n = 0;
  const char **v = realloc(r->names[kind], (r->n_items + 1) * sizeof *v);
  *names = v;
  if (!v) return 0;
  r->names[kind] = v;
  for (size_t i = 0; i < r->n_items; i++)
    if (r->item[i].item->kind == (uint32_t)kind) v[n++] = r->item[i].item->name;
  v[n] = NULL;
  return n;
}

static at_status not_found(at_registry *r, attune_kind kind, const char *name, at_error *err) {
  const char *const *names;
  size_t n = at_registry_names(r, kind, &names);
  const char *near = at_suggest(name, names, n);
  at_text list = {0};
  for (size_t i = 0; i < n; i++) at_text_addf(&list, "%s%s", i ? ", " : "", names[i]);
  at_status s;
  if (near)
    s = at_fail(err, AT_EINPUT, "there is no %s `%s`; did you mean `%s`?", at_kind_name(kind), name,
                near);
  else if (n)
    s = at_fail(err, AT_EINPUT, "there is no %s `%s`; there are: %s", at_kind_name(kind), name,
                list.data);
  else
    s = at_fail(
        err, AT_EINPUT, "there is no %s `%s`, nor any other: no plugins were found in %s%s%.*s",
        at_kind_name(kind), name, r->n_dirs ? r->dir[r->n_dirs - 1] : "no folder",
        r->problems.data ? "; " : "", r->problems.data ? (int)strcspn(r->problems.data, "\n") : 0,
        r->problems.data ? r->problems.data : "");
  at_text_free(&list);
  size_t used = err ? strlen(err->message) : 0;
  if (n && err && r->problems.data) /* a plugin that was refused may be the one that is meant */
    snprintf(err->message + used, sizeof err->message - used, " (a plugin was refused: %.*s)",
             (int)strcspn(r->problems.data, "\n"), r->problems.data);
  return s;
}

at_status at_registry_find(at_registry *r, attune_kind kind, const char *name, const at_item **out,
                           at_error *err) {
  load_all(r);
  *out = find_loaded(r, kind, name);
  return *out ? AT_OK : not_found(r, kind, name, err);
}

at_status at_registry_list(at_registry *r, const at_item **items, size_t *n,
                           struct at_text *problems, at_error *err) {
  load_all(r);
  *items = r->item;
  *n = r->n_items;
  if (r->problems.failed) return at_nomem(err);
  if (problems && r->problems.data) at_text_add(problems, r->problems.data);
  return AT_OK;
}
