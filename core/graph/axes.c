/* Axes of a graph and of its nodes, and how messages speak of them. */
#include <string.h>
#include "core/base/text.h"
#include "core/graph/graph.h"

const char *at_axis_kind_name(at_axis_kind k) {
  switch (k) {
    case AT_BATCH: return "batch";
    case AT_SEQUENCE: return "sequence";
    case AT_FEATURE: return "feature";
  }
  return "unknown";
}

int at_graph_find_axis(const at_graph *g, const char *name) {
  for (int i = 0; i < g->n_axis; i++)
    if (strcmp(g->axis[i].name, name) == 0) return i;
  return -1;
}

int at_axis_origin(const at_graph *g, int axis) {
  while (axis >= 0 && g->axis[axis].from >= 0) axis = g->axis[axis].from;
  return axis;
}

int at_axis_root(const at_graph *g, int axis) {
  const char *name = g->axis[axis].name;
  const size_t n = strlen(name);
  axis = at_axis_origin(g, axis);
  for (int i = 0; g->axis[axis].from < 0 && n && name[n - 1] == '\'' && i < g->n_axis; i++)
    if (strlen(g->axis[i].name) == n - 1 && !memcmp(g->axis[i].name, name, n - 1))
      return at_axis_origin(g, i);
  return axis;
}

/* "a feature axis", "a sequence axis, ragged over caption". */
static const char *axis_text(const at_graph *g, at_axis_kind kind, int parent) {
  const char *t = parent < 0 ? at_arena_printf(g->arena, "a %s axis", at_axis_kind_name(kind))
                             : at_arena_printf(g->arena, "a %s axis, ragged over %s",
                                               at_axis_kind_name(kind), g->axis[parent].name);
  return t ? t : "another axis";
}

static at_status grow_axes(at_graph *g, at_error *err) {
  if (g->n_axis < g->cap_axis) return AT_OK;
  int cap = g->cap_axis ? 2 * g->cap_axis : 16;
  at_axis *v = AT_NEW_ARRAY(g->arena, at_axis, (size_t)cap);
  if (!v) return at_nomem(err);
  if (g->n_axis) memcpy(v, g->axis, (size_t)g->n_axis * sizeof *v);
  g->axis = v;
  g->cap_axis = cap;
  return AT_OK;
}

at_status at_graph_axis(at_graph *g, const char *name, at_axis_kind kind, int parent, at_span span,
                        int *out, at_error *err) {
  int i = at_graph_find_axis(g, name);
  if (parent >= g->n_axis || (parent >= 0 && g->axis[parent].kind != AT_BATCH))
    return at_fail(err, AT_EINPUT, "axis `%s` can be ragged over a batch axis only", name);
  if (i >= 0) {
    const at_axis *a = &g->axis[i];
    if (a->kind != kind || a->parent != (parent < 0 ? -1 : parent))
      return at_fail(err, AT_EINPUT, "axis `%s` is %s; it cannot be %s as well", name,
                     axis_text(g, a->kind, a->parent), axis_text(g, kind, parent));
    *out = i;
    return AT_OK;
  }
  at_status s = grow_axes(g, err);
  if (s != AT_OK) return s;
  char *copy = at_arena_strdup(g->arena, name);
  if (!copy) return at_nomem(err);
  g->axis[g->n_axis] = (at_axis){
      .name = copy, .kind = kind, .parent = parent < 0 ? -1 : parent, .origin = span, .from = -1};
  *out = g->n_axis++;
  return AT_OK;
}

static int root_of(const at_graph *g, int axis, int64_t *delta) {
  for (*delta = 0; g->axis[axis].from >= 0; axis = g->axis[axis].from)
    *delta += g->axis[axis].delta;
  return axis;
}

static at_status otherwise(const at_graph *g, int to, at_error *err) {
  return at_fail(err, AT_EINPUT, "axis `%s` has lengths of its own already; choose another name",
                 g->axis[to].name);
}

at_status at_graph_derive(at_graph *g, int to, int from, int64_t delta, at_error *err) {
  int64_t have, want;
  int root = root_of(g, from, &want);
  want += delta;
  if (!g->axis[to].bound && to != root) {
    g->axis[to].bound = true;
    g->axis[to].from = root;
    g->axis[to].delta = want;
    return AT_OK;
  }
  return root_of(g, to, &have) == root && have == want ? AT_OK : otherwise(g, to, err);
}

