/* Calls: which operator, which values, and what an operator's refusal means. */
#include "dsl/lower.h"
#include <string.h>

at_arg at_lower_axis_arg(int axis, at_span span) {
  return (at_arg){.set = true, .n_axes = 1, .axis = {axis}, .span = span};
}

/* ---- operators that the language adds: they lower to several nodes ---- */

enum { COS_AXIS, COS_EPS };
static const at_param_spec cosine_params[] = {
    {"axis", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the axis of the vectors"},
    {"eps", AT_ARG_REAL, false, 1e-8, 0, 1, NULL, "least product of the norms"},
    {0}};
static const at_op cosine_op = {
    .name = "cosine", .min_in = 2, .max_in = 2, .params = cosine_params};

/* A product over two norms, so that passes can see both. */
static at_node *make_cosine(at_lower *w, const at_call *c) {
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
    at_lower_error(w, "size-mismatch", span, "%s", err->message);
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

at_node *at_lower_make(at_lower *w, const at_op *op, int n, at_node *const *in, const at_arg *arg,
                       const char *scope, at_span span) {
  at_node *out = NULL;
  at_error err = {0};
  const char *name = scope ? scope
                     : w->made == 0
                         ? w->owner
                         : at_arena_printf(w->diags->arena, "%s_%d", w->owner, w->made + 1);
  if (!name || !op) {
    w->nomem = w->nomem || !name;
    return NULL;
  }
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

/* Sizes of what the call made: later uses of the axis must agree. */
static bool note_sizes(at_call *c, const at_node *out) {
  bool ok = true;
  for (int i = 0; c->op->params && c->op->params[i].type != AT_ARG_END; i++) {
    at_arg_type t = c->op->params[i].type;
    if (!c->arg[i].set || (t != AT_ARG_MAP && t != AT_ARG_NEW)) continue;
    int d = at_node_dim(out, c->arg[i].to);
    if (d >= 0) ok = at_lower_know(c->w, c->arg[i].to, out->dim[d].size, c->arg[i].span) && ok;
  }
  return ok;
}

/* ---- which operator ---- */

static const at_op *find_op(const char *name) {
  if (!strcmp(name, cosine_op.name)) return &cosine_op;
  const at_op *op = at_op_find(name);
  return op && !(op->flags & AT_OP_INTERNAL) ? op : NULL;
}

static const char *suggest_op(at_lower *w, const char *name) {
  const char *names[160];
  size_t n = 0;
  for (const at_op *const *op = at_optable; *op && n < 159; op++)
    if (!((*op)->flags & AT_OP_INTERNAL)) names[n++] = (*op)->name;
  names[n++] = cosine_op.name;
  return at_diag_suggest(w->diags, name, names, n);
}

/* The operator that e calls, and the arguments that a parameter brings along: with
 * pool = logsumexp(sharpness = 6), pool(word) is logsumexp(word, sharpness = 6). */
static const at_op *resolve(at_lower *w, const at_expr *e, const at_call_arg **more) {
  at_sym *s = at_lower_find(w, e->name);
  const char *name = e->name;
  *more = NULL;
  if (s && s->kind == AT_SYM_PARAM) {
    at_val v = at_lower_use(w, s);
    if (v.kind == AT_V_BAD) return NULL;
    if (v.kind == AT_V_SPEC) {
      name = v.spec->name;
      *more = v.spec->args;
    }
  }
  const at_op *op = find_op(name);
  if (op) return op;
  if (s && name == e->name) {
    at_diag *d = at_lower_error(w, "unknown-operator", e->name_span,
                                "`%s` is no operator but %s of this model", name,
                                s->kind == AT_SYM_PARAM ? "a number" : "a value");
    d->note = at_diag_text(w->diags, "`%s` was made here", name);
    d->note_span = s->span;
    return NULL;
  }
  at_diag *d =
      at_lower_error(w, "unknown-operator", e->name_span, "there is no operator `%s`", name);
  d->hint = suggest_op(w, name);
  if (s) {
    d->note = at_diag_text(w->diags, "parameter `%s` is set to `%s`", s->name, name);
    d->note_span = s->span;
  }
  return NULL;
}

/* ---- binding ---- */

enum { MOST_ARGS = 32 };

typedef struct given {
  const at_call_arg *pos[MOST_ARGS], *key[MOST_ARGS];
  int n_pos, n_key;
} given;

static bool sort_out(at_call *c, given *g, const at_call_arg *list) {
  for (const at_call_arg *a = list; a; a = a->next) {
    if (g->n_pos == MOST_ARGS || g->n_key == MOST_ARGS) {
      at_lower_error(c->w, "wrong-argument", a->span, "%s has too many arguments", c->op->name);
      return false;
    }
    if (a->key)
      g->key[g->n_key++] = a;
    else
      g->pos[g->n_pos++] = a;
  }
  return true;
}

/* The first arguments by position are the values still missing. */
static int take_values(at_call *c, const given *g) {
  int i = 0;
  for (; c->n_in < c->op->min_in; i++) {
    const at_call_arg *a = i < g->n_pos ? g->pos[i] : NULL;
    if (!a || a->to) {
      int n = c->op->min_in;
      at_lower_error(c->w, "missing-argument", c->span, "%s takes %d value%s; here it gets %d",
                     c->op->name, n, n == 1 ? "" : "s", c->n_in)
          ->hint = at_lower_usage(c);
      c->bad = true;
      return g->n_pos;
    }
    at_node *v = at_lower_node(c->w, a->value);
    if (v)
      c->in[c->n_in] = v;
    else
      c->bad = true;
    c->n_in++;
  }
  return i;
}

static void bind(at_call *c, const at_expr *e, const at_call_arg *more) {
  given g = {.n_pos = 0};
  c->bad = !sort_out(c, &g, e->args) || !sort_out(c, &g, more);
  if (c->bad) return;
  int values = take_values(c, &g);
  if (c->bad) return;
  at_lower_positional(c, g.pos + values, g.n_pos - values);
  for (int i = 0; i < g.n_key; i++) at_lower_keyed(c, g.key[i]);
  if (!c->bad) at_lower_required(c);
}

static bool may_stand(at_call *c) {
  if (!(c->op->flags & AT_OP_LOSS) || c->w->in_loss) return true;
  at_lower_error(c->w, "misplaced-loss", c->span, "%s is a loss; it stands after `loss` only",
                 c->op->name);
  return false;
}

at_node *at_lower_call(at_lower *w, const at_expr *e, at_node *in, int over) {
  const at_call_arg *more;
  at_call c = {.w = w, .span = e->span, .name_span = e->name_span, .piped = in != NULL};
  if (e->kind == AT_E_BAD || !(c.op = resolve(w, e, &more))) return NULL;
  if (c.span.file < 0) c.span = w->place;
  if (!may_stand(&c)) return NULL;
  if (in) c.in[c.n_in++] = in;
  if (over >= 0) {
    if (!c.op->params || c.op->params[0].type != AT_ARG_AXIS) {
      at_lower_error(w, "wrong-argument", e->span, "%s does not work along an axis", c.op->name)
          ->hint = "weights are made by softmax, as in `weigh = softmax(9)`";
      return NULL;
    }
    c.arg[0] = at_lower_axis_arg(over, AT_NOWHERE);
  }
  at_span place = w->place;
  w->place = c.span;
  bind(&c, e, more);
  at_node *out = c.bad ? NULL
                 : c.op == &cosine_op
                     ? make_cosine(w, &c)
                     : at_lower_make(w, c.op, c.n_in, c.in, c.arg, e->scope, c.span);
  if (out && !note_sizes(&c, out)) out = NULL;
  w->place = place;
  return out;
}
