/* Statements about weights: learned values, objectives, frozen and imported parts. */
#include <math.h>
#include <string.h>
#include "dsl/lower.h"

/* ---- param ---- */

static bool learned_init(at_lower *w, const at_expr *e, at_arg *kind, at_arg *scale) {
  static const char *const names[] = {"zeros", "constant", "uniform", "normal"};
  static const char *const form = "`zeros`, `constant(1)`, `uniform(0.1)` or `normal(0.02)`";
  *kind = (at_arg){.set = true, .num = AT_INIT_NORMAL, .span = AT_NOWHERE};
  *scale = (at_arg){.set = true, .num = 0.02, .span = AT_NOWHERE};
  if (!e) return true;
  if (e->kind == AT_E_BAD) return false;
  if (e->kind == AT_E_NAME || e->kind == AT_E_CALL)
    for (int i = 0; i < 4; i++) {
      const at_call_arg *a = e->args;
      if (strcmp(e->name, names[i])) continue;
      kind->num = AT_INIT_ZERO + i;
      scale->num = i == AT_INIT_UNIFORM ? 0.1 : i == AT_INIT_NORMAL ? 0.02 : 0;
      if (!a && i != AT_INIT_CONST) return true;
      if (i != AT_INIT_ZERO && a && !a->next && !a->key && !a->to && a->value)
        return at_lower_number(w, a->value, &scale->num);
    }
  at_lower_error(w, "wrong-argument", e->span, "this is no way to begin a learned value")->hint =
      at_diag_text(w->diags, "it is %s", form);
  return false;
}

static bool learned_axis(at_lower *w, const at_ast_axis *a, int *axis, int64_t *size) {
  at_error err = {0};
  at_axis_kind kind = a->next ? AT_SEQUENCE : AT_FEATURE;
  const int old = at_graph_find_axis(w->g, a->name);
  if (old >= 0) kind = w->g->axis[old].kind;
  if (a->kind) kind = !strcmp(a->kind, "feature") ? AT_FEATURE : AT_SEQUENCE;
  if (a->ragged || kind == AT_BATCH || (old >= 0 && w->g->axis[old].parent >= 0) ||
      (a->kind && !strcmp(a->kind, "batch"))) {
    at_lower_error(w, "axis-kind", a->span, "a learned value has no %s axis",
                   a->ragged ? "ragged" : "batch or ragged")
        ->hint = "it is the same for every example: its axes have sizes of their own";
    return false;
  }
  if (a->kind && strcmp(a->kind, "feature") && strcmp(a->kind, "sequence")) {
    at_lower_error(w, "axis-kind", a->kind_span, "`%s` is no kind of axis", a->kind)->hint =
        "kinds are sequence and feature here";
    return false;
  }
  if (!at_lower_made_size(w, a->name, a->span, a->size, size)) return false;
  if (at_graph_axis(w->g, a->name, kind, -1, a->span, axis, &err) == AT_OK) {
    at_lower_note(w, *axis, *size, a->span);
    return true;
  }
  at_lower_error(w, "axis-kind", a->span, "%s", err.message);
  return false;
}

void at_lower_learned(at_lower *w, const at_stmt *s) {
  enum { MOST = 4 };
  at_arg arg[AT_MAX_ARG] = {0};
  int n = 0;
  bool ok = learned_init(w, s->expr, &arg[MOST], &arg[MOST + 1]), bad_scope = false;
  for (const at_ast_axis *a = s->axes; a; a = a->next) {
    if (n == MOST) {
      at_lower_error(w, "wrong-argument", a->span, "a learned value has at most %d axes", MOST);
      ok = false;
      break;
    }
    arg[n].set = true;
    arg[n].span = a->span;
    ok = learned_axis(w, a, &arg[n].to, &arg[n].to_size) && ok;
    n++;
  }
  const char *scope = s->expr ? at_lower_scope(w, s->expr, &bad_scope) : NULL;
  at_node *v = ok && !bad_scope
                   ? at_lower_make(w, at_op_find("learned"), 0, NULL, arg, scope, s->name_span)
                   : NULL;
  if (v && !v->name) v->name = at_arena_strdup(w->g->arena, s->name);
  at_lower_define(w, AT_SYM_LET, s->name, s->name_span,
                  (at_val){.kind = v ? AT_V_NODE : AT_V_BAD, .node = v});
}

/* ---- loss ---- */

