/* A linear layer of values put together is the sum of layers of each:
 *
 *   W [a ; b] + c  =  W_a a + (W_b b + c)
 *
 * The joined value is never formed or kept, and a part that several layers of one weight have
 * in common, as all turns of a `repeat` do, is worked out once: the oldest value comes innermost,
 * and equal nodes are shared. */
#include <string.h>
#include "core/graph/ops.h"
#include "core/graph/pass_impl.h"
#include "core/graph/weight.h"

/* Parts of fewer numbers make products too thin to be worth while; a pass may put three nodes
 * in the place of one. */
enum { LEAST_PART = 16, MOST_PARTS = 3 };

static int joined_axis(const at_node *c, int i) {
  const at_arg *m = &c->arg[0];
  return m->axis[m->n_axes == 1 ? 0 : i];
}

static bool can_split(const at_graph *g, const at_node *c) {
  if (c->op != &at_op_concat || c->n_data < 2 || c->n_data > MOST_PARTS) return false;
  if (g->axis[c->arg[0].to].parent >= 0) return false;
  for (int i = 0; i < c->n_data; i++) {
    const at_node *v = c->in[i];
    const at_dim *last = v->ndim ? &v->dim[v->ndim - 1] : NULL;
    if (!last || last->axis != joined_axis(c, i) || last->size < LEAST_PART) return false;
    for (int d = 0; d < v->ndim; d++)
      if (v->dim[d].padded) return false;
  }
  return true;
}

static bool consumes(const at_node *n, const at_node *c) {
  return n->op == &at_op_linear && n->in[0] == c && n->arg[0].n_axes == 1 &&
         n->arg[0].axis[0] == c->arg[0].to && !at_linear_normed(n);
}

static void leave(bool *split, const at_node *n) {
  if (n) split[n->id] = false;
}

void at_pass_split_find(const at_graph *g, bool *split) {
  for (int i = 0; i < g->n_node; i++) split[i] = can_split(g, g->node[i]);
  for (int i = 0; i < g->n_node; i++)
    for (int k = 0; k < g->node[i]->n_in; k++)
      if (split[g->node[i]->in[k]->id] && !consumes(g->node[i], g->node[i]->in[k]))
        leave(split, g->node[i]->in[k]);
  leave(split, g->loss);
  for (int i = 0; i < g->n_objective; i++) leave(split, g->objective[i].node);
  for (int i = 0; i < g->n_output; i++) leave(split, g->output[i].node);
  for (int i = 0; i < g->n_attend; i++) {
    const at_attend *a = &g->attend[i];
    leave(split, a->query);
    leave(split, a->key);
    leave(split, a->value);
    leave(split, a->context);
  }
}

static int place_in(const at_graph *g, const at_node *n) {
  int i = 0;
  while (i < g->n_node && g->node[i] != n) i++;
  return i;
}

/* Parts of c, those first that were made first. */
static void by_age(const at_graph *g, const at_node *c, int *order) {
  for (int i = 0; i < c->n_data; i++) {
    int k = i;
    for (; k > 0 && place_in(g, c->in[order[k - 1]]) > place_in(g, c->in[i]); k--)
      order[k] = order[k - 1];
    order[k] = i;
  }
}

static int64_t column_of(const at_node *c, int part) {
  int64_t at = 0;
  for (int i = 0; i < part; i++) at += c->in[i]->dim[c->in[i]->ndim - 1].size;
  return at;
}

/* AT_EINPUT from an operator means that the shapes do not suit the rewrite; the graph stays as
 * it was then. */
at_status at_pass_split(at_graph *g, const at_node *n, at_node **out, at_error *err) {
  const at_node *c = n->in[0];
  const int nodes = g->n_node;
  int order[MOST_PARTS];
  at_node *sum = n->n_in > 2 ? n->in[2] : NULL; /* the bias */
  *out = NULL;
  if (!can_split(g, c) || !consumes(n, c)) return AT_OK;
  by_age(g, c, order);
  for (int i = 0; i < c->n_data; i++) {
    const int part = order[i];
    at_node *in[] = {c->in[part], n->in[1], sum}, *r = NULL;
    at_arg arg[AT_MAX_ARG] = {n->arg[0],
                              {.set = true, .num = (double)column_of(c, part), .span.file = -1}};
    at_error why = {0};
    arg[0].axis[0] = joined_axis(c, part);
    at_status s =
        at_graph_node(g, &at_op_linear_part, sum ? 3 : 2, in, arg, NULL, n->span, &r, &why);
    if (s != AT_OK) {
      g->n_node = nodes;
      return s == AT_EINPUT ? AT_OK : at_fail(err, s, "%s", why.message);
    }
    sum = at_pass_shared(g, r);
  }
  *out = sum;
  return AT_OK;
}
