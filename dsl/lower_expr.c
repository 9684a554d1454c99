/* Expressions: names, numbers, arithmetic, pipelines. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "dsl/lower_impl.h"

static const at_value none = {0};

/* ---- names ---- */

static at_value unknown_name(at_lower *w, const at_name *n) {
  const char *names[512], *near;
  char hint[200];
  size_t k = 0;
  for (size_t i = 0; i < w->n_bind && k < 512; i++) names[k++] = w->bind[i].name.text;
  near = at_suggest(n->text, names, k);
  if (near)
    snprintf(hint, sizeof hint, "did you mean `%s`?", near);
  else if (at_graph_find_axis(w->g, n->text) >= 0) {
    near = n->text;
    snprintf(hint, sizeof hint, "`%.100s` is an axis; a value is needed here", n->text);
  } else if (at_op_find(n->text)) {
    near = n->text;
    snprintf(hint, sizeof hint, "`%.100s` is an operator; a value is needed here", n->text);
  }
  at_lower_error(w, "unknown-name", n->span, near ? hint : NULL, "there is no value `%s`", n->text);
  return none;
}

static at_value lower_name(at_lower *w, const at_expr *e) {
  at_binding *b = at_lower_find(w, e->name.text);
  return b ? at_lower_use(w, b) : unknown_name(w, &e->name);
}

const char *at_lower_spec_text(at_lower *w, const at_expr *e) {
  if (e->kind == AT_E_NAME) {
    at_binding *b = at_lower_find(w, e->name.text);
    if (b) {
      at_value v = at_lower_use(w, b);
      return v.kind == AT_V_SPEC ? v.text : NULL;
    }
    return e->name.text;
  }
  if (e->kind != AT_E_CALL || e->span.file < 0) return NULL;
  uint32_t end = e->scope.text ? e->scope.span.begin - 1 : e->span.end;
  while (end > e->span.begin && w->src->text[end - 1] != ')') end--;
  const char *s = at_arena_strndup(w->arena, w->src->text + e->span.begin, end - e->span.begin);
  if (!s) at_lower_nomem(w);
  return s;
}

/* ---- arithmetic ---- */

static at_arg number_arg(double v) { return (at_arg){.set = true, .num = v, .span.file = -1}; }

static at_value scaled(at_lower *w, at_node *n, double by, double shift, at_span span) {
  at_arg arg[AT_MAX_ARG] = {number_arg(by), number_arg(shift)};
  at_node *out = at_lower_op(w, "scale", 1, &n, arg, (at_name){0}, span);
  return out ? (at_value){.kind = AT_V_NODE, .node = out} : none;
}

static double fold(char op, double a, double b) {
  return op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b;
}

static at_value lower_binary(at_lower *w, const at_expr *e) {
  at_value a = at_lower_expr(w, e->left), b = at_lower_expr(w, e->right);
  if (a.kind == AT_V_NONE || b.kind == AT_V_NONE) return none;
  if (a.kind == AT_V_SPEC || b.kind == AT_V_SPEC) {
    at_lower_error(w, "type", a.kind == AT_V_SPEC ? e->left->span : e->right->span, NULL,
                   "`%s` is neither a number nor a value; it cannot be calculated with",
                   a.kind == AT_V_SPEC ? a.text : b.text);
    return none;
  }
  if (a.kind == AT_V_NUMBER && b.kind == AT_V_NUMBER) {
    double v = fold(e->op, a.number, b.number);
    if (isfinite(v)) return (at_value){.kind = AT_V_NUMBER, .number = v};
    at_lower_error(w, "number", e->span, NULL, "this is no finite number");
    return none;
  }
  if (a.kind == AT_V_NODE && b.kind == AT_V_NODE) {
    const char *op = e->op == '+' ? "add" : e->op == '-' ? "sub" : e->op == '*' ? "mul" : "div";
    at_node *in[] = {a.node, b.node}, *out = at_lower_op(w, op, 2, in, NULL, (at_name){0}, e->span);
    return out ? (at_value){.kind = AT_V_NODE, .node = out} : none;
  }
  at_node *n = a.kind == AT_V_NODE ? a.node : b.node;
  double v = a.kind == AT_V_NODE ? b.number : a.number;
  switch (e->op) {
    case '+': return scaled(w, n, 1, v, e->span);
    case '*': return scaled(w, n, v, 0, e->span);
    case '-':
      return a.kind == AT_V_NODE ? scaled(w, n, 1, -v, e->span) : scaled(w, n, -1, v, e->span);
    default: break;
  }
  if (a.kind == AT_V_NODE && v != 0) return scaled(w, n, 1 / v, 0, e->span);
  at_lower_error(
      w, "type", e->span, NULL,
      a.kind == AT_V_NODE ? "this divides by zero" : "a number cannot be divided by a value");
  return none;
}

static at_value lower_minus(at_lower *w, const at_expr *e) {
  at_value v = at_lower_expr(w, e->left);
  if (v.kind == AT_V_NUMBER)
    v.number = -v.number;
  else if (v.kind == AT_V_NODE)
    return scaled(w, v.node, -1, 0, e->span);
  else if (v.kind == AT_V_SPEC) {
    at_lower_error(w, "type", e->span, NULL, "`%s` is not a number", v.text);
    return none;
  }
  return v;
}

/* ---- stages ---- */

