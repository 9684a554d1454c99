/* Answers made of words and tokens: what can stand where, and the search for the best. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/task/textvqa_decode.h"
#include "tests/unit/cm.h"

/* ---- words ---- */

static tv_vocabulary vocabulary(const char *words, tv_match match) {
  tv_vocabulary v;
  assert_int_equal(tv_vocabulary_read(words, match, &v), 0);
  return v;
}

static void frequent_words(void **state) {
  tv_counting c = {0};
  tv_vocabulary v, again;
  (void)state;
  assert_int_equal(tv_count(&c, "The cat  and the\tdog", TV_CASE), 0);
  assert_int_equal(tv_count(&c, "THE the cat ", TV_CASE), 0);
  assert_int_equal(tv_vocabulary_count(&c, 2, TV_CASE, &v), 0);
  assert_int_equal(v.n, TV_FIRST + 2);
  assert_string_equal(v.word[TV_FIRST], "the"); /* four times, mostly so */
  assert_string_equal(v.word[TV_FIRST + 1], "cat");
  assert_int_equal(tv_vocabulary_find(&v, "the", 0), TV_FIRST);
  assert_int_equal(tv_vocabulary_find(&v, "dog", 0), -1);
  char *text = tv_vocabulary_text(&v);
  assert_string_equal(text, "the\ncat\n");
  assert_int_equal(tv_vocabulary_read(text, TV_CASE, &again), 0);
  assert_int_equal(again.n, v.n);
  assert_string_equal(again.word[TV_FIRST + 1], "cat");
  free(text);
  tv_counting_free(&c);
  tv_vocabulary_free(&v);
  tv_vocabulary_free(&again);
}

/* More words than the list begins with: spellings are counted together all the same. */
static void many_words(void **state) {
  tv_counting c = {0};
  tv_vocabulary v;
  char text[32];
  (void)state;
  for (int i = 0; i < 20000; i++) {
    snprintf(text, sizeof text, "w%d common", i % 7000);
    assert_int_equal(tv_count(&c, text, TV_EXACT), 0);
  }
  assert_int_equal(tv_vocabulary_count(&c, 100000, TV_EXACT, &v), 0);
  assert_int_equal(v.n, TV_FIRST + 7001);
  assert_string_equal(v.word[TV_FIRST], "common");
  tv_counting_free(&c);
  tv_vocabulary_free(&v);
}

static void keys(void **state) {
  char key[TV_WORD];
  (void)state;
  tv_key("(No.53),", 8, TV_LOOSE, 0, key);
  assert_string_equal(key, "(no.53),");
  tv_key("(No.53),", 8, TV_LOOSE, 1, key);
  assert_string_equal(key, "no53");
  tv_key("&", 1, TV_LOOSE, 1, key);
  assert_string_equal(key, "&");
  tv_key("\xc3\x89T\xc3\x97", 5, TV_CASE, 0, key); /* the sign of times has no case */
  assert_string_equal(key, "\xc3\xa9t\xc3\x97");
  tv_key("Ab", 2, TV_EXACT, 0, key);
  assert_string_equal(key, "Ab");
}

/* ---- forms ---- */

static void check_units(const tv_form *f, int64_t at, int64_t left, const char *want) {
  char got[200] = "";
  tv_unit u;
  const int64_t n = tv_form_choices(f, at, left, 0, &u);
  for (int64_t k = 0; k < n; k++) {
    tv_form_choices(f, at, left, k, &u);
    snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d+%d ", u.step.kind ? "t" : "w",
             (int)u.step.index, (int)u.words);
  }
  assert_string_equal(got, want);
}

