/* The passes: one walk over the nodes that builds the list anew, sharing equal
 * nodes and rewriting cosines and layers of joined values, then the removal of what nobody needs.
 *
 * A rewritten value may store its axes in another order than the one it stands
 * for, so everything behind it infers its dims again; parameters that an
 * operator made are found again by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/graph/pass_impl.h"

/* ---- names ---- */

/* Beside the bits of pass.h. */
static const char *const pass_names[] = {"gram",  "cse",   "split",   "rows",    "attend", "strips",
                                         "tiles", "zeros", "repeats", "doubled", NULL};

const char *at_pass_name(int bit) {
  const int n = sizeof pass_names / sizeof *pass_names;
  return bit >= 0 && bit < n ? pass_names[bit] : NULL;
}

unsigned at_pass_find(const char *name) {
  for (unsigned i = 0; pass_names[i]; i++)
    if (!strcmp(pass_names[i], name)) return 1u << i;
  return 0;
}

at_status at_pass_bits(const char *const *names, size_t n, unsigned *bits, at_error *err) {
  *bits = 0;
  for (size_t i = 0; i < n; i++) {
    const unsigned bit = at_pass_find(names[i]);
    if (!bit) {
      char known[200] = "";
      for (size_t k = 0, at = 0; at_pass_name((int)k) && at < sizeof known; k++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s",
                               !k                         ? ""
                               : at_pass_name((int)k + 1) ? ", "
                                                          : " and ",
                               at_pass_name((int)k));
      return at_fail(err, AT_EINPUT, "there is no pass `%s`; there are %s", names[i], known);
    }
    *bits |= bit;
  }
  return AT_OK;
}

/* ---- equal nodes ---- */

static bool same_arg(const at_arg *a, const at_arg *b) {
  if (a->set != b->set) return false;
  if (!a->set) return true;
  if (a->num != b->num || a->n_axes != b->n_axes || a->to != b->to || a->to_size != b->to_size)
    return false;
  for (int i = 0; i < a->n_axes; i++)
    if (a->axis[i] != b->axis[i]) return false;
  return true;
}

static bool same_node(const at_node *a, const at_node *b) {
  if (a->op != b->op || a->n_in != b->n_in) return false;
  for (int i = 0; i < a->n_in; i++)
    if (a->in[i] != b->in[i]) return false;
  for (int i = 0; a->op->params && a->op->params[i].type != AT_ARG_END; i++)
    if (!same_arg(&a->arg[i], &b->arg[i])) return false;
  return true;
}

at_node *at_pass_twin(const at_graph *g, const at_node *n) {
  if (at_node_is_input(n) || at_node_is_parameter(n) || (n->op->flags & AT_OP_RANDOM)) return NULL;
  for (int i = 0; i < g->n_node; i++)
    if (g->node[i] != n && same_node(g->node[i], n)) return g->node[i];
  return NULL;
}

at_node *at_pass_shared(at_graph *g, at_node *n) {
  at_node *twin = at_pass_twin(g, n);
  if (!twin) return n;
  g->n_node--;
  return twin;
}

/* ---- the walk ---- */

typedef struct walk {
  at_graph *g;
  unsigned mask;
  at_node **old, **now; /* [n_old] the list as it was; what stands for each */
  bool *moved;          /* its layout is not what readers inferred from */
  bool *split;          /* at_pass_split_find */
  int n_old;
} walk;

static bool same_layout(const at_node *a, const at_dim *dim, int ndim) {
  if (a->ndim != ndim) return false;
  for (int i = 0; i < ndim; i++)
    if (a->dim[i].axis != dim[i].axis || a->dim[i].size != dim[i].size) return false;
  return true;
}

at_status at_pass_infer_again(at_graph *g, at_node *n, at_error *err) {
  n->n_in = n->n_data;
  n->ndim = 0;
  g->again = true;
  at_status s = n->op->infer(g, n, err);
  g->again = false;
  return s;
}

static at_status visit(walk *w, int i, at_error *err) {
  at_graph *g = w->g;
  at_node *n = w->old[i], *instead = NULL;
  at_dim before[AT_MAX_DIM];
  const int ndim = n->ndim, before_it = g->n_node;
  bool again = false, split = n->n_data == 1 && w->split[n->in[0]->id];
  at_status s;
  memcpy(before, n->dim, sizeof before);
  for (int k = 0; k < n->n_in; k++) {
    again |= w->moved[n->in[k]->id];
    n->in[k] = w->now[n->in[k]->id];
  }
  if (again && (s = at_pass_infer_again(g, n, err)) != AT_OK) return s;
  if ((w->mask & AT_PASS_GRAM) && (s = at_pass_gram(g, n, &instead, err)) != AT_OK) return s;
  if (split && (w->mask & AT_PASS_SPLIT) && (s = at_pass_split(g, n, &instead, err)) != AT_OK)
    return s;
  if ((~w->mask & (AT_PASS_DOUBLED | AT_PASS_TILES)) == 0 && !instead &&
      (s = at_pass_doubled(g, n, &instead, err)) != AT_OK)
    return s;
  for (int k = before_it; k < g->n_node; k++) g->node[k]->recompute = n->recompute;
  if (!instead && (w->mask & AT_PASS_CSE)) instead = at_pass_twin(g, n);
  if (instead && !instead->name) instead->name = n->name;
  w->now[i] = instead ? instead : n;
  w->moved[i] = !same_layout(w->now[i], before, ndim);
  if (!instead) g->node[g->n_node++] = n; /* never longer than the room: see walk_all */
  return AT_OK;
}

