/* Whole numbers as values: where an item stands, which it is, which is the greatest; and items
 * picked by them. */
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

/* A token's four bytes lie in the storage of a float. */
static void put_token(float *at, int64_t v) {
  int32_t t = (int32_t)v;
  memcpy(at, &t, sizeof t);
}

/* ---- position ---- */

static const at_param_spec position_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "whose items are counted"},
    {"limit", AT_ARG_INT, true, 512, 1, 1 << 20, NULL, "later items count as the last before it"},
    {0}};

static at_status position_infer(at_graph *g, at_node *n, at_error *err) {
  int d;
  at_status s = at_node_need_dim(g, n->in[0], n->arg[0].axis[0], &d, err);
  if (s != AT_OK) return s;
  const at_axis *a = &g->axis[n->arg[0].axis[0]];
  if (a->kind == AT_BATCH || n->in[0]->dim[d].padded)
    return at_fail(err, AT_EINPUT, "position counts the items of a sequence; `%s` is %s", a->name,
                   a->kind == AT_BATCH ? "a batch axis" : "the second of a pair of axes");
  n->type = AT_TOKEN;
  n->vocabulary = (int64_t)n->arg[1].num;
  n->ndim = 0;
  return at_op_add_dim(g, n, n->arg[0].axis[0], n->in[0]->dim[d].size, err);
}

static void position_forward(at_exec *x, const at_node *n) {
  int64_t two[2], segments, limit = (int64_t)n->arg[1].num;
  const int64_t *off = at_x_segments(x, n, 0, two, &segments);
  float *y = at_x_out(x, n);
  for (int64_t s = 0; s < segments; s++)
    for (int64_t i = off[s]; i < off[s + 1]; i++)
      put_token(y + i, i - off[s] < limit ? i - off[s] : limit - 1);
}

static void no_gradient(at_exec *x, const at_node *n) {
  (void)x;
  (void)n;
}

const at_op at_op_position = {
    .name = "position",
    .summary = "tokens 0, 1, 2 ... along an axis, for every row from 0 on",
    .formula = "min(i, limit - 1)",
    .axes = "[..., axis, ...] -> [axis] tokens",
    .min_in = 1,
    .max_in = 1,
    .params = position_params,
    .flags = AT_OP_NOGRAD,
    .infer = position_infer,
    .forward = position_forward,
    .backward = no_gradient,
};

/* ---- one_hot ---- */

static const at_param_spec one_hot_params[] = {
    {"axis", AT_ARG_NEW, true, 0, 0, 0, NULL, "the axis made: one place for each token"}, {0}};

static at_status one_hot_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  at_status s = AT_OK;
  if (v->type != AT_TOKEN)
    return at_fail(err, AT_EINPUT, "one_hot takes tokens; %s is of numbers", at_node_title(g, v));
  if (n->arg[0].to_size >= 0 && v->vocabulary > n->arg[0].to_size)
    return at_fail(err, AT_EINPUT,
                   "%s has %lld different tokens, more than the %lld places of `%s`",
                   at_node_title(g, v), (long long)v->vocabulary, (long long)n->arg[0].to_size,
                   g->axis[n->arg[0].to].name);
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < v->ndim && s == AT_OK; i++) {
    s = at_op_add_dim(g, n, v->dim[i].axis, v->dim[i].size, err);
    if (s == AT_OK) n->dim[i].padded = v->dim[i].padded;
  }
  return s == AT_OK ? at_op_add_dim(g, n, n->arg[0].to, n->arg[0].to_size, err) : s;
}

static void one_hot_forward(at_exec *x, const at_node *n) {
  const int32_t *t = at_x_in_tokens(x, n, 0);
  int64_t places = at_x_dim(x, n, n->ndim - 1), items = at_x_count(x, n) / places;
  float *y = at_x_out(x, n);
  memset(y, 0, (size_t)(items * places) * sizeof *y);
  for (int64_t i = 0; i < items; i++)
    if (t[i] >= 0 && t[i] < places) y[i * places + t[i]] = 1;
}

const at_op at_op_one_hot = {
    .name = "one_hot",
    .summary = "1 in the place of the token, 0 elsewhere",
    .formula = "y_k = token == k",
    .axes = "[...] tokens -> [..., axis]",
    .min_in = 1,
    .max_in = 1,
    .params = one_hot_params,
    .flags = AT_OP_NOGRAD,
    .infer = one_hot_infer,
    .forward = one_hot_forward,
    .backward = no_gradient,
};

/* ---- argmax ---- */

static const at_param_spec argmax_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "whose items are compared"}, {0}};

