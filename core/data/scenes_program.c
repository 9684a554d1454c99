/* What programs of questions select and answer. */
#include "core/data/scenes_program.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const struct at_scene_attribute at_scene_attributes[AT_ATTRIBUTES] = {
    {"size", at_scene_size_names, AT_SCENE_SIZES},
    {"color", at_scene_color_names, AT_SCENE_COLORS},
    {"texture", at_scene_texture_names, AT_SCENE_TEXTURES},
    {"shape", at_scene_shape_names, AT_SCENE_SHAPES}};

const char *const at_scene_link_names[AT_LINKS] = {
    "left_of", "right_of", "above",     "below",      "next_to",      "in_front_of", "behind",
    "larger",  "smaller",  "same_size", "same_color", "same_texture", "same_shape"};

int at_scene_link_attributes(int link) {
  if (link >= AT_SAME) return 1 << (link - AT_SAME);
  return link == AT_BIGGER || link == AT_SMALLER ? 1 << AT_SIZE : 0;
}

/* ---- sets ---- */

int at_scene_value(const at_scene_object *o, int attribute) {
  const int value[AT_ATTRIBUTES] = {o->size, o->color, o->texture, o->shape};
  return value[attribute];
}

int at_scene_count(at_scene_set v) {
  int n = 0;
  for (; v; v &= v - 1) n++;
  return n;
}

int at_scene_first(at_scene_set v) {
  int i = 0;
  while (!(v >> i & 1)) i++;
  return i;
}

/* ---- facts ---- */

/* A side is in doubt where an object is further to it but not clearly; touching, where a little
 * less would do or one hides the other; covering, where it hides a trace. */
static bool in_doubt(const at_scene *s, int link, int a, int b) {
  const at_scene_object *p = &s->object[a], *q = &s->object[b];
  const double further = 0.04, wide = 0.16;
  at_scene_box u = at_scene_object_box(p), v = at_scene_object_box(q);
  double dx = fmax(fmax(v.x - (u.x + u.w), u.x - (v.x + v.w)), 0);
  double dy = fmax(fmax(v.y - (u.y + u.h), u.y - (v.y + v.h)), 0);
  switch (link) {
    case AT_LEFT_OF: return q->x - p->x > further;
    case AT_RIGHT_OF: return p->x - q->x > further;
    case AT_ABOVE: return q->y - p->y > further;
    case AT_BELOW: return p->y - q->y > further;
    case AT_NEXT_TO: return hypot(dx, dy) < wide;
    case AT_COVERS: return at_scene_hidden_by(s, b, a) > 0;
    case AT_COVERED_BY: return at_scene_hidden_by(s, a, b) > 0;
    default: return false;
  }
}

static bool holds(const at_scene *s, int link, int a, int b) {
  if (link < AT_RELATIONS) return at_scene_holds(s, (at_scene_relation)link, a, b);
  return at_scene_value(&s->object[a], link - AT_SAME) ==
         at_scene_value(&s->object[b], link - AT_SAME);
}

void at_scene_facts_find(const at_scene *s, at_scene_facts *out) {
  memset(out, 0, sizeof *out);
  out->s = s;
  for (int a = 0; a < s->n; a++) {
    const at_scene_set bit = (at_scene_set)1 << a;
    out->all |= bit;
    for (int k = 0; k < AT_ATTRIBUTES; k++) out->has[k][at_scene_value(&s->object[a], k)] |= bit;
    for (int b = 0; b < s->n; b++)
      for (int r = 0; r < AT_LINKS && a != b; r++) {
        if (holds(s, r, a, b))
          out->holds[r][b] |= bit;
        else if (in_doubt(s, r, a, b))
          out->doubt[r][b] |= bit;
      }
  }
}

/* ---- chains ---- */

at_scene_set at_scene_fit(const at_scene_facts *f, const at_scene_phrase *p) {
  at_scene_set v = f->all;
  for (int k = 0; k < AT_ATTRIBUTES; k++)
    if (p->value[k] >= 0) v &= f->has[k][p->value[k]];
  return v;
}

bool at_scene_follow(const at_scene_facts *f, at_scene_chain *c, bool one) {
  at_scene_set met = 0;
  for (int i = c->n - 1; i >= 0; i--) {
    const at_scene_phrase *p = &c->phrase[i];
    at_scene_set fit = at_scene_fit(f, p);
    const bool unique = i || one;
    c->set[i] = fit;
    if (p->link != AT_NO_LINK) {
      const int from = at_scene_first(c->set[i + 1]);
      if (f->doubt[p->link][from] & fit) return false;
      if (unique && at_scene_count(fit) == 1) return false;
      c->set[i] &= f->holds[p->link][from];
    }
    if (!unique) continue;
    if (at_scene_count(c->set[i]) != 1 || (c->set[i] & met)) return false;
    met |= c->set[i];
  }
  return true;
}

static at_scene_set on_the_way(const at_scene_chain *c) {
  at_scene_set v = 0;
  for (int i = 1; i < c->n; i++) v |= c->set[i];
  return v;
}

/* ---- programs ---- */

