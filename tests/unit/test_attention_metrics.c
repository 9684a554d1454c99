/* The metrics of attention through the host, against numbers worked out by hand beside them. */
#include "cm.h"
#include "core/plugin/plugin_impl.h"

static at_registry *registry;

/* ---- asking ---- */

static void put(attune_prediction *p, const char *name, uint32_t type, const void *v, int64_t n,
                int64_t width) {
  attune_array a = {.type = type, .ndim = width ? 2 : 1, .shape = {n, width}, .data = v};
  assert_int_equal(at_host_predict(p, name, &a, NULL), 0);
}
#define REAL(p, name, ...)                               \
  put(p, name, ATTUNE_F32, (const float[]){__VA_ARGS__}, \
      (int64_t)(sizeof((const float[]){__VA_ARGS__}) / sizeof(float)), 0)
#define WHOLE(p, name, ...)                                \
  put(p, name, ATTUNE_I32, (const int32_t[]){__VA_ARGS__}, \
      (int64_t)(sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), 0)
#define OFFSETS(p, ...)                                         \
  put(p, "offsets", ATTUNE_I64, (const int64_t[]){__VA_ARGS__}, \
      (int64_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), 0)

static at_status compute(const char *spec, const attune_prediction *p, at_results *r,
                         at_error *err) {
  char *name;
  at_option_value *v;
  size_t k;
  const at_item *it;
  attune_options *o;
  assert_int_equal(at_spec_parse(spec, &name, &v, &k, err), AT_OK);
  if (at_registry_find(registry, ATTUNE_METRIC, name, &it, err) != AT_OK)
    fail_msg("%s", err->message);
  const char *task = ((const attune_metric *)(const void *)it->item)->task;
  assert_true(!strcmp(task, "explain") || !strcmp(task, "compare"));
  assert_int_equal(at_options_new(it, v, k, NULL, &o, err), AT_OK);
  at_status s = at_metric_results(it, o, p, r, err);
  at_options_free(o);
  free(name);
  free(v);
  return s;
}

static at_results *results(const char *spec, const attune_prediction *p) {
  at_results *r = at_results_new();
  at_error err = {0};
  if (compute(spec, p, r, &err) != AT_OK) fail_msg("%s: %s", spec, err.message);
  return r;
}

static void expect(const at_results *r, const char *name, int64_t i, double want) {
  int64_t n;
  size_t at = at_results_find(r, name);
  if (at == at_results_count(r)) fail_msg("there is no result %s", name);
  const double *v = at_results_each(r, at, &n, NULL);
  if (!v || i >= n) fail_msg("%s has no example %d", name, (int)i);
  if (isnan(want) ? !isnan(v[i]) : !(fabs(v[i] - want) < 1e-6))
    fail_msg("%s of example %d: %.9g, not %.9g", name, (int)i, v[i], want);
}

static double mean(const at_results *r, const char *name) {
  size_t at = at_results_find(r, name);
  assert_true(at < at_results_count(r));
  return at_results_at(r, at)->value;
}

static void missing(const at_results *r, const char *name, const char *says) {
  size_t at = at_results_find(r, name);
  assert_true(at < at_results_count(r));
  const char *why = at_results_missing(r, at);
  if (!why || !strstr(why, says)) fail_msg("%s: \"%s\" lacks \"%s\"", name, why ? why : "", says);
}

/* ---- correlation ---- */

/* Example 0 has 7 keys: 3 of 21 pairs of weight and erasure stand the wrong way (see
 * test_attention_math), tau 15/21, p .030 by scipy 1.10.1. Weight and |gradient| are in the same
 * order, but for signs. Example 1 has 2 keys in opposite order: tau -1, p 1. Example 2 has one. */
