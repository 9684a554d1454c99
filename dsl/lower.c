/* From tree to graph: names, sizes of axes, statements. */
#include "dsl/lower.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- reporting ---- */

at_diag *at_lower_error(at_lower *w, const char *code, at_span span, const char *fmt, ...) {
  char message[1100];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(message, sizeof message, fmt, ap);
  va_end(ap);
  if (span.file < 0) span = w->place;
  at_diag *d = at_diag_add(w->diags, AT_SEV_ERROR, code, span, "%s", message);
  for (int i = w->depth; i > 0 && d->n_call < AT_DIAG_CALLS; i--)
    d->call[d->n_call++] = (struct at_diag_call){w->stack[i].call, w->stack[i].def->name};
  return d;
}

at_val at_lower_bad(void) { return (at_val){.kind = AT_V_BAD}; }

void at_lower_too_large(at_lower *w, at_span span, const char *what) {
  if (!w->full) at_lower_error(w, "too-large", span, "%s", what);
  w->full = true;
}

/* ---- names ---- */

at_sym *at_lower_find(const at_lower *w, const char *name) {
  int end = w->frame == w->depth ? w->n_sym : w->stack[w->frame + 1].base;
  for (int i = end; i-- > w->stack[w->frame].base;)
    if (strcmp(w->sym[i].name, name) == 0) return &w->sym[i];
  return NULL;
}

static bool room(at_lower *w) {
  if (w->n_sym < w->cap_sym) return true;
  int cap = w->cap_sym ? 2 * w->cap_sym : 32;
  at_sym *v = AT_NEW_ARRAY(w->diags->arena, at_sym, (size_t)cap);
  if (!v) {
    w->nomem = true;
    return false;
  }
  if (w->n_sym) memcpy(v, w->sym, (size_t)w->n_sym * sizeof *v);
  w->sym = v;
  w->cap_sym = cap;
  return true;
}

bool at_lower_is_free(at_lower *w, at_sym_kind kind, const char *name, at_span span) {
  static const char *const what[] = {"a parameter", "an input",           "a value",
                                     "an instance", "an attention block", "an output"};
  const at_sym *old = at_lower_find(w, name);
  if (!old) return true;
  at_diag *d =
      at_lower_error(w, "duplicate-name", span, "`%s` is %s already", name, what[old->kind]);
  if (kind == AT_SYM_OUTPUT && old->kind != AT_SYM_OUTPUT && old->kind != AT_SYM_PARAM)
    d->hint = at_diag_text(w->diags, "to put out that value write `output %s`", name);
  else if (kind == AT_SYM_LET && old->kind != AT_SYM_PARAM)
    d->hint = *w->turns ? at_diag_text(w->diags,
                                       "what the next turn gets is said by `next %s = ...`", name)
                        : "a name keeps its meaning; choose another one";
  d->note = at_diag_text(w->diags, "`%s` was made here", name);
  d->note_span = old->span;
  return false;
}

at_sym *at_lower_define(at_lower *w, at_sym_kind kind, const char *name, at_span span, at_val val) {
  if (!at_lower_is_free(w, kind, name, span)) return NULL;
  if (w->n_sym >= AT_DSL_MAX_NAMES) {
    at_lower_too_large(w, span, "a model has at most 4096 names at a time");
    return NULL;
  }
  if (!room(w)) return NULL;
  at_sym *s = &w->sym[w->n_sym++];
  *s = (at_sym){.kind = kind, .name = name, .span = span, .val = val};
  return s;
}

const char *at_lower_suggest_value(at_lower *w, const char *name) {
  const char **names = AT_NEW_ARRAY(w->diags->arena, const char *, (size_t)w->n_sym + 1);
  if (!names) return NULL;
  int base = w->stack[w->frame].base, n = 0;
  for (int i = base; i < w->n_sym; i++) names[n++] = w->sym[i].name;
  return at_diag_suggest(w->diags, name, names, (size_t)n);
}

/* ---- what was never used ---- */

static at_seen *seen(at_lower *w, const at_sym *s) {
  for (int i = w->n_seen; i-- > 0;)
    if (w->seen[i].span.begin == s->span.begin && w->seen[i].span.file == s->span.file)
      return &w->seen[i];
  if (w->n_seen == w->cap_seen) {
    int cap = w->cap_seen ? 2 * w->cap_seen : 32;
    at_seen *v = AT_NEW_ARRAY(w->diags->arena, at_seen, (size_t)cap);
    if (!v) {
      w->nomem = true;
      return NULL;
    }
    if (w->n_seen) memcpy(v, w->seen, (size_t)w->n_seen * sizeof *v);
    w->seen = v;
    w->cap_seen = cap;
  }
  at_seen *v = &w->seen[w->n_seen++];
  *v = (at_seen){s->kind, s->name, s->span, false};
  return v;
}

