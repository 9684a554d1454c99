/* Names in statements that do not hold: said, if not worked out, and so not forgotten. */
#include "dsl/lower.h"

enum { MOST = 100000 }; /* turns of a repeat that say the same again and again must not take long */

static void name(at_lower *w, const char *text) {
  at_sym *s = text && w->mentions++ < MOST ? at_lower_find(w, text) : NULL;
  if (s) s->used = true;
}

static void axes(at_lower *w, const at_ast_axis *a) {
  for (; a; a = a->next) {
    name(w, a->name);
    at_lower_mention(w, a->size);
  }
}

static void args(at_lower *w, const at_call_arg *a) {
  for (; a; a = a->next) {
    at_lower_mention(w, a->value);
    name(w, a->to);
    at_lower_mention(w, a->size);
    axes(w, a->made);
  }
}

void at_lower_mention(at_lower *w, const at_expr *e) {
  if (!e || w->mentions >= MOST) return;
  if (e->kind == AT_E_NAME || e->kind == AT_E_CALL) name(w, e->name);
  args(w, e->args);
  at_lower_mention(w, e->scope_index);
  at_lower_mention(w, e->left);
  at_lower_mention(w, e->right);
  for (const at_expr *i = e->items; i; i = i->next) at_lower_mention(w, i);
}

void at_lower_mention_body(at_lower *w, const at_stmt *s) {
  for (; s && w->mentions < MOST; s = s->next) {
    w->mentions++;
    if (s->kind == AT_S_OUTPUT && !s->expr) name(w, s->name);
    at_lower_mention(w, s->expr);
    at_lower_mention(w, s->vocabulary);
    axes(w, s->axes);
    args(w, s->args);
    for (const at_ast_param *c = s->clauses; c; c = c->next) {
      at_lower_mention(w, c->def);
      at_lower_mention(w, c->when);
    }
    at_lower_mention(w, s->first);
    at_lower_mention(w, s->last);
    at_lower_mention_body(w, s->body);
    at_lower_mention_body(w, s->other);
  }
}
