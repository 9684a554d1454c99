/* Sort-of-CLEVR: scenes, their pictures, and questions with what decides them. */
#include "core/data/sort_of_clevr.h"
#include <string.h>

const char *const at_soc_color_names[AT_SOC_COLORS] = {"red",    "green", "blue",
                                                       "orange", "gray",  "yellow"};
const char *const at_soc_shape_names[2] = {"square", "circle"};
const char *const at_soc_split_names[AT_SOC_SPLITS] = {"train", "val", "test"};

static const unsigned char paints[AT_SOC_COLORS][3] = {
    {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 156, 0}, {128, 128, 128}, {255, 255, 0}};

/* ---- scenes ---- */

static int squared(const at_soc_scene *s, int a, int b) {
  int x = s->object[a].x - s->object[b].x, y = s->object[a].y - s->object[b].y;
  return x * x + y * y;
}

static bool is_free(const at_soc_scene *s, int n) {
  for (int i = 0; i < n; i++)
    if (squared(s, i, n) < 4 * AT_SOC_RADIUS * AT_SOC_RADIUS) return false;
  return true;
}

/* Six objects cannot take all places, so a free one is always found. */
static void place(at_dice *d, at_soc_scene *s, int n) {
  const int places = AT_SOC_SIDE - 2 * AT_SOC_RADIUS;
  do {
    s->object[n].x = AT_SOC_RADIUS + at_dice_roll(d, places);
    s->object[n].y = AT_SOC_RADIUS + at_dice_roll(d, places);
  } while (!is_free(s, n));
}

/* The other object nearest to `a` (sign 1) or farthest from it (-1); *tied: not it alone. */
static int extreme(const at_soc_scene *s, int a, int sign, bool *tied) {
  int best = -1;
  *tied = false;
  for (int i = 0; i < AT_SOC_COLORS; i++) {
    if (i == a) continue;
    int more = best < 0 ? -1 : sign * (squared(s, a, i) - squared(s, a, best));
    if (more < 0) best = i;
    *tied = more == 0 || (*tied && more > 0);
  }
  return best;
}

static bool has_ties(const at_soc_scene *s) {
  bool near, far;
  for (int i = 0; i < AT_SOC_COLORS; i++) {
    extreme(s, i, 1, &near);
    extreme(s, i, -1, &far);
    if (near || far) return true;
  }
  return false;
}

void at_soc_draw(at_dice *d, at_soc_scene *out) {
  do {
    for (int i = 0; i < AT_SOC_COLORS; i++) {
      place(d, out, i);
      out->object[i].shape = at_dice_roll(d, 2);
    }
  } while (has_ties(out));
}

/* ---- pictures ---- */

/* The limit that gives a disc of radius 5 the pixels of OpenCV's circle. */
static bool covers(int shape, int x, int y) {
  return shape == 0 || x * x + y * y <= AT_SOC_RADIUS * (AT_SOC_RADIUS + 1);
}

void at_soc_render(const at_soc_scene *s, unsigned char *rgb) {
  memset(rgb, 255, AT_SOC_SIDE * AT_SOC_SIDE * 3);
  for (int i = 0; i < AT_SOC_COLORS; i++)
    for (int y = -AT_SOC_RADIUS; y <= AT_SOC_RADIUS; y++)
      for (int x = -AT_SOC_RADIUS; x <= AT_SOC_RADIUS; x++)
        if (covers(s->object[i].shape, x, y))
          memcpy(rgb + 3 * ((s->object[i].y + y) * AT_SOC_SIDE + s->object[i].x + x), paints[i], 3);
}

/* ---- questions ---- */

/* `text` has the colour in the place of %s. Tokens: `words` tell the kind, `color` is the colour,
 * the nouns that stand for the object asked about and for those that decide are `own` and
 * `other`. */
static const struct wording {
  const char *subtype, *program, *text;
  int color, words[2], own[2], other[2]; /* -1: none */
} wordings[AT_SOC_KINDS] = {
    {"shape", "(shape %s)", "what is the shape of the %s object?", 6, {3, -1}, {7, 3}, {-1, -1}},
    {"left", "(left %s)", "is the %s object on the left?", 2, {6, -1}, {3, 6}, {-1, -1}},
    {"top", "(top %s)", "is the %s object at the top?", 2, {6, -1}, {3, 6}, {-1, -1}},
    {"closest",
     "(shape (closest %s))",
     "what is the shape of the object closest to the %s object?",
     10,
     {3, 7},
     {11, -1},
     {3, 6}},
    {"furthest",
     "(shape (furthest %s))",
     "what is the shape of the object furthest from the %s object?",
     10,
     {3, 7},
     {11, -1},
     {3, 6}},
    {"count",
     "(count (same_shape %s))",
     "how many objects have the shape of the %s object?",
     8,
     {1, 5},
     {9, 5},
     {2, -1}},
};

void at_soc_ask(at_dice *d, at_soc_question *out) {
  for (int i = 0; i < 2 * AT_SOC_EACH; i++) {
    int first = i < AT_SOC_EACH ? AT_SOC_SHAPE : AT_SOC_CLOSEST;
    out[i].kind = (at_soc_kind)(first + at_dice_roll(d, 3));
    out[i].color = at_dice_roll(d, AT_SOC_COLORS);
  }
}

