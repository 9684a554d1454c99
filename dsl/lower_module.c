/* Modules: called, shared by instances, and what they put out. */
#include <string.h>
#include "dsl/lower.h"

const at_ast_model *at_lower_find_module(const at_lower *w, const char *name) {
  for (const at_ast_model *m = w->ast->models; m; m = m->next)
    if (m->module && !strcmp(m->name, name)) return m;
  return NULL;
}

/* ---- arguments ---- */

typedef struct bound { /* one value for each parameter of a module */
  const at_ast_model *m;
  const at_ast_param *param[AT_DSL_MOST_ARGS];
  at_val val[AT_DSL_MOST_ARGS];
  at_span span[AT_DSL_MOST_ARGS];
  bool set[AT_DSL_MOST_ARGS];
  int n;
} bound;

static bool has_word_default(const at_ast_param *p) {
  return p->def &&
         (p->def->kind == AT_E_NAME || p->def->kind == AT_E_CALL || p->def->kind == AT_E_STRING);
}

/* A name that stands for nothing is a word: of an axis, an operator, a choice.  A call is
 * a word too where the default is one; elsewhere it is a value. */
at_val at_lower_given(at_lower *w, const at_ast_param *p, const at_expr *e) {
  bool word = e->kind == AT_E_NAME ? !at_lower_find(w, e->name)
                                   : e->kind == AT_E_CALL && has_word_default(p);
  if (word) return (at_val){.kind = AT_V_SPEC, .spec = e, .frame = w->frame};
  return at_lower_expr(w, e);
}

static bool set(at_lower *w, bound *b, int i, const at_call_arg *a, int frame) {
  const at_ast_param *p = b->param[i];
  if (b->set[i]) {
    at_lower_error(w, "wrong-argument", a->span, "`%s` of %s is given already", p->name,
                   b->m->name);
    return false;
  }
  if (a->to || a->made || !a->value) {
    at_lower_error(w, "wrong-argument", a->span,
                   "a module takes values, numbers and names; `->` "
                   "is out of place");
    return false;
  }
  int old = at_lower_enter(w, frame);
  b->val[i] = at_lower_given(w, p, a->value);
  w->frame = old;
  b->span[i] = a->span;
  b->set[i] = true;
  return b->val[i].kind != AT_V_BAD;
}

static const char *usage(at_lower *w, const at_ast_model *m) {
  at_text t = {0};
  at_text_addf(&t, "it is written `%s(", m->name);
  for (const at_ast_param *p = m->params; p; p = p->next)
    at_text_addf(&t, "%s%s%s", p == m->params ? "" : ", ", p->name, p->def ? " = ..." : "");
  at_text_add(&t, ")`");
  const char *s = t.failed ? NULL : at_diag_text(w->diags, "%s", t.data);
  at_text_free(&t);
  return s;
}

static bool set_keyed(at_lower *w, bound *b, const at_call_arg *a, int frame) {
  const char *names[AT_DSL_MOST_ARGS];
  for (int i = 0; i < b->n; i++) {
    names[i] = b->param[i]->name;
    if (!strcmp(names[i], a->key)) return set(w, b, i, a, frame);
  }
  at_diag *d = at_lower_error(w, "wrong-argument", a->key_span, "module `%s` has no parameter `%s`",
                              b->m->name, a->key);
  d->hint = at_diag_suggest(w->diags, a->key, names, (size_t)b->n);
  if (!d->hint) d->hint = usage(w, b->m);
  d->note = at_diag_text(w->diags, "module `%s` is declared here", b->m->name);
  d->note_span = b->m->name_span;
  return false;
}

static bool all_there(at_lower *w, const bound *b, const at_expr *e) {
  for (int i = 0; i < b->n; i++) {
    if (b->set[i] || b->param[i]->def) continue;
    at_diag *d = at_lower_error(w, "missing-argument", e->span, "module `%s` needs its `%s`",
                                b->m->name, b->param[i]->name);
    d->hint = usage(w, b->m);
    d->note = at_diag_text(w->diags, "module `%s` is declared here", b->m->name);
    d->note_span = b->m->name_span;
    return false;
  }
  return true;
}

