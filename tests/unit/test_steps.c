/* Graphs of the last steps alone: which models have one. That what it gives is the same bits, the
 * end-to-end tests see. */
#include "core/graph/steps.h"
#include "core/run/model.h"
#include "tests/unit/cm.h"

static at_registry *registry;

static at_status make(const char *path, const char *const *set, size_t n_set, const char *axis,
                      at_steps *out, at_error *err) {
  static const char *const outputs[] = {"of_words", "of_tokens"};
  at_model m;
  at_text said = {0};
  const at_model_options o = {.path = path, .set = set, .n_set = n_set, .batch = 2};
  at_status st = at_model_open(registry, &o, &m, &said, err);
  if (st == AT_OK && !m.sized) fail_msg("%s", m.why.message);
  if (st == AT_OK) st = at_steps_new(m.sized, axis, outputs, 2, out, err);
  at_model_close(&m);
  at_text_free(&said);
  return st;
}

static void m4c(void **state) {
  static const char *const scores[] = {"score=scaled_dot", "score=general", "score=additive",
                                       "score=biased_general(side=key)"};
  char path[4200];
  const char *top = getenv("top_srcdir");
  (void)state;
  snprintf(path, sizeof path, "%s/examples/models/m4c.att", top ? top : ".");
  for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
    const char *const set[] = {"d=12",          "heads=3",      "layers=2", "ffn=20",
                               "object_size=7", "token_size=8", scores[i]};
    at_steps s;
    at_error err = {0};
    int kinds[4] = {0};
    if (make(path, set, 7, "step", &s, &err) != AT_OK) fail_msg("%s", err.message);
    for (int k = 0; k < s.n_input; k++) kinds[s.input[k].kind]++;
    assert_int_equal(kinds[AT_STEPS_FED], 2);    /* kind, answered */
    assert_int_equal(kinds[AT_STEPS_PLACE], 1);  /* positions */
    assert_int_equal(kinds[AT_STEPS_BEFORE], 4); /* keys and values of two layers */
    assert_int_equal(kinds[AT_STEPS_STILL], 2);  /* tokens as answers and as targets of pointers */
    at_steps_free(&s);
    assert_int_equal(make(path, set, 7, "word", &s, &err), AT_EINPUT);
    assert_int_equal(make(path, set, 7, "nothing", &s, &err), AT_EINPUT);
  }
}

/* `mask` and `of_words` in a small model of the kind. */
static at_status small(const char *mask, const char *of_words, at_error *err) {
  static const char text[] =
      "model m(d = 4) {\n"
      "  input word: real [question, word..., d]\n"
      "  input answered: token(9) [question, step...]\n"
      "  let x = concat(word, answered |> embed(d) @e, [word, step] -> item)\n"
      "  attend look(query = x |> linear(d -> d) @q, key = x |> linear(d -> d) @k, over = item,"
      " along = d) {\n"
      "    score = dot\n%s    weigh = softmax\n  }\n"
      "  let y = x + look\n"
      "  output of_tokens = y |> part(item -> step)\n"
      "  output of_words = %s\n}\n";
  char path[] = "/tmp/attune-steps-XXXXXX";
  int fd = mkstemp(path);
  FILE *fp = fd < 0 ? NULL : fdopen(fd, "w");
  at_steps s;
  assert_non_null(fp);
  fprintf(fp, text, mask, of_words);
  fclose(fp);
  at_status st = make(path, NULL, 0, "step", &s, err);
  if (st == AT_OK) at_steps_free(&s);
  remove(path);
  return st;
}

static void other_models(void **state) {
  static const char causal[] = "    mask = causal(step)\n";
  at_error err = {0};
  (void)state;
  if (small(causal, "y |> part(item -> step) |> relu", &err) != AT_OK) fail_msg("%s", err.message);
  assert_int_equal(small("", "y |> part(item -> step) |> relu", &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "`look` has no mask = causal(step)"));
  /* Rows that know of other rows, not by attention. */
  assert_int_equal(small(causal, "y |> part(item -> step) |> mean(step)", &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "mixes steps"));
  assert_int_equal(small(causal, "word |> mean(word)", &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "there is no output `of_words` of steps"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(m4c), cmocka_unit_test(other_models)};
  at_error err = {0};
  if (at_registry_new(NULL, 0, &registry, &err) != AT_OK) return 1;
  int failed = cmocka_run_group_tests_name("steps", tests, NULL, NULL);
  at_registry_free(registry);
  return failed;
}
