/* Calls: which operator, which values, and what an operator's refusal means. */
#include "dsl/lower.h"
#include <math.h>
#include <string.h>

at_arg at_lower_axis_arg(int axis, at_span span) {
  return (at_arg){.set = true, .n_axes = 1, .axis = {axis}, .span = span};
}

/* ---- operators that lower to several nodes ---- */

enum { COS_AXIS, COS_EPS };

/* A product over two norms, so that passes can see both. */
static at_node *make_cosine(at_lower *w, at_call *c) {
  const at_op *contract = at_op_find("contract"), *norm = at_op_find("norm");
  const at_op *ratio = at_op_find("cosine_ratio");
  at_arg axis[AT_MAX_ARG] = {c->arg[COS_AXIS]}, eps[AT_MAX_ARG] = {c->arg[COS_EPS]};
  at_node *a = c->in[0], *b = c->in[1];
  at_node *num = at_lower_make(w, contract, 2, c->in, axis, NULL, c->span);
  at_node *na = num ? at_lower_make(w, norm, 1, &a, axis, NULL, c->span) : NULL;
  at_node *nb = na ? at_lower_make(w, norm, 1, &b, axis, NULL, c->span) : NULL;
  at_node *in[] = {num, na, nb};
  return nb ? at_lower_make(w, ratio, 3, in, eps, NULL, c->span) : NULL;
}

/* ---- refusals ---- */

/* The axis argument that op cannot take by its kind, -1: none. Losses pair batch axes;
 * everything else works inside a row. */
static int wrong_kind(const at_lower *w, const at_op *op, int n, const at_arg *arg) {
  for (int i = 0; arg && op->params && op->params[i].type != AT_ARG_END; i++) {
    if (op->params[i].type > AT_ARG_MAP || !arg[i].set) continue;
    for (int k = 0; k < arg[i].n_axes; k++) {
      const at_axis *a = &w->g->axis[arg[i].axis[k]];
      bool batch = a->kind == AT_BATCH, loss = op->flags & AT_OP_LOSS;
      bool feature = n == 1 && a->kind == AT_FEATURE && op->params[i].type == AT_ARG_AXIS;
      if (batch != loss || feature || (a->parent >= 0 && op->params[i].type != AT_ARG_AXIS))
        return i;
    }
  }
  return -1;
}

/* The axis argument that one of the values lacks, -1: none. */
static int lacking(const at_lower *w, const at_op *op, int n, at_node *const *in,
                   const at_arg *arg) {
  for (int i = 0; arg && op->params && op->params[i].type != AT_ARG_END; i++) {
    if (op->params[i].type > AT_ARG_MAP || !arg[i].set) continue;
    for (int k = 0; k < arg[i].n_axes; k++)
      for (int v = 0; v < n; v++)
        if (at_node_dim(in[v], arg[i].axis[k]) < 0 &&
            !(w->g->axis[arg[i].axis[k]].kind == AT_BATCH &&
              at_node_has_axis(w->g, in[v], arg[i].axis[k])))
          return i;
  }
  return -1;
}

static bool sizes_differ(int n, at_node *const *in) {
  for (int v = 1; v < n; v++)
    for (int i = 0; i < in[v]->ndim; i++) {
      int d = at_node_dim(in[0], in[v]->dim[i].axis);
      int64_t a = d < 0 ? -1 : in[0]->dim[d].size, b = in[v]->dim[i].size;
      if (a >= 0 && b >= 0 && a != b) return true;
    }
  return false;
}

/* Where a value got its size along an axis: the first in the line that has it. */
static const at_node *origin_of(const at_node *n, int axis, int64_t size) {
  for (int i = 0; i < n->n_data; i++) {
    int d = at_node_dim(n->in[i], axis);
    if (d >= 0 && n->in[i]->dim[d].size == size) return origin_of(n->in[i], axis, size);
  }
  return n;
}

