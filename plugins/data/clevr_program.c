#include "clevr_program.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- steps: CLEVR 1.0 and the program that made it differ in two names ---- */

static const char *function_of(const json_t *step) {
  const char *f = json_string_value(json_object_get(step, "function"));
  return f ? f : json_string_value(json_object_get(step, "type"));
}

static const char *value_of(const json_t *step) {
  const json_t *v = json_object_get(step, "value_inputs");
  return json_string_value(json_array_get(v ? v : json_object_get(step, "side_inputs"), 0));
}

static size_t inputs_of(const json_t *step) {
  return json_array_size(json_object_get(step, "inputs"));
}

static size_t input_of(const json_t *step, size_t i) {
  return (size_t)json_integer_value(json_array_get(json_object_get(step, "inputs"), i));
}

static int begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

const char *clevr_program_check(const json_t *program) {
  size_t n = json_array_size(program);
  if (!json_is_array(program) || !n) return "its program is no list of steps";
  if (n > CLEVR_MOST_STEPS) return "its program has more than 256 steps";
  for (size_t i = 0; i < n; i++) {
    const json_t *step = json_array_get(program, i), *in = json_object_get(step, "inputs");
    if (!function_of(step)) return "a step of its program has no function";
    if (in && !json_is_array(in)) return "a step of its program has no list of inputs";
    if (json_array_size(in) > 2) return "a step of its program has more than two inputs";
    for (size_t k = 0; k < json_array_size(in); k++) {
      const json_t *v = json_array_get(in, k);
      if (!json_is_integer(v) || json_integer_value(v) < 0 ||
          json_integer_value(v) >= (json_int_t)i)
        return "a step of its program has an input that is no step before it";
    }
  }
  return NULL;
}

const char *clevr_program_type(const json_t *program) {
  static const char *const types[][2] = {
      {"exist", "exist"},
      {"count", "count"},
      {"equal_integer", "compare_integer"},
      {"less_", "compare_integer"},
      {"greater_", "compare_integer"},
      {"query_", "query_attribute"},
      {"equal_", "compare_attribute"},
  };
  const char *f = function_of(json_array_get(program, json_array_size(program) - 1));
  for (size_t i = 0; f && i < sizeof types / sizeof *types; i++)
    if (begins(f, types[i][0])) return types[i][1];
  return "other";
}

/* ---- as text ---- */

typedef struct line {
  char *out;
  size_t n, room;
} line;

static void put(line *l, const char *before, const char *text, const char *after) {
  int k = snprintf(l->out + l->n, l->room - l->n, "%s%s%s", before, text, after);
  if (k > 0) l->n += (size_t)k < l->room - l->n ? (size_t)k : l->room - l->n - 1;
}

size_t clevr_program_text(const json_t *program, char *out, size_t room) {
  line l = {out, 0, room};
  *out = 0;
  for (size_t i = 0; i < json_array_size(program); i++) {
    const json_t *step = json_array_get(program, i);
    size_t n = inputs_of(step);
    put(&l, i ? " " : "", function_of(step), "");
    if (value_of(step)) put(&l, "[", value_of(step), "]");
    if (!n || (n == 1 && input_of(step, 0) + 1 == i)) continue;
    for (size_t k = 0; k < n; k++) {
      char number[24];
      snprintf(number, sizeof number, "%zu", input_of(step, k));
      put(&l, k ? "," : "(", number, k + 1 == n ? ")" : "");
    }
  }
  return l.n;
}

/* ---- as objects ---- */

typedef struct state {
  const json_t *objects, *relations;
  uint64_t all;
} state;

/* Objects whose `attribute` is `value`. */
static uint64_t with(const state *s, const char *attribute, const char *value) {
  uint64_t out = 0;
  for (size_t i = 0; value && i < json_array_size(s->objects); i++) {
    const char *v = json_string_value(json_object_get(json_array_get(s->objects, i), attribute));
    if (v && !strcmp(v, value)) out |= 1ull << i;
  }
  return out;
}

static uint64_t related(const state *s, const char *how, uint64_t to) {
  const json_t *lists = how ? json_object_get(s->relations, how) : NULL;
  uint64_t out = 0;
  for (size_t i = 0; i < json_array_size(s->objects); i++) {
    if (!(to >> i & 1)) continue;
    const json_t *list = json_array_get(lists, i);
    for (size_t k = 0; k < json_array_size(list); k++) {
      json_int_t v = json_integer_value(json_array_get(list, k));
      if (v >= 0 && v < CLEVR_MOST_OBJECTS) out |= 1ull << v;
    }
  }
  return out & s->all;
}

static uint64_t same(const state *s, const char *attribute, uint64_t as) {
  uint64_t out = 0;
  for (size_t i = 0; i < json_array_size(s->objects); i++)
    if (as >> i & 1)
      out |= with(s, attribute,
                  json_string_value(json_object_get(json_array_get(s->objects, i), attribute)));
  return out & ~as;
}

/* A step that gives no objects stands for those that it was asked of. */
static uint64_t step_objects(const state *s, const json_t *step, const uint64_t *in, size_t n) {
  const char *f = function_of(step), *value = value_of(step);
  uint64_t a = n ? in[0] : 0, b = n > 1 ? in[1] : 0;
  if (!strcmp(f, "scene")) return s->all;
  if (begins(f, "filter_")) return a & with(s, f + strlen("filter_"), value);
  if (begins(f, "relate")) return related(s, value, a);
  if (begins(f, "same_")) return same(s, f + strlen("same_"), a);
  return !strcmp(f, "intersect") ? a & b : a | b;
}

const char *clevr_program_objects(const json_t *program, const json_t *scene,
                                  unsigned long long *out) {
  state s = {json_object_get(scene, "objects"), json_object_get(scene, "relationships"), 0};
  uint64_t found[CLEVR_MOST_STEPS];
  size_t n = json_array_size(s.objects), steps = json_array_size(program);
  if (!json_is_array(s.objects) || n > CLEVR_MOST_OBJECTS)
    return "it has no list of at most 64 objects";
  for (size_t i = 0; i < n; i++) s.all |= 1ull << i;
  for (size_t i = 0; i < steps; i++) {
    const json_t *step = json_array_get(program, i);
    uint64_t in[2] = {0};
    for (size_t k = 0; k < inputs_of(step) && k < 2; k++) in[k] = found[input_of(step, k)];
    found[i] = step_objects(&s, step, in, inputs_of(step));
  }
  *out = steps ? found[steps - 1] : 0;
  return NULL;
}
