/* Questions of scenes: an evaluator of its own reads their programs and must come to the same. */
#include <math.h>
#include "cm.h"
#include "core/data/scenes_ask.h"
#include "core/data/text_tokens.h"

enum { SCENES = 400, QUESTIONS = 10 };

static at_scene scene;
static at_scene_question asked[AT_QUESTION_MOST];

static void ask(uint64_t index, int least, int most, int n) {
  at_error err = {0};
  if (at_scene_draw(11, index, least, most, &scene, &err)) fail_msg("%s", err.message);
  if (at_scene_ask(&scene, n, asked, &err)) fail_msg("%s", err.message);
}

/* ---- the evaluator ---- */

typedef struct value {
  unsigned set, doubt; /* doubt: one might say that these belong to it too */
  int number;
  char word[16];
} value;

typedef struct reading {
  const char *at, *all;
  unsigned selected, referred; /* by the last functions; by `unique` before them */
  int steps;
} reading;

static void expect(reading *r, char c) {
  if (*r->at++ != c) fail_msg("%s: no `%c` at byte %d", r->all, c, (int)(r->at - r->all - 1));
}

static void name(reading *r, char out[32]) {
  size_t n = strspn(r->at, "abcdefghijklmnopqrstuvwxyz_");
  assert_in_range(n, 1, 31);
  memcpy(out, r->at, n);
  out[n] = 0;
  r->at += n;
}

static int bits(unsigned v) {
  int n = 0;
  for (; v; v >>= 1) n += v & 1;
  return n;
}

static bool has_word(const at_scene_object *o, const char *w) {
  return !strcmp(at_scene_color_names[o->color], w) || !strcmp(at_scene_shape_names[o->shape], w) ||
         !strcmp(at_scene_size_names[o->size], w) || !strcmp(at_scene_texture_names[o->texture], w);
}

static const char *attribute(const at_scene_object *o, const char *what) {
  if (!strcmp(what, "color")) return at_scene_color_names[o->color];
  if (!strcmp(what, "shape")) return at_scene_shape_names[o->shape];
  if (!strcmp(what, "texture")) return at_scene_texture_names[o->texture];
  assert_string_equal(what, "size");
  return at_scene_size_names[o->size];
}

static double gap(const at_scene_object *p, const at_scene_object *q) {
  at_scene_box a = at_scene_object_box(p), b = at_scene_object_box(q);
  double x = a.x > b.x ? a.x - (b.x + b.w) : b.x - (a.x + a.w);
  double y = a.y > b.y ? a.y - (b.y + b.h) : b.y - (a.y + a.h);
  return sqrt((x > 0 ? x * x : 0) + (y > 0 ? y * y : 0));
}

/* 1: a has the relation to b; 0: it has not; -1: that is open to debate. */
static int related(const char *relation, int a, int b) {
  const at_scene_object *p = &scene.object[a], *q = &scene.object[b];
  const double side[4] = {q->x - p->x, p->x - q->x, q->y - p->y, p->y - q->y};
  static const char *const sides[4] = {"left_of", "right_of", "above", "below"};
  double over = at_scene_hidden_by(&scene, b, a), under = at_scene_hidden_by(&scene, a, b);
  if (a == b) return 0;
  for (int i = 0; i < 4; i++)
    if (!strcmp(relation, sides[i])) {
      bool clear = side[i] >= 0.12 && side[i] > fabs(i < 2 ? side[2] : side[0]);
      return clear ? 1 : side[i] > 0.04 ? -1 : 0;
    }
  if (!strcmp(relation, "next_to")) {
    bool apart = over == 0 && under == 0;
    return apart && gap(p, q) < 0.10 ? 1 : gap(p, q) < 0.16 ? -1 : 0;
  }
  if (!strcmp(relation, "in_front_of")) return over >= 0.03 ? 1 : over > 0 ? -1 : 0;
  if (!strcmp(relation, "behind")) return under >= 0.03 ? 1 : under > 0 ? -1 : 0;
  if (!strcmp(relation, "larger")) return p->size > q->size;
  if (!strcmp(relation, "smaller")) return p->size < q->size;
  if (strncmp(relation, "same_", 5)) fail_msg("no relation `%s`", relation);
  return !strcmp(attribute(p, relation + 5), attribute(q, relation + 5));
}

