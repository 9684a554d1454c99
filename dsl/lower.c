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
  return at_diag_add(w->diags, AT_SEV_ERROR, code, span, "%s", message);
}

/* ---- names ---- */

at_sym *at_lower_find(const at_lower *w, const char *name) {
  for (int i = w->n_sym; i-- > 0;)
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
  static const char *const what[] = {"a parameter", "an input", "a value", "an attention block",
                                     "an output"};
  const at_sym *old = at_lower_find(w, name);
  if (!old) return true;
  at_diag *d =
      at_lower_error(w, "duplicate-name", span, "`%s` is %s already", name, what[old->kind]);
  if (kind == AT_SYM_OUTPUT && old->kind != AT_SYM_OUTPUT && old->kind != AT_SYM_PARAM)
    d->hint = at_diag_text(w->diags, "to put out that value write `output %s`", name);
  d->note = at_diag_text(w->diags, "`%s` was made here", name);
  d->note_span = old->span;
  return false;
}

at_sym *at_lower_define(at_lower *w, at_sym_kind kind, const char *name, at_span span, at_val val) {
  if (!at_lower_is_free(w, kind, name, span)) return NULL;
  if (w->n_sym >= AT_DSL_MAX_NAMES) {
    at_lower_error(w, "too-large", span, "a model has at most %d names", AT_DSL_MAX_NAMES);
    w->full = true;
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
  for (int i = 0; i < w->n_sym; i++) names[i] = w->sym[i].name;
  return at_diag_suggest(w->diags, name, names, (size_t)w->n_sym);
}

/* ---- sizes of axes ---- */

int64_t at_lower_known(const at_lower *w, int axis) {
  return axis >= 0 && axis < w->n_known ? w->known[axis].size : -1;
}

bool at_lower_know(at_lower *w, int axis, int64_t size, at_span span) {
  if (size < 0) return true;
  if (axis >= w->n_known) {
    int n = 2 * w->g->n_axis + 16;
    at_known *v = AT_NEW_ARRAY(w->diags->arena, at_known, (size_t)n);
    if (!v) {
      w->nomem = true;
      return false;
    }
    for (int i = 0; i < n; i++) v[i] = i < w->n_known ? w->known[i] : (at_known){-1, AT_NOWHERE};
    w->known = v;
    w->n_known = n;
  }
  at_known *k = &w->known[axis];
  if (k->size < 0) *k = (at_known){size, span};
  if (k->size == size) return true;
  const char *name = w->g->axis[axis].name;
  at_diag *d = at_lower_error(w, "size-mismatch", span, "axis `%s` would have the size %lld here",
                              name, (long long)size);
  d->hint = "give one of the two another name";
  d->note = at_diag_text(w->diags, "`%s` has the size %lld since here", name, (long long)k->size);
  d->note_span = k->span;
  return false;
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
static at_node *named_value(at_lower *w, const at_stmt *s) {
  at_expr e = {.kind = AT_E_NAME, .span = s->name_span, .name = s->name, .name_span = s->name_span};
  return at_lower_node(w, &e);
}

static void lower_output(at_lower *w, const at_stmt *s) {
  at_error err = {0};
  at_node *n = s->expr ? at_lower_node(w, s->expr) : named_value(w, s);
  if (s->expr) {
    at_sym *sym = at_lower_define(w, AT_SYM_OUTPUT, s->name, s->name_span, node_val(n));
    if (!sym) return;
    sym->used = true;
  }
  if (n && at_graph_output(w->g, s->name, n, s->name_span, &err) != AT_OK)
    at_lower_error(w, "duplicate-name", s->name_span, "%s", err.message);
}

static void lower_loss(at_lower *w, const at_stmt *s) {
  at_error err = {0};
  if (w->has_loss) {
    at_diag *d = at_lower_error(w, "duplicate-name", s->name_span, "the model has a loss already");
    d->hint = "add the two: `loss 0.5 * a + b`";
    d->note = "the first one is here";
    d->note_span = w->loss_span;
    return;
  }
  w->has_loss = w->in_loss = true;
  w->loss_span = s->name_span;
  at_node *n = at_lower_node(w, s->expr);
  w->in_loss = false;
  if (n && at_graph_set_loss(w->g, n, &err) != AT_OK)
    at_lower_error(w, "bad-loss", s->expr->span, "%s", err.message);
}

static void lower_body(at_lower *w) {
  static void (*const lower[])(at_lower *, const at_stmt *) = {
      [AT_S_INPUT] = at_lower_input, [AT_S_LET] = lower_let,   [AT_S_ATTEND] = at_lower_attend,
      [AT_S_OUTPUT] = lower_output,  [AT_S_LOSS] = lower_loss,
  };
  for (const at_stmt *s = w->model->body; s && !w->nomem && !w->full; s = s->next) {
    w->owner = s->name ? s->name : "loss";
    w->made = 0;
    w->place = s->name_span;
    lower[s->kind](w, s);
  }
}

static void warn_unused(at_lower *w) {
  static const struct {
    const char *code, *what;
  } of[] = {[AT_SYM_PARAM] = {"unused-parameter", "parameter"},
            [AT_SYM_INPUT] = {"unused-input", "input"},
            [AT_SYM_LET] = {"unused-let", "value"}};
  for (int i = 0; i < w->n_sym; i++) {
    const at_sym *s = &w->sym[i];
    if (s->used || s->kind > AT_SYM_LET) continue;
    at_diag_add(w->diags, AT_SEV_WARNING, of[s->kind].code, s->span, "%s `%s` is never used",
                of[s->kind].what, s->name);
  }
}

/* ---- the door ---- */

static const at_ast_model *the_model(at_lower *w, const at_ast *ast) {
  const at_ast_model *m = ast ? ast->models : NULL;
  if (!m) {
    at_diag *d = at_diag_add(w->diags, AT_SEV_ERROR, "no-model", (at_span){0, 0, 0},
                             "there is no model in this file");
    d->hint = "a file holds one `model NAME(parameters) { statements }`";
    return NULL;
  }
  if (m->next) {
    at_diag *d = at_diag_add(w->diags, AT_SEV_ERROR, "duplicate-name", m->next->name_span,
                             "a file holds one model; `%s` is a second one", m->next->name);
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
  at_lower w = {.src = src, .env = env ? env : &nothing, .diags = diags, .place = AT_NOWHERE};
  *out = NULL;
  w.model = the_model(&w, ast);
  if (!w.model) return conclude(&w, err);
  at_status s = at_graph_new(w.model->name, &w.g, err);
  if (s != AT_OK) return s;
  at_lower_params(&w);
  lower_body(&w);
  if (!w.g->n_output && !diags->errors)
    at_lower_error(&w, "no-output", w.model->name_span, "model `%s` has no output", w.model->name)
        ->hint = "say what it computes: `output NAME = EXPRESSION`";
  if (!diags->errors) warn_unused(&w);
  s = conclude(&w, err);
  if (s == AT_OK)
    *out = w.g;
  else
    at_graph_free(w.g);
  return s;
}
