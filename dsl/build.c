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
    for (const at_ast_axis *m = a->made; m && e->kind != AT_E_BAD; m = m->next)
      deepen(p, e, m->size);
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

at_call_arg *at_arg_made(at_parse *p, at_expr *value, at_ast_axis *made, at_span made_span,
                         at_span span) {
  at_call_arg *a = at_arg_new(p, value, NULL, made_span, NULL, span);
  if (a) a->made = made;
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

void at_expr_indexed(at_parse *p, at_expr *e, at_expr *index) {
  if (!e || e->kind == AT_E_BAD) return;
  e->scope_index = index;
  deepen(p, e, index);
}

/* Statements in statements: what walks them calls itself too. */
void at_stmt_deepen(at_parse *p, at_stmt *s) {
  enum { MOST = 64 };
  const at_stmt *lists[] = {s->body, s->other};
  s->depth = 1;
  for (int i = 0; i < 2; i++)
    for (const at_stmt *c = lists[i]; c; c = c->next)
      if (c->depth >= s->depth) s->depth = c->depth + 1;
  if (s->depth <= MOST) return;
  if (!p->deep)
    at_diag_add(p->diags, AT_SEV_ERROR, "nesting", s->span, "blocks are nested more than %d deep",
                MOST);
  p->deep = true;
  s->body = s->other = NULL;
  s->depth = 1;
}

const char *at_dotted(at_parse *p, const char *path, const char *name) {
  const char *s = at_arena_printf(p->arena, "%s.%s", path, name);
  p->nomem = p->nomem || !s;
  return s;
}

bool at_include_add(at_parse *p, const char *path, at_span path_span, at_span span) {
  at_ast_include *i = AT_NEW(p->arena, at_ast_include);
  if (!i) return !(p->nomem = true);
  *i = (at_ast_include){path, span, path_span, NULL};
  if (p->last_include)
    p->last_include->next = i;
  else
    p->ast->includes = i;
  p->last_include = i;
  return true;
}

bool at_comment_add(at_parse *p, at_span span) {
  at_ast_comment *c = AT_NEW(p->arena, at_ast_comment);
  if (!c) return !(p->nomem = true);
  c->span = span;
  if (p->last_comment)
    p->last_comment->next = c;
  else
    p->ast->comments = c;
  p->last_comment = c;
  return true;
}

at_ast_model *at_model_new(at_parse *p, const char *name, at_span name_span, at_span span) {
  at_ast_model *m = AT_NEW(p->arena, at_ast_model);
  if (!m) {
    p->nomem = true;
    return NULL;
  }
  m->name = name;
  m->name_span = name_span;
  m->span = span;
  return m;
}
