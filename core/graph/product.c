#include "core/graph/product.h"
#include <string.h>
#include "core/graph/op_common.h"

/* ---- building ---- */

static int parent_of(const at_graph *g, int axis) { return axis < 0 ? -1 : g->axis[axis].parent; }

/* The dim of `other` that goes with axis `axis`: the same, its parent or its child. */
static int partner(const at_graph *g, const at_node *other, int axis) {
  for (int i = 0; i < other->ndim; i++) {
    int a = other->dim[i].axis;
    if (a == axis || parent_of(g, a) == axis || (a >= 0 && a == parent_of(g, axis))) return i;
  }
  return -1;
}

/* The ragged dim of v over the parent of `axis` under another name, -1: none. */
static int sibling(const at_graph *g, const at_node *v, int axis) {
  for (int i = 0; i < v->ndim; i++)
    if (v->dim[i].axis != axis && !v->dim[i].padded && parent_of(g, axis) >= 0 &&
        parent_of(g, v->dim[i].axis) == parent_of(g, axis))
      return i;
  return -1;
}

/* a's packed ragged dim that meets another of b within their parent; *at_b: that one. -1: none. */
static int pair_of(const at_graph *g, const at_node *a, const at_node *b, int over, int *at_b) {
  for (int i = 0; i < a->ndim; i++) {
    int axis = a->dim[i].axis;
    if (parent_of(g, axis) < 0 || a->dim[i].padded || axis == over) continue;
    if (at_node_dim(b, axis) >= 0 || (*at_b = sibling(g, b, axis)) < 0) continue;
    if (b->dim[*at_b].axis != over && at_node_dim(a, b->dim[*at_b].axis) < 0) return i;
  }
  return -1;
}

/* b's items, all else, then a's items padded. */
static at_status infer_pair(at_graph *g, at_node *n, int over, int ia, int ib, at_error *err) {
  const at_node *a = n->in[0], *b = n->in[1];
  at_status s = at_op_add_dim(g, n, b->dim[ib].axis, -1, err);
  for (int side = 0; side < 2; side++) {
    const at_node *v = side ? b : a;
    for (int i = 0; i < v->ndim && s == AT_OK; i++) {
      if (i == (side ? ib : ia) || v->dim[i].axis == over) continue;
      if (v->dim[i].padded)
        return at_fail(err, AT_EINPUT, "%s cannot pair %s, which is a value of pairs already",
                       n->op->name, at_node_title(g, v));
      if (at_node_dim(n, v->dim[i].axis) < 0)
        s = at_op_add_dim(g, n, v->dim[i].axis, v->dim[i].size, err);
    }
  }
  if (s != AT_OK || n->ndim == AT_MAX_DIM)
    return s != AT_OK
               ? s
               : at_fail(err, AT_EINPUT, "the result of %s would have too many axes", n->op->name);
  n->dim[n->ndim++] = (at_dim){a->dim[ia].axis, -1, true};
  return AT_OK;
}

/* Over a's padded axis: a's other axes in their order, then those that b alone has. */
static at_status infer_back(at_graph *g, at_node *n, int over, at_error *err) {
  const at_node *a = n->in[0], *b = n->in[1];
  at_status s = AT_OK;
  for (int i = 0; i < a->ndim && s == AT_OK; i++)
    if (a->dim[i].axis != over) s = at_op_add_dim(g, n, a->dim[i].axis, a->dim[i].size, err);
  for (int i = 0; i < b->ndim && s == AT_OK; i++)
    if (b->dim[i].axis != over && at_node_dim(n, b->dim[i].axis) < 0)
      s = at_op_add_dim(g, n, b->dim[i].axis, b->dim[i].size, err);
  return s;
}