void at_lower_forget(at_lower *w, int base) {
  for (int i = base; i < w->n_sym && !w->nomem; i++) {
    at_seen *v = seen(w, &w->sym[i]);
    if (v) v->used |= w->sym[i].used;
  }
  w->n_sym = base;
}

static void warn_unused(at_lower *w) {
  static const struct {
    const char *code, *what;
  } of[] = {[AT_SYM_PARAM] = {"unused-parameter", "parameter"},
            [AT_SYM_INPUT] = {"unused-input", "input"},
            [AT_SYM_LET] = {"unused-let", "value"},
            [AT_SYM_INSTANCE] = {"unused-instance", "instance"}};
  for (int i = 0; i < w->n_seen; i++) {
    const at_seen *s = &w->seen[i];
    if (s->used || s->kind > AT_SYM_INSTANCE) continue;
    at_diag_add(w->diags, AT_SEV_WARNING, of[s->kind].code, s->span, "%s `%s` is never used",
                of[s->kind].what, s->name);
  }
}

/* ---- sizes of axes ---- */

int64_t at_lower_known(const at_lower *w, int axis) {
  return axis >= 0 && axis < w->n_known ? w->known[axis].size : -1;
}

bool at_lower_by_data(const at_lower *w, int axis) {
  return axis >= 0 && axis < w->n_known && w->known[axis].by_data;
}

static at_known *known_of(at_lower *w, int axis) {
  if (axis >= w->n_known) {
    int n = 2 * w->g->n_axis + 16;
    at_known *v = AT_NEW_ARRAY(w->diags->arena, at_known, (size_t)n);
    if (!v) {
      w->nomem = true;
      return NULL;
    }
    for (int i = 0; i < n; i++)
      v[i] = i < w->n_known ? w->known[i] : (at_known){.size = -1, .span = AT_NOWHERE};
    w->known = v;
    w->n_known = n;
  }
  return &w->known[axis];
}

void at_lower_note(at_lower *w, int axis, int64_t size, at_span span) {
  at_known *k = size < 0 ? NULL : known_of(w, axis);
  if (!k || k->size >= 0) return;
  k->size = size;
  k->span = span;
}

void at_lower_note_data(at_lower *w, int axis, at_span span) {
  at_known *k = known_of(w, axis);
  if (!k) return;
  k->by_data = true;
  if (k->size < 0) k->span = span;
}

/* ---- statements ---- */

static at_val node_val(at_node *n) { return (at_val){.kind = n ? AT_V_NODE : AT_V_BAD, .node = n}; }

static void set_name(at_lower *w, at_node *n, const char *name) {
  if (n->name) return;
  n->name = at_arena_strdup(w->g->arena, name);
  if (!n->name) w->nomem = true;
}

static void lower_let(at_lower *w, const at_stmt *s) {
  at_val v = at_lower_expr(w, s->expr);
  if (v.kind == AT_V_SPEC) {
    at_lower_error(w, "wrong-type", s->expr->span, "`%s` is a word, neither a value nor a number",
                   v.spec->name);
    v.kind = AT_V_BAD;
  }
  if (v.kind == AT_V_NODE) set_name(w, v.node, s->name);
  at_lower_define(w, AT_SYM_LET, s->name, s->name_span, v);
}

/* `output NAME` alone puts out what has the name. */
static at_val named_value(at_lower *w, const at_stmt *s) {
  at_expr *e = AT_NEW(w->diags->arena, at_expr);
  if (!e) {
    w->nomem = true;
    return at_lower_bad();
  }
  *e = (at_expr){
      .kind = AT_E_NAME, .span = s->name_span, .name = s->name, .name_span = s->name_span};
  if (w->depth) return at_lower_expr(w, e);
  return node_val(at_lower_node(w, e));
}

static void lower_output(at_lower *w, const at_stmt *s) {
  at_error err = {0};
  at_val v = !s->expr   ? named_value(w, s)
             : w->depth ? at_lower_expr(w, s->expr)
                        : node_val(at_lower_node(w, s->expr));
  if (s->expr) {
    at_sym *sym = at_lower_define(w, AT_SYM_OUTPUT, s->name, s->name_span, v);
    if (!sym) return;
    sym->used = true;
  }
  if (w->depth) {
    if (v.kind == AT_V_NODE) set_name(w, v.node, s->name);
    at_lower_field(w, s->name, s->name_span, v);
  } else if (*w->turns) {
    at_lower_error(w, "misplaced", s->name_span, "an output cannot stand in a repeat")->hint =
        "carry the value and put it out after the repeat";
  } else if (v.node && at_graph_output(w->g, s->name, v.node, s->name_span, &err) != AT_OK) {
    at_lower_error(w, "duplicate-name", s->name_span, "%s", err.message);
  }
}

