#include "core/graph/sides.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/graph/ops.h"

typedef struct making {
  const at_graph *g;
  at_sides *out;
  const int *axis;
  unsigned *of;                    /* [n_node] sides that it depends on, as bits */
  at_node **made[AT_SIDES_GRAPHS]; /* [n_node] what stands for it */
  at_error *err;
} making;

static at_status refuse(const making *m, const at_node *n, const char *why) {
  return at_fail(m->err, AT_EINPUT, "%s %s", at_node_title(m->g, n), why);
}

/* ---- what depends on what ---- */

static int batch_of(const at_graph *g, int axis) {
  return g->axis[axis].parent >= 0 ? g->axis[axis].parent : axis;
}

static void mark(const making *m) {
  const at_graph *g = m->g;
  for (int i = 0; i < g->n_node; i++) {
    const at_node *n = g->node[i];
    m->of[i] = 0;
    for (int d = 0; at_node_is_input(n) && d < n->ndim; d++)
      for (int s = 0; s < AT_SIDES; s++)
        if (batch_of(g, n->dim[d].axis) == m->axis[s]) m->of[i] |= 1u << s;
    for (int k = 0; k < n->n_in; k++) m->of[i] |= m->of[n->in[k]->id];
  }
}

/* -1: of none, or of both */
static int side_of(const making *m, const at_node *n) {
  for (int s = 0; s < AT_SIDES; s++)
    if (m->of[n->id] == 1u << s) return s;
  return -1;
}

/* Rows of a batch do not know of each other, nor of their places in it. */
static bool by_rows(const making *m, const at_node *n) {
  if ((n->op->flags & AT_OP_RANDOM) && !(n->op->flags & AT_OP_TRAIN)) return false;
  for (int a = 0; a < AT_MAX_ARG; a++)
    for (int k = 0; k < n->arg[a].n_axes; k++)
      for (int s = 0; s < AT_SIDES; s++)
        if (at_axis_origin(m->g, n->arg[a].axis[k]) == m->axis[s]) return false;
  return true;
}

/* ---- nodes ---- */

static at_status copy(making *m, int to, const at_node *n) {
  at_graph *g = m->out->g[to];
  at_node *c = AT_NEW(g->arena, at_node);
  if (!c) return at_nomem(m->err);
  *c = *n;
  for (int k = 0; k < n->n_in; k++) c->in[k] = m->made[to][n->in[k]->id];
  c->id = g->n_node;
  m->made[to][n->id] = c;
  at_status st = AT_GRAPH_GROW(g, node, m->err);
  if (st == AT_OK) g->node[g->n_node++] = c;
  if (st != AT_OK || !at_node_is_input(n)) return st;
  st = AT_GRAPH_GROW(g, input, m->err);
  if (st == AT_OK) g->input[g->n_input++] = c;
  return st;
}

static at_status visit(making *m, int to, const at_node *n);

/* A value of one side, for pairs. */
static at_status bring(making *m, int side, const at_node *n) {
  at_sides *s = m->out;
  const at_axis *a = n->ndim ? &m->g->axis[n->dim[0].axis] : NULL;
  int rows = 0;
  char name[32];
  for (int d = 0; d < n->ndim; d++) {
    const at_axis *x = &m->g->axis[n->dim[d].axis];
    rows += x->parent >= 0 || x->kind == AT_BATCH;
  }
  if (n->type != AT_REAL || rows != 1 || batch_of(m->g, n->dim[0].axis) != m->axis[side] ||
      a->from >= 0 || a->n_part)
    return refuse(m, n, "is not of rows, one after another");
  if (s->n_value == AT_SIDES_MOST) return refuse(m, n, "is one value too many");
  at_status st = visit(m, side, n);
  if (st != AT_OK) return st;
  at_sides_value *v = &s->value[s->n_value];
  *v = (at_sides_value){
      .side = side, .ragged = a->parent >= 0 ? n->dim[0].axis : -1, .made = m->made[side][n->id]};
  snprintf(name, sizeof name, "value%d", s->n_value++);
  st = at_graph_output(s->g[side], name, m->made[side][n->id], n->span, m->err);
  if (st == AT_OK)
    st = at_graph_input(s->g[AT_SIDES_PAIRS], name, n->type, n->ndim, n->dim, -1, n->span,
                        &v->input, m->err);
  m->made[AT_SIDES_PAIRS][n->id] = v->input;
  return st;
}

