#include "scene_caption.h"
#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { MOST_WORDS = 96, WORD = 16 };

typedef struct reading {
  char word[MOST_WORDS][WORD];
  int n;
  scene_meaning *m;
} reading;

/* ---- words ---- */

static void split(reading *r, const char *text) {
  for (const char *c = text; *c && r->n < MOST_WORDS;) {
    int n = 0;
    while (*c && !isalnum((unsigned char)*c)) c++;
    for (; isalnum((unsigned char)*c); c++)
      if (n < WORD - 1) r->word[r->n][n++] = (char)tolower((unsigned char)*c);
    r->word[r->n][n] = 0;
    r->n += n > 0;
  }
}

static const char *const textures[] = {"plain", "striped", "dotted", "checked"};
static const char *const behind[] = {"", "stripes", "dots", "checks"};
static const char *const sizes[] = {"small", "large", "little", "big"};
static const char *const numbers[] = {"no",   "one", "two",   "three", "four",
                                      "five", "six", "seven", "eight"};

/* "circle", "circles", "crosses" */
static int shape_of(const char *word) {
  for (int i = 0; i < SCENE_SHAPES; i++) {
    const size_t n = strlen(scene_shape_names[i]);
    if (strncmp(word, scene_shape_names[i], n)) continue;
    if (!word[n] || !strcmp(word + n, "s") || !strcmp(word + n, "es")) return i;
  }
  return -1;
}

static int number_of(const char *word) {
  if (!strcmp(word, "a") || !strcmp(word, "an") || !strcmp(word, "only")) return 1;
  if (!strcmp(word, "both")) return 2;
  const int n = scene_name_find(word, numbers, 9);
  return n > 0 ? n : 0;
}

static bool adjective(const char *word, scene_phrase *p) {
  int i;
  if ((i = scene_name_find(word, scene_color_names, SCENE_COLORS)) >= 0)
    p->color = i;
  else if ((i = scene_name_find(word, textures, 4)) >= 0)
    p->texture = i;
  else if ((i = scene_name_find(word, sizes, 4)) >= 0)
    p->size = i % 2;
  else
    return false;
  return true;
}

static bool is(const reading *r, int at, const char *word) {
  return at >= 0 && at < r->n && !strcmp(r->word[at], word);
}

/* ---- phrases ---- */

/* "is red and striped" behind the noun, unless another noun follows: then that is a phrase. */
static int read_property(const reading *r, int at, scene_phrase *p) {
  scene_phrase q = *p;
  int end = at;
  if (!is(r, at, "is") && !is(r, at, "are")) return at;
  for (int i = at + 1; i < r->n; i++) {
    if (is(r, i, "and")) continue;
    if (!adjective(r->word[i], &q)) return shape_of(r->word[i]) >= 0 ? at : end;
    end = i + 1;
    *p = q;
  }
  return end;
}

/* Of the phrase at `at`; where it ends, or -1: there begins none. */
static int read_phrase(reading *r, int at) {
  scene_phrase p = {-1, -1, -1, -1, 0};
  int i = at;
  while (i < r->n && adjective(r->word[i], &p)) i++;
  if (i == r->n || (p.shape = shape_of(r->word[i])) < 0) return -1;
  i++;
  if (is(r, i, "with") && i + 1 < r->n && scene_name_find(r->word[i + 1], behind, 4) > 0) {
    p.texture = scene_name_find(r->word[i + 1], behind, 4);
    i += 2;
  }
  if (at) p.number = number_of(r->word[at - 1]);
  i = read_property(r, i, &p);
  if (r->m->phrases < SCENE_MOST_PHRASES) r->m->phrase[r->m->phrases++] = p;
  return i;
}

/* ---- claims ---- */

static const struct {
  const char *first, *second; /* words; second NULL: one is enough */
  scene_relation is;
} relations[] = {
    {"left", "of", SCENE_LEFT_OF},      {"right", "of", SCENE_RIGHT_OF},
    {"above", NULL, SCENE_ABOVE},       {"higher", "than", SCENE_ABOVE},
    {"below", NULL, SCENE_BELOW},       {"lower", "than", SCENE_BELOW},
    {"next", "to", SCENE_NEXT_TO},      {"beside", NULL, SCENE_NEXT_TO},
    {"front", "of", SCENE_IN_FRONT},    {"behind", NULL, SCENE_BEHIND},
    {"bigger", "than", SCENE_BIGGER},   {"larger", "than", SCENE_BIGGER},
    {"smaller", "than", SCENE_SMALLER}, {"between", NULL, SCENE_BETWEEN},
};

static const struct {
  const char *first, *second;
  scene_place in;
} places[] = {
    {"top", "left", {0, 0, .36, .36}},      {"top", "right", {.64, 0, 1, .36}},
    {"bottom", "left", {0, .64, .36, 1}},   {"bottom", "right", {.64, .64, 1, 1}},
    {"middle", NULL, {.36, .36, .64, .64}}, {"top", NULL, {0, 0, 1, .30}},
    {"bottom", NULL, {0, .70, 1, 1}},       {"left", "edge", {0, 0, .30, 1}},
    {"right", "edge", {.70, 0, 1, 1}},
};

static const char *const ways[] = {"leftmost", "rightmost", "topmost", "lowest"};

static bool both(const reading *r, int at, const char *first, const char *second) {
  return is(r, at, first) && (!second || is(r, at + 1, second));
}

/* The caption's first phrase has the relation to the one that comes next. */
static bool read_relation(reading *r, int at) {
  scene_meaning *m = r->m;
  for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
    if (!both(r, at, relations[i].first, relations[i].second)) continue;
    if (m->phrases && m->relations < SCENE_MOST_CLAIMS) {
      m->relation[m->relations].is = relations[i].is;
      m->relation[m->relations].b = m->phrases;
      m->relation[m->relations++].c = m->phrases + (relations[i].is == SCENE_BETWEEN);
    }
    return true;
  }
  return false;
}

static void read_claim(reading *r, int at) {
  scene_meaning *m = r->m;
  const int way = scene_name_find(r->word[at], ways, 4);
  if (way >= 0 && m->extremes < SCENE_MOST_CLAIMS) {
    m->extreme[m->extremes].way = (scene_way)way;
    m->extreme[m->extremes++].of = m->phrases;
  }
  if (way >= 0 || read_relation(r, at)) return;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    if (!both(r, at, places[i].first, places[i].second)) continue;
    if (m->phrases && m->places < SCENE_MOST_CLAIMS) {
      m->place[m->places].in = places[i].in;
      m->place[m->places++].of = m->phrases - 1;
    }
    return;
  }
}

/* Claims of phrases that never came. */
static void drop_loose(scene_meaning *m) {
  int n = 0;
  for (int i = 0; i < m->relations; i++)
    if (m->relation[i].b < m->phrases && m->relation[i].c < m->phrases)
      m->relation[n++] = m->relation[i];
  m->relations = n;
  n = 0;
  for (int i = 0; i < m->extremes; i++)
    if (m->extreme[i].of < m->phrases) m->extreme[n++] = m->extreme[i];
  m->extremes = n;
}

void scene_caption_read(const char *text, scene_meaning *out) {
  reading r = {.m = out};
  memset(out, 0, sizeof *out);
  split(&r, text);
  for (int at = 0; at < r.n;) {
    const int end = read_phrase(&r, at);
    if (end < 0) read_claim(&r, at);
    at = end < 0 ? at + 1 : end;
  }
  drop_loose(out);
}
