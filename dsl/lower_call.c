/* Calls of operators: which argument is what, by the operator's own table. */
#include <stdio.h>
#include <string.h>
#include "dsl/lower_impl.h"

static const at_value none = {0};

/* ---- making a node ---- */

static const char *code_of(const at_error *e) {
  if (strstr(e->message, "has no axis")) return "unknown-axis";
  if (strstr(e->message, "batch axis") || strstr(e->message, "feature axis")) return "axis-kind";
  if (strstr(e->message, "the size")) return "size-mismatch";
  return "operator";
}

/* Parameters take the statement's name; a second operator of the statement that makes some
 * takes "name_2", and so on. */
at_node *at_lower_op(at_lower *w, const char *name, int n, at_node *const *in, const at_arg *arg,
                     at_name scope, at_span span) {
  const at_op *op = at_op_find(name);
  at_node *out = NULL;
  at_error err = {0};
  const char *base = scope.text;
  if (!base && w->made == 0) base = w->base;
  if (!base) base = at_arena_printf(w->arena, "%s_%d", w->base ? w->base : "p", w->made + 1);
  if (!base) {
    at_lower_nomem(w);
    return NULL;
  }
  at_status s = at_graph_node(w->g, op, n, in, arg, base, span, &out, &err);
  if (s == AT_ENOMEM)
    at_lower_nomem(w);
  else if (s != AT_OK)
    at_lower_error(w, code_of(&err), span, NULL, "%s", err.message);
  if (s != AT_OK) return NULL;
  if (out->n_in > out->n_data && !scope.text) w->made++;
  return out;
}

/* ---- arguments ---- */

typedef struct call {
  at_lower *w;
  const at_expr *e;
  const at_op *op;
  at_node *in[AT_MAX_IN];
  int n_in;
  at_arg arg[AT_MAX_ARG];
  const at_expr *pending[8]; /* names that wait for the axis list they belong to */
  int n_pending;
  int next; /* the parameter that a positional argument is for */
  bool ok;
} call;

static int count_params(const at_op *op) {
  int n = 0;
  while (op->params && op->params[n].type != AT_ARG_END) n++;
  return n;
}

static void fail(call *c) { c->ok = false; }

static const at_node *first_input(const call *c) { return c->n_in ? c->in[0] : NULL; }

static void set_axis(call *c, int p, const at_expr *e) {
  int a = at_lower_axis(c->w, e, first_input(c));
  if (a < 0) {
    fail(c);
    return;
  }
  c->arg[p] = (at_arg){.set = true, .n_axes = 1, .axis = {a}, .span = e->span};
}

static void add_axis(call *c, at_arg *a, const at_expr *e) {
  int axis = at_lower_axis(c->w, e, first_input(c));
  if (axis < 0)
    fail(c);
  else if (a->n_axes == AT_MAX_AXES_ARG) {
    at_lower_error(c->w, "argument", e->span, NULL, "at most %d axes can be named here",
                   AT_MAX_AXES_ARG);
    fail(c);
  } else {
    a->axis[a->n_axes++] = axis;
  }
}

/* What is known of an axis's size already: a parameter of its name, or values that have it. */
static bool size_by_name(call *c, at_name to, int64_t *size) {
  at_lower *w = c->w;
  at_binding *b = at_lower_find(w, to.text);
  if (b && b->is_param) {
    at_expr e = {.kind = AT_E_NAME, .span = to.span, .name = to};
    return at_lower_size(w, &e, to.text, size);
  }
  int axis = at_graph_find_axis(w->g, to.text);
  for (int i = 0; axis >= 0 && i < w->g->n_node; i++) {
    int d = at_node_dim(w->g->node[i], axis);
    if (d < 0) continue;
    *size = w->g->node[i]->dim[d].size;
    return true;
  }
  char hint[200];
  snprintf(hint, sizeof hint, "write `%.60s = 128`, or give the model a parameter `%.60s`", to.text,
           to.text);
  at_lower_error(w, "unknown-size", to.span, hint, "the size of axis `%s` is not known", to.text);
  return false;
}

