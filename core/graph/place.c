/* Where the pieces of the memory plan lie, at the sizes of a binding, without allocating.
 *
 * First the timeline is walked with a list of gaps (best fit). Where that needs more than what must
 * be there at one time, the pieces are also placed in the order of their sizes, and of their sizes
 * times the fourth root of how long they last, each at the lowest place that is free as long as it
 * is needed; the best of the three stays. */
#include <math.h>
#include <string.h>
#include "core/base/text.h"
#include "core/graph/strips.h"

/* ---- along the timeline ---- */

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

static size_t by_time(at_exec *x) {
  x->planned = 0;
  x->n_gap = 0;
  for (int t = 0; t <= at_exec_last_step(x); t++) {
    for (int i = t ? x->end_at[t - 1] : 0; t && i < x->end_at[t]; i++)
      if (x->piece[x->by_end[i]].bytes) give(x, &x->piece[x->by_end[i]]);
    for (int i = x->begin_at[t]; i < x->begin_at[t + 1]; i++)
      if (x->piece[x->by_begin[i]].bytes) take(x, &x->piece[x->by_begin[i]]);
  }
  return x->planned;
}

/* ---- by size ---- */

typedef enum way { BY_TIME, BY_SIZE, BY_SIZE_AND_SPAN, WAYS } way;

static double weight(const at_piece *p, way w) {
  return (double)p->bytes * (w == BY_SIZE ? 1 : sqrt(sqrt(p->end - p->begin + 1)));
}

/* Weightier pieces first; of the same weight those that are needed longer, then earlier. */
static bool goes_before(const at_exec *x, way w, int a, int b) {
  const at_piece *p = &x->piece[a], *q = &x->piece[b];
  const double one = weight(p, w), other = weight(q, w);
  if (one != other) return one > other;
  if (p->end - p->begin != q->end - q->begin) return p->end - p->begin > q->end - q->begin;
  return p->begin != q->begin ? p->begin < q->begin : a < b;
}

static void sink(const at_exec *x, way w, int *v, int at, int n) {
  for (int child; (child = 2 * at + 1) < n; at = child) {
    if (child + 1 < n && goes_before(x, w, v[child], v[child + 1])) child++;
    if (!goes_before(x, w, v[at], v[child])) return;
    const int moved = v[at];
    v[at] = v[child];
    v[child] = moved;
  }
}

/* A heap's sort: qsort may allocate. */
static int sort_by_size(at_exec *x, way w, int *v) {
  int n = 0;
  for (int i = 0; i < x->begin_at[at_exec_last_step(x) + 1]; i++)
    if (x->piece[x->by_begin[i]].bytes) v[n++] = x->by_begin[i];
  for (int i = n / 2 - 1; i >= 0; i--) sink(x, w, v, i, n);
  for (int i = n - 1; i > 0; i--) {
    const int least = v[0];
    v[0] = v[i];
    v[i] = least;
    sink(x, w, v, 0, i);
  }
  return n;
}

/* The lowest place beside the `n` pieces that have one, `placed` in the order of offsets. */
static size_t lowest(const at_exec *x, const int *placed, int n, const at_piece *p) {
  size_t at = 0;
  for (int i = 0; i < n; i++) {
    const at_piece *q = &x->piece[placed[i]];
    if (q->begin > p->end || q->end < p->begin) continue;
    if (q->offset >= at + p->bytes) break;
    if (q->offset + q->bytes > at) at = q->offset + q->bytes;
  }
  return at;
}

static size_t by_size(at_exec *x, way w) {
  const int n = sort_by_size(x, w, x->by_size);
  size_t most = 0;
  for (int i = 0; i < n; i++) {
    at_piece *p = &x->piece[x->by_size[i]];
    int k = i;
    p->offset = lowest(x, x->placed, i, p);
    for (; k > 0 && x->piece[x->placed[k - 1]].offset > p->offset; k--)
      x->placed[k] = x->placed[k - 1];
    x->placed[k] = x->by_size[i];
    if (p->offset + p->bytes > most) most = p->offset + p->bytes;
  }
  return x->planned = most;
}

static size_t place_all(at_exec *x, way w) { return w == BY_TIME ? by_time(x) : by_size(x, w); }

/* ---- sizes ---- */

static bool round64(size_t bytes, size_t *out) {
  size_t up;
  if (!at_add_size(bytes, 63, &up)) return false;
  *out = up / 64 * 64;
  return true;
}

static int64_t numbers(const at_exec *x, const at_node *n) {
  return at_node_is_parameter(n) ? at_exec_grad_count(x, n) : x->slot[n->id].count;
}

bool at_exec_measure(at_exec *x, bool anew) {
  size_t sum = 0;
  at_strips_measure(x);
  for (int i = 0; i < x->n; i++) {
    const at_node *n = x->g->node[i];
    for (int w = 0; w < AT_PIECES; w++) {
      at_piece *p = at_exec_piece(x, i, w);
      size_t bytes;
      if (p->begin < 0) continue;
      if (!anew && p->bytes != AT_UNMEASURED) continue;
      if (x->slot[i].strip >= 0 && w == AT_PIECE_SAVED)
        bytes = at_strip_saved(x, i);
      else if (x->slot[i].strip >= 0 && (w == AT_PIECE_FORWARD || w == AT_PIECE_BACKWARD))
        bytes = at_strip_work(x, i, w == AT_PIECE_BACKWARD);
      else if (w == AT_PIECE_SAVED || w == AT_PIECE_SAVED_ANEW)
        bytes = n->op->saved(x, n);
      else if (w == AT_PIECE_FORWARD || w == AT_PIECE_BACKWARD || w == AT_PIECE_SCRATCH_ANEW)
        bytes = n->op->scratch(x, n);
      else if (!at_mul_size((size_t)numbers(x, n), sizeof(float), &bytes))
        return false;
      if (!round64(bytes, &p->bytes) || !at_add_size(sum, p->bytes, &sum)) return false;
    }
  }
  return true;
}

size_t at_exec_least(const at_exec *x) {
  size_t now = 0, most = 0;
  for (int t = 0; t <= at_exec_last_step(x); t++) {
    for (int i = x->begin_at[t]; i < x->begin_at[t + 1]; i++) now += x->piece[x->by_begin[i]].bytes;
    if (now > most) most = now;
    for (int i = x->end_at[t]; i < x->end_at[t + 1]; i++) now -= x->piece[x->by_end[i]].bytes;
  }
  return most;
}

at_status at_exec_plan(at_exec *x, at_error *err) {
  if (!x->settled) at_exec_settle(x);
  if (!at_exec_measure(x, true))
    return at_fail(err, AT_EINPUT, "a batch of these sizes is too large for any memory");
  const size_t least = at_exec_least(x);
  size_t most = SIZE_MAX;
  way best = BY_TIME, last = BY_TIME;
  for (way w = BY_TIME; w < WAYS && most > least; w++) {
    const size_t now = place_all(x, last = w);
    if (now < most) most = now, best = w;
  }
  if (last != best) place_all(x, best);
  return AT_OK;
}
