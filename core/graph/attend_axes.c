#include "core/graph/attend_axes.h"
#include <string.h>

/* ---- roles of axes ---- */

static int parent_of(const at_graph *g, int axis) { return g->axis[axis].parent; }

static bool has(const int *axis, int n, int a) {
  for (int i = 0; i < n; i++)
    if (axis[i] == a) return true;
  return false;
}

static bool any_padded(const at_node *v) {
  for (int d = 0; d < v->ndim; d++)
    if (v->dim[d].padded) return true;
  return false;
}

/* What an axis of the query is to the key. */
static bool place_query_axis(const at_graph *g, const at_node *key, int axis,
                             at_attention_axes *a) {
  const int up = parent_of(g, axis);
  if (axis == a->along) return true;
  if (axis == a->over) return false;
  if (at_node_dim(key, axis) >= 0) {
    a->shared[a->n_shared++] = axis;
    return true;
  }
  if (a->keys_ragged && axis == parent_of(g, a->over)) {
    a->parent = axis;
    return true;
  }
  const bool meets =
      up >= 0 && (a->keys_ragged ? up == parent_of(g, a->over) : at_node_dim(key, up) >= 0);
  if (!meets) {
    a->other[a->n_other++] = axis;
    return true;
  }
  if (a->rows_ragged) return false;
  a->row = axis;
  a->rows_ragged = true;
  a->parent = up;
  return true;
}

static bool check_key(const at_node *key, const at_attention_axes *a) {
  for (int d = 0; d < key->ndim; d++) {
    const int axis = key->dim[d].axis;
    const bool outer = !a->keys_ragged && axis == a->parent;
    if (axis != a->along && axis != a->over && !outer && !has(a->shared, a->n_shared, axis))
      return false;
  }
  return true;
}

static bool check_value(const at_graph *g, const at_node *query, const at_node *value,
                        at_attention_axes *a) {
  int met = 0;
  a->depth = -1;
  for (int d = 0; d < value->ndim; d++) {
    const int axis = value->dim[d].axis;
    if (axis == a->over) continue;
    if (has(a->shared, a->n_shared, axis) || (!a->keys_ragged && axis == a->parent)) {
      met++;
      continue;
    }
    if (a->depth >= 0 || g->axis[axis].kind == AT_BATCH || parent_of(g, axis) >= 0) return false;
    if (axis != a->along && at_node_dim(query, axis) >= 0) return false;
    a->depth = axis;
  }
  return a->depth >= 0 && met == a->n_shared + (!a->keys_ragged && a->parent >= 0);
}

bool at_attention_axes_of(const at_graph *g, const at_node *n, at_attention_axes *a) {
  const at_node *q = n->in[AT_ATTENTION_QUERY], *k = n->in[AT_ATTENTION_KEY],
                *v = n->in[AT_ATTENTION_VALUE];
  *a = (at_attention_axes){.along = n->arg[AT_ATTENTION_ALONG].axis[0],
                           .over = n->arg[AT_ATTENTION_OVER].axis[0],
                           .parent = -1,
                           .row = -1};
  if (any_padded(q) || any_padded(k) || any_padded(v)) return false;
  if (at_node_dim(q, a->along) < 0 || at_node_dim(k, a->along) < 0) return false;
  if (at_node_dim(k, a->over) < 0 || at_node_dim(v, a->over) < 0) return false;
  if (parent_of(g, a->along) >= 0 || a->along == a->over) return false;
  a->keys_ragged = parent_of(g, a->over) >= 0;
  for (int d = 0; d < q->ndim; d++)
    if (!place_query_axis(g, k, q->dim[d].axis, a)) return false;
  if (a->keys_ragged && a->parent < 0) return false;
  if (!a->rows_ragged && !a->n_other) return false; /* a single row is a product by itself */
  if (!a->rows_ragged) a->row = a->other[--a->n_other];
  return check_key(k, a) && check_value(g, q, v, a);
}

/* ---- at the bound sizes ---- */

enum { TILE = 40960, LEAST_ROWS = 12 }; /* numbers of a tile of scores: two stay in a cache */

static int64_t stride(const at_exec *x, const at_node *v, int axis) {
  const int d = at_node_dim(v, axis);
  return d < 0 ? 0 : at_x_around(x, v, d).inner;
}

static int64_t longest(const int64_t *off, int64_t n) {
  int64_t most = 0;
  for (int64_t i = 0; i < n; i++) most = off[i + 1] - off[i] > most ? off[i + 1] - off[i] : most;
  return most;
}

static at_attention_loop loop_over(const at_exec *x, const at_node *n, int axis) {
  const at_node *q = n->in[AT_ATTENTION_QUERY];
  return (at_attention_loop){
      .n = at_x_dim(x, q, at_node_dim(q, axis)),
      .q = stride(x, q, axis),
      .k = stride(x, n->in[AT_ATTENTION_KEY], axis),
      .v = stride(x, n->in[AT_ATTENTION_VALUE], axis),
      .o = stride(x, n, axis),
  };
}