/* `to`: made with the kind of the first axis consumed; a batch axis stays one. */
static void set_made(call *c, at_arg *a, at_name to, const at_expr *size, at_axis_kind kind,
                     int parent) {
  at_lower *w = c->w;
  at_error err = {0};
  bool fixed = kind != AT_BATCH && parent < 0 && strcmp(c->op->name, "flatten") &&
               strcmp(c->op->name, "rename");
  a->to_size = -1;
  if (size)
    c->ok &= at_lower_size(w, size, to.text, &a->to_size);
  else if (fixed)
    c->ok &= size_by_name(c, to, &a->to_size);
  if (!c->ok) return;
  if (at_graph_axis(w->g, to.text, kind, parent, to.span, &a->to, &err) != AT_OK) {
    at_lower_error(w, "axis-kind", to.span, NULL, "%s", err.message);
    fail(c);
  }
}

static int find_param(const call *c, at_arg_type type, bool unset) {
  for (int i = 0; i < count_params(c->op); i++)
    if (c->op->params[i].type == type && (!unset || !c->arg[i].set)) return i;
  return -1;
}

/* `a, b -> c`: the names before the arrow's own are the operator's list of axes when it has one. */
static void take_map(call *c, int p, const at_argument *g) {
  at_arg *m = &c->arg[p];
  int list = find_param(c, AT_ARG_AXES, true);
  at_arg *before = list >= 0 && c->n_pending ? &c->arg[list] : m;
  *m = (at_arg){.set = true, .span = g->span};
  if (before != m) *before = (at_arg){.set = true, .span = g->span};
  for (int i = 0; i < c->n_pending; i++) add_axis(c, before, c->pending[i]);
  c->n_pending = 0;
  add_axis(c, m, g->value);
  if (!c->ok) return;
  const at_axis *from = &c->w->g->axis[m->axis[0]];
  set_made(c, m, g->to, g->size, from->kind, from->parent);
}

static bool enum_index(const char *choices, const char *word, double *out) {
  size_t n = strlen(word);
  int i = 0;
  for (const char *s = choices; s && *s; i++) {
    size_t len = strcspn(s, "|");
    if (len == n && !strncmp(s, word, n)) {
      *out = i;
      return true;
    }
    s += len + (s[len] == '|');
  }
  return false;
}

static void set_choice(call *c, int p, const at_expr *e, const char *choices) {
  const char *word = at_lower_spec_text(c->w, e);
  at_arg a = {.set = true, .span = e->span};
  if (word && enum_index(choices, word, &a.num)) {
    c->arg[p] = a;
    return;
  }
  char copy[256], *names[32], *save = NULL, hint[300];
  size_t n = 0;
  snprintf(copy, sizeof copy, "%s", choices ? choices : "");
  for (char *t = strtok_r(copy, "|", &save); t && n < 32; t = strtok_r(NULL, "|", &save))
    names[n++] = t;
  const char *const *list = (const char *const *)names;
  const char *near = word ? at_suggest(word, list, n) : NULL;
  if (near)
    snprintf(hint, sizeof hint, "did you mean `%s`?", near);
  else
    snprintf(hint, sizeof hint, "it is one of %s", choices ? choices : "nothing");
  at_lower_error(c->w, "argument", e->span, hint, "`%s` of %s cannot be this",
                 c->op->params[p].name, c->op->name);
  fail(c);
}

