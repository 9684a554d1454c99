/* Nodes of the syntax tree. */
#include "dsl/parse.h"

at_expr *at_expr_new(at_parse *p, at_expr_kind kind, at_span span) {
  at_expr *e = AT_NEW(p->arena, at_expr);
  if (!e) {
    p->nomem = true;
    return NULL;
  }
  e->kind = kind;
  e->span = span;
  e->depth = 1;
  return e;
}

at_expr *at_expr_name(at_parse *p, const char *name, at_span span) {
  at_expr *e = at_expr_new(p, AT_E_NAME, span);
  if (!e) return NULL;
  e->name = name;
  e->name_span = span;
  return e;
}

/* What walks the tree calls itself, so its depth is bounded here: a deeper expression
 * is cut off and reported, once. */
static void deepen(at_parse *p, at_expr *e, const at_expr *child) {
  if (!child || child->depth < e->depth) return;
  e->depth = child->depth + 1;
  if (e->depth <= AT_DSL_MAX_DEPTH) return;
  if (!p->deep)
    at_diag_add(p->diags, AT_SEV_ERROR, "nesting", e->span,
                "this expression chains or nests more than %d operations", AT_DSL_MAX_DEPTH)
        ->hint = "name parts of it with `let`";
  p->deep = true;
  at_span span = e->span;
  *e = (at_expr){.kind = AT_E_BAD, .span = span, .depth = 1};
}

at_expr *at_expr_call(at_parse *p, const char *name, at_span name_span, at_call_arg *args,
                      at_span span) {
  at_expr *e = at_expr_new(p, AT_E_CALL, span);
  if (!e) return NULL;
  e->name = name;
  e->name_span = name_span;
  e->args = args;
  for (at_call_arg *a = args; a && e->kind != AT_E_BAD; a = a->next) {
    deepen(p, e, a->value);
    if (e->kind != AT_E_BAD) deepen(p, e, a->size);
  }
  return e;
}

at_expr *at_expr_binary(at_parse *p, at_expr_kind kind, char op, at_expr *left, at_expr *right,
                        at_span span) {
  at_expr *e = at_expr_new(p, kind, span);
  if (!e) return NULL;
  e->op = op;
  e->left = left;
  e->right = right;
  deepen(p, e, left);
  if (e->kind != AT_E_BAD) deepen(p, e, right);
  return e;
}

at_expr *at_expr_scoped(at_expr *e, const char *scope, at_span span) {
  if (!e) return NULL;
  e->scope = scope;
  e->scope_span = span;
  e->span.end = span.end;
  return e;
}

at_call_arg *at_arg_new(at_parse *p, at_expr *value, const char *to, at_span to_span, at_expr *size,
                        at_span span) {
  at_call_arg *a = AT_NEW(p->arena, at_call_arg);
  if (!a) {
    p->nomem = true;
    return NULL;
  }
  a->span = span;
  a->value = value;
  a->to = to;
  a->to_span = to_span;
  a->size = size;
  return a;
}

at_call_arg *at_arg_keyed(at_call_arg *a, const char *key, at_span key_span, at_span span) {
  if (!a) return NULL;
  a->key = key;
  a->key_span = key_span;
  a->span = span;
  return a;
}

at_ast_axis *at_axis_new(at_parse *p, const char *name, at_span span) {
  at_ast_axis *a = AT_NEW(p->arena, at_ast_axis);
  if (!a) {
    p->nomem = true;
    return NULL;
  }
  a->name = name;
  a->span = span;
  return a;
}

at_ast_param *at_param_new(at_parse *p, const char *name, at_span span, at_expr *def) {
  at_ast_param *a = AT_NEW(p->arena, at_ast_param);
  if (!a) {
    p->nomem = true;
    return NULL;
  }
  a->name = name;
  a->span = span;
  a->def = def;
  return a;
}

at_stmt *at_stmt_new(at_parse *p, at_stmt_kind kind, const char *name, at_span name_span,
                     at_expr *expr, at_span span) {
  at_stmt *s = AT_NEW(p->arena, at_stmt);
  if (!s) {
    p->nomem = true;
    return NULL;
  }
  s->kind = kind;
  s->span = span;
  s->name = name;
  s->name_span = name_span;
  s->expr = expr;
  return s;
}

at_ast_model *at_model_new(at_parse *p, const char *name, at_span span) {
  at_ast_model *m = AT_NEW(p->arena, at_ast_model);
  if (!m) {
    p->nomem = true;
    return NULL;
  }
  m->name = name;
  m->name_span = span;
  return m;
}