static bool bind(at_lower *w, bound *b, const at_expr *e, const at_call_arg *more, int more_frame,
                 at_node *in) {
  at_given g = {.n_pos = 0};
  bool ok = true;
  int i = 0;
  for (const at_ast_param *p = b->m->params; p; p = p->next) {
    if (b->n == AT_DSL_MOST_ARGS) {
      at_lower_error(w, "too-large", p->span, "a module has at most %d parameters",
                     AT_DSL_MOST_ARGS);
      return false;
    }
    b->param[b->n++] = p;
  }
  if (in && b->n) {
    b->val[0] = (at_val){.kind = AT_V_NODE, .node = in};
    b->span[0] = e->span;
    b->set[0] = true;
  }
  if (!at_lower_sort_out(w, b->m->name, &g, e->args, w->frame) ||
      !at_lower_sort_out(w, b->m->name, &g, more, more_frame))
    return false;
  for (int k = 0; k < g.n_pos; k++) {
    while (i < b->n && b->set[i]) i++;
    if (i == b->n) {
      at_lower_error(w, "wrong-argument", g.pos[k]->span, "module `%s` takes %d argument%s",
                     b->m->name, b->n, b->n == 1 ? "" : "s")
          ->hint = usage(w, b->m);
      return false;
    }
    ok = set(w, b, i, g.pos[k], g.pos_frame[k]) && ok;
  }
  for (int k = 0; k < g.n_key; k++) ok = set_keyed(w, b, g.key[k], g.key_frame[k]) && ok;
  return ok && all_there(w, b, e);
}

/* ---- calls ---- */

static bool may_enter(at_lower *w, const at_ast_model *m, const at_expr *e) {
  for (int i = 1; i <= w->depth; i++) {
    if (w->stack[i].def != m) continue;
    at_lower_error(w, "recursion", e->span, "module `%s` calls itself", m->name)->hint =
        "modules are unfolded when the model is built; use `repeat`";
    return false;
  }
  if (w->depth < AT_DSL_MAX_CALLS) return true;
  at_lower_error(w, "nesting", e->span, "modules call one another more than %d deep",
                 AT_DSL_MAX_CALLS);
  return false;
}

static void define_params(at_lower *w, const bound *b) {
  for (int i = 0; i < b->n; i++) {
    at_sym *s = at_lower_define(w, AT_SYM_PARAM, b->param[i]->name, b->param[i]->span, b->val[i]);
    if (!s) continue;
    s->param = b->param[i];
    s->pending = !b->set[i];
  }
  for (int i = w->stack[w->depth].base; i < w->n_sym && !w->nomem; i++) {
    bool used = w->sym[i].used;
    at_lower_use(w, &w->sym[i]);
    w->sym[i].used = used;
  }
}

static at_val result(at_lower *w, const at_ast_model *m, const at_expr *e) {
  const at_frame *f = at_lower_top(w);
  if (f->ret.kind != AT_V_BAD || f->ret_span.file >= 0) return f->ret;
  if (f->out) return (at_val){.kind = AT_V_RECORD, .record = f->out};
  if (w->diags->errors) return at_lower_bad();
  at_diag *d = at_lower_error(w, "no-output", e->span, "module `%s` gives nothing back", m->name);
  d->hint = "end it with `return EXPRESSION`, or name its results: `output NAME = EXPRESSION`";
  return at_lower_bad();
}

/* The parameters are known; what is in another such call is made again with that one. */
static int recomputed(at_lower *w, const at_ast_model *m) {
  bool yes = m->recompute;
  if (yes && m->recompute_if && !at_lower_condition(w, m->recompute_if, &yes)) yes = false;
  return w->g->recompute || !yes ? w->g->recompute : ++w->g->n_recompute;
}

at_val at_lower_module(at_lower *w, const at_ast_model *m, const at_expr *e,
                       const at_call_arg *more, int more_frame, at_node *in, const char *path) {
  bound *b = AT_NEW(w->diags->arena, bound);
  if (!b || !path) {
    w->nomem = true;
    return at_lower_bad();
  }
  b->m = m;
  if (!may_enter(w, m, e) || !bind(w, b, e, more, more_frame, in)) return at_lower_bad();
  const char *owner = w->owner, *module = w->g->module, *turns = w->turns;
  const int made = w->made, frame = w->frame, base = w->n_sym, recompute = w->g->recompute;
  const at_span place = w->place;
  const size_t outer = strlen(at_lower_top(w)->path); /* path begins with it and a dot */
  w->stack[++w->depth] = (at_frame){.def = m,
                                    .base = base,
                                    .path = path,
                                    .call = e->span.file >= 0 ? e->span : w->place,
                                    .ret_span = AT_NOWHERE};
  w->frame = w->depth;
  w->g->module = at_arena_printf(w->g->arena, "%s%s%s", module ? module : "", module ? "." : "",
                                 path + (outer ? outer + 1 : 0));
  w->nomem = w->nomem || !w->g->module;
  if (e->scope_index) w->turns = ""; /* the path tells the turn */
  define_params(w, b);
  w->g->recompute = recomputed(w, m);
  at_lower_body(w, m->body);
  at_val v = result(w, m, e);
  at_lower_forget(w, base);
  w->depth--;
  w->frame = frame;
  w->owner = owner;
  w->made = made;
  w->place = place;
  w->g->module = module;
  w->g->recompute = recompute;
  w->turns = turns;
  return v;
}

