/* What attention may not look at: scores there become so low that no weight is left. */
#include <string.h>
#include "core/graph/broadcast.h"
#include "core/graph/causal.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/vecmath.h"

/* ---- mask ---- */

static at_status mask_infer(at_graph *g, at_node *n, at_error *err) {
  at_status s = at_op_like_first(g, n, err);
  if (s != AT_OK) return s;
  if (at_bcast_fits(g, n, n->in[1])) return at_bcast_sizes(g, n, n->in[1], err);
  return at_fail(err, AT_EINPUT, "the mask is %s; it may have axes of the scores only, %s",
                 at_node_axes_text(g, n->in[1]), at_node_axes_text(g, n->in[0]));
}

typedef struct masked {
  const float *x, *m, *dy;
  float *y, *dx;
} masked;

static void mask_forward_run(void *ctx, const at_stretch *s) {
  const masked *c = ctx;
  for (int64_t i = 0; i < s->n; i++)
    c->y[s->out + i] =
        c->m[s->at[1] + i * s->step[1]] != 0 ? c->x[s->at[0] + i * s->step[0]] : AT_EXCLUDED;
}

static void mask_back_run(void *ctx, const at_stretch *s) {
  const masked *c = ctx;
  for (int64_t i = 0; i < s->n; i++)
    if (c->m[s->at[1] + i * s->step[1]] != 0) c->dx[s->at[0] + i * s->step[0]] += c->dy[s->out + i];
}

static void mask_forward(at_exec *x, const at_node *n) {
  at_bcast b;
  masked c = {.x = at_x_in(x, n, 0), .m = at_x_in(x, n, 1), .y = at_x_out(x, n)};
  at_bcast_make(x, n, 2, at_x_scratch(x, n), &b);
  at_bcast_each(x, &b, -1, mask_forward_run, &c);
}

static void mask_backward(at_exec *x, const at_node *n) {
  at_bcast b;
  masked c = {.m = at_x_in(x, n, 1), .dy = at_x_grad_out(x, n), .dx = at_x_grad_in(x, n, 0)};
  if (!c.dx) return;
  at_bcast_make(x, n, 2, at_x_scratch(x, n), &b);
  at_bcast_each(x, &b, 0, mask_back_run, &c);
}

const at_op at_op_mask = {
    .name = "mask",
    .summary = "scores of what the mask excludes, by a 0, become so low that no weight is left",
    .formula = "m != 0 ? x : -1e30",
    .axes = "[...], [some of them] -> [...]",
    .min_in = 2,
    .max_in = 2,
    .flags = AT_OP_KEEPS_IN,
    .infer = mask_infer,
    .scratch = at_bcast_scratch,
    .forward = mask_forward,
    .backward = mask_backward,
};

/* ---- causal ---- */