static at_status add_shared(const at_graph *g, at_node *n, int over, at_error *err) {
  const at_node *a = n->in[0], *b = n->in[1];
  for (int i = 0; i < a->ndim; i++) {
    int axis = a->dim[i].axis, j = partner(g, b, axis);
    if (axis == over) {
      int parent = parent_of(g, over);
      at_status s = parent < 0 ? AT_OK : at_op_add_dim(g, n, parent, -1, err);
      if (s != AT_OK) return s;
      continue;
    }
    if (j < 0) continue;
    at_dim d = a->dim[i], e = b->dim[j];
    if (d.axis == e.axis && d.size >= 0 && e.size >= 0 && d.size != e.size)
      return at_fail(err, AT_EINPUT, "axis `%s` has the size %lld in %s and %lld in %s",
                     g->axis[axis].name, (long long)d.size, at_node_title(g, a), (long long)e.size,
                     at_node_title(g, b));
    if (parent_of(g, e.axis) == d.axis) d = e; /* the words of b stand for a's captions */
    at_status s = at_op_add_dim(g, n, d.axis, d.size, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

static at_status add_alone(const at_graph *g, at_node *n, const at_node *v, const at_node *other,
                           int over, at_error *err) {
  for (int i = 0; i < v->ndim; i++) {
    if (v->dim[i].axis == over || partner(g, other, v->dim[i].axis) >= 0) continue;
    at_status s = at_op_add_dim(g, n, v->dim[i].axis, v->dim[i].size, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

at_status at_product_infer(at_graph *g, at_node *n, at_error *err) {
  int over = n->arg[0].axis[0], da, db;
  const at_axis *axis = &g->axis[over];
  at_status s = at_op_need_real(g, n, err);
  if (s != AT_OK) return s;
  if (axis->kind == AT_BATCH)
    return at_fail(err, AT_EINPUT, "%s over the batch axis `%s` would mix independent rows",
                   n->op->name, axis->name);
  if ((s = at_node_need_dim(g, n->in[0], over, &da, err)) != AT_OK) return s;
  if ((s = at_node_need_dim(g, n->in[1], over, &db, err)) != AT_OK) return s;
  const at_dim *a = &n->in[0]->dim[da], *b = &n->in[1]->dim[db];
  if (a->size >= 0 && b->size >= 0 && a->size != b->size)
    return at_fail(err, AT_EINPUT, "axis `%s` has the size %lld in %s and %lld in %s", axis->name,
                   (long long)a->size, at_node_title(g, n->in[0]), (long long)b->size,
                   at_node_title(g, n->in[1]));
  n->type = AT_REAL;
  n->ndim = 0;
  int ib, ia = pair_of(g, n->in[0], n->in[1], over, &ib);
  if (ia >= 0) return infer_pair(g, n, over, ia, ib, err);
  if (a->padded && !b->padded) return infer_back(g, n, over, err);
  if (a->padded || b->padded)
    return at_fail(err, AT_EINPUT, "%s over `%s` takes the value of pairs first, the other second",
                   n->op->name, axis->name);
  if ((s = add_shared(g, n, over, err)) != AT_OK) return s;
  if ((s = add_alone(g, n, n->in[0], n->in[1], over, err)) != AT_OK) return s;
  return add_alone(g, n, n->in[1], n->in[0], over, err);
}

/* ---- at the bound sizes ---- */

static int64_t stride_at(const at_exec *x, const at_node *v, int dim) {
  return dim < 0 ? 0 : at_x_around(x, v, dim).inner;
}

/* Dims of `v` that the other side lacks, merged where they lie side by side in v and
 * in the result; the largest group becomes `into`, the others loops. */
static void groups(const at_exec *x, const at_node *n, int side, int over, at_loop *into,
                   at_product *p) {
  const at_graph *g = at_x_graph(x);
  const at_node *v = n->in[side], *other = n->in[1 - side];
  at_loop group[AT_MAX_DIM];
  int count = 0, best = 0;
  for (int i = 0; i < v->ndim; i++) {
    int axis = v->dim[i].axis;
    if (axis == over || partner(g, other, axis) >= 0) continue;
    at_loop l = {.n = at_x_dim(x, v, i), .o = stride_at(x, n, at_node_dim(n, axis))};
    int64_t *mine = side ? &l.b : &l.a;
    *mine = stride_at(x, v, i);
    at_loop *last = count ? &group[count - 1] : NULL;
    int64_t before = last ? (side ? last->b : last->a) : 0;
    if (last && before == *mine * l.n && last->o == l.o * l.n) {
      l.n *= last->n;
      *last = l;
    } else {
      group[count++] = l;
    }
  }
  for (int i = 1; i < count; i++)
    if (group[i].n > group[best].n) best = i;
  *into = count ? group[best] : (at_loop){1, 0, 0, 0};
  for (int i = 0; i < count; i++)
    if (i != best) p->loop[p->n_loop++] = group[i];
}

/* Both sides' lengths change from parent to parent. */
static void make_pair(const at_exec *x, const at_node *n, int ia, int ib, at_product *p) {
  const at_graph *g = at_x_graph(x);
  const at_node *a = n->in[0], *b = n->in[1];
  const int key = a->dim[ia].axis, query = b->dim[ib].axis;
  p->m = (at_loop){at_x_dim(x, n, at_node_dim(n, key)), stride_at(x, a, ia), 0,
                   stride_at(x, n, at_node_dim(n, key))};
  p->n = (at_loop){0, 0, stride_at(x, b, ib), stride_at(x, n, at_node_dim(n, query))};
  p->segments = at_x_axis_size(x, g->axis[key].parent);
  p->off = at_x_offsets(x, query);
  p->seg = &p->n;
  p->row_b = p->n.b;
  p->row_o = p->n.o;
  p->off2 = at_x_offsets(x, key);
  p->seg2 = &p->m;
  p->row2_a = p->m.a;
}

static void make_back(const at_exec *x, const at_node *n, int over, at_product *p) {
  const at_graph *g = at_x_graph(x);
  const at_node *a = n->in[0], *b = n->in[1];
  const int packed = at_node_packed(g, a, at_node_dim(a, over));
  const int query = a->dim[packed].axis;
  p->m = (at_loop){0, stride_at(x, a, packed), 0, stride_at(x, n, at_node_dim(n, query))};
  p->segments = at_x_axis_size(x, g->axis[query].parent);
  p->off = at_x_offsets(x, query);
  p->seg = &p->m;
  p->row_a = p->m.a;
  p->row_o = p->m.o;
  p->off2 = at_x_offsets(x, over);
  p->seg2 = &p->k;
  p->k.b = stride_at(x, b, at_node_dim(b, over));
  p->row2_b = p->k.b;
}

/* All other dims: shared ones and those of one side become loops, but for the largest of
 * b's alone, which is n where n is free. */
static void make_rest(const at_exec *x, const at_node *n, const int *skip, int n_skip, bool n_free,
                      at_product *p) {
  int best = -1;
  if (n_free) p->n = (at_loop){1, 0, 0, 0};
  for (int d = 0; d < n->ndim; d++) {
    int axis = n->dim[d].axis, da = at_node_dim(n->in[0], axis), db = at_node_dim(n->in[1], axis);
    bool skipped = false;
    for (int i = 0; i < n_skip; i++) skipped |= skip[i] == axis;
    if (skipped) continue;
    at_loop l = {at_x_dim(x, n, d), stride_at(x, n->in[0], da), stride_at(x, n->in[1], db),
                 stride_at(x, n, d)};
    p->loop[p->n_loop] = l;
    if (n_free && da < 0 && (best < 0 || l.n > p->loop[best].n)) best = p->n_loop;
    p->n_loop++;
  }
  if (best < 0) return;
  p->n = p->loop[best];
  p->loop[best] = p->loop[--p->n_loop];
}

static void make_shared(const at_exec *x, const at_node *n, int over, at_product *p) {
  const at_graph *g = at_x_graph(x);
  const at_node *a = n->in[0], *b = n->in[1];
  for (int i = 0; i < a->ndim; i++) {
    int axis = a->dim[i].axis, j = partner(g, b, axis);
    if (axis == over || j < 0) continue;
    int other = b->dim[j].axis;
    int child = other == axis ? -1 : parent_of(g, other) == axis ? other : axis;
    at_loop l = {.a = stride_at(x, a, i),
                 .b = stride_at(x, b, j),
                 .o = stride_at(x, n, at_node_dim(n, child >= 0 ? child : axis))};
    if (child < 0) {
      l.n = at_x_dim(x, a, i);
      p->loop[p->n_loop++] = l;
      continue;
    }
    /* Segments: words on one side, their caption on the other. */
    p->off = at_x_offsets(x, child);
    p->segments = at_x_axis_size(x, g->axis[child].parent);
    p->row_o = l.o;
    if (child == axis) {
      p->row_a = l.a;
      p->parent_b = l.b;
      l.b = 0;
    } else {
      p->row_b = l.b;
      p->parent_a = l.a;
      l.a = 0;
    }
    at_loop *side = child == axis ? &p->m : &p->n;
    if (side->n == 1 && !side->o) {
      *side = l;
      p->seg = side;
    } else {
      p->loop[p->n_loop] = l;
      p->seg = &p->loop[p->n_loop++];
    }
  }
}

void at_product_make(const at_exec *x, const at_node *n, at_product *p) {
  const at_graph *g = at_x_graph(x);
  int over = n->arg[0].axis[0], parent = parent_of(g, over);
  memset(p, 0, sizeof *p);
  p->segments = 1;
  int da = at_node_dim(n->in[0], over), db = at_node_dim(n->in[1], over);
  p->k = (at_loop){at_x_dim(x, n->in[0], da), stride_at(x, n->in[0], da),
                   stride_at(x, n->in[1], db), 0};
  int ib, ia = pair_of(g, n->in[0], n->in[1], over, &ib);
  if (ia >= 0) {
    const int skip[] = {n->in[0]->dim[ia].axis, n->in[1]->dim[ib].axis};
    make_pair(x, n, ia, ib, p);
    make_rest(x, n, skip, 2, false, p);
    return;
  }
  if (n->in[0]->dim[da].padded) {
    const int skip[] = {n->in[0]->dim[at_node_packed(g, n->in[0], da)].axis};
    make_back(x, n, over, p);
    make_rest(x, n, skip, 1, true, p);
    return;
  }
  groups(x, n, 0, over, &p->m, p);
  groups(x, n, 1, over, &p->n, p);
  make_shared(x, n, over, p);
  if (parent < 0) return;
  p->off = at_x_offsets(x, over);
  p->segments = at_x_axis_size(x, parent);
  p->seg = &p->k;
  p->row_a = p->k.a;
  p->row_b = p->k.b;
  p->parent_o = stride_at(x, n, at_node_dim(n, parent));
}

/* ---- running ---- */

typedef struct each {
  const at_product *p;
  at_loop apart[AT_MAX_DIM],
      within[AT_MAX_DIM]; /* loops that write apart; that meet in the target */
  int segment_apart[AT_MAX_DIM], segment_within[AT_MAX_DIM];
  int n_apart, n_within;
  int64_t turns; /* of the loops apart, at full length of the segment's own loop */
  at_pool *pool;
  at_turn_fn *fn;
  void *ctx;
} each;

static int64_t target_stride(const at_loop *l, at_product_target into) {
  return into == AT_INTO_A ? l->a : into == AT_INTO_B ? l->b : l->o;
}

static void within(const each *e, at_turn t, int level, int64_t length) {
  if (level == e->n_within) {
    e->fn(e->ctx, e->pool, &t);
    return;
  }
  const at_loop *l = &e->within[level];
  int64_t n = e->segment_within[level] ? length : l->n;
  for (int64_t i = 0; i < n; i++) {
    at_turn u = t;
    u.a += i * l->a;
    u.b += i * l->b;
    u.o += i * l->o;
    within(e, u, level + 1, length);
  }
}

static void run_turn(void *ctx, size_t index) {
  const each *e = ctx;
  const at_product *p = e->p;
  int64_t s = (int64_t)index / e->turns, r = (int64_t)index % e->turns;
  int64_t begin = p->off ? p->off[s] : 0, length = p->off ? p->off[s + 1] - begin : 0;
  int64_t begin2 = p->off2 ? p->off2[s] : 0, length2 = p->off2 ? p->off2[s + 1] - begin2 : 0;
  at_turn t = {.a = begin * p->row_a + s * p->parent_a + begin2 * p->row2_a,
               .b = begin * p->row_b + s * p->parent_b + begin2 * p->row2_b,
               .o = begin * p->row_o + s * p->parent_o + begin2 * p->row2_o,
               .m = p->seg == &p->m ? length : p->m.n,
               .n = p->seg == &p->n ? length : p->n.n,
               .k = p->seg == &p->k ? length : p->k.n};
  if (p->seg2 == &p->m) t.m = length2;
  if (p->seg2 == &p->k) t.k = length2;
  for (int d = e->n_apart - 1; d >= 0; d--) {
    const at_loop *l = &e->apart[d];
    int64_t i = r % l->n;
    r /= l->n;
    t.a += i * l->a;
    t.b += i * l->b;
    t.o += i * l->o;
  }
  within(e, t, 0, length);
}

void at_product_each(const at_exec *x, const at_product *p, at_product_target into, at_turn_fn *fn,
                     void *ctx) {
  each e = {.p = p, .turns = 1, .fn = fn, .ctx = ctx};
  for (int d = 0; d < p->n_loop; d++) {
    bool segment = p->seg == &p->loop[d];
    /* A loop of the segment's length differs from segment to segment: it stays inside. */
    if (target_stride(&p->loop[d], into) && !segment) {
      e.apart[e.n_apart++] = p->loop[d];
      e.turns *= p->loop[d].n;
    } else {
      e.segment_within[e.n_within] = segment;
      e.within[e.n_within++] = p->loop[d];
    }
  }
  int64_t tasks = p->segments * e.turns;
  /* A few large products share the threads one after another; many go side by side. */
  if (tasks < 8) {
    e.pool = at_x_pool(x);
    for (int64_t i = 0; i < tasks; i++) run_turn(&e, (size_t)i);
  } else {
    at_parallel(at_x_pool(x), (size_t)tasks, run_turn, &e);
  }
}

void at_product_in_order(const at_product *p, at_turn_fn *fn, void *ctx) {
  each e = {.p = p, .turns = 1, .fn = fn, .ctx = ctx};
  for (int d = 0; d < p->n_loop; d++) {
    e.segment_within[d] = p->seg == &p->loop[d];
    e.within[e.n_within++] = p->loop[d];
  }
  for (int64_t s = 0; s < p->segments; s++) run_turn(&e, (size_t)s);
}
