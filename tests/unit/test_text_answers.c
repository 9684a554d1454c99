/* Metrics of answers in texts: against cases counted by hand, and against an independent
 * computation. */
#include "cm.h"
#include "core/plugin/plugin_impl.h"
#include "plugins/metric/edit_distance.h"
#include "tests/unit/metric_call.h"

static at_registry *registry;

typedef struct texts { /* each with its NUL, one after another */
  char v[16384];
  size_t n;
} texts;

static void put(texts *t, const char *text) {
  memcpy(t->v + t->n, text, strlen(text) + 1);
  t->n += strlen(text) + 1;
}

static void put_array(attune_prediction *p, const char *name, uint32_t type, int64_t n,
                      const void *v) {
  attune_array a = {.type = type, .ndim = 1, .shape = {n}, .data = v};
  assert_int_equal(at_host_predict(p, name, &a, NULL), 0);
}

static void put_texts(attune_prediction *p, const char *name, const texts *t) {
  put_array(p, name, ATTUNE_U8, (int64_t)t->n, t->v);
}

static double value(const attune_prediction *p, const char *spec, const char *name) {
  at_result *r;
  size_t n;
  at_error err = {0};
  if (metric_call(registry, spec, p, &r, &n, &err) != AT_OK) fail_msg("%s", err.message);
  double v = NAN;
  for (size_t i = 0; i < n; i++)
    if (!strcmp(r[i].name, name)) v = r[i].value;
  free(r);
  if (isnan(v)) fail_msg("%s gives no %s", spec, name);
  return v;
}

static attune_prediction *predict(const texts *given, const texts *people, const texts *possible) {
  attune_prediction *p = at_prediction_new();
  assert_non_null(p);
  put_texts(p, "predicted", given);
  put_texts(p, "answers", people);
  put_texts(p, "possible", possible);
  return p;
}

/* One question, one answer given. */
static double score(const char *spec, const char *name, const char *given, const char *people) {
  texts g = {0}, q = {0};
  put(&g, given);
  put(&q, people);
  attune_prediction *p = predict(&g, &q, &g);
  double v = value(p, spec, name);
  at_prediction_free(p);
  return v;
}

static void close_to(double want, double got) {
  if (fabs(want - got) > 1e-7) fail_msg("wanted %.9f, got %.9f", want, got);
}

static void by_hand(void **state) {
  (void)state;
  close_to(30, score("textvqa_accuracy", "textvqa_accuracy", "Stop!",
                     "stop\tgo\tgo\tgo\tgo\tgo\tgo\tgo\tgo\tgo")); /* 9 * 1/3 */
  close_to(90, score("textvqa_accuracy", "textvqa_accuracy", "the stop",
                     "stop\tstop\tstop\tgo\tgo\tgo\tgo\tgo\tgo\tgo"));
  close_to(100, score("textvqa_accuracy", "textvqa_accuracy", "1,000", "1000"));
  close_to(0, score("textvqa_accuracy", "textvqa_accuracy", "", "1000"));
  close_to(0.75, score("anls", "anls", "stap", "go\tSTOP"));
  close_to(0.5, score("anls", "anls", "ab", "ac"));
  close_to(0, score("anls", "anls", "ab", "acd")); /* 1/3 */
  close_to(1.0 / 3, score("anls(threshold=0.3)", "anls", "ab", "acd"));
  close_to(100, score("exact_match", "exact_match", "New  York ", "boston\tnew york"));
  close_to(0, score("exact_match(case=true)", "exact_match", "New York", "new york"));
  close_to(0, score("exact_match", "exact_match", "newyork", "new york"));
}

static void independently(void **state) {
  static const struct {
    const char *given, *people;
    double accuracy, anls, exact;
  } cases[] = {
#include "tests/unit/text_answers_cases.h"
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    print_message("# %s | %s\n", cases[i].given, cases[i].people);
    close_to(100 * cases[i].accuracy,
             score("textvqa_accuracy", "textvqa_accuracy", cases[i].given, cases[i].people));
    close_to(cases[i].anls, score("anls", "anls", cases[i].given, cases[i].people));
    close_to(100 * cases[i].exact,
             score("exact_match", "exact_match", cases[i].given, cases[i].people));
  }
}

