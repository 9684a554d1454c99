/* Arguments of a call, by the operator's own table. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "dsl/lower.h"

static bool is_number(at_arg_type t) {
  return t == AT_ARG_INT || t == AT_ARG_REAL || t == AT_ARG_BOOL || t == AT_ARG_ENUM;
}

/* ---- how an operator is written ---- */

static void add_param(at_text *t, const at_param_spec *p) {
  static const char *const shape[] = {[AT_ARG_AXIS] = "AXIS",
                                      [AT_ARG_AXES] = "AXIS, AXIS",
                                      [AT_ARG_MAP] = "FROM -> TO",
                                      [AT_ARG_SPLIT] = "FROM -> [TO = SIZE, TO]",
                                      [AT_ARG_NEW] = "-> NEW = SIZE"};
  char def[32];
  at_format_f64(def, p->def);
  if (!is_number(p->type))
    at_text_add(t, shape[p->type]);
  else if (p->type == AT_ARG_ENUM)
    at_text_addf(t, "%s = %s", p->name, p->choices);
  else if (p->type == AT_ARG_BOOL)
    at_text_addf(t, "%s = %s", p->name, p->def != 0 ? "true" : "false");
  else
    at_text_addf(t, "%s = %s", p->name, p->required ? "NUMBER" : def);
}

const char *at_lower_usage(at_call *c) {
  at_text t = {0};
  bool pipe = c->op->max_in == 1, first = pipe;
  at_text_addf(&t, "it is written `%s%s(",
               c->along ? "weigh = "
               : pipe   ? "x |> "
                        : "",
               c->op->name);
  for (int i = 0; !pipe && i < c->op->max_in && i < 2; i++)
    at_text_addf(&t, "%s%c", i ? ", " : "", 'x' + i);
  if (c->op->max_in > 2) at_text_add(&t, c->op->min_in == c->op->max_in ? ", z" : ", ...");
  for (const at_param_spec *p = c->op->params; p && p->type != AT_ARG_END; p++) {
    if (c->along && p == c->op->params) continue;
    if (!first) at_text_add(&t, ", ");
    add_param(&t, p);
    first = false;
  }
  at_text_add(&t, ")`");
  const char *s = t.failed ? NULL : at_arena_strdup(c->w->diags->arena, t.data);
  at_text_free(&t);
  return s;
}

static void wrong(at_call *c, at_span span, const char *code, const char *message) {
  at_lower_error(c->w, code, span, "%s", message)->hint = at_lower_usage(c);
  c->bad = true;
}

/* ---- axes ---- */

static int unknown_axis(at_lower *w, const at_expr *e, const char *name, const at_node *v) {
  const char **names = AT_NEW_ARRAY(w->diags->arena, const char *, (size_t)w->g->n_axis + 1);
  at_diag *d = at_lower_error(w, "unknown-axis", e->span, "there is no axis `%s`", name);
  if (v && v->type == AT_TOKEN) {
    d->hint =
        at_diag_text(w->diags, "%s holds tokens: `embed(-> NAME = SIZE)` makes vectors of them",
                     at_node_title(w->g, v));
    return -1;
  }
  for (int i = 0; names && i < w->g->n_axis; i++) names[i] = w->g->axis[i].name;
  if (names) d->hint = at_diag_suggest(w->diags, name, names, (size_t)w->g->n_axis);
  if (!d->hint && v)
    d->hint =
        at_diag_text(w->diags, "%s is %s", at_node_title(w->g, v), at_node_axes_text(w->g, v));
  return -1;
}

/* A parameter may hold the name of an axis. */
const char *at_lower_axis_name(at_lower *w, const char *name) {
  at_sym *s = at_lower_find(w, name);
  if (!s || s->kind != AT_SYM_PARAM) return name;
  at_val v = at_lower_use(w, s);
  return v.kind == AT_V_SPEC && v.spec->kind == AT_E_NAME ? v.spec->name : name;
}

static bool numbers(const at_expr *e) {
  return e->kind == AT_E_NUMBER || (e->kind == AT_E_NEGATE && e->left->kind == AT_E_NUMBER);
}

