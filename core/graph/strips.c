/* Which operators make a chain; see strips.h. */
#include "core/graph/strips.h"
#include <stdlib.h>
#include "core/graph/op_common.h"

enum { LEAST_ITEMS = 8 };                    /* or threads wait for each other */
static const size_t LEAST = (size_t)1 << 20; /* bytes inside: less stays in a cache as it is */
static const size_t MOST = (size_t)4 << 20;  /* bytes inside of one item: more does not */

/* ---- axes ---- */

static int family(const at_graph *g, int axis) {
  if (axis < 0) return -1;
  return at_axis_origin(g, g->axis[axis].parent >= 0 ? g->axis[axis].parent : axis);
}

static bool lacks(const at_graph *g, const at_node *v, int from, int axis) {
  for (int d = from; d < v->ndim; d++)
    if (family(g, v->dim[d].axis) == family(g, axis)) return false;
  return true;
}

/* The batch axis that leads v, by itself or under a ragged one, and comes nowhere else; -1. */
static int leading(const at_graph *g, const at_node *v) {
  if (!v->ndim || v->dim[0].padded || v->dim[0].axis < 0) return -1;
  const int first = v->dim[0].axis, parent = g->axis[first].parent;
  if (parent < 0 && g->axis[first].kind != AT_BATCH) return -1;
  const int axis = parent >= 0 ? parent : first;
  return lacks(g, v, 1, axis) ? axis : -1;
}

static int axis_of(const at_exec *x, const at_node *n) {
  const at_graph *g = x->g;
  const at_slot *s = &x->slot[n->id];
  const int axis = leading(g, n);
  if (!(n->op->flags & AT_OP_ITEMS) || !s->live || s->sought || n->recompute || axis < 0) return -1;
  for (int k = 0; k < n->n_in; k++) {
    const at_node *v = n->in[k];
    if (v->type != AT_REAL || (leading(g, v) != axis && !lacks(g, v, 0, axis))) return -1;
  }
  return axis;
}

/* ---- which nodes ---- */

static bool reads(const at_exec *x, const at_node *n, int strip) {
  for (int k = 0; k < n->n_in; k++)
    if (x->slot[n->in[k]->id].strip == strip) return true;
  return false;
}

/* All of a chain runs where its last node does: nobody else may read of it before. */
static bool may_join(const at_exec *x, int strip, int id) {
  for (int i = 0; i < id; i++)
    if (x->slot[i].live && x->slot[i].strip != strip && reads(x, x->g->node[i], strip))
      return false;
  return true;
}

static void join(at_exec *x, int id, int axis) {
  const at_node *n = x->g->node[id];
  int t = -1;
  for (int k = 0; k < n->n_in && t < 0; k++) {
    t = x->slot[n->in[k]->id].strip;
    if (t >= 0 && (x->strip[t].axis != axis || !may_join(x, t, id))) t = -1;
  }
  if (t < 0) {
    t = x->n_strip++;
    x->strip[t] = (at_strip){.axis = axis, .items = x->axis[axis].size};
  }
  x->slot[id].strip = t;
  x->strip[t].last = id;
  x->strip[t].n++;
}

static bool is_inside(const at_exec *x, int id) {
  if (x->slot[id].keep) return false;
  for (int i = id + 1; i < x->n; i++) {
    const at_node *n = x->g->node[i];
    if (!x->slot[i].live || x->slot[i].strip == x->slot[id].strip) continue;
    for (int k = 0; k < n->n_in; k++)
      if (n->in[k]->id == id) return false;
  }
  return true;
}

/* ---- what a chain is made of ---- */

static bool has_source(const at_strip *s, int id) {
  for (int k = 0; k < s->n_source; k++)
    if (s->source[k].id == id) return true;
  return false;
}

static bool fill(at_exec *x, int t) {
  at_strip *s = &x->strip[t];
  int most = 0, m = 0;
  for (int i = 0; i < x->n; i++)
    if (x->slot[i].strip == t) most += x->g->node[i]->n_in;
  s->member = calloc((size_t)s->n, sizeof *s->member);
  s->source = calloc((size_t)most, sizeof *s->source);
  if (!s->member || !s->source) return false;
  for (int i = 0; i < x->n; i++) {
    const at_node *n = x->g->node[i];
    if (x->slot[i].strip != t) continue;
    s->member[m++] = (at_strip_member){.id = i, .inside = is_inside(x, i)};
    s->back |= x->slot[i].back != 0;
    for (int k = 0; k < n->n_in; k++) {
      const at_node *v = n->in[k];
      if (x->slot[v->id].strip == t || has_source(s, v->id)) continue;
      s->source[s->n_source++] =
          (at_strip_source){.id = v->id, .shared = leading(x->g, v) != s->axis};
    }
  }
  s->room = malloc(at_strip_room(s));
  return s->room != NULL;
}