static attune_prediction *correlated(void) {
  attune_prediction *p = at_prediction_new();
  OFFSETS(p, 0, 7, 9, 10);
  REAL(p, "weight", .30F, .05F, .20F, .10F, .25F, .02F, .08F, .6F, .4F, 1);
  REAL(p, "erasure", .40F, .01F, .10F, .12F, .30F, .03F, .02F, .1F, .3F, .5F);
  REAL(p, "gradient", -7, 2, -5, 4, 6, 1, -3, 1, 2, 1);
  REAL(p, "integrated", -7, 2, -5, 4, 6, 1, -3, 2, 2, 1);
  return p;
}

static void test_correlation(void **state) {
  (void)state;
  attune_prediction *p = correlated();
  at_results *r = results("attention_correlation", p);
  expect(r, "tau_erasure", 0, 15.0 / 21);
  expect(r, "tau_erasure", 1, -1);
  expect(r, "tau_erasure", 2, NAN);
  assert_true(fabs(mean(r, "tau_erasure") - (15.0 / 21 - 1) / 2) < 1e-12);
  expect(r, "spearman_erasure", 0, 1 - 6 * 8.0 / (7 * 48));
  expect(r, "significant_erasure", 0, 1);
  expect(r, "significant_erasure", 1, 0);
  expect(r, "significant_erasure", 2, NAN);
  assert_true(mean(r, "significant_erasure") == 0.5);
  expect(r, "tau_gradient", 0, 1);
  expect(r, "spearman_gradient", 0, 1);
  /* with signs: by rising weight 1 2 -3 4 -5 6 -7; wrong are the pairs (later < earlier):
   * -3 with 2 before it, -5 with 4, -7 with 6: 12 of 21 */
  expect(r, "tau_integrated", 0, (9.0 - 12) / 21);
  expect(r, "tau_integrated", 1, NAN); /* tied */
  expect(r, "tau_gradient_erasure", 0, 15.0 / 21);
  expect(r, "tau_gradient_erasure", 1, 1);
  missing(r, "tau_removal",
          "needs removal, which this data or model lacks: its keys are no items of an input");
  missing(r, "significant_gradient_input", "needs gradient_input");
  at_results_free(r);
  at_prediction_free(p);
}

static void test_map(void **state) {
  (void)state;
  attune_prediction *p = correlated();
  at_results *r = results("attention_correlation(map=gradient)", p);
  expect(r, "tau_erasure.gradient", 0, 15.0 / 21);
  expect(r, "tau_erasure.gradient", 1, 1);
  size_t n = at_results_count(r);
  assert_int_equal(at_results_find(r, "tau_gradient.gradient"), n); /* with itself */
  missing(r, "tau_removal.gradient", "needs removal");
  expect(r, "tau_gradient_erasure", 0, 15.0 / 21);
  at_results_free(r);
  at_prediction_free(p);
}

/* ---- erasure ---- */

enum { T = 13 };
static const float BINS[T] = {0, .01F, .05F, .1F, .2F, .25F, .5F, .75F, .8F, .85F, .9F, .95F, 1};

