/* The memory plan: which nodes run, how long each piece of memory is needed,
 * and where it lies.
 *
 * Lifetimes depend on the graph and on what is asked for, so they are found
 * once; places depend on sizes and are found at every binding by walking the
 * timeline with a list of gaps (best fit), without allocating. */
#include <string.h>
#include "core/base/text.h"
#include "core/graph/exec_impl.h"

/* ---- who runs ---- */

static bool is_alias(const at_node *n) { return (n->op->flags & AT_OP_ALIAS) != 0; }
static bool is_outside(const at_node *n) { return at_node_is_input(n) || at_node_is_parameter(n); }

static void mark_roots(at_exec *x) {
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    const at_node *n = x->g->node[i];
    s->root = is_alias(n) ? x->slot[n->in[0]->id].root : i;
    s->keep = s->asked;
    s->live = s->source = s->want = s->planned = s->back = false;
  }
  for (int i = 0; i < x->g->n_output; i++) x->slot[x->g->output[i].node->id].keep = true;
  if (x->g->loss && !x->o.no_loss) x->slot[x->g->loss->id].keep = true;
  for (int i = 0; i < x->g->n_objective && !x->o.no_loss; i++)
    x->slot[x->g->objective[i].node->id].keep = true;
}

/* keep_all runs everything, except that no_loss still leaves out what only the
 * loss reads. `source` serves as the mark of what is left out here. */
static void mark_all_live(at_exec *x) {
  const at_graph *g = x->g;
  bool left_out = false;
  for (int i = x->n - 1; i >= 0; i--) {
    at_slot *s = &x->slot[i];
    bool out = x->o.no_loss && !s->keep && g->loss && g->loss->id == i;
    for (int k = 0; k < g->n_objective; k++)
      out |= x->o.no_loss && !s->keep && g->objective[k].node->id == i;
    /* back: has a reader; planned: has a reader that runs */
    if (s->back && !s->planned && !s->keep && left_out) out = true;
    left_out |= out;
    s->live = !out && (s->planned || s->keep || !is_outside(g->node[i]));
    for (int k = 0; k < g->node[i]->n_in; k++) {
      at_slot *in = &x->slot[g->node[i]->in[k]->id];
      in->back = true;
      if (!out) in->planned = true;
    }
  }
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    s->back = s->planned = false;
    s->keep = s->live;
  }
}

static void mark_live(at_exec *x) {
  if (x->o.keep_all) {
    mark_all_live(x);
    return;
  }
  for (int i = x->n - 1; i >= 0; i--) {
    at_slot *s = &x->slot[i];
    const at_node *n = x->g->node[i];
    if (s->keep) s->live = true;
    for (int k = 0; s->live && k < n->n_in; k++) x->slot[n->in[k]->id].live = true;
  }
}

static bool wants_gradient(const at_exec *x, const at_node *n) {
  if (at_node_is_parameter(n)) return !n->frozen;
  if (x->slot[n->id].sought && n->type == AT_REAL) return true;
  if (at_node_is_input(n)) return x->o.input_grads && n->type == AT_REAL;
  if (n->type != AT_REAL || (n->op->flags & AT_OP_NOGRAD)) return false;
  if (is_alias(n)) return x->slot[n->in[0]->id].want;
  if (!n->op->backward) return false;
  for (int k = 0; k < n->n_in; k++)
    if (x->slot[n->in[k]->id].want) return true;
  return false;
}

static void mark_gradients(at_exec *x) {
  if (!x->o.gradients) return;
  for (int i = 0; i < x->n; i++)
    if (x->slot[i].sought) x->slot[x->slot[i].root].sought = true;
  for (int i = 0; i < x->n; i++) {
    at_slot *s = &x->slot[i];
    s->want = s->live && wants_gradient(x, x->g->node[i]);
    s->source = s->planned = s->want && s->keep;
  }
  for (int i = x->n - 1; i >= 0; i--) {
    at_slot *s = &x->slot[i];
    const at_node *n = x->g->node[i];
    /* zero when nothing reaches it */
    if ((at_node_is_input(n) || s->sought) && s->want) s->planned = true;
    s->back = s->planned && !is_outside(n) && !is_alias(n) && n->op->backward &&
              !(n->op->flags & AT_OP_NOGRAD);
    for (int k = 0; s->planned && k < n->n_in; k++)
      if (x->slot[n->in[k]->id].want) x->slot[n->in[k]->id].planned = true;
  }
}

