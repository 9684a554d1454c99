/* Inputs: kinds and sizes of their axes. */
#include <string.h>
#include "dsl/lower.h"

static at_axis_kind kind_by_place(const at_stmt *s, const at_ast_axis *a) {
  if (a == s->axes) return AT_BATCH;
  return !a->next && !a->ragged && !strcmp(s->type, "real") ? AT_FEATURE : AT_SEQUENCE;
}

static bool axis_kind(at_lower *w, const at_stmt *s, const at_ast_axis *a, at_axis_kind *out) {
  static const char *const names[] = {"batch", "sequence", "feature"};
  *out = kind_by_place(s, a);
  if (!a->kind) return true;
  for (int k = AT_BATCH; k <= AT_FEATURE; k++)
    if (!strcmp(a->kind, at_axis_kind_name((at_axis_kind)k))) {
      *out = (at_axis_kind)k;
      return true;
    }
  const char *near = at_diag_suggest(w->diags, a->kind, names, 3);
  at_lower_error(w, "axis-kind", a->kind_span, "`%s` is no kind of axis", a->kind)->hint =
      near ? near : "kinds are batch, sequence and feature";
  return false;
}

/* The size that a parameter of the axis's name gives it; -1: there is none. */
static bool size_by_name(at_lower *w, const at_ast_axis *a, int64_t *out) {
  at_sym *sym = at_lower_find(w, a->name);
  if (!sym || at_lower_use(w, sym).kind != AT_V_NUMBER) return true;
  return at_lower_made_size(w, a->name, a->span, NULL, out);
}

/* Stated in the file, that of a parameter, said before of the same axis, or asked of the data. */
static bool axis_size(at_lower *w, const at_stmt *s, const at_ast_axis *a, int axis, int64_t *out) {
  const at_axis *x = &w->g->axis[axis];
  *out = -1;
  if (x->kind == AT_BATCH || x->parent >= 0) {
    if (!a->size) return true;
    at_lower_error(w, "bad-size", a->size->span, "the %s axis `%s` has no size of its own",
                   x->kind == AT_BATCH ? "batch" : "ragged", a->name)
        ->hint = "it is as long as what the data brings; leave the size out";
    return false;
  }
  at_span span = a->size ? a->size->span : a->span;
  if (a->size) {
    if (!at_lower_size(w, a->size, a->name, out)) return false;
  } else {
    if (!size_by_name(w, a, out)) return false;
    if (*out < 0) *out = at_lower_known(w, axis);
    if (*out < 0 && w->env->axis_size) *out = w->env->axis_size(w->env->ctx, s->name, a->name);
    if (*out == 0 || *out > INT32_MAX) {
      at_lower_error(w, "bad-size", a->span, "the data gives axis `%s` of `%s` the size %lld",
                     a->name, s->name, (long long)*out);
      return false;
    }
    if (*out < 0) *out = -1;
    if (*out < 0) at_lower_note_data(w, axis, span);
  }
  at_lower_note(w, axis, *out, span);
  return true;
}

static bool named_before(const at_stmt *s, const at_ast_axis *a) {
  for (const at_ast_axis *b = s->axes; b != a; b = b->next)
    if (!strcmp(b->name, a->name)) return true;
  return false;
}

static bool make_axis(at_lower *w, const at_stmt *s, const at_ast_axis *a, at_axis_kind kind,
                      int parent, int *axis) {
  at_error err = {0};
  if (a->ragged && parent < 0) {
    at_lower_error(w, "axis-kind", a->span, "`%s...` needs a batch axis before it", a->name)->hint =
        "as in `token [caption, word...]`: each caption has its own number of words";
    return false;
  }
  if (at_graph_axis(w->g, a->name, kind, a->ragged ? parent : -1, a->span, axis, &err) == AT_OK)
    return true;
  at_diag *d = at_lower_error(w, "axis-kind", a->span, "%s", err.message);
  int old = at_graph_find_axis(w->g, a->name);
  if (old >= 0) {
    d->note = at_diag_text(w->diags, "axis `%s` was made here", a->name);
    d->note_span = w->g->axis[old].origin;
  }
  if (old >= 0 && !a->kind && !a->ragged && !named_before(s, a) && w->g->axis[old].parent < 0)
    d->hint = at_diag_text(w->diags, "if it is the same axis, write `%s: %s`", a->name,
                           at_axis_kind_name(w->g->axis[old].kind));
  return false;
}

static bool not_beside(at_lower *w, const at_ast_axis *a) {
  at_lower_error(w, "axis-kind", a->span, "`%s...` must follow its batch axis at once", a->name);
  return false;
}

/* The axes read so far. A packed ragged dim stands for its batch axis too; the rows of a
 * second one over the same parent are padded. */
typedef struct dims {
  at_dim *dim;
  int n, parent, parent_at, packed;
} dims;