/* Of a ragged axis the item is counted from the beginning of its own row. */
static at_status argmax_infer(at_graph *g, at_node *n, at_error *err) {
  int d;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK) s = at_op_axis_dim(g, n, 0, false, &d, err);
  if (s != AT_OK) return s;
  at_op_reduced_dims(g, n, d);
  n->type = AT_TOKEN;
  n->vocabulary = n->in[0]->dim[d].size;
  return AT_OK;
}

typedef struct greatest {
  const float *x;
  float *y;
} greatest;

static void argmax_run(void *ctx, const at_lanes *l) {
  const greatest *m = ctx;
  int64_t best[AT_LANES] = {0};
  float top[AT_LANES];
  memcpy(top, m->x + l->at, (size_t)l->width * sizeof *top);
  for (int64_t i = 1; i < l->n; i++) {
    const float *x = m->x + l->at + i * l->stride;
    for (int64_t j = 0; j < l->width; j++) {
      best[j] = x[j] > top[j] ? i : best[j];
      top[j] = x[j] > top[j] ? x[j] : top[j];
    }
  }
  for (int64_t j = 0; j < l->width; j++) put_token(m->y + l->out + j, best[j]);
}

static void argmax_forward(at_exec *x, const at_node *n) {
  greatest m = {at_x_in(x, n, 0), at_x_out(x, n)};
  at_x_each_lanes(x, n->in[0], at_node_dim(n->in[0], n->arg[0].axis[0]), argmax_run, &m);
}

const at_op at_op_argmax = {
    .name = "argmax",
    .summary = "the place of the greatest along an axis, of equals the first; no gradient",
    .formula = "min {i: x_i = max_j x_j}",
    .axes = "[..., axis] -> [...] tokens",
    .min_in = 1,
    .max_in = 1,
    .params = argmax_params,
    .flags = AT_OP_NOGRAD,
    .infer = argmax_infer,
    .forward = argmax_forward,
    .backward = no_gradient,
};

/* ---- gather ---- */

static const at_param_spec gather_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "of the table: whose items are picked"}, {0}};

/* The dim of `index` that says where along `axis` to look: of that axis, or of a ragged one
 * whose rows know theirs. */
static int guide(const at_graph *g, const at_node *index, int axis) {
  int d = at_node_dim(index, axis);
  for (int i = 0; d < 0 && i < index->ndim; i++)
    if (g->axis[index->dim[i].axis].parent == axis) d = i;
  return d;
}

/* The table is [shared..., axis, rest...]: what it shares with the index comes before. */
static at_status gather_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *t = n->in[0], *index = n->in[1];
  int d;
  if (t->type != AT_REAL || index->type != AT_TOKEN)
    return at_fail(err, AT_EINPUT, "gather takes a table of numbers, and tokens that pick from it");
  at_status s = at_node_need_dim(g, t, n->arg[0].axis[0], &d, err);
  if (s != AT_OK) return s;
  const int parent = g->axis[t->dim[d].axis].parent;
  bool fits = parent < 0 || guide(g, index, parent) >= 0;
  for (int i = 0; i < t->ndim; i++) {
    if (t->dim[i].padded || g->axis[t->dim[i].axis].parent >= 0) fits = fits && i == d;
    if (i < d) fits = fits && guide(g, index, t->dim[i].axis) >= 0;
    if (i > d) fits = fits && guide(g, index, t->dim[i].axis) < 0;
  }
  for (int i = 0; i < index->ndim; i++) fits = fits && !index->dim[i].padded;
  if (!fits)
    return at_fail(err, AT_EINPUT,
                   "gather over `%s` needs [shared..., %s, rest...], and tokens that have the "
                   "shared axes; the table is %s, the tokens are %s",
                   g->axis[t->dim[d].axis].name, g->axis[t->dim[d].axis].name,
                   at_node_axes_text(g, t), at_node_axes_text(g, index));
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < index->ndim && s == AT_OK; i++)
    s = at_op_add_dim(g, n, index->dim[i].axis, index->dim[i].size, err);
  for (int i = d + 1; i < t->ndim && s == AT_OK; i++)
    s = at_op_add_dim(g, n, t->dim[i].axis, t->dim[i].size, err);
  return s;
}

typedef struct gather {
  const float *table, *dy;
  const int32_t *token;
  float *y, *dtable;
  int64_t items, inner, n; /* n: of the picked axis */
  int n_index, n_shared;
  int64_t size[AT_MAX_DIM]; /* of the index */
  struct {
    int dim;              /* of the index */
    const int64_t *off;   /* its coordinate is a packed row of these; NULL: the coordinate */
    int64_t rows, stride; /* of off; in items of the picked axis */
  } shared[AT_MAX_DIM];
  int64_t rows;       /* of a ragged picked axis: parents; else -1 */
  const int64_t *off; /* its offsets; shared[n_shared - 1] is its parent */
} gather;

