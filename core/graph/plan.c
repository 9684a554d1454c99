/* The memory plan: which nodes run, and how long each piece of memory is needed; where it lies
 * finds place.c.
 *
 * Lifetimes depend on the graph and on what is asked for, so they are found
 * once; places depend on sizes and are found at every binding. */
#include <string.h>
#include "core/graph/exec_impl.h"
#include "core/graph/ops.h"
#include "core/graph/strips.h"

/* ---- who runs ---- */

/* Dims of the same axes in the same order: as many numbers, each at the same place. */
static bool alike(const at_node *a, const at_node *b) {
  bool same = a->ndim == b->ndim;
  for (int d = 0; same && d < a->ndim; d++)
    same = a->dim[d].axis == b->dim[d].axis && a->dim[d].padded == b->dim[d].padded;
  return same;
}

static bool is_alias(const at_node *n) { return (n->op->flags & AT_OP_ALIAS) != 0; }
static bool is_outside(const at_node *n) { return at_node_is_input(n) || at_node_is_parameter(n); }

static void mark_roots(at_exec *x) {
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    const at_node *n = x->g->node[i];
    s->root = is_alias(n) ? x->slot[n->in[0]->id].root : i;
    s->keep = s->asked;
    s->live = false;
    s->run = s->need = s->source = s->want = s->planned = s->back = 0;
  }
  for (int i = 0; i < x->g->n_output; i++) x->slot[x->g->output[i].node->id].keep = true;
  if (x->g->loss && !x->o.no_loss) x->slot[x->g->loss->id].keep = true;
  for (int i = 0; i < x->g->n_objective && !x->o.no_loss; i++)
    x->slot[x->g->objective[i].node->id].keep = true;
}

static bool left_out(const at_exec *x, int i) {
  const at_graph *g = x->g;
  bool loss = g->loss && g->loss->id == i;
  for (int k = 0; k < g->n_objective; k++) loss |= g->objective[k].node->id == i;
  return x->o.no_loss && !x->slot[i].keep && loss;
}

/* keep_all runs everything, except that no_loss still leaves out what only the
 * loss reads. `back` and `planned` serve as marks: has a reader; has one that runs. */
static void mark_all_live(at_exec *x) {
  bool some = false;
  for (int i = x->n - 1; i >= 0; i--) {
    at_slot *s = &x->slot[i];
    bool out = left_out(x, i) || (s->back && !s->planned && !s->keep && some);
    some |= out;
    s->live = !out && (s->planned || s->keep || !is_outside(x->g->node[i]));
    for (int k = 0; k < x->g->node[i]->n_in; k++) {
      at_slot *in = &x->slot[x->g->node[i]->in[k]->id];
      in->back = 1;
      if (!out) in->planned = 1;
    }
  }
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    s->back = s->planned = 0;
    s->keep = s->live;
    s->need = s->live;
  }
}

static void mark_needed(at_exec *x) {
  const at_turns last = (at_turns)1 << (x->turns - 1);
  for (int k = 0; x->turns > 1 && k < x->turns; k++)
    x->slot[x->g->objective[k].node->id].need |= (at_turns)1 << k;
  for (int i = x->n - 1; i >= 0; i--) {
    at_slot *s = &x->slot[i];
    const at_node *n = x->g->node[i];
    if (s->keep && !s->need) s->need = last;
    s->live = s->need;
    for (int k = 0; k < n->n_in; k++) x->slot[n->in[k]->id].need |= s->need;
  }
}

/* Turns that move the parameter. */
static at_turns moving(const at_exec *x, const at_node *p) {
  at_turns turns = 0;
  if (x->turns == 1) return !p->frozen;
  for (int k = 0; k < x->turns; k++)
    if (at_objective_updates(&x->g->objective[k], p)) turns |= (at_turns)1 << k;
  return turns;
}

/* The first turn that needs a value makes it; a later one where a parameter moved since.
 * `planned` serves as the mark of the turns that move something which the value comes from. */
static void mark_running(at_exec *x) {
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    const at_node *n = x->g->node[i];
    bool stale = true;
    if (at_node_is_parameter(n)) s->planned = moving(x, n);
    for (int k = 0; k < n->n_in; k++) s->planned |= x->slot[n->in[k]->id].planned;
    for (int k = 0; k < x->turns; k++) {
      const at_turns now = (at_turns)1 << k;
      if (s->need & now && stale) {
        s->run |= now;
        stale = false;
      }
      stale |= (s->planned & now) != 0;
    }
  }
  for (int i = 0; i < x->n; i++) x->slot[i].planned = 0;
}

