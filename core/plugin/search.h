/* Folders of plugins and the files in them, looked into and loaded no sooner than asked. */
#ifndef AT_PLUGIN_SEARCH_H
#define AT_PLUGIN_SEARCH_H
#include "core/plugin/plugin_impl.h"

enum { AT_MOST_FOLDERS = 64, AT_MOST_LIBRARIES = 1024 };

typedef struct at_plugin_file {
  const char *path;
  const char *stem; /* its name without ".so" */
  bool tried;
  const char *problem; /* why it was refused; NULL: it was not, or is not tried */
  at_library library;
  at_item *item; /* [n_items], what it offers; none where it was refused */
  size_t n_items;
} at_plugin_file;

typedef struct at_folder {
  const char *path;
  bool read;
  const char *problem;  /* why it cannot be read; NULL: it can, or is not there */
  at_plugin_file *file; /* [n_files], by name */
  size_t n_files;
} at_folder;

typedef struct at_search {
  at_arena *arena;
  at_folder folder[AT_MOST_FOLDERS];
  size_t n_folders, n_libraries;
} at_search;

/* The search path: `dirs`, ATTUNE_PLUGIN_PATH, the build tree or the installed folder. Opens
 * nothing. */
at_status at_search_new(at_search *s, const char *const *dirs, size_t n, at_error *err);
/* One file alone, loaded; AT_EINPUT where it is refused. */
at_status at_search_file(at_search *s, const char *path, at_error *err);
void at_search_free(at_search *s); /* zeroed: nothing */

/* What the folder has of that kind and name, or NULL. The file with the item's own name comes
 * before the others, which come by their names; no more of them are loaded than it takes to know.
 */
const at_item *at_folder_find(at_search *s, at_folder *d, attune_kind kind, const char *name);
void at_search_load(at_search *s); /* everything */
#endif
