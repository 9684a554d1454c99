/* Which values backward makes again in the place of keeping them.
 *
 * Found once, at the sizes of the first binding: first all that may be made again is; then what
 * does not lower the most that must be there at one time is kept after all, what costs most first.
 */
#include "core/graph/exec_impl.h"
#include "core/graph/ops.h"

enum { SHORT_SUM = 256 }; /* products for one number, up to which they cost little */
enum { SLACK = 64 };      /* one part in so many of the memory is worth less than the time */

static bool is_cheap(const at_exec *x, const at_node *n) {
  if (n->op->flags & AT_OP_CHEAP) return true;
  if (n->op != &at_op_contract) return false;
  return at_op_flops(x, n) <= 2.0 * SHORT_SUM * (double)at_x_count(x, n);
}

static bool is_outside(const at_node *n) { return at_node_is_input(n) || at_node_is_parameter(n); }

/* In backward of one turn alone, before which forward of all turns has read it. */
static bool once(const at_slot *s) {
  return s->back && !(s->back & (s->back - 1)) &&
         !((s->run | s->need) & ~(s->back | (s->back - 1)));
}

/* Where what it comes from is there in backward anyway, or made again too. */
static bool can_come_again(const at_exec *x, const at_node *n) {
  for (int k = 0; k < n->n_in; k++) {
    const int root = x->slot[n->in[k]->id].root;
    const bool kept = (n->op->flags & AT_OP_KEEPS_IN) && !(n->op->unread >> k & 1);
    if (!kept && !is_outside(x->g->node[root]) && !x->slot[root].twice) return false;
  }
  return true;
}

static bool mark_twice(at_exec *x) {
  bool some = false;
  for (int i = 0; i < x->n; i++) /* an alias that is kept keeps what it looks at */
    if (x->slot[i].keep) x->slot[x->slot[i].root].twice = true;
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    const at_node *n = x->g->node[i];
    const bool kept = s->twice;
    s->twice = !kept && s->root == i && once(s) && is_cheap(x, n) && can_come_again(x, n);
    some |= s->twice;
  }
  return some;
}

/* The most that must be there at one time; SIZE_MAX: more than any memory. */
static size_t most(at_exec *x) {
  at_exec_live(x);
  return at_exec_measure(x, false) ? at_exec_least(x) : SIZE_MAX;
}

void at_exec_settle(at_exec *x) {
  x->settled = true;
  if (x->turns > 1 || x->o.keep_all || !x->o.gradients || !mark_twice(x)) return;
  for (int i = 0; i < x->n * AT_PIECES; i++) x->piece[i].bytes = AT_UNMEASURED;
  const size_t least = most(x), enough = least + least / SLACK;
  for (int round = 0; round < 2; round++)
    for (int i = x->n - 1; i >= 0; i--) {
      at_slot *s = &x->slot[i];
      if (!s->twice || (x->g->node[i]->op == &at_op_contract) != (round == 0)) continue;
      s->twice = false;
      s->twice = most(x) > enough;
    }
  at_exec_live(x);
}
