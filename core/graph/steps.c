#include "core/graph/steps.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/graph/ops.h"

typedef struct making {
  const at_graph *g;
  at_steps *out;
  int step, joined, keys; /* axes: the steps, what they are joined to, that on the side of keys */
  bool *depends;          /* [n_node] on steps */
  bool *fed;              /* [n_node] on any input */
  at_node **made;         /* [n_node] what stands for it */
  at_error *err;
} making;

/* ---- what kind of model it is ---- */

static int origin(const at_graph *g, int axis) {
  while (g->axis[axis].from >= 0) axis = g->axis[axis].from;
  return axis;
}

static void mark(const making *m) {
  const at_graph *g = m->g;
  for (int i = 0; i < g->n_node; i++) {
    const at_node *n = g->node[i];
    m->fed[i] = at_node_is_input(n);
    m->depends[i] = m->fed[i] && at_node_dim(n, m->step) >= 0;
    for (int k = 0; k < n->n_in; k++) {
      m->fed[i] = m->fed[i] || m->fed[n->in[k]->id];
      m->depends[i] = m->depends[i] || m->depends[n->in[k]->id];
    }
  }
}

/* The one axis that has `step` for its last part, and its other name. */
static at_status find_axes(making *m) {
  const at_graph *g = m->g;
  m->joined = m->keys = -1;
  for (int a = 0; a < g->n_axis; a++) {
    const at_axis *x = &g->axis[a];
    if (x->n_part && x->part[x->n_part - 1].axis == m->step && m->joined < 0) m->joined = a;
  }
  for (int a = 0; a < g->n_axis && m->joined >= 0; a++)
    if (a != m->joined && origin(g, a) == m->joined) m->keys = a;
  if (m->joined >= 0 && m->keys >= 0 && g->axis[m->step].parent >= 0) return AT_OK;
  return at_fail(m->err, AT_EINPUT, "no axis that attends to itself ends with `%s`",
                 g->axis[m->step].name);
}

/* Without a mask steps would change what came before them. */
static at_status check_masks(const making *m) {
  const at_graph *g = m->g;
  for (int i = 0; i < g->n_attend; i++) {
    const at_attend *a = &g->attend[i];
    const at_node *r = a->refined;
    if (a->over != m->keys) continue;
    const bool masked =
        r && r->op == &at_op_causal && r->arg[2].set && r->arg[2].axis[0] == m->step;
    if (!masked)
      return at_fail(m->err, AT_EINPUT, "`%s` has no mask = causal(%s)", a->name,
                     g->axis[m->step].name);
  }
  return AT_OK;
}

/* ---- nodes ---- */

static at_status refuse(const making *m, const at_node *n, const char *why) {
  return at_fail(m->err, AT_EINPUT, "%s %s", at_node_title(m->g, n), why);
}

static at_status append(at_graph *g, at_node *n, at_error *err) {
  at_status st = AT_GRAPH_GROW(g, node, err);
  if (st != AT_OK) return st;
  n->id = g->n_node;
  g->node[g->n_node++] = n;
  return AT_OK;
}

static void turn_axis(const making *m, int *axis) {
  if (*axis == m->joined) *axis = m->step;
}

/* The same operator on what stands for its inputs, with rows of steps. */
static at_status copy(making *m, const at_node *n) {
  at_graph *g = m->out->g;
  at_node *c = AT_NEW(g->arena, at_node);
  if (!c) return at_nomem(m->err);
  *c = *n;
  c->name = NULL;
  for (int k = 0; k < n->n_in; k++)
    if (!(c->in[k] = m->made[n->in[k]->id])) return refuse(m, n, "needs more than its rows");
  for (int d = 0; d < c->ndim; d++)
    if (c->dim[d].axis >= 0) turn_axis(m, &c->dim[d].axis);
  for (int a = 0; a < AT_MAX_ARG; a++) {
    for (int k = 0; k < c->arg[a].n_axes; k++) turn_axis(m, &c->arg[a].axis[k]);
    if (c->arg[a].set) turn_axis(m, &c->arg[a].to);
  }
  m->made[n->id] = c;
  return append(g, c, m->err);
}

