/* What a model does around its attend blocks. */
#include <stdio.h>
#include <string.h>
#include "core/same/same_impl.h"

/* ---- who reads what ---- */

static at_status mark_live(at_arena *a, sm_cell *c, at_error *err) {
  const at_graph *g = c->g;
  c->live = AT_NEW_ARRAY(a, bool, (size_t)g->n_node + 1);
  if (!c->live) return at_nomem(err);
  if (g->loss) c->live[g->loss->id] = true;
  for (int i = 0; i < g->n_objective; i++) c->live[g->objective[i].node->id] = true;
  for (int i = 0; i < g->n_output; i++) c->live[g->output[i].node->id] = true;
  for (int i = g->n_node - 1; i >= 0; i--)
    for (int k = 0; c->live[i] && k < g->node[i]->n_in; k++) c->live[g->node[i]->in[k]->id] = true;
  for (int i = 0; i < g->n_node; i++) {
    const unsigned f = g->node[i]->op->flags;
    c->random |= c->live[i] && (f & AT_OP_RANDOM) && !(f & AT_OP_TRAIN);
  }
  return AT_OK;
}

/* The only living reader of n; NULL: there are none, or several, or n is a result itself. */
static const at_node *only_reader(const sm_cell *c, const at_node *n) {
  const at_graph *g = c->g;
  const at_node *out = NULL;
  if (g->loss == n) return NULL;
  for (int i = 0; i < g->n_output; i++)
    if (g->output[i].node == n) return NULL;
  for (int i = n->id + 1; i < g->n_node; i++)
    for (int k = 0; c->live[i] && k < g->node[i]->n_in; k++) {
      if (g->node[i]->in[k] != n) continue;
      if (out && out != g->node[i]) return NULL;
      out = g->node[i];
    }
  return out;
}

static bool is(const at_node *n, const char *op) { return n && !strcmp(n->op->name, op); }

/* Moves numbers about and changes none. */
static bool is_layout(const at_node *n) {
  return is(n, "rename") || is(n, "split") || is(n, "arrange") || is(n, "squeeze") ||
         is(n, "expand");
}

/* ---- before the score ---- */

static bool is_unit(const at_node *n, int along) {
  while (is(n, "rename") || is(n, "arrange")) n = n->in[0];
  return is(n, "normalize") && n->arg[0].axis[0] == along;
}

static bool learned_alone(const sm_cell *c, const at_node *p) {
  return at_node_is_parameter(p) && !p->frozen && only_reader(c, p) != NULL;
}

static sm_linear read_linear(const sm_cell *c, const at_node *n) {
  sm_linear l = {NULL, NULL};
  bool bias = is(n, "linear") && n->arg[1].num != 0;
  if (!is(n, "linear") || n->n_in != 2 + bias || !learned_alone(c, n->in[1]) ||
      (bias && !learned_alone(c, n->in[2])))
    return l;
  l.weight = n->in[1];
  if (bias) l.bias = n->in[2];
  return l;
}

static sm_linear linear_before(const sm_cell *c, const at_node *n) {
  for (; only_reader(c, n); n = n->in[0]) {
    if (is(n, "linear")) return read_linear(c, n);
    if (!is_layout(n) || is(n, "expand")) break;
  }
  return (sm_linear){NULL, NULL};
}

/* ---- after the score ---- */

static const char *call_text(at_arena *a, const at_graph *g, const at_node *n) {
  return at_arena_printf(a, "%s(%s)", n->op->name, g->axis[n->arg[0].axis[0]].name);
}

/* From the score to its weights, as long as nothing else reads what lies between. */
static void look_after(at_arena *a, const sm_cell *c, sm_block *b) {
  bool homogeneous = !b->a->interact, shifts = true;
  const at_node *n = b->a->product;
  if (b->a->interact) { /* features are summed first */
    do n = only_reader(c, n);
    while (n && is_layout(n));
    if (!is(n, "linear")) return;
    if (!n->in[1]->frozen) b->after = (sm_linear){n->in[1], NULL};
  }
  while ((n = only_reader(c, n)) != NULL) {
    if (is(n, "normalize")) {
      if (homogeneous) b->scale = call_text(a, c->g, n);
      return;
    }
    if (is(n, "softmax")) {
      if (shifts && n->arg[0].axis[0] == b->a->over) b->shift = call_text(a, c->g, n);
      return;
    }
    if (is(n, "relu") || is(n, "leaky_relu"))
      shifts = false;
    else if (is(n, "scale"))
      homogeneous &= n->arg[1].num == 0;
    else if (!is_layout(n) && !((is(n, "mask") || is(n, "causal")) && n->in[0] != NULL))
      return;
    if (is(n, "mask") || is(n, "causal"))
      homogeneous = false; /* its own numbers stay as they are */
  }
}

const at_node *at_sm_parameter(const at_graph *g, const char *scope, const char *name) {
  char full[400];
  snprintf(full, sizeof full, "%.200s%s%.100s", scope, *scope ? "." : "", name ? name : "");
  for (int i = 0; i < g->n_param; i++)
    if (!strcmp(g->param[i]->pname, full)) return g->param[i];
  return NULL;
}

static at_status look_at(at_registry *reg, at_arena *a, const sm_cell *c, sm_block *b,
                         at_error *err) {
  int d = at_node_dim(b->a->key, b->a->along);
  b->depth = d < 0 ? -1 : b->a->key->dim[d].size;
  at_status s = at_plugin_form(reg, b->a->score_name, b->depth, &b->form, err);
  if (s != AT_OK || b->form.product == ATTUNE_OPAQUE) return s;
  b->unit_query = is_unit(b->a->query, b->a->along);
  b->unit_key = is_unit(b->a->key, b->a->along);
  b->query = linear_before(c, b->a->query);
  b->key = linear_before(c, b->a->key);
  look_after(a, c, b);
  return AT_OK;
}

/* A vector that sums the scores of several turns can take a factor in when it is that of all. */
static void check_after(const sm_cell *c, sm_block *b) {
  const at_graph *g = c->g;
  int readers = 0, own = 0;
  for (int i = 0; i < g->n_node; i++)
    for (int k = 0; c->live[i] && k < g->node[i]->n_in; k++)
      readers += g->node[i]->in[k] == b->after.weight;
  for (int i = 0; i < g->n_attend; i++)
    own += c->block[i].after.weight == b->after.weight && c->block[i].depth == b->depth &&
           !strcmp(c->block[i].a->score_name, b->a->score_name);
  if (own != readers) b->after.weight = NULL;
}

at_status at_sm_look(at_registry *reg, at_arena *a, sm_cell *c, at_error *err) {
  c->block = AT_NEW_ARRAY(a, sm_block, (size_t)c->g->n_attend + 1);
  at_status s = c->block ? mark_live(a, c, err) : at_nomem(err);
  for (int i = 0; s == AT_OK && i < c->g->n_attend; i++) {
    c->block[i].a = &c->g->attend[i];
    s = look_at(reg, a, c, &c->block[i], err);
  }
  for (int i = 0; s == AT_OK && i < c->g->n_attend; i++)
    if (c->block[i].after.weight) check_after(c, &c->block[i]);
  return s;
}