enum { CAUSAL_KEY, CAUSAL_QUERY, CAUSAL_PART };
static const at_param_spec causal_params[] = {
    {"key", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the axis attended over"},
    {"query", AT_ARG_AXIS, true, 0, 0, 0, NULL,
     "the axis of those who attend, as long as it, or a ragged part of it"},
    {"part", AT_ARG_AXIS, false, 0, 0, 0, NULL,
     "of axes that concat made: only this part of them is in order"},
    {0}};

static int root_of(const at_graph *g, int axis) {
  while (g->axis[axis].from >= 0) axis = g->axis[axis].from;
  return axis;
}

/* Which part of what `key` was joined from `axis` is; -1: none. */
static int part_of(const at_graph *g, int key, int axis) {
  const at_axis *a = &g->axis[root_of(g, key)];
  for (int i = 0; axis >= 0 && i < a->n_part; i++)
    if (a->part[i].axis == axis) return i;
  return -1;
}

/* Those who attend are one part of what they attend to, not all of it. */
static bool is_part(const at_graph *g, int key, int query) {
  return root_of(g, key) != root_of(g, query) && g->axis[query].parent >= 0 &&
         part_of(g, key, query) >= 0;
}

static int ordered_axis(const at_node *n) {
  return n->arg[CAUSAL_PART].set ? n->arg[CAUSAL_PART].axis[0] : -1;
}

static at_status causal_infer(at_graph *g, at_node *n, at_error *err) {
  int k = n->arg[CAUSAL_KEY].axis[0], q = n->arg[CAUSAL_QUERY].axis[0], dk, dq;
  at_status s = at_op_like_first(g, n, err);
  if (s == AT_OK) s = at_node_need_dim(g, n->in[0], k, &dk, err);
  if (s == AT_OK) s = at_node_need_dim(g, n->in[0], q, &dq, err);
  if (s != AT_OK) return s;
  const at_dim *a = &n->dim[dk], *b = &n->dim[dq];
  if (root_of(g, k) != root_of(g, q) && !is_part(g, k, q) &&
      (g->axis[k].parent >= 0 || g->axis[q].parent >= 0 ||
       (a->size >= 0 && b->size >= 0 && a->size != b->size)))
    return at_fail(err, AT_EINPUT, "order needs axes of one length; `%s` and `%s` are not",
                   g->axis[k].name, g->axis[q].name);
  if (n->arg[CAUSAL_PART].set && part_of(g, k, ordered_axis(n)) < 0)
    return at_fail(err, AT_EINPUT, "`%s` was not joined from `%s`", g->axis[k].name,
                   g->axis[n->arg[CAUSAL_PART].axis[0]].name);
  return AT_OK;
}

at_causal at_causal_of(const at_exec *x, int key, int query, int part) {
  const at_graph *g = at_x_graph(x);
  return (at_causal){.x = x,
                     .whole = &g->axis[root_of(g, key)],
                     .part = part_of(g, key, part),
                     .from = is_part(g, key, query) ? part_of(g, key, query) : -1};
}

/* Where part `part` of a row of `length` begins and ends; all of the row with -1. */
static void stretch_of(const at_causal *c, int part, int64_t parent, int64_t length, int64_t *begin,
                       int64_t *end) {
  *begin = 0;
  *end = length;
  for (int i = 0; i <= part; i++) {
    const struct at_part *p = &c->whole->part[i];
    const int64_t *off = p->size >= 0 ? NULL : at_x_offsets(c->x, p->axis);
    if (i) *begin = *end;
    *end = *begin + (off ? off[parent + 1] - off[parent] : p->size);
  }
}

/* The stretch behind the query, all of the part in order where the query is outside. */
void at_causal_hidden(const at_causal *c, int64_t parent, int64_t q, int64_t n, int64_t *from,
                      int64_t *end) {
  int64_t begin;
  stretch_of(c, c->from, parent, n, &begin, end);
  if (c->from >= 0) q += begin;
  stretch_of(c, c->part, parent, n, &begin, end);
  *from = q >= begin && q < *end ? q + 1 : begin;
}

typedef struct order {
  at_causal causal;
  const float *in;
  float *out;
  int64_t q_stride, q_size;
  const int64_t *off; /* ragged: of the query's rows */
  int64_t parents;
  bool back, in_place; /* back where dx lies as dy did: what passes stays, the rest goes */
} order;

/* Keys begin .. end - 1 of a lane pass as they are. */
static void let_through(const order *o, int64_t at, int64_t begin, int64_t end, int64_t stride) {
  const float *in = o->in + at;
  float *out = o->out + at;
  if (o->in_place) return;
  if (!o->back && stride == 1) {
    if (end > begin) memcpy(out + begin, in + begin, (size_t)(end - begin) * sizeof *out);
  } else if (!o->back) {
    for (int64_t k = begin; k < end; k++) out[k * stride] = in[k * stride];
  } else if (stride == 1) {
    AT_NO_CARRY
    for (int64_t k = begin; k < end; k++) out[k] += in[k];
  } else {
    for (int64_t k = begin; k < end; k++) out[k * stride] += in[k * stride];
  }
}

static void order_lane(const order *o, int64_t at, int64_t n, int64_t stride) {
  int64_t q = at / o->q_stride % o->q_size, p = 0, from, end;
  if (o->off) {
    int64_t hi = o->parents;
    while (hi - p > 1) {
      int64_t mid = p + (hi - p) / 2;
      if (o->off[mid] <= q)
        p = mid;
      else
        hi = mid;
    }
    q -= o->off[p];
  }
  at_causal_hidden(&o->causal, p, q, n, &from, &end);
  let_through(o, at, 0, from, stride);
  if (!o->back)
    for (int64_t k = from; k < end; k++) o->out[at + k * stride] = AT_EXCLUDED;
  if (o->in_place)
    for (int64_t k = from; k < end; k++) o->out[at + k * stride] = 0;
  let_through(o, at, end, n, stride);
}

static void order_run(void *ctx, const at_lanes *l) {
  for (int64_t j = 0; j < l->width; j++) order_lane(ctx, l->at + j, l->n, l->stride);
}

static void causal_run(at_exec *x, const at_node *n, const float *in, float *out, bool back) {
  const at_graph *g = at_x_graph(x);
  int q = n->arg[CAUSAL_QUERY].axis[0], dq = at_node_dim(n, q);
  order o = {.in = in, .out = out, .back = back};
  o.causal = at_causal_of(x, n->arg[CAUSAL_KEY].axis[0], q, ordered_axis(n));
  o.in_place = back && in == out;
  o.q_stride = at_x_around(x, n, dq).inner;
  o.q_size = at_x_dim(x, n, dq);
  o.off = at_x_offsets(x, q);
  if (o.off) o.parents = at_x_axis_size(x, g->axis[q].parent);
  at_x_each_lanes(x, n, at_node_dim(n, n->arg[CAUSAL_KEY].axis[0]), order_run, &o);
}

static void causal_forward(at_exec *x, const at_node *n) {
  causal_run(x, n, at_x_in(x, n, 0), at_x_out(x, n), false);
}

static void causal_backward(at_exec *x, const at_node *n) {
  float *dx = at_x_grad_in(x, n, 0);
  if (dx) causal_run(x, n, at_x_grad_out(x, n), dx, true);
}

const at_op at_op_causal = {
    .name = "causal",
    .summary = "scores of later items become so low that no weight is left",
    .formula = "key <= query ? x : -1e30",
    .axes = "[..., query, key] -> [..., query, key]",
    .min_in = 1,
    .max_in = 1,
    .params = causal_params,
    .flags = AT_OP_CHEAP | AT_OP_IN_PLACE,
    .infer = causal_infer,
    .forward = causal_forward,
    .backward = causal_backward,
};
