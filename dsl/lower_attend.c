/* The attention block: scores by a plugin, their refinement, weights, context. */
#include <string.h>
#include "dsl/lower.h"

enum { A_QUERY, A_KEY, A_VALUE, A_OVER, A_ALONG, N_ARGS };
static const char *const arg_names[N_ARGS] = {"query", "key", "value", "over", "along"};
enum { C_SCORE, C_REFINE, C_WEIGH, N_CLAUSES };
static const char *const clause_names[N_CLAUSES] = {"score", "refine", "weigh"};

typedef struct block {
  at_lower *w;
  const at_stmt *s;
  const at_expr *arg[N_ARGS];
  const at_expr *clause[N_CLAUSES];
  at_attend a;
} block;

/* ---- what is written ---- */

static int find(const char *name, const char *const *names, int n) {
  for (int i = 0; i < n; i++)
    if (!strcmp(name, names[i])) return i;
  return -1;
}

/* One `name = expression` into its place; unknown and second ones are reported. */
static bool take(block *b, const char *name, at_span span, const at_expr *e,
                 const char *const *names, int n, const at_expr **into) {
  int i = find(name, names, n);
  if (i >= 0 && !into[i]) {
    into[i] = e;
    return true;
  }
  at_diag *d =
      at_lower_error(b->w, "wrong-argument", span,
                     i >= 0 ? "`%s` of attend is given already" : "attend has no `%s`", name);
  if (i >= 0) return false;
  d->hint = at_diag_suggest(b->w->diags, name, names, (size_t)n);
  if (!d->hint)
    d->hint = names == arg_names ? "it has query, key, value, over and along"
                                 : "it has score, refine and weigh";
  return false;
}

static bool read_block(block *b) {
  at_lower *w = b->w;
  bool ok = true;
  for (const at_call_arg *a = b->s->args; a; a = a->next) {
    if (a->key && !a->to) {
      ok = take(b, a->key, a->key_span, a->value, arg_names, N_ARGS, b->arg) && ok;
      continue;
    }
    at_lower_error(w, "wrong-argument", a->span, "arguments of attend are written name = value")
        ->hint = "attend NAME(query = Q, key = K, value = V, over = AXIS, along = AXIS)";
    ok = false;
  }
  for (const at_ast_param *c = b->s->clauses; c; c = c->next)
    ok = take(b, c->name, c->span, c->def, clause_names, N_CLAUSES, b->clause) && ok;
  if (!b->arg[A_VALUE]) b->arg[A_VALUE] = b->arg[A_KEY];
  for (int i = 0; ok && i < N_ARGS + N_CLAUSES; i++) {
    bool clause = i >= N_ARGS;
    if (i == N_ARGS + C_REFINE || (clause ? b->clause[i - N_ARGS] : b->arg[i])) continue;
    at_lower_error(w, "missing-argument", b->s->name_span, "attend `%s` lacks `%s = ...`",
                   b->s->name, clause ? clause_names[i - N_ARGS] : arg_names[i])
        ->hint = i == N_ARGS + C_SCORE   ? "for example `score = dot`"
                 : i == N_ARGS + C_WEIGH ? "for example `weigh = softmax(9)`"
                                         : NULL;
    ok = false;
  }
  return ok;
}

/* ---- axes ---- */

static bool has(block *b, const at_node *v, int axis, int arg, const char *who) {
  at_lower *w = b->w;
  if (at_node_dim(v, axis) >= 0) return true;
  at_lower_error(w, "unknown-axis", b->arg[arg]->span,
                 "the %s of attend has no axis `%s`; it is %s", who, w->g->axis[axis].name,
                 at_node_axes_text(w->g, v));
  return false;
}

static bool is_kind(block *b, int axis, at_axis_kind kind, int arg, const char *hint) {
  const at_axis *a = &b->w->g->axis[axis];
  if (a->kind == kind) return true;
  at_diag *d = at_lower_error(b->w, "axis-kind", b->arg[arg]->span,
                              "`%s` is a %s axis; `%s` takes a %s axis", a->name,
                              at_axis_kind_name(a->kind), arg_names[arg], at_axis_kind_name(kind));
  d->hint = hint;
  d->note = at_diag_text(b->w->diags, "axis `%s` was made here", a->name);
  d->note_span = a->origin;
  return false;
}

static bool read_axes(block *b) {
  at_lower *w = b->w;
  at_attend *a = &b->a;
  a->query = at_lower_node(w, b->arg[A_QUERY]);
  a->key = at_lower_node(w, b->arg[A_KEY]);
  a->value = b->arg[A_VALUE] == b->arg[A_KEY] ? a->key : at_lower_node(w, b->arg[A_VALUE]);
  if (!a->query || !a->key || !a->value) return false;
  a->over = at_lower_axis(w, b->arg[A_OVER], a->key);
  a->along = at_lower_axis(w, b->arg[A_ALONG], a->key);
  if (a->over < 0 || a->along < 0) return false;
  if (!is_kind(b, a->over, AT_SEQUENCE, A_OVER,
               "attention chooses among the items of a sequence") ||
      !is_kind(b, a->along, AT_FEATURE, A_ALONG, "query and key are compared along their features"))
    return false;
  if (!has(b, a->key, a->over, A_OVER, "key") || !has(b, a->value, a->over, A_OVER, "value") ||
      !has(b, a->key, a->along, A_ALONG, "key") || !has(b, a->query, a->along, A_ALONG, "query"))
    return false;
  if (at_node_dim(a->query, a->over) < 0) return true;
  at_lower_error(w, "wrong-shape", b->arg[A_OVER]->span,
                 "the query has the axis `%s` itself, so no item could look at another",
                 w->g->axis[a->over].name)
      ->hint = at_diag_text(w->diags, "give the query's another name: `|> rename(%s -> other)`",
                            w->g->axis[a->over].name);
  return false;
}

