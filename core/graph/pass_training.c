/* The graph of a training step: what losses read, without what is there for others to look at. */
#include <string.h>
#include "core/graph/pass_impl.h"

typedef struct making {
  const at_graph *g;
  at_graph *out;
  at_node **made; /* [n_node] what stands for it */
  bool *needed;   /* [n_node] by a loss */
  bool *writes;   /* [n_node] leads from a state that no loss moves */
} making;

static void need(making *m, const at_node *n) {
  if (n) m->needed[n->id] = true;
}

static void find_needed(making *m) {
  const at_graph *g = m->g;
  need(m, g->loss);
  for (int i = 0; i < g->n_objective; i++) need(m, g->objective[i].node);
  for (int i = g->n_node - 1; i >= 0; i--)
    for (int k = 0; m->needed[i] && k < g->node[i]->n_in; k++) need(m, g->node[i]->in[k]);
  for (int i = 0; i < g->n_node; i++)
    for (int k = 0; !m->needed[i] && k < g->node[i]->n_in; k++)
      m->writes[i] |= g->node[i]->in[k]->state || m->writes[g->node[i]->in[k]->id];
}

static at_node *made(const making *m, const at_node *n) { return n ? m->made[n->id] : NULL; }

static at_status copy_nodes(making *m, at_error *err) {
  const at_graph *g = m->g;
  at_graph *o = m->out;
  const size_t n = (size_t)g->n_node + 1;
  o->node = AT_NEW_ARRAY(o->arena, at_node *, n);
  at_node *copy = AT_NEW_ARRAY(o->arena, at_node, n);
  if (!o->node || !copy) return at_nomem(err);
  for (int i = 0; i < g->n_node; i++) {
    copy[i] = *g->node[i];
    for (int k = 0; k < copy[i].n_in; k++) copy[i].in[k] = made(m, copy[i].in[k]);
    o->node[i] = m->made[i] = &copy[i];
  }
  o->n_node = g->n_node;
  o->cap_node = (int)n;
  return AT_OK;
}

static at_status copy_list(const making *m, int n, at_node *const *from, at_node ***to,
                           at_error *err) {
  *to = AT_NEW_ARRAY(m->out->arena, at_node *, (size_t)n + 1);
  if (!*to) return at_nomem(err);
  for (int i = 0; i < n; i++) (*to)[i] = made(m, from[i]);
  return AT_OK;
}

static at_status copy_ends(making *m, at_error *err) {
  const at_graph *g = m->g;
  at_graph *o = m->out;
  o->axis = AT_NEW_ARRAY(o->arena, at_axis, (size_t)g->n_axis + 1);
  o->output = AT_NEW_ARRAY(o->arena, at_named, (size_t)g->n_output + 1);
  o->objective = AT_NEW_ARRAY(o->arena, at_objective, (size_t)g->n_objective + 1);
  if (!o->axis || !o->output || !o->objective) return at_nomem(err);
  memcpy(o->axis, g->axis, (size_t)g->n_axis * sizeof *o->axis);
  o->n_axis = o->cap_axis = g->n_axis;
  for (int i = 0; i < g->n_output; i++) {
    if (!m->writes[g->output[i].node->id]) continue;
    o->output[o->n_output] = g->output[i];
    o->output[o->n_output++].node = made(m, g->output[i].node);
  }
  for (int i = 0; i < g->n_objective; i++) {
    o->objective[i] = g->objective[i];
    o->objective[i].node = made(m, g->objective[i].node);
  }
  o->n_objective = o->cap_objective = g->n_objective;
  o->loss = made(m, g->loss);
  at_status s = copy_list(m, g->n_param, g->param, &o->param, err);
  if (s == AT_OK) s = copy_list(m, g->n_input, g->input, &o->input, err);
  o->n_param = o->cap_param = g->n_param;
  o->n_input = o->cap_input = g->n_input;
  o->cap_output = g->n_output;
  return s;
}

at_status at_graph_training(const at_graph *g, unsigned mask, at_graph **out, at_error *err) {
  making m = {.g = g};
  const size_t n = (size_t)g->n_node + 1;
  at_status s = at_graph_new(g->name, out, err);
  if (s != AT_OK) return s;
  m.out = *out;
  m.out->how = g->how;
  m.out->how.strips = (mask & AT_PASS_STRIPS) != 0;
  m.made = AT_NEW_ARRAY(m.out->arena, at_node *, n);
  m.needed = AT_NEW_ARRAY(m.out->arena, bool, n);
  m.writes = AT_NEW_ARRAY(m.out->arena, bool, n);
  s = m.made && m.needed && m.writes ? AT_OK : at_nomem(err);
  if (s == AT_OK) find_needed(&m);
  if (s == AT_OK) s = copy_nodes(&m, err);
  if (s == AT_OK) s = copy_ends(&m, err);
  if (s == AT_OK) s = at_pass_drop_dead(m.out, err);
  if (s == AT_OK && (mask & AT_PASS_ROWS)) s = at_pass_rows(m.out, err);
  if (s == AT_OK) s = at_pass_drop_dead(m.out, err);
  if (s == AT_OK && (mask & AT_PASS_ATTEND)) s = at_pass_attend(m.out, err);
  if (s == AT_OK) s = at_pass_drop_dead(m.out, err);
  if (s == AT_OK) return AT_OK;
  at_graph_free(m.out);
  *out = NULL;
  return s;
}
