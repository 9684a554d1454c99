/* Binding: sizes of axes, data of inputs, and the checks of both. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"
#include "core/base/zeros.h"
#include "core/graph/exec_impl.h"

/* ---- names ---- */

static at_status no_such(const char *what, const char *name, const char *const *names, size_t n,
                         at_error *err) {
  const char *near = at_suggest(name, names, n);
  if (near)
    return at_fail(err, AT_EINPUT, "the model has no %s `%s`; did you mean `%s`?", what, name,
                   near);
  return at_fail(err, AT_EINPUT, "the model has no %s `%s`", what, name);
}

static at_status find_axis(const at_exec *x, const char *name, bool ragged, int *out,
                           at_error *err) {
  const at_graph *g = x->g;
  int a = at_graph_find_axis(g, name);
  bool fits = a >= 0 && (ragged ? g->axis[a].parent >= 0 : g->axis[a].kind == AT_BATCH);
  if (fits) {
    *out = a;
    return AT_OK;
  }
  if (a >= 0)
    return at_fail(err, AT_EINPUT, "axis `%s` is a %s axis%s; it takes no %s", name,
                   at_axis_kind_name(g->axis[a].kind), ragged ? " without a parent" : "",
                   ragged ? "offsets" : "size");
  const char *names[64];
  size_t n = 0;
  for (int i = 0; i < g->n_axis && n < 64; i++)
    if (ragged ? g->axis[i].parent >= 0 : g->axis[i].kind == AT_BATCH) names[n++] = g->axis[i].name;
  return no_such(ragged ? "ragged axis" : "batch axis", name, names, n, err);
}

at_status at_exec_size(at_exec *x, const char *batch_axis, int64_t size, at_error *err) {
  int a;
  at_status s = find_axis(x, batch_axis, false, &a, err);
  if (s != AT_OK) return s;
  if (size < 1 || size > INT32_MAX)
    return at_fail(err, AT_EINPUT, "batch axis `%s` cannot have the size %" PRId64, batch_axis,
                   size);
  x->axis[a].asked = size;
  x->ready = false;
  return AT_OK;
}

static at_status reserve_offsets(at_bound_axis *b, size_t need, at_error *err) {
  if (need <= b->cap) return AT_OK;
  size_t cap = need + need / 2;
  int64_t *v = malloc(cap * sizeof *v);
  if (!v) return at_nomem(err);
  free(b->offsets);
  b->offsets = v;
  b->cap = cap;
  b->parents = -1;
  return AT_OK;
}

at_status at_exec_ragged(at_exec *x, const char *ragged_axis, const int64_t *offsets,
                         int64_t parents, at_error *err) {
  int a;
  at_status s = find_axis(x, ragged_axis, true, &a, err);
  if (s != AT_OK) return s;
  if (parents < 1 || parents > INT32_MAX)
    return at_fail(err, AT_EINPUT, "ragged axis `%s` cannot have %" PRId64 " rows", ragged_axis,
                   parents);
  if (offsets[0] != 0)
    return at_fail(err, AT_EINPUT, "the offsets of `%s` begin with %" PRId64 ", not with 0",
                   ragged_axis, offsets[0]);
  for (int64_t i = 0; i < parents; i++)
    if (offsets[i + 1] <= offsets[i])
      return at_fail(err, AT_EINPUT, "row %" PRId64 " of `%s` is empty; every length is at least 1",
                     i, ragged_axis);
  if (offsets[parents] > INT32_MAX)
    return at_fail(err, AT_EINPUT, "`%s` has %" PRId64 " rows in one batch; that is too many",
                   ragged_axis, offsets[parents]);
  at_bound_axis *b = &x->axis[a];
  x->ready = false;
  if ((s = reserve_offsets(b, (size_t)parents + 1, err)) != AT_OK) return s;
  memcpy(b->offsets, offsets, ((size_t)parents + 1) * sizeof *offsets);
  b->parents = parents;
  return AT_OK;
}

