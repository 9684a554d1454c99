/* Which values backward makes again in the place of keeping them.
 *
 * Those of a `recompute` module, whatever it costs, but for what leaves it: when backward comes to
 * a call of the module, all of it that is needed is made anew from what went in, a step each. Then
 * backward has no more of the module in memory than that one call.
 *
 * Others where they cost little. Found once, at the sizes of the first binding: first all that may
 * be made again is; then what does not lower the most that must be there at one time is kept after
 * all, what costs most first.
 */
#include <stdlib.h>
#include "core/graph/exec_impl.h"
#include "core/graph/ops.h"
#include "core/graph/strips.h"

enum { SHORT_SUM = 256 }; /* products for one number, up to which they cost little */
enum { SLACK = 64 };      /* one part in so many of the memory is worth less than the time */

static bool is_product(const at_node *n) {
  return n->op == &at_op_contract || n->op == &at_op_attention;
}

static bool is_cheap(const at_exec *x, const at_node *n) {
  if (n->op->flags & AT_OP_CHEAP) return true;
  if (!is_product(n)) return false;
  return at_op_flops(x, n) <= 2.0 * SHORT_SUM * (double)at_x_count(x, n);
}

static bool is_outside(const at_node *n) { return at_node_is_input(n) || at_node_is_parameter(n); }

/* In backward of one turn alone, before which forward of all turns has read it. */
static bool once(const at_slot *s, at_turns back) {
  return back && !(back & (back - 1)) && !((s->run | s->need) & ~(back | (back - 1)));
}

/* ---- `recompute` ---- */

static bool may_be_anew(const at_node *n) { return n->recompute && !is_outside(n); }

/* The last node of its call: backward comes to it first. */
static bool ends_call(const at_graph *g, int id) {
  if (!may_be_anew(g->node[id])) return false;
  for (int i = id + 1; i < g->n_node; i++)
    if (may_be_anew(g->node[i]) && g->node[i]->recompute == g->node[id]->recompute) return false;
  return true;
}

bool at_exec_lay_steps(at_exec *x) {
  x->back_at = calloc((size_t)x->n + 1, sizeof *x->back_at);
  x->anew_at = calloc((size_t)x->n + 1, sizeof *x->anew_at);
  if (!x->back_at || !x->anew_at) return false;
  x->steps = x->n;
  for (int i = 0; i < x->n; i++) x->anew_at[i] = -1;
  for (int i = x->n - 1; i >= 0; i--) {
    const bool call = x->o.gradients && ends_call(x->g, i);
    for (int k = 0; call && k <= i; k++)
      if (may_be_anew(x->g->node[k]) && x->g->node[k]->recompute == x->g->node[i]->recompute)
        x->anew_at[k] = x->steps++;
    x->back_at[i] = x->steps++;
  }
  x->steps++; /* of the update */
  return true;
}

/* What is read outside of the call that it was made in is kept, and what is asked for. Of several
 * turns the last that needs a value is the one whose backward reads it: by then all that it comes
 * from is as its forward found it, for parameters move behind backward. */
static void mark_anew(at_exec *x) {
  const at_graph *g = x->g;
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    s->anew = s->root == i && s->live && x->anew_at[i] >= 0 && (x->turns == 1 || once(s, s->back));
  }
  for (int i = 0; i < x->n; i++) {
    if (!x->slot[i].live) continue;
    if (x->slot[i].keep) x->slot[x->slot[i].root].anew = false;
    for (int k = 0; k < g->node[i]->n_in; k++) {
      const int root = x->slot[g->node[i]->in[k]->id].root;
      if (g->node[root]->recompute != g->node[i]->recompute) x->slot[root].anew = false;
    }
  }
}

/* ---- what costs little ---- */

/* Where what it comes from is there in backward anyway, or made again too; not where it comes from
 * inside of a `recompute` call, which would be made anew before its time. */
static bool can_come_again(const at_exec *x, const at_node *n) {
  for (int k = 0; k < n->n_in; k++) {
    const int root = x->slot[n->in[k]->id].root;
    const bool kept = (n->op->flags & AT_OP_KEEPS_IN) && !(n->op->unread >> k & 1);
    if (x->slot[root].anew) return false;
    if (!kept && !is_outside(x->g->node[root]) && !x->slot[root].twice) return false;
  }
  return true;
}

/* Turns whose backward reads the value of n, with and without a gradient of its own. */
static at_turns reading(const at_exec *x, int root) {
  at_turns turns = x->slot[root].back;
  for (int i = root + 1; !x->slot[root].back && i < x->n; i++) {
    const at_node *n = x->g->node[i];
    for (int k = 0; k < n->n_in; k++)
      if (x->slot[n->in[k]->id].root == root && n->op->flags & AT_OP_KEEPS_IN &&
          !(n->op->unread >> k & 1))
        turns |= x->slot[i].back;
  }
  return turns;
}

static bool mark_twice(at_exec *x) {
  bool some = false;
  for (int i = 0; i < x->n; i++) /* an alias that is kept keeps what it looks at */
    if (x->slot[i].keep) x->slot[x->slot[i].root].twice = true;
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    const at_node *n = x->g->node[i];
    const bool kept = s->twice;
    const bool cheap = !kept && s->root == i && s->strip < 0 && once(s, reading(x, i)) &&
                       is_cheap(x, n) && can_come_again(x, n);
    s->twice = s->anew || cheap;
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
  at_strips_find(x);
  at_exec_live(x);
  if (x->o.keep_all || !x->o.gradients) return;
  mark_anew(x);
  if (!mark_twice(x)) return;
  for (int i = 0; i < x->n * AT_PIECES; i++) x->piece[i].bytes = AT_UNMEASURED;
  const size_t least = most(x), enough = least + least / SLACK;
  for (int round = 0; round < 2; round++)
    for (int i = x->n - 1; i >= 0; i--) {
      at_slot *s = &x->slot[i];
      if (!s->twice || s->anew || is_product(x->g->node[i]) != (round == 0)) continue;
      s->twice = false;
      s->twice = most(x) > enough;
    }
  at_exec_live(x);
}