static at_status bring(making *m, at_steps_kind kind, const at_node *from, const at_dim *dim,
                       at_node **out, at_steps_input **entry) {
  at_steps *s = m->out;
  char name[32];
  if (s->n_input == AT_STEPS_MOST) return refuse(m, from, "is one value too many");
  snprintf(name, sizeof name, "in%d", s->n_input);
  at_status st =
      at_graph_input(s->g, name, from->type, from->ndim, dim,
                     from->type == AT_TOKEN ? from->vocabulary : -1, from->span, out, m->err);
  s->input[s->n_input] = (at_steps_input){.kind = kind, .from = from, .input = *out};
  if (entry) *entry = &s->input[s->n_input];
  s->n_input++;
  return st;
}

/* What no step reaches. Without any input in it, it is worked out. */
static at_status still(making *m, const at_node *n) {
  if (at_node_is_parameter(n) || !m->fed[n->id]) return copy(m, n);
  int rows = 0;
  for (int d = 0; d < n->ndim; d++) {
    const at_axis *a = &m->g->axis[n->dim[d].axis];
    if (n->dim[d].padded) return refuse(m, n, "is of pairs");
    rows += a->parent >= 0 || a->kind == AT_BATCH;
  }
  if (rows != 1) return refuse(m, n, "is not of rows of one sort");
  return bring(m, AT_STEPS_STILL, n, n->dim, &m->made[n->id], NULL);
}

/* Rows kept and new ones, under the name of the keys. */
static at_status keys(making *m, const at_node *n) {
  at_graph *g = m->out->g;
  at_dim dim[AT_MAX_DIM];
  at_node *both[2];
  at_steps_input *entry;
  at_arg arg[AT_MAX_ARG] = {{.set = true,
                             .n_axes = 2,
                             .axis = {m->out->before, m->step},
                             .to = m->keys,
                             .to_size = -1,
                             .span.file = -1}};
  memcpy(dim, n->dim, sizeof dim);
  for (int d = 0; d < n->ndim; d++)
    if (dim[d].axis == m->keys) {
      if (dim[d].padded) return refuse(m, n, "is of pairs");
      dim[d].axis = m->out->before;
    }
  at_status st = bring(m, AT_STEPS_BEFORE, n, dim, &both[0], &entry);
  if (st != AT_OK) return st;
  entry->made = both[1] = m->made[n->in[0]->id];
  return at_graph_node(g, &at_op_concat, 2, both, arg, NULL, n->span, &m->made[n->id], m->err);
}

static bool takes(const at_node *n, int axis) {
  for (int a = 0; a < AT_MAX_ARG; a++)
    for (int k = 0; k < n->arg[a].n_axes; k++)
      if (n->arg[a].axis[k] == axis) return true;
  return false;
}

static at_status of_steps(making *m, const at_node *n) {
  const at_arg *a = &n->arg[0];
  if (at_node_is_input(n)) return bring(m, AT_STEPS_FED, n, n->dim, &m->made[n->id], NULL);
  if (n->op == &at_op_concat && a->to == m->joined) {
    m->made[n->id] = m->made[n->in[n->n_data - 1]->id];
    for (int k = 0; k < n->n_data - 1; k++)
      if (m->depends[n->in[k]->id]) return refuse(m, n, "joins steps twice");
    return AT_OK;
  }
  if (n->op == &at_op_part && a->axis[0] == m->joined) {
    if (a->to != m->step) return still(m, n); /* a mask keeps steps out of it */
    m->made[n->id] = m->made[n->in[0]->id];
    return AT_OK;
  }
  if (n->op == &at_op_causal && origin(m->g, a->axis[0]) == m->joined) return copy(m, n);
  if (n->op == &at_op_position && a->axis[0] == m->step)
    return bring(m, AT_STEPS_PLACE, n, n->dim, &m->made[n->id], NULL);
  if (n->op == &at_op_rename && a->axis[0] == m->joined && a->to == m->keys) return keys(m, n);
  if (takes(n, m->joined) || takes(n, m->step)) return refuse(m, n, "mixes steps");
  return copy(m, n);
}

/* ---- the graph ---- */

static at_status copy_axes(making *m) {
  at_graph *g = m->out->g;
  const int cap = m->g->n_axis + 4;
  g->axis = AT_NEW_ARRAY(g->arena, at_axis, (size_t)cap);
  if (!g->axis) return at_nomem(m->err);
  memcpy(g->axis, m->g->axis, (size_t)m->g->n_axis * sizeof *g->axis);
  g->n_axis = m->g->n_axis;
  g->cap_axis = cap;
  at_axis *k = &g->axis[m->keys];
  k->from = -1;
  k->n_part = 0;
  k->bound = false;
  char name[96];
  snprintf(name, sizeof name, "%.80s.before", g->axis[m->step].name);
  return at_graph_axis(g, name, g->axis[m->step].kind, g->axis[m->step].parent,
                       g->axis[m->step].origin, &m->out->before, m->err);
}