at_status at_exec_input(at_exec *x, const char *input, const void *data, at_error *err) {
  return at_exec_give(x, input, data, -1, err);
}

at_status at_exec_give(at_exec *x, const char *input, const void *data, int64_t count,
                       at_error *err) {
  const at_graph *g = x->g;
  for (int i = 0; i < g->n_input; i++)
    if (strcmp(g->input[i]->name, input) == 0) {
      void *p; /* inputs are never written; the slot serves both kinds of node */
      memcpy(&p, &data, sizeof p);
      x->slot[g->input[i]->id].value = p;
      x->slot[g->input[i]->id].given = count;
      x->ready = false;
      return AT_OK;
    }
  const char *names[64];
  size_t n = 0;
  for (; n < 64 && (int)n < g->n_input; n++) names[n] = g->input[n]->name;
  return no_such("input", input, names, n, err);
}

/* ---- sizes ---- */

/* Rows of the parts, one after another, for each parent. */
static at_status join_parts(at_exec *x, int a, at_error *err) {
  const at_axis *axis = &x->g->axis[a];
  at_bound_axis *b = &x->axis[a];
  int64_t parents = x->axis[axis->parent].size;
  for (int i = 0; i < axis->n_part; i++)
    if (axis->part[i].size < 0 && x->axis[x->axis[axis->part[i].axis].from].parents < 0)
      return AT_OK; /* missed only where a node that runs has it */
  if (parents < 0) return AT_OK;
  at_status s = reserve_offsets(b, (size_t)parents + 1, err);
  if (s != AT_OK) return s;
  b->parents = parents;
  b->offsets[0] = 0;
  for (int64_t p = 0; p < parents; p++) {
    int64_t n = 0;
    for (int i = 0; i < axis->n_part; i++) {
      const int64_t *off = x->axis[x->axis[axis->part[i].axis].from].offsets;
      n += axis->part[i].size >= 0 ? axis->part[i].size : off[p + 1] - off[p];
    }
    b->offsets[p + 1] = b->offsets[p] + n;
    if (b->offsets[p + 1] > INT32_MAX)
      return at_fail(err, AT_EINPUT, "`%s` has more than %" PRId32 " rows in one batch", axis->name,
                     INT32_MAX);
  }
  return AT_OK;
}

static at_status size_ragged(at_exec *x, int a, at_error *err) {
  const at_axis *axis = &x->g->axis[a];
  at_status s = axis->n_part ? join_parts(x, a, err) : AT_OK;
  const at_bound_axis *b = &x->axis[x->axis[a].from];
  at_bound_axis *parent = &x->axis[x->axis[axis->parent].from];
  if (s != AT_OK || b->parents < 0) return s; /* missed only where a node that runs has it */
  x->axis[a].size = b->offsets[b->parents];
  x->axis[a].longest = 0;
  for (int64_t i = 0; i < b->parents; i++)
    if (b->offsets[i + 1] - b->offsets[i] > x->axis[a].longest)
      x->axis[a].longest = b->offsets[i + 1] - b->offsets[i];
  if (parent->size < 0) parent->size = b->parents;
  if (parent->size != b->parents)
    return at_fail(err, AT_EINPUT,
                   "batch axis `%s` has the size %" PRId64 ", but `%s` has offsets for %" PRId64
                   " rows",
                   x->g->axis[axis->parent].name, parent->size, axis->name, b->parents);
  return AT_OK;
}