/* ---- how long ---- */

static void use(at_piece *p, int step) {
  if (p->begin < 0 || step < p->begin) p->begin = step;
  if (step > p->end) p->end = step;
}

static void live_value(at_exec *x, int i) {
  const at_node *n = x->g->node[i];
  const at_slot *s = &x->slot[i];
  at_piece *mine = at_exec_piece(x, s->root, AT_PIECE_VALUE);
  const unsigned flags = n->op->flags;
  use(mine, i);
  if (s->keep) use(mine, 2 * x->n);
  if (s->back && (flags & AT_OP_KEEPS_OUT)) use(mine, at_exec_backstep(x, i));
  for (int k = 0; k < n->n_in; k++) {
    at_piece *p = at_exec_piece(x, x->slot[n->in[k]->id].root, AT_PIECE_VALUE);
    use(p, i);
    if (s->back && (flags & AT_OP_KEEPS_IN) && !(n->op->unread >> k & 1))
      use(p, at_exec_backstep(x, i));
  }
}

/* Zeroed when the first backward adds to it, read by its own backward. */
static void live_gradient(at_exec *x, int i) {
  const at_node *n = x->g->node[i];
  const at_slot *s = &x->slot[i];
  if (s->planned) {
    at_piece *p = at_exec_piece(x, s->root, AT_PIECE_GRAD);
    use(p, at_exec_backstep(x, i));
    if (at_node_is_input(n) || s->sought) use(p, 2 * x->n);
  }
  for (int k = 0; s->back && k < n->n_in; k++) {
    const at_slot *in = &x->slot[n->in[k]->id];
    if (in->want) use(at_exec_piece(x, in->root, AT_PIECE_GRAD), at_exec_backstep(x, i));
  }
}

static void live_work(at_exec *x, int i) {
  const at_node *n = x->g->node[i];
  if (is_outside(n) || is_alias(n)) return;
  const bool back = x->slot[i].back;
  if (n->op->saved) {
    use(at_exec_piece(x, i, AT_PIECE_SAVED), i);
    if (back) use(at_exec_piece(x, i, AT_PIECE_SAVED), at_exec_backstep(x, i));
  }
  if (n->op->scratch) {
    use(at_exec_piece(x, i, AT_PIECE_FORWARD), i);
    if (back) use(at_exec_piece(x, i, AT_PIECE_BACKWARD), at_exec_backstep(x, i));
  }
}

static void find_lifetimes(at_exec *x) {
  for (int i = 0; i < x->n * AT_PIECES; i++) x->piece[i] = (at_piece){.begin = -1, .end = -1};
  for (int i = 0; i < x->n; i++) {
    if (!x->slot[i].live) continue;
    live_value(x, i);
    live_gradient(x, i);
    live_work(x, i);
  }
  for (int i = 0; i < x->n; i++) {
    const at_node *n = x->g->node[i];
    if (is_outside(n)) at_exec_piece(x, i, AT_PIECE_VALUE)->begin = -1;
    if (at_node_is_parameter(n)) at_exec_piece(x, i, AT_PIECE_GRAD)->begin = -1;
  }
  for (int i = 0; x->o.keep_all && i < x->n * AT_PIECES; i++)
    if (x->piece[i].begin >= 0) x->piece[i].begin = 0, x->piece[i].end = 2 * x->n;
}

/* Counting sort of the pieces by one of their ends. */
static void sort_pieces(const at_exec *x, bool by_end, int *order, int *at) {
  const int steps = 2 * x->n + 1, pieces = x->n * AT_PIECES;
  memset(at, 0, (size_t)(steps + 1) * sizeof *at);
  for (int i = 0; i < pieces; i++)
    if (x->piece[i].begin >= 0) at[1 + (by_end ? x->piece[i].end : x->piece[i].begin)]++;
  for (int t = 0; t < steps; t++) at[t + 1] += at[t];
  for (int i = 0; i < pieces; i++)
    if (x->piece[i].begin >= 0) order[at[by_end ? x->piece[i].end : x->piece[i].begin]++] = i;
  for (int t = steps; t > 0; t--) at[t] = at[t - 1];
  at[0] = 0;
}

