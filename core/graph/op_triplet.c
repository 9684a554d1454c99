/* Hinge loss over a square of similarities whose diagonal holds the true pairs
 * (Faghri et al., VSE++, 2018, eq. 5 and 6):
 *
 *   sum_i F_c [margin + S_ic - S_ii]+  +  sum_c F_i [margin + S_ic - S_cc]+
 *
 * over i != c, with F the maximum (`hardest`) or the sum. */
#include <math.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

enum { TRI_ROWS, TRI_COLS, TRI_MARGIN, TRI_NEGATIVES };
enum { HARDEST, SUM };
static const at_param_spec triplet_params[] = {
    {"rows", AT_ARG_AXIS, true, 0, 0, 0, NULL, "a batch axis"},
    {"cols", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the other; row i belongs to column i"},
    {"margin", AT_ARG_REAL, false, 0.2, 0, 1e6, NULL, "by which true pairs should lead"},
    {"negatives", AT_ARG_ENUM, false, HARDEST, 0, 0, "hardest|sum", "which wrong pairs count"},
    {0}};

static at_status triplet_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  int r, c;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK) s = at_node_need_dim(g, v, n->arg[TRI_ROWS].axis[0], &r, err);
  if (s == AT_OK) s = at_node_need_dim(g, v, n->arg[TRI_COLS].axis[0], &c, err);
  if (s != AT_OK) return s;
  if (r == c || v->ndim != 2)
    return at_fail(err, AT_EINPUT, "triplet needs a square of two axes; %s is %s%s",
                   at_node_title(g, v), at_node_axes_text(g, v),
                   v->ndim > 2 ? ", reduce it over the others" : "");
  for (int i = 0; i < 2; i++)
    if (g->axis[v->dim[i].axis].kind != AT_BATCH)
      return at_fail(err, AT_EINPUT, "triplet pairs two batch axes; `%s` is a %s axis",
                     g->axis[v->dim[i].axis].name, at_axis_kind_name(g->axis[v->dim[i].axis].kind));
  n->type = AT_REAL;
  n->ndim = 0;
  return AT_OK;
}

typedef struct triplet {
  const float *s;
  float *ds, dy, margin;
  int64_t n;
  double loss;
} triplet;

/* The violation of (i, c) against true pair t. */
static float violation(const triplet *t, int64_t i, int64_t c, int64_t pair) {
  return t->margin + t->s[i * t->n + c] - t->s[pair * t->n + pair];
}

static void count(triplet *t, int64_t i, int64_t c, int64_t pair) {
  t->loss += violation(t, i, c, pair);
  if (!t->ds) return;
  t->ds[i * t->n + c] += t->dy;
  t->ds[pair * t->n + pair] -= t->dy;
}

/* Wrong partners of `pair` along its row or its column. */
static void partners(triplet *t, int64_t pair, bool row, bool hardest) {
  int64_t best = -1;
  float most = 0;
  for (int64_t k = 0; k < t->n; k++) {
    if (k == pair) continue;
    int64_t i = row ? pair : k, c = row ? k : pair;
    float v = violation(t, i, c, pair);
    if (v <= most) continue;
    if (!hardest) {
      count(t, i, c, pair);
      continue;
    }
    most = v;
    best = k;
  }
  if (best >= 0) count(t, row ? pair : best, row ? best : pair, pair);
}

static void run(const at_exec *x, const at_node *n, triplet *t) {
  int64_t rows = at_x_dim(x, n->in[0], 0), cols = at_x_dim(x, n->in[0], 1);
  bool hardest = n->arg[TRI_NEGATIVES].num == HARDEST;
  t->s = at_x_in(x, n, 0);
  t->n = rows;
  t->margin = (float)n->arg[TRI_MARGIN].num;
  if (rows != cols) { /* no pairs: whoever binds such a batch sees it at once */
    t->loss = NAN;
    return;
  }
  for (int64_t i = 0; i < rows; i++) partners(t, i, true, hardest);
  for (int64_t i = 0; i < rows; i++) partners(t, i, false, hardest);
}

static void triplet_forward(at_exec *x, const at_node *n) {
  triplet t = {0};
  run(x, n, &t);
  *at_x_out(x, n) = (float)t.loss;
}

static void triplet_backward(at_exec *x, const at_node *n) {
  triplet t = {.ds = at_x_grad_in(x, n, 0), .dy = *at_x_grad_out(x, n)};
  if (t.ds) run(x, n, &t);
}

const at_op at_op_triplet = {
    .name = "triplet",
    .summary = "hinge loss of true pairs against wrong ones",
    .formula =
        "sum_i F_c [margin + S_ic - S_ii]+ + sum_c F_i [margin + S_ic - S_cc]+  "
        "(Faghri et al., 2018, eq. 5, 6)",
    .axes = "[rows, cols] -> []",
    .min_in = 1,
    .max_in = 1,
    .params = triplet_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_LOSS,
    .infer = triplet_infer,
    .forward = triplet_forward,
    .backward = triplet_backward,
};
