/* Rows that are read alone are worked out alone.
 *
 * Of a value that `part`, `slice`, `first` or `last` take rows of, and that nobody else reads, the
 * other rows need not be there: where each row of it comes from the same row of what it is made
 * of, the rows are taken there,
 *
 *   part(f(x, y))  =  f(part(x), y)
 *
 * and so on upwards, through the side of the query of an attend block too, to where all rows are
 * read. Two parts that are read make two smaller copies of the same parameters.
 *
 * Every row comes of the same sums in the same order, but where one row alone is left of a product,
 * which is another product then: the same to rounding. So is a gradient of parameters, a sum over
 * fewer rows, those left out having added zeros. */
#include "core/graph/ops.h"
#include "core/graph/pass_impl.h"

enum { MOST = AT_MAX_AXES_ARG };

/* Which rows of a value somebody reads: all, or those that nodes `by` take along one axis. */
typedef struct want {
  bool any, all;
  int n;
  const at_node *by[MOST];
} want;

/* Rows `by` of `of`, both of the old list. */
typedef struct taken {
  const at_node *of, *by;
  at_node *made;
} taken;

typedef struct rows {
  at_graph *g;
  at_node **old, **now; /* [n_old] the list as it was; what stands for each that is there whole */
  at_node **made;       /* [n_old * MOST] beside want.by */
  want *want;           /* [n_old] */
  taken *taken;         /* [4 n_old] */
  int n_old, n_taken;
  bool saves; /* some product becomes smaller */
} rows;

/* ---- what takes rows ---- */

static int axis_of(const at_node *by) { return by->arg[0].axis[0]; }

static bool takes_one_row(const at_node *by) {
  return by->op == &at_op_first || by->op == &at_op_last;
}

/* The axis that stands where the whole one stood, alone; -1: there is none such. */
static int axis_made(const at_graph *g, const at_node *by) {
  if (takes_one_row(by)) return -1;
  const int to = by->arg[0].to;
  return by->op == &at_op_part && g->axis[to].parent < 0 ? -1 : to;
}

static bool takes_rows(const at_graph *g, const at_node *n) {
  static const at_op *const op[] = {&at_op_part, &at_op_slice, &at_op_first, &at_op_last};
  for (size_t i = 0; i < sizeof op / sizeof *op; i++)
    if (n->op == op[i]) return g->axis[axis_of(n)].kind == AT_SEQUENCE;
  return false;
}

static bool same_rows(const at_node *a, const at_node *b) {
  if (a->op != b->op || axis_of(a) != axis_of(b)) return false;
  if (a->op == &at_op_part) return a->arg[0].to == b->arg[0].to;
  if (a->op != &at_op_slice) return true;
  return a->arg[0].to == b->arg[0].to && a->arg[1].num == b->arg[1].num &&
         a->arg[2].num == b->arg[2].num;
}

/* Rows of several kinds may be the same ones, and then nothing is saved: only parts never are. */
static bool fewer(const at_graph *g, const want *w) {
  const int whole = at_axis_origin(g, axis_of(w->by[0]));
  return w->n == 1 || (w->by[0]->op == &at_op_part && w->n < g->axis[whole].n_part);
}

/* ---- what works row by row ---- */

/* Each number of the result comes from the numbers at its own place along every axis that is no
 * argument. */
static const at_op *const by_row[] = {
    /* layers */
    &at_op_linear, &at_op_linear_part, &at_op_layer_norm,
    /* element by element */
    &at_op_relu, &at_op_leaky_relu, &at_op_elu, &at_op_gelu, &at_op_silu, &at_op_softplus,
    &at_op_tanh, &at_op_sigmoid, &at_op_glu, &at_op_exp, &at_op_log, &at_op_sqrt, &at_op_square,
    &at_op_abs, &at_op_clamp, &at_op_scale,
    /* two values and more */
    &at_op_add, &at_op_sub, &at_op_mul, &at_op_div, &at_op_contract, &at_op_pairwise,
    &at_op_cosine_ratio,
    /* along another axis */
    &at_op_sum, &at_op_mean, &at_op_max, &at_op_logsumexp, &at_op_norm, &at_op_normalize,
    &at_op_softmax, &at_op_sparsemax, &at_op_entmax15, &at_op_topk, &at_op_hardmax,
    /* masks, other axes */
    &at_op_mask, &at_op_causal, &at_op_split, &at_op_flatten, &at_op_squeeze, &at_op_arrange,
    &at_op_rename, NULL};