static int only(unsigned set) {
  int i = 0;
  while (!(set >> i & 1)) i++;
  return i;
}

static value evaluate(reading *r, bool outer);

static value inner(reading *r, bool outer) {
  expect(r, '(');
  return evaluate(r, outer);
}

static void certain(const reading *r, const value *v) {
  if (v->doubt) fail_msg("%s: objects %x may belong or not", r->all, v->doubt);
}

static value unique(reading *r, bool outer) {
  value v = inner(r, false);
  certain(r, &v);
  if (bits(v.set) != 1) fail_msg("%s: %d objects where one is meant", r->all, bits(v.set));
  if (outer)
    r->selected |= v.set;
  else
    r->referred |= v.set;
  return v;
}

static value filter(reading *r) {
  char word[32];
  value v = inner(r, false);
  while (*r->at == ',') {
    r->at += 2;
    name(r, word);
    for (int i = 0; i < scene.n; i++)
      if (!has_word(&scene.object[i], word)) {
        v.set &= ~(1u << i);
        v.doubt &= ~(1u << i);
      }
  }
  return v;
}

static value relate(reading *r, const char *relation) {
  value from = inner(r, false), v = {0};
  assert_int_equal(bits(from.set), 1);
  for (int i = 0; i < scene.n; i++) {
    int is = related(relation, i, only(from.set));
    if (is > 0) v.set |= 1u << i;
    if (is < 0) v.doubt |= 1u << i;
  }
  return v;
}

static value truth(bool v) {
  value out = {0};
  strcpy(out.word, v ? "yes" : "no");
  return out;
}

static value compare(reading *r, const char *what) {
  value a = inner(r, true), b;
  expect(r, ',');
  expect(r, ' ');
  b = evaluate(r, true);
  if (!strcmp(what, "greater_than")) return truth(a.number > b.number);
  if (!strcmp(what, "less_than")) return truth(a.number < b.number);
  if (!strcmp(what, "equal_integer")) return truth(a.number == b.number);
  assert_int_not_equal(a.set, b.set);
  const at_scene_object *p = &scene.object[only(a.set)], *q = &scene.object[only(b.set)];
  if (!strncmp(what, "equal_", 6))
    return truth(!strcmp(attribute(p, what + 6), attribute(q, what + 6)));
  int is = related(what + 3, only(a.set), only(b.set));
  if (is < 0) fail_msg("%s: one may say yes or no", r->all);
  return truth(is);
}

/* Of what decides: how many there are. */
static value number_of(reading *r) {
  value v = inner(r, false);
  certain(r, &v);
  r->selected |= v.set;
  v.number = bits(v.set);
  snprintf(v.word, sizeof v.word, "%d", v.number);
  return v;
}

static value evaluate(reading *r, bool outer) {
  char what[32];
  value v = {0};
  name(r, what);
  if (!strcmp(what, "scene")) {
    v.set = (1u << scene.n) - 1;
    return v;
  }
  if (!strcmp(what, "unique")) {
    v = unique(r, outer);
  } else {
    r->steps++;
    if (!strcmp(what, "filter")) {
      v = filter(r);
    } else if (!strcmp(what, "count")) {
      v = number_of(r);
    } else if (!strcmp(what, "exist")) {
      v = number_of(r);
      v = truth(v.number > 0);
    } else if (!strncmp(what, "query_", 6)) {
      v = inner(r, true);
      strcpy(v.word, attribute(&scene.object[only(v.set)], what + 6));
    } else if (!strncmp(what, "is_", 3) || !strncmp(what, "equal_", 6) || strstr(what, "_than")) {
      v = compare(r, what);
    } else {
      v = relate(r, what);
    }
  }
  expect(r, ')');
  return v;
}

