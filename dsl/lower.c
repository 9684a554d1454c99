/* From tree to graph: names, parameters, inputs, statements. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "dsl/lower_impl.h"

static const at_span nowhere = {-1, 0, 0};

/* ---- reporting ---- */

void at_lower_error(at_lower *w, const char *code, at_span span, const char *hint, const char *fmt,
                    ...) {
  char message[1200];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(message, sizeof message, fmt, ap);
  va_end(ap);
  at_diag_add(w->diags, AT_SEV_ERROR, code, span, message, hint, nowhere, NULL);
}

void at_lower_nomem(at_lower *w) { w->nomem = true; }

/* ---- names ---- */

at_binding *at_lower_find(at_lower *w, const char *name) {
  for (size_t i = w->n_bind; i-- > 0;)
    if (!strcmp(w->bind[i].name.text, name)) return &w->bind[i];
  return NULL;
}

bool at_lower_define(at_lower *w, at_name name, at_value v, bool is_param) {
  const at_binding *old = at_lower_find(w, name.text);
  if (old) {
    char message[200], note[200];
    snprintf(message, sizeof message, "`%.100s` is there twice", name.text);
    snprintf(note, sizeof note, "`%.100s` was made here", name.text);
    at_diag_add(w->diags, AT_SEV_ERROR, "duplicate-name", name.span, message, NULL, old->name.span,
                note);
    return false;
  }
  if (w->n_bind == w->cap_bind) {
    size_t cap = w->cap_bind ? 2 * w->cap_bind : 32;
    at_binding *b = AT_NEW_ARRAY(w->arena, at_binding, cap);
    if (!b) {
      w->nomem = true;
      return false;
    }
    if (w->n_bind) memcpy(b, w->bind, w->n_bind * sizeof *b);
    w->bind = b;
    w->cap_bind = cap;
  }
  w->bind[w->n_bind++] = (at_binding){.name = name, .value = v, .is_param = is_param};
  return true;
}

/* ---- parameters ---- */

at_value at_lower_use(at_lower *w, at_binding *b) {
  b->used = true;
  if (!b->pending) return b->value;
  if (b->busy) {
    at_lower_error(w, "circle", b->name.span, NULL,
                   "the default of parameter `%s` depends on itself", b->name.text);
    return (at_value){0};
  }
  const char *name = b->name.text;
  const at_expr *e = b->pending;
  b->busy = true;
  at_value v;
  if (e->kind == AT_E_NAME && !at_lower_find(w, e->name.text))
    v = (at_value){.kind = AT_V_SPEC, .expr = e, .text = at_lower_spec_text(w, e)};
  else if (e->kind == AT_E_CALL)
    v = (at_value){.kind = AT_V_SPEC, .expr = e, .text = at_lower_spec_text(w, e)};
  else
    v = at_lower_expr(w, e);
  b = at_lower_find(w, name); /* the table may have moved */
  b->busy = false;
  b->pending = NULL;
  b->value = v;
  return v;
}

static const char *given(const at_lower *w, const char *name) {
  const char *last = NULL;
  size_t n = strlen(name);
  for (size_t i = 0; w->env && i < w->env->n_set; i++)
    if (!strncmp(w->env->set[i], name, n) && w->env->set[i][n] == '=')
      last = w->env->set[i] + n + 1;
  return last;
}

/* A value from the command line is of the same sort as the default that it replaces. */
static void take_override(at_lower *w, at_binding *b, const at_parameter *p, const char *text) {
  at_error err = {0};
  at_expr *e;
  if (at_dsl_parse_expr(w->arena, text, &e, &err) != AT_OK) {
    at_lower_error(w, "bad-set", p->name.span, NULL, "%s = %.200s is no value: %s", p->name.text,
                   text, err.message);
    b->pending = NULL;
    return;
  }
  bool number = e->kind == AT_E_NUMBER || e->kind == AT_E_MINUS || e->kind == AT_E_BINARY;
  bool wants = p->value && (p->value->kind == AT_E_NUMBER || p->value->kind == AT_E_MINUS);
  if (wants && !number) {
    at_lower_error(w, "bad-set", p->name.span, NULL,
                   "parameter `%s` is a number; it was set to \"%.200s\"", p->name.text, text);
    b->pending = NULL;
    return;
  }
  b->pending = e;
  if (number) return;
  const char *copy = at_arena_strdup(w->arena, text);
  if (!copy) w->nomem = true;
  b->value = (at_value){.kind = AT_V_SPEC, .expr = e, .text = copy};
  b->pending = NULL;
}