/* What would be possible, by types, and questions that nobody answered. */
static void parts(void **state) {
  static const int32_t types[] = {0, 1, 1, 0};
  texts g = {0}, q = {0}, best = {0}, names = {0};
  (void)state;
  put(&g, "one");
  put(&g, "two");
  put(&g, "three");
  put(&g, "four");
  put(&q, "one");
  put(&q, "too");
  put(&q, "three\tdrei");
  put(&q, "");
  put(&best, "one");
  put(&best, "too");
  put(&best, "nothing\tdrei");
  put(&best, "");
  put(&names, "a");
  put(&names, "b");
  attune_prediction *p = predict(&g, &q, &best);
  put_array(p, "type", ATTUNE_I32, 4, types);
  put_texts(p, "type_names", &names);
  close_to(200.0 / 3, value(p, "exact_match", "exact_match"));
  close_to(100, value(p, "exact_match", "exact_match.a"));
  close_to(50, value(p, "exact_match", "exact_match.b"));
  close_to(100, value(p, "exact_match", "exact_match.possible"));
  close_to((1 + 2.0 / 3 + 1) / 3, value(p, "anls", "anls"));
  at_prediction_free(p);
}

static void sources(void **state) {
  static const int64_t steps[] = {0, 2, 3, 3, 5};
  static const int32_t kind[] = {1, 1, 0, 0, 1};
  attune_prediction *p = at_prediction_new();
  (void)state;
  assert_non_null(p);
  put_array(p, "steps", ATTUNE_I64, 5, steps);
  put_array(p, "step_kind", ATTUNE_I32, 5, kind);
  close_to(60, value(p, "answer_words", "words.pointed"));
  close_to(40, value(p, "answer_words", "words.vocabulary"));
  close_to(25, value(p, "answer_words", "answers.vocabulary"));
  close_to(25, value(p, "answer_words", "answers.pointed"));
  close_to(25, value(p, "answer_words", "answers.both"));
  close_to(25, value(p, "answer_words", "answers.empty"));
  at_prediction_free(p);
}

static void odd_predictions(void **state) {
  texts g = {0}, q = {0};
  at_result *r;
  size_t n;
  at_error err = {0};
  (void)state;
  put(&g, "one");
  put(&q, "one");
  put(&q, "two");
  attune_prediction *p = predict(&g, &q, &g);
  assert_int_equal(metric_call(registry, "anls", p, &r, &n, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "`answers` of the prediction is not a text"));
  free(r);
  at_prediction_free(p);
}

static void letters(void **state) {
  uint32_t a[16], b[16];
  size_t work[17];
  (void)state;
  assert_int_equal(edit_letters(" \xc3\x89\xe5\x8c\x97 ", 7, a, 16), 2);
  assert_int_equal(a[0], 0xe9);
  assert_int_equal(a[1], 0x5317);
  assert_int_equal(edit_letters("\xe5\x8c", 2, b, 16), 2); /* cut short: two bytes */
  assert_int_equal(edit_letters("abc", 3, b, 2), 2);
  assert_int_equal(edit_distance(a, 0, b, 2, work), 2);
  assert_int_equal(edit_distance(a, 2, b, 0, work), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand), cmocka_unit_test(independently),   cmocka_unit_test(parts),
      cmocka_unit_test(sources), cmocka_unit_test(odd_predictions), cmocka_unit_test(letters)};
  at_error err = {0};
  if (at_registry_new(NULL, 0, &registry, &err) != AT_OK) return 1;
  int failed = cmocka_run_group_tests_name("text_answers", tests, NULL, NULL);
  at_registry_free(registry);
  return failed;
}