static bool put_ragged(at_lower *w, const at_ast_axis *a, dims *d, at_dim made) {
  if (d->packed == d->parent) {
    made.padded = true;
    d->dim[d->n++] = made;
    return true;
  }
  if (d->parent_at != d->n - 1) return not_beside(w, a);
  d->dim[d->parent_at] = made;
  d->packed = d->parent;
  return true;
}

/* Reads all axes even after a mistake, so that each is reported. -1: some are wrong. */
static int input_dims(at_lower *w, const at_stmt *s, at_dim *dim) {
  dims d = {.dim = dim, .parent = -1, .packed = -2};
  int named = 0;
  bool ok = true;
  for (const at_ast_axis *a = s->axes; a; a = a->next) {
    at_axis_kind kind;
    int axis;
    at_dim made = {.size = -1};
    if (d.n == AT_MAX_DIM || ++named > 2 * AT_MAX_DIM) {
      at_lower_error(w, "wrong-argument", a->span, "an input has at most %d axes", AT_MAX_DIM);
      return -1;
    }
    if (!axis_kind(w, s, a, &kind) || !make_axis(w, s, a, kind, d.parent, &axis) ||
        !axis_size(w, s, a, axis, &made.size)) {
      ok = false;
      continue;
    }
    made.axis = axis;
    if (a->ragged) {
      ok = put_ragged(w, a, &d, made) && ok;
      continue;
    }
    if (kind == AT_BATCH) {
      d.parent = axis;
      d.parent_at = d.n;
    }
    dim[d.n++] = made;
  }
  return ok ? d.n : -1;
}

/* `token(answer_class)`: an axis with a place for each token that the data has. */
static bool classes(at_lower *w, const at_stmt *s, int64_t data, int64_t *out) {
  const at_expr *e = s->vocabulary;
  at_error err = {0};
  int axis;
  *out = data > 0 ? data : -1;
  if (at_graph_axis(w->g, e->name, AT_FEATURE, -1, e->span, &axis, &err) != AT_OK) {
    at_lower_error(w, "axis-kind", e->span, "%s", err.message);
    return false;
  }
  at_lower_note(w, axis, *out, e->span);
  at_lower_note_data(w, axis, e->span);
  return true;
}

static bool vocabulary(at_lower *w, const at_stmt *s, bool token, int64_t *out) {
  int64_t data = -1;
  *out = -1;
  if (s->vocabulary && !token) {
    at_lower_error(w, "wrong-argument", s->vocabulary->span, "real numbers have no vocabulary")
        ->hint = "write `real [...]`";
    return false;
  }
  if (!token) return true;
  if (w->env->vocabulary) data = w->env->vocabulary(w->env->ctx, s->name);
  if (!s->vocabulary) {
    *out = data > 0 ? data : -1;
    return true;
  }
  if (s->vocabulary->kind == AT_E_NAME && !at_lower_find(w, s->vocabulary->name))
    return classes(w, s, data, out);
  if (!at_lower_size(w, s->vocabulary, NULL, out)) return false;
  if (data <= *out) return true;
  at_lower_error(w, "bad-size", s->vocabulary->span,
                 "the data has %lld different tokens, more than the %lld stated here",
                 (long long)data, (long long)*out)
      ->hint = "leave the number out, or state a greater one";
  return false;
}

void at_lower_input(at_lower *w, const at_stmt *s) {
  static const char *const types[] = {"real", "token"};
  bool real = !strcmp(s->type, "real"), token = !strcmp(s->type, "token");
  at_dim dim[AT_MAX_DIM];
  at_node *n = NULL;
  at_error err = {0};
  int64_t words = -1;
  if (w->depth) {
    at_lower_error(w, "misplaced", s->name_span, "an input stands in the model, not in a module")
        ->hint = "a module gets its values as arguments";
    at_lower_define(w, AT_SYM_INPUT, s->name, s->name_span, (at_val){.kind = AT_V_BAD});
    return;
  }
  if (!at_lower_is_free(w, AT_SYM_INPUT, s->name, s->name_span)) return;
  if (!real && !token) {
    const char *near = at_diag_suggest(w->diags, s->type, types, 2);
    at_lower_error(w, "wrong-type", s->type_span, "`%s` is no type of input", s->type)->hint =
        near ? near : "types are real and token";
  } else {
    int ndim = input_dims(w, s, dim);
    bool ok = vocabulary(w, s, token, &words) && ndim >= 0;
    if (ok && at_graph_input(w->g, s->name, real ? AT_REAL : AT_TOKEN, ndim, dim, words,
                             s->name_span, &n, &err) != AT_OK)
      at_lower_error(w, "wrong-argument", s->name_span, "%s", err.message);
  }
  at_lower_define(w, AT_SYM_INPUT, s->name, s->name_span,
                  (at_val){.kind = n ? AT_V_NODE : AT_V_BAD, .node = n});
}