/* Points to where the later of two sizes comes from. */
static void note_size(at_lower *w, at_diag *diag, int n, at_node *const *in) {
  for (int v = 1; v < n; v++)
    for (int i = 0; i < in[v]->ndim; i++) {
      int axis = in[v]->dim[i].axis, d = at_node_dim(in[0], axis);
      int64_t a = d < 0 ? -1 : in[0]->dim[d].size, b = in[v]->dim[i].size;
      if (a < 0 || b < 0 || a == b) continue;
      const at_node *from = origin_of(in[v], axis, b);
      diag->note = at_diag_text(w->diags, "`%s` got the size %lld here", w->g->axis[axis].name,
                                (long long)b);
      diag->note_span = from->span;
      return;
    }
}

static bool takes_other_type(int n, at_node *const *in, const at_op *op) {
  for (int v = 0; v < n; v++)
    if (in[v]->type == AT_TOKEN || !strcmp(op->name, "embed")) return true;
  return false;
}

static at_span arg_span(const at_arg *arg, int i, at_span call) {
  return arg[i].span.file >= 0 ? arg[i].span : call;
}

/* The operator's sentence, at the argument that it is about and under a code that says
 * what sort of mistake it is. */
static void refused(at_lower *w, const at_op *op, int n, at_node *const *in, const at_arg *arg,
                    at_span span, const at_error *err) {
  int i = lacking(w, op, n, in, arg), k = wrong_kind(w, op, n, arg);
  if (takes_other_type(n, in, op)) {
    at_lower_error(w, "wrong-type", span, "%s", err->message);
  } else if (i >= 0) {
    at_diag *d = at_lower_error(w, "unknown-axis", arg_span(arg, i, span), "%s", err->message);
    d->note = at_diag_text(w->diags, "axis `%s` was made here", w->g->axis[arg[i].axis[0]].name);
    d->note_span = w->g->axis[arg[i].axis[0]].origin;
  } else if (sizes_differ(n, in)) {
    at_diag *d = at_lower_error(w, "size-mismatch", span, "%s", err->message);
    note_size(w, d, n, in);
  } else if (k >= 0) {
    at_diag *d = at_lower_error(w, "axis-kind", arg_span(arg, k, span), "%s", err->message);
    d->note = at_diag_text(w->diags, "axis `%s` was made here", w->g->axis[arg[k].axis[0]].name);
    d->note_span = w->g->axis[arg[k].axis[0]].origin;
  } else {
    at_lower_error(w, "wrong-shape", span, "%s", err->message);
  }
}

/* ---- making a node ---- */

static bool scope_is_taken(const at_lower *w, const char *scope) {
  size_t n = strlen(scope);
  for (int i = 0; i < w->g->n_param; i++) {
    const char *p = w->g->param[i]->pname;
    if (!strncmp(p, scope, n) && (p[n] == '.' || p[n] == '\0')) return true;
  }
  return false;
}

const char *at_lower_path(at_lower *w, const char *scope) {
  const char *path = at_lower_top(w)->path, *dot = *path ? "." : "";
  const char *s = scope          ? at_arena_printf(w->diags->arena, "%s%s%s", path, dot, scope)
                  : w->made == 0 ? at_arena_printf(w->diags->arena, "%s%s%s", path, dot, w->owner)
                                 : at_arena_printf(w->diags->arena, "%s%s%s_%d", path, dot,
                                                   w->owner, w->made + 1);
  w->nomem = w->nomem || !s;
  return s;
}

const char *at_lower_scope(at_lower *w, const at_expr *e, bool *bad) {
  double index;
  if (!e->scope || !e->scope_index) return e->scope;
  *bad = !at_lower_number(w, e->scope_index, &index);
  if (*bad) return NULL;
  const char *s = at_arena_printf(w->diags->arena, "%s.%g", e->scope, index);
  w->nomem = w->nomem || !s;
  return s;
}

/* Values whose axes are stored in another order than the operator wants are stored anew. */
static at_node *arranged(at_lower *w, at_node *v, const int *order) {
  at_arg arg[AT_MAX_ARG] = {0};
  at_node *out = NULL;
  at_error err = {0};
  for (int i = 0; i < v->ndim; i++) {
    at_arg *a = &arg[i / AT_MAX_AXES_ARG];
    a->set = true;
    a->axis[a->n_axes++] = order[i];
  }
  at_status s = at_graph_node(w->g, at_op_find("arrange"), 1, &v, arg, NULL, v->span, &out, &err);
  if (s == AT_ENOMEM) w->nomem = true;
  if (s != AT_OK) return v; /* the operator itself will say what it lacks */
  if (v->name) out->name = v->name;
  return out;
}