static void forms(void **state) {
  tv_vocabulary v = vocabulary("new\nyork\nno.5\n", TV_LOOSE);
  tv_tokens t;
  tv_form f;
  char *text;
  (void)state;
  assert_int_equal(tv_tokens_read("New York\nYORK\n\nnew\nCity,\nNo 5\n", 100, TV_LOOSE, &t), 0);
  assert_int_equal(t.n, 6);
  assert_int_equal(tv_form_find(&v, &t, "New York City", &f), 0);
  assert_int_equal(f.words, 3);
  assert_int_equal(f.cost[0], 2); /* a token of two words, and one */
  assert_true(tv_form_fits(&f, 3));
  assert_false(tv_form_fits(&f, 2)); /* there is no room for the end */
  check_units(&f, 0, 11, "w2+1 t0+2 t3+1 ");
  check_units(&f, 0, 2, "t0+2 "); /* by one word at a time it takes three */
  check_units(&f, 1, 11, "w3+1 t1+1 ");
  check_units(&f, 2, 11, "t4+1 "); /* the comma aside, as nothing else fits */
  text = tv_form_best(&v, &t, &f, 11);
  assert_string_equal(text, "New York City,");
  free(text);
  tv_form_free(&f);
  /* What cannot be formed: all that can be said of it. */
  assert_int_equal(tv_form_find(&v, &t, "New Amsterdam City", &f), 0);
  assert_false(tv_form_fits(&f, 12));
  text = tv_form_best(&v, &t, &f, 11);
  assert_string_equal(text, "new City,");
  free(text);
  tv_form_free(&f);
  assert_int_equal(tv_form_find(&v, &t, "", &f), 0);
  assert_false(tv_form_fits(&f, 12));
  tv_form_free(&f);
  tv_tokens_free(&t);
  tv_vocabulary_free(&v);
}

static void token_limit(void **state) {
  tv_tokens t;
  (void)state;
  assert_int_equal(tv_tokens_count("a\nb\nc"), 3);
  assert_int_equal(tv_tokens_count(""), 0);
  assert_int_equal(tv_tokens_read("a\nb\nc", 2, TV_LOOSE, &t), 0);
  assert_int_equal(t.n, 2);
  assert_string_equal(t.text[1], "b");
  tv_tokens_free(&t);
}

/* ---- decoding ---- */

enum { WORDS = 4, TOKENS = 2, STEPS = 4, MOST = 64 };

/* Logits that follow from all that was answered: no step is worth the same behind another. */
static uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ x >> 16;
}

static float logit(uint32_t seed, const tv_step *s, int64_t n, int kind, int index) {
  uint32_t h = mix(seed);
  for (int64_t i = 0; i < n; i++) h = mix(h * 31 + (uint32_t)(s[i].kind * 100 + s[i].index) + 7);
  h = mix(h * 31 + (uint32_t)(kind * 100 + index) + 7);
  return (float)(h % 2001) / 250.0f - 4;
}

typedef struct made {
  uint32_t seed;
  float words[MOST * WORDS], tokens[MOST * TOKENS];
  int calls;
} made;

static int next(void *ctx, const tv_begun *begun, int64_t n, tv_scores *out) {
  made *m = ctx;
  assert_in_range(n, 1, MOST);
  m->calls++;
  for (int64_t i = 0; i < n; i++) {
    assert_int_equal(begun[i].n, begun[0].n);
    const uint32_t seed = m->seed + 1000u * (uint32_t)begun[i].question;
    for (int k = 0; k < WORDS; k++)
      m->words[i * WORDS + k] = logit(seed, begun[i].step, begun[i].n, 0, k);
    for (int k = 0; k < TOKENS; k++)
      m->tokens[i * TOKENS + k] = logit(seed, begun[i].step, begun[i].n, 1, k);
  }
  *out = (tv_scores){m->words, m->tokens, TOKENS};
  return 0;
}

typedef struct search {
  uint32_t seed;
  int64_t tokens;
  double best;
  tv_step now[STEPS], step[STEPS];
  int64_t n;
} search;

static double log_sigmoid(double x) { return -log(1 + exp(-x)); }

/* Every answer there is. */
static void search_all(search *s, int64_t n, double score) {
  if (n == STEPS || (n && !s->now[n - 1].kind && s->now[n - 1].index == TV_END)) {
    if (score <= s->best) return;
    s->best = score;
    s->n = n;
    memcpy(s->step, s->now, sizeof s->now);
    return;
  }
  for (int i = 0; i < WORDS + (int)s->tokens; i++) {
    const tv_step t = {i >= WORDS, i >= WORDS ? i - WORDS : i};
    if (!t.kind && t.index == TV_BEGIN) continue;
    const double more = log_sigmoid((double)logit(s->seed, s->now, n, t.kind, t.index));
    s->now[n] = t;
    search_all(s, n + 1, score + more);
  }
}