/* ---- score ---- */

static bool score_exists(block *b, const char *spec, const at_expr *e) {
  at_lower *w = b->w;
  const char *const *names = NULL;
  size_t n = w->env->score_names ? w->env->score_names(w->env->ctx, &names) : 0;
  size_t len = strcspn(spec, "( ");
  for (size_t i = 0; i < n; i++)
    if (strlen(names[i]) == len && !strncmp(names[i], spec, len)) return true;
  if (!n) return true; /* not known here: the plugins will say */
  const char *name = at_arena_strndup(w->diags->arena, spec, len);
  at_diag *d =
      at_lower_error(w, "unknown-score", e->span, "there is no score `%s`", name ? name : spec);
  if (name) d->hint = at_diag_suggest(w->diags, name, names, n);
  return false;
}

/* Without plugins a model can still be checked: every score has the axes of a product. */
static at_status plain_score(block *b, at_span span, at_error *err) {
  at_node *in[] = {b->a.key, b->a.query};
  at_arg arg[AT_MAX_ARG] = {at_lower_axis_arg(b->a.along, AT_NOWHERE)};
  return at_graph_node(b->w->g, at_op_find("contract"), 2, in, arg, NULL, span, &b->a.score, err);
}

static bool make_score(block *b) {
  at_lower *w = b->w;
  at_attend *a = &b->a;
  const at_expr *e = b->clause[C_SCORE];
  at_error err = {0};
  const char *scope = e->scope          ? e->scope
                      : w->n_score == 0 ? "score"
                                        : at_arena_printf(w->diags->arena, "%s.score", b->s->name);
  a->score_name = at_lower_spec_text(w, e);
  w->nomem = w->nomem || !scope;
  if (!a->score_name || !scope || !score_exists(b, a->score_name, e)) return false;
  at_status s = w->env->compose ? w->env->compose(w->env->ctx, w->g, a->score_name, a->query,
                                                  a->key, a->along, scope, e->span, &a->score, &err)
                                : plain_score(b, e->span, &err);
  w->n_score++;
  if (s == AT_ENOMEM)
    w->nomem = true;
  else if (s != AT_OK)
    at_lower_error(w, "bad-score", e->span, "%s", err.message);
  if (s != AT_OK) return false;
  if (at_node_dim(a->score, a->over) >= 0 && at_node_dim(a->score, a->along) < 0) return true;
  at_lower_error(w, "bad-score", e->span,
                 "the score `%s` is %s; it must vary over `%s` and not over `%s`", a->score_name,
                 at_node_axes_text(w->g, a->score), w->g->axis[a->over].name,
                 w->g->axis[a->along].name);
  return false;
}

/* ---- refinement, weights, context ---- */

static bool keeps_axes(block *b, const at_node *n, int clause) {
  const at_node *s = b->a.score;
  bool same = n->ndim == s->ndim;
  for (int i = 0; same && i < s->ndim; i++) same = at_node_dim(n, s->dim[i].axis) >= 0;
  if (same) return true;
  at_lower_error(b->w, "wrong-shape", b->clause[clause]->span,
                 "`%s` must keep the axes of the scores, %s; this gives %s", clause_names[clause],
                 at_node_axes_text(b->w->g, s), at_node_axes_text(b->w->g, n));
  return false;
}

static bool make_weights(block *b) {
  at_lower *w = b->w;
  at_attend *a = &b->a;
  const at_expr *e = b->clause[C_WEIGH];
  a->refined = b->clause[C_REFINE] ? at_lower_stages(w, b->clause[C_REFINE], a->score) : a->score;
  if (!a->refined || !keeps_axes(b, a->refined, C_REFINE)) return false;
  if (e->kind != AT_E_NAME && e->kind != AT_E_CALL) {
    if (e->kind != AT_E_BAD)
      at_lower_error(w, "wrong-type", e->span, "one operator is expected here")->hint =
          "for example `weigh = softmax(9)`; what comes before belongs to `refine`";
    return false;
  }
  a->weight = at_lower_call(w, e, a->refined, a->over);
  return a->weight && keeps_axes(b, a->weight, C_WEIGH);
}

static bool make_context(block *b) {
  at_lower *w = b->w;
  at_attend *a = &b->a;
  at_error err = {0};
  at_node *in[] = {a->weight, a->value};
  at_arg arg[AT_MAX_ARG] = {at_lower_axis_arg(a->over, b->arg[A_OVER]->span)};
  a->context = at_lower_make(w, at_op_find("contract"), 2, in, arg, NULL, b->s->name_span);
  if (!a->context) return false;
  a->context->name = at_arena_strdup(w->g->arena, b->s->name);
  a->name = b->s->name;
  if (at_graph_add_attend(w->g, a, &err) == AT_OK) return true;
  at_lower_error(w, "duplicate-name", b->s->name_span, "%s", err.message);
  return false;
}

void at_lower_attend(at_lower *w, const at_stmt *s) {
  block b = {.w = w, .s = s};
  if (!at_lower_is_free(w, AT_SYM_ATTEND, s->name, s->name_span)) return;
  bool ok =
      read_block(&b) && read_axes(&b) && make_score(&b) && make_weights(&b) && make_context(&b);
  at_lower_define(w, AT_SYM_ATTEND, s->name, s->name_span,
                  (at_val){.kind = ok ? AT_V_NODE : AT_V_BAD, .node = b.a.context});
}