static void redirect(const walk *w, at_node **p) {
  if (*p) *p = w->now[(*p)->id];
}

static void redirect_all(const walk *w) {
  at_graph *g = w->g;
  redirect(w, &g->loss);
  for (int i = 0; i < g->n_objective; i++) redirect(w, &g->objective[i].node);
  for (int i = 0; i < g->n_output; i++) redirect(w, &g->output[i].node);
  for (int i = 0; i < g->n_attend; i++) {
    at_attend *a = &g->attend[i];
    at_node **p[] = {&a->query,   &a->key,    &a->value,   &a->score,
                     &a->refined, &a->weight, &a->context, &a->product};
    for (size_t k = 0; k < sizeof p / sizeof *p; k++) redirect(w, p[k]);
  }
}

/* Nodes keep their old ids until the end, so that `now` is found by them; nodes
 * that rewriting makes are read by new lists only and never looked up. */
static at_status walk_all(at_graph *g, unsigned mask, at_error *err) {
  const size_t n = (size_t)g->n_node;
  walk w = {.g = g, .mask = mask, .old = g->node, .n_old = g->n_node};
  w.now = AT_NEW_ARRAY(g->arena, at_node *, n);
  w.moved = AT_NEW_ARRAY(g->arena, bool, n);
  w.split = AT_NEW_ARRAY(g->arena, bool, n);
  /* Three new nodes at most stand for one old one. */
  at_node **list = AT_NEW_ARRAY(g->arena, at_node *, 4 * n + 4);
  if (!w.now || !w.moved || !w.split || !list) return at_nomem(err);
  at_pass_split_find(g, w.split);
  g->node = list;
  g->cap_node = (int)(4 * n + 4);
  g->n_node = 0;
  for (int i = 0; i < w.n_old; i++) {
    at_status s = visit(&w, i, err);
    if (s != AT_OK) return s;
  }
  redirect_all(&w);
  for (int i = 0; i < g->n_node; i++) g->node[i]->id = i;
  return AT_OK;
}

/* ---- what nobody needs ---- */

static void need(bool *needed, const at_node *n) {
  if (n) needed[n->id] = true;
}

static void mark_needed(const at_graph *g, bool *needed) {
  need(needed, g->loss);
  for (int i = 0; i < g->n_objective; i++) need(needed, g->objective[i].node);
  for (int i = 0; i < g->n_output; i++) need(needed, g->output[i].node);
  for (int i = 0; i < g->n_param; i++) need(needed, g->param[i]);
  for (int i = 0; i < g->n_input; i++) need(needed, g->input[i]);
  for (int i = 0; i < g->n_attend; i++) {
    const at_attend *a = &g->attend[i];
    need(needed, a->query);
    need(needed, a->key);
    need(needed, a->value);
    need(needed, a->score);
    need(needed, a->refined);
    need(needed, a->weight);
  }
  for (int i = g->n_node - 1; i >= 0; i--)
    for (int k = 0; needed[i] && k < g->node[i]->n_in; k++) need(needed, g->node[i]->in[k]);
}

at_status at_pass_drop_dead(at_graph *g, at_error *err) {
  bool *needed = AT_NEW_ARRAY(g->arena, bool, (size_t)g->n_node);
  if (!needed) return at_nomem(err);
  mark_needed(g, needed);
  for (int i = 0; i < g->n_attend; i++)
    if (g->attend[i].context && !needed[g->attend[i].context->id]) g->attend[i].context = NULL;
  int n = 0;
  for (int i = 0; i < g->n_node; i++) {
    if (!needed[i]) continue;
    g->node[n] = g->node[i];
    g->node[n]->id = n;
    n++;
  }
  g->n_node = n;
  return AT_OK;
}

/* What random operators draw by is settled before rows go their own ways. */
at_status at_graph_optimize(at_graph *g, unsigned mask, at_error *err) {
  at_status s = walk_all(g, mask, err);
  if (s == AT_OK) s = at_pass_drop_dead(g, err);
  if (s != AT_OK) return s;
  for (int i = 0; i < g->n_node; i++) g->node[i]->draw = i;
  g->how = (at_how){.strips = (mask & AT_PASS_STRIPS) != 0,
                    .whole_sums = !(mask & AT_PASS_TILES),
                    .zeros = (mask & AT_PASS_ZEROS) != 0,
                    .repeats = (mask & AT_PASS_REPEATS) != 0};
  if (!(mask & AT_PASS_ROWS)) return AT_OK;
  s = at_pass_rows(g, err);
  return s == AT_OK ? at_pass_drop_dead(g, err) : s;
}