int at_lower_axis(at_lower *w, const at_expr *e, const at_node *v) {
  if (e->kind == AT_E_BAD) return -1;
  if (e->kind != AT_E_NAME) {
    at_lower_error(w, "wrong-argument", e->span, "the name of an axis is expected here")->hint =
        numbers(e) ? "axes are named, not counted" : NULL;
    return -1;
  }
  const char *name = at_lower_axis_name(w, e->name);
  int a = at_graph_find_axis(w->g, name);
  return a >= 0 ? a : unknown_axis(w, e, name, v);
}

static void add_axis(at_call *c, at_arg *a, const at_expr *e) {
  for (const at_expr *i = e->kind == AT_E_LIST ? e->items : e; i;
       i = e->kind == AT_E_LIST ? i->next : NULL) {
    int axis = at_lower_axis(c->w, i, c->n_in ? c->in[0] : NULL);
    if (axis < 0) {
      c->bad = true;
      continue;
    }
    if (a->n_axes == AT_MAX_AXES_ARG) {
      at_lower_error(c->w, "wrong-argument", i->span, "at most %d axes can be named here",
                     AT_MAX_AXES_ARG);
      c->bad = true;
      return;
    }
    a->axis[a->n_axes++] = axis;
  }
}

/* ---- axes that a call makes ---- */

bool at_lower_made_size(at_lower *w, const char *name, at_span span, const at_expr *size,
                        int64_t *out) {
  if (size) return at_lower_size(w, size, name, out);
  at_sym *s = at_lower_find(w, name);
  at_val v = s ? at_lower_use(w, s) : (at_val){.kind = AT_V_NODE};
  if (v.kind == AT_V_BAD) return false;
  if (v.kind == AT_V_NUMBER) {
    at_expr e = {.kind = AT_E_NAME, .span = span, .name = name, .name_span = span};
    return at_lower_size(w, &e, name, out);
  }
  *out = at_lower_known(w, at_graph_find_axis(w->g, name));
  if (*out >= 0 || at_lower_by_data(w, at_graph_find_axis(w->g, name))) return true;
  at_lower_error(w, "bad-size", span, "nothing says what size the new axis `%s` has", name)->hint =
      at_diag_text(w->diags, "write `-> %s = 128`, or give the model a parameter `%s`", name, name);
  return false;
}

/* What keeps the numbers keeps the kind too; what mixes them makes features. */
static at_axis_kind made_kind(const at_call *c, const at_arg *a) {
  at_axis_kind kind = AT_SEQUENCE;
  if (!(c->op->flags & AT_OP_SIZES)) return AT_FEATURE;
  for (int i = 0; i < a->n_axes; i++)
    if (c->w->g->axis[a->axis[i]].kind == AT_FEATURE) kind = AT_FEATURE;
  return kind;
}

static bool from_fits(at_call *c, const at_arg *a, at_span span) {
  for (int i = 0; i < a->n_axes; i++) {
    const at_axis *x = &c->w->g->axis[a->axis[i]];
    if (x->kind != AT_BATCH && x->parent < 0) continue;
    at_diag *d = at_lower_error(c->w, "axis-kind", span, "%s cannot consume the %s axis `%s`",
                                c->op->name, x->parent >= 0 ? "ragged" : "batch", x->name);
    d->note = at_diag_text(c->w->diags, "axis `%s` was made here", x->name);
    d->note_span = x->origin;
    return false;
  }
  return true;
}

/* Of a batch or ragged axis a like one is made, of ragged and fixed ones a ragged one; an
 * axis of that name stays what it is, and the operator says whether it fits. */
static bool made_by_data(at_call *c, at_arg *a, const char *name, at_span span) {
  at_lower *w = c->w;
  at_error err = {0};
  const int old = at_graph_find_axis(w->g, name);
  const at_axis *like = NULL;
  for (int i = 0; i < a->n_axes; i++) {
    const at_axis *x = &w->g->axis[a->axis[i]];
    if (x->kind == AT_BATCH || x->parent >= 0) like = x;
  }
  if (!like && (old < 0 || w->g->axis[old].parent < 0)) return false;
  if (old >= 0)
    a->to = old;
  else if (at_graph_axis(w->g, name, like->kind, like->parent, span, &a->to, &err) != AT_OK) {
    wrong(c, span, "axis-kind", at_diag_text(w->diags, "%s", err.message));
  }
  return true;
}

