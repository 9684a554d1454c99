/* Expressions: names, numbers, arithmetic, pipelines. */
#include <math.h>
#include <string.h>
#include "dsl/lower.h"

static const at_val bad = {.kind = AT_V_BAD};

static at_val number_val(double v) { return (at_val){.kind = AT_V_NUMBER, .number = v}; }

static at_val node_val(at_node *n) { return (at_val){.kind = n ? AT_V_NODE : AT_V_BAD, .node = n}; }

/* ---- names ---- */

/* The statement that makes `name` further down; NULL: none. */
static const at_stmt *made_later(const at_lower *w, const char *name) {
  for (const at_stmt *s = w->stack[w->frame].def->body; s; s = s->next)
    if (s->name && !strcmp(s->name, name) && (s->kind != AT_S_OUTPUT || s->expr)) return s;
  return NULL;
}

static at_val unknown_name(at_lower *w, const at_expr *e) {
  at_diag *d = at_lower_error(w, "unknown-name", e->span, "nothing is called `%s` here", e->name);
  const at_stmt *later = made_later(w, e->name);
  if (later) {
    d->note = later->name_span.begin > e->span.begin && strcmp(w->owner, e->name)
                  ? at_diag_text(w->diags, "`%s` is made here, after its use", e->name)
                  : at_diag_text(w->diags, "`%s` is being made here", e->name);
    d->note_span = later->name_span;
  } else if (at_graph_find_axis(w->g, e->name) >= 0) {
    d->hint = at_diag_text(w->diags, "`%s` is an axis; a value or a number is expected", e->name);
  } else if (at_lower_find_module(w, e->name)) {
    d->hint =
        at_diag_text(w->diags, "`%s` is a module; it is called, as `%s(...)`", e->name, e->name);
  } else if (at_op_find(e->name)) {
    d->hint = at_diag_text(w->diags, "`%s` is an operator; write `x |> %s` or `%s(x)`", e->name,
                           e->name, e->name);
  } else {
    d->hint = at_lower_suggest_value(w, e->name);
  }
  return bad;
}

static at_val lower_name(at_lower *w, const at_expr *e) {
  at_sym *s = at_lower_find(w, e->name);
  return s ? at_lower_use(w, s) : unknown_name(w, e);
}

const char *at_lower_string(at_lower *w, const at_expr *e) {
  at_val v = e->kind == AT_E_STRING ? (at_val){.kind = AT_V_SPEC, .spec = e} : at_lower_expr(w, e);
  if (v.kind == AT_V_SPEC && v.spec->kind == AT_E_STRING) return v.spec->name;
  if (v.kind != AT_V_BAD)
    at_lower_error(w, "wrong-type", e->span, "a text is expected here, in quotes");
  return NULL;
}

const char *at_lower_word(at_lower *w, const at_expr *e) {
  if (!e || e->kind != AT_E_NAME) return NULL;
  at_sym *s = at_lower_find(w, e->name);
  if (!s || s->kind != AT_SYM_PARAM) return e->name;
  at_val v = at_lower_use(w, s);
  return v.kind == AT_V_SPEC && v.spec->kind == AT_E_NAME ? v.spec->name : NULL;
}

const char *at_lower_kind_text(at_lower *w, const at_val *v) {
  switch (v->kind) {
    case AT_V_BAD:
    case AT_V_NODE: return "a value";
    case AT_V_NUMBER: return "a number";
    case AT_V_SPEC:
      return at_diag_text(w->diags,
                          v->spec->kind == AT_E_STRING ? "the text \"%s\"" : "the word `%s`",
                          v->spec->name);
    case AT_V_RECORD:
      return at_diag_text(w->diags, "all that module `%s` puts out", v->record->module);
    case AT_V_INSTANCE: return "an instance";
  }
  return "something else";
}

/* ---- arithmetic ---- */

static at_node *scaled(at_lower *w, at_node *n, double by, double shift, at_span span) {
  const at_op *op = at_op_find("scale");
  at_arg arg[AT_MAX_ARG] = {{.set = true, .num = by, .span = span},
                            {.set = true, .num = shift, .span = span}};
  return op ? at_lower_make(w, op, 1, &n, arg, NULL, span) : NULL;
}

static at_val of_numbers(at_lower *w, const at_expr *e, double a, double b) {
  double v = e->op == '+' ? a + b : e->op == '-' ? a - b : e->op == '*' ? a * b : 0;
  if (e->op == '/' && b != 0) v = a / b;
  if ((e->op == '/' && b == 0) || !isfinite(v)) {
    at_lower_error(w, "number-range", e->span,
                   e->op == '/' && b == 0 ? "this divides by zero" : "this number is out of range");
    return bad;
  }
  return number_val(v);
}

