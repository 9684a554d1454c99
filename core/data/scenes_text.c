/* Captions of a scene.
 *
 * A caption is built of phrases ("two small red circles").  A phrase stands
 * for every object that fits its words, and says how many these are; what a
 * caption says of a phrase holds for all of them.  So a caption cannot be
 * half true, and its words point at whole sets. */
#include <stdio.h>
#include <string.h>
#include "core/data/scenes_words.h"

typedef at_scene_set set;
typedef at_scene_writing writing;

enum { SIZE = 1, COLOR = 2, TEXTURE = 4 }; /* what a phrase says besides the shape */

typedef struct phrase {
  int said;  /* SIZE | COLOR | TEXTURE */
  int model; /* an object that fits: its attributes are the words */
  set all;
  int n; /* members of all */
} phrase;

static const char *const numbers[] = {"no",   "one", "two",   "three", "four",
                                      "five", "six", "seven", "eight"};

/* ---- chance ---- */

static int roll(writing *w, int bound) { return at_dice_roll(w->d, bound); }
static const char *either(writing *w, const char *a, const char *b) {
  return at_scene_either(w->d, a, b);
}

/* ---- phrases ---- */

static bool fits(const at_scene_object *o, const at_scene_object *model, int said) {
  return o->shape == model->shape && (!(said & SIZE) || o->size == model->size) &&
         (!(said & COLOR) || o->color == model->color) &&
         (!(said & TEXTURE) || o->texture == model->texture);
}

static phrase phrase_of(const at_scene *s, int model, int said) {
  phrase p = {said, model, 0, 0};
  for (int i = 0; i < s->n; i++)
    if (fits(&s->object[i], &s->object[model], said)) {
      p.all |= (set)1 << i;
      p.n++;
    }
  return p;
}

/* Any phrase, more often a telling one, for a random object outside `taken`;
 * its set avoids `taken`.  Fails when none is found. */
static bool pick(writing *w, set taken, phrase *p) {
  static const int said[10] = {0,
                               COLOR,
                               COLOR,
                               COLOR,
                               COLOR | TEXTURE,
                               COLOR | TEXTURE,
                               SIZE | COLOR,
                               SIZE,
                               TEXTURE,
                               SIZE | COLOR | TEXTURE};
  for (int i = 0; i < 12; i++) {
    int model = roll(w, w->s->n), mask = said[roll(w, 10)];
    *p = phrase_of(w->s, model, mask);
    if (!(p->all & taken)) return true;
  }
  return false;
}

/* A phrase for one object alone. */
static bool pick_one(writing *w, set taken, phrase *p) {
  for (int i = 0; i < 12; i++)
    if (pick(w, taken, p) && p->n == 1) return true;
  return false;
}

/* The adjectives and the noun; texture may follow ("with stripes"). */
static void say_body(writing *w, const phrase *p, const char *const adjective[3]) {
  const at_scene_object *o = &w->s->object[p->model];
  char noun[32];
  for (int i = 0; i < 3; i++)
    if (adjective[i]) at_scene_word(w, adjective[i], p->all);
  if (p->n > 1)
    at_scene_plural(noun, sizeof noun, at_scene_shape_names[o->shape]);
  else
    snprintf(noun, sizeof noun, "%s", at_scene_shape_names[o->shape]);
  at_scene_word(w, noun, p->all);
}

/* "a", "an", "two" or, for what is known, "the", "the two", "both". */
static void say_article(writing *w, const phrase *p, const char *next, bool the) {
  if (p->n == 1)
    at_scene_words(w, the ? "the" : strchr("aeiou", *next) ? "an" : "a");
  else if (the && p->n == 2 && roll(w, 3) == 0)
    at_scene_words(w, "both");
  else {
    if (the) at_scene_words(w, "the");
    if (!the || roll(w, 2)) at_scene_words(w, numbers[p->n]);
  }
}

static void say(writing *w, const phrase *p, bool the) {
  static const char *const after[AT_SCENE_TEXTURES] = {NULL, "stripes", "dots", "checks"};
  const at_scene_object *o = &w->s->object[p->model];
  const char *size = NULL, *color = NULL, *texture = NULL, *behind = NULL;
  if (p->said & SIZE) size = o->size ? either(w, "large", "big") : either(w, "small", "little");
  if (p->said & COLOR) color = at_scene_color_names[o->color];
  if (p->said & TEXTURE) texture = at_scene_texture_names[o->texture];
  if (texture && after[o->texture] && roll(w, 4) == 0) {
    behind = after[o->texture];
    texture = NULL;
  }
  bool swap = texture && (o->texture == 0 || roll(w, 2)); /* "plain white", not "white plain" */
  const char *adjective[3] = {size, swap ? texture : color, swap ? color : texture};
  const char *next = at_scene_shape_names[o->shape];
  for (int i = 2; i >= 0; i--)
    if (adjective[i]) next = adjective[i];
  say_article(w, p, next, the);
  say_body(w, p, adjective);
  if (!behind) return;
  at_scene_words(w, "with");
  at_scene_word(w, behind, p->all);
}

static const char *is(const phrase *p) { return p->n > 1 ? "are" : "is"; }