/* A stage that a parameter holds: pool = logsumexp(sharpness = 6), used as pool(word) or pool. */
static at_value stage_of(at_lower *w, const at_expr *e, at_node *in) {
  at_binding *b = e->name.text ? at_lower_find(w, e->name.text) : NULL;
  if (!b || (!at_op_find(e->name.text) && !b->is_param) || !b->is_param)
    return at_lower_call(w, e, in);
  at_value v = at_lower_use(w, b);
  if (v.kind != AT_V_SPEC) {
    if (v.kind != AT_V_NONE)
      at_lower_error(w, "type", e->span, NULL,
                     "parameter `%s` is a number; it cannot be used as an operator", e->name.text);
    return none;
  }
  at_expr merged = *v.expr;
  merged.kind = AT_E_CALL;
  merged.span = e->span;
  merged.scope = e->scope.text ? e->scope : v.expr->scope;
  at_argument *first = NULL, **link = &first;
  for (int part = 0; part < 2; part++)
    for (const at_argument *a = part ? v.expr->args : e->args; a; a = a->next) {
      at_argument *copy = AT_NEW(w->arena, at_argument);
      if (!copy) {
        at_lower_nomem(w);
        return none;
      }
      *copy = *a;
      copy->next = NULL;
      *link = copy;
      link = &copy->next;
    }
  merged.args = first;
  return at_lower_call(w, &merged, in);
}

at_value at_lower_stage(at_lower *w, const at_expr *e, at_node *in) {
  if (!e || e->kind == AT_E_BAD) return none;
  if (e->kind == AT_E_PIPE) {
    at_value v = at_lower_stage(w, e->left, in);
    if (v.kind == AT_V_NONE) return none;
    if (v.kind != AT_V_NODE) {
      at_lower_error(w, "type", e->left->span, NULL, "only a value can flow into `|>`");
      return none;
    }
    return stage_of(w, e->right, v.node);
  }
  if (in && (e->kind == AT_E_CALL || e->kind == AT_E_NAME)) return stage_of(w, e, in);
  if (in) {
    at_lower_error(w, "type", e->span, NULL, "an operator is needed here");
    return none;
  }
  return at_lower_expr(w, e);
}

/* ---- expressions ---- */

at_value at_lower_expr(at_lower *w, const at_expr *e) {
  if (!e) return none;
  switch (e->kind) {
    case AT_E_BAD: return none;
    case AT_E_NUMBER: return (at_value){.kind = AT_V_NUMBER, .number = e->number};
    case AT_E_NAME: return lower_name(w, e);
    case AT_E_CALL: return stage_of(w, e, NULL);
    case AT_E_PIPE: return at_lower_stage(w, e, NULL);
    case AT_E_BINARY: return lower_binary(w, e);
    case AT_E_MINUS: return lower_minus(w, e);
  }
  return none;
}

at_node *at_lower_node(at_lower *w, const at_expr *e) {
  at_value v = at_lower_expr(w, e);
  if (v.kind == AT_V_NODE) return v.node;
  if (v.kind == AT_V_NUMBER)
    at_lower_error(w, "type", e->span, NULL, "a value is needed here; this is the number %g",
                   v.number);
  if (v.kind == AT_V_SPEC)
    at_lower_error(w, "type", e->span, NULL, "a value is needed here; this is `%s`", v.text);
  return NULL;
}

bool at_lower_number(at_lower *w, const at_expr *e, double *out) {
  at_value v = at_lower_expr(w, e);
  if (v.kind == AT_V_NUMBER) {
    *out = v.number;
    return true;
  }
  if (v.kind == AT_V_SPEC)
    at_lower_error(w, "type", e->span, NULL, "a number is needed here; this is `%s`", v.text);
  if (v.kind == AT_V_NODE)
    at_lower_error(w, "type", e->span, NULL, "a number is needed here; this is a value");
  return false;
}

bool at_lower_size(at_lower *w, const at_expr *e, const char *what, int64_t *out) {
  double v;
  if (!at_lower_number(w, e, &v)) return false;
  if (v < 1 || v > 1e9 || v != floor(v)) {
    at_lower_error(w, "bad-size", e->span, NULL, "axis `%s` cannot have the size %g", what, v);
    return false;
  }
  *out = (int64_t)v;
  return true;
}

int at_lower_axis(at_lower *w, const at_expr *e, const at_node *v) {
  if (!e || e->kind == AT_E_BAD) return -1;
  if (e->kind != AT_E_NAME) {
    at_lower_error(w, "unknown-axis", e->span, NULL, "the name of an axis is needed here");
    return -1;
  }
  int a = at_graph_find_axis(w->g, e->name.text);
  at_binding *b = at_lower_find(w, e->name.text);
  if (b && b->is_param) b->used = true; /* `d` is the size and the axis */
  if (a >= 0) return a;
  const char *names[64], *near;
  char hint[300];
  size_t n = 0;
  for (int i = 0; i < w->g->n_axis && n < 64; i++) names[n++] = w->g->axis[i].name;
  near = at_suggest(e->name.text, names, n);
  if (near)
    snprintf(hint, sizeof hint, "did you mean `%.100s`?", near);
  else if (v)
    snprintf(hint, sizeof hint, "%.80s has %.200s", at_node_title(w->g, v),
             at_node_axes_text(w->g, v));
  at_lower_error(w, "unknown-axis", e->span, near || v ? hint : NULL, "there is no axis `%s`",
                 e->name.text);
  return -1;
}