/* What differs between kinds; type NULL: it depends. */
static const struct kind {
  const char *type, *name;
  bool pairs, one, counts;
} kinds[AT_ASK_KINDS] = {
    [AT_ASK_EXIST] = {"exist", "exist", false, false, false},
    [AT_ASK_COUNT] = {"count", "count", false, false, false},
    [AT_ASK_QUERY] = {NULL, "query", false, true, false},
    [AT_ASK_MORE] = {"compare_count", "greater_than", true, false, true},
    [AT_ASK_FEWER] = {"compare_count", "less_than", true, false, true},
    [AT_ASK_EQUAL] = {"compare_count", "equal_integer", true, false, true},
    [AT_ASK_SAME] = {NULL, "equal", true, true, false},
    [AT_ASK_LINK] = {"relation", "is", true, true, false},
};

const char *const at_scene_question_types[AT_QUESTION_TYPES] = {
    "exist",         "count",           "query_size",    "query_color",
    "query_texture", "query_shape",     "compare_count", "compare_size",
    "compare_color", "compare_texture", "compare_shape", "relation"};

bool at_scene_program_pairs(const at_scene_program *p) { return kinds[p->kind].pairs; }
bool at_scene_program_one(const at_scene_program *p) { return kinds[p->kind].one; }

const char *at_scene_program_type(const at_scene_program *p) {
  const int first = p->kind == AT_ASK_QUERY ? 2 : 7; /* of at_scene_question_types */
  return kinds[p->kind].type ? kinds[p->kind].type : at_scene_question_types[first + p->attribute];
}

static const char *yes(bool v) { return v ? "yes" : "no"; }

const char *at_scene_program_run(const at_scene_facts *f, at_scene_program *p) {
  static const char *const numbers[AT_SCENE_MAX_OBJECTS + 1] = {"0", "1", "2", "3", "4",
                                                                "5", "6", "7", "8"};
  const struct kind *k = &kinds[p->kind];
  if (!at_scene_follow(f, &p->a, k->one)) return NULL;
  if (k->pairs && !at_scene_follow(f, &p->b, k->one)) return NULL;
  const at_scene_set a = p->a.set[0], b = k->pairs ? p->b.set[0] : 0;
  if (k->one && (a & b)) return NULL;
  const int n = at_scene_count(a), m = at_scene_count(b);
  switch (p->kind) {
    case AT_ASK_EXIST: return yes(n > 0);
    case AT_ASK_COUNT: return numbers[n];
    case AT_ASK_QUERY:
      return at_scene_attributes[p->attribute]
          .value[at_scene_value(&f->s->object[at_scene_first(a)], p->attribute)];
    case AT_ASK_MORE: return yes(n > m);
    case AT_ASK_FEWER: return yes(n < m);
    case AT_ASK_EQUAL: return yes(n == m);
    case AT_ASK_SAME: return yes(f->holds[AT_SAME + p->attribute][at_scene_first(b)] & a);
    case AT_ASK_LINK:
      if (f->doubt[p->link][at_scene_first(b)] & a) return NULL;
      return yes(f->holds[p->link][at_scene_first(b)] & a);
    case AT_ASK_KINDS: break;
  }
  return NULL;
}

/* ---- as text ---- */

typedef struct printing {
  char *to;
  size_t at;
  int steps;
  bool failed;
} printing;

static void print(printing *t, const char *text) {
  size_t n = strlen(text);
  if (t->at + n >= AT_QUESTION_PROGRAM) {
    t->failed = true;
    return;
  }
  memcpy(t->to + t->at, text, n + 1);
  t->at += n;
}

static void print_chain(printing *t, const at_scene_chain *c, int from) {
  const at_scene_phrase *p = &c->phrase[from];
  bool filter = false;
  for (int k = 0; k < AT_ATTRIBUTES; k++) filter = filter || p->value[k] >= 0;
  if (filter) print(t, "filter(");
  t->steps += filter + (p->link != AT_NO_LINK);
  if (p->link == AT_NO_LINK) {
    print(t, "scene");
  } else {
    print(t, at_scene_link_names[p->link]);
    print(t, "(unique(");
    print_chain(t, c, from + 1);
    print(t, "))");
  }
  for (int k = 0; k < AT_ATTRIBUTES; k++) {
    if (p->value[k] < 0) continue;
    print(t, ", ");
    print(t, at_scene_attributes[k].value[p->value[k]]);
  }
  if (filter) print(t, ")");
}

static void print_side(printing *t, const struct kind *k, const at_scene_chain *c) {
  const char *around = k->one ? "unique(" : k->counts ? "count(" : "";
  t->steps += k->counts;
  print(t, around);
  print_chain(t, c, 0);
  if (*around) print(t, ")");
}

bool at_scene_program_note(const at_scene_program *p, at_scene_question *out) {
  const struct kind *k = &kinds[p->kind];
  printing t = {out->program, 0, 1, false};
  print(&t, k->name);
  if (!k->type) print(&t, "_");
  if (!k->type) print(&t, at_scene_attributes[p->attribute].name);
  if (p->kind == AT_ASK_LINK) print(&t, "_");
  if (p->kind == AT_ASK_LINK) print(&t, at_scene_link_names[p->link]);
  print(&t, "(");
  print_side(&t, k, &p->a);
  if (k->pairs) print(&t, ", ");
  if (k->pairs) print_side(&t, k, &p->b);
  print(&t, ")");
  out->type = at_scene_program_type(p);
  out->steps = t.steps;
  out->selected = p->a.set[0] | (k->pairs ? p->b.set[0] : 0);
  out->referred = on_the_way(&p->a) | (k->pairs ? on_the_way(&p->b) : 0);
  return !t.failed;
}