/* What n is made of comes before it.  A value that is another one with other dims is made of that
 * one where it is read. */
static at_status visit(making *m, int to, const at_node *n) {
  at_status st = AT_OK;
  if (m->made[to][n->id]) return AT_OK;
  const int side = side_of(m, n);
  if (to == AT_SIDES_PAIRS && side >= 0 && !(n->op->flags & AT_OP_ALIAS)) return bring(m, side, n);
  if (!by_rows(m, n)) return refuse(m, n, "depends on all rows of a batch");
  if (to == AT_SIDES_PAIRS && at_node_is_input(n)) return refuse(m, n, "is of pairs");
  for (int k = 0; st == AT_OK && k < n->n_in; k++) st = visit(m, to, n->in[k]);
  return st == AT_OK ? copy(m, to, n) : st;
}

/* ---- graphs ---- */

static at_status begin(making *m, int to) {
  const at_graph *g = m->g;
  at_status st = at_graph_new(g->name, &m->out->g[to], m->err);
  at_graph *o = m->out->g[to];
  m->made[to] = st == AT_OK ? AT_NEW_ARRAY(o->arena, at_node *, (size_t)g->n_node + 1) : NULL;
  if (st != AT_OK) return st;
  o->axis = AT_NEW_ARRAY(o->arena, at_axis, (size_t)g->n_axis + 1);
  if (!o->axis || !m->made[to]) return at_nomem(m->err);
  memcpy(o->axis, g->axis, (size_t)g->n_axis * sizeof *o->axis);
  o->n_axis = o->cap_axis = g->n_axis;
  o->how = g->how;
  for (int i = 0; st == AT_OK && i < g->n_param; i++) {
    st = copy(m, to, g->param[i]);
    if (st == AT_OK) st = AT_GRAPH_GROW(o, param, m->err);
    if (st == AT_OK) o->param[o->n_param++] = o->node[o->n_node - 1];
  }
  return st;
}

static at_status find_output(const making *m, const char *name, const at_node **out) {
  const at_graph *g = m->g;
  *out = NULL;
  for (int i = 0; i < g->n_output; i++)
    if (!strcmp(g->output[i].name, name)) *out = g->output[i].node;
  if (!*out) return at_fail(m->err, AT_EINPUT, "the model has no output `%s`", name);
  const at_node *n = *out;
  if (n->type == AT_REAL && n->ndim == AT_SIDES && at_node_dim(n, m->axis[0]) >= 0 &&
      at_node_dim(n, m->axis[1]) >= 0 && m->of[n->id] == (1u << AT_SIDES) - 1)
    return AT_OK;
  return refuse(m, n, "is not a number for each pair");
}

at_status at_sides_new(const at_graph *g, const int axis[AT_SIDES], const char *output,
                       at_sides *out, at_error *err) {
  making m = {.g = g, .out = out, .axis = axis, .err = err};
  const at_node *n = NULL;
  memset(out, 0, sizeof *out);
  m.of = calloc((size_t)g->n_node + 1, sizeof *m.of);
  if (!m.of) return at_nomem(err);
  mark(&m);
  at_status st = find_output(&m, output, &n);
  for (int to = 0; st == AT_OK && to < AT_SIDES_GRAPHS; to++) st = begin(&m, to);
  if (st == AT_OK) st = visit(&m, AT_SIDES_PAIRS, n);
  if (st == AT_OK)
    st = at_graph_output(out->g[AT_SIDES_PAIRS], output, m.made[AT_SIDES_PAIRS][n->id], n->span,
                         err);
  if (st == AT_OK) out->output = m.made[AT_SIDES_PAIRS][n->id];
  free(m.of);
  if (st != AT_OK) at_sides_free(out);
  return st;
}

void at_sides_free(at_sides *s) {
  for (int i = 0; i < AT_SIDES_GRAPHS; i++) at_graph_free(s->g[i]);
  memset(s, 0, sizeof *s);
}
