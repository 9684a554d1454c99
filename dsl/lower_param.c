/* Parameters of a model: defaults, and what --set puts in their place. */
#include <string.h>
#include "dsl/lower.h"

static const at_val bad = {.kind = AT_V_BAD};

/* A default is a number, or a word or call that its user understands. */
static at_val evaluate(at_lower *w, const at_expr *e) {
  const at_val spec = {.kind = AT_V_SPEC, .spec = e, .frame = w->frame};
  if (e->kind == AT_E_NAME && !at_lower_find(w, e->name)) return spec;
  if (e->kind == AT_E_CALL && at_lower_is_number_call(w, e)) return at_lower_expr(w, e);
  if (e->kind == AT_E_CALL || e->kind == AT_E_STRING) return spec;
  if (e->kind != AT_E_PIPE && e->kind != AT_E_LIST) return at_lower_expr(w, e);
  at_lower_error(w, "wrong-type", e->span, "a parameter is a number, a name or a call")->hint =
      "for example d = 1024, pool = mean or score = general(side = key)";
  return bad;
}

/* ---- --set ---- */

static bool is_bool(const at_val *v) {
  return v->kind == AT_V_SPEC && v->spec->kind == AT_E_NAME &&
         (!strcmp(v->spec->name, "true") || !strcmp(v->spec->name, "false"));
}

static const char *sort_of(const at_val *v) {
  if (v->kind == AT_V_NUMBER) return "a number";
  if (v->kind == AT_V_SPEC && v->spec->kind == AT_E_STRING) return "a text";
  return is_bool(v) ? "true or false" : "a name or a call";
}

static void bad_set(at_lower *w, const at_sym *s, const char *text, const char *wanted) {
  at_diag *d = at_diag_add(w->diags, AT_SEV_ERROR, "bad-set", AT_NOWHERE,
                           "`%.200s` is no value for parameter `%s`", text, s->name);
  if (wanted) d->hint = at_diag_text(w->diags, "it takes %s", wanted);
  d->note = at_diag_text(w->diags, "parameter `%s` is declared here", s->name);
  d->note_span = s->span;
}

/* What replaces a default is of the same sort. */
static at_val override(at_lower *w, int sym, const char *text) {
  at_expr *e = NULL;
  const at_expr *def = w->sym[sym].param->def;
  at_val old = def ? evaluate(w, def) : bad, v;
  bool any = old.kind == AT_V_BAD;
  if (def && def->kind == AT_E_STRING) { /* taken as it stands: paths need no quotes */
    at_expr *text_expr = AT_NEW(w->diags->arena, at_expr);
    size_t n = strlen(text);
    bool quoted = n > 1 && text[0] == '"' && text[n - 1] == '"';
    const char *copy = at_arena_strndup(w->diags->arena, text + quoted, n - 2 * quoted);
    w->nomem = w->nomem || !text_expr || !copy;
    if (w->nomem) return bad;
    *text_expr = (at_expr){.kind = AT_E_STRING, .span = AT_NOWHERE, .name = copy};
    return (at_val){.kind = AT_V_SPEC, .spec = text_expr};
  }
  at_status st = at_dsl_parse_value(w->diags->arena, text, &e);
  if (st == AT_ENOMEM) w->nomem = true;
  if (st != AT_OK || e->kind == AT_E_BAD || e->kind == AT_E_PIPE || e->kind == AT_E_LIST) {
    bad_set(w, &w->sym[sym], text, any ? "a number, a name or a call" : sort_of(&old));
    return bad;
  }
  v = e->kind == AT_E_NAME ? (at_val){.kind = AT_V_SPEC, .spec = e, .frame = w->frame}
                           : evaluate(w, e);
  if (v.kind == AT_V_BAD || any) return v;
  if (v.kind == old.kind && is_bool(&v) == is_bool(&old)) return v;
  bad_set(w, &w->sym[sym], text, sort_of(&old));
  return bad;
}

static at_val missing(at_lower *w, const at_sym *s) {
  at_lower_error(w, "missing-parameter", s->span, "parameter `%s` has no value", s->name)->hint =
      at_diag_text(w->diags, "set it with --set %s=VALUE, or write a default", s->name);
  return bad;
}

at_val at_lower_use(at_lower *w, at_sym *s) {
  const int i = (int)(s - w->sym); /* the table may move */
  s->used = true;
  if (!s->pending) return s->val;
  if (s->busy) {
    at_lower_error(w, "cyclic-parameter", s->span, "the default of parameter `%s` needs itself",
                   s->name);
    s->pending = false;
    return bad;
  }
  at_span place = w->place;
  w->place = s->span;
  s->busy = true;
  at_val v = s->set          ? override(w, i, s->set)
             : s->param->def ? evaluate(w, s->param->def)
                             : missing(w, s);
  w->place = place;
  s = &w->sym[i];
  s->busy = false;
  if (!s->pending) v = bad; /* it took part in a circle */
  s->pending = false;
  s->val = v;
  return v;
}

static void take_set(at_lower *w, const char *set) {
  size_t n = strcspn(set, "=");
  const char *key = at_arena_strndup(w->diags->arena, set, n);
  if (!key) {
    w->nomem = true;
    return;
  }
  at_sym *s = at_lower_find(w, key);
  if (s && set[n] == '=') {
    s->set = set + n + 1;
    return;
  }
  at_diag *d = s ? at_diag_add(w->diags, AT_SEV_ERROR, "bad-set", AT_NOWHERE,
                               "`%.200s` sets nothing; a `=` and a value are missing", key)
                 : at_diag_add(w->diags, AT_SEV_ERROR, "bad-set", AT_NOWHERE,
                               "model `%s` has no parameter `%.200s`", w->model->name, key);
  if (!s) d->hint = at_lower_suggest_value(w, key);
}

void at_lower_params(at_lower *w) {
  for (const at_ast_param *p = w->model->params; p && !w->nomem && !w->full; p = p->next) {
    at_sym *s = at_lower_define(w, AT_SYM_PARAM, p->name, p->span, bad);
    if (!s) continue;
    s->param = p;
    s->pending = true;
  }
  for (size_t k = 0; k < w->env->n_set && !w->nomem; k++) take_set(w, w->env->set[k]);
  /* Working a value out is no use of it, but of those that it names. */
  for (int i = 0; i < w->n_sym && !w->nomem; i++) {
    bool used = w->sym[i].used;
    at_lower_use(w, &w->sym[i]);
    w->sym[i].used = used;
  }
}