/* The axes that op names, last and in the order of its arguments; side by side is enough
 * where nothing is computed. */
static at_node *tailed(at_lower *w, const at_op *op, at_node *v, const at_arg *arg) {
  int order[AT_MAX_DIM], tail[AT_MAX_DIM], n_tail = 0, n = 0;
  for (int i = 0; op->params[i].type != AT_ARG_END; i++)
    for (int k = 0; op->params[i].type <= AT_ARG_MAP && arg[i].set && k < arg[i].n_axes; k++) {
      if (at_node_dim(v, arg[i].axis[k]) < 0 || n_tail == AT_MAX_DIM) return v;
      tail[n_tail++] = arg[i].axis[k];
    }
  bool fits = n_tail <= v->ndim && n_tail > 0;
  int first = !fits ? 0 : op->flags & AT_OP_ALIAS ? at_node_dim(v, tail[0]) : v->ndim - n_tail;
  for (int i = 0; fits && i < n_tail; i++)
    fits = first + i < v->ndim && v->dim[first + i].axis == tail[i];
  if (fits || n_tail > v->ndim) return v;
  for (int d = 0; d < v->ndim; d++) {
    bool last = v->dim[d].axis < 0;
    for (int i = 0; i < n_tail; i++) last |= tail[i] == v->dim[d].axis;
    if (!last) order[n++] = v->dim[d].axis;
  }
  if (n + n_tail != v->ndim) return v;
  memcpy(order + n, tail, (size_t)n_tail * sizeof *tail);
  return arranged(w, v, order);
}

static at_node *expanded(at_lower *w, at_node *v, at_node *like, int without) {
  at_node *in[] = {v, like}, *out = NULL;
  at_arg arg[AT_MAX_ARG] = {at_lower_axis_arg(without, AT_NOWHERE)};
  at_error err = {0};
  if (without < 0) arg[0].set = false;
  at_status s = at_graph_node(w->g, at_op_find("expand"), 2, in, arg, NULL, v->span, &out, &err);
  if (s == AT_ENOMEM) w->nomem = true;
  return s == AT_OK ? out : v;
}

static int joined_axis(const at_arg *arg, bool join, int v) {
  return !join ? -1 : arg[0].n_axes > 1 ? arg[0].axis[v] : arg[0].axis[0];
}

/* What lacks axes that others have is repeated along them: a sentence beside every cell. */
static void widen(at_lower *w, int n, at_node **in, const at_arg *arg, bool join) {
  int widest = 0;
  for (int v = 1; v < n; v++)
    if (in[v]->ndim > in[widest]->ndim) widest = v;
  for (int v = 0; v < n; v++) {
    bool lacks = false;
    int theirs = joined_axis(arg, join, widest), mine = joined_axis(arg, join, v);
    if (theirs >= 0 && w->g->axis[theirs].parent >= 0) continue; /* ragged: as it is */
    if (mine >= 0 && w->g->axis[mine].parent >= 0) continue;
    for (int d = 0; d < in[widest]->ndim; d++) {
      int axis = in[widest]->dim[d].axis;
      lacks |= axis != theirs && !at_node_has_axis(w->g, in[v], axis);
    }
    if (lacks) in[v] = expanded(w, in[v], in[widest], theirs == mine ? -1 : theirs);
  }
}

/* What is joined is stored in the order of the first. */
static void align(at_lower *w, int n, at_node **in, const at_arg *arg, bool join) {
  for (int v = 1; v < n; v++) {
    int order[AT_MAX_DIM];
    bool all = in[v]->ndim == in[0]->ndim, same = true;
    for (int d = 0; all && d < in[0]->ndim; d++) {
      order[d] = in[0]->dim[d].axis;
      if (join && arg[0].n_axes > 1 && order[d] == arg[0].axis[0]) order[d] = arg[0].axis[v];
      all = at_node_dim(in[v], order[d]) >= 0;
      same &= all && in[v]->dim[d].axis == order[d];
    }
    if (all && !same) in[v] = arranged(w, in[v], order);
  }
}

