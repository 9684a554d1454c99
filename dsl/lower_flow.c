/* Statements that hold statements: repeat and if, unrolled while lowering. */
#include <math.h>
#include <string.h>
#include "dsl/lower.h"

/* ---- conditions ---- */

static bool is_word(const at_val *v, const char *word) {
  return v->kind == AT_V_SPEC && v->spec->kind == AT_E_NAME && !strcmp(v->spec->name, word);
}

/* A side of a comparison: what a name stands for, or the word itself. */
static at_val side(at_lower *w, const at_expr *e) {
  if (e->kind == AT_E_NAME && !at_lower_find(w, e->name))
    return (at_val){.kind = AT_V_SPEC, .spec = e, .frame = w->frame};
  return at_lower_expr(w, e);
}

static bool same_sort(at_lower *w, const at_expr *e, const at_val *a, const at_val *b) {
  if (a->kind == AT_V_BAD || b->kind == AT_V_BAD) return false;
  bool words = a->kind == AT_V_SPEC && b->kind == AT_V_SPEC;
  if ((a->kind == AT_V_NUMBER && b->kind == AT_V_NUMBER) ||
      (words && (e->op == AT_COND_EQ || e->op == AT_COND_NE)))
    return true;
  at_lower_error(w, "wrong-type", e->span, "these two cannot be compared")->hint =
      words ? "words are equal (==) or not (!=), nothing else"
            : "numbers compare with numbers, words with words";
  return false;
}

static bool compare(at_lower *w, const at_expr *e, bool *out) {
  at_val a = side(w, e->left), b = side(w, e->right);
  if (!same_sort(w, e, &a, &b)) return false;
  double x = a.number, y = b.number;
  if (a.kind == AT_V_SPEC) {
    x = strcmp(a.spec->name, b.spec->name) != 0;
    y = 0;
  }
  switch ((at_cond_op)e->op) {
    case AT_COND_EQ: *out = x == y; break;
    case AT_COND_NE: *out = x != y; break;
    case AT_COND_LT: *out = x < y; break;
    case AT_COND_LE: *out = x <= y; break;
    case AT_COND_GT: *out = x > y; break;
    default: *out = x >= y; break;
  }
  return true;
}

/* Both sides are worked out, so that a mistake in either is found. */
bool at_lower_condition(at_lower *w, const at_expr *e, bool *out) {
  bool a = false, b = false;
  if (e->kind == AT_E_COND && e->op == AT_COND_NOT) {
    bool ok = at_lower_condition(w, e->left, &a);
    *out = !a;
    return ok;
  }
  if (e->kind == AT_E_COND && (e->op == AT_COND_AND || e->op == AT_COND_OR)) {
    bool ok = at_lower_condition(w, e->left, &a);
    ok = at_lower_condition(w, e->right, &b) && ok;
    *out = e->op == AT_COND_AND ? a && b : a || b;
    return ok;
  }
  if (e->kind == AT_E_COND) return compare(w, e, out);
  at_val v = side(w, e);
  *out = is_word(&v, "true");
  if (*out || is_word(&v, "false")) return true;
  if (v.kind != AT_V_BAD)
    at_lower_error(w, "wrong-type", e->span, "a condition is expected here")->hint =
        is_word(&v, "True") || is_word(&v, "False")
            ? "it is written `true` or `false`"
            : "for example `direction == t2i`, `layers > 1`, or a parameter that is true or false";
  return false;
}

/* What a branch names is not known where nobody knows which one holds; once is enough to say. */
static void make_unknown(at_lower *w, const at_stmt *s) {
  for (; s; s = s->next) {
    bool makes =
        s->kind == AT_S_LET || s->kind == AT_S_ATTEND || (s->kind == AT_S_OUTPUT && s->expr);
    if (makes && !at_lower_find(w, s->name))
      at_lower_define(w, AT_SYM_LET, s->name, s->name_span, at_lower_bad());
  }
}

void at_lower_if(at_lower *w, const at_stmt *s) {
  bool yes;
  if (!at_lower_condition(w, s->expr, &yes)) {
    make_unknown(w, s->body);
    make_unknown(w, s->other);
    return;
  }
  at_lower_mention_body(w, yes ? s->other : s->body);
  at_lower_body(w, yes ? s->body : s->other);
}

/* ---- repeat ---- */

static bool whole(at_lower *w, const at_expr *e, const char *what, double *out) {
  if (!at_lower_number(w, e, out)) return false;
  if (*out == floor(*out) && fabs(*out) < 1e9) return true;
  at_lower_error(w, "wrong-type", e->span, "the %s turn of a repeat is a whole number, not %g",
                 what, *out);
  return false;
}

static bool bounds(at_lower *w, const at_stmt *s, double *first, double *last) {
  bool ok = whole(w, s->first, "first", first);
  ok = whole(w, s->last, "last", last) && ok;
  if (ok && *last - *first >= AT_DSL_MAX_TURNS) {
    at_lower_error(w, "number-range", s->last->span, "a repeat has at most %d turns; here %g",
                   AT_DSL_MAX_TURNS, *last - *first + 1);
    return false;
  }
  return ok;
}

