/* The logical forms of SHAPES: read, and answered from a grid. */
#include <stdio.h>
#include <string.h>
#include "core/data/shapes.h"

const char *const at_shapes_shape_names[AT_SHAPES_KINDS] = {"circle", "square", "triangle"};
const char *const at_shapes_color_names[AT_SHAPES_KINDS] = {"red", "green", "blue"};

enum { WORDS = 2 * AT_SHAPES_KINDS, RELATIONS = 4 };
static const char *const words[WORDS] = {"circle", "square", "triangle", "red", "green", "blue"};
static const struct {
  const char *name;
  int down, right; /* from the cell that is known to the one that is meant */
} relations[RELATIONS] = {
    {"above", -1, 0}, {"below", 1, 0}, {"left_of", 0, -1}, {"right_of", 0, 1}};

/* ---- reading ---- */

typedef struct reading {
  const char *at, *end;
  at_error *err;
} reading;

static void skip_space(reading *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t')) r->at++;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

/* The next word, or none when something else stands there. */
static size_t next_word(reading *r, const char **word) {
  skip_space(r);
  *word = r->at;
  while (r->at < r->end && is_letter(*r->at)) r->at++;
  return (size_t)(r->at - *word);
}

static bool take(reading *r, char c) {
  skip_space(r);
  if (r->at == r->end || *r->at != c) return false;
  r->at++;
  return true;
}

static at_status expected(const reading *r, const char *what) {
  char there[32] = "the line ends";
  if (r->at<r->end && * r->at> ' ' && *r->at < 127)
    snprintf(there, sizeof there, "`%c` stands there", *r->at);
  else if (r->at < r->end)
    snprintf(there, sizeof there, "the byte 0x%02x stands there", (unsigned char)*r->at);
  return at_fail(r->err, AT_EINPUT, "%s is wanted where %s", what, there);
}

static at_status unknown(const reading *r, const char *what, const char *word, size_t n,
                         const char *const *names, size_t count) {
  char text[64];
  snprintf(text, sizeof text, "%.*s", (int)(n < 63 ? n : 63), word);
  const char *near = at_suggest(text, names, count);
  return at_fail(r->err, AT_EINPUT, "`%s` is no %s%s%s%s", text, what,
                 near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
}

static at_status read_word(reading *r, int *out) {
  const char *word;
  size_t n = next_word(r, &word);
  if (!n) return expected(r, "a shape or colour");
  for (int i = 0; i < WORDS; i++)
    if (strlen(words[i]) == n && !memcmp(words[i], word, n)) {
      *out = i;
      return AT_OK;
    }
  return unknown(r, "shape or colour", word, n, words, WORDS);
}

static at_status read_relation(reading *r, int *out) {
  const char *word, *names[RELATIONS];
  size_t n = next_word(r, &word);
  if (!n) return expected(r, "a relation");
  for (int i = 0; i < RELATIONS; i++) {
    names[i] = relations[i].name;
    if (strlen(names[i]) == n && !memcmp(names[i], word, n)) {
      *out = i;
      return AT_OK;
    }
  }
  return unknown(r, "relation", word, n, names, RELATIONS);
}

at_status at_shapes_parse(const char *text, size_t n, at_shapes_query *out, at_error *err) {
  reading r = {text, text + n, err};
  const char *word;
  *out = (at_shapes_query){0};
  if (!take(&r, '(')) return expected(&r, "`(`");
  if (next_word(&r, &word) != 2 || memcmp(word, "is", 2))
    return at_fail(err, AT_EINPUT, "a query begins with `(is`");
  at_status s = read_word(&r, &out->is);
  while (s == AT_OK && take(&r, '(')) {
    if (out->relations == AT_SHAPES_DEEPEST)
      return at_fail(err, AT_EINPUT, "there are more than %d relations", AT_SHAPES_DEEPEST);
    s = read_relation(&r, &out->relation[out->relations++]);
  }
  if (s == AT_OK) s = read_word(&r, &out->of);
  for (int i = 0; s == AT_OK && i <= out->relations; i++)
    if (!take(&r, ')')) s = expected(&r, "`)`");
  skip_space(&r);
  return s == AT_OK && r.at < r.end ? expected(&r, "the end") : s;
}

/* ---- answering ---- */

static uint32_t fitting(int word, const at_shapes_grid *g) {
  uint32_t set = 0;
  for (int i = 0; i < AT_SHAPES_CELLS; i++) {
    const at_shapes_cell *c = &g->cell[i];
    bool fits = c->shape >= 0 &&
                (word < AT_SHAPES_KINDS ? c->shape == word : c->color == word - AT_SHAPES_KINDS);
    if (fits) set |= 1u << i;
  }
  return set;
}

static uint32_t moved(uint32_t set, int down, int right) {
  uint32_t out = 0;
  for (int i = 0; i < AT_SHAPES_CELLS; i++) {
    int y = i / AT_SHAPES_GRID + down, x = i % AT_SHAPES_GRID + right;
    bool inside = y >= 0 && y < AT_SHAPES_GRID && x >= 0 && x < AT_SHAPES_GRID;
    if (inside && (set >> i & 1)) out |= 1u << (y * AT_SHAPES_GRID + x);
  }
  return out;
}

uint32_t at_shapes_candidates(const at_shapes_query *q, const at_shapes_grid *g) {
  return fitting(q->is, g);
}

uint32_t at_shapes_found(const at_shapes_query *q, const at_shapes_grid *g) {
  uint32_t set = fitting(q->of, g);
  for (int i = q->relations - 1; i >= 0; i--)
    set = moved(set, relations[q->relation[i]].down, relations[q->relation[i]].right);
  return set & fitting(q->is, g);
}
