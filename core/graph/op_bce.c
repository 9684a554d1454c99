/* Binary cross entropy of logits, element by element. */
#include <math.h>
#include "core/graph/broadcast.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

static const at_param_spec bce_params[] = {
    {"target", AT_ARG_REAL, false, -1, -1, 1, NULL, "the target of all, where no value gives it"},
    {0}};

static at_status bce_infer(at_graph *g, at_node *n, at_error *err) {
  bool stated = n->arg[0].num >= 0;
  at_status s = at_op_like_first(g, n, err);
  if (s != AT_OK) return s;
  if ((n->n_data == 2) == stated)
    return at_fail(err, AT_EINPUT,
                   stated ? "bce has two targets: a value and `target`"
                          : "bce needs a target: a second value, or `target = 1`");
  if (n->n_data == 2 && !at_bcast_fits(g, n, n->in[1]))
    return at_fail(err, AT_EINPUT, "the target %s is %s; the logits are %s",
                   at_node_title(g, n->in[1]), at_node_axes_text(g, n->in[1]),
                   at_node_axes_text(g, n->in[0]));
  return n->n_data == 2 ? at_bcast_sizes(g, n, n->in[1], err) : AT_OK;
}

typedef struct bce {
  const float *x, *t, *dy;
  float *y, *d, to;
} bce;

static float target(const bce *m, const at_stretch *s, int64_t i) {
  return m->t ? m->t[s->at[1] + i * s->step[1]] : m->to;
}

static void bce_run(void *ctx, const at_stretch *s) {
  const bce *m = ctx;
  for (int64_t i = 0; i < s->n; i++) {
    float x = m->x[s->at[0] + i * s->step[0]];
    m->y[s->out + i] = fmaxf(x, 0) - x * target(m, s, i) + log1pf(expf(-fabsf(x)));
  }
}

static void bce_logits(void *ctx, const at_stretch *s) {
  const bce *m = ctx;
  for (int64_t i = 0; i < s->n; i++) {
    float x = m->x[s->at[0] + i * s->step[0]];
    m->d[s->at[0] + i * s->step[0]] += m->dy[s->out + i] * (1 / (1 + expf(-x)) - target(m, s, i));
  }
}

static void bce_target(void *ctx, const at_stretch *s) {
  const bce *m = ctx;
  for (int64_t i = 0; i < s->n; i++)
    m->d[s->at[1] + i * s->step[1]] -= m->dy[s->out + i] * m->x[s->at[0] + i * s->step[0]];
}

static bce open_bce(const at_exec *x, const at_node *n, at_bcast *b) {
  at_bcast_make(x, n, n->n_data, at_x_scratch(x, n), b);
  return (bce){.x = at_x_in(x, n, 0),
               .t = n->n_data == 2 ? at_x_in(x, n, 1) : NULL,
               .to = (float)n->arg[0].num};
}

static void bce_forward(at_exec *x, const at_node *n) {
  at_bcast b;
  bce m = open_bce(x, n, &b);
  m.y = at_x_out(x, n);
  at_bcast_each(x, &b, -1, bce_run, &m);
}

static void bce_backward(at_exec *x, const at_node *n) {
  at_bcast b;
  bce m = open_bce(x, n, &b);
  m.dy = at_x_grad_out(x, n);
  if ((m.d = at_x_grad_in(x, n, 0))) at_bcast_each(x, &b, 0, bce_logits, &m);
  if (m.t && (m.d = at_x_grad_in(x, n, 1))) at_bcast_each(x, &b, 1, bce_target, &m);
}

const at_op at_op_bce = {
    .name = "bce",
    .summary = "binary cross entropy of logits with targets from 0 to 1, element by element",
    .formula = "-t log sigmoid(x) - (1 - t) log(1 - sigmoid(x))",
    .axes = "[...], [some of them] -> [...]",
    .min_in = 1,
    .max_in = 2,
    .params = bce_params,
    .flags = AT_OP_KEEPS_IN,
    .infer = bce_infer,
    .scratch = at_bcast_scratch,
    .forward = bce_forward,
    .backward = bce_backward,
};
