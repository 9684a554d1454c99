/* vqa_accuracy against numbers counted by hand, and how answers are made comparable. */
#include "cm.h"
#include "core/plugin/plugin_impl.h"
#include "plugins/metric/vqa_answer.h"

static at_registry *registry;

static double value(const at_result *r, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(r[i].name, name)) return r[i].value;
  fail_msg("there is no result %s", name);
  return 0;
}

typedef struct texts { /* each with its NUL, one after another */
  char v[4096];
  size_t n;
} texts;

static void put(texts *t, const char *text) {
  memcpy(t->v + t->n, text, strlen(text) + 1);
  t->n += strlen(text) + 1;
}

static void put_array(attune_prediction *p, const char *name, const texts *t) {
  attune_array a = {.type = ATTUNE_U8, .ndim = 1, .shape = {(int64_t)t->n}, .data = t->v};
  assert_int_equal(at_host_predict(p, name, &a, NULL), 0);
}

static void put_numbers(attune_prediction *p, const char *name, const int32_t *v, int64_t n) {
  attune_array a = {.type = ATTUNE_I32, .ndim = 1, .shape = {n}, .data = v};
  assert_int_equal(at_host_predict(p, name, &a, NULL), 0);
}

static at_status compute(const attune_prediction *p, at_result **r, size_t *n, at_error *err) {
  const at_option_value given = {"by_question_type", "true"};
  const at_item *it;
  attune_options *o;
  assert_int_equal(at_registry_find(registry, ATTUNE_METRIC, "vqa_accuracy", &it, err), AT_OK);
  assert_int_equal(at_options_new(it, &given, 1, NULL, &o, err), AT_OK);
  *r = NULL;
  *n = 0;
  at_status s = at_metric_compute(it, o, p, r, n, err);
  at_options_free(o);
  return s;
}

/* One question, one answer given: its score in percent. */
static double score(const char *given, const char *people) {
  texts names = {0}, answers = {0};
  int32_t zero = 0;
  at_result *r;
  size_t n;
  at_error err = {0};
  attune_prediction *p = at_prediction_new();
  put(&names, given);
  put(&answers, people);
  put_numbers(p, "predicted", &zero, 1);
  put_numbers(p, "expected", &zero, 1);
  put_array(p, "answer_names", &names);
  put_array(p, "answers", &answers);
  assert_int_equal(compute(p, &r, &n, &err), AT_OK);
  double v = value(r, n, "vqa_accuracy");
  free(r);
  at_prediction_free(p);
  return v;
}

static void close_to(double want, double got) {
  if (fabs(want - got) > 1e-9) fail_msg("wanted %.12f, got %.12f", want, got);
}

/* m of ten agree: (m min(1, (m - 1) / 3) + (10 - m) min(1, m / 3)) / 10 */
static void test_by_hand(void **state) {
  (void)state;
  close_to(0, score("yes", "no\tno\tno\tno\tno\tno\tno\tno\tno\ta b"));
  close_to(30, score("yes", "yes\tno\tno\tno\tno\tno\tno\tno\tno\tno"));     /* 9 * 1/3 */
  close_to(60, score("yes", "yes\tyes\tno\tno\tno\tno\tno\tno\tno\tno"));    /* 2/3 + 8 * 2/3 */
  close_to(90, score("yes", "yes\tyes\tno\tyes\tno\tno\tno\tno\tno\tno"));   /* 3 * 2/3 + 7 */
  close_to(100, score("yes", "yes\tyes\tyes\tyes\tno\tno\tno\tno\tno\tno")); /* all are 1 */
  close_to(100, score("yes", "yes\tyes\tyes\tyes\tyes\tyes\tyes\tyes\tyes\tyes"));
  close_to(0, score("", "yes\tyes\tyes\tyes\tyes\tyes\tyes\tyes\tyes\tno"));
}

static void test_comparable(void **state) {
  (void)state;
  close_to(30, score("The 2", "two\tx\tx\tx\tx\tx\tx\tx\tx\tx"));
  close_to(60, score("dont know", "don't know\tDont know.\tx\tx\tx\tx\tx\tx\tx\tx"));
  /* Where all agree nothing is changed but case and white space. */
  close_to(100, score("no-one", "no-one\tno-one\tno-one\tno-one"));
  close_to(0, score("no one", "no-one\tno-one\tno-one\tno-one"));
  close_to(100, score("No-One ", "no-one\tno-one\tno-one\tno-one"));
  close_to(0, score("2", "two\ttwo\ttwo\ttwo"));
  close_to(30, score("no one", "no-one\tx\tx\tx\tx\tx\tx\tx\tx\tx"));
}