/* Batch axes first, of which the ragged ones tell some; then what derives from them. */
static at_status size_axes(at_exec *x, at_error *err) {
  const at_graph *g = x->g;
  at_status s = AT_OK;
  for (int a = 0; a < g->n_axis; a++) {
    at_bound_axis *b = &x->axis[a];
    bool dynamic = g->axis[a].kind == AT_BATCH || g->axis[a].parent >= 0;
    b->size = b->asked >= 0 ? b->asked : dynamic ? -1 : b->fixed;
  }
  for (int a = 0; a < g->n_axis && s == AT_OK; a++)
    if (g->axis[a].parent >= 0 && !g->axis[x->axis[a].from].n_part) s = size_ragged(x, a, err);
  for (int a = 0; a < g->n_axis; a++)
    if (x->axis[a].size < 0 && g->axis[a].parent < 0 && x->axis[x->axis[a].from].size >= 0)
      x->axis[a].size = x->axis[x->axis[a].from].size + g->axis[a].delta;
  for (int a = 0; a < g->n_axis && s == AT_OK; a++)
    if (g->axis[a].n_part) s = size_ragged(x, a, err);
  for (int a = 0; a < g->n_axis && s == AT_OK; a++)
    if (g->axis[a].parent >= 0 && x->axis[a].from != a) s = size_ragged(x, a, err);
  return s;
}

static at_status count_node(at_exec *x, const at_node *n, at_error *err) {
  size_t count = 1, bytes;
  for (int d = 0; d < n->ndim; d++) {
    int64_t size = at_x_dim(x, n, d);
    const at_axis *a = n->dim[d].axis >= 0 ? &x->g->axis[n->dim[d].axis] : NULL;
    if (size < 1 && a && a->from >= 0 && a->delta < 0)
      return at_fail(err, AT_EINPUT,
                     "batch axis `%s` leaves out %" PRId64 " of `%s`, and this batch has %" PRId64
                     ": it must have more",
                     a->name, -a->delta, x->g->axis[a->from].name, x->axis[a->from].size);
    if (size < 1)
      return at_fail(err, AT_EINPUT, "%s axis `%s` has no %s in this batch",
                     !a               ? "the"
                     : a->parent >= 0 ? "ragged"
                                      : at_axis_kind_name(a->kind),
                     a ? a->name : "?", a && a->parent >= 0 ? "offsets" : "size");
    if (!at_mul_size(count, (size_t)size, &count) || !at_mul_size(count, sizeof(float), &bytes) ||
        bytes > PTRDIFF_MAX)
      return at_fail(err, AT_EINPUT, "%s is too large for any memory with this batch",
                     n->name ? n->name : n->op->name);
  }
  x->slot[n->id].count = (int64_t)count;
  return AT_OK;
}

static at_status check_tokens(const at_exec *x, const at_node *n, at_error *err) {
  const int32_t *v = x->slot[n->id].value;
  const int64_t count = x->slot[n->id].count;
  for (int64_t i = 0; i < count; i++)
    if (v[i] < 0 || (n->vocabulary >= 0 && v[i] >= n->vocabulary)) {
      if (n->vocabulary < 0)
        return at_fail(err, AT_EINPUT,
                       "input `%s` holds %" PRId32 " at place %" PRId64 "; ids begin at 0", n->name,
                       v[i], i);
      return at_fail(err, AT_EINPUT,
                     "input `%s` holds the id %" PRId32 " at place %" PRId64
                     "; the vocabulary has %" PRId64 " ids, from 0",
                     n->name, v[i], i, n->vocabulary);
    }
  return AT_OK;
}

static void look_at_tail(void *ctx, const float *tail, int64_t n) {
  bool *clean = ctx;
  for (int64_t i = 0; i < n; i++) *clean = *clean && tail[i] == 0;
}

static at_status check_input(const at_exec *x, const at_node *n, at_error *err) {
  if (!x->slot[n->id].value)
    return at_fail(err, AT_EINPUT, "input `%s` has no data in this batch", n->name);
  if (x->slot[n->id].given >= 0 && x->slot[n->id].given != x->slot[n->id].count)
    return at_fail(err, AT_EINPUT,
                   "input `%s` was given %" PRId64 " numbers; %s has %" PRId64 " in this batch",
                   n->name, x->slot[n->id].given, at_node_axes_text(x->g, n), x->slot[n->id].count);
  bool clean = true;
  at_exec_tails(x, n, x->slot[n->id].value, look_at_tail, &clean);
  if (!clean)
    return at_fail(err, AT_EINPUT, "input `%s` holds numbers behind the end of its rows", n->name);
  return n->type == AT_TOKEN ? check_tokens(x, n, err) : AT_OK;
}

