/* libattune where it is used wrongly: a sentence, and nothing is broken. */
#include "tests/unit/embed_use.h"

typedef struct heard {
  attune_context *c;
  attune_status nested;
  char message[256], text[1024];
  int level;
} heard;

/* Calls the context that is at work. */
static void hear(void *data, attune_log_level level, const char *text) {
  heard *h = data;
  attune_model *m = NULL;
  attune_error *e = attune_error_new();
  attune_model_source source = {.size = sizeof source};
  source.text = SMALL;
  h->level = (int)level;
  snprintf(h->text, sizeof h->text, "%s", text);
  h->nested = attune_model_load(h->c, &source, &m, e);
  snprintf(h->message, sizeof h->message, "%s", attune_error_message(e));
  assert_null(m);
  attune_error_free(e);
}

static void warnings_are_heard(void **state) {
  heard h = {0};
  attune_error *e = attune_error_new();
  attune_settings settings = {.size = sizeof settings};
  attune_model *m;
  attune_model_source source = {.size = sizeof source};
  (void)state;
  settings.log = hear;
  settings.log_data = &h;
  OK(attune_open(&settings, &h.c, e));
  source.text =
      "model m(spare = 3) {\n  input x: real [example, d = 4]\n  output y = x |> tanh\n}\n";
  source.path = "dir/told.att";
  OK(attune_model_load(h.c, &source, &m, e));
  assert_int_equal(h.level, ATTUNE_LOG_WARNING);
  assert_non_null(strstr(h.text, "told.att:1:9: warning: parameter `spare` is never used"));
  assert_true(h.text[strlen(h.text) - 1] != '\n');
  assert_int_equal(h.nested, ATTUNE_BAD_INPUT);
  assert_non_null(strstr(h.message, "another call is at work"));
  REFUSED(attune_model_step(m, 0.1, e), "no loss");
  REFUSED(attune_model_gradients(m, e), "no loss");
  REFUSED(attune_model_forward(m, ATTUNE_WITH_LOSSES, e), "no loss");
  attune_model_free(m);
  attune_close(h.c);
  attune_error_free(e);
}

static void sources(void **state) {
  static const char *const set[] = {"d=12", "nothing=3"}, *const sizes[] = {"feature=7"},
                           *const none[] = {"regoin=3"};
  attune_error *e = attune_error_new();
  attune_context *c = opened(1, e);
  attune_model *m = (attune_model *)e;
  attune_model_source source = {0};
  (void)state;
  source.text = SMALL;
  REFUSED(attune_model_load(c, &source, &m, e), "attune_model_source is 0");
  assert_null(m);
  REFUSED(attune_model_load(c, NULL, &m, e), "attune_model_source");
  REFUSED(attune_model_load(NULL, &source, &m, e), "NULL");
  REFUSED(attune_model_load(c, &source, NULL, e), "NULL");
  source.size = sizeof source;
  REFUSED(attune_model_load(c, &source, &m, e),
          "`region=N`, `feature=N`, `caption=N` (how many ids it has)");
  source.sizes = sizes;
  source.size_count = 1;
  REFUSED(attune_model_load(c, &source, &m, e), "caption=N");
  source.sizes = none;
  REFUSED(attune_model_load(c, &source, &m, e), "regoin");
  source.sizes = NULL;
  REFUSED(attune_model_load(c, &source, &m, e), "NULL");
  source.size_count = 0;
  source.arguments = set;
  source.argument_count = 2;
  REFUSED(attune_model_load(c, &source, &m, e), "nothing");
  source.argument_count = 0;
  source.text = "model m() {\n  input x: real [example, d]\n  output y = x |> tnah\n}\n";
  REFUSED(attune_model_load(c, &source, &m, e), "tnah");
  assert_non_null(strstr(attune_error_detail(e), "model:3:19: error:"));
  assert_non_null(strstr(attune_error_detail(e), "^~~~"));
  source.text = "";
  REFUSED(attune_model_load(c, &source, &m, e), "");
  source.text = NULL;
  REFUSED(attune_model_load(c, &source, &m, e), "neither a path nor a text");
  assert_string_equal(attune_error_detail(e), "");
  source.path = "/nowhere/model.att";
  REFUSED(attune_model_load(c, &source, &m, e), "/nowhere/model.att");
  assert_int_equal(attune_model_load(c, &source, &m, NULL), ATTUNE_BAD_INPUT);
  attune_close(c);
  attune_error_free(e);
}