static bool one_kind_of_loss(at_lower *w, const at_stmt *s) {
  if (w->depth || *w->turns) {
    at_lower_error(w, "misplaced", s->span, "a loss stands in the model, not in a %s",
                   w->depth ? "module" : "repeat")
        ->hint = "put the value out, and say `loss` of it in the model";
    return false;
  }
  if (!w->has_loss || (s->name && w->has_named_loss)) return true;
  at_diag *d = at_lower_error(w, "duplicate-name", s->name_span, "the model has a loss already");
  d->hint = s->name ? "a model has one loss without a name, or several with names"
                    : "add the two: `loss 0.5 * a + b`, or name both";
  d->note = "the first one is here";
  d->note_span = w->loss_span;
  return false;
}

void at_lower_loss(at_lower *w, const at_stmt *s) {
  at_error err = {0};
  at_objective o = {.name = s->name, .span = s->name_span};
  if (!one_kind_of_loss(w, s)) return;
  if (!w->has_loss) w->loss_span = s->name_span;
  w->has_loss = true;
  w->has_named_loss = s->name != NULL;
  o.node = at_lower_node(w, s->expr);
  if (!o.node) return;
  for (const at_ast_param *p = s->clauses; p; p = p->next) o.n_updates++;
  const char **updates = AT_NEW_ARRAY(w->g->arena, const char *, (size_t)o.n_updates + 1);
  if (!updates) {
    w->nomem = true;
    return;
  }
  o.updates = updates;
  for (const at_ast_param *p = s->clauses; p; p = p->next) {
    if (!(*updates++ = at_arena_strdup(w->g->arena, p->name))) w->nomem = true;
    at_sym *sym = at_lower_find(w, p->name);
    if (sym) sym->used = true;
  }
  at_status st =
      s->name ? at_graph_add_objective(w->g, &o, &err) : at_graph_set_loss(w->g, o.node, &err);
  if (st == AT_OK) return;
  at_diag *d = at_lower_error(w, "bad-loss", s->expr->span, "%s", err.message);
  if (o.node->ndim > 0) d->hint = "`mean_all` and `sum_all` reduce all axes, batch axes too";
}

/* ---- freeze and import: of parameters under a path ---- */

static void no_such_part(at_lower *w, const char *path, at_span span) {
  const char **names = AT_NEW_ARRAY(w->diags->arena, const char *, 2 * (size_t)w->g->n_param + 1);
  size_t n = 0;
  for (int i = 0; names && i < w->g->n_param; i++) {
    const char *p = w->g->param[i]->pname, *dot = strrchr(p, '.');
    names[n++] = p;
    if (dot) names[n] = at_arena_strndup(w->diags->arena, p, (size_t)(dot - p));
    if (dot && names[n]) n++;
  }
  at_diag *d =
      at_lower_error(w, "unknown-part", span, "the model has no parameters under `%s`", path);
  if (names) d->hint = at_diag_suggest(w->diags, path, names, n);
  if (!d->hint) d->hint = "`attune show` lists the names of all parameters";
}

static bool exists(at_lower *w, const char *path, at_span span) {
  for (int i = 0; i < w->g->n_param; i++)
    if (at_param_under(w->g->param[i]->pname, path)) return true;
  no_such_part(w, path, span);
  return false;
}

/* After all else: paths name parameters of the whole model. */
void at_lower_updates(at_lower *w, const at_stmt *s) {
  for (const at_ast_param *p = s->clauses; p; p = p->next) exists(w, p->name, p->span);
}

void at_lower_freeze(at_lower *w, const at_stmt *s) {
  for (const at_ast_param *p = s->clauses; p; p = p->next) {
    if (!exists(w, p->name, p->span)) continue;
    for (int i = 0; i < w->g->n_param; i++)
      if (at_param_under(w->g->param[i]->pname, p->name)) at_graph_freeze(w->g, w->g->param[i]);
    at_sym *sym = at_lower_find(w, p->name);
    if (sym) sym->used = true;
  }
}

void at_lower_import(at_lower *w, const at_stmt *s) {
  at_error err = {0};
  const char *file = at_lower_string(w, s->expr);
  const char *prefix = s->last ? at_lower_string(w, s->last) : s->name;
  if (!file || !prefix || !exists(w, s->name, s->name_span)) return;
  if (!*file) return; /* a parameter left empty: nothing to import */
  const at_source *src = at_source_of(w->src, s->span);
  const char *slash = *file == '/' ? NULL : strrchr(src->path, '/');
  at_import i = {.path = s->name,
                 .prefix = prefix,
                 .file = slash ? at_arena_printf(w->diags->arena, "%.*s/%s",
                                                 (int)(slash - src->path), src->path, file)
                               : file,
                 .span = s->span};
  if (!i.file || at_graph_add_import(w->g, &i, &err) != AT_OK) w->nomem = true;
}