/* ---- storage ---- */

static at_status grow_block(at_exec *x, at_error *err) {
  if (x->planned <= x->block_bytes) return AT_OK;
  size_t bytes = x->block_bytes + x->block_bytes / 2;
  if (bytes < x->planned) bytes = x->planned;
  at_zeros_free(x->block);
  x->block_bytes = 0;
  x->block = at_zeros_new(bytes);
  if (!x->block)
    return at_fail(err, AT_ENOMEM, "out of memory: a batch of these sizes needs %.1f MiB",
                   (double)x->planned / 1048576.0);
  x->block_bytes = bytes;
  return AT_OK;
}

static void *place(const at_exec *x, int id, int what) {
  const at_piece *p = &x->piece[at_exec_piece(x, id, what)->home];
  return p->begin < 0 || !p->bytes ? NULL : x->block + p->offset;
}

static void point_value(at_exec *x, int id, int what) {
  void *value = place(x, id, what);
  for (int i = id; i < x->n; i++)
    if (x->slot[i].root == id) x->slot[i].value = value;
}

void at_exec_point_forward(at_exec *x, int id) {
  point_value(x, id, AT_PIECE_VALUE);
  x->slot[id].saved = place(x, id, AT_PIECE_SAVED);
}

void at_exec_point_again(at_exec *x, int id) {
  point_value(x, id, AT_PIECE_AGAIN);
  if (!x->slot[id].anew) return;
  x->slot[id].saved = place(x, id, AT_PIECE_SAVED_ANEW);
  x->slot[id].scratch[1] = place(x, id, AT_PIECE_SCRATCH_ANEW);
}

void at_exec_point_back(at_exec *x, int id) {
  x->slot[id].scratch[1] = place(x, id, AT_PIECE_BACKWARD);
}

static void point(at_exec *x, const at_node *n) {
  const int id = n->id;
  at_slot *s = &x->slot[id];
  const at_slot *root = &x->slot[s->root];
  if (at_node_is_parameter(n)) {
    s->value = x->params->value + x->params->offset[n->param];
    if (x->o.plan_grads)
      s->grad = place(x, id, AT_PIECE_GRAD);
    else
      s->grad = s->planned ? x->params->grad + x->params->offset[n->param] : NULL;
    return;
  }
  if (s->root != id)
    s->value = root->value;
  else if (!at_node_is_input(n))
    s->value = place(x, id, AT_PIECE_VALUE);
  s->grad = !s->planned ? NULL : s->root != id ? root->grad : place(x, id, AT_PIECE_GRAD);
  s->saved = place(x, id, AT_PIECE_SAVED);
  s->scratch[0] = place(x, id, AT_PIECE_FORWARD);
  s->scratch[1] = place(x, id, AT_PIECE_BACKWARD);
}

at_status at_exec_ready(at_exec *x, at_error *err) {
  x->ready = false;
  at_exec_forget_gradients(x);
  if (!x->analysed) at_exec_analyse(x);
  at_status s = size_axes(x, err);
  if (s != AT_OK) return s;
  for (int i = 0; i < x->n; i++) {
    const at_node *n = x->g->node[i];
    if (!x->slot[i].live) continue;
    if ((s = count_node(x, n, err)) != AT_OK) return s;
    if (at_node_is_input(n) && !x->o.measure && (s = check_input(x, n, err)) != AT_OK) return s;
  }
  if ((s = at_exec_plan(x, err)) != AT_OK) return s;
  if (x->o.measure) {
    x->ready = true;
    return AT_OK;
  }
  if ((s = grow_block(x, err)) != AT_OK) return s;
  for (int i = 0; i < x->n; i++)
    if (x->slot[i].live) point(x, x->g->node[i]);
  x->ready = true;
  return AT_OK;
}