static bool works_by_row(const at_node *n) {
  int i = 0;
  while (by_row[i] && by_row[i] != n->op) i++;
  return by_row[i] != NULL;
}

/* Whether argument `i` may name the axis of rows, and then names what stands in its place. */
static bool follows(const at_node *n, int i) {
  return n->op == &at_op_arrange || (n->op == &at_op_causal && i == 1);
}

static bool names(const at_arg *a, at_arg_type type, int axis) {
  bool there = a->set && (type == AT_ARG_MAP || type == AT_ARG_NEW) && a->to == axis;
  for (int k = 0; k < a->n_axes; k++) there |= a->axis[k] == axis;
  for (int k = 0; k < a->n_made; k++) there |= a->made[k] == axis;
  return there;
}

static bool arguments_allow(const at_graph *g, const at_node *n, const at_node *by) {
  for (int i = 0; n->op->params && n->op->params[i].type != AT_ARG_END; i++)
    if (names(&n->arg[i], n->op->params[i].type, axis_of(by)) &&
        (!follows(n, i) || axis_made(g, by) < 0))
      return false;
  return true;
}

/* Of a value that lacks the axis of rows, all is read; with the axis that is made it would then
 * meet it row by row. */
static bool inputs_allow(const at_graph *g, const at_node *n, const at_node *by) {
  const int to = takes_one_row(by) ? -1 : by->arg[0].to;
  for (int k = 0; k < n->n_in; k++) {
    const int d = at_node_dim(n->in[k], axis_of(by));
    if (d >= 0 && (n->in[k]->dim[d].padded || n->in[k]->type != AT_REAL)) return false;
    if (to >= 0 && at_node_has_axis(g, n->in[k], to)) return false;
  }
  return true;
}

static bool row_by_row(const at_graph *g, const at_node *n, const want *w) {
  if (!works_by_row(n)) return false;
  for (int i = 0; i < w->n; i++) {
    const int d = at_node_dim(n, axis_of(w->by[i]));
    if (d < 0 || n->dim[d].padded) return false;
    if (!arguments_allow(g, n, w->by[i]) || !inputs_allow(g, n, w->by[i])) return false;
  }
  return true;
}

/* ---- who wants what, from the readers on ---- */

static void want_all(rows *r, const at_node *n) {
  if (n) r->want[n->id].any = r->want[n->id].all = true;
}

static void want_rows(rows *r, const at_node *n, const at_node *by) {
  want *w = &r->want[n->id];
  w->any = true;
  for (int i = 0; i < w->n; i++)
    if (same_rows(w->by[i], by)) return;
  w->all |= w->n == MOST || (w->n && axis_of(w->by[0]) != axis_of(by));
  if (w->all) return;
  w->by[w->n++] = by;
  w->all = !fewer(r->g, w);
}

static void pass_on(rows *r, const at_node *n) {
  want *w = &r->want[n->id];
  if (!w->any) return;
  if (takes_rows(r->g, n)) {
    w->all = true;
    want_rows(r, n->in[0], n);
    return;
  }
  w->all = w->all || !row_by_row(r->g, n, w);
  for (int k = 0; k < n->n_in; k++) {
    if (w->all || at_node_dim(n->in[k], axis_of(w->by[0])) < 0)
      want_all(r, n->in[k]);
    else
      for (int i = 0; i < w->n; i++) want_rows(r, n->in[k], w->by[i]);
  }
  r->saves |= !w->all &&
              (n->op == &at_op_linear || n->op == &at_op_linear_part || n->op == &at_op_contract);
}

static void find_wants(rows *r) {
  const at_graph *g = r->g;
  want_all(r, g->loss);
  for (int i = 0; i < g->n_objective; i++) want_all(r, g->objective[i].node);
  for (int i = 0; i < g->n_output; i++) want_all(r, g->output[i].node);
  for (int i = 0; i < g->n_attend; i++) {
    const at_attend *a = &g->attend[i];
    const at_node *n[] = {a->query, a->key, a->value, a->score, a->refined, a->weight, a->product};
    for (size_t k = 0; k < sizeof n / sizeof *n; k++) want_all(r, n[k]);
    if (a->context) r->want[a->context->id].all = true; /* whole where it is at all */
  }
  for (int i = g->n_node - 1; i >= 0; i--) pass_on(r, g->node[i]);
}