/* A number beside a value scales or shifts it. */
static at_val with_number(at_lower *w, const at_expr *e, const at_val *a, const at_val *b) {
  bool left = a->kind == AT_V_NUMBER;
  at_node *n = left ? b->node : a->node;
  double x = left ? a->number : b->number;
  if (e->op == '*') return node_val(scaled(w, n, x, 0, e->span));
  if (e->op == '+') return node_val(scaled(w, n, 1, x, e->span));
  if (e->op == '-') return node_val(scaled(w, n, left ? -1 : 1, left ? x : -x, e->span));
  if (!left && x != 0) return node_val(scaled(w, n, 1 / x, 0, e->span));
  if (left)
    at_lower_error(w, "wrong-type", e->span, "a number cannot be divided by a value");
  else
    at_lower_error(w, "number-range", e->span, "this divides by zero");
  return bad;
}

static at_val lower_binary(at_lower *w, const at_expr *e) {
  static const char *const op[] = {['+'] = "add", ['-'] = "sub", ['*'] = "mul", ['/'] = "div"};
  at_val a = at_lower_expr(w, e->left), b = at_lower_expr(w, e->right);
  if (a.kind == AT_V_BAD || b.kind == AT_V_BAD) return bad;
  if (a.kind > AT_V_NUMBER || b.kind > AT_V_NUMBER) {
    const bool left = a.kind > AT_V_NUMBER;
    at_lower_error(w, "wrong-type", left ? e->left->span : e->right->span,
                   "`%c` takes numbers and values; this is %s", e->op,
                   at_lower_kind_text(w, left ? &a : &b));
    return bad;
  }
  if (a.kind == AT_V_NUMBER && b.kind == AT_V_NUMBER) return of_numbers(w, e, a.number, b.number);
  if (a.kind == AT_V_NUMBER || b.kind == AT_V_NUMBER) return with_number(w, e, &a, &b);
  at_node *in[] = {a.node, b.node};
  return node_val(at_lower_make(w, at_op_find(op[(int)e->op]), 2, in, NULL, NULL, e->span));
}

static at_val lower_negate(at_lower *w, const at_expr *e) {
  at_val v = at_lower_expr(w, e->left);
  if (v.kind == AT_V_NUMBER) return number_val(-v.number);
  if (v.kind == AT_V_NODE) return node_val(scaled(w, v.node, -1, 0, e->span));
  if (v.kind > AT_V_NUMBER)
    at_lower_error(w, "wrong-type", e->span, "%s has no negative", at_lower_kind_text(w, &v));
  return bad;
}

/* ---- pipelines ---- */

at_node *at_lower_stages(at_lower *w, const at_expr *e, at_node *in) {
  if (e->kind == AT_E_PIPE) {
    at_node *left = at_lower_stages(w, e->left, in);
    return left ? at_lower_stages(w, e->right, left) : NULL;
  }
  if (e->kind == AT_E_NAME || e->kind == AT_E_CALL) return at_lower_call(w, e, in, -1);
  if (e->kind != AT_E_BAD)
    at_lower_error(w, "wrong-type", e->span, "an operator is expected here")->hint =
        "stages look like `leaky_relu(0.1) |> normalize(word)`";
  return NULL;
}

/* The last stage may be a module with several outputs. */
static at_val lower_pipe(at_lower *w, const at_expr *e) {
  at_node *in = at_lower_node(w, e->left);
  if (!in) return bad;
  if (e->right->kind == AT_E_NAME || e->right->kind == AT_E_CALL)
    return at_lower_call_val(w, e->right, in, -1);
  return node_val(at_lower_stages(w, e->right, in));
}

/* ---- expressions ---- */

at_val at_lower_expr(at_lower *w, const at_expr *e) {
  switch (e->kind) {
    case AT_E_BAD: return bad;
    case AT_E_NUMBER: return number_val(e->number);
    case AT_E_NAME:
      if (!e->scope) return lower_name(w, e);
      at_lower_error(w, "wrong-argument", e->scope_span,
                     "`@%s` names the parameters of a call; `%s` is none", e->scope, e->name);
      return bad;
    case AT_E_CALL: return at_lower_call_val(w, e, NULL, -1);
    case AT_E_STRING: return (at_val){.kind = AT_V_SPEC, .spec = e, .frame = w->frame};
    case AT_E_MEMBER: return at_lower_member(w, e);
    case AT_E_COND:
      at_lower_error(w, "wrong-type", e->span, "a comparison stands after `if` only")->hint =
          e->op == AT_COND_GT ? "a pipeline is written `|>`, an arrow `->`" : NULL;
      return bad;
    case AT_E_PIPE: return lower_pipe(w, e);
    case AT_E_BINARY: return lower_binary(w, e);
    case AT_E_NEGATE: return lower_negate(w, e);
    case AT_E_LIST:
      at_lower_error(w, "wrong-type", e->span, "a list of axes stands only where axes are named");
      return bad;
  }
  return bad;
}