static int64_t parent_of(const int64_t *off, int64_t rows, int64_t i) {
  int64_t lo = 0, hi = rows;
  while (hi - lo > 1) {
    int64_t mid = lo + (hi - lo) / 2;
    if (off[mid] <= i)
      lo = mid;
    else
      hi = mid;
  }
  return lo;
}

/* The table's row for item i of the index, -1: none. */
static int64_t row_of(const gather *k, int64_t i) {
  int64_t at[AT_MAX_DIM], base = 0, first = 0, n = k->n;
  for (int64_t d = k->n_index, rest = i; d-- > 0; rest /= k->size[d]) at[d] = rest % k->size[d];
  for (int s = 0; s < k->n_shared; s++) {
    int64_t c = at[k->shared[s].dim];
    if (k->shared[s].off) c = parent_of(k->shared[s].off, k->shared[s].rows, c);
    if (k->off && s == k->n_shared - 1) {
      first = k->off[c];
      n = k->off[c + 1] - first;
    } else {
      base += c * k->shared[s].stride;
    }
  }
  int32_t t = k->token[i];
  return t < 0 || t >= n ? -1 : base + first + t;
}

static void share_axis(const at_exec *x, const at_node *n, gather *k, int axis, int64_t stride) {
  const at_graph *g = at_x_graph(x);
  const at_node *index = n->in[1];
  int d = guide(g, index, axis), i = k->n_shared++;
  k->shared[i].dim = d;
  k->shared[i].stride = stride;
  k->shared[i].off = index->dim[d].axis == axis ? NULL : at_x_offsets(x, index->dim[d].axis);
  k->shared[i].rows = at_x_axis_size(x, axis);
}

static gather open_gather(const at_exec *x, const at_node *n) {
  const at_graph *g = at_x_graph(x);
  const at_node *t = n->in[0], *index = n->in[1];
  int d = at_node_dim(t, n->arg[0].axis[0]);
  at_around a = at_x_around(x, t, d);
  gather k = {.token = at_x_in_tokens(x, n, 1),
              .items = at_x_count(x, index),
              .inner = a.inner,
              .n = a.n,
              .n_index = index->ndim};
  int64_t stride = a.n;
  for (int i = 0; i < index->ndim; i++) k.size[i] = at_x_dim(x, index, i);
  for (int i = d - 1; i >= 0; i--) {
    share_axis(x, n, &k, t->dim[i].axis, stride);
    stride *= at_x_dim(x, t, i);
  }
  int parent = g->axis[t->dim[d].axis].parent;
  if (parent >= 0) {
    k.off = at_x_offsets(x, t->dim[d].axis);
    share_axis(x, n, &k, parent, 0);
  }
  return k;
}

static void gather_rows(void *ctx, size_t begin, size_t end) {
  const gather *k = ctx;
  for (int64_t i = (int64_t)begin; i < (int64_t)end; i++) {
    int64_t row = row_of(k, i);
    float *y = k->y + i * k->inner;
    if (row < 0)
      memset(y, 0, (size_t)k->inner * sizeof *y);
    else
      memcpy(y, k->table + row * k->inner, (size_t)k->inner * sizeof *y);
  }
}

/* Columns [begin, end) of the table's gradient; items in order. */
static void gather_columns(void *ctx, size_t begin, size_t end) {
  const gather *k = ctx;
  for (int64_t i = 0; i < k->items; i++) {
    int64_t row = row_of(k, i);
    if (row < 0) continue;
    const float *dy = k->dy + i * k->inner;
    float *to = k->dtable + row * k->inner;
    for (size_t c = begin; c < end; c++) to[c] += dy[c];
  }
}

static void gather_forward(at_exec *x, const at_node *n) {
  gather k = open_gather(x, n);
  k.table = at_x_in(x, n, 0);
  k.y = at_x_out(x, n);
  at_parallel_range(at_x_pool(x), (size_t)k.items, 64, gather_rows, &k);
}

static void gather_backward(at_exec *x, const at_node *n) {
  gather k = open_gather(x, n);
  k.dy = at_x_grad_out(x, n);
  if ((k.dtable = at_x_grad_in(x, n, 0)))
    at_parallel_range(at_x_pool(x), (size_t)k.inner, 64, gather_columns, &k);
}

const at_op at_op_gather = {
    .name = "gather",
    .summary = "items of a table picked by tokens; zeros where a token picks none",
    .formula = "y[s, i, r] = table[s, token[s, i], r]",
    .axes = "[shared..., axis, rest...], [shared..., i...] tokens -> [shared..., i..., rest...]",
    .min_in = 2,
    .max_in = 2,
    .params = gather_params,
    .flags = AT_OP_KEEPS_IN,
    .infer = gather_infer,
    .forward = gather_forward,
    .backward = gather_backward,
};