static attune_prediction *erased(void) {
  static const float top[2 * T] = {.9F, .9F, .8F, .7F, .5F, .4F, .3F, .2F, .2F, .1F, .1F, .1F, .1F,
                                   .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F};
  static const float low[2 * T] = {.9F, .9F, .9F, .9F, .9F, .9F, .9F, .9F, .9F, .9F, .9F, .9F, 0,
                                   .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F, .4F};
  static const float only[2 * T] = {.1F, .2F, .3F, .5F, .8F, .8F, .9F, .9F, .9F,
                                    .9F, .9F, .9F, .9F, .4F, .4F, .4F, .4F, .4F,
                                    .4F, .4F, .4F, .4F, .4F, .4F, .4F, NAN};
  static const int32_t right_top[2 * T] = {1,  1,  1,  1,  1,  1,  0,  0,  0,  0,  0,  0,  0,
                                           -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  static const int32_t right_low[2 * T] = {1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  0,  0,
                                           -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  attune_prediction *p = at_prediction_new();
  OFFSETS(p, 0, 2, 4);
  REAL(p, "output", .9F, .4F);
  put(p, "bins", ATTUNE_F32, BINS, T, 0);
  put(p, "without_top", ATTUNE_F32, top, 2, T);
  put(p, "without_low", ATTUNE_F32, low, 2, T);
  put(p, "only_top", ATTUNE_F32, only, 2, T);
  put(p, "right_without_top", ATTUNE_I32, right_top, 2, T);
  put(p, "right_without_low", ATTUNE_I32, right_low, 2, T);
  return p;
}

static void test_eraser(void **state) {
  (void)state;
  attune_prediction *p = erased();
  at_results *r = results("attention_erasure", p);
  expect(r, "comprehensiveness", 0, .9 - .5);
  expect(r, "comprehensiveness", 1, 0);
  expect(r, "sufficiency", 0, .9 - .8);
  expect(r, "aopc_comprehensiveness", 0, (.0 + .1 + .2 + .4 + .6) / 5);
  expect(r, "aopc_sufficiency", 0, (.7 + .6 + .4 + .1 + .0) / 5);
  expect(r, "aopc_sufficiency", 1, 0);
  assert_int_equal(at_results_at(r, at_results_find(r, "sufficiency"))->higher_is_better, 0);
  at_results_free(r);
  at_prediction_free(p);
}

static void test_perturbation(void **state) {
  (void)state;
  attune_prediction *p = erased();
  at_results *r = results("attention_perturbation(points=true)", p);
  /* at 0 25 50 75 80 85 90 95 100: .9 .4 .3 .2 .2 .1 .1 .1 .1 */
  double top = .25 * (.65 + .35 + .25) + .05 * (.2 + .15 + .1 + .1 + .1);
  double low = .95 * .9 + .05 * .45;
  expect(r, "auc_without_top", 0, top);
  expect(r, "auc_without_top", 1, .4);
  expect(r, "auc_without_low", 0, low);
  expect(r, "auc_between", 0, low - top);
  expect(r, "accuracy_auc_without_top", 0, .25 + .25 * .5);
  expect(r, "accuracy_auc_without_top", 1, NAN);
  expect(r, "accuracy_auc_without_low", 0, .9 + .05 * .5);
  expect(r, "accuracy_auc_between", 0, .925 - .375);
  expect(r, "accuracy_without_top.25", 0, 1);
  expect(r, "accuracy_without_top.50", 0, 0);
  expect(r, "accuracy_without_low.90", 0, 1);
  expect(r, "accuracy_without_low.95", 0, 0);
  expect(r, "accuracy_without_low.95", 1, NAN);
  at_results_free(r);
  at_prediction_free(p);
}

static void test_flips(void **state) {
  (void)state;
  attune_prediction *p = at_prediction_new();
  OFFSETS(p, 0, 2, 4, 6, 8, 10);
  WHOLE(p, "flip_one_top", 1, 0, -1, 1, 0);
  WHOLE(p, "flip_one_random", 0, 0, 1, 1, 1);
  REAL(p, "flip_top", .2F, NAN, NAN, .5F, .6F);
  REAL(p, "flip_random", .4F, .5F, NAN, .5F, NAN);
  at_results *r = results("attention_flips", p);
  const double gain[] = {1, 0, NAN, 0, -1}, sooner[] = {1, 0, NAN, .5, 1};
  for (int i = 0; i < 5; i++) {
    expect(r, "flip_one_gain", i, gain[i]);
    expect(r, "flip_sooner", i, sooner[i]);
  }
  expect(r, "flip_one_top", 2, NAN);
  assert_true(mean(r, "flip_one_top") == .5); /* 2 of 4 */
  assert_true(fabs(mean(r, "flip_one_random") - .6) < 1e-12);
  assert_true(fabs(mean(r, "flip_top") - 1.3 / 3) < 1e-6);
  expect(r, "flip_random", 1, .5);
  at_results_free(r);
  at_prediction_free(p);
}

static void test_replaced(void **state) {
  (void)state;
  attune_prediction *p = at_prediction_new();
  OFFSETS(p, 0, 2, 4, 4);
  REAL(p, "permuted", .25F, .5F, NAN);
  REAL(p, "uniform", .125F, .25F, 0);
  WHOLE(p, "uniform_right", 0, 1, -1);
  WHOLE(p, "correct", 1, 1, 1);
  at_results *r = results("attention_replaced", p);
  expect(r, "permuted", 1, .5);
  expect(r, "permuted", 2, NAN);
  expect(r, "uniform", 0, .125);
  expect(r, "uniform_accuracy", 0, 0);
  expect(r, "uniform_accuracy_drop", 0, 1);
  expect(r, "uniform_accuracy_drop", 1, 0);
  expect(r, "uniform_accuracy_drop", 2, NAN);
  missing(r, "adversarial", "needs adversarial, which");
  at_results_free(r);
  at_prediction_free(p);
}

/* ---- plausibility ---- */

/* 0: two of four true, a tie between a true and a false one. 1: uniform, one of four true: chance.
 * 2: all true. 3: not known. 4: one key. 5: none. 6: no weight anywhere. */
static attune_prediction *truthful(void) {
  attune_prediction *p = at_prediction_new();
  OFFSETS(p, 0, 4, 8, 10, 12, 13, 13, 15);
  REAL(p, "weight", .5F, .2F, .2F, .1F, .25F, .25F, .25F, .25F, .5F, .5F, .6F, .4F, 1, 0, 0);
  REAL(p, "truth", 1, 0, 1, 0, 0, 1, 0, 0, 1, 1, NAN, NAN, 1, 1, 0);
  REAL(p, "share", .1F, .4F, .2F, .3F, .25F, .25F, .25F, .25F, .5F, .5F, .5F, .5F, 1, .5F, .5F);
  return p;
}

typedef struct truth_case {
  const char *name;
  double two, chance; /* of examples 0 and 1 */
  bool of_sums;       /* not defined without weight */
} truth_case;

static void test_plausibility(void **state) {
  static const truth_case cases[] = {
      {"pointing", 1, .25, false},
      {"pointing_chance", .5, .25, false},
      {"roc_auc", 3.5 / 4, .5, false}, /* of 4 pairs 3 right, one tie */
      {"average_precision", .5 + .5 * 2 / 3, .25, false},
      {"relevance_mass", .7, .25, true},
      {"relevance_rank", 1.5 / 2, .25, false}, /* .5, and one of the two .2 by lot */
      {"correctness", .7 / .3, 1, true},       /* G has .1 + .2 of the size */
      {"iou_10", .3 / 1, .25, true},           /* all keys are found */
      {"iou_25", .3 / .7, .25, true},          /* all but the last, of size .3 */
      {"iou_50", .1 / .3, .25, true},          /* the first, of size .1 */
  };
  (void)state;
  attune_prediction *p = truthful();
  at_results *r = results("attention_plausibility", p);
  assert_int_equal(at_results_count(r), sizeof cases / sizeof *cases);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    expect(r, cases[i].name, 0, cases[i].two);
    expect(r, cases[i].name, 1, cases[i].chance);
    for (int k = 2; k < 6; k++) expect(r, cases[i].name, k, NAN);
    expect(r, cases[i].name, 6, cases[i].of_sums ? NAN : .5);
  }
  at_results_free(r);
  r = results("attention_alignment", p);
  expect(r, "aer", 0, 1 - 2 * 1.0 / (1 + 2)); /* A = the first */
  expect(r, "aer", 1, 1 - 2 * 1.0 / (4 + 1)); /* A = all */
  for (int k = 2; k < 7; k++) expect(r, "aer", k, NAN);
  at_results_free(r);
  r = results("attention_alignment(aligned=0.3)", p);
  expect(r, "aer", 0, 1 - 2 * 2.0 / (3 + 2)); /* A = those of at least .15 */
  at_results_free(r);
  at_prediction_free(p);
}

/* ---- shape ---- */

static void test_shape(void **state) {
  (void)state;
  attune_prediction *p = at_prediction_new();
  OFFSETS(p, 0, 4, 5, 7);
  REAL(p, "weight", .5F, .25F, .25F, 0, 1, .5F, NAN);
  REAL(p, "scrambled", .1F, .3F, .2F, .4F, 1, .5F, .5F);
  REAL(p, "score_range", 1, 1, INFINITY);
  at_results *r = results("attention_shape", p);
  expect(r, "entropy", 0, .75); /* 1.5 ln 2 / ln 4 */
  expect(r, "effective_keys", 0, pow(2, 1.5));
  expect(r, "gini", 0, .375); /* (-3*0 - .25 + .25 + 3*.5) / 4 */
  expect(r, "max_weight", 0, .5);
  for (int k = 1; k < 3; k++) {
    expect(r, "entropy", k, NAN);
    expect(r, "effective_keys", k, NAN);
    expect(r, "gini", k, NAN);
    expect(r, "max_weight", k, NAN);
  }
  at_results_free(r);
  r = results("attention_bound", p);
  expect(r, "max_weight_bound", 0, exp(1) / (exp(1) + 3));
  expect(r, "max_weight_of_bound", 0, .5 * (exp(1) + 3) / exp(1));
  expect(r, "max_weight_bound", 1, NAN);
  expect(r, "max_weight_bound", 2, 1);
  at_results_free(r);
  r = results("attention_scrambled", p);
  /* ranks 4 2.5 2.5 1 and 1 3 2 4: products of differences from 2.5 are -2.25 0 0 -2.25 */
  expect(r, "scrambled", 0, -4.5 / sqrt(4.5 * 5));
  expect(r, "scrambled", 1, NAN);
  expect(r, "scrambled", 2, NAN);
  at_results_free(r);
  at_prediction_free(p);
}

/* ---- another run ---- */

static void test_agreement(void **state) {
  attune_prediction *p = at_prediction_new();
  (void)state;
  OFFSETS(p, 0, 3, 6, 8, 9);
  REAL(p, "weight", .5F, .3F, .2F, .6F, .4F, 0, .5F, .5F, 1);
  REAL(p, "other_weight", .2F, .3F, .5F, 3, 2, 0, NAN, NAN, 1);
  at_results *r = results("attention_agreement", p);
  expect(r, "agreement_tau", 0, -1);
  expect(r, "agreement_spearman", 0, -1);
  expect(r, "agreement_overlap", 0, .7);
  expect(r, "agreement_jsd", 0, .5 * log(.5 / .35) + .2 * log(.2 / .35));
  expect(r, "agreement_top", 0, 0);
  expect(r, "agreement_tau", 1, 1); /* whatever their sums */
  expect(r, "agreement_overlap", 1, 1);
  expect(r, "agreement_jsd", 1, 0);
  expect(r, "agreement_top", 1, 1);
  for (int i = 2; i < 4; i++) { /* other keys, and one key */
    expect(r, "agreement_tau", i, NAN);
    expect(r, "agreement_overlap", i, NAN);
    expect(r, "agreement_jsd", i, NAN);
    expect(r, "agreement_top", i, NAN);
  }
  at_results_free(r);
  at_prediction_free(p);
}

/* ---- what is not there, or not right ---- */

static const char *const METRICS[] = {
    "attention_correlation", "attention_erasure",      "attention_perturbation", "attention_flips",
    "attention_replaced",    "attention_plausibility", "attention_alignment",    "attention_shape",
    "attention_bound",       "attention_scrambled",    "attention_agreement"};
enum { N_METRICS = sizeof METRICS / sizeof *METRICS };

/* Without any array but the offsets each says what it needs, and names each result as missing. */
static void test_lacking(void **state) {
  attune_prediction *p = at_prediction_new();
  (void)state;
  OFFSETS(p, 0, 2);
  for (int i = 0; i < N_METRICS; i++) {
    at_results *r = at_results_new();
    at_error err = {0};
    assert_int_equal(compute(METRICS[i], p, r, &err), AT_EINPUT);
    if (!strcmp(METRICS[i], "attention_bound")) {
      assert_non_null(strstr(err.message, "there is no bound: "));
      at_results_free(r);
      continue;
    }
    if (!strstr(err.message, " needs ") ||
        !strstr(err.message, ", which this data or model lacks") ||
        strncmp(err.message, METRICS[i], strlen(METRICS[i])))
      fail_msg("%s: %s", METRICS[i], err.message);
    assert_true(at_results_count(r) > 0);
    for (size_t k = 0; k < at_results_count(r); k++) assert_non_null(at_results_missing(r, k));
    at_results_free(r);
  }
  at_prediction_free(p);
}

static void test_no_examples(void **state) {
  attune_prediction *p = at_prediction_new();
  (void)state;
  OFFSETS(p, 0);
  put(p, "weight", ATTUNE_F32, NULL, 0, 0);
  at_results *r = results("attention_shape", p);
  assert_true(isnan(mean(r, "entropy")));
  at_results_free(r);
  at_prediction_free(p);
}

static void refuse(const attune_prediction *p, const char *metric, const char *says) {
  at_results *r = at_results_new();
  at_error err = {0};
  assert_int_equal(compute(metric, p, r, &err), AT_EFAIL);
  if (!strstr(err.message, says)) fail_msg("\"%s\" lacks \"%s\"", err.message, says);
  at_results_free(r);
}

static void test_malformed(void **state) {
  attune_prediction *p = at_prediction_new();
  (void)state;
  refuse(p, "attention_shape", "no array `offsets`");
  OFFSETS(p, 0, 3, 2);
  refuse(p, "attention_shape", "`offsets` of what was explained has the wrong type or size");
  at_prediction_free(p);
  p = at_prediction_new();
  OFFSETS(p, 1, 2);
  refuse(p, "attention_shape", "`offsets`");
  at_prediction_free(p);
  p = at_prediction_new();
  OFFSETS(p, 0, 2, 4);
  REAL(p, "weight", 1, 2, 3);
  refuse(p, "attention_shape", "`weight`");
  WHOLE(p, "scrambled", 1, 2, 3, 4);
  REAL(p, "output", 1);
  refuse(p, "attention_erasure", "`output`");
  WHOLE(p, "uniform", 1, 2);
  refuse(p, "attention_replaced", "`uniform`");
  at_prediction_free(p);
}

/* Bins that a metric needs, absent among those there are: not defined. */
static void test_other_bins(void **state) {
  static const float v[2] = {.5F, .25F};
  attune_prediction *p = at_prediction_new();
  (void)state;
  OFFSETS(p, 0, 1);
  REAL(p, "output", 1);
  put(p, "without_top", ATTUNE_F32, v, 1, 2);
  at_results *r = at_results_new();
  at_error err = {0};
  assert_int_equal(compute("attention_erasure", p, r, &err), AT_EINPUT); /* no bins */
  at_results_free(r);
  REAL(p, "bins", .2F, .3F);
  r = results("attention_erasure", p);
  expect(r, "comprehensiveness", 0, .5);
  expect(r, "aopc_comprehensiveness", 0, NAN);
  at_results_free(r);
  at_prediction_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_correlation),  cmocka_unit_test(test_map),
      cmocka_unit_test(test_eraser),       cmocka_unit_test(test_perturbation),
      cmocka_unit_test(test_flips),        cmocka_unit_test(test_replaced),
      cmocka_unit_test(test_plausibility), cmocka_unit_test(test_shape),
      cmocka_unit_test(test_lacking),      cmocka_unit_test(test_agreement),
      cmocka_unit_test(test_no_examples),  cmocka_unit_test(test_malformed),
      cmocka_unit_test(test_other_bins)};
  if (at_registry_new(NULL, 0, &registry, NULL)) return 1;
  int rc = cmocka_run_group_tests_name("attention_metrics", tests, NULL, NULL);
  at_registry_free(registry);
  return rc;
}