/* What decides: all[0] is the object asked about. Those that `other` words stand for are
 * all[from] .. all[n - 1]. */
typedef struct deciding {
  int all[AT_SOC_COLORS], n, from;
} deciding;

static deciding decide(const at_soc_scene *s, at_soc_question q) {
  deciding d = {.all = {q.color}, .n = 1, .from = 1};
  bool tied;
  if (q.kind == AT_SOC_CLOSEST || q.kind == AT_SOC_FURTHEST)
    d.all[d.n++] = extreme(s, q.color, q.kind == AT_SOC_CLOSEST ? 1 : -1, &tied);
  if (q.kind != AT_SOC_COUNT) return d;
  d.from = 0;
  for (int i = 0; i < AT_SOC_COLORS; i++)
    if (i != q.color && s->object[i].shape == s->object[q.color].shape) d.all[d.n++] = i;
  return d;
}

const char *at_soc_answer(const at_soc_scene *s, at_soc_question q) {
  static const char *const numbers[AT_SOC_COLORS] = {"1", "2", "3", "4", "5", "6"};
  deciding d = decide(s, q);
  switch (q.kind) {
    case AT_SOC_LEFT: return 2 * s->object[q.color].x < AT_SOC_SIDE ? "yes" : "no";
    case AT_SOC_TOP: return 2 * s->object[q.color].y < AT_SOC_SIDE ? "yes" : "no";
    case AT_SOC_COUNT: return numbers[d.n - 1];
    case AT_SOC_SHAPE:
    case AT_SOC_CLOSEST:
    case AT_SOC_FURTHEST:
    case AT_SOC_KINDS: break;
  }
  return at_soc_shape_names[s->object[d.all[d.n - 1]].shape];
}

/* ---- as JSON: names and words are letters, nothing is to be escaped ---- */

static void add_box(at_text *t, const at_soc_scene *s, int i) {
  const int side = 2 * AT_SOC_RADIUS + 1;
  at_text_addf(t, "[%d, %d, %d, %d]", s->object[i].x - AT_SOC_RADIUS,
               s->object[i].y - AT_SOC_RADIUS, side, side);
}

void at_soc_objects_json(const at_soc_scene *s, at_text *out) {
  for (int i = 0; i < AT_SOC_COLORS; i++) {
    at_text_addf(out,
                 "%s{\"id\": %d, \"shape\": \"%s\", \"color\": \"%s\", \"box\": ", i ? ", " : "[",
                 i, at_soc_shape_names[s->object[i].shape], at_soc_color_names[i]);
    add_box(out, s, i);
    at_text_add(out, "}");
  }
  at_text_add(out, "]\n");
}

static void add_filled(at_text *t, const char *key, const char *form, const char *color) {
  const char *hole = strstr(form, "%s");
  at_text_addf(t, "\"%s\": \"", key);
  at_text_addn(t, form, (size_t)(hole - form));
  at_text_addf(t, "%s%s\", ", color, hole + 2);
}

static void add_links(at_text *t, const int *tokens, const int *objects, int n) {
  for (int k = 0; k < 2; k++)
    for (int i = 0; i < n && tokens[k] >= 0; i++)
      at_text_addf(t, ", [%d, %d]", tokens[k], objects[i]);
}

static void add_evidence(at_text *t, const at_soc_scene *s, at_soc_question q) {
  const struct wording *w = &wordings[q.kind];
  const deciding d = decide(s, q);
  at_text_add(t, "{\"objects\": [");
  for (int i = 0; i < d.n; i++) at_text_addf(t, "%s%d", i ? ", " : "", d.all[i]);
  at_text_add(t, "], \"boxes\": [");
  for (int i = 0; i < d.n; i++) {
    if (i) at_text_add(t, ", ");
    add_box(t, s, d.all[i]);
  }
  at_text_addf(t, "], \"words\": [%d", w->color);
  for (int i = 0; i < 2 && w->words[i] >= 0; i++) at_text_addf(t, ", %d", w->words[i]);
  at_text_addf(t, "], \"links\": [[%d, %d]", w->color, q.color);
  add_links(t, w->own, d.all, 1);
  add_links(t, w->other, d.all + d.from, d.n - d.from);
  at_text_add(t, "]}");
}

void at_soc_question_json(const at_soc_scene *s, at_soc_question q, int64_t picture, at_text *out) {
  const struct wording *w = &wordings[q.kind];
  const char *color = at_soc_color_names[q.color];
  at_text_addf(out, "{\"picture\": %lld, ", (long long)picture);
  add_filled(out, "question", w->text, color);
  at_text_addf(out, "\"answer\": \"%s\", \"type\": \"%s\", \"subtype\": \"%s\", ",
               at_soc_answer(s, q), q.kind < AT_SOC_CLOSEST ? "non-relational" : "relational",
               w->subtype);
  add_filled(out, "program", w->program, color);
  at_text_add(out, "\"evidence\": ");
  add_evidence(out, s, q);
  at_text_add(out, "}\n");
}