static void mark_live(at_exec *x) {
  if (x->o.keep_all)
    mark_all_live(x);
  else
    mark_needed(x);
  mark_running(x);
}

static at_turns wants_gradient(const at_exec *x, const at_node *n) {
  const at_turns all = ~(at_turns)0 >> (64 - x->turns);
  at_turns want = 0;
  if (at_node_is_parameter(n)) return moving(x, n);
  if (x->slot[n->id].sought && n->type == AT_REAL) return all;
  if (at_node_is_input(n)) return x->o.input_grads && n->type == AT_REAL ? all : 0;
  if (n->type != AT_REAL || (n->op->flags & AT_OP_NOGRAD)) return 0;
  if (is_alias(n)) return x->slot[n->in[0]->id].want;
  if (!n->op->backward) return 0;
  for (int k = 0; k < n->n_in; k++) want |= x->slot[n->in[k]->id].want;
  return want;
}

static void mark_sources(at_exec *x) {
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    s->want = s->live ? wants_gradient(x, x->g->node[i]) & s->need : 0;
    if (x->turns == 1 && s->keep) s->source = s->want;
  }
  for (int k = 0; x->turns > 1 && k < x->turns; k++) {
    at_slot *s = &x->slot[x->g->objective[k].node->id];
    s->source |= s->want & (at_turns)1 << k;
  }
  for (int i = 0; i < x->n; i++) x->slot[i].planned = x->slot[i].source;
}

static void mark_gradients(at_exec *x) {
  if (!x->o.gradients) return;
  for (int i = 0; i < x->n; i++)
    if (x->slot[i].sought) x->slot[x->slot[i].root].sought = true;
  mark_sources(x);
  for (int i = x->n - 1; i >= 0; i--) {
    at_slot *s = &x->slot[i];
    const at_node *n = x->g->node[i];
    /* zero when nothing reaches it */
    if (at_node_is_input(n) || s->sought) s->planned |= s->want;
    if (!is_outside(n) && !is_alias(n) && n->op->backward && !(n->op->flags & AT_OP_NOGRAD))
      s->back = s->planned;
    for (int k = 0; k < n->n_in; k++) {
      at_slot *in = &x->slot[n->in[k]->id];
      in->planned |= s->planned & in->want;
    }
  }
}

/* ---- how long ---- */

static void use(at_piece *p, int step) {
  if (p->begin < 0 || step < p->begin) p->begin = step;
  if (step > p->end) p->end = step;
}

/* In every turn of a set: going forward, or back. */
static void use_forward(const at_exec *x, at_piece *p, at_turns turns, int id) {
  for (int k = 0; k < x->turns; k++)
    if (turns >> k & 1) use(p, at_exec_step(x, k, id));
}

static void use_back(const at_exec *x, at_piece *p, at_turns turns, int id) {
  for (int k = 0; k < x->turns; k++)
    if (turns >> k & 1) use(p, at_exec_backstep(x, k, id));
}

/* The value of `root` as backward reads it. */
static at_piece *value_back(const at_exec *x, int root) {
  return at_exec_piece(x, root, x->slot[root].twice ? AT_PIECE_AGAIN : AT_PIECE_VALUE);
}

/* Whether both are worked on in one chain, whose values are no concern of the plan. */
static bool one_strip(const at_exec *x, int a, int b) {
  return x->slot[a].strip >= 0 && x->slot[a].strip == x->slot[b].strip;
}

static void live_value(at_exec *x, int i) {
  const at_node *n = x->g->node[i];
  const at_slot *s = &x->slot[i];
  at_piece *mine = at_exec_piece(x, s->root, AT_PIECE_VALUE);
  const unsigned flags = n->op->flags;
  const int at = at_strip_place(x, i);
  if (!at_strip_inside(x, i)) use_forward(x, mine, s->run, at);
  if (s->keep) use(mine, at_exec_last_step(x));
  if (s->strip < 0 && (flags & AT_OP_KEEPS_OUT || (s->anew && n->op->saved)))
    use_back(x, value_back(x, s->root), s->back, i);
  for (int k = 0; k < n->n_in; k++) {
    const int root = x->slot[n->in[k]->id].root;
    if (one_strip(x, i, n->in[k]->id)) continue;
    use_forward(x, at_exec_piece(x, root, AT_PIECE_VALUE), s->run, at);
    if (s->strip >= 0) /* of which backward makes the chain's values again */
      use_back(x, value_back(x, root), x->strip[s->strip].back, at);
    else if ((flags & AT_OP_KEEPS_IN) && !(n->op->unread >> k & 1))
      use_back(x, value_back(x, root), s->back, i);
  }
}