static void inputs(void **state) {
  static const int64_t holes[] = {0, 2, 2, 5}, late[] = {1, 2};
  static const int32_t high[WORDS] = {0, 13};
  float image[PICTURES * REGIONS * FEATURES];
  attune_values v = {.size = sizeof v};
  attune_error *e = attune_error_new();
  attune_context *c = opened(1, e);
  attune_model *m = loaded(c, SMALL, NULL, 0, 0, e);
  const int64_t *offsets;
  int64_t rows;
  double loss;
  (void)state;
  fill_image(image);
  REFUSED(attune_model_forward(m, 0, e), "batch axis `picture` has no size");
  give(m, e);
  REFUSED(attune_model_output(m, "similarity", &v, e), "has not run");
  REFUSED(attune_model_loss(m, NULL, &loss, e), "not worked out");
  REFUSED(attune_model_offsets(m, "word", &offsets, &rows, e), "has not run");
  REFUSED(attune_model_gradient(m, "img.weight", &v, e), "not worked out");
  REFUSED(attune_model_set_size(m, "pictrue", 3, e), "did you mean `picture`");
  REFUSED(attune_model_set_size(m, "picture", 0, e), "picture");
  REFUSED(attune_model_set_size(m, "region", 3, e), "takes no size");
  REFUSED(attune_model_set_ragged(m, "word", holes, 3, e), "row 1 of `word` is empty");
  REFUSED(attune_model_set_ragged(m, "word", late, 1, e), "not with 0");
  REFUSED(attune_model_set_ragged(m, "caption", OFFSETS, CAPTIONS, e), "takes no offsets");
  REFUSED(attune_model_set_ragged(m, "word", NULL, 1, e), "NULL");
  REFUSED(attune_model_set_reals(m, "imgae", image, 84, e), "did you mean `image`");
  REFUSED(attune_model_set_reals(m, "caption", image, 11, e), "use attune_model_set_tokens");
  REFUSED(attune_model_set_tokens(m, "image", TOKENS, 11, e), "use attune_model_set_reals");
  REFUSED(attune_model_set_reals(m, NULL, image, 84, e), "NULL");
  REFUSED(attune_model_set_reals(m, "image", NULL, 84, e), "NULL");
  REFUSED(attune_model_set_reals(NULL, "image", image, 84, e), "NULL");
  OK(attune_model_forward(m, 0, e)); /* none of that has changed anything */
  REFUSED(attune_model_forward(m, 6, e), "flags");
  OK(attune_model_set_reals(m, "image", image, 80, e));
  REFUSED(attune_model_forward(m, 0, e), "80 numbers");
  REFUSED(attune_model_step(m, 0.1, e), "80 numbers");
  OK(attune_model_set_reals(m, "image", image, 84, e));
  OK(attune_model_set_tokens(m, "caption", high, WORDS, e));
  REFUSED(attune_model_forward(m, 0, e), "the id 13 at place 1");
  OK(attune_model_set_tokens(m, "caption", NULL, 0, e));
  REFUSED(attune_model_forward(m, 0, e), "0 numbers");
  give(m, e);
  OK(attune_model_set_size(m, "caption", 4, e));
  REFUSED(attune_model_forward(m, 0, e), "offsets for 5");
  OK(attune_model_set_size(m, "caption", 5, e));
  OK(attune_model_forward(m, 0, e));
  REFUSED(attune_model_output(m, "similarty", &v, e), "did you mean `similarity`");
  REFUSED(attune_model_output(m, NULL, &v, e), "NULL");
  REFUSED(attune_model_attention(m, "x", &v, NULL, e), "it has align");
  REFUSED(attune_model_offsets(m, "region", &offsets, &rows, e), "no ragged axis");
  REFUSED(attune_model_loss(m, "other", &loss, e), "no loss `other`");
  REFUSED(attune_model_describe(m, ATTUNE_INPUTS, 2, &v, e), "the model has 2");
  REFUSED(attune_model_parameter(m, "img.wieght", &v, e), "did you mean `img.weight`");
  REFUSED(attune_model_set_parameter(m, "img.weight", image, 41, e), "has 42 numbers");
  attune_model_free(m);
  attune_close(c);
  attune_error_free(e);
}