/* ---- what stands in a module only ---- */

void at_lower_return(at_lower *w, const at_stmt *s) {
  at_frame *f = at_lower_top(w);
  if (!w->depth) {
    at_lower_error(w, "misplaced", s->name_span, "`return` stands in modules only")->hint =
        "a model puts out values by name: `output NAME = EXPRESSION`";
    return;
  }
  if (f->ret_span.file >= 0 || f->out) {
    at_lower_error(w, "duplicate-name", s->name_span,
                   f->out ? "this module names its results by `output`; it cannot return one too"
                          : "this module returns already");
    return;
  }
  f->ret_span = s->name_span;
  at_val v = at_lower_expr(w, s->expr);
  if (v.kind == AT_V_SPEC || v.kind == AT_V_INSTANCE) {
    at_lower_error(w, "wrong-type", s->expr->span, "a module returns values and numbers");
    v = at_lower_bad();
  }
  at_lower_top(w)->ret = v;
}

void at_lower_field(at_lower *w, const char *name, at_span span, at_val v) {
  enum { MOST = 32 };
  at_frame *f = at_lower_top(w);
  if (f->ret_span.file >= 0) {
    at_lower_error(w, "duplicate-name", span,
                   "this module returns a value; it cannot name results "
                   "too");
    return;
  }
  if (!f->out) {
    f->out = AT_NEW(w->diags->arena, at_record);
    if (f->out) f->out->field = AT_NEW_ARRAY(w->diags->arena, struct at_field, MOST);
    if (!f->out || !f->out->field) {
      w->nomem = true;
      f->out = NULL;
      return;
    }
    f->out->module = f->def->name;
  }
  if (f->out->n == MOST) {
    at_lower_error(w, "too-large", span, "a module has at most %d outputs", MOST);
    return;
  }
  f->out->field[f->out->n++] = (struct at_field){name, span, v};
}

void at_lower_instance(at_lower *w, const at_stmt *s) {
  at_instance *i = AT_NEW(w->diags->arena, at_instance);
  const char *path = at_lower_path(w, s->expr->scope ? s->expr->scope : s->name);
  if (!i || !path) {
    w->nomem = true;
    return;
  }
  *i = (at_instance){.call = s->expr, .frame = w->depth, .path = path, .called = w->g->again};
  at_lower_define(w, AT_SYM_INSTANCE, s->name, s->name_span,
                  (at_val){.kind = AT_V_INSTANCE, .instance = i});
}

/* ---- members ---- */

at_val at_lower_member(at_lower *w, const at_expr *e) {
  at_val v = at_lower_expr(w, e->left);
  if (v.kind == AT_V_BAD) return v;
  if (v.kind != AT_V_RECORD) {
    at_lower_error(w, "wrong-type", e->name_span,
                   "only what a module puts out has members; this has no `.%s`", e->name);
    return at_lower_bad();
  }
  const at_record *r = v.record;
  const char *names[32];
  for (int i = 0; i < r->n; i++) {
    names[i] = r->field[i].name;
    if (!strcmp(names[i], e->name)) return r->field[i].val;
  }
  at_diag *d = at_lower_error(w, "unknown-name", e->name_span, "module `%s` has no output `%s`",
                              r->module, e->name);
  d->hint = at_diag_suggest(w->diags, e->name, names, (size_t)r->n);
  if (!d->hint && r->n)
    d->hint = at_diag_text(w->diags, "it puts out `%s`%s", names[0], r->n > 1 ? " and more" : "");
  return at_lower_bad();
}
