/* What the plugins offer, asked for by kind and name. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/plugin/search.h"

struct at_registry {
  pthread_mutex_t lock; /* a question may load files, and they may ask */
  at_search search;
  bool whole;    /* all is loaded, and what follows is of all */
  at_item *item; /* sorted by kind, then name */
  size_t n_items;
  at_text problems; /* a line each */
  const char **names[ATTUNE_DATA + 1];
};

const char *at_kind_name(attune_kind k) {
  static const char *const names[] = {"?", "score", "task", "metric", "data reader"};
  return k >= ATTUNE_SCORE && k <= ATTUNE_DATA ? names[k] : names[0];
}

static void make_lock(pthread_mutex_t *lock) {
  pthread_mutexattr_t recursive;
  pthread_mutexattr_init(&recursive);
  pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(lock, &recursive);
  pthread_mutexattr_destroy(&recursive);
}

/* `dirs` and n, or one file */
static at_status new_registry(const char *const *dirs, size_t n, const char *file,
                              at_registry **out, at_error *err) {
  at_registry *r = calloc(1, sizeof *r);
  *out = NULL;
  if (!r) return at_nomem(err);
  make_lock(&r->lock);
  at_status s =
      file ? at_search_file(&r->search, file, err) : at_search_new(&r->search, dirs, n, err);
  if (s == AT_OK)
    *out = r;
  else
    at_registry_free(r);
  return s;
}

at_status at_registry_new(const char *const *dirs, size_t n, at_registry **out, at_error *err) {
  return new_registry(dirs, n, NULL, out, err);
}

at_status at_registry_file(const char *path, at_registry **out, at_error *err) {
  return new_registry(NULL, 0, path, out, err);
}

void at_registry_free(at_registry *r) {
  if (!r) return;
  at_search_free(&r->search);
  for (int k = 0; k <= ATTUNE_DATA; k++) free(r->names[k]);
  free(r->item);
  at_text_free(&r->problems);
  pthread_mutex_destroy(&r->lock);
  free(r);
}

/* ---- all of them ---- */

typedef struct offer {
  at_item *item;
  const at_folder *folder;
  at_plugin_file *file;
} offer;

static bool has_own_name(const offer *o) { return !strcmp(o->file->stem, o->item->item->name); }

/* The order of at_registry_find: what comes first of one kind and name is what it finds. */
static int by_rank(const void *a, const void *b) {
  const offer *x = a, *y = b;
  if (x->item->item->kind != y->item->item->kind)
    return x->item->item->kind < y->item->item->kind ? -1 : 1;
  int order = strcmp(x->item->item->name, y->item->item->name);
  if (order) return order;
  if (x->folder != y->folder) return x->folder < y->folder ? -1 : 1;
  if (has_own_name(x) != has_own_name(y)) return has_own_name(x) ? -1 : 1;
  return (x->file > y->file) - (x->file < y->file);
}

static bool is_same(const offer *a, const offer *b) {
  return a->item->item->kind == b->item->item->kind &&
         !strcmp(a->item->item->name, b->item->item->name);
}

static offer *all_offers(at_registry *r, size_t *n) {
  size_t most = 0;
  *n = 0;
  for (size_t d = 0; d < r->search.n_folders; d++)
    for (size_t i = 0; i < r->search.folder[d].n_files; i++)
      most += r->search.folder[d].file[i].n_items;
  offer *o = calloc(most + 1, sizeof *o);
  for (size_t d = 0; o && d < r->search.n_folders; d++)
    for (size_t i = 0; i < r->search.folder[d].n_files; i++) {
      at_plugin_file *f = &r->search.folder[d].file[i];
      for (size_t k = 0; k < f->n_items; k++)
        o[(*n)++] = (offer){&f->item[k], &r->search.folder[d], f};
    }
  if (o) qsort(o, *n, sizeof *o, by_rank);
  return o;
}