static void set_plain(call *c, int p, const at_expr *e) {
  const at_param_spec *spec = &c->op->params[p];
  at_arg a = {.set = true, .span = e->span};
  switch (spec->type) {
    case AT_ARG_AXIS: set_axis(c, p, e); return;
    case AT_ARG_AXES:
    case AT_ARG_MAP:
      c->arg[p] = a;
      add_axis(c, &c->arg[p], e);
      return;
    case AT_ARG_NEW:
      if (e->kind == AT_E_NAME) {
        c->arg[p] = a;
        set_made(c, &c->arg[p], e->name, NULL, AT_FEATURE, -1);
        return;
      }
      at_lower_error(c->w, "argument", e->span, NULL, "%s needs the name of the axis that it makes",
                     c->op->name);
      fail(c);
      return;
    case AT_ARG_ENUM: set_choice(c, p, e, spec->choices); return;
    case AT_ARG_BOOL: set_choice(c, p, e, "false|true"); return;
    case AT_ARG_INT:
    case AT_ARG_REAL:
      if (!at_lower_number(c->w, e, &a.num)) fail(c);
      c->arg[p] = a;
      return;
    case AT_ARG_END: return;
  }
}

static void take_keyword(call *c, const at_argument *g) {
  int n = count_params(c->op), p = -1;
  const char *names[AT_MAX_ARG];
  char hint[300];
  for (int i = 0; i < n; i++) {
    names[i] = c->op->params[i].name;
    if (!strcmp(names[i], g->key.text)) p = i;
  }
  if (p < 0) {
    const char *near = at_suggest(g->key.text, names, (size_t)n);
    size_t at = 0;
    if (near)
      snprintf(hint, sizeof hint, "did you mean `%s`?", near);
    else if (!n)
      snprintf(hint, sizeof hint, "%s takes no arguments", c->op->name);
    else
      for (int i = 0; i < n; i++)
        at += (size_t)snprintf(hint + at, sizeof hint - at, "%s%s", i ? ", " : "it has ", names[i]);
    at_lower_error(c->w, "argument", g->key.span, hint, "%s has no argument `%s`", c->op->name,
                   g->key.text);
    fail(c);
  } else if (c->arg[p].set) {
    at_lower_error(c->w, "argument", g->key.span, NULL, "`%s` of %s is given twice", g->key.text,
                   c->op->name);
    fail(c);
  } else {
    set_plain(c, p, g->value);
  }
}

static void take_positional(call *c, const at_argument *g) {
  int n = count_params(c->op);
  while (c->next < n && c->arg[c->next].set) c->next++;
  if (g->to.text) {
    int p = find_param(c, AT_ARG_MAP, true);
    if (p >= 0) {
      take_map(c, p, g);
      return;
    }
    at_lower_error(c->w, "argument", g->span, NULL, "%s makes no axis; `->` has no place here",
                   c->op->name);
    fail(c);
    return;
  }
  if (c->next >= n) {
    at_lower_error(c->w, "argument", g->span, NULL, "%s takes no more arguments", c->op->name);
    fail(c);
    return;
  }
  at_arg_type t = c->op->params[c->next].type;
  if (t != AT_ARG_AXES && t != AT_ARG_MAP) {
    set_plain(c, c->next, g->value);
    return;
  }
  if (c->n_pending < 8 && g->value->kind == AT_E_NAME)
    c->pending[c->n_pending++] = g->value;
  else {
    at_lower_error(c->w, "argument", g->value->span, NULL, "%s needs the name of an axis here",
                   c->op->name);
    fail(c);
  }
}

/* Names that no arrow followed are the list of axes itself. */
static void end_pending(call *c) {
  int list = find_param(c, AT_ARG_AXES, true);
  if (!c->n_pending || !c->ok) return;
  if (list < 0) {
    at_lower_error(c->w, "argument", c->pending[0]->span, "write `from -> to`",
                   "%s needs to know the axis that it makes", c->op->name);
    fail(c);
    return;
  }
  c->arg[list] = (at_arg){.set = true, .span = c->pending[0]->span};
  for (int i = 0; i < c->n_pending; i++) add_axis(c, &c->arg[list], c->pending[i]);
  c->n_pending = 0;
}