/* Carried values become names of the frame, which hold the last value afterwards. */
static bool begin_carrying(at_lower *w, const at_stmt *s, at_turn *t) {
  for (const at_ast_param *p = s->clauses; p; p = p->next) t->n++;
  t->carry = AT_NEW_ARRAY(w->diags->arena, struct at_carry, (size_t)t->n + 1);
  if (!t->carry) {
    w->nomem = true;
    return false;
  }
  int i = 0;
  for (const at_ast_param *p = s->clauses; p; p = p->next) t->carry[i++].of = p;
  for (i = 0; i < t->n; i++) {
    const at_ast_param *p = t->carry[i].of;
    w->owner = p->name;
    w->made = 0;
    at_val v = at_lower_expr(w, p->def);
    if (v.kind == AT_V_SPEC) {
      at_lower_error(w, "wrong-type", p->def->span, "`%s` is a word; a repeat carries values",
                     v.spec->name);
      v = at_lower_bad();
    }
    at_sym *sym = at_lower_define(w, AT_SYM_LET, p->name, p->span, v);
    if (!sym) return false;
    sym->used = true;
  }
  return true;
}

static bool take_next(at_lower *w, const at_stmt *s, at_turn *t) {
  for (int i = 0; i < t->n; i++) {
    struct at_carry *c = &t->carry[i];
    if (!c->given) {
      at_diag *d =
          at_lower_error(w, "missing-next", s->name_span,
                         "the repeat carries `%s` but never says its next value", c->of->name);
      d->hint = at_diag_text(w->diags, "write `next %s = ...` in its body", c->of->name);
      d->note = at_diag_text(w->diags, "`%s` is carried from here", c->of->name);
      d->note_span = c->of->span;
      return false;
    }
    at_sym *sym = at_lower_find(w, c->of->name);
    sym->val = c->next;
    c->given = false;
  }
  return true;
}

static bool one_turn(at_lower *w, const at_stmt *s, at_turn *t, double index, bool first) {
  const char *turns = w->turns, *module = w->g->module;
  const int base = w->n_sym;
  const bool again = w->g->again;
  bool ok = true;
  w->turns = at_arena_printf(w->diags->arena, "%s.%g", turns, index);
  w->g->module = at_arena_printf(w->g->arena, "%s%s%s=%g", module ? module : "", module ? "." : "",
                                 s->name, index);
  if (!w->turns || !w->g->module) {
    w->nomem = true;
    w->turns = turns;
    return false;
  }
  w->g->again = again || !first; /* one set of parameters for all turns */
  w->turn = t;
  at_sym *sym = at_lower_define(w, AT_SYM_LET, s->name, s->name_span,
                                (at_val){.kind = AT_V_NUMBER, .number = index});
  if (sym) {
    sym->used = true;
    at_lower_body(w, s->body);
    at_lower_forget(w, base);
    w->place = s->name_span;
    ok = !w->full && !w->nomem && take_next(w, s, t);
  }
  w->turn = t->outer;
  w->g->again = again;
  w->turns = turns;
  w->g->module = module;
  return ok && sym;
}

/* The value after a turn that went wrong is not known; nobody need hear of it twice. */
static void forget_carried(at_lower *w, const at_turn *t) {
  for (int k = 0; k < t->n; k++) {
    at_sym *sym = at_lower_find(w, t->carry[k].of->name);
    if (sym) sym->val = at_lower_bad();
  }
}

void at_lower_repeat(at_lower *w, const at_stmt *s) {
  double first, last;
  at_turn t = {.outer = w->turn, .frame = w->depth};
  const size_t errors = w->diags->errors;
  bool bounded = bounds(w, s, &first, &last);
  if (!begin_carrying(w, s, &t)) return;
  if (!bounded) {
    forget_carried(w, &t);
    return;
  }
  for (double i = first; i <= last; i++)
    if (!one_turn(w, s, &t, i, i == first) || w->diags->errors > errors) {
      forget_carried(w, &t);
      return;
    }
}

void at_lower_next(at_lower *w, const at_stmt *s) {
  at_turn *t = w->turn && w->turn->frame == w->depth ? w->turn : NULL;
  at_val v = at_lower_expr(w, s->expr);
  if (v.kind == AT_V_SPEC) v = at_lower_bad();
  for (int i = 0; t && i < t->n; i++) {
    struct at_carry *c = &t->carry[i];
    if (strcmp(c->of->name, s->name)) continue;
    if (c->given)
      at_lower_error(w, "duplicate-name", s->name_span, "the next value of `%s` is given already",
                     s->name);
    c->next = v;
    c->given = true;
    return;
  }
  at_diag *d = at_lower_error(w, "misplaced", s->name_span,
                              t ? "the repeat does not carry `%s`"
                                : "`next %s` stands outside of any "
                                  "repeat",
                              s->name);
  if (t) {
    const char *names[AT_MAX_IN];
    size_t n = 0;
    for (; n < AT_MAX_IN && (int)n < t->n; n++) names[n] = t->carry[n].of->name;
    d->hint = at_diag_suggest(w->diags, s->name, names, n);
    if (!d->hint)
      d->hint = at_diag_text(w->diags, "write `with %s = FIRST` after its bounds", s->name);
  }
}
