/* A convolution of a map that was made larger,
 *
 *   conv2d(resize(v, by = 2))  =  conv2d_doubled(v)
 *
 * reads the map as it was: the larger one is never made, nor its gradient, and there is less to
 * multiply (doubled.h). */
#include "core/graph/doubled.h"
#include "core/graph/ops.h"
#include "core/graph/pass_impl.h"

/* Of conv2d. */
enum { SPACE, AXES };

static bool worth_it(const at_node *v, const at_node *n) {
  const at_dim *d = v->dim + v->ndim - 3;
  const at_tiling t = {
      .h = d[0].size, .w = d[1].size, .from = d[2].size, .to = n->arg[AXES].to_size, .pad = 1};
  return at_doubled.pays(&t);
}

/* AT_EINPUT from the operator: these shapes are not for it, and the graph stays as it was. */
at_status at_pass_doubled(at_graph *g, const at_node *n, at_node **out, at_error *err) {
  const at_node *larger = n->in[0];
  *out = NULL;
  if (n->op != &at_op_conv2d || !at_conv_plain(n) || !at_resize_doubles(larger) ||
      !worth_it(larger->in[0], n))
    return AT_OK;
  at_node *in[] = {larger->in[0], n->in[1]};
  const at_arg arg[AT_MAX_ARG] = {n->arg[AXES]};
  const int nodes = g->n_node;
  at_error why = {0};
  at_status s = at_graph_node(g, &at_op_conv2d_doubled, 2, in, arg, NULL, n->span, out, &why);
  if (s == AT_OK) {
    *out = at_pass_shared(g, *out);
    return AT_OK;
  }
  g->n_node = nodes;
  *out = NULL;
  return s == AT_EINPUT ? AT_OK : at_fail(err, s, "%s", why.message);
}