/* ---- tests ---- */

static void check(const at_scene_question *q) {
  reading r = {q->program, q->program, 0, 0, 0};
  value v = evaluate(&r, true);
  assert_int_equal(*r.at, 0);
  if (strcmp(v.word, q->answer))
    fail_msg("picture %d: %s %s: %s, but %s", (int)scene.index, q->say.text, q->program, q->answer,
             v.word);
  assert_int_equal(r.selected, q->selected);
  assert_int_equal(r.referred, q->referred);
  assert_int_equal(r.steps, q->steps);
}

static void test_answers(void **state) {
  (void)state;
  for (uint64_t i = 0; i < SCENES; i++) {
    ask(i, 1, 8, QUESTIONS);
    for (int k = 0; k < QUESTIONS; k++) check(&asked[k]);
  }
  for (uint64_t i = 0; i < 30; i++) { /* one object, and as much as may be asked of it */
    ask(i, 1, 1, AT_QUESTION_MOST);
    for (int k = 0; k < AT_QUESTION_MOST; k++) check(&asked[k]);
  }
}

static bool is_synonym(const char *w, size_t n, const at_scene_object *o) {
  return (n == 3 && !strncmp(w, "big", n) && o->size == 1) ||
         (n == 6 && !strncmp(w, "little", n) && o->size == 0);
}

/* 1: a name of an attribute's value, in the singular or plural. */
static bool value_word(const char *w, size_t n, const at_scene_object *o) {
  char one[32] = {0}, less[32] = {0};
  if (n > 31) return false;
  memcpy(one, w, n);
  memcpy(less, w, n - 1);
  if (n > 1 && w[n - 1] == 's' && w[n - 2] == 'e' && has_word(o, "cross") &&
      !strncmp(w, "crosses", n))
    return true;
  return has_word(o, one) || (w[n - 1] == 's' && has_word(o, less)) || is_synonym(w, n, o);
}

/* Values of attributes that a program or text names. */
static int values_of_program(const char *p) {
  int n = 0;
  for (const char *c = p; (c = strstr(c, ", ")); c += 2)
    n += strcspn(c + 2, "(") > strcspn(c + 2, ",)");
  return n;
}

static int values_of_words(const at_scene_question *q) {
  int n = 0;
  for (int k = 0; k < q->n_words; k++) {
    const char *w = q->say.text + q->say.token[q->word[k]].begin;
    size_t len = (size_t)(q->say.token[q->word[k]].end - q->say.token[q->word[k]].begin);
    bool found = false;
    for (int v = 0; v < 9 && !found; v++) {
      at_scene_object o = {v, v % AT_SCENE_COLORS, v % AT_SCENE_TEXTURES, v % 2, 0, 0, 0};
      found = value_word(w, len, &o);
    }
    /* "bigger than" and "smaller than" are relations, "how big" is what is asked */
    n += found && !(len == 3 && q->word[k] == 1 && !strncmp(q->say.text, "how big", 7));
  }
  return n;
}

static void test_words(void **state) {
  (void)state;
  int grounded = 0;
  for (uint64_t i = 0; i < SCENES; i++) {
    ask(i, 2, 5, QUESTIONS);
    for (int k = 0; k < QUESTIONS; k++) {
      const at_scene_question *q = &asked[k];
      const at_scene_caption *c = &q->say;
      at_tokens t;
      at_error err = {0};
      assert_int_equal(at_tokenise(c->text, strlen(c->text), AT_TOKENS_WORDS, &t, &err), AT_OK);
      assert_int_equal(t.n, c->n);
      for (int w = 0; w < c->n; w++) {
        assert_int_equal(t.v[w].begin, c->token[w].begin);
        assert_int_equal(t.v[w].end, c->token[w].end);
      }
      at_tokens_free(&t);
      if (values_of_program(q->program) != values_of_words(q))
        fail_msg("%s: words of %s", c->text, q->program);
      for (int p = 0; p < c->n_pairs; p++) {
        int token = c->pair[p].token, object = c->pair[p].object;
        assert_in_range(token, 0, c->n - 1);
        assert_in_range(object, 0, scene.n - 1);
        assert_true((q->selected | q->referred) >> object & 1);
        grounded++;
      }
      for (int w = 0; w < q->n_words; w++) assert_in_range(q->word[w], w, c->n - 1);
    }
  }
  assert_true(grounded > 10 * SCENES);
}