/* Positional arguments: first the values still missing, then the operator's own. */
static void take_arguments(call *c) {
  for (const at_argument *g = c->e->args; g && c->ok; g = g->next) {
    if (!g->value)
      fail(c);
    else if (g->key.text)
      continue;
    else if (c->n_in < c->op->max_in && !g->to.text) {
      at_node *v = at_lower_node(c->w, g->value);
      if (v)
        c->in[c->n_in++] = v;
      else
        fail(c);
    } else
      take_positional(c, g);
  }
  end_pending(c);
  for (const at_argument *g = c->e->args; g && c->ok; g = g->next)
    if (g->key.text) take_keyword(c, g);
}

/* ---- sugar ---- */

static at_arg axis_arg(int axis) {
  return (at_arg){.set = true, .n_axes = 1, .axis = {axis}, .span.file = -1};
}

/* cosine(a, b, axis): a product over two norms, so that passes can see both. */
static at_value lower_cosine(at_lower *w, const at_expr *e, at_node *in) {
  at_node *v[2] = {in, NULL};
  const at_expr *axis = NULL;
  int n = in ? 1 : 0;
  for (const at_argument *g = e->args; g; g = g->next) {
    if (g->key.text && strcmp(g->key.text, "axis")) {
      at_lower_error(w, "argument", g->key.span, NULL, "cosine has no argument `%s`", g->key.text);
      return none;
    }
    if (!g->key.text && n < 2) {
      if (!(v[n++] = at_lower_node(w, g->value))) return none;
    } else if (!axis)
      axis = g->value;
    else {
      at_lower_error(w, "argument", g->span, NULL, "cosine takes two values and an axis");
      return none;
    }
  }
  if (n < 2 || !axis) {
    at_lower_error(w, "argument", e->span, "write cosine(a, b, axis)",
                   "cosine takes two values and an axis");
    return none;
  }
  int a = at_lower_axis(w, axis, v[0]);
  if (a < 0) return none;
  at_arg arg[AT_MAX_ARG] = {axis_arg(a)};
  at_node *num = at_lower_op(w, "contract", 2, v, arg, (at_name){0}, e->span);
  at_node *na = num ? at_lower_op(w, "norm", 1, &v[0], arg, (at_name){0}, e->span) : NULL;
  at_node *nb = na ? at_lower_op(w, "norm", 1, &v[1], arg, (at_name){0}, e->span) : NULL;
  at_node *all[] = {num, na, nb},
          *out = nb ? at_lower_op(w, "cosine_ratio", 3, all, NULL, (at_name){0}, e->span) : NULL;
  return out ? (at_value){.kind = AT_V_NODE, .node = out} : none;
}

/* ---- calls ---- */

static at_value unknown_operator(at_lower *w, const at_expr *e) {
  const char *names[128], *near;
  char hint[200];
  size_t n = 0;
  for (const at_op *const *op = at_optable; *op && n < 126; op++)
    if (!((*op)->flags & AT_OP_INTERNAL)) names[n++] = (*op)->name;
  names[n++] = "cosine";
  near = at_suggest(e->name.text, names, n);
  if (near) snprintf(hint, sizeof hint, "did you mean `%s`?", near);
  at_lower_error(w, "unknown-operator", e->name.span, near ? hint : NULL,
                 "there is no operator `%s`", e->name.text);
  return none;
}

at_value at_lower_call(at_lower *w, const at_expr *e, at_node *in) {
  if (e->kind == AT_E_BAD || !e->name.text) return none;
  if (!strcmp(e->name.text, "cosine")) return lower_cosine(w, e, in);
  const at_op *op = at_op_find(e->name.text);
  if (!op || (op->flags & AT_OP_INTERNAL)) return unknown_operator(w, e);
  call c = {.w = w, .e = e, .op = op, .ok = true};
  if (in) c.in[c.n_in++] = in;
  take_arguments(&c);
  if (!c.ok) return none;
  at_node *out = at_lower_op(w, op->name, c.n_in, c.in, c.arg, e->scope, e->span);
  return out ? (at_value){.kind = AT_V_NODE, .node = out} : none;
}