void at_lower_body(at_lower *w, const at_stmt *body) {
  static void (*const lower[AT_STMT_KINDS])(at_lower *, const at_stmt *) = {
      [AT_S_INPUT] = at_lower_input,
      [AT_S_PARAM] = at_lower_learned,
      [AT_S_LET] = lower_let,
      [AT_S_INSTANCE] = at_lower_instance,
      [AT_S_ATTEND] = at_lower_attend,
      [AT_S_OUTPUT] = lower_output,
      [AT_S_RETURN] = at_lower_return,
      [AT_S_LOSS] = at_lower_loss,
      [AT_S_REPEAT] = at_lower_repeat,
      [AT_S_NEXT] = at_lower_next,
      [AT_S_IF] = at_lower_if,
      [AT_S_FREEZE] = NULL,
      [AT_S_IMPORT] = NULL,
  };
  for (const at_stmt *s = body; s && !w->nomem && !w->full; s = s->next) {
    if (++w->statements > AT_DSL_MAX_STATEMENTS)
      at_lower_too_large(w, s->name_span,
                         "a model has at most 40000 statements, all turns of "
                         "repeats and calls of modules together");
    if (!lower[s->kind] || w->full) continue;
    w->owner = s->name ? s->name : s->kind == AT_S_RETURN ? "return" : "loss";
    w->made = 0;
    w->place = s->name_span;
    lower[s->kind](w, s);
  }
}

/* What is said of weights counts for all of them, wherever it stands. */
static void lower_weights(at_lower *w, const at_stmt *body) {
  for (const at_stmt *s = body; s && !w->nomem; s = s->next) {
    if (s->kind == AT_S_FREEZE) at_lower_freeze(w, s);
    if (s->kind == AT_S_IMPORT) at_lower_import(w, s);
    if (s->kind == AT_S_LOSS) at_lower_updates(w, s);
    bool yes;
    if (s->kind == AT_S_IF && at_lower_condition(w, s->expr, &yes))
      lower_weights(w, yes ? s->body : s->other);
  }
}

/* ---- the door ---- */

static const at_ast_model *next_model(const at_ast_model *m) {
  while (m && m->module) m = m->next;
  return m;
}

static void check_modules(at_lower *w, const at_ast *ast) {
  for (const at_ast_model *m = ast ? ast->models : NULL; m; m = m->next)
    for (const at_ast_model *o = ast->models; m->module && o != m; o = o->next) {
      if (!o->module || strcmp(o->name, m->name)) continue;
      at_diag *d = at_diag_add(w->diags, AT_SEV_ERROR, "duplicate-name", m->name_span,
                               "there is a module `%s` already", m->name);
      d->note = "the first one is here";
      d->note_span = o->name_span;
      break;
    }
}

static const at_ast_model *the_model(at_lower *w, const at_ast *ast) {
  const at_ast_model *m = next_model(ast ? ast->models : NULL);
  if (!m) {
    at_diag *d = at_diag_add(w->diags, AT_SEV_ERROR, "no-model", (at_span){0, 0, 0},
                             "there is no model in this file");
    d->hint = "a file holds one `model NAME(parameters) { statements }`";
    return NULL;
  }
  const at_ast_model *second = next_model(m->next);
  if (second) {
    at_diag *d = at_diag_add(w->diags, AT_SEV_ERROR, "duplicate-name", second->name_span,
                             "a file holds one model; `%s` is a second one", second->name);
    d->note = "the first one is here";
    d->note_span = m->name_span;
  }
  return m;
}

static at_status conclude(const at_lower *w, at_error *err) {
  if (w->nomem) return at_nomem(err);
  return w->diags->errors ? at_diags_fail(w->diags, w->src, err) : AT_OK;
}

at_status at_dsl_lower(const at_ast *ast, const at_source *src, const at_dsl_env *env,
                       at_diags *diags, at_graph **out, at_error *err) {
  static const at_dsl_env nothing = {0};
  *out = NULL;
  at_lower *w = AT_NEW(diags->arena, at_lower);
  if (!w) return at_nomem(err);
  w->ast = ast;
  w->src = src;
  w->env = env ? env : &nothing;
  w->diags = diags;
  w->place = AT_NOWHERE;
  w->turns = w->owner = "";
  w->model = the_model(w, ast);
  if (!w->model) return conclude(w, err);
  check_modules(w, ast);
  w->stack[0] = (at_frame){.def = w->model, .path = "", .call = AT_NOWHERE};
  at_status s = at_graph_new(w->model->name, &w->g, err);
  if (s != AT_OK) return s;
  at_lower_params(w);
  at_lower_body(w, w->model->body);
  if (!diags->errors) lower_weights(w, w->model->body);
  at_lower_forget(w, 0);
  if (!w->g->n_output && !diags->errors)
    at_lower_error(w, "no-output", w->model->name_span, "model `%s` has no output", w->model->name)
        ->hint = "say what it computes: `output NAME = EXPRESSION`";
  if (!diags->errors) warn_unused(w);
  s = conclude(w, err);
  if (s == AT_OK)
    *out = w->g;
  else
    at_graph_free(w->g);
  return s;
}
