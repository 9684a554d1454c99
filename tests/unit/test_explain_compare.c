/* Two runs over the same examples, and conditions that are numbers of the data. */
#include "tests/unit/explain_planted.h"

static const char model[] =
    "model %s(by = 1.0, turned = 1.0) {\n"
    "  input ask: real [item, a]\n"
    "  input key: real [item, region, a]\n"
    "  input value: real [item, region, b]\n"
    "  input answer: token(answer_class) [item]\n"
    "  attend %s(query = ask |> scale(turned), key = key, value = value, over = region, along = a) "
    "{\n"
    "    score = dot\n"
    "    weigh = softmax\n"
    "  }\n"
    "  output logits = %s |> scale(by) |> linear(b -> answer_class) @out\n"
    "  loss cross_entropy(logits, answer, answer_class)\n"
    "}\n";

static at_session *open_named(const char *block, const char *argument, const char *reader) {
  char text[2048];
  snprintf(text, sizeof text, model, "one", block, block);
  return open_model(text, argument, reader);
}

static at_explained *compared(at_session *s, at_session *other, const char *by) {
  const at_explain_options o = {
      .split = "test", .permutations = 2, .by = by, .other = other, .other_name = "runs/b"};
  at_explained *e;
  size_t n;
  at_error err = {0};
  if (at_explain(s, NULL, 0, &o, &e, &n, &err) != AT_OK) fail_msg("%s", err.message);
  char *json = at_explain_json(e, n, &o);
  assert_non_null(strstr(json, "\"compared_with\": \"runs/b\""));
  free(json);
  return e;
}

static void a_run_with_itself(void **state) {
  (void)state;
  at_session *s = open_named("look", "by=1", "planted");
  at_session *same = open_named("look", "by=1", "planted");
  at_explained *e = compared(s, same, "both");
  const float *w = reals(e->arrays, "weight", ITEMS * KEYS);
  const float *other = reals(e->arrays, "other_weight", ITEMS * KEYS);
  assert_memory_equal(w, other, ITEMS * KEYS * sizeof *w);
  near(result_of(e, "agreement_tau")->mean.mean, 1);
  near(result_of(e, "agreement_overlap")->mean.mean, 1);
  assert_int_equal(e->by[0].classes, 1);
  assert_string_equal(e->by[0].label[0], "both right");
  at_explained_free(e, 1);
  at_session_free(s);
  at_session_free(same);
}

/* Attention turned round, and answers that are wrong but where the first class is meant. */
static void another_run(void **state) {
  (void)state;
  at_session *s = open_named("look", "by=1", "planted");
  at_session *other = open_named("look", "by=-1", "planted");
  at_session *turned = open_named("look", "turned=-1", "planted");
  at_explained *e = compared(s, other, "both");
  const at_explain_result *r = result_of(e, "flip_one_top");
  near(result_of(e, "agreement_top")->mean.mean, 1);
  assert_int_equal(wholes(e->arrays, "other_correct", ITEMS)[1], 0);
  assert_int_equal(e->by[0].classes, 1); /* minus: another class is always chosen */
  assert_string_equal(e->by[0].label[0], "only this");
  near(r->within[0].part[0].mean, r->mean.mean);
  at_explained_free(e, 1);
  e = compared(s, turned, NULL);
  near(result_of(e, "agreement_tau")->mean.mean, -1);
  near(result_of(e, "agreement_top")->mean.mean, 0);
  at_explained_free(e, 1);
  at_session_free(s);
  at_session_free(other);
  at_session_free(turned);
}

static const at_explain_result *metric_of(const at_explained *e, const char *metric) {
  for (size_t i = 0; i < e->n_results; i++)
    if (!strcmp(e->result[i].metric, metric)) return &e->result[i];
  return NULL;
}

/* Another name of the block: answers can be compared, attention cannot. */
static void another_block(void **state) {
  (void)state;
  at_session *s = open_named("look", "by=1", "planted");
  at_session *other = open_named("see", "by=1", "planted");
  at_session *fewer = open_named("look", "by=1", "planted(keys=4)");
  at_explained *e = compared(s, other, "both");
  attune_array a;
  assert_int_not_equal(at_prediction_array(e->arrays, "other_weight", &a), AT_OK);
  assert_non_null(strstr(metric_of(e, "attention_agreement")->why, "has no block of that name"));
  assert_string_equal(e->by[0].label[0], "both right");
  at_explained_free(e, 1);
  e = compared(s, fewer, NULL); /* other keys */
  assert_true(isnan(reals(e->arrays, "other_weight", ITEMS * KEYS)[0]));
  assert_int_equal(result_of(e, "agreement_tau")->mean.examples, 0);
  at_explained_free(e, 1);
  at_session_free(s);
  at_session_free(other);
  at_session_free(fewer);
}

static void refused(at_session *s, const at_explain_options *o, const char *says) {
  at_explained *e;
  size_t n;
  at_error err = {0};
  assert_int_equal(at_explain(s, NULL, 0, o, &e, &n, &err), AT_EINPUT);
  if (!strstr(err.message, says)) fail_msg("\"%s\" lacks \"%s\"", err.message, says);
}

static void without_another_run(void **state) {
  (void)state;
  static const char *const metric[] = {"attention_agreement"};
  at_session *s = open_named("look", "by=1", "planted");
  const at_explain_options o = {.split = "test", .limit = 2};
  at_explained *e;
  size_t n;
  at_error err = {0};
  assert_int_equal(at_explain(s, NULL, 0, &o, &e, &n, &err), AT_OK);
  assert_null(metric_of(e, "attention_agreement")); /* it is not asked for */
  at_explained_free(e, n);
  refused(s, &(at_explain_options){.split = "test", .metric = metric, .n_metrics = 1},
          "compares two runs; the other one is not given");
  refused(s, &(at_explain_options){.split = "test", .by = "both"},
          "`both` is a condition where another run is compared with");
  at_session_free(s);
}

/* A field with one number: a part for each, or bins. */
static void numbers_of_the_data(void **state) {
  (void)state;
  at_session *s = open_named("look", "by=1", "planted");
  const at_explain_options o = {.split = "test", .permutations = 2, .by = "size:2,third"};
  at_explained *e;
  size_t n;
  at_error err = {0};
  if (at_explain(s, NULL, 0, &o, &e, &n, &err) != AT_OK) fail_msg("%s", err.message);
  assert_int_equal(e->by[0].classes, 2);
  assert_int_equal(e->by[0].count[0], ITEMS / 2);
  assert_string_equal(e->by[0].label[0], "0 to 9");
  assert_int_equal(e->by[1].classes, 3);
  at_explained_free(e, n);
  refused(s, &(at_explain_options){.split = "test", .by = "sise"},
          "`keys`, `output`, `answer`, `size`");
  at_session_free(s);
}

static int run(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_with_itself),   cmocka_unit_test(another_run),
      cmocka_unit_test(another_block),       cmocka_unit_test(without_another_run),
      cmocka_unit_test(numbers_of_the_data),
  };
  return cmocka_run_group_tests_name("explain_compare", tests, NULL, NULL);
}

int main(void) { return run_planted(run); }