static void arrange_inputs(at_lower *w, const at_op *op, int n, at_node **in, const at_arg *arg) {
  const bool join = !strcmp(op->name, "concat");
  if ((op->flags & AT_OP_TAIL) && n == 1 && arg) in[0] = tailed(w, op, in[0], arg);
  if (!join && strcmp(op->name, "stack")) return;
  if (join && arg && arg[0].n_axes > 1 && arg[0].n_axes != n) return;
  widen(w, n, in, arg, join);
  align(w, n, in, arg, join);
}

at_node *at_lower_make(at_lower *w, const at_op *op, int n, at_node *const *given,
                       const at_arg *arg, const char *scope, at_span span) {
  at_node *out = NULL, *in[AT_MAX_IN];
  at_error err = {0};
  const char *name = at_lower_path(w, scope);
  if (!name || !op) return NULL;
  for (int i = 0; i < n; i++) in[i] = given[i];
  arrange_inputs(w, op, n, in, arg);
  if (span.file < 0) span = w->place;
  bool taken = scope_is_taken(w, name);
  at_status s = at_graph_node(w->g, op, n, in, arg, name, span, &out, &err);
  if (s == AT_ENOMEM) {
    w->nomem = true;
  } else if (s != AT_OK && taken) {
    at_lower_error(w, "duplicate-name", span, "the parameters of two calls would be named `%s`",
                   name)
        ->hint = "name this call's own: `@other_name` after it";
  } else if (s != AT_OK) {
    refused(w, op, n, in, arg, span, &err);
  }
  if (s != AT_OK) return NULL;
  if (out->n_in > out->n_data && !scope) w->made++;
  return out;
}

/* Sizes of what the call made: an axis of the name that states none takes the first. */
static void note_sizes(at_call *c, const at_node *out) {
  for (int i = 0; c->op->params && c->op->params[i].type != AT_ARG_END; i++) {
    at_arg_type t = c->op->params[i].type;
    if (!c->arg[i].set || (t != AT_ARG_MAP && t != AT_ARG_NEW)) continue;
    int d = at_node_dim(out, c->arg[i].to);
    if (d >= 0) at_lower_note(c->w, c->arg[i].to, out->dim[d].size, c->arg[i].span);
  }
}

/* ---- which operator ---- */

static const at_op *find_op(const char *name) {
  const at_op *op = at_op_find(name);
  return op && !(op->flags & AT_OP_INTERNAL) ? op : NULL;
}

/* What operators are called elsewhere. */
static const struct {
  const char *elsewhere, *here;
} other_names[] = {
    {"attention", "it is a block: `attend NAME(query = ..., key = ..., over = ..., along = ...)`"},
    {"average", "it is called `mean` here"},
    {"avg", "it is called `mean` here"},
    {"batchnorm", "it is called `batch_norm` here"},
    {"cat", "it is called `concat` here"},
    {"conv", "it is called `conv2d` or `conv1d` here"},
    {"dense", "it is called `linear` here"},
    {"dot", "it is called `contract(x, y, axis)` here; `dot` is a score of attend"},
    {"einsum", "`contract(x, y, axis)` sums over one axis that both have"},
    {"fc", "it is called `linear` here"},
    {"layernorm", "it is called `layer_norm` here"},
    {"masked_fill", "it is called `mask` here"},
    {"matmul", "it is called `contract(x, y, axis)` here"},
    {"mse", "it is written `square(x - y) |> mean_all`"},
    {"pad", "nothing is padded here: an axis may be ragged"},
    {"permute", "axes are found by name; their order means nothing"},
    {"reshape", "`flatten(y, x -> cell)` joins axes, `split(cell -> [y = 14, x])` parts one"},
    {"swish", "it is called `silu` here"},
    {"transpose", "axes are found by name; their order means nothing"},
    {"unsqueeze", "values meet by the names of their axes; `expand(x, y)` repeats one by hand"},
    {"upsample", "it is called `resize` here"},
    {"view", "`flatten(y, x -> cell)` joins axes, `split(cell -> [y = 14, x])` parts one"},
};

