/* What passes cost: their arithmetic, and the bytes that they must move. */
#include "core/graph/exec_impl.h"
#include "core/graph/ops.h"

void at_exec_watch(at_exec *x, at_exec_watch_fn *fn, void *ctx) {
  x->watch = fn;
  x->watch_ctx = ctx;
}

/* Operators that read of their first input, and give back to it, what they make and no more. */
static bool picks(const at_op *op) {
  static const at_op *const picking[] = {&at_op_embed, &at_op_gather, &at_op_part,
                                         &at_op_slice, &at_op_first,  &at_op_last};
  for (size_t i = 0; i < sizeof picking / sizeof *picking; i++)
    if (picking[i] == op) return true;
  return false;
}

static double count_of(const at_exec *x, const at_node *n) {
  double count = 1;
  if (!at_node_is_parameter(n)) return (double)x->slot[n->id].count;
  for (int d = 0; d < n->ndim; d++) count *= (double)n->dim[d].size;
  return count;
}

/* Of input i, as far as n touches it. */
static double touched(const at_exec *x, const at_node *n, int i) {
  const double all = count_of(x, n->in[i]), made = count_of(x, n);
  return picks(n->op) && n->in[i]->type == AT_REAL && made < all ? made : all;
}

static at_cost forward_cost(const at_exec *x, const at_node *n) {
  double count = count_of(x, n);
  for (int i = 0; i < n->n_in; i++) count += touched(x, n, i);
  return (at_cost){at_op_flops(x, n), sizeof(float) * count};
}

/* The gradient of the result is read, those of the inputs are added to. */
static at_cost backward_cost(const at_exec *x, const at_node *n) {
  const unsigned flags = n->op->flags;
  double count = count_of(x, n) * (flags & AT_OP_KEEPS_OUT ? 2 : 1);
  int first = 0, others = 0;
  for (int i = 0; i < n->n_in; i++) {
    const bool wanted = at_exec_now(x, x->slot[n->in[i]->id].want);
    *(i ? &others : &first) |= wanted;
    if (wanted) count += 2 * touched(x, n, i);
    if (flags & AT_OP_KEEPS_IN && !(n->op->unread >> i & 1)) count += touched(x, n, i);
  }
  return (at_cost){at_op_flops(x, n) * (n->op->flops ? first + others : 1), sizeof(float) * count};
}

at_cost at_exec_cost(const at_exec *x, const at_node *n, at_exec_part part) {
  if (!x->ready || !at_exec_owns(x, n) || !at_exec_computes(x, n)) return (at_cost){0, 0};
  return part == AT_EXEC_BACKWARD ? backward_cost(x, n) : forward_cost(x, n);
}

static void add(at_cost *sum, at_cost w) {
  sum->flops += w.flops;
  sum->bytes += w.bytes;
}

at_cost at_exec_cost_forward(const at_exec *x) {
  at_cost sum = {0, 0};
  for (int i = 0; x->ready && i < x->n; i++)
    if (at_exec_now(x, x->slot[i].run)) add(&sum, at_exec_cost(x, x->g->node[i], AT_EXEC_FORWARD));
  return sum;
}

at_cost at_exec_cost_backward(const at_exec *x) {
  at_cost sum = {0, 0};
  for (int i = 0; x->ready && i < x->n; i++) {
    const at_slot *s = &x->slot[i];
    const int again = at_exec_piece(x, i, AT_PIECE_AGAIN)->begin;
    if (s->reached && at_exec_now(x, s->back))
      add(&sum, at_exec_cost(x, x->g->node[i], AT_EXEC_BACKWARD));
    if (again >= 0 && again / x->steps == x->turn)
      add(&sum, at_exec_cost(x, x->g->node[i], AT_EXEC_AGAIN));
  }
  return sum;
}