/* ---- kinds of captions: each says false when the scene gives it nothing ---- */

/* "two green squares, a red ring and a yellow cross" */
static bool say_list(writing *w) {
  phrase p[4];
  int n = 0, most = 2 + roll(w, 3);
  set taken = 0;
  while (n < most && pick(w, taken, &p[n])) taken |= p[n++].all;
  set everything = ((set)1 << w->s->n) - 1;
  if (taken == everything && w->s->n > 1 && roll(w, 3) == 0) {
    at_scene_words(w, either(w, "exactly", "just"));
    at_scene_words(w, numbers[w->s->n]);
    at_scene_words(w, "shapes");
    at_scene_glue(w, ",", 1);
  } else if (roll(w, 3) == 0) {
    at_scene_words(w, roll(w, 2) ? "a picture of" : p[0].n > 1 ? "there are" : "there is");
  }
  for (int i = 0; i < n; i++) {
    if (i && i + 1 < n) at_scene_glue(w, ",", 1);
    if (i && i + 1 == n) at_scene_words(w, "and");
    say(w, &p[i], false);
  }
  return true;
}

static const char *relation_words(writing *w, at_scene_relation r) {
  switch (r) {
    case AT_LEFT_OF: return either(w, "left of", "to the left of");
    case AT_RIGHT_OF: return either(w, "right of", "to the right of");
    case AT_ABOVE: return either(w, "above", "higher than");
    case AT_BELOW: return either(w, "below", "lower than");
    case AT_NEXT_TO: return either(w, "next to", "beside");
    case AT_COVERS: return "in front of";
    case AT_COVERED_BY: return "partly behind";
    case AT_BIGGER: return either(w, "bigger than", "larger than");
    case AT_SMALLER: return "smaller than";
    case AT_RELATIONS: break;
  }
  return "";
}

static bool holds_for_all(const at_scene *s, at_scene_relation r, set a, set b) {
  for (int i = 0; i < s->n; i++)
    for (int j = 0; j < s->n; j++)
      if ((a >> i & 1) && (b >> j & 1) && !at_scene_holds(s, r, i, j)) return false;
  return true;
}

/* A relation that holds between the two, from a random one on; covering is
 * rare in scenes and so comes first. */
static bool find_relation(writing *w, set a, set b, at_scene_relation *out) {
  int start = roll(w, AT_RELATIONS);
  for (int i = -2; i < AT_RELATIONS; i++) {
    *out = i == -2 ? AT_COVERS : i == -1 ? AT_COVERED_BY : (start + i) % AT_RELATIONS;
    if (holds_for_all(w->s, *out, a, b)) return true;
  }
  return false;
}

/* "a small red circle is left of the star"; "there is a heart above a ring" */
static bool say_relation(writing *w) {
  phrase a, b;
  at_scene_relation r;
  if (!pick(w, 0, &a) || !pick(w, a.all, &b) || !find_relation(w, a.all, b.all, &r)) return false;
  int form = roll(w, 3);
  if (form == 0) at_scene_words(w, a.n > 1 ? "there are" : "there is");
  say(w, &a, form != 0 && roll(w, 2));
  if (form == 1) at_scene_words(w, is(&a));
  at_scene_words(w, relation_words(w, r));
  say(w, &b, roll(w, 2));
  return true;
}

/* "the heart is above the ring and left of a star" */
static bool say_two_relations(writing *w) {
  phrase a, b, c;
  at_scene_relation r, q;
  if (!pick(w, 0, &a) || !pick(w, a.all, &b) || !pick(w, a.all | b.all, &c)) return false;
  if (!find_relation(w, a.all, b.all, &r) || !find_relation(w, a.all, c.all, &q)) return false;
  say(w, &a, roll(w, 2));
  at_scene_words(w, is(&a));
  at_scene_words(w, relation_words(w, r));
  say(w, &b, roll(w, 2));
  at_scene_words(w, "and");
  at_scene_words(w, relation_words(w, q));
  say(w, &c, roll(w, 2));
  return true;
}

static const struct region {
  const char *words;
  double x0, y0, x1, y1; /* where the centre lies */
} regions[] = {
    {"in the top left corner", 0, 0, .36, .36},
    {"in the top right corner", .64, 0, 1, .36},
    {"in the bottom left corner", 0, .64, .36, 1},
    {"in the bottom right corner", .64, .64, 1, 1},
    {"in the middle", .36, .36, .64, .64},
    {"near the top", 0, 0, 1, .30},
    {"near the bottom", 0, .70, 1, 1},
    {"near the left edge", 0, 0, .30, 1},
    {"near the right edge", .70, 0, 1, 1},
};

static bool all_in(const at_scene *s, set a, const struct region *g) {
  for (int i = 0; i < s->n; i++) {
    const at_scene_object *o = &s->object[i];
    if ((a >> i & 1) && (o->x < g->x0 || o->x > g->x1 || o->y < g->y0 || o->y > g->y1))
      return false;
  }
  return true;
}