/* Zeroed when the first backward adds to it, read by its own backward, or by the update. */
static void live_gradient(at_exec *x, int i) {
  const at_node *n = x->g->node[i];
  const at_slot *s = &x->slot[i];
  at_piece *mine = at_exec_piece(x, s->root, AT_PIECE_GRAD);
  const int at = at_strip_place(x, i);
  if (!at_strip_inside(x, i)) use_back(x, mine, s->planned, at);
  if (s->planned && (at_node_is_input(n) || s->sought)) use(mine, at_exec_last_step(x));
  for (int k = 0; at_node_is_parameter(n) && k < x->turns; k++)
    if (s->planned >> k & 1) use(mine, at_exec_update_step(x, k));
  for (int k = 0; k < n->n_in; k++) {
    const at_slot *in = &x->slot[n->in[k]->id];
    if (one_strip(x, i, n->in[k]->id)) continue;
    use_back(x, at_exec_piece(x, in->root, AT_PIECE_GRAD), s->back & in->want, at);
  }
}

static void live_work(at_exec *x, int i) {
  const at_node *n = x->g->node[i];
  const at_slot *s = &x->slot[i];
  const int at = at_strip_place(x, i);
  if (is_outside(n) || is_alias(n)) return;
  if (n->op->saved) {
    use_forward(x, at_exec_piece(x, i, AT_PIECE_SAVED), s->run, at);
    use_back(x, at_exec_piece(x, i, s->anew ? AT_PIECE_SAVED_ANEW : AT_PIECE_SAVED), s->back, at);
  }
  if (s->strip >= 0 ? i == at : n->op->scratch != NULL) {
    const at_turns back = s->strip >= 0 ? x->strip[s->strip].back : s->back;
    use_forward(x, at_exec_piece(x, i, AT_PIECE_FORWARD), s->run, i);
    use_back(x, at_exec_piece(x, i, AT_PIECE_BACKWARD), back, i);
  }
}

/* In the last turn that needs the value. */
static int anew_step(const at_exec *x, int i) {
  int turn = 0;
  for (int k = 0; k < x->turns; k++)
    if (x->slot[i].need >> k & 1) turn = k;
  return at_exec_step(x, turn, x->anew_at[i]);
}

/* What a value is made of again must be there, or made before it. */
static void live_again(at_exec *x) {
  for (int i = x->n - 1; i >= 0; i--) {
    at_piece *again = at_exec_piece(x, i, AT_PIECE_AGAIN);
    const at_node *n = x->g->node[i];
    const bool anew = x->slot[i].anew;
    if (again->begin < 0) continue;
    if (anew) use(again, anew_step(x, i));
    const int begin = again->begin;
    for (int k = 0; k < n->n_in; k++) use(value_back(x, x->slot[n->in[k]->id].root), begin);
    if (n->op->saved) use(at_exec_piece(x, i, anew ? AT_PIECE_SAVED_ANEW : AT_PIECE_SAVED), begin);
    if (n->op->scratch)
      use(at_exec_piece(x, i, anew ? AT_PIECE_SCRATCH_ANEW : AT_PIECE_BACKWARD), begin);
  }
}

/* ---- gradients in the place of what ends there ---- */

static bool alone(const at_exec *x, const at_node *n, int k) {
  for (int j = 0; j < n->n_in; j++)
    if (j != k && x->slot[n->in[j]->id].root == x->slot[n->in[k]->id].root) return false;
  return true;
}

/* The turn of a set of one; -1: it has more, or none. */
static int only(const at_exec *x, at_turns turns) {
  int k = 0;
  while (k < x->turns && turns != (at_turns)1 << k) k++;
  return k < x->turns ? k : -1;
}

/* The gradient of `root` begins in `step`, in the place of `over` that ends there. */
static bool inherit(at_exec *x, int root, int step, at_piece *over) {
  at_piece *p = at_exec_piece(x, root, AT_PIECE_GRAD), *home = &x->piece[over->home];
  if (over->begin < 0 && over->home == (int)(over - x->piece)) return false;
  if (p->begin != step || home->end != step || p->home != (int)(p - x->piece)) return false;
  home->end = p->end;
  p->begin = -1;
  p->home = over->home;
  return true;
}

/* The gradient of what v looks at, wanted in `turns`, is the plan's to place. */
static bool gives_way(const at_exec *x, const at_node *v, at_turns turns) {
  const at_slot *s = &x->slot[v->id];
  return s->want & turns && !x->slot[s->root].sought && !is_outside(x->g->node[s->root]);
}