/* A word for a value points only at objects that have it. */
static void test_words_fit_their_objects(void **state) {
  (void)state;
  for (uint64_t i = 0; i < SCENES; i++) {
    ask(i, 2, 5, QUESTIONS);
    for (int k = 0; k < QUESTIONS; k++) {
      const at_scene_caption *c = &asked[k].say;
      for (int p = 0; p < c->n_pairs; p++) {
        const char *w = c->text + c->token[c->pair[p].token].begin;
        size_t n = (size_t)(c->token[c->pair[p].token].end - c->token[c->pair[p].token].begin);
        bool named = false;
        for (int v = 0; v < 9; v++) {
          at_scene_object o = {v, v % AT_SCENE_COLORS, v % AT_SCENE_TEXTURES, v % 2, 0, 0, 0};
          named = named || value_word(w, n, &o);
        }
        if (named && !(n == 3 && !strncmp(c->text, "how big", 7)) &&
            !value_word(w, n, &scene.object[c->pair[p].object]))
          fail_msg("%s: byte %d, object %d", c->text, (int)(w - c->text), c->pair[p].object);
      }
    }
  }
}

/* ---- balance ---- */

typedef struct tally {
  int n, of[32];
  char word[32][16];
} tally;

static void count_answer(tally *t, const char *word) {
  int i = 0;
  while (i < t->n && strcmp(t->word[i], word)) i++;
  if (i == t->n) snprintf(t->word[t->n++], 16, "%s", word);
  t->of[i]++;
}

static double share_of_most(const tally *t) {
  int most = 0, all = 0;
  for (int i = 0; i < t->n; i++) {
    all += t->of[i];
    if (t->of[i] > most) most = t->of[i];
  }
  return all < 100 ? 1 : (double)most / all;
}

/* The most frequent answer says little: bounds by type. */
static void test_balance(void **state) {
  static tally t[AT_QUESTION_TYPES];
  static const double most[AT_QUESTION_TYPES] = {.55, .40, .60, .20, .35, .20,
                                                 .56, .60, .60, .60, .60, .56};
  (void)state;
  for (uint64_t i = 0; i < 1500; i++) {
    ask(i, 2, 5, QUESTIONS);
    for (int k = 0; k < QUESTIONS; k++) {
      int type = 0;
      while (strcmp(at_scene_question_types[type], asked[k].type)) type++;
      count_answer(&t[type], asked[k].answer);
    }
  }
  for (int i = 0; i < AT_QUESTION_TYPES; i++)
    if (share_of_most(&t[i]) > most[i])
      fail_msg("%s: %.2f of the answers are one", at_scene_question_types[i], share_of_most(&t[i]));
}

static void test_no_question_comes_twice(void **state) {
  static at_scene_question again[QUESTIONS];
  (void)state;
  for (uint64_t i = 0; i < SCENES; i++) {
    ask(i, 2, 5, QUESTIONS);
    for (int k = 0; k < QUESTIONS; k++)
      for (int j = 0; j < k; j++) {
        assert_string_not_equal(asked[k].program, asked[j].program);
        assert_string_not_equal(asked[k].say.text, asked[j].say.text);
      }
    assert_int_equal(at_scene_ask(&scene, QUESTIONS, again, NULL), AT_OK);
    assert_memory_equal(again, asked, sizeof again);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_words),
                                     cmocka_unit_test(test_words_fit_their_objects),
                                     cmocka_unit_test(test_balance),
                                     cmocka_unit_test(test_no_question_comes_twice)};
  return cmocka_run_group_tests_name("scenes_ask", tests, NULL, NULL);
}