/* Values that the gradients of members read, and what those are made of. */
static void find_again(at_exec *x, at_strip *s) {
  for (int m = s->n - 1; m >= 0; m--) {
    at_strip_member *p = &s->member[m];
    const at_node *v = x->g->node[p->id];
    p->again = x->slot[p->id].back && (v->op->flags & AT_OP_KEEPS_OUT);
    for (int r = m + 1; r < s->n; r++) {
      const at_node *n = x->g->node[s->member[r].id];
      const bool keeps = x->slot[n->id].back && (n->op->flags & AT_OP_KEEPS_IN);
      for (int k = 0; k < n->n_in; k++)
        if (n->in[k] == v) p->again |= s->member[r].again || (keeps && !(n->op->unread >> k & 1));
    }
  }
}

static size_t bytes_of(const at_exec *x, int id) {
  return (size_t)x->slot[id].count * sizeof(float);
}

static bool pays(const at_exec *x, const at_strip *s) {
  size_t inside = 0, shared = 0;
  for (int m = 0; m < s->n; m++) inside += s->member[m].inside ? bytes_of(x, s->member[m].id) : 0;
  for (int k = 0; k < s->n_source; k++) {
    const int id = s->source[k].id;
    if (s->source[k].shared && x->slot[id].want) shared += bytes_of(x, id) * (size_t)s->items;
    for (int j = 0; j < k; j++) /* two views of one gradient */
      if (x->slot[s->source[j].id].root == x->slot[id].root) return false;
  }
  if (x->o.all_strips) return true;
  return s->items >= LEAST_ITEMS && inside >= LEAST && inside / (size_t)s->items <= MOST &&
         shared <= inside / 4;
}

static void drop(at_exec *x, int t) {
  for (int i = 0; i < x->n; i++)
    if (x->slot[i].strip == t) x->slot[i].strip = -1;
  free(x->strip[t].member);
  free(x->strip[t].source);
  free(x->strip[t].room);
  x->strip[t] = (at_strip){0};
}

void at_strips_free(at_exec *x) {
  for (int t = 0; t < x->n_strip; t++) drop(x, t);
  free(x->strip);
  x->strip = NULL;
  x->n_strip = 0;
}

void at_strips_find(at_exec *x) {
  at_strips_free(x);
  if (!x->g->how.strips || x->turns > 1 || x->o.keep_all) return;
  x->strip = calloc((size_t)x->n + 1, sizeof *x->strip);
  if (!x->strip) return;
  for (int i = 0; i < x->n; i++) {
    const int axis = axis_of(x, x->g->node[i]);
    if (axis >= 0) join(x, i, axis);
  }
  int some = 0;
  for (int t = 0; t < x->n_strip; t++) {
    if (!fill(x, t) || !pays(x, &x->strip[t])) {
      drop(x, t);
      continue;
    }
    find_again(x, &x->strip[t]);
    some++;
  }
  if (!some || !at_hands_new(x)) at_strips_free(x);
}

/* ---- as the plan sees it ---- */

static const at_strip *strip_of(const at_exec *x, int i) {
  return x->slot[i].strip < 0 ? NULL : &x->strip[x->slot[i].strip];
}

static const at_strip_member *member_of(const at_exec *x, int i) {
  const at_strip *s = strip_of(x, i);
  for (int m = 0; s && m < s->n; m++)
    if (s->member[m].id == i) return &s->member[m];
  return NULL;
}

int at_strip_place(const at_exec *x, int i) {
  const at_strip *s = strip_of(x, i);
  return s ? s->last : i;
}

bool at_strip_inside(const at_exec *x, int i) {
  const at_strip_member *m = member_of(x, i);
  return m && m->inside;
}

size_t at_strip_saved(const at_exec *x, int i) {
  return member_of(x, i)->saved * (size_t)strip_of(x, i)->items;
}

size_t at_strip_work(const at_exec *x, int i, bool backward) {
  const at_strip *s = strip_of(x, i);
  return s->bytes[backward] * (size_t)x->n_hand + (backward ? s->shared : 0);
}