static const char *suggest_op(at_lower *w, const char *name) {
  const char *names[256];
  size_t n = 0;
  for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++)
    if (!strcmp(other_names[i].elsewhere, name)) return other_names[i].here;
  for (const at_op *const *op = at_op_table(); *op && n < 159; op++)
    if (!((*op)->flags & AT_OP_INTERNAL)) names[n++] = (*op)->name;
  for (const at_ast_model *m = w->ast->models; m && n < 250; m = m->next)
    if (m->module) names[n++] = m->name;
  return at_diag_suggest(w->diags, name, names, n);
}

/* ---- functions of numbers ---- */

static double quotient(double a, double b) { return floor(a / b); }
static const struct function {
  const char *name;
  int n;
  double (*one)(double);
  double (*two)(double, double);
} functions[] = {
    {"sqrt", 1, sqrt, NULL},   {"log", 1, log, NULL},   {"exp", 1, exp, NULL},
    {"floor", 1, floor, NULL}, {"ceil", 1, ceil, NULL}, {"min", 2, NULL, fmin},
    {"max", 2, NULL, fmax},    {"pow", 2, NULL, pow},   {"quotient", 2, NULL, quotient}};

static const struct function *find_function(const char *name) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (!strcmp(functions[i].name, name)) return &functions[i];
  return NULL;
}

/* Numbers and what is made of them; names must be known to hold one. */
static bool is_number_expr(at_lower *w, const at_expr *e) {
  switch (e->kind) {
    case AT_E_NUMBER: return true;
    case AT_E_NEGATE: return is_number_expr(w, e->left);
    case AT_E_BINARY: return is_number_expr(w, e->left) && is_number_expr(w, e->right);
    case AT_E_CALL: return at_lower_is_number_call(w, e);
    case AT_E_NAME: {
      at_sym *s = at_lower_find(w, e->name);
      return s && (s->pending ? s->param->def && !s->busy && is_number_expr(w, s->param->def)
                              : s->val.kind == AT_V_NUMBER);
    }
    default: return false;
  }
}

bool at_lower_is_number_call(at_lower *w, const at_expr *e) {
  const struct function *f = find_function(e->name);
  int n = 0;
  if (!f || e->scope) return false;
  for (const at_call_arg *a = e->args; a; a = a->next, n++)
    if (a->key || a->to || a->made || !a->value || !is_number_expr(w, a->value)) return false;
  return n == f->n;
}

static at_val number_call(at_lower *w, const at_expr *e) {
  const struct function *f = find_function(e->name);
  double x[2] = {0, 0};
  int n = 0;
  for (const at_call_arg *a = e->args; a; a = a->next)
    if (!at_lower_number(w, a->value, &x[n++])) return at_lower_bad();
  double v = f->one ? f->one(x[0]) : f->two(x[0], x[1]);
  if (isfinite(v)) return (at_val){.kind = AT_V_NUMBER, .number = v};
  at_lower_error(w, "number-range", e->span, "%s of these numbers is out of range", e->name);
  return at_lower_bad();
}

/* ---- what is called ---- */

/* An operator, a module, or an instance of one; and the arguments that a parameter brings
 * along: with pool = logsumexp(sharpness = 6), pool(word) is logsumexp(word, sharpness = 6). */
typedef struct callee {
  const at_op *op;
  const at_ast_model *module;
  at_instance *instance;
  const at_call_arg *more;
  int more_frame;
} callee;

static bool not_callable(at_lower *w, const at_expr *e, const char *name, const at_sym *s,
                         bool by_parameter) {
  if (s && !by_parameter) {
    at_diag *d = at_lower_error(w, "unknown-operator", e->name_span,
                                "`%s` is no operator but %s of this model", name,
                                s->kind == AT_SYM_PARAM ? "a number" : "a value");
    d->note = at_diag_text(w->diags, "`%s` was made here", name);
    d->note_span = s->span;
    return false;
  }
  at_diag *d =
      at_lower_error(w, "unknown-operator", e->name_span, "there is no operator `%s`", name);
  d->hint = find_function(name) ? "it is a function of numbers, and here stands a value"
                                : suggest_op(w, name);
  if (s) {
    d->note = at_diag_text(w->diags, "%s `%s` is set to `%s`",
                           s->kind == AT_SYM_INSTANCE ? "instance" : "parameter", s->name, name);
    d->note_span = s->span;
  }
  return false;
}

