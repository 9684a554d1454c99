/* A pass run again from a changed value: what lies downstream of it, and nothing else. */
#include <string.h>
#include "core/graph/exec_impl.h"

/* What something that counts depends on: an output, the loss, a value asked for. */
static void mark_leading(at_exec *x) {
  const at_graph *g = x->g;
  for (int i = 0; i < x->n; i++) x->slot[i].below = x->slot[i].asked;
  for (int i = 0; i < g->n_output; i++) x->slot[g->output[i].node->id].below = true;
  if (g->loss && !x->o.no_loss) x->slot[g->loss->id].below = true;
  for (int i = 0; i < g->n_objective && !x->o.no_loss; i++)
    x->slot[g->objective[i].node->id].below = true;
  for (int i = x->n - 1; i >= 0; i--)
    for (int k = 0; x->slot[i].below && k < g->node[i]->n_in; k++)
      x->slot[g->node[i]->in[k]->id].below = true;
}

static bool changes(const at_exec *x, const at_node *n, int root) {
  if (x->slot[n->id].root == root) return true;
  for (int k = 0; k < n->n_in; k++)
    if (x->slot[n->in[k]->id].reached) return true;
  return false;
}

/* `reached` serves as the mark of what changes; the next backward sets it anew. */
static void mark_below(at_exec *x, const at_node *of) {
  const int root = x->slot[of->id].root;
  if (x->again == of->id) return;
  mark_leading(x);
  for (int i = 0; i < x->n; i++) {
    const at_node *n = x->g->node[i];
    at_slot *s = &x->slot[i];
    s->reached = changes(x, n, root);
    s->below = s->below && s->reached && s->root != root && at_exec_computes(x, n);
  }
  x->again = of->id;
}

static bool can_change(const at_exec *x, const at_node *n) {
  if (!x->ready || x->o.measure || !x->o.keep_all || !at_exec_owns(x, n)) return false;
  const at_node *root = x->g->node[x->slot[n->id].root];
  return x->slot[n->id].live && n->type == AT_REAL && !at_node_is_input(root) &&
         !at_node_is_parameter(root);
}

bool at_exec_again(at_exec *x, const at_node *n, const float *value) {
  if (!can_change(x, n)) return false;
  at_slot *s = &x->slot[n->id];
  mark_below(x, n);
  if (value != s->value) memcpy(s->value, value, (size_t)s->count * sizeof *value);
  x->backward = false;
  x->ran = 0;
  x->ran_flops = 0;
  for (int i = 0; i < x->n; i++)
    if (x->slot[i].below) at_exec_run_node(x, x->g->node[i]);
  return true;
}

bool at_exec_backward_to(at_exec *x, const at_node *from, const float *grad, const at_node *to) {
  if (!can_change(x, to) || !at_exec_owns(x, from) || !at_exec_now(x, x->slot[from->id].source))
    return false;
  mark_below(x, to);
  at_exec_run_backward(x, from->id, grad, true);
  return true;
}

const float *at_exec_grad(const at_exec *x, const at_node *n) {
  if (!x->ready || !at_exec_owns(x, n) || at_node_is_parameter(n)) return NULL;
  const at_slot *s = &x->slot[n->id];
  return s->sought && x->slot[s->root].started ? s->grad : NULL;
}

int at_exec_ran(const at_exec *x, double *flops) {
  if (flops) *flops = x->ran_flops;
  return x->ran;
}