static at_status copy_params(making *m) {
  at_graph *g = m->out->g;
  g->param = AT_NEW_ARRAY(g->arena, at_node *, (size_t)m->g->n_param + 1);
  if (!g->param) return at_nomem(m->err);
  for (int i = 0; i < m->g->n_param; i++) {
    at_status st = copy(m, m->g->param[i]);
    if (st != AT_OK) return st;
    g->param[i] = m->made[m->g->param[i]->id];
  }
  g->n_param = g->cap_param = m->g->n_param;
  return AT_OK;
}

/* What the wanted outputs are made of. */
static void need(const at_node *n, bool *needed) {
  if (needed[n->id]) return;
  needed[n->id] = true;
  for (int k = 0; k < n->n_in; k++) need(n->in[k], needed);
}

/* A node that no step reaches is wanted only where one that steps reach reads it, or where it is
 * worked out anew. */
static at_status make_nodes(making *m, const bool *needed) {
  const at_graph *g = m->g;
  at_status st = AT_OK;
  for (int i = 0; st == AT_OK && i < g->n_node; i++) {
    const at_node *n = g->node[i];
    if (!needed[i] || at_node_is_parameter(n)) continue;
    if (!m->depends[i]) continue;
    const bool stays =
        n->op == &at_op_part && n->arg[0].axis[0] == m->joined && n->arg[0].to != m->step;
    const bool joins = n->op == &at_op_concat && n->arg[0].to == m->joined;
    for (int k = joins ? n->n_data - 1 : 0; st == AT_OK && !stays && k < n->n_in; k++)
      if (!m->depends[n->in[k]->id] && !m->made[n->in[k]->id]) st = still(m, n->in[k]);
    if (st == AT_OK) st = of_steps(m, n);
  }
  return st;
}

static const at_named *find_output(const at_graph *g, const char *name) {
  for (int i = 0; i < g->n_output; i++)
    if (!strcmp(g->output[i].name, name)) return &g->output[i];
  return NULL;
}

static at_status build(making *m, const char *const *output, int n_output) {
  bool *needed = calloc((size_t)m->g->n_node + 1, sizeof *needed);
  if (!needed) return at_nomem(m->err);
  at_status st = AT_OK;
  for (int i = 0; st == AT_OK && i < n_output; i++) {
    const at_named *o = find_output(m->g, output[i]);
    if (!o || !m->depends[o->node->id])
      st = at_fail(m->err, AT_EINPUT, "there is no output `%s` of steps", output[i]);
    else
      need(o->node, needed);
  }
  if (st == AT_OK) st = copy_axes(m);
  if (st == AT_OK) st = copy_params(m);
  if (st == AT_OK) st = make_nodes(m, needed);
  for (int i = 0; st == AT_OK && i < n_output; i++) {
    const at_named *o = find_output(m->g, output[i]);
    st = at_graph_output(m->out->g, o->name, m->made[o->node->id], o->span, m->err);
  }
  free(needed);
  return st;
}

at_status at_steps_new(const at_graph *g, const char *step, const char *const *output, int n_output,
                       at_steps *out, at_error *err) {
  making m = {.g = g, .out = out, .step = at_graph_find_axis(g, step), .err = err};
  const size_t n = (size_t)g->n_node + 1;
  memset(out, 0, sizeof *out);
  if (m.step < 0) return at_fail(err, AT_EINPUT, "the model has no axis `%s`", step);
  at_status st = find_axes(&m);
  if (st == AT_OK) st = check_masks(&m);
  if (st != AT_OK) return st;
  out->step = m.step;
  m.depends = calloc(n, sizeof *m.depends);
  m.fed = calloc(n, sizeof *m.fed);
  m.made = calloc(n, sizeof *m.made);
  st = m.depends && m.fed && m.made ? at_graph_new(g->name, &out->g, err) : at_nomem(err);
  if (st == AT_OK) {
    out->g->how = g->how;
    mark(&m);
    st = build(&m, output, n_output);
  }
  free(m.depends);
  free(m.fed);
  free(m.made);
  if (st != AT_OK) at_steps_free(out);
  return st;
}

void at_steps_free(at_steps *s) {
  at_graph_free(s->g);
  memset(s, 0, sizeof *s);
}