static void training(void **state) {
  float huge[PICTURES * REGIONS * FEATURES];
  attune_adam adam = {sizeof adam, 0, 1, 0.999, 1e-8, 0, 0};
  attune_values v = {.size = sizeof v};
  attune_error *e = attune_error_new();
  attune_context *c = opened(1, e);
  attune_model *m = loaded(c, SMALL, NULL, 0, 0, e);
  float before;
  (void)state;
  REFUSED(attune_model_set_adam(m, &adam, e), "betas are in [0, 1)");
  adam.beta1 = 0.9;
  adam.clip = NAN;
  REFUSED(attune_model_set_adam(m, &adam, e), "clip");
  OK(attune_model_set_adam(m, NULL, e));
  give(m, e);
  REFUSED(attune_model_step(m, -1, e), "learning rate");
  REFUSED(attune_model_step(m, NAN, e), "learning rate");
  OK(attune_model_parameter(m, "img.weight", &v, e));
  before = v.reals[3];
  for (int i = 0; i < PICTURES * REGIONS * FEATURES; i++) huge[i] = i % 2 ? INFINITY : 1;
  OK(attune_model_set_reals(m, "image", huge, sizeof huge / sizeof *huge, e));
  assert_int_equal(attune_model_step(m, 0.1, e), ATTUNE_FAILED);
  assert_non_null(strstr(attune_error_message(e), "no finite number"));
  assert_int_equal(attune_model_steps(m), 0);
  OK(attune_model_parameter(m, "img.weight", &v, e));
  assert_true(v.reals[3] == before);
  give(m, e);
  OK(attune_model_step(m, 0.1, e));
  OK(attune_model_parameter(m, "img.weight", &v, e));
  assert_true(isfinite(v.reals[3]) && v.reals[3] != before);
  REFUSED(attune_model_save(m, "/tmp/x", 8, e), "flags");
  REFUSED(attune_model_save(m, NULL, 0, e), "no path");
  REFUSED(attune_model_save(m, "/nowhere/at/all", 0, e), "/nowhere/at/all");
  REFUSED(attune_model_restore(m, "/nowhere/at/all", 0, e), "/nowhere/at/all");
  attune_model_free(m);
  attune_close(c);
  attune_error_free(e);
}

/* Structs of an older and of a later header. */
static void other_versions(void **state) {
  struct {
    attune_values v;
    char later[32];
  } grown;
  attune_values v = {.size = sizeof v - 8};
  attune_error *e = attune_error_new();
  attune_context *c = opened(1, e);
  attune_model *m = loaded(c, SMALL, NULL, 0, 0, e);
  (void)state;
  REFUSED(attune_model_describe(m, ATTUNE_INPUTS, 0, &v, e), "attune_values");
  memset(&grown, 7, sizeof grown);
  grown.v.size = sizeof grown;
  OK(attune_model_describe(m, ATTUNE_INPUTS, 0, &grown.v, e));
  assert_string_equal(grown.v.name, "image");
  assert_int_equal(grown.v.size, sizeof grown);
  for (size_t i = 0; i < sizeof grown.later; i++) assert_int_equal(grown.later[i], 7);
  attune_model_free(m);
  attune_close(c);
  attune_error_free(e);
}

static void handles(void **state) {
  static const char *const dirs[] = {"/nowhere"};
  attune_error *e = attune_error_new();
  attune_context *c;
  attune_settings settings = {.size = sizeof settings};
  attune_job job = {.size = sizeof job};
  (void)state;
  assert_string_equal(attune_error_message(e), "");
  assert_int_equal(attune_error_status(e), ATTUNE_OK);
  assert_string_equal(attune_error_message(NULL), "out of memory");
  settings.threads = 2000;
  REFUSED(attune_open(&settings, &c, e), "2000 threads");
  assert_null(c);
  REFUSED(attune_open(&settings, NULL, e), "no place");
  settings.threads = 0;
  settings.plugin_dir_count = 1;
  REFUSED(attune_open(&settings, &c, e), "plugin_dirs is NULL");
  settings.plugin_dirs = dirs;
  OK(attune_open(&settings, &c, e));
  assert_string_equal(attune_error_message(e), ""); /* emptied */
  attune_close(c);
  OK(attune_open(NULL, &c, e));
  REFUSED(attune_train(c, &job, e), "run directory");
  job.dir = "/nowhere/at/all";
  REFUSED(attune_train(c, &job, e), "run file");
  REFUSED(attune_train(c, NULL, e), "attune_job");
  REFUSED(attune_evaluate(c, &job, e), "/nowhere/at/all");
  job.run = "/nowhere/run.yaml";
  REFUSED(attune_train(c, &job, e), "/nowhere/run.yaml");
  job.set_count = 1;
  REFUSED(attune_train(c, &job, e), "set is NULL");
  attune_close(c);
  attune_close(NULL);
  attune_model_free(NULL);
  attune_error_free(NULL);
  attune_error_free(e);
  assert_int_equal(attune_model_steps(NULL), 0);
  assert_int_equal(attune_model_count(NULL, ATTUNE_INPUTS), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(warnings_are_heard),
                                     cmocka_unit_test(sources),
                                     cmocka_unit_test(inputs),
                                     cmocka_unit_test(training),
                                     cmocka_unit_test(other_versions),
                                     cmocka_unit_test(handles)};
  return cmocka_run_group_tests_name("embed_refused", tests, NULL, NULL);
}