/* "a plain white ring near the top" */
static bool say_region(writing *w) {
  enum { N = sizeof regions / sizeof *regions };
  phrase a;
  if (!pick(w, 0, &a)) return false;
  int start = roll(w, N), i = 0;
  while (i < N && !all_in(w->s, a.all, &regions[(start + i) % N])) i++;
  if (i == N) return false;
  int form = roll(w, 3);
  if (form == 0) at_scene_words(w, a.n > 1 ? "there are" : "there is");
  say(w, &a, form != 0 && roll(w, 2));
  if (form == 1) at_scene_words(w, is(&a));
  at_scene_words(w, regions[(start + i) % N].words);
  return true;
}

/* "the topmost shape is a red star": ahead of every other by at least 0.05. */
static bool say_extreme(writing *w) {
  static const char *const names[4] = {"leftmost", "rightmost", "topmost", "lowest"};
  int way = roll(w, 4);
  phrase a;
  if (w->s->n < 2 || !pick_one(w, 0, &a)) return false;
  const at_scene_object *o = &w->s->object[a.model];
  for (int i = 0; i < w->s->n; i++) {
    const at_scene_object *p = &w->s->object[i];
    double ahead = way < 2 ? p->x - o->x : p->y - o->y;
    if (i != a.model && (way % 2 ? -ahead : ahead) < 0.05) return false;
  }
  at_scene_words(w, "the");
  at_scene_words(w, names[way]);
  at_scene_words(w, either(w, "shape is", "thing is"));
  say(w, &a, roll(w, 2));
  return true;
}

/* "the only star is red and striped"; "all three circles are red" */
static bool say_property(writing *w) {
  phrase a = phrase_of(w->s, roll(w, w->s->n), 0);
  const at_scene_object *o = &w->s->object[a.model];
  bool color = phrase_of(w->s, a.model, COLOR).all == a.all;
  bool texture = phrase_of(w->s, a.model, TEXTURE).all == a.all;
  const char *const none[3] = {NULL};
  if ((!color && !texture) || w->s->n < 2) return false;
  if (a.n == 1)
    at_scene_words(w, either(w, "the only", "the"));
  else
    at_scene_words(w, a.n == 2 ? "both" : "all");
  if (a.n > 2 && roll(w, 2)) at_scene_words(w, numbers[a.n]);
  say_body(w, &a, none);
  at_scene_words(w, is(&a));
  if (color) at_scene_word(w, at_scene_color_names[o->color], a.all);
  if (color && texture) {
    if (roll(w, 2)) return true;
    at_scene_words(w, "and");
  }
  if (texture) at_scene_word(w, at_scene_texture_names[o->texture], a.all);
  return true;
}

/* "the ring is between a star and a heart" */
static bool say_between(writing *w) {
  phrase a, b, c;
  if (!pick_one(w, 0, &a) || !pick_one(w, a.all, &b) || !pick_one(w, a.all | b.all, &c))
    return false;
  const at_scene_object *o = &w->s->object[a.model], *p = &w->s->object[b.model],
                        *q = &w->s->object[c.model];
  double ux = q->x - p->x, uy = q->y - p->y, vx = o->x - p->x, vy = o->y - p->y;
  double length = ux * ux + uy * uy, along = ux * vx + uy * vy, across = ux * vy - uy * vx;
  /* in the middle half of the way, off the line by at most a fifth of it */
  if (along < 0.25 * length || along > 0.75 * length) return false;
  if (across > 0.2 * length || across < -0.2 * length) return false;
  say(w, &a, roll(w, 2));
  at_scene_words(w, either(w, "is between", "lies between"));
  say(w, &b, roll(w, 2));
  at_scene_words(w, "and");
  say(w, &c, roll(w, 2));
  return true;
}

/* ---- choosing ---- */

typedef bool kind(writing *w);
static kind *const kinds[] = {say_relation,      say_relation, say_relation, say_two_relations,
                              say_two_relations, say_region,   say_region,   say_extreme,
                              say_property,      say_list,     say_between,  say_between};

static bool write_one(const at_scene *s, at_dice *d, kind *k, at_scene_caption *out) {
  writing w = {s, d, out, 0, false};
  memset(out, 0, sizeof *out);
  return k(&w) && !w.failed;
}

static bool said_before(const at_scene_caption *c, int n) {
  for (int i = 0; i < n; i++)
    if (!strcmp(c[i].text, c[n].text)) return true;
  return false;
}

at_status at_scene_describe(const at_scene *s, int n, at_scene_caption *out, at_error *err) {
  enum { KINDS = sizeof kinds / sizeof *kinds };
  at_dice d = at_dice_new(s->seed, "scenes.captions", s->index);
  for (int i = 0; i < n; i++) {
    bool fresh = false, good = false;
    for (int attempt = 0; attempt < 60 && !fresh; attempt++) {
      kind *k = i == 0 || attempt >= 40 ? say_list : kinds[at_dice_roll(&d, KINDS)];
      good = write_one(s, &d, k, &out[i]);
      fresh = good && !said_before(out, i);
    }
    /* A scene of one object can say little; rather the same again than none. */
    if (!good)
      return at_fail(err, AT_EFAIL, "picture %llu: found no caption number %d",
                     (unsigned long long)s->index, i);
  }
  return AT_OK;
}
