/* The Gram rewrite.  A cosine between x and an attended value c = sum_o w_o v_o,
 *
 *   cos(x, c) = (sum_o w_o <x, v_o>) / (|x| sqrt(w' G w)),   G = v v',
 *
 * needs c only through S_o = <x, v_o> and the Gram matrix, so c is never formed
 * in d dimensions.  Lowering writes a cosine as
 *
 *   num = contract(a, b, d)   na = norm(a, d)   nb = norm(b, d)
 *   cosine_ratio(num, na, nb)
 *
 * with c = contract(w, v, over) as a or b; here it becomes
 * attended_cosine(w, S, v, nx).  With a dot score of x against v, S is the very
 * node of the raw scores. */
#include <string.h>
#include "core/graph/pass_impl.h"

static bool is_op(const at_node *n, const char *name) { return strcmp(n->op->name, name) == 0; }

/* The axis of contract and norm, their first argument. */
static int only_axis(const at_node *n) {
  return n->arg[0].set && n->arg[0].n_axes == 1 ? n->arg[0].axis[0] : -1;
}

typedef struct match {
  at_node *weight, *value, *x, *norm_x, *num;
  int over, along;
} match;

/* Only contexts of attend blocks: elsewhere a contraction may well be the
 * cheaper way. */
static bool match_context(const at_graph *g, const at_node *c, match *m) {
  const at_attend *a = NULL;
  for (int i = 0; i < g->n_attend; i++)
    if (g->attend[i].context == c) a = &g->attend[i];
  if (!a || !is_op(c, "contract") || c->n_in != 2) return false;
  m->over = only_axis(c);
  int v = at_node_dim(c->in[1], m->along) >= 0;
  m->value = c->in[v];
  m->weight = c->in[1 - v];
  return m->over == a->over;
}

/* x and c on the sides `side` and `1 - side` of the product. */
static bool match_side(const at_graph *g, const at_node *n, int side, match *m) {
  m->num = n->in[0];
  at_node *c = m->num->in[1 - side];
  m->x = m->num->in[side];
  m->norm_x = n->in[1 + side];
  m->along = only_axis(m->num);
  const at_node *norm_c = n->in[2 - side];
  if (norm_c->in[0] != c || m->norm_x->in[0] != m->x) return false;
  if (only_axis(norm_c) != m->along || only_axis(m->norm_x) != m->along) return false;
  if (!match_context(g, c, m)) return false;
  return at_node_dim(m->value, m->along) >= 0 && at_node_dim(m->value, m->over) >= 0 &&
         at_node_dim(m->weight, m->over) >= 0 && at_node_dim(m->weight, m->along) < 0 &&
         !at_node_has_axis(g, m->x, m->over);
}

static at_arg axis_arg(int axis) {
  return (at_arg){.set = true, .n_axes = 1, .axis = {axis}, .span.file = -1};
}

static bool same_axes(const at_node *a, const at_node *b) {
  if (a->ndim != b->ndim) return false;
  for (int i = 0; i < a->ndim; i++)
    if (a->dim[i].axis != b->dim[i].axis) return false;
  return true;
}

/* AT_EINPUT from an operator means that the shapes do not suit the rewrite; the
 * graph stays as it was then. */
static at_status rewrite(at_graph *g, const at_op *op, const at_node *n, const match *m,
                         at_node **out, at_error *err) {
  const int nodes = g->n_node;
  at_node *product[] = {m->value, m->x}, *scores = NULL, *r = NULL;
  at_arg arg[AT_MAX_ARG] = {axis_arg(m->along)};
  at_error why = {0};
  at_status s = at_graph_node(g, m->num->op, 2, product, arg, NULL, n->span, &scores, &why);
  if (s == AT_OK) {
    scores = at_pass_shared(g, scores);
    if (!same_axes(scores, m->weight)) s = AT_EINPUT;
  }
  if (s == AT_OK) {
    at_node *in[] = {m->weight, scores, m->value, m->norm_x};
    arg[0] = axis_arg(m->over);
    arg[1] = axis_arg(m->along);
    s = at_graph_node(g, op, 4, in, arg, NULL, n->span, &r, &why);
  }
  if (s == AT_OK) {
    *out = at_pass_shared(g, r);
    return AT_OK;
  }
  g->n_node = nodes;
  return s == AT_EINPUT ? AT_OK : at_fail(err, s, "%s", why.message);
}

at_status at_pass_gram(at_graph *g, const at_node *n, at_node **out, at_error *err) {
  const at_op *op = at_op_find("attended_cosine");
  *out = NULL;
  if (!op || !is_op(n, "cosine_ratio") || n->n_in != 3) return AT_OK;
  if (!is_op(n->in[0], "contract") || n->in[0]->n_in != 2) return AT_OK;
  if (!is_op(n->in[1], "norm") || !is_op(n->in[2], "norm")) return AT_OK;
  for (int side = 0; side < 2; side++) {
    match m = {0};
    if (match_side(g, n, side, &m)) return rewrite(g, op, n, &m, out, err);
  }
  return AT_OK;
}