static void check_set(at_lower *w) {
  const char *names[256];
  size_t n = 0;
  for (const at_parameter *p = w->ast->params; p && n < 256; p = p->next) names[n++] = p->name.text;
  for (size_t i = 0; w->env && i < w->env->n_set; i++) {
    char key[128];
    size_t len = strcspn(w->env->set[i], "=");
    snprintf(key, sizeof key, "%.*s", (int)(len < 127 ? len : 127), w->env->set[i]);
    bool found = false;
    for (size_t k = 0; k < n; k++) found |= !strcmp(names[k], key);
    if (found && w->env->set[i][len] == '=') continue;
    const char *near = at_suggest(key, names, n);
    char hint[200];
    if (near) snprintf(hint, sizeof hint, "did you mean `%s`?", near);
    at_lower_error(w, "bad-set", w->ast->name.span, near ? hint : NULL,
                   "model `%s` has no parameter `%s`", w->ast->name.text, key);
  }
}

static void take_parameters(at_lower *w) {
  for (const at_parameter *p = w->ast->params; p; p = p->next) {
    if (!at_lower_define(w, p->name, (at_value){0}, true)) continue;
    at_binding *b = at_lower_find(w, p->name.text);
    const char *text = given(w, p->name.text);
    b->pending = p->value;
    if (text)
      take_override(w, b, p, text);
    else if (!p->value)
      at_lower_error(w, "missing-parameter", p->name.span,
                     "give it with --set, or a default in the file", "parameter `%s` has no value",
                     p->name.text);
  }
  check_set(w);
}

/* ---- inputs ---- */

static bool kind_of(at_lower *w, const at_input_axis *a, bool first, bool last, bool real,
                    at_axis_kind *out) {
  *out = first ? AT_BATCH : real && last ? AT_FEATURE : AT_SEQUENCE;
  if (!a->kind.text) return true;
  for (int k = AT_BATCH; k <= AT_FEATURE; k++)
    if (!strcmp(a->kind.text, at_axis_kind_name((at_axis_kind)k))) {
      *out = (at_axis_kind)k;
      return true;
    }
  const char *names[] = {"batch", "sequence", "feature"},
             *near = at_suggest(a->kind.text, names, 3);
  char hint[64];
  if (near) snprintf(hint, sizeof hint, "did you mean `%s`?", near);
  at_lower_error(w, "axis-kind", a->kind.span,
                 near ? hint : "kinds are batch, sequence and feature", "`%s` is no kind of axis",
                 a->kind.text);
  return false;
}

/* Size of an axis: written, or asked of the data. */
static bool size_of(at_lower *w, const at_stmt *s, const at_input_axis *a, at_axis_kind kind,
                    int64_t *size) {
  *size = -1;
  if (kind == AT_BATCH || a->ragged) {
    if (!a->size) return true;
    at_lower_error(w, "bad-size", a->name.span, NULL, "the %s axis `%s` has no fixed size",
                   kind == AT_BATCH ? "batch" : "ragged", a->name.text);
    return false;
  }
  if (a->size) return at_lower_size(w, a->size, a->name.text, size);
  if (w->env && w->env->axis_size)
    *size = w->env->axis_size(w->env->ctx, s->name.text, a->name.text);
  return true;
}

static bool input_axis(at_lower *w, const at_stmt *s, const at_input_axis *a, bool first, bool real,
                       int *parent, at_dim *dim) {
  at_axis_kind kind;
  at_error err = {0};
  if (!kind_of(w, a, first, !a->next, real, &kind)) return false;
  if (a->ragged && *parent < 0) {
    at_lower_error(w, "ragged", a->name.span, NULL, "`%s...` needs a batch axis right before it",
                   a->name.text);
    return false;
  }
  if (a->ragged) kind = AT_SEQUENCE;
  if (!size_of(w, s, a, kind, &dim->size)) return false;
  if (at_graph_axis(w->g, a->name.text, kind, a->ragged ? *parent : -1, a->name.span, &dim->axis,
                    &err) != AT_OK) {
    at_lower_error(w, "axis-kind", a->name.span, NULL, "%s", err.message);
    return false;
  }
  *parent = kind == AT_BATCH ? dim->axis : -1;
  return true;
}