static void hand_over_node(at_exec *x, const at_node *n) {
  const at_slot *s = &x->slot[n->id];
  const int turn = only(x, s->back);
  if (turn < 0 || is_outside(n) || s->sought) return;
  if (!gives_way(x, n->in[0], s->back) || !alone(x, n, 0)) return;
  const int root = x->slot[n->in[0]->id].root, step = at_exec_backstep(x, turn, n->id);
  bool handed = n->op->flags & AT_OP_IN_PLACE && alike(n, n->in[0]) &&
                inherit(x, root, step, at_exec_piece(x, n->id, AT_PIECE_GRAD));
  if (n->op->flags & (AT_OP_WEIGHS_FIRST | AT_OP_OVER_VALUE) && !x->slot[root].keep)
    handed |= inherit(x, root, step, value_back(x, root));
  if (handed && !(n->op->flags & AT_OP_WEIGHS_FIRST)) x->slot[root].handed = n->id;
}

/* An item's gradient is written when nothing of the chain reads its value any more. */
static void hand_over_strip(at_exec *x, const at_strip *s) {
  for (int k = 0; s->back && k < s->n_source; k++) {
    const at_node *v = x->g->node[s->source[k].id];
    const int root = x->slot[v->id].root;
    if (!s->source[k].shared && gives_way(x, v, 1) && !x->slot[root].keep)
      inherit(x, root, at_exec_backstep(x, 0, s->last), value_back(x, root));
  }
}

static void hand_over(at_exec *x) {
  if (x->o.keep_all) return;
  for (int i = x->n - 1; i >= 0; i--) {
    const int strip = x->slot[i].strip;
    if (!x->slot[i].live) continue;
    if (strip < 0)
      hand_over_node(x, x->g->node[i]);
    else if (x->strip[strip].last == i)
      hand_over_strip(x, &x->strip[strip]);
  }
}

static void find_lifetimes(at_exec *x) {
  for (int i = 0; i < x->n * AT_PIECES; i++)
    x->piece[i] = (at_piece){.begin = -1, .end = -1, .home = i, .bytes = x->piece[i].bytes};
  for (int i = 0; i < x->n; i++) x->slot[i].handed = -1;
  for (int i = 0; i < x->n; i++) {
    if (!x->slot[i].live) continue;
    live_value(x, i);
    live_gradient(x, i);
    live_work(x, i);
  }
  live_again(x);
  for (int i = 0; i < x->n; i++) {
    const at_node *n = x->g->node[i];
    if (is_outside(n)) at_exec_piece(x, i, AT_PIECE_VALUE)->begin = -1;
    if (at_node_is_parameter(n) && !x->o.plan_grads) at_exec_piece(x, i, AT_PIECE_GRAD)->begin = -1;
  }
  hand_over(x);
  for (int i = 0; x->o.keep_all && i < x->n * AT_PIECES; i++)
    if (x->piece[i].begin >= 0) x->piece[i].begin = 0, x->piece[i].end = at_exec_last_step(x);
}

/* Counting sort of the pieces by one of their ends. */
static void sort_pieces(const at_exec *x, bool by_end, int *order, int *at) {
  const int steps = at_exec_last_step(x) + 1, pieces = x->n * AT_PIECES;
  memset(at, 0, (size_t)(steps + 1) * sizeof *at);
  for (int i = 0; i < pieces; i++)
    if (x->piece[i].begin >= 0) at[1 + (by_end ? x->piece[i].end : x->piece[i].begin)]++;
  for (int t = 0; t < steps; t++) at[t + 1] += at[t];
  for (int i = 0; i < pieces; i++)
    if (x->piece[i].begin >= 0) order[at[by_end ? x->piece[i].end : x->piece[i].begin]++] = i;
  for (int t = steps; t > 0; t--) at[t] = at[t - 1];
  at[0] = 0;
}

void at_exec_live(at_exec *x) {
  find_lifetimes(x);
  sort_pieces(x, false, x->by_begin, x->begin_at);
  sort_pieces(x, true, x->by_end, x->end_at);
}

void at_exec_analyse(at_exec *x) {
  mark_roots(x);
  mark_live(x);
  mark_gradients(x);
  for (int i = 0; i < x->n; i++) {
    x->slot[i].twice = x->slot[i].anew = false;
    x->slot[i].strip = -1;
  }
  at_exec_live(x);
  x->analysed = true;
  x->settled = false;
  x->again = -1;
}
