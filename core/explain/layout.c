/* Where the weights of an example lie: heads, what asks, and ragged rows come in any order. */
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

/* The batch axis that a dim's rows belong to; -1: none. */
static int table_of(const at_session *s, int axis) {
  const at_graph *g = at_session_graph(s);
  if (axis >= 0 && g->axis[axis].parent >= 0) axis = g->axis[axis].parent;
  axis = at_axis_origin(g, axis);
  at_batch_table t;
  for (int b = 0; at_session_table(s, b, &t); b++)
    if (t.axis == axis) return b;
  return -1;
}

unsigned at_layout_axes(const at_session *s, const at_node *v) {
  unsigned bits = 0;
  for (int d = 0; d < v->ndim; d++) {
    int b = table_of(s, v->dim[d].axis);
    if (b >= 0) bits |= 1u << b;
  }
  return bits;
}

int at_layout_ask(const at_graph *g, const at_node *v, int over) {
  const char *name = g->axis[over].name;
  const size_t n = strlen(name);
  for (int d = 0; n && name[n - 1] == '\'' && d < v->ndim; d++) {
    const char *asks = g->axis[v->dim[d].axis].name;
    if (strlen(asks) == n - 1 && !memcmp(asks, name, n - 1)) return d;
  }
  return -1;
}

/* What one element is: rows of the batch axes, and the place in the axis attended over. */
typedef struct element {
  int64_t row[AT_MOST_ROWS]; /* -1: does not matter */
  int64_t key, keys, ask;
} element;

typedef struct reading {
  const at_session *s;
  const at_exec *x;
  const at_node *v;
  int over, ask; /* dims; ask -1: what asks is another sequence, or none */
  int table[AT_MAX_DIM];
} reading;

static bool set_row(element *e, int table, int64_t row) {
  if (table < 0) return true;
  if (e->row[table] >= 0 && e->row[table] != row) return false;
  e->row[table] = row;
  return true;
}

static int64_t row_of(const int64_t *offsets, int64_t item) {
  int64_t r = 0;
  while (offsets[r + 1] <= item) r++;
  return r;
}

/* false: it belongs to rows that are no example, or lies behind the end of one. */
static bool read_dim(const reading *r, int d, int64_t at, element *e) {
  const at_dim *dim = &r->v->dim[d];
  const int64_t *off = at_x_offsets(r->x, dim->axis);
  int64_t item = at, n = at_x_dim(r->x, r->v, d);
  if (off && !dim->padded) {
    int64_t row = row_of(off, at);
    if (!set_row(e, r->table[d], row)) return false;
    item = at - off[row];
    n = off[row + 1] - off[row];
  } else if (off) {
    int64_t row = r->table[d] >= 0 ? e->row[r->table[d]] : -1;
    if (row < 0) return false;
    n = off[row + 1] - off[row];
    if (item >= n) return false;
  } else if (!set_row(e, r->table[d], at)) {
    return false;
  }
  if (d == r->ask) e->ask = item;
  if (d == r->over) {
    e->key = item;
    e->keys = n;
  }
  return true;
}

/* Packed dims stand before the padded ones that they tell the rows of. */
static bool read_element(const reading *r, const int64_t *index, element *e) {
  for (int b = 0; b < AT_MOST_ROWS; b++) e->row[b] = -1;
  for (int padded = 0; padded < 2; padded++)
    for (int d = 0; d < r->v->ndim; d++)
      if (r->v->dim[d].padded == (padded == 1) && !read_dim(r, d, index[d], e)) return false;
  return true;
}

static int example_of(const at_group *g, const element *e) {
  for (int64_t i = 0; i < g->n; i++) {
    bool fits = true;
    for (int b = 0; b < AT_MOST_ROWS; b++) fits &= e->row[b] < 0 || e->row[b] == g->place[b][i];
    if (fits) return (int)i;
  }
  return -1;
}

static at_status add_lane(at_layout *l, at_lane lane, at_error *err) {
  if (l->n == l->cap) {
    size_t cap = l->cap ? 2 * l->cap : 64;
    at_lane *v = realloc(l->lane, cap * sizeof *v);
    if (!v) return at_nomem(err);
    l->lane = v;
    l->cap = cap;
  }
  l->lane[l->n++] = lane;
  if (lane.keys > l->keys[lane.example]) l->keys[lane.example] = lane.keys;
  return AT_OK;
}

at_status at_layout_find(const at_session *s, const at_exec *x, const at_node *v, int over,
                         const at_group *g, at_layout *out, at_error *err) {
  const at_graph *graph = at_session_graph(s);
  reading r = {
      .s = s, .x = x, .v = v, .over = at_node_dim(v, over), .ask = at_layout_ask(graph, v, over)};
  int64_t index[AT_MAX_DIM] = {0};
  at_status st = AT_OK;
  out->n = 0;
  memset(out->keys, 0, sizeof out->keys);
  for (int d = 0; d < v->ndim; d++) r.table[d] = table_of(s, v->dim[d].axis);
  const int64_t count = at_x_count(x, v), stride = at_x_around(x, v, r.over).inner;
  for (int64_t i = 0; st == AT_OK && i < count; i++) {
    element e = {.key = -1};
    if (read_element(&r, index, &e) && e.key == 0) {
      int example = example_of(g, &e);
      if (example >= 0) st = add_lane(out, (at_lane){example, i, stride, e.keys, e.ask}, err);
    }
    for (int d = v->ndim - 1; d >= 0 && ++index[d] == at_x_dim(x, v, d); d--) index[d] = 0;
  }
  return st;
}
