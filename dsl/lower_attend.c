/* The attention block: scores by a plugin, their refinement, weights, context. */
#include <string.h>
#include "dsl/lower.h"

enum { A_QUERY, A_KEY, A_VALUE, A_OVER, A_ALONG, N_ARGS };
static const char *const arg_names[N_ARGS] = {"query", "key", "value", "over", "along"};
enum {
  C_SCORE,
  C_INTERACT,
  C_HEADS,
  C_PARAMETERS,
  C_MASK,
  C_REFINE,
  C_WEIGH,
  C_DROPOUT,
  N_CLAUSES
};
static const char *const clause_names[N_CLAUSES] = {"score", "interact", "heads", "parameters",
                                                    "mask",  "refine",   "weigh", "dropout"};

typedef struct block {
  at_lower *w;
  const at_stmt *s;
  const at_expr *arg[N_ARGS];
  const at_expr *clause[N_CLAUSES];
  at_attend a;
  int query_axis;   /* of self-attention: what `over` is called on the query's side; else -1 */
  int merged, head; /* of several heads: the axis of the result that they share, -1: one head */
  int depth;        /* and what one head has of it */
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
    d->hint = names == arg_names
                  ? "it has query, key, value, over and along"
                  : "it has score, interact, heads, parameters, mask, refine, weigh and dropout";
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
  for (const at_ast_param *c = b->s->clauses; c; c = c->next) {
    bool holds = true;
    if (c->when && !at_lower_condition(w, c->when, &holds)) ok = false;
    if (!holds) at_lower_mention(b->w, c->def);
    if (holds) ok = take(b, c->name, c->span, c->def, clause_names, N_CLAUSES, b->clause) && ok;
  }
  if (!b->arg[A_VALUE]) b->arg[A_VALUE] = b->arg[A_KEY];
  for (int i = 0; ok && i < N_ARGS + N_CLAUSES; i++) {
    bool clause = i >= N_ARGS;
    if ((clause && i != N_ARGS + C_SCORE && i != N_ARGS + C_WEIGH) ||
        (clause ? b->clause[i - N_ARGS] : b->arg[i]))
      continue;
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
  at_diag *d = at_lower_error(w, "unknown-axis", b->arg[arg]->span,
                              "the %s of attend has no axis `%s`; it is %s", who,
                              w->g->axis[axis].name, at_node_axes_text(w->g, v));
  d->hint = arg == A_OVER ? "`over` is the axis of the key whose items are chosen from"
                          : "`along` is the axis that query and key are compared along";
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

static at_node *renamed(block *b, at_node *v, int from, int to, int arg) {
  at_arg a[AT_MAX_ARG] = {{.set = true,
                           .n_axes = 1,
                           .axis = {from},
                           .to = to,
                           .to_size = -1,
                           .span = b->arg[arg]->span}};
  return at_lower_make(b->w, at_op_find("rename"), 1, &v, a, NULL, b->arg[arg]->span);
}

/* Self-attention: on the side of key and value the axis gets a name of its own. */
static bool look_at_oneself(block *b) {
  at_lower *w = b->w;
  at_attend *a = &b->a;
  at_error err = {0};
  const int axis = a->over;
  const char *name = at_arena_printf(w->diags->arena, "%s'", w->g->axis[axis].name);
  if (!name || at_graph_axis(w->g, name, AT_SEQUENCE, w->g->axis[axis].parent, b->arg[A_OVER]->span,
                             &a->over, &err) != AT_OK) {
    w->nomem = true;
    return false;
  }
  b->query_axis = axis;
  bool same = a->value == a->key;
  a->key = renamed(b, a->key, axis, a->over, A_KEY);
  a->value = same ? a->key : renamed(b, a->value, axis, a->over, A_VALUE);
  return a->key && a->value;
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
  b->query_axis = -1;
  return at_node_dim(a->query, a->over) < 0 || look_at_oneself(b);
}

/* ---- heads ---- */

static at_node *split_heads(block *b, at_node *v, int axis, int depth, int64_t heads, int arg) {
  at_lower *w = b->w;
  at_arg a[AT_MAX_ARG] = {{.set = true,
                           .n_axes = 1,
                           .axis = {axis},
                           .n_made = 2,
                           .made = {b->head, depth},
                           .made_size = {heads, -1},
                           .span = b->arg[arg]->span}};
  return at_lower_make(w, at_op_find("split"), 1, &v, a, NULL, b->arg[arg]->span);
}

static bool divisible(block *b, const at_node *v, int axis, int64_t heads) {
  int d = at_node_dim(v, axis);
  if (d < 0 || v->dim[d].size < 0 || v->dim[d].size % heads == 0) return true;
  at_lower_error(b->w, "bad-size", b->clause[C_HEADS]->span,
                 "`%s` has the size %lld, which %lld heads cannot share evenly",
                 b->w->g->axis[axis].name, (long long)v->dim[d].size, (long long)heads);
  return false;
}

/* The axis of the value that the heads share: `along`, or its last feature axis. */
static int value_axis(const block *b) {
  const at_node *v = b->a.value;
  if (at_node_dim(v, b->a.along) >= 0) return b->a.along;
  for (int i = v->ndim; i-- > 0;)
    if (b->w->g->axis[v->dim[i].axis].kind == AT_FEATURE) return v->dim[i].axis;
  return -1;
}

static bool depth_axis(block *b, int of, int *out) {
  at_error err = {0};
  const char *name = at_arena_printf(b->w->diags->arena, "%s/head", b->w->g->axis[of].name);
  if (name &&
      at_graph_axis(b->w->g, name, AT_FEATURE, -1, b->clause[C_HEADS]->span, out, &err) == AT_OK)
    return true;
  b->w->nomem = true;
  return false;
}

static bool make_heads(block *b) {
  at_lower *w = b->w;
  at_attend *a = &b->a;
  int64_t heads;
  at_error err = {0};
  int along;
  b->merged = b->head = -1;
  if (!b->clause[C_HEADS]) return true;
  if (!at_lower_size(w, b->clause[C_HEADS], NULL, &heads)) return false;
  b->merged = value_axis(b);
  if (b->merged < 0) {
    at_lower_error(w, "wrong-shape", b->arg[A_VALUE]->span,
                   "the value has no feature axis that heads could share");
    return false;
  }
  if (!divisible(b, a->key, a->along, heads) || !divisible(b, a->value, b->merged, heads))
    return false;
  if (at_graph_axis(w->g, "head", AT_SEQUENCE, -1, b->clause[C_HEADS]->span, &b->head, &err) !=
      AT_OK) {
    at_lower_error(w, "axis-kind", b->clause[C_HEADS]->span, "%s", err.message);
    return false;
  }
  if (!depth_axis(b, a->along, &along) || !depth_axis(b, b->merged, &b->depth)) return false;
  bool same = a->value == a->key;
  a->query = split_heads(b, a->query, a->along, along, heads, A_QUERY);
  a->key = split_heads(b, a->key, a->along, along, heads, A_KEY);
  a->value = same ? a->key : split_heads(b, a->value, b->merged, b->depth, heads, A_VALUE);
  a->along = along;
  return a->query && a->key && a->value;
}

/* ---- score ---- */

static const char *all_scores(at_lower *w, const char *const *names, size_t n) {
  at_text t = {0};
  for (size_t i = 0; i < n; i++)
    at_text_addf(&t, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ", names[i]);
  const char *s = t.data && !t.failed ? at_diag_text(w->diags, "there are %s", t.data) : NULL;
  at_text_free(&t);
  return s;
}

static bool score_exists(block *b, const char *spec, const at_expr *e) {
  at_lower *w = b->w;
  const char *const *names = NULL;
  size_t len = strcspn(spec, "( ");
  const char *name = at_arena_strndup(w->diags->arena, spec, len);
  if (name && w->env->score_known && w->env->score_known(w->env->scores, name)) return true;
  size_t n = w->env->score_names ? w->env->score_names(w->env->scores, &names) : 0;
  for (size_t i = 0; i < n; i++)
    if (strlen(names[i]) == len && !strncmp(names[i], spec, len)) return true;
  if (!n) return true; /* not known here: the plugins will say */
  at_diag *d =
      at_lower_error(w, "unknown-score", e->span, "there is no score `%s`", name ? name : spec);
  if (name) d->hint = at_diag_suggest(w->diags, name, names, n);
  if (!d->hint) d->hint = all_scores(w, names, n);
  const at_sym *s = e->kind == AT_E_NAME ? at_lower_find(w, e->name) : NULL;
  if (s) d->note = at_diag_text(w->diags, "`%s` was set here", s->name);
  if (s) d->note_span = s->span;
  return false;
}

/* Without plugins a model can still be checked: every score has the axes of a product. */
static at_status plain_score(block *b, at_span span, at_error *err) {
  at_node *in[] = {b->a.key, b->a.query};
  if (b->clause[C_INTERACT])
    return at_graph_node(b->w->g, at_op_find("mul"), 2, in, NULL, NULL, span, &b->a.score, err);
  at_arg arg[AT_MAX_ARG] = {at_lower_axis_arg(b->a.along, AT_NOWHERE)};
  return at_graph_node(b->w->g, at_op_find("contract"), 2, in, arg, NULL, span, &b->a.score, err);
}

static bool says(at_lower *w, const at_expr *e, const char *word);

/* The axis of the heads where each has parameters of its own, else -1. */
static bool whose_parameters(block *b, int *each) {
  at_lower *w = b->w;
  const at_expr *e = b->clause[C_PARAMETERS];
  *each = -1;
  if (!e || says(w, e, "shared")) return true;
  if (says(w, e, "each") && b->head >= 0) {
    *each = b->head;
    return true;
  }
  at_lower_error(w, "wrong-argument", e->span,
                 says(w, e, "each") ? "there are no heads to have parameters of their own"
                                    : "parameters are `shared` by the heads, or of `each`")
      ->hint = "for example `heads = 4` and `parameters = each`";
  return false;
}

static bool make_score(block *b) {
  at_lower *w = b->w;
  at_attend *a = &b->a;
  const at_expr *e = b->clause[C_SCORE];
  at_error err = {0};
  bool bad_scope = false;
  int each;
  const char *scope = at_lower_scope(w, e, &bad_scope);
  if (bad_scope || !whose_parameters(b, &each)) return false;
  if (!w->first_score && !w->depth) w->first_score = b->s;
  if (!scope)
    scope =
        w->first_score == b->s ? "score" : at_arena_printf(w->diags->arena, "%s.score", b->s->name);
  if (scope) scope = at_lower_path(w, scope);
  a->score_name = at_lower_spec_text(w, e);
  w->nomem = w->nomem || !scope;
  if (!a->score_name || !scope || !score_exists(b, a->score_name, e)) return false;
  at_status s = w->env->compose ? w->env->compose(w->env->scores, w->g, a->score_name, a->query,
                                                  a->key, a->along, b->clause[C_INTERACT] != NULL,
                                                  each, scope, e->span, &a->score, &err)
                                : plain_score(b, e->span, &err);
  if (s == AT_ENOMEM)
    w->nomem = true;
  else if (s != AT_OK)
    at_lower_error(w, "bad-score", e->span, "%s", err.message);
  if (s != AT_OK) return false;
  a->product = a->score;
  a->interact = b->clause[C_INTERACT] != NULL;
  a->scope = at_arena_strdup(w->g->arena, scope);
  w->nomem = w->nomem || !a->scope;
  if (b->clause[C_INTERACT]) {
    a->score = at_lower_stages(w, b->clause[C_INTERACT], a->score);
    if (!a->score) return false;
  }
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

/* The word that a clause says, or that the parameter holds which it names; NULL: none. */
static const at_expr *word_of(at_lower *w, const at_expr *e) {
  if (!e || (e->kind != AT_E_NAME && e->kind != AT_E_CALL)) return NULL;
  at_sym *s = at_lower_find(w, e->name);
  if (!s) return e;
  if (s->kind != AT_SYM_PARAM || e->kind != AT_E_NAME) return NULL;
  at_val v = at_lower_use(w, s);
  return v.kind == AT_V_SPEC && v.spec->kind != AT_E_STRING ? v.spec : NULL;
}

static bool says(at_lower *w, const at_expr *e, const char *word) {
  const at_expr *said = word_of(w, e);
  return said && !strcmp(said->name, word);
}

/* Unlike `causal` it takes nothing. */
static bool says_none(at_lower *w, const at_expr *e) {
  return says(w, e, "none") && word_of(w, e)->kind == AT_E_NAME;
}

/* `causal`, `causal(part)`, `none`, or a value that is 0 where nobody may look. */
static bool make_mask(block *b) {
  at_lower *w = b->w;
  const at_expr *e = b->clause[C_MASK];
  at_attend *a = &b->a;
  if (!e || says_none(w, e)) return true;
  if (!says(w, e, "causal")) {
    at_node *in[] = {a->refined, at_lower_node(w, e)};
    a->refined = in[1] ? at_lower_make(w, at_op_find("mask"), 2, in, NULL, NULL, e->span) : NULL;
    return a->refined != NULL;
  }
  if (b->query_axis < 0) {
    at_lower_error(w, "wrong-argument", e->span, "only what attends to itself has an order")->hint =
        "`causal` needs a query with the axis attended over";
    return false;
  }
  at_arg arg[AT_MAX_ARG] = {at_lower_axis_arg(a->over, e->span),
                            at_lower_axis_arg(b->query_axis, e->span)};
  const at_call_arg *p = word_of(w, e)->args;
  if (p) {
    int axis = p->value && !p->key && !p->next ? at_lower_axis(w, p->value, a->query) : -1;
    if (axis < 0) return false;
    arg[2] = at_lower_axis_arg(axis, p->span);
  }
  a->refined = at_lower_make(w, at_op_find("causal"), 1, &a->refined, arg, NULL, e->span);
  return a->refined != NULL;
}

/* `softmax(region)`: the axis is known already. */
static bool names_over(block *b, const at_expr *e) {
  at_lower *w = b->w;
  const at_call_arg *p = e->kind == AT_E_CALL ? e->args : NULL;
  const at_expr *v = p && !p->to && !p->made ? p->value : NULL;
  if (!v || v->kind != AT_E_NAME || at_lower_find(w, v->name) ||
      at_graph_find_axis(w->g, v->name) < 0)
    return false;
  at_lower_error(w, "wrong-argument", p->span, "`%s` is no argument of `weigh`: its axis is `over`",
                 v->name)
      ->hint = "as in `weigh = softmax` or `weigh = softmax(9)`";
  return true;
}

static bool make_weights(block *b) {
  at_lower *w = b->w;
  at_attend *a = &b->a;
  const at_expr *e = b->clause[C_WEIGH];
  const at_expr *refine = b->clause[C_REFINE];
  a->refined = refine && !says_none(w, refine) ? at_lower_stages(w, refine, a->score) : a->score;
  if (!a->refined || !keeps_axes(b, a->refined, C_REFINE) || !make_mask(b)) return false;
  a->weight = a->refined;
  if (says_none(w, e)) return true;
  if (names_over(b, e)) return false;
  if (e->kind != AT_E_NAME && e->kind != AT_E_CALL) {
    if (e->kind != AT_E_BAD)
      at_lower_error(w, "wrong-type", e->span, "one operator is expected here")->hint =
          "for example `weigh = softmax(9)`; what comes before belongs to `refine`";
    return false;
  }
  a->weight = at_lower_call(w, e, a->refined, a->over);
  return a->weight && keeps_axes(b, a->weight, C_WEIGH);
}

static at_node *dropped(block *b) {
  at_lower *w = b->w;
  const at_expr *e = b->clause[C_DROPOUT];
  at_node *v = b->a.weight;
  at_arg arg[AT_MAX_ARG] = {{.set = true}};
  if (!e) return v;
  if (!at_lower_number(w, e, &arg[0].num)) return NULL;
  arg[0].span = e->span;
  return arg[0].num == 0 ? v : at_lower_make(w, at_op_find("dropout"), 1, &v, arg, NULL, e->span);
}

static at_node *merge_heads(block *b, at_node *v) {
  at_arg a[AT_MAX_ARG] = {{.set = true,
                           .n_axes = 2,
                           .axis = {b->head, b->depth},
                           .to = b->merged,
                           .to_size = -1,
                           .span = b->clause[C_HEADS]->span}};
  return at_lower_make(b->w, at_op_find("flatten"), 1, &v, a, NULL, b->clause[C_HEADS]->span);
}

/* "cell.read.2": in the module `cell`, turn 2; a second call of an instance counts on. */
static const char *unique_name(block *b) {
  at_lower *w = b->w;
  const char *path = at_lower_path(w, b->s->name);
  const char *name = path ? at_arena_printf(w->diags->arena, "%s%s", path, w->turns) : NULL;
  for (int i = 2; name && i < 1000; i++) {
    bool taken = false;
    for (int k = 0; k < w->g->n_attend; k++) taken |= !strcmp(w->g->attend[k].name, name);
    if (!taken) return name;
    if (!w->depth) return name; /* two blocks of the model itself: a mistake */
    name = at_arena_printf(w->diags->arena, "%s%s_%d", path, w->turns, i);
  }
  return name;
}

static bool make_context(block *b) {
  at_lower *w = b->w;
  at_attend *a = &b->a;
  at_error err = {0};
  at_node *in[] = {dropped(b), a->value};
  at_arg arg[AT_MAX_ARG] = {at_lower_axis_arg(a->over, b->arg[A_OVER]->span)};
  if (!in[0]) return false;
  a->context = at_lower_make(w, at_op_find("contract"), 2, in, arg, NULL, b->s->name_span);
  if (a->context && b->head >= 0) a->context = merge_heads(b, a->context);
  if (!a->context) return false;
  a->context->name = at_arena_strdup(w->g->arena, b->s->name);
  a->name = unique_name(b);
  if (a->name && at_graph_add_attend(w->g, a, &err) == AT_OK) return true;
  w->nomem = w->nomem || !a->name;
  if (a->name) at_lower_error(w, "duplicate-name", b->s->name_span, "%s", err.message);
  return false;
}

static void warn_of_one(block *b) {
  at_lower *w = b->w;
  const at_node *k = b->a.key;
  int d = at_node_dim(k, b->a.over);
  if (d < 0 || k->dim[d].size != 1) return;
  at_diag *g =
      at_diag_add(w->diags, AT_SEV_WARNING, "attend-one", b->arg[A_OVER]->span,
                  "`%s` has one item only: its weight is always 1", w->g->axis[b->a.over].name);
  g->hint = "an attention chooses among several items";
}

void at_lower_attend(at_lower *w, const at_stmt *s) {
  block b = {.w = w, .s = s};
  if (!at_lower_is_free(w, AT_SYM_ATTEND, s->name, s->name_span)) return;
  bool ok = read_block(&b) && read_axes(&b) && make_heads(&b) && make_score(&b) &&
            make_weights(&b) && make_context(&b);
  if (ok) warn_of_one(&b);
  at_lower_define(w, AT_SYM_ATTEND, s->name, s->name_span,
                  (at_val){.kind = ok ? AT_V_NODE : AT_V_BAD, .node = b.a.context});
}