static void make_axis(at_call *c, at_arg *a, const char *written, at_span span,
                      const at_expr *size) {
  at_lower *w = c->w;
  at_error err = {0};
  const char *name = at_lower_axis_name(w, written);
  bool keeps = c->op->flags & AT_OP_SIZES;
  a->to_size = -1;
  if (keeps && size) {
    at_lower_error(w, "bad-size", size->span, "%s finds the size itself; leave this one out",
                   c->op->name);
    c->bad = true;
  }
  if (c->bad || (!keeps && !from_fits(c, a, a->span)) ||
      (!keeps && !at_lower_made_size(w, name, span, size, &a->to_size))) {
    c->bad = true;
    return;
  }
  if (keeps && made_by_data(c, a, name, span)) return;
  at_axis_kind kind = made_kind(c, a);
  int old = at_graph_find_axis(w->g, name);
  if (keeps && old >= 0 && w->g->axis[old].parent < 0 && w->g->axis[old].kind != AT_BATCH)
    kind = w->g->axis[old].kind; /* its users know it so already */
  if (at_graph_axis(w->g, name, kind, -1, span, &a->to, &err) != AT_OK) {
    at_diag *d = at_lower_error(w, "axis-kind", span, "%s", err.message);
    if (old >= 0) d->note = at_diag_text(w->diags, "axis `%s` was made here", name);
    if (old >= 0) d->note_span = w->g->axis[old].origin;
    c->bad = true;
  } else {
    at_lower_note(w, a->to, a->to_size, span);
  }
}

/* Axes that split makes; one of the sizes may be left to it. */
static void make_axes(at_call *c, at_arg *a, const at_ast_axis *made) {
  at_lower *w = c->w;
  for (; made && !c->bad; made = made->next) {
    at_error err = {0};
    if (a->n_made == AT_MAX_AXES_ARG) {
      wrong(c, made->span, "wrong-argument", "at most 4 axes can be made here");
      return;
    }
    const char *name = at_lower_axis_name(w, made->name);
    int64_t *size = &a->made_size[a->n_made];
    int old = at_graph_find_axis(w->g, name);
    at_axis_kind kind = old >= 0 ? w->g->axis[old].kind : made_kind(c, a);
    at_sym *s = at_lower_find(w, made->name);
    *size = -1;
    if (made->size) {
      if (!at_lower_size(w, made->size, name, size)) c->bad = true;
    } else if (s && at_lower_use(w, s).kind == AT_V_NUMBER) {
      if (!at_lower_made_size(w, made->name, made->span, NULL, size)) c->bad = true;
    }
    if (at_graph_axis(w->g, name, kind, old >= 0 ? w->g->axis[old].parent : -1, made->span,
                      &a->made[a->n_made++], &err) == AT_OK)
      continue;
    wrong(c, made->span, "axis-kind", at_diag_text(w->diags, "%s", err.message));
  }
}

/* ---- numbers and choices ---- */

static void set_number(at_call *c, int p, const at_expr *e) {
  const at_param_spec *s = &c->op->params[p];
  at_arg *a = &c->arg[p];
  if (!at_lower_number(c->w, e, &a->num)) {
    c->bad = true;
    return;
  }
  bool whole = s->type != AT_ARG_INT || a->num == floor(a->num);
  if (whole && (s->min == s->max || (a->num >= s->min && a->num <= s->max))) return;
  c->bad = true;
  if (!whole)
    at_lower_error(c->w, "number-range", e->span, "`%s` of %s is a whole number, not %g", s->name,
                   c->op->name, a->num);
  else
    at_lower_error(c->w, "number-range", e->span,
                   "`%s` of %s lies between %g and %g; here it is %g", s->name, c->op->name, s->min,
                   s->max, a->num);
}

enum { MOST_CHOICES = 16 };

