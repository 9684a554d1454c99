/* The attend block: score by a plugin, refinement, weights, context. */
#include <stdio.h>
#include <string.h>
#include "dsl/lower_impl.h"

typedef struct block {
  at_lower *w;
  const at_stmt *s;
  const at_expr *query, *key, *value, *over, *along, *score, *refine, *weigh;
} block;

typedef struct slot {
  const char *name;
  const at_expr **at;
  bool required;
} slot;

/* Arguments by name into the block; unknown, twice, missing. */
static bool take(block *b, const at_argument *list, const slot *slots, int n, const char *what) {
  at_lower *w = b->w;
  bool ok = true;
  const char *names[8];
  char hint[200];
  for (int i = 0; i < n; i++) names[i] = slots[i].name;
  for (const at_argument *a = list; a; a = a->next) {
    const slot *s = NULL;
    for (int i = 0; a->key.text && i < n; i++)
      if (!strcmp(slots[i].name, a->key.text)) s = &slots[i];
    if (s && !*s->at && !a->to.text) {
      *s->at = a->value;
      continue;
    }
    ok = false;
    if (s) {
      at_lower_error(w, "argument", a->span, NULL, "`%s` is given twice", s->name);
      continue;
    }
    const char *near = a->key.text ? at_suggest(a->key.text, names, (size_t)n) : NULL;
    if (near) snprintf(hint, sizeof hint, "did you mean `%s`?", near);
    at_lower_error(w, "argument", a->span,
                   near ? hint : "write query = ..., key = ..., over = ..., along = ...",
                   a->key.text ? "attend has no %s `%s`" : "this %s of attend needs its name", what,
                   a->key.text ? a->key.text : "");
  }
  for (int i = 0; ok && i < n; i++)
    if (slots[i].required && !*slots[i].at) {
      at_lower_error(w, "missing-argument", b->s->name.span, NULL, "attend `%s` needs `%s`",
                     b->s->name.text, slots[i].name);
      ok = false;
    }
  return ok;
}

static at_node *compose(block *b, at_node *query, at_node *key, int along, const char **spec) {
  at_lower *w = b->w;
  const at_expr *e = b->score;
  at_node *score = NULL;
  at_error err = {0};
  *spec = at_lower_spec_text(w, e);
  if (!*spec) {
    at_lower_error(w, "type", e->span, "for example `score = dot`",
                   "`score` is the name of a score function");
    return NULL;
  }
  const char *scope = e->scope.text      ? e->scope.text
                      : w->n_attend == 0 ? "score"
                                         : at_arena_printf(w->arena, "%s.score", b->s->name.text);
  if (!scope) {
    at_lower_nomem(w);
    return NULL;
  }
  if (!w->env || !w->env->compose) {
    at_lower_error(w, "unknown-score", e->span, NULL, "there are no score functions here");
    return NULL;
  }
  at_status s =
      w->env->compose(w->env->ctx, w->g, *spec, query, key, along, scope, e->span, &score, &err);
  if (s == AT_ENOMEM)
    at_lower_nomem(w);
  else if (s != AT_OK)
    at_lower_error(w, "score", e->span, NULL, "%s", err.message);
  return s == AT_OK ? score : NULL;
}

/* weigh = softmax(sharpness): over the block's own axis. */
static at_node *weigh(block *b, at_node *refined, int over) {
  at_lower *w = b->w;
  at_arg arg[AT_MAX_ARG] = {{.set = true, .n_axes = 1, .axis = {over}, .span.file = -1}};
  const at_expr *e = b->weigh;
  if ((e->kind != AT_E_CALL && e->kind != AT_E_NAME) || strcmp(e->name.text, "softmax")) {
    at_lower_error(w, "argument", e->span, "write weigh = softmax, or softmax(9)",
                   "weights are made by softmax");
    return NULL;
  }
  for (const at_argument *a = e->kind == AT_E_CALL ? e->args : NULL; a; a = a->next) {
    if (arg[1].set || a->to.text || (a->key.text && strcmp(a->key.text, "sharpness"))) {
      at_lower_error(w, "argument", a->span, "the axis is that of `over`",
                     "softmax takes its sharpness alone here");
      return NULL;
    }
    if (!at_lower_number(w, a->value, &arg[1].num)) return NULL;
    arg[1].set = true;
    arg[1].span = a->span;
  }
  return at_lower_op(w, "softmax", 1, &refined, arg, (at_name){0}, e->span);
}

static at_node *lower_block(block *b) {
  at_lower *w = b->w;
  at_attend a = {.name = b->s->name.text};
  at_error err = {0};
  a.query = at_lower_node(w, b->query);
  a.key = at_lower_node(w, b->key);
  a.value = b->value ? at_lower_node(w, b->value) : a.key;
  if (!a.query || !a.key || !a.value) return NULL;
  a.over = at_lower_axis(w, b->over, a.key);
  a.along = a.over >= 0 ? at_lower_axis(w, b->along, a.key) : -1;
  if (a.along < 0) return NULL;
  if (at_node_dim(a.key, a.over) < 0 || at_node_dim(a.value, a.over) < 0) {
    at_lower_error(w, "unknown-axis", b->over->span, NULL,
                   "`over` is an axis of key and value; %s is %s", at_node_title(w->g, a.key),
                   at_node_axes_text(w->g, a.key));
    return NULL;
  }
  if (!(a.score = compose(b, a.query, a.key, a.along, &a.score_name))) return NULL;
  a.refined = a.score;
  if (b->refine) {
    at_value v = at_lower_stage(w, b->refine, a.score);
    if (v.kind != AT_V_NODE) return NULL;
    a.refined = v.node;
  }
  if (!(a.weight = weigh(b, a.refined, a.over))) return NULL;
  at_node *in[] = {a.weight, a.value};
  at_arg arg[AT_MAX_ARG] = {{.set = true, .n_axes = 1, .axis = {a.over}, .span.file = -1}};
  if (!(a.context = at_lower_op(w, "contract", 2, in, arg, (at_name){0}, b->s->name.span)))
    return NULL;
  a.context->name = at_arena_strdup(w->g->arena, b->s->name.text);
  if (at_graph_add_attend(w->g, &a, &err) != AT_OK) {
    at_lower_error(w, "duplicate-name", b->s->name.span, NULL, "%s", err.message);
    return NULL;
  }
  w->n_attend++;
  return a.context;
}

void at_lower_attend(at_lower *w, const at_stmt *s) {
  block b = {.w = w, .s = s};
  const slot args[] = {{"query", &b.query, true},
                       {"key", &b.key, true},
                       {"value", &b.value, false},
                       {"over", &b.over, true},
                       {"along", &b.along, true}};
  const slot fields[] = {
      {"score", &b.score, true}, {"refine", &b.refine, false}, {"weigh", &b.weigh, true}};
  w->base = s->name.text;
  w->made = 0;
  bool ok = take(&b, s->args, args, 5, "argument");
  ok = take(&b, s->fields, fields, 3, "field") && ok;
  at_node *context = ok && !at_lower_find(w, s->name.text) ? lower_block(&b) : NULL;
  at_lower_define(w, s->name, (at_value){.kind = context ? AT_V_NODE : AT_V_NONE, .node = context},
                  false);
}