static void test_normal(void **state) {
  static const char *const cases[][2] = {
      {"A dog", "dog"},
      {"an apple on the table", "apple on table"},
      {"Ten", "10"},
      {"None", "0"},
      {"eleven", "eleven"},
      {"2.5", "2.5"}, /* a digit follows */
      {".5", ".5"},   /* here too */
      {"5.", "5"},    /* here not */
      {"u.s.a.", "usa"},
      {"1,000", "1000"}, /* a comma between digits: marks vanish */
      {"1,000 red/blue", "1000 redblue"},
      {"red,blue", "red blue"},  /* no blank beside it: it becomes one */
      {"red, blue", "red blue"}, /* beside a blank: it vanishes */
      {"a-b c- d", "ab c d"},    /* once beside a blank, it vanishes everywhere */
      {"black/white", "black white"},
      {"what?", "what"},
      {"it's", "it's"}, /* an apostrophe is no punctuation */
      {"Its", "its"},
      {"isnt", "isn't"},
      {"oclock", "o'clock"},
      {"ow's'at", "'ow's'at"},
      {"somebody'd", "somebodyd"},
      {"\xc3\x89"
       "CLAIR",
       "\xc3\xa9"
       "clair"},
      {"  two \t dogs\n", "2 dogs"},
      {"the", ""},
      {"", ""},
      {"!", ""},
      {"3:30", "3:30"}, /* neither colon */
      {"50%", "50%"},   /* nor percent */
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[VQA_ANSWER];
    vqa_answer_normal(cases[i][0], out, sizeof out);
    assert_string_equal(out, cases[i][1]);
    vqa_answer_normal(out, out, sizeof out);
    assert_string_equal(out, cases[i][1]);
  }
}

static void test_long(void **state) {
  (void)state;
  char text[2000], out[VQA_ANSWER];
  for (size_t i = 0; i + 2 < sizeof text; i += 2) memcpy(text + i, "\xc3\xa9", 3);
  vqa_answer_trim(text, strlen(text), out, sizeof out);
  assert_int_equal(strlen(out), VQA_ANSWER - 2); /* no character is cut */
  vqa_answer_normal(text, out, sizeof out);
  assert_int_equal(strlen(out), VQA_ANSWER - 2);
  memset(text, '.', 40);
  text[40] = 0;
  vqa_answer_normal(text, out, sizeof out);
  assert_string_equal(out, "........"); /* 32 of them vanish */
}

static void test_types(void **state) {
  texts names = {0}, answers = {0}, kinds = {0}, asked = {0};
  const int32_t predicted[4] = {0, 1, 0, 1}, type[4] = {0, 1, 1, 0}, question[4] = {0, 0, 1, 1};
  at_result *r;
  size_t n;
  at_error err = {0};
  (void)state;
  attune_prediction *p = at_prediction_new();
  put(&names, "yes");
  put(&names, "2");
  put(&answers, "yes\tyes\tyes\tyes\tno"); /* 4 of 5: 1 */
  put(&answers, "2\t2\t3\t3\t3");          /* 2 of 5: (2 * 1/3 + 3 * 2/3) / 5 = 8/15 */
  put(&answers, "");                       /* nobody: does not count */
  put(&answers, "yes\tno\tno\tno\tno");    /* 0 */
  put(&kinds, "yes/no");
  put(&kinds, "number");
  put(&asked, "is");
  put(&asked, "how many");
  put_numbers(p, "predicted", predicted, 4);
  put_numbers(p, "expected", predicted, 4);
  put_numbers(p, "type", type, 4);
  put_numbers(p, "question_type", question, 4);
  put_array(p, "answer_names", &names);
  put_array(p, "type_names", &kinds);
  put_array(p, "question_type_names", &asked);
  assert_int_equal(compute(p, &r, &n, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "`answers`"));
  free(r);
  put_array(p, "answers", &answers);
  assert_int_equal(compute(p, &r, &n, &err), AT_OK);
  close_to(100 * (1 + 8 / 15.0) / 3, value(r, n, "vqa_accuracy"));
  close_to(50, value(r, n, "vqa_accuracy.yes/no"));
  close_to(100 * 8 / 15.0, value(r, n, "vqa_accuracy.number"));
  close_to(100 * (1 + 8 / 15.0) / 2, value(r, n, "vqa_accuracy.question.is"));
  close_to(0, value(r, n, "vqa_accuracy.question.how many"));
  free(r);
  at_prediction_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_by_hand), cmocka_unit_test(test_comparable),
      cmocka_unit_test(test_normal), cmocka_unit_test(test_long), cmocka_unit_test(test_types)};
  if (at_registry_new(NULL, 0, &registry, NULL)) return 1;
  int rc = cmocka_run_group_tests_name("vqa_accuracy", tests, NULL, NULL);
  at_registry_free(registry);
  return rc;
}