static void beam_is_exhaustive(void **state) {
  const int64_t tokens[2] = {TOKENS, 1};
  (void)state;
  for (uint32_t seed = 0; seed < 50; seed++) {
    made m = {.seed = seed};
    tv_answer a[2];
    /* As wide as the tree: nothing is ever dropped. */
    const tv_decoding d = {next, &m, 2, WORDS, tokens, STEPS, 32};
    assert_int_equal(tv_decode(&d, a), 0);
    for (int q = 0; q < 2; q++) {
      search s = {.seed = seed + 1000u * (uint32_t)q, .tokens = tokens[q], .best = -INFINITY};
      search_all(&s, 0, 0);
      assert_true(fabs(a[q].score - s.best) < 1e-9);
      const int64_t n = s.n - (!s.step[s.n - 1].kind && s.step[s.n - 1].index == TV_END);
      assert_int_equal(a[q].n, n);
      assert_memory_equal(a[q].step, s.step, (size_t)n * sizeof *s.step);
    }
    tv_answers_free(a, 2);
  }
}

static void greedy_takes_the_best(void **state) {
  const int64_t tokens[1] = {TOKENS};
  (void)state;
  for (uint32_t seed = 0; seed < 50; seed++) {
    made m = {.seed = seed};
    tv_answer a;
    const tv_decoding d = {next, &m, 1, WORDS, tokens, STEPS, 1};
    assert_int_equal(tv_decode(&d, &a), 0);
    tv_step now[STEPS];
    int64_t n = 0;
    for (int ended = 0; n < STEPS && !ended; n++) {
      float top = -INFINITY;
      for (int i = 0; i < WORDS + TOKENS; i++) {
        const tv_step t = {i >= WORDS, i >= WORDS ? i - WORDS : i};
        const float v = logit(seed, now, n, t.kind, t.index);
        if ((!t.kind && t.index == TV_BEGIN) || v <= top) continue;
        top = v;
        now[n] = t;
      }
      ended = !now[n].kind && now[n].index == TV_END;
    }
    assert_int_equal(m.calls, n);
    assert_int_equal(a.n, n - (!now[n - 1].kind && now[n - 1].index == TV_END));
    assert_memory_equal(a.step, now, (size_t)a.n * sizeof *now);
    tv_answers_free(&a, 1);
  }
}

/* A wider beam finds no worse an answer than the greedy one, over many. */
static void wider_is_no_worse(void **state) {
  const int64_t tokens[1] = {TOKENS};
  int better = 0, worse = 0;
  (void)state;
  for (uint32_t seed = 100; seed < 300; seed++) {
    made m = {.seed = seed};
    tv_answer one, four;
    const tv_decoding d1 = {next, &m, 1, WORDS, tokens, STEPS, 1},
                      d4 = {next, &m, 1, WORDS, tokens, STEPS, 4};
    assert_int_equal(tv_decode(&d1, &one), 0);
    assert_int_equal(tv_decode(&d4, &four), 0);
    better += four.score > one.score + 1e-9;
    worse += four.score < one.score - 1e-9;
    tv_answers_free(&one, 1);
    tv_answers_free(&four, 1);
  }
  assert_true(better > 20);
  assert_true(worse < 5);
}

static int fails(void *ctx, const tv_begun *begun, int64_t n, tv_scores *out) {
  (void)ctx;
  (void)begun;
  (void)n;
  (void)out;
  return -2;
}

static int nothing(void *ctx, const tv_begun *begun, int64_t n, tv_scores *out) {
  static const float none[8] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  (void)ctx;
  (void)begun;
  (void)n;
  *out = (tv_scores){none, none, TOKENS};
  return 0;
}

static void odd_models(void **state) {
  const int64_t tokens[1] = {TOKENS};
  tv_answer a;
  (void)state;
  tv_decoding d = {fails, NULL, 1, WORDS, tokens, STEPS, 2};
  assert_int_equal(tv_decode(&d, &a), -2);
  d.next = nothing; /* no number among them */
  assert_int_equal(tv_decode(&d, &a), 0);
  assert_int_equal(a.n, 0);
  tv_answers_free(&a, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(frequent_words),
                                     cmocka_unit_test(many_words),
                                     cmocka_unit_test(keys),
                                     cmocka_unit_test(forms),
                                     cmocka_unit_test(token_limit),
                                     cmocka_unit_test(beam_is_exhaustive),
                                     cmocka_unit_test(greedy_takes_the_best),
                                     cmocka_unit_test(wider_is_no_worse),
                                     cmocka_unit_test(odd_models)};
  return cmocka_run_group_tests_name("textvqa", tests, NULL, NULL);
}