/* Splits "hardest|sum" into words. */
static int split(at_lower *w, const char *choices, const char *word[MOST_CHOICES]) {
  int n = 0;
  for (const char *s = choices; s && *s && n < MOST_CHOICES; n++) {
    size_t len = strcspn(s, "|");
    word[n] = at_arena_strndup(w->diags->arena, s, len);
    if (!word[n]) return n;
    s += len + (s[len] == '|');
  }
  return n;
}

static void set_choice(at_call *c, int p, const at_expr *e, const char *choices) {
  at_lower *w = c->w;
  const char *list[MOST_CHOICES], *word = at_lower_word(w, e);
  int n = split(w, choices, list);
  for (int i = 0; word && i < n; i++)
    if (!strcmp(list[i], word)) {
      c->arg[p].num = i;
      return;
    }
  c->bad = true;
  if (e->kind == AT_E_BAD) return;
  at_diag *d = word ? at_lower_error(w, "wrong-argument", e->span, "`%s` of %s cannot be `%s`",
                                     c->op->params[p].name, c->op->name, word)
                    : at_lower_error(w, "wrong-argument", e->span, "`%s` of %s is a word",
                                     c->op->params[p].name, c->op->name);
  d->hint = word ? at_diag_suggest(w->diags, word, list, (size_t)n) : NULL;
  at_text t = {0};
  for (int i = 0; i < n; i++)
    at_text_addf(&t, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", list[i]);
  if (!d->hint && t.data) d->hint = at_diag_text(w->diags, "it is %s", t.data);
  at_text_free(&t);
}

/* ---- one argument ---- */

static bool arrow_fits(at_call *c, const at_call_arg *a, at_arg_type t) {
  if (t == AT_ARG_MAP && !a->to)
    wrong(c, a->span, "wrong-argument", "the axis made is missing: FROM -> TO");
  else if (t == AT_ARG_MAP && !a->value)
    wrong(c, a->span, "wrong-argument", "the axis consumed is missing: FROM -> TO");
  else if (t == AT_ARG_SPLIT && (!a->made || !a->value))
    wrong(c, a->span, "wrong-argument", "the axes made are missing: FROM -> [TO = SIZE, TO]");
  else if (t != AT_ARG_SPLIT && a->made)
    wrong(c, a->span, "wrong-argument", "one axis at most is made here");
  else if (t == AT_ARG_NEW && a->to && a->value)
    wrong(c, a->span, "wrong-argument", "nothing is consumed here: write `-> NEW = SIZE`");
  else if (t != AT_ARG_MAP && t != AT_ARG_NEW && a->to)
    wrong(c, a->span, "wrong-argument", "no axis is made here; `->` is out of place");
  else
    return true;
  return false;
}

static void set_new(at_call *c, int p, const at_call_arg *g) {
  if (g->to)
    make_axis(c, &c->arg[p], g->to, g->to_span, g->size);
  else if (g->value->kind == AT_E_NAME)
    make_axis(c, &c->arg[p], g->value->name, g->value->span, NULL);
  else
    wrong(c, g->span, "wrong-argument", "the name of the new axis is expected here");
}

/* A reduction is written once for each axis. */
static void several(at_call *c, at_span span, const at_arg *a) {
  const at_axis *axis = c->w->g->axis;
  wrong(c, span, "wrong-argument", "one axis is expected here");
  if (c->op->max_in != 1 || c->op->params[1].type != AT_ARG_END || a->n_axes != 2) return;
  at_diag *d = &c->w->diags->v[c->w->diags->n - 1];
  d->hint = at_diag_text(c->w->diags, "one after the other: `x |> %s(%s) |> %s(%s)`", c->op->name,
                         axis[a->axis[0]].name, c->op->name, axis[a->axis[1]].name);
}

/* `before`: names of axes that stood before g by position, for a MAP. */
static void set_arg(at_call *c, int p, const at_call_arg *g, const at_call_arg *const *before,
                    int n_before) {
  const at_param_spec *s = &c->op->params[p];
  at_span span = n_before ? before[0]->span : g->span;
  span.end = g->span.end;
  c->arg[p] = (at_arg){.set = true, .span = span};
  if (!arrow_fits(c, g, s->type)) return;
  switch (s->type) {
    case AT_ARG_AXIS:
      add_axis(c, &c->arg[p], g->value);
      if (c->arg[p].n_axes > 1) several(c, g->span, &c->arg[p]);
      break;
    case AT_ARG_AXES: add_axis(c, &c->arg[p], g->value); break;
    case AT_ARG_MAP:
      for (int i = 0; i < n_before; i++) add_axis(c, &c->arg[p], before[i]->value);
      add_axis(c, &c->arg[p], g->value);
      make_axis(c, &c->arg[p], g->to, g->to_span, g->size);
      break;
    case AT_ARG_SPLIT:
      add_axis(c, &c->arg[p], g->value);
      if (!c->bad) make_axes(c, &c->arg[p], g->made);
      break;
    case AT_ARG_NEW: set_new(c, p, g); break;
    case AT_ARG_INT:
    case AT_ARG_REAL: set_number(c, p, g->value); break;
    case AT_ARG_BOOL: set_choice(c, p, g->value, "false|true"); break;
    case AT_ARG_ENUM: set_choice(c, p, g->value, s->choices); break;
    case AT_ARG_END: break;
  }
}

/* ---- by position ---- */

/* A plain name that can only be an axis here: numbers of the model are none. */
static bool names_axis(const at_call *c, const at_call_arg *a) {
  if (a->to || a->made || !a->value || (a->value->kind != AT_E_NAME && a->value->kind != AT_E_LIST))
    return false;
  if (a->value->kind == AT_E_LIST || at_graph_find_axis(c->w->g, a->value->name) >= 0) return true;
  const at_sym *s = at_lower_find(c->w, a->value->name);
  if (s && s->val.kind == AT_V_SPEC && s->val.spec->kind == AT_E_NAME)
    return at_graph_find_axis(c->w->g, s->val.spec->name) >= 0;
  return !s || s->val.kind != AT_V_NUMBER;
}

/* AXES takes names up to an arrow or a number; returns how many arguments it took. */
static int take_axes(at_call *c, int p, const at_call_arg *const *pos, int n) {
  int i = 0;
  c->arg[p] = (at_arg){.set = true, .span = pos[0]->span};
  for (; i < n && names_axis(c, pos[i]); i++) add_axis(c, &c->arg[p], pos[i]->value);
  if (i)
    c->arg[p].span.end = pos[i - 1]->span.end;
  else
    wrong(c, pos[0]->span, "wrong-argument", "names of axes are expected here");
  return i ? i : 1;
}

static int take_map(at_call *c, int p, const at_call_arg *const *pos, int n) {
  int i = 0;
  while (i < n && !pos[i]->to && names_axis(c, pos[i])) i++;
  if (i < n && pos[i]->to) {
    set_arg(c, p, pos[i], pos, i);
    return i + 1;
  }
  at_span span = pos[0]->span;
  span.end = pos[i > 0 ? i - 1 : 0]->span.end;
  wrong(c, span, "wrong-argument",
        i < n && pos[i]->value && numbers(pos[i]->value)
            ? "an axis stands here, and its size behind it: FROM -> TO = SIZE"
            : "the axis made is missing: FROM -> TO");
  return n;
}

void at_lower_positional(at_call *c, const at_given *g, int from) {
  const at_param_spec *params = c->op->params;
  const at_call_arg *const *pos = g->pos + from;
  const int n = g->n_pos - from;
  int p = 0;
  for (int i = 0; i < n && !c->bad; p++) {
    if (!params || params[p].type == AT_ARG_END) {
      wrong(c, pos[i]->span, "wrong-argument",
            at_diag_text(c->w->diags, "%s takes no %s argument here", c->op->name,
                         params ? "further" : "such"));
      return;
    }
    if (c->arg[p].set) continue;
    int old = at_lower_enter(c->w, g->pos_frame[from + i]);
    if (params[p].type == AT_ARG_AXES) {
      i += take_axes(c, p, pos + i, n - i);
    } else if (params[p].type == AT_ARG_MAP) {
      i += take_map(c, p, pos + i, n - i);
    } else {
      set_arg(c, p, pos[i], NULL, 0);
      i++;
    }
    c->w->frame = old;
  }
}

/* ---- by name ---- */

/* What arguments are called elsewhere; those that are called otherwise here go with the
 * operators that have them. */
static const struct {
  const char *elsewhere, *here, *text;
} other_arguments[] = {
    {"axis", NULL, "axes are named, as in `%s(word)`"},
    {"bidirectional", NULL, "both directions are `bigru` and `bilstm`"},
    {"dim", NULL, "axes are named, as in `%s(word)`"},
    {"dims", NULL, "axes are named, as in `%s(word)`"},
    {"hidden_size", "axes", "a size stands with its axis: FROM -> TO = SIZE"},
    {"in_channels", "axes", "a size stands with its axis: FROM -> TO = SIZE"},
    {"in_features", "axes", "a size stands with its axis: FROM -> TO = SIZE"},
    {"inplace", NULL, "values never change; leave it out"},
    {"keepdim", NULL, "the axis goes; values meet by the names of their axes"},
    {"keepdims", NULL, "the axis goes; values meet by the names of their axes"},
    {"kernel", "size", "it is called `size` here"},
    {"kernel_size", "kernel", "it is called `kernel` here"},
    {"kernel_size", "size", "it is called `size` here"},
    {"negative_slope", "slope", "it is called `slope` here"},
    {"num_layers", "layer", "each layer is a call of its own, the second with `layer = 1`"},
    {"out_channels", "axes", "a size stands with its axis: FROM -> TO = SIZE"},
    {"out_features", "axes", "a size stands with its axis: FROM -> TO = SIZE"},
    {"p", "rate", "it is called `rate` here"},
    {"reduction", NULL, "it is one operator of its own, as `mean_all` or `sum_all`"},
    {"scale_factor", "by", "it is called `by` here"},
    {"temperature", "sharpness", "it is `sharpness` here, which is 1 / temperature"},
};

static const char *known_elsewhere(const at_call *c, const char *key) {
  for (size_t i = 0; i < sizeof other_arguments / sizeof *other_arguments; i++) {
    const char *here = other_arguments[i].here;
    bool has = !here;
    for (const at_param_spec *p = c->op->params; !has && p && p->type != AT_ARG_END; p++)
      has = !strcmp(p->name, here);
    if (!has || strcmp(other_arguments[i].elsewhere, key)) continue;
    const char *text = other_arguments[i].text;
    if (!strstr(text, "%s")) return text;
    return c->along ? "its axis is that of `over`; leave it out"
                    : at_diag_text(c->w->diags, "axes are named, as in `%s(word)`", c->op->name);
  }
  return NULL;
}

void at_lower_keyed(at_call *c, const at_call_arg *a) {
  const char *names[AT_MAX_ARG];
  size_t n = 0;
  int p = -1;
  for (int i = 0; c->op->params && c->op->params[i].type != AT_ARG_END && n < AT_MAX_ARG; i++) {
    names[n++] = c->op->params[i].name;
    if (!strcmp(c->op->params[i].name, a->key)) p = i;
  }
  if (p >= 0 && !c->arg[p].set) {
    set_arg(c, p, a, NULL, 0);
    return;
  }
  at_diag *d = p >= 0 ? at_lower_error(c->w, "wrong-argument", a->key_span,
                                       "`%s` of %s is given already", a->key, c->op->name)
                      : at_lower_error(c->w, "wrong-argument", a->key_span,
                                       "%s has no argument `%s`", c->op->name, a->key);
  c->bad = true;
  if (p >= 0) return;
  d->hint = known_elsewhere(c, a->key);
  if (!d->hint) d->hint = at_diag_suggest(c->w->diags, a->key, names, n);
  if (!d->hint) d->hint = at_lower_usage(c);
}

void at_lower_required(at_call *c) {
  for (int i = 0; c->op->params && c->op->params[i].type != AT_ARG_END; i++) {
    const at_param_spec *s = &c->op->params[i];
    if (c->arg[i].set || !s->required) continue;
    at_lower_error(c->w, "missing-argument", c->span, "%s needs its argument `%s`: %s", c->op->name,
                   s->name, s->doc)
        ->hint = at_lower_usage(c);
    c->bad = true;
    return;
  }
}
