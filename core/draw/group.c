/* Which nodes share a box: a chain of unnamed operators stands with the value that it ends in. */
#include <string.h>
#include "core/draw/draw_impl.h"

/* ---- parts of attend blocks ---- */

/* Nodes made for `n` beyond `before` (the last node that was there) that belong to no part yet. */
static void claim(const at_graph *g, const at_node *n, int before, int part, int *parts) {
  if (!n || n->id <= before) return;
  parts[n->id] = part;
  for (int i = n->id; i > before; i--) {
    const at_node *m = g->node[i];
    for (int k = 0; parts[i] == part && k < m->n_in; k++)
      if (m->in[k]->id > before && parts[m->in[k]->id] < 0 && !at_node_is_parameter(m->in[k]))
        parts[m->in[k]->id] = part;
  }
}

at_status at_picture_attends(at_picture *p, int **part, at_error *err) {
  const at_graph *g = p->g;
  int *v = AT_NEW_ARRAY(p->arena, int, (size_t)g->n_node + 1);
  if (!v) return at_nomem(err);
  for (int i = 0; i < g->n_node; i++) v[i] = -1;
  for (int i = 0; i < g->n_attend; i++) {
    const at_attend *a = &g->attend[i];
    int first = a->query->id > a->key->id ? a->query->id : a->key->id;
    if (a->value->id > first && a->value->id < a->score->id) first = a->value->id;
    claim(g, a->score, first, 4 * i, v);
    claim(g, a->refined, a->score->id, 4 * i + 1, v);
    claim(g, a->weight, a->refined->id, 4 * i + 2, v);
    claim(g, a->context, a->weight->id, 4 * i + 3, v);
  }
  *part = v;
  return AT_OK;
}

/* ---- chains ---- */

typedef struct grouping {
  const at_graph *g;
  const int *part;
  int *uses, *user; /* how often a value is read, and by which node (the last found) */
  int *fold;        /* node whose box this one stands in; itself; -1: hidden */
} grouping;

static bool is_result(const at_graph *g, const at_node *n) {
  bool is = n == g->loss;
  for (int i = 0; i < g->n_output; i++) is |= g->output[i].node == n;
  for (int i = 0; i < g->n_objective; i++) is |= g->objective[i].node == n;
  return is;
}

static bool unnamed_learned(const at_node *n) { return at_node_is(n, "learned") && !n->name; }

static int sources(const at_node *n) {
  int count = 0;
  for (int i = 0; i < n->n_data; i++) {
    bool again = unnamed_learned(n->in[i]);
    for (int k = 0; k < i; k++) again |= n->in[k] == n->in[i];
    count += !again;
  }
  return count;
}

static bool same_module(const at_node *a, const at_node *b) {
  return a->module && b->module ? !strcmp(a->module, b->module) : a->module == b->module;
}

static bool same_place(const at_node *a, const at_node *b) {
  return a->span.file >= 0 && a->span.file == b->span.file && a->span.begin == b->span.begin &&
         a->span.end == b->span.end;
}

/* Products and norms of one call of cosine are made for it. */
static bool is_helper(const at_node *n, const at_node *user) {
  return at_node_is(user, "cosine_ratio") && same_place(n, user);
}

static bool folds(const grouping *w, const at_node *n) {
  const at_node *user = w->user[n->id] >= 0 ? w->g->node[w->user[n->id]] : NULL;
  if (n->name || at_node_is_input(n) || is_result(w->g, n) || w->uses[n->id] != 1) return false;
  if (w->part[n->id] >= 0 || w->part[user->id] >= 0 || !same_module(n, user)) return false;
  return sources(user) == 1 || is_helper(n, user);
}

static int choose(const grouping *w, const at_node *n) {
  const bool alias = (n->op->flags & AT_OP_ALIAS) || at_node_is(n, "arrange");
  if (at_node_is_parameter(n) || unnamed_learned(n)) return -1;
  if (w->part[n->id] >= 0) {
    const at_attend *a = &w->g->attend[w->part[n->id] / 4];
    const at_node *const end[] = {a->score, a->refined, a->weight, a->context};
    return end[w->part[n->id] % 4]->id;
  }
  if (at_node_is(n, "arrange")) return -1;
  if (folds(w, n)) return w->user[n->id];
  return alias && !n->name && !is_result(w->g, n) ? -1 : n->id;
}

at_status at_picture_group(at_picture *p, int **root, at_error *err) {
  const at_graph *g = p->g;
  const size_t n = (size_t)g->n_node + 1;
  int *part;
  at_status s = at_picture_attends(p, &part, err);
  grouping w = {.g = g,
                .uses = AT_NEW_ARRAY(p->arena, int, n),
                .user = AT_NEW_ARRAY(p->arena, int, n),
                .fold = AT_NEW_ARRAY(p->arena, int, n)};
  if (s != AT_OK) return s;
  if (!w.uses || !w.user || !w.fold) return at_nomem(err);
  w.part = part;
  for (int i = 0; i < g->n_node; i++) w.user[i] = -1;
  for (int i = g->n_node - 1; i >= 0; i--) {
    const at_node *node = g->node[i];
    w.fold[i] = choose(&w, node);
    for (int k = 0; k < node->n_data; k++) {
      const int in = node->in[k]->id;
      w.uses[in] += w.fold[i] < 0 ? w.uses[i] : 1;
      w.user[in] = w.fold[i] < 0 ? w.user[i] : i;
    }
  }
  for (int i = g->n_node - 1; i >= 0; i--)
    if (w.fold[i] >= 0 && w.fold[i] != i) w.fold[i] = w.fold[w.fold[i]];
  *root = w.fold;
  return AT_OK;
}
