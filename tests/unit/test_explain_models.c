/* The example models, small, over data that mean nothing: each of their attention blocks is
 * measured, and has the name that the manual gives it. */
#include "tests/unit/explain_planted.h"

typedef struct model_case {
  const char *model, *arguments, *task, *fields;
  const char *blocks; /* all of them, a blank behind each */
  const char *with;   /* arrays that the last one has, likewise */
} model_case;

/* m4c.att, and attngan.att where its features are given, are not among them: they read words,
 * objects and sentences as rows of numbers of any length, for which data sets have no type of
 * field; the session says so. */
static const model_case cases[] = {
    {"transformer.att", "{d: 8, heads: 2, layers: 4, ffn: 8, classes: 3, longest: 8}", "vqa",
     "example.text:words example.label:class",
     "layer.1.look layer.2.look layer.3.look layer.4.look ",
     "weight erasure removal gradient gradient_weight gradient_input integrated rollout relevance "
     "scrambled correct flip_top "},
    {"mac.att", "{d: 8, e: 6, steps: 4, answers: 3, side: 2, feature: 5}", "vqa",
     "example.image:2x2x5 example.question:words example.answer:class",
     "control.1 read.1 control.2 read.2 control.3 read.3 control.4 read.4 ",
     "weight erasure gradient gradient_weight gradient_input integrated relevance scrambled "
     "correct flip_top "},
    {"scan.att", "{d: 8, e: 6}", "matching",
     "picture.image:4x5 caption.text:words caption.picture:row", "align ",
     "weight erasure removal gradient gradient_weight gradient_input integrated relevance "
     "scrambled output "},
    {"scan_i2t.att", "{d: 8, e: 6}", "matching",
     "picture.image:4x5 caption.text:words caption.picture:row", "align ",
     "weight erasure removal gradient relevance "},
};

static at_session *open_example(const model_case *c, at_error *err) {
  char path[256], text[2048];
  const char *top = getenv("top_srcdir");
  at_run *run = NULL;
  at_session *s = NULL;
  at_text said = {0};
  snprintf(path, sizeof path, "%s/run.yaml", dir);
  snprintf(text, sizeof text,
           "model: %s/examples/models/%s\narguments: %s\n"
           "data: {reader: \"anything(fields='%s')\"}\ntask: %s\nmetrics: []\n"
           "train: {epochs: 1, batch: 4, learning_rate: 0.1}\nseed: 1\nthreads: 1\n",
           top ? top : ".", c->model, c->arguments, c->fields, c->task);
  assert_int_equal(at_file_write(path, text, strlen(text), err), AT_OK);
  at_status st = at_run_load(path, NULL, 0, &run, err);
  if (st == AT_OK) st = at_session_new(registry, run, 1, &s, &said, err);
  if (said.data) print_message("# %s\n", said.data);
  at_run_free(run);
  at_text_free(&said);
  return s;
}

static void check_names(const model_case *c, const at_explained *e, size_t n) {
  char names[512] = "";
  for (size_t i = 0, k = 0; i < n; i++)
    k += (size_t)snprintf(names + k, sizeof names - k, "%s ", e[i].block);
  assert_string_equal(names, c->blocks);
}

/* Finite numbers for every key, and for the example. */
static void check_block(const at_explained *e) {
  attune_array w;
  if (e->why) fail_msg("%s: %s", e->block, e->why);
  assert_int_equal(e->examples, 6);
  assert_int_equal(at_prediction_array(e->arrays, "weight", &w), AT_OK);
  for (int64_t k = 0; k < w.shape[0]; k++) assert_true(isfinite(((const float *)w.data)[k]));
}

static void check_arrays(const char *with, const at_explained *e) {
  char name[64];
  attune_array a;
  for (int n; sscanf(with, "%63s %n", name, &n) == 1; with += n)
    if (at_prediction_array(e->arrays, name, &a) != AT_OK)
      fail_msg("%s has no array %s", e->block, name);
}

static void example_models(void **state) {
  const at_explain_options o = {.split = "test", .permutations = 2};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    at_error err = {0};
    at_explained *e;
    size_t n;
    at_session *s = open_example(&cases[i], &err);
    if (!s) fail_msg("%s: %s", cases[i].model, err.message);
    if (at_explain(s, NULL, 0, &o, &e, &n, &err) != AT_OK)
      fail_msg("%s: %s", cases[i].model, err.message);
    check_names(&cases[i], e, n);
    for (size_t b = 0; b < n; b++) check_block(&e[b]);
    check_arrays(cases[i].with, &e[n - 1]);
    at_explained_free(e, n);
    at_session_free(s);
  }
}

static void models_that_no_data_feed(void **state) {
  static const model_case refused[] = {
      {"m4c.att", "{}", "vqa", "question.question:words question.answered:words", "", ""},
      {"attngan.att", "{features: given}", "vqa", "caption.words:words caption.sentence:8", "", ""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    at_error err = {0};
    at_session *s = open_example(&refused[i], &err);
    if (s || err.code != AT_EINPUT) fail_msg("%s: %s", refused[i].model, err.message);
    at_session_free(s);
  }
}

static int run(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(example_models),
                                     cmocka_unit_test(models_that_no_data_feed)};
  return cmocka_run_group_tests_name("explain_models", tests, NULL, NULL);
}

int main(void) { return run_planted(run); }