/* Of two in one folder, which nobody can have meant; of two folders, the first hides the other. */
static void second(at_registry *r, const offer *first, at_item *kept, const offer *o) {
  at_plugin_file *f = o->file;
  if (o->folder != first->folder) {
    if (!kept->shadows) kept->shadows = f->path;
    return;
  }
  const char *problem = at_arena_printf(
      r->search.arena,
      "%s%s%s: it offers the %s `%s`, as %s in the same folder does; remove one of them",
      f->problem ? f->problem : "", f->problem ? "\n" : "", f->path,
      at_kind_name((attune_kind)o->item->item->kind), o->item->item->name, first->file->path);
  f->problem = problem ? problem : "out of memory";
}

static void add_problem(at_registry *r, const char *problem) {
  if (problem) at_text_addf(&r->problems, "%s\n", problem);
}

static void load_all(at_registry *r) {
  size_t n;
  if (r->whole) return;
  r->whole = true;
  at_search_load(&r->search);
  offer *o = all_offers(r, &n), *first = o;
  r->item = calloc(n + 1, sizeof *r->item);
  if (!o || !r->item) r->problems.failed = true;
  for (size_t i = 0; o && r->item && i < n; i++) {
    if (i && is_same(first, &o[i])) {
      second(r, first, &r->item[r->n_items - 1], &o[i]);
      continue;
    }
    first = &o[i];
    r->item[r->n_items++] = *first->item;
  }
  free(o);
  for (size_t d = 0; d < r->search.n_folders; d++) {
    add_problem(r, r->search.folder[d].problem);
    for (size_t i = 0; i < r->search.folder[d].n_files; i++)
      add_problem(r, r->search.folder[d].file[i].problem);
  }
}

static size_t names_of(at_registry *r, attune_kind kind, const char *const **names) {
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

size_t at_registry_names(at_registry *r, attune_kind kind, const char *const **names) {
  pthread_mutex_lock(&r->lock);
  const size_t n = names_of(r, kind, names);
  pthread_mutex_unlock(&r->lock);
  return n;
}

at_status at_registry_list(at_registry *r, const at_item **items, size_t *n,
                           struct at_text *problems, at_error *err) {
  pthread_mutex_lock(&r->lock);
  load_all(r);
  pthread_mutex_unlock(&r->lock);
  *items = r->item;
  *n = r->n_items;
  if (r->problems.failed) return at_nomem(err);
  if (problems && r->problems.data) at_text_add(problems, r->problems.data);
  return AT_OK;
}

/* ---- one of them ---- */

static at_status not_found(at_registry *r, attune_kind kind, const char *name, at_error *err) {
  const char *const *names;
  size_t n = names_of(r, kind, &names);
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
        at_kind_name(kind), name, r->search.folder[r->search.n_folders - 1].path,
        r->problems.data ? "; " : "", r->problems.data ? (int)strcspn(r->problems.data, "\n") : 0,
        r->problems.data ? r->problems.data : "");
  at_text_free(&list);
  size_t used = err ? strlen(err->message) : 0;
  if (n && err && r->problems.data) /* a plugin that was refused may be the one that is meant */
    snprintf(err->message + used, sizeof err->message - used, " (a plugin was refused: %.*s)",
             (int)strcspn(r->problems.data, "\n"), r->problems.data);
  return s;
}

static const at_item *find(at_registry *r, attune_kind kind, const char *name) {
  const at_item *it = NULL;
  for (size_t d = 0; !it && d < r->search.n_folders; d++)
    it = at_folder_find(&r->search, &r->search.folder[d], kind, name);
  return it;
}

at_status at_registry_find(at_registry *r, attune_kind kind, const char *name, const at_item **out,
                           at_error *err) {
  pthread_mutex_lock(&r->lock);
  *out = find(r, kind, name);
  at_status s = *out ? AT_OK : not_found(r, kind, name, err);
  pthread_mutex_unlock(&r->lock);
  return s;
}

bool at_registry_has(at_registry *r, attune_kind kind, const char *name) {
  pthread_mutex_lock(&r->lock);
  const bool has = find(r, kind, name) != NULL;
  pthread_mutex_unlock(&r->lock);
  return has;
}
