/* Calls of modules, as a tree: "decoder.cell.1" lies in "decoder" when that is one. */
#include <string.h>
#include "core/draw/draw_impl.h"

int at_picture_module(const at_picture *p, const char *path) {
  for (int i = 0; path && i < p->n_module; i++)
    if (!strcmp(p->module[i].path, path)) return i;
  return -1;
}

static at_status add(at_picture *p, const char *path, size_t size, int *parent, at_error *err) {
  char *copy = at_arena_strndup(p->arena, path, size);
  if (!copy) return at_nomem(err);
  const int found = at_picture_module(p, copy);
  if (found < 0 && p->n_module == p->cap_module) {
    int cap = p->cap_module ? 2 * p->cap_module : 16;
    at_frame *v = AT_NEW_ARRAY(p->arena, at_frame, (size_t)cap);
    if (!v) return at_nomem(err);
    if (p->n_module) memcpy(v, p->module, (size_t)p->n_module * sizeof *v);
    p->module = v;
    p->cap_module = cap;
  }
  if (found < 0) p->module[p->n_module++] = (at_frame){copy, *parent};
  *parent = found < 0 ? p->n_module - 1 : found;
  return AT_OK;
}

/* A prefix is a call of its own unless a number follows: "cell.1" and "cell.2" lie side by side. */
static at_status add_path(at_picture *p, const char *path, at_error *err) {
  int parent = -1;
  for (const char *c = path;; c++) {
    if (*c != '.' && *c) continue;
    const bool turn = *c && c[1] >= '0' && c[1] <= '9';
    at_status s = turn ? AT_OK : add(p, path, (size_t)(c - path), &parent, err);
    if (s != AT_OK || !*c) return s;
  }
}

at_status at_picture_modules(at_picture *p, at_error *err) {
  for (int i = 0; i < p->g->n_node; i++) {
    const char *path = p->g->node[i]->module;
    if (!path || at_picture_module(p, path) >= 0) continue;
    at_status s = add_path(p, path, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}
