#include "marks_json.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MOST = 1 << 20 };

static int bad(const char **why, const char *what) {
  *why = what;
  return ATTUNE_BAD_INPUT;
}

int marks_json_objects(marks *m, const json_t *objects, double sx, double sy, const char **why) {
  for (size_t i = 0; i < json_array_size(objects); i++) {
    const json_t *box = json_object_get(json_array_get(objects, i), "box");
    double v[4];
    if (json_array_size(box) != 4) return bad(why, "an object has no box of four numbers");
    for (size_t k = 0; k < 4; k++) {
      if (!json_is_number(json_array_get(box, k)))
        return bad(why, "an object has no box of four numbers");
      v[k] = (double)(float)json_number_value(json_array_get(box, k));
    }
    if (marks_box(m, v[0] * sx, v[1] * sy, v[2] * sx, v[3] * sy)) return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}

/* The i-th number of a list; negative: it is none. */
static int64_t number(const json_t *list, size_t i, int pair) {
  const json_t *v = json_array_get(list, i);
  if (pair != MARKS_PLAIN) v = json_array_get(v, (size_t)pair);
  json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
  return n < MOST ? n : -1;
}

static bool has_box(const marks *m, const float *box) {
  for (int64_t i = 0; i < m->boxes; i++)
    if (!memcmp(m->box + 4 * i, box, 4 * sizeof *box)) return true;
  return false;
}

int marks_json_pick(marks *m, const json_t *list, int pair, const marks *from, const char **why) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    int64_t n = number(list, i, pair);
    if (n < 0 || n >= from->boxes)
      return bad(why, "an object that is named is not among those of the picture");
    const float *b = from->box + 4 * n;
    if (has_box(m, b)) continue;
    if (marks_box(m, (double)b[0], (double)b[1], (double)b[2], (double)b[3]))
      return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}

int marks_json_words(marks *m, const json_t *list, int pair, const char **why) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    int64_t n = number(list, i, pair);
    if (n < 0) return bad(why, "a word is no number of a token");
    if (marks_word(m, n)) return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}