static void make_segments(const at_exec *x, const at_node *n, const at_attention_axes *r,
                          at_attention *a) {
  const at_node *q = n->in[AT_ATTENTION_QUERY], *k = n->in[AT_ATTENTION_KEY];
  a->segments = r->parent >= 0 ? at_x_axis_size(x, r->parent) : 1;
  a->row_off = r->rows_ragged ? at_x_offsets(x, r->row) : NULL;
  a->key_off = r->keys_ragged ? at_x_offsets(x, r->over) : NULL;
  a->rows = a->row_off ? longest(a->row_off, a->segments) : at_x_dim(x, q, at_node_dim(q, r->row));
  a->keys = a->key_off ? longest(a->key_off, a->segments) : at_x_dim(x, k, at_node_dim(k, r->over));
}

static at_attention_side side(const at_exec *x, const at_node *v, int parent, int row, int number) {
  return (at_attention_side){parent < 0 ? 0 : stride(x, v, parent), stride(x, v, row),
                             stride(x, v, number)};
}

static void choose_tile(at_attention *a) {
  int64_t most = a->keys ? TILE / a->keys / LEAST_ROWS * LEAST_ROWS : a->rows;
  if (most < LEAST_ROWS) most = LEAST_ROWS;
  const int64_t tiles = a->rows ? (a->rows - 1) / most + 1 : 1;
  const int64_t even = ((a->rows + tiles - 1) / tiles + LEAST_ROWS - 1) / LEAST_ROWS * LEAST_ROWS;
  a->tile = even < a->rows ? even : a->rows;
}

void at_attention_make(const at_exec *x, const at_node *n, at_attention *a) {
  const at_node *k = n->in[AT_ATTENTION_KEY], *v = n->in[AT_ATTENTION_VALUE];
  at_attention_axes r;
  memset(a, 0, sizeof *a);
  at_attention_axes_of(at_x_graph(x), n, &r);
  make_segments(x, n, &r, a);
  a->along = at_x_dim(x, k, at_node_dim(k, r.along));
  a->depth = at_x_dim(x, v, at_node_dim(v, r.depth));
  a->q = side(x, n->in[AT_ATTENTION_QUERY], r.parent, r.row, r.along);
  a->k = side(x, k, r.parent, r.over, r.along);
  a->v = side(x, v, r.parent, r.over, r.depth);
  a->o = side(x, n, r.parent, r.row, r.depth);
  a->tasks = a->segments;
  a->others = 1;
  for (int i = 0; i < r.n_shared; i++)
    a->tasks *= (a->shared[a->n_shared++] = loop_over(x, n, r.shared[i])).n;
  for (int i = 0; i < r.n_other; i++)
    a->others *= (a->other[a->n_other++] = loop_over(x, n, r.other[i])).n;
  choose_tile(a);
  a->ordered = n->arg[AT_ATTENTION_ROW].set;
  if (a->ordered)
    a->causal = at_causal_of(
        x, r.over, r.row, n->arg[AT_ATTENTION_PART].set ? n->arg[AT_ATTENTION_PART].axis[0] : -1);
}

/* ---- turns ---- */

static void advance(at_attention_turn *t, const at_attention_loop *loop, int n, int64_t index) {
  for (int d = n - 1; d >= 0; d--) {
    const int64_t i = index % loop[d].n;
    index /= loop[d].n;
    t->q += i * loop[d].q;
    t->k += i * loop[d].k;
    t->v += i * loop[d].v;
    t->o += i * loop[d].o;
  }
}

static int64_t begin_of(const at_attention_side *s, const int64_t *off, int64_t segment) {
  return off ? off[segment] * s->row : segment * s->parent;
}

at_attention_turn at_attention_task(const at_attention *a, int64_t task) {
  const int64_t turns = a->tasks / a->segments, s = task / turns;
  at_attention_turn t = {.segment = s,
                         .q = begin_of(&a->q, a->row_off, s),
                         .k = begin_of(&a->k, a->key_off, s),
                         .v = begin_of(&a->v, a->key_off, s),
                         .o = begin_of(&a->o, a->row_off, s),
                         .rows = a->row_off ? a->row_off[s + 1] - a->row_off[s] : a->rows,
                         .keys = a->key_off ? a->key_off[s + 1] - a->key_off[s] : a->keys};
  advance(&t, a->shared, a->n_shared, task % turns);
  return t;
}

at_attention_turn at_attention_other(const at_attention *a, const at_attention_turn *t,
                                     int64_t index) {
  at_attention_turn u = *t;
  advance(&u, a->other, a->n_other, index);
  return u;
}