at_node *at_lower_node(at_lower *w, const at_expr *e) {
  at_val v = at_lower_expr(w, e);
  if (v.kind == AT_V_NODE) return v.node;
  if (v.kind == AT_V_NUMBER)
    at_lower_error(w, "wrong-type", e->span, "a value is expected here; this is the number %g",
                   v.number);
  if (v.kind > AT_V_NUMBER) {
    at_diag *d = at_lower_error(w, "wrong-type", e->span, "a value is expected here; this is %s",
                                at_lower_kind_text(w, &v));
    if (v.kind == AT_V_RECORD && v.record->n)
      d->hint = at_diag_text(w->diags, "choose one of them: `.%s`", v.record->field[0].name);
    if (v.kind == AT_V_SPEC && v.spec->kind == AT_E_STRING) d->hint = "names stand without quotes";
    if (v.kind == AT_V_INSTANCE) d->hint = "call it: its name with values in parentheses";
  }
  return NULL;
}

bool at_lower_number(at_lower *w, const at_expr *e, double *out) {
  at_val v = at_lower_expr(w, e);
  *out = v.number;
  if (v.kind == AT_V_NODE)
    at_lower_error(w, "wrong-type", e->span, "a number is expected here; %s is a value",
                   at_node_title(w->g, v.node));
  if (v.kind > AT_V_NUMBER)
    at_lower_error(w, "wrong-type", e->span, "a number is expected here; this is %s",
                   at_lower_kind_text(w, &v));
  return v.kind == AT_V_NUMBER;
}

bool at_lower_size(at_lower *w, const at_expr *e, const char *what, int64_t *out) {
  double v;
  *out = -1;
  if (!at_lower_number(w, e, &v)) return false;
  if (v >= 1 && v <= INT32_MAX && v == floor(v)) {
    *out = (int64_t)v;
    return true;
  }
  at_diag *d =
      what ? at_lower_error(w, "bad-size", e->span, "axis `%s` cannot have the size %g", what, v)
           : at_lower_error(w, "bad-size", e->span, "there cannot be %g of them", v);
  d->hint = "a size is a whole number from 1";
  const at_sym *s = e->kind == AT_E_NAME ? at_lower_find(w, e->name) : NULL;
  if (s) d->note = at_diag_text(w->diags, "`%s` was set here", s->name);
  if (s) d->note_span = s->span;
  return false;
}

/* ---- scores, as their plugins read them ---- */

static bool add_option(at_lower *w, at_text *t, const at_call_arg *a) {
  char number[32];
  const char *word = NULL;
  at_val v = {.kind = AT_V_BAD};
  if (!a->key || a->to || !a->value) {
    at_lower_error(w, "wrong-argument", a->span, "options of a score are written name = value");
    return false;
  }
  if (a->value->kind == AT_E_NAME) word = at_lower_word(w, a->value);
  if (!word) v = at_lower_expr(w, a->value);
  if (!word && v.kind != AT_V_NUMBER) {
    if (v.kind != AT_V_BAD)
      at_lower_error(w, "wrong-argument", a->value->span,
                     "option `%s` of a score is a number or a name", a->key);
    return false;
  }
  if (!word) at_format_f64(number, v.number);
  at_text_addf(t, "%s%s=%s", t->data[t->len - 1] == '(' ? "" : ", ", a->key, word ? word : number);
  return true;
}

const char *at_lower_spec_text(at_lower *w, const at_expr *e) {
  at_text t = {0};
  bool ok = true;
  if (e->kind == AT_E_NAME) {
    at_sym *s = at_lower_find(w, e->name);
    if (!s || s->kind != AT_SYM_PARAM) return e->name;
    at_val v = at_lower_use(w, s);
    if (v.kind == AT_V_SPEC && v.spec->kind == AT_E_NAME) return v.spec->name;
    if (v.kind == AT_V_SPEC && v.spec->kind == AT_E_CALL) {
      int old = at_lower_enter(w, v.frame);
      const char *text = at_lower_spec_text(w, v.spec);
      w->frame = old;
      return text;
    }
    if (v.kind == AT_V_BAD) return NULL;
  }
  if (e->kind != AT_E_CALL) {
    if (e->kind != AT_E_BAD)
      at_lower_error(w, "wrong-type", e->span, "a score function is expected here")->hint =
          "for example `score = dot` or `score = general(side = key)`";
    return NULL;
  }
  at_text_addf(&t, "%s(", e->name);
  for (const at_call_arg *a = e->args; a && ok && !t.failed; a = a->next) ok = add_option(w, &t, a);
  if (!e->args && !t.failed)
    t.data[--t.len] = '\0';
  else
    at_text_add(&t, ")");
  const char *s = ok && !t.failed ? at_arena_strdup(w->diags->arena, t.data) : NULL;
  if (ok && !s) w->nomem = true;
  at_text_free(&t);
  return s;
}
