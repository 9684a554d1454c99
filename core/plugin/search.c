/* Where plugins are looked for, and which files are loaded for a name. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/plugin/search.h"

/* ---- the path ---- */

static at_status add_folder(at_search *s, const char *path, size_t n, at_error *err) {
  char *copy = at_arena_strndup(s->arena, path, n);
  if (!copy) return at_nomem(err);
  if (s->n_folders == AT_MOST_FOLDERS)
    return at_fail(err, AT_EINPUT, "more than %d plugin folders are named", AT_MOST_FOLDERS);
  if (n) s->folder[s->n_folders++].path = copy;
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

at_status at_search_new(at_search *s, const char *const *dirs, size_t n, at_error *err) {
  const char *path = getenv("ATTUNE_PLUGIN_PATH"),
             *last = at_in_build_tree() ? AT_BUILD_DIR "/.libs" : AT_PLUGINDIR;
  s->arena = at_arena_new();
  at_status st = s->arena ? AT_OK : at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < n; i++) st = add_folder(s, dirs[i], strlen(dirs[i]), err);
  while (st == AT_OK && path && *path) {
    size_t len = strcspn(path, ":");
    st = add_folder(s, path, len, err);
    path += len + (path[len] == ':');
  }
  return st == AT_OK ? add_folder(s, last, strlen(last), err) : st;
}

void at_search_free(at_search *s) {
  for (size_t d = 0; d < s->n_folders; d++)
    for (size_t i = 0; i < s->folder[d].n_files; i++)
      at_library_close(&s->folder[d].file[i].library);
  at_arena_free(s->arena);
}

/* ---- folders ---- */

static int only_objects(const struct dirent *e) {
  size_t n = strlen(e->d_name);
  return n > 3 && !strcmp(e->d_name + n - 3, ".so") && e->d_name[0] != '.';
}

/* By bytes, not as a locale sorts: the same folder gives the same choice everywhere. */
static int by_bytes(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static bool name_file(at_search *s, const at_folder *d, const char *name, at_plugin_file *f) {
  char *path = at_path_join(d->path, name);
  f->path = path ? at_arena_strdup(s->arena, path) : NULL;
  f->stem = at_arena_strndup(s->arena, name, strlen(name) - 3);
  free(path);
  return f->path && f->stem;
}

static void read_folder(at_search *s, at_folder *d) {
  struct dirent **list;
  if (d->read) return;
  d->read = true;
  int n = scandir(d->path, &list, only_objects, by_bytes);
  if (n < 0) {
    if (errno != ENOENT) d->problem = at_arena_printf(s->arena, "%s: %s", d->path, strerror(errno));
    return;
  }
  bool whole = (d->file = AT_NEW_ARRAY(s->arena, at_plugin_file, (size_t)n + 1)) != NULL;
  for (int i = 0; i < n; i++) {
    whole = whole && name_file(s, d, list[i]->d_name, &d->file[i]);
    if (whole) d->n_files++;
    free(list[i]);
  }
  free(list);
  if (!whole) d->problem = "out of memory";
}

/* ---- files ---- */

static at_status open_file(at_search *s, at_plugin_file *f, at_error *err) {
  if (s->n_libraries == AT_MOST_LIBRARIES)
    return at_fail(err, AT_EINPUT, "%s: more than %d plugin files", f->path, AT_MOST_LIBRARIES);
  at_status st = at_library_open(f->path, &f->library, err);
  if (st != AT_OK) return st;
  s->n_libraries++;
  const attune_plugin *p = f->library.plugin;
  f->item = AT_NEW_ARRAY(s->arena, at_item, p->item_count);
  if (!f->item) return at_nomem(err);
  f->n_items = p->item_count;
  for (size_t i = 0; i < f->n_items; i++)
    f->item[i] = (at_item){p->items[i], p, f->path, NULL, &f->library};
  return AT_OK;
}

static void load_file(at_search *s, at_plugin_file *f) {
  at_error e = {0};
  if (f->tried) return;
  f->tried = true;
  if (open_file(s, f, &e) == AT_OK) return;
  f->problem = at_arena_strdup(s->arena, e.message);
  if (!f->problem) f->problem = "out of memory";
}

at_status at_search_file(at_search *s, const char *path, at_error *err) {
  at_folder *d = &s->folder[0];
  s->arena = at_arena_new();
  d->file = s->arena ? AT_NEW(s->arena, at_plugin_file) : NULL;
  if (!d->file || !(d->file->path = at_arena_strdup(s->arena, path))) return at_nomem(err);
  d->path = "no folder";
  d->file->stem = "";
  d->file->tried = d->read = true;
  s->n_folders = d->n_files = 1;
  return open_file(s, d->file, err);
}

/* ---- asking ---- */

static const at_item *offered(at_search *s, at_plugin_file *f, attune_kind kind, const char *name) {
  load_file(s, f);
  for (size_t i = 0; i < f->n_items; i++)
    if (f->item[i].item->kind == (uint32_t)kind && !strcmp(f->item[i].item->name, name))
      return &f->item[i];
  return NULL;
}

const at_item *at_folder_find(at_search *s, at_folder *d, attune_kind kind, const char *name) {
  const at_item *it = NULL;
  read_folder(s, d);
  for (size_t i = 0; !it && i < d->n_files; i++)
    if (!strcmp(d->file[i].stem, name)) it = offered(s, &d->file[i], kind, name);
  for (size_t i = 0; !it && i < d->n_files; i++) it = offered(s, &d->file[i], kind, name);
  return it;
}

void at_search_load(at_search *s) {
  for (size_t d = 0; d < s->n_folders; d++) {
    read_folder(s, &s->folder[d]);
    for (size_t i = 0; i < s->folder[d].n_files; i++) load_file(s, &s->folder[d].file[i]);
  }
}