/* ---- the new list ---- */

static void push(rows *r, at_node *n) { r->g->node[r->g->n_node++] = n; }

static at_status infer_as_before(rows *r, at_node *n, at_error *err) {
  at_status s = at_pass_infer_again(r->g, n, err);
  if (s == AT_OK) push(r, n);
  return s;
}

static at_node *copy_of(rows *r, const at_node *n) {
  at_node *c = AT_NEW(r->g->arena, at_node);
  if (c) *c = *n;
  return c;
}

/* Rows `by` of a value of the old list. */
static at_status rows_of(rows *r, at_node *of, const at_node *by, at_node **out, at_error *err) {
  const want *w = &r->want[of->id];
  for (int i = 0; !w->all && i < w->n; i++)
    if (same_rows(w->by[i], by)) {
      *out = r->made[of->id * MOST + i];
      return AT_OK;
    }
  for (int i = 0; i < r->n_taken; i++)
    if (r->taken[i].of == of && same_rows(r->taken[i].by, by)) {
      *out = r->taken[i].made;
      return AT_OK;
    }
  at_node *c = copy_of(r, by);
  if (!c) return at_nomem(err);
  c->in[0] = r->now[of->id];
  c->name = NULL;
  c->recompute = of->recompute;
  r->taken[r->n_taken++] = (taken){of, by, c};
  *out = c;
  return infer_as_before(r, c, err);
}

/* The axes of `like`, or of rows `by` of it. */
static int order_of(const at_graph *g, const at_node *like, const at_node *by, int *axis) {
  int n = 0;
  for (int d = 0; d < like->ndim; d++) {
    const int a = like->dim[d].axis;
    const bool cut = by && a == axis_of(by), takes_one = cut && takes_one_row(by);
    const bool to_parent = takes_one || (cut && axis_made(g, by) < 0);
    if (!cut) axis[n++] = a;
    if (to_parent && g->axis[a].parent >= 0) axis[n++] = g->axis[a].parent;
    if (cut && !takes_one) axis[n++] = by->arg[0].to;
  }
  return n;
}

/* A product puts what both sides have first: *v is stored again as `like` is, where it is not. */
static at_status in_order(rows *r, const at_node *like, const at_node *by, at_node **v,
                          at_error *err) {
  int axis[2 * AT_MAX_DIM];
  const int n = order_of(r->g, like, by, axis);
  at_arg arg[AT_MAX_ARG] = {{.set = true, .span.file = -1}, {.span.file = -1}};
  bool same = n == (*v)->ndim;
  for (int i = 0; same && i < n; i++) same = axis[i] == (*v)->dim[i].axis;
  if (same) return AT_OK;
  for (int i = 0; i < n && i < 2 * AT_MAX_AXES_ARG; i++) {
    at_arg *a = &arg[i / AT_MAX_AXES_ARG];
    a->set = true;
    a->axis[a->n_axes++] = axis[i];
  }
  at_status s = at_graph_node(r->g, &at_op_arrange, 1, v, arg, NULL, like->span, v, err);
  if (s == AT_OK) (*v)->recompute = like->recompute;
  return s;
}

static at_status copy_rows(rows *r, const at_node *n, const at_node *by, at_node **out,
                           at_error *err) {
  at_node *c = *out = copy_of(r, n);
  at_status s = c ? AT_OK : at_nomem(err);
  for (int k = 0; s == AT_OK && k < n->n_data; k++) {
    if (at_node_dim(n->in[k], axis_of(by)) >= 0)
      s = rows_of(r, n->in[k], by, &c->in[k], err);
    else
      c->in[k] = r->now[n->in[k]->id];
  }
  if (s == AT_OK && (n->op->flags & AT_OP_TAIL) && c->in[0] != r->now[n->in[0]->id])
    s = in_order(r, n->in[0], by, &c->in[0], err);
  if (s != AT_OK) return s;
  c->name = NULL;
  for (int i = 0; n->op->params && n->op->params[i].type != AT_ARG_END; i++)
    for (int k = 0; k < c->arg[i].n_axes; k++)
      if (c->arg[i].axis[k] == axis_of(by)) c->arg[i].axis[k] = axis_made(r->g, by);
  return infer_as_before(r, c, err);
}