void at_exec_analyse(at_exec *x) {
  mark_roots(x);
  mark_live(x);
  mark_gradients(x);
  find_lifetimes(x);
  sort_pieces(x, false, x->by_begin, x->begin_at);
  sort_pieces(x, true, x->by_end, x->end_at);
  x->analysed = true;
  x->again = -1;
}

/* ---- where ---- */

static void take(at_exec *x, at_piece *p) {
  int best = -1;
  for (int i = 0; i < x->n_gap; i++)
    if (x->gap[i].bytes >= p->bytes && (best < 0 || x->gap[i].bytes < x->gap[best].bytes)) best = i;
  if (best < 0) {
    /* The gap at the top grows, otherwise the block does. */
    const at_gap *last = x->n_gap ? &x->gap[x->n_gap - 1] : NULL;
    bool top = last && last->offset + last->bytes == x->planned;
    p->offset = top ? last->offset : x->planned;
    x->n_gap -= top;
    x->planned = p->offset + p->bytes;
    return;
  }
  at_gap *gap = &x->gap[best];
  p->offset = gap->offset;
  gap->offset += p->bytes;
  gap->bytes -= p->bytes;
  if (gap->bytes) return;
  memmove(gap, gap + 1, (size_t)(x->n_gap - best - 1) * sizeof *gap);
  x->n_gap--;
}

static void give(at_exec *x, const at_piece *p) {
  int lo = 0, hi = x->n_gap;
  while (lo < hi) {
    int mid = (lo + hi) / 2;
    if (x->gap[mid].offset < p->offset)
      lo = mid + 1;
    else
      hi = mid;
  }
  at_gap *g = x->gap;
  bool below = lo > 0 && g[lo - 1].offset + g[lo - 1].bytes == p->offset;
  bool above = lo < x->n_gap && p->offset + p->bytes == g[lo].offset;
  if (below) {
    g[lo - 1].bytes += p->bytes;
    if (!above) return;
    g[lo - 1].bytes += g[lo].bytes;
    memmove(&g[lo], &g[lo + 1], (size_t)(x->n_gap - lo - 1) * sizeof *g);
    x->n_gap--;
  } else if (above) {
    g[lo].offset = p->offset;
    g[lo].bytes += p->bytes;
  } else {
    memmove(&g[lo + 1], &g[lo], (size_t)(x->n_gap - lo) * sizeof *g);
    g[lo] = (at_gap){p->offset, p->bytes};
    x->n_gap++;
  }
}

static bool round64(size_t bytes, size_t *out) {
  size_t up;
  if (!at_add_size(bytes, 63, &up)) return false;
  *out = up / 64 * 64;
  return true;
}

/* Bytes of every piece at the bound sizes; false: larger than a size_t holds. */
static bool measure(at_exec *x) {
  size_t sum = 0;
  for (int i = 0; i < x->n; i++) {
    const at_node *n = x->g->node[i];
    for (int w = 0; w < AT_PIECES; w++) {
      at_piece *p = at_exec_piece(x, i, w);
      size_t bytes;
      if (p->begin < 0) continue;
      if (w == AT_PIECE_SAVED)
        bytes = n->op->saved(x, n);
      else if (w == AT_PIECE_FORWARD || w == AT_PIECE_BACKWARD)
        bytes = n->op->scratch(x, n);
      else if (!at_mul_size((size_t)x->slot[i].count, sizeof(float), &bytes))
        return false;
      if (!round64(bytes, &p->bytes) || !at_add_size(sum, p->bytes, &sum)) return false;
    }
  }
  return true;
}

at_status at_exec_plan(at_exec *x, at_error *err) {
  x->planned = 0;
  x->n_gap = 0;
  if (!measure(x))
    return at_fail(err, AT_EINPUT, "a batch of these sizes is too large for any memory");
  for (int t = 0; t <= 2 * x->n; t++) {
    for (int i = t ? x->end_at[t - 1] : 0; t && i < x->end_at[t]; i++)
      if (x->piece[x->by_end[i]].bytes) give(x, &x->piece[x->by_end[i]]);
    for (int i = x->begin_at[t]; i < x->begin_at[t + 1]; i++)
      if (x->piece[x->by_begin[i]].bytes) take(x, &x->piece[x->by_begin[i]]);
  }
  return AT_OK;
}