static bool resolve(at_lower *w, const at_expr *e, callee *c) {
  at_sym *s = at_lower_find(w, e->name);
  const char *name = e->name;
  bool by_parameter = false;
  at_val v = {.kind = AT_V_BAD};
  if (s && (s->kind == AT_SYM_PARAM || s->kind == AT_SYM_INSTANCE)) {
    v = at_lower_use(w, s);
    if (v.kind == AT_V_BAD) return false;
    if (v.kind == AT_V_SPEC && v.spec->kind != AT_E_STRING) {
      by_parameter = true;
      name = v.spec->name;
      c->more = v.spec->args;
      c->more_frame = v.frame;
    }
  }
  if (v.kind == AT_V_INSTANCE) {
    c->instance = v.instance;
    name = v.instance->call->name;
    c->more = v.instance->call->args;
    c->more_frame = v.instance->frame;
  }
  c->module = at_lower_find_module(w, name);
  c->op = c->module ? NULL : find_op(name);
  if (c->module || c->op) return true;
  return not_callable(w, e, name, s, by_parameter || c->instance);
}

/* ---- binding ---- */

bool at_lower_sort_out(at_lower *w, const char *callee_name, at_given *g, const at_call_arg *list,
                       int frame) {
  for (const at_call_arg *a = list; a; a = a->next) {
    if (g->n_pos == AT_DSL_MOST_ARGS || g->n_key == AT_DSL_MOST_ARGS) {
      at_lower_error(w, "wrong-argument", a->span, "%s has too many arguments", callee_name);
      return false;
    }
    if (a->key) {
      g->key_frame[g->n_key] = frame;
      g->key[g->n_key++] = a;
    } else {
      g->pos_frame[g->n_pos] = frame;
      g->pos[g->n_pos++] = a;
    }
  }
  return true;
}

static bool holds_value(const at_lower *w, const at_expr *e) {
  const at_sym *s = e->kind == AT_E_NAME ? at_lower_find(w, e->name) : NULL;
  if (e->kind != AT_E_NAME) return e->kind != AT_E_LIST && e->kind != AT_E_NUMBER;
  return s && (s->val.kind == AT_V_NODE || s->val.kind == AT_V_BAD);
}

/* The first arguments by position are the values; operators that take any number of them
 * take as many as there are. */
static int take_values(at_call *c, const at_given *g) {
  int i = 0;
  for (; c->n_in < c->op->max_in; i++) {
    const at_call_arg *a = i < g->n_pos ? g->pos[i] : NULL;
    if (c->n_in >= c->op->min_in && (!a || a->to || a->made || !holds_value(c->w, a->value))) break;
    if (!a || a->to || a->made) {
      int n = c->op->min_in;
      at_lower_error(c->w, "missing-argument", c->span, "%s takes %d value%s; here it gets %d",
                     c->op->name, n, n == 1 ? "" : "s", c->n_in)
          ->hint = at_lower_usage(c);
      c->bad = true;
      return g->n_pos;
    }
    int old = at_lower_enter(c->w, g->pos_frame[i]);
    at_node *v = at_lower_node(c->w, a->value);
    c->w->frame = old;
    if (v)
      c->in[c->n_in] = v;
    else
      c->bad = true;
    c->n_in++;
  }
  return i;
}

static void bind(at_call *c, const at_expr *e, const callee *to) {
  at_given g = {.n_pos = 0};
  c->bad = !at_lower_sort_out(c->w, c->op->name, &g, e->args, c->w->frame) ||
           !at_lower_sort_out(c->w, c->op->name, &g, to->more, to->more_frame);
  if (c->bad) return;
  int values = take_values(c, &g);
  if (c->bad) return;
  at_lower_positional(c, &g, values);
  for (int i = 0; i < g.n_key; i++) {
    int old = at_lower_enter(c->w, g.key_frame[i]);
    at_lower_keyed(c, g.key[i]);
    c->w->frame = old;
  }
  if (!c->bad) at_lower_required(c);
}

