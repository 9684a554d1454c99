/* Attention in one pass.  Where nobody else reads what lies between,
 *
 *   contract(softmax(causal(scale(contract(key, query, along)))), value, over)
 *
 * becomes attention(query, key, value), which never has all weights at once.  `causal` and `scale`
 * may be missing.  Of a training graph alone: others show the weights. */
#include <string.h>
#include "core/graph/attend_axes.h"
#include "core/graph/ops.h"
#include "core/graph/pass_impl.h"

static void count_readers(const at_graph *g, int *readers) {
  for (int i = 0; i < g->n_node; i++)
    for (int k = 0; k < g->node[i]->n_in; k++) readers[g->node[i]->in[k]->id]++;
  for (int i = 0; i < g->n_output; i++) readers[g->output[i].node->id]++;
  for (int i = 0; i < g->n_objective; i++) readers[g->objective[i].node->id]++;
  if (g->loss) readers[g->loss->id]++;
}

static at_arg number(double v) { return (at_arg){.set = true, .num = v, .span.file = -1}; }

/* The value that n reads first, when n is `op` and nobody else reads n; NULL: it is not. */
static at_node *through(const at_node *n, const at_op *op, const int *readers) {
  return n && n->op == op && readers[n->id] == 1 ? n->in[0] : NULL;
}

/* Fills in what stands for c; false: it is no such chain. */
static bool match(const at_node *c, const int *readers, at_node *made) {
  const at_node *n = c->in[0], *next;
  const int over = c->arg[0].axis[0];
  *made = *c;
  memset(made->arg, 0, sizeof made->arg);
  if (!(next = through(n, &at_op_softmax, readers)) || n->arg[0].axis[0] != over) return false;
  made->arg[AT_ATTENTION_SHARPNESS] = number(n->arg[1].num);
  n = next;
  if ((next = through(n, &at_op_causal, readers))) {
    if (n->arg[0].axis[0] != over) return false;
    made->arg[AT_ATTENTION_ROW] = n->arg[1];
    made->arg[AT_ATTENTION_PART] = n->arg[2];
    n = next;
  }
  double by = 1;
  for (; (next = through(n, &at_op_scale, readers)); n = next) {
    if (n->arg[1].num != 0) return false;
    by *= n->arg[0].num;
  }
  made->arg[AT_ATTENTION_BY] = number(by);
  if (!through(n, &at_op_contract, readers)) return false;
  const bool first = at_node_dim(n->in[0], over) >= 0;
  made->arg[AT_ATTENTION_ALONG] = n->arg[0];
  made->arg[AT_ATTENTION_OVER] = c->arg[0];
  made->in[AT_ATTENTION_QUERY] = n->in[first];
  made->in[AT_ATTENTION_KEY] = n->in[!first];
  made->in[AT_ATTENTION_VALUE] = c->in[1];
  made->op = &at_op_attention;
  made->n_in = made->n_data = 3;
  return true;
}

static bool same_layout(const at_node *a, const at_node *b) {
  bool same = a->ndim == b->ndim;
  for (int d = 0; same && d < a->ndim; d++)
    same = a->dim[d].axis == b->dim[d].axis && a->dim[d].size == b->dim[d].size &&
           a->dim[d].padded == b->dim[d].padded;
  return same;
}

/* AT_EINPUT from the operator: these shapes are not for it, and the node stays. */
at_status at_pass_attend(at_graph *g, at_error *err) {
  int *readers = AT_NEW_ARRAY(g->arena, int, (size_t)g->n_node + 1);
  if (!readers) return at_nomem(err);
  count_readers(g, readers);
  for (int i = 0; i < g->n_node; i++) {
    at_node *c = g->node[i], made;
    at_error why = {0};
    if (c->op != &at_op_contract || !match(c, readers, &made)) continue;
    at_status s = at_pass_infer_again(g, &made, &why);
    if (s == AT_OK && same_layout(c, &made))
      *c = made;
    else if (s != AT_OK && s != AT_EINPUT)
      return at_fail(err, s, "%s", why.message);
  }
  return AT_OK;
}