static void lower_input(at_lower *w, const at_stmt *s) {
  bool real = !strcmp(s->type.text, "real"), token = !strcmp(s->type.text, "token");
  at_dim dim[AT_MAX_DIM];
  int n = 0, parent = -1;
  at_error err = {0};
  at_node *node = NULL;
  bool ok = true;
  if (at_lower_find(w, s->name.text)) {
    at_lower_define(w, s->name, (at_value){0}, false); /* says that it is there twice */
    return;
  }
  if (!real && !token) {
    at_lower_error(w, "type", s->type.span, "types are `real` and `token`",
                   "`%s` is no type of input", s->type.text);
    at_lower_define(w, s->name, (at_value){0}, false);
    return;
  }
  for (const at_input_axis *a = s->axes; a && ok; a = a->next) {
    if (n == AT_MAX_DIM) {
      at_lower_error(w, "axes", a->name.span, NULL, "an input has at most %d axes", AT_MAX_DIM);
      ok = false;
      break;
    }
    ok = input_axis(w, s, a, a == s->axes, real, &parent, &dim[n]);
    if (ok && a->ragged)
      dim[n - 1] = dim[n]; /* packed: the words stand for their captions as well */
    else
      n++;
  }
  int64_t words = ok && token && w->env && w->env->vocabulary
                      ? w->env->vocabulary(w->env->ctx, s->name.text)
                      : -1;
  if (ok && at_graph_input(w->g, s->name.text, real ? AT_REAL : AT_TOKEN, n, dim, words, s->span,
                           &node, &err) != AT_OK)
    at_lower_error(w, "axes", s->name.span, NULL, "%s", err.message);
  at_lower_define(w, s->name, (at_value){.kind = node ? AT_V_NODE : AT_V_NONE, .node = node},
                  false);
}

/* ---- the others ---- */

static void begin(at_lower *w, const char *base) {
  w->base = base;
  w->made = 0;
}

static void lower_let(at_lower *w, const at_stmt *s) {
  begin(w, s->name.text);
  at_value v = at_lower_expr(w, s->value);
  if (v.kind == AT_V_NODE && !v.node->name)
    v.node->name = at_arena_strdup(w->g->arena, s->name.text);
  at_lower_define(w, s->name, v, false);
}

static void lower_output(at_lower *w, const at_stmt *s) {
  at_error err = {0};
  begin(w, s->name.text);
  at_node *n = at_lower_node(w, s->value);
  if (n && at_graph_output(w->g, s->name.text, n, s->name.span, &err) != AT_OK)
    at_lower_error(w, "duplicate-name", s->name.span, NULL, "%s", err.message);
  /* An output can be used further down, as the loss does. */
  if (!at_lower_find(w, s->name.text) || !n) {
    at_lower_define(w, s->name, (at_value){.kind = n ? AT_V_NODE : AT_V_NONE, .node = n}, false);
    at_binding *b = at_lower_find(w, s->name.text);
    if (b) b->used = true;
  }
}

static void lower_loss(at_lower *w, const at_stmt *s) {
  at_error err = {0};
  begin(w, "loss");
  at_node *n = at_lower_node(w, s->value);
  if (n && at_graph_set_loss(w->g, n, &err) != AT_OK)
    at_lower_error(w, "loss", s->value->span, NULL, "%s", err.message);
}

typedef void lower_fn(at_lower *w, const at_stmt *s);
static lower_fn *const LOWER[] = {[AT_S_INPUT] = lower_input,
                                  [AT_S_LET] = lower_let,
                                  [AT_S_ATTEND] = at_lower_attend,
                                  [AT_S_OUTPUT] = lower_output,
                                  [AT_S_LOSS] = lower_loss};

static void warn_unused(at_lower *w) {
  for (size_t i = 0; i < w->n_bind; i++) {
    const at_binding *b = &w->bind[i];
    char message[200];
    if (b->used) continue;
    snprintf(message, sizeof message, "%s `%.100s` is not used",
             b->is_param ? "parameter" : "value", b->name.text);
    at_diag_add(w->diags, AT_SEV_WARNING, b->is_param ? "unused-parameter" : "unused-value",
                b->name.span, message, NULL, nowhere, NULL);
  }
}

at_status at_dsl_lower(const at_ast *ast, const at_source *src, const at_dsl_env *env,
                       at_diags *diags, at_graph **out, at_error *err) {
  at_lower w = {.arena = diags->arena, .ast = ast, .src = src, .env = env, .diags = diags};
  *out = NULL;
  if (!ast->name.text) return at_fail(err, AT_EINPUT, "%s: there is no model", src->path);
  at_status s = at_graph_new(ast->name.text, &w.g, err);
  if (s != AT_OK) return s;
  take_parameters(&w);
  for (const at_stmt *st = ast->body; st && !w.nomem; st = st->next) LOWER[st->kind](&w, st);
  if (!w.g->n_output && !diags->errors)
    at_lower_error(&w, "no-output", ast->name.span, "write `output similarity = ...`",
                   "model `%s` has no output", ast->name.text);
  if (!diags->errors) warn_unused(&w);
  if (w.nomem)
    s = at_nomem(err);
  else if (diags->errors)
    s = at_fail(err, AT_EINPUT, "%s: the model has %zu error%s", src->path, diags->errors,
                diags->errors == 1 ? "" : "s");
  if (s == AT_OK)
    *out = w.g;
  else
    at_graph_free(w.g);
  return s;
}