at_status at_graph_join(at_graph *g, int to, int n, const struct at_part *part, at_error *err) {
  at_axis *a = &g->axis[to];
  if (!a->bound) {
    a->bound = true;
    a->n_part = n;
    for (int i = 0; i < n; i++) a->part[i] = part[i];
    return AT_OK;
  }
  bool same = a->n_part == n;
  for (int i = 0; same && i < n; i++)
    same = a->part[i].axis == part[i].axis && a->part[i].size == part[i].size;
  return same ? AT_OK : otherwise(g, to, err);
}

int at_node_packed(const at_graph *g, const at_node *n, int d) {
  for (int i = 0; n->dim[d].padded && i < n->ndim; i++)
    if (!n->dim[i].padded && n->dim[i].axis >= 0 &&
        g->axis[n->dim[i].axis].parent == g->axis[n->dim[d].axis].parent)
      return i;
  return -1;
}

int at_node_dim(const at_node *n, int axis) {
  if (axis < 0) return -1;
  for (int i = 0; i < n->ndim; i++)
    if (n->dim[i].axis == axis) return i;
  return -1;
}

bool at_node_has_axis(const at_graph *g, const at_node *n, int axis) {
  if (axis < 0) return false;
  for (int i = 0; i < n->ndim; i++) {
    int a = n->dim[i].axis;
    if (a == axis || (a >= 0 && g->axis[a].parent == axis)) return true;
  }
  return false;
}

static bool parent_shown(const at_graph *g, const at_node *n, int upto, int parent) {
  for (int i = 0; i < upto; i++) {
    int a = n->dim[i].axis;
    if (a == parent || (a >= 0 && g->axis[a].parent == parent)) return true;
  }
  return false;
}

/* "picture, caption, word...": a parent is named once, before its first child. */
static void add_axes(const at_graph *g, const at_node *n, at_text *t) {
  for (int i = 0; i < n->ndim; i++) {
    if (i) at_text_add(t, ", ");
    int a = n->dim[i].axis;
    if (a < 0) {
      at_text_addf(t, "%lld", (long long)n->dim[i].size);
      continue;
    }
    int parent = g->axis[a].parent;
    if (parent >= 0 && !parent_shown(g, n, i, parent))
      at_text_addf(t, "%s, ", g->axis[parent].name);
    at_text_addf(t, "%s%s", g->axis[a].name, parent >= 0 ? "..." : "");
  }
}

static const char *finish(const at_graph *g, at_text *t, const char *fallback) {
  const char *s = t->failed || !t->data ? NULL : at_arena_strdup(g->arena, t->data);
  at_text_free(t);
  return s ? s : fallback;
}

const char *at_node_axes_text(const at_graph *g, const at_node *n) {
  at_text t = {0};
  at_text_add(&t, "[");
  add_axes(g, n, &t);
  at_text_add(&t, "]");
  return finish(g, &t, "[...]");
}

const char *at_node_title(const at_graph *g, const at_node *n) {
  const char *s = n->name    ? at_arena_printf(g->arena, "`%s`", n->name)
                  : n->pname ? at_arena_printf(g->arena, "`%s`", n->pname)
                             : at_arena_printf(g->arena, "the result of %s", n->op->name);
  return s ? s : "a value";
}

at_status at_node_need_dim(const at_graph *g, const at_node *n, int axis, int *dim, at_error *err) {
  int d = at_node_dim(n, axis);
  if (d >= 0) {
    *dim = d;
    return AT_OK;
  }
  const char *name = axis >= 0 && axis < g->n_axis ? g->axis[axis].name : "?";
  if (n->ndim == 0)
    return at_fail(err, AT_EINPUT, "%s has no axis `%s`; it is a single number",
                   at_node_title(g, n), name);
  for (int i = 0; i < n->ndim; i++) /* [caption, word...] shows `caption`, but is one axis */
    if (axis >= 0 && g->axis[n->dim[i].axis].parent == axis)
      return at_fail(err, AT_EINPUT,
                     "%s has the axis `%s` only together with `%s...`; reduce it over `%s` first",
                     at_node_title(g, n), name, g->axis[n->dim[i].axis].name,
                     g->axis[n->dim[i].axis].name);
  at_text t = {0};
  add_axes(g, n, &t);
  return at_fail(err, AT_EINPUT, "%s has no axis `%s`; it has %s", at_node_title(g, n), name,
                 finish(g, &t, "others"));
}