static bool take_over(at_call *c, const at_expr *e, int over) {
  if (over < 0) return true;
  c->arg[0] = at_lower_axis_arg(over, AT_NOWHERE);
  if (c->op->params && c->op->params[0].type == AT_ARG_AXIS) return true;
  at_lower_error(c->w, "wrong-argument", e->span, "%s does not work along an axis", c->op->name)
      ->hint = "weights are made by softmax and its like, as in `weigh = softmax(9)`";
  return false;
}

static at_node *call_op(at_lower *w, const at_expr *e, const callee *to, at_node *in, int over,
                        const char *scope) {
  at_call c = {.w = w,
               .op = to->op,
               .span = e->span,
               .name_span = e->name_span,
               .piped = in != NULL,
               .along = over >= 0};
  if (c.span.file < 0) c.span = w->place;
  if (in && c.op->max_in > 0) c.in[c.n_in++] = in;
  if (!take_over(&c, e, over)) return NULL;
  at_span place = w->place;
  w->place = c.span;
  bind(&c, e, to);
  at_node *out = c.bad ? NULL
                 : !strcmp(c.op->name, "cosine")
                     ? make_cosine(w, &c)
                     : at_lower_make(w, c.op, c.n_in, c.in, c.arg, scope, c.span);
  if (out) note_sizes(&c, out);
  w->place = place;
  return out;
}

/* Calls of an instance share its path; from the second on the parameters are there. */
static at_val call_instance(at_lower *w, const at_expr *e, const callee *to, at_node *in,
                            int over) {
  at_instance *i = to->instance;
  const bool again = w->g->again;
  const char *top = at_lower_top(w)->path;
  at_val v;
  if (e->scope) {
    at_lower_error(w, "wrong-argument", e->scope_span,
                   "the parameters of instance `%s` have their name already", e->name);
    return at_lower_bad();
  }
  w->g->again = again || i->called;
  i->called = true;
  if (to->module) {
    v = at_lower_module(w, to->module, e, to->more, to->more_frame, in, i->path);
  } else {
    at_lower_top(w)->path = ""; /* the instance's path is whole */
    at_node *n = call_op(w, e, to, in, over, i->path);
    at_lower_top(w)->path = top;
    v = (at_val){.kind = n ? AT_V_NODE : AT_V_BAD, .node = n};
  }
  w->g->again = again;
  return v;
}

at_val at_lower_call_val(at_lower *w, const at_expr *e, at_node *in, int over) {
  callee to = {0};
  bool bad = false;
  if (e->kind == AT_E_BAD) return at_lower_bad();
  if (!in && over < 0 && at_lower_is_number_call(w, e)) return number_call(w, e);
  const char *scope = at_lower_scope(w, e, &bad);
  if (bad || !resolve(w, e, &to)) return at_lower_bad();
  if (to.instance) return call_instance(w, e, &to, in, over);
  if (to.module) {
    const char *path = at_lower_path(w, scope);
    if (!scope) w->made++;
    return at_lower_module(w, to.module, e, to.more, to.more_frame, in, path);
  }
  at_node *n = call_op(w, e, &to, in, over, scope);
  return (at_val){.kind = n ? AT_V_NODE : AT_V_BAD, .node = n};
}

at_node *at_lower_call(at_lower *w, const at_expr *e, at_node *in, int over) {
  at_val v = at_lower_call_val(w, e, in, over);
  if (v.kind == AT_V_NODE || v.kind == AT_V_BAD) return v.node;
  at_diag *d = at_lower_error(w, "wrong-type", e->span, "a value is expected here; this is %s",
                              at_lower_kind_text(w, &v));
  if (v.kind == AT_V_RECORD && v.record->n)
    d->hint = at_diag_text(w->diags, "choose one of them: `.%s`", v.record->field[0].name);
  return NULL;
}