static bool same_layout(const at_node *a, const at_node *b) {
  bool same = a->ndim == b->ndim;
  for (int i = 0; same && i < a->ndim; i++)
    same = a->dim[i].axis == b->dim[i].axis && a->dim[i].size == b->dim[i].size &&
           a->dim[i].padded == b->dim[i].padded;
  return same;
}

/* Readers inferred their dims from those that n had. */
static at_status stand_in(rows *r, const at_node *n, at_node *some, at_error *err) {
  at_status s = in_order(r, n, NULL, &some, err);
  if (s != AT_OK) return s;
  if (!same_layout(n, some)) return at_fail(err, AT_EINPUT, "rows are stored in another order");
  if (!some->name) some->name = n->name;
  r->now[n->id] = some;
  return AT_OK;
}

static at_status build(rows *r, at_error *err) {
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < r->n_old; i++) {
    at_node *n = r->old[i], *some;
    const want *w = &r->want[i];
    if (w->any && takes_rows(r->g, n)) {
      s = rows_of(r, n->in[0], n, &some, err);
      if (s == AT_OK) s = stand_in(r, n, some, err);
    } else if (!w->any || w->all) {
      r->now[i] = n;
      push(r, n);
    }
    for (int k = 0; s == AT_OK && !w->all && k < w->n; k++)
      s = copy_rows(r, n, w->by[k], &r->made[i * MOST + k], err);
  }
  return s;
}

static void redirect(const rows *r, at_node **p) {
  if (*p && r->now[(*p)->id]) *p = r->now[(*p)->id];
}

/* The nodes that stay, and the rest of the graph; the copies read new nodes already. */
static void redirect_all(const rows *r) {
  at_graph *g = r->g;
  for (int i = 0; i < r->n_old; i++)
    for (int k = 0; r->now[i] == r->old[i] && k < r->old[i]->n_in; k++)
      redirect(r, &r->old[i]->in[k]);
  redirect(r, &g->loss);
  for (int i = 0; i < g->n_objective; i++) redirect(r, &g->objective[i].node);
  for (int i = 0; i < g->n_output; i++) redirect(r, &g->output[i].node);
  for (int i = 0; i < g->n_attend; i++) {
    at_attend *a = &g->attend[i];
    at_node **p[] = {&a->query,   &a->key,    &a->value,   &a->score,
                     &a->refined, &a->weight, &a->context, &a->product};
    for (size_t k = 0; k < sizeof p / sizeof *p; k++) redirect(r, p[k]);
  }
}

/* Nodes that there may be: those that were, copies and what stores their input in another order,
 * and rows of whole inputs, of which each copy takes some once at most. */
static size_t most_nodes(const rows *r) {
  size_t n = 2 * (size_t)r->n_old + 1;
  for (int i = 0; i < r->n_old; i++) n += MOST * (2 + (size_t)r->old[i]->n_in);
  return n;
}

static bool make_room(rows *r) {
  at_graph *g = r->g;
  const size_t n = (size_t)r->n_old + 1, list = most_nodes(r);
  r->now = AT_NEW_ARRAY(g->arena, at_node *, n);
  r->made = AT_NEW_ARRAY(g->arena, at_node *, MOST * n);
  r->want = AT_NEW_ARRAY(g->arena, want, n);
  r->taken = AT_NEW_ARRAY(g->arena, taken, list);
  return r->now && r->made && r->want && r->taken;
}

/* AT_EINPUT from an operator means that the shapes do not suit: the graph stays as it was. */
at_status at_pass_rows(at_graph *g, at_error *err) {
  rows r = {.g = g, .old = g->node, .n_old = g->n_node};
  at_error why = {0};
  const int cap = g->cap_node;
  if (!make_room(&r)) return at_nomem(err);
  find_wants(&r);
  if (!r.saves) return AT_OK;
  const size_t list = most_nodes(&r);
  if (!(g->node = AT_NEW_ARRAY(g->arena, at_node *, list))) return at_nomem(err);
  g->cap_node = (int)list;
  g->n_node = 0;
  at_status s = build(&r, &why);
  if (s == AT_OK) {
    redirect_all(&r);
  } else {
    g->node = r.old;
    g->n_node = r.n_old;
    g->cap_node = cap;
  }
  for (int i = 0; i < g->n_node; i++) g->node[i]->id = i;
  return s == AT_OK || s == AT_EINPUT ? AT_OK : at_fail(err, s, "%s", why.message);
}
