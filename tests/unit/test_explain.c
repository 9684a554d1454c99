/* What is measured of attention, against a twin in plain C, on models whose truth is planted:
 * attention that is the only path to the answer, attention that nothing depends on, and equal
 * weights. */
#include "tests/unit/explain_planted.h"

/* %s: what the block says of its scores and weights. */
static const char through[] =
    "model planted(sharpness = 1.0, by = 1.0) {\n"
    "  input ask: real [item, a]\n"
    "  input key: real [item, region, a]\n"
    "  input value: real [item, region, b]\n"
    "  input answer: token(answer_class) [item]\n"
    "  attend look(query = ask, key = key, value = value, over = region, "
    "along = a) {\n"
    "    %s\n"
    "  }\n"
    "  let seen = look |> scale(by)\n"
    "  output logits = seen |> linear(b -> answer_class) @out\n"
    "  loss cross_entropy(logits, answer, answer_class)\n"
    "}\n";

static at_session *open_block(const char *clauses, const char *argument, const char *reader) {
  char model[2048];
  snprintf(model, sizeof model, through, clauses);
  return open_model(model, argument, reader);
}

static at_session *open_with(const char *argument, const char *reader) {
  return open_block("score = dot\n    weigh = softmax(sharpness)", argument, reader);
}

static at_session *open_planted(const char *argument) { return open_with(argument, "planted"); }

static attune_prediction *measured(at_session *s, at_explain_cost *cost) {
  const at_explain_options o = {.split = "test", .permutations = 9, .seed = 4};
  attune_prediction *p = NULL;
  at_error err = {0};
  if (at_explain_block(s, "look", &o, &p, cost, &err) != AT_OK) fail_msg("%s", err.message);
  return p;
}

/* ---- the twin ---- */

static void twin_weights(int i, double sharpness, double *w) {
  double score[KEYS];
  for (int k = 0; k < KEYS; k++)
    score[k] = sharpness * (k == truth_of(i) ? 2 : (double)(-0.2f * (float)k));
  softmax(score, KEYS, w);
}

static void twin_answer(int i, const double *w, double by, double *p) {
  double y[CLASSES] = {0};
  y[i % CLASSES] = by * 4 * w[truth_of(i)];
  softmax(y, CLASSES, p);
}

static double twin_distance(int i, const double *a, const double *b, double by) {
  double p[CLASSES], q[CLASSES], sum = 0;
  twin_answer(i, a, by, p);
  twin_answer(i, b, by, q);
  for (int c = 0; c < CLASSES; c++) sum += fabs(p[c] - q[c]) / 2;
  return sum;
}

/* ---- tests ---- */

static void check_erasure(const attune_prediction *p, double sharpness, double by) {
  const float *weight = reals(p, "weight", ITEMS * KEYS);
  const float *erasure = reals(p, "erasure", ITEMS * KEYS);
  for (int i = 0; i < ITEMS; i++) {
    double w[KEYS], changed[KEYS];
    twin_weights(i, sharpness, w);
    for (int k = 0; k < KEYS; k++) {
      bool drop[KEYS] = {false};
      drop[k] = true;
      twin_without(w, drop, changed);
      near((double)weight[i * KEYS + k], w[k]);
      near((double)erasure[i * KEYS + k], twin_distance(i, w, changed, by));
    }
  }
}

static void check_curves(const attune_prediction *p, double sharpness, double by) {
  static const char *const names[] = {"without_top", "without_low", "only_top"};
  const float *bins = reals(p, "bins", SHARES);
  for (int c = 0; c < 3; c++) {
    const float *v = reals(p, names[c], ITEMS);
    for (int i = 0; i < ITEMS; i++)
      for (int t = 0; t < SHARES; t++) {
        double w[KEYS], changed[KEYS], y[CLASSES];
        bool drop[KEYS];
        twin_weights(i, sharpness, w);
        twin_top(w, (int)ceil((double)bins[t] * KEYS - 1e-4), c == 1, drop);
        for (int k = 0; c == 2 && k < KEYS; k++) drop[k] = !drop[k];
        twin_without(w, drop, changed);
        twin_answer(i, changed, by, y);
        near((double)v[i * SHARES + t], y[i % CLASSES]);
      }
  }
}

static double log_p(int i, const double *w, double by) {
  double y[CLASSES];
  twin_answer(i, w, by, y);
  return log(y[i % CLASSES]);
}

static void check_slopes(const attune_prediction *p, double by) {
  const float *g = reals(p, "gradient", ITEMS * KEYS),
              *gw = reals(p, "gradient_weight", ITEMS * KEYS);
  const float *gi = reals(p, "gradient_input", ITEMS * KEYS);
  const float *ig = reals(p, "integrated", ITEMS * KEYS);
  for (int i = 0; i < ITEMS; i++) {
    double w[KEYS], even[KEYS], sum = 0;
    twin_weights(i, 1, w);
    for (int k = 0; k < KEYS; k++) {
      double up[KEYS], down[KEYS];
      memcpy(up, w, sizeof w);
      memcpy(down, w, sizeof w);
      up[k] += 1e-4;
      down[k] -= 1e-4;
      double want = (log_p(i, up, by) - log_p(i, down, by)) / 2e-4;
      near((double)g[i * KEYS + k], want);
      near((double)gw[i * KEYS + k], want * w[k]);
      near((double)gi[i * KEYS + k], fabs(want * w[k])); /* the context is linear in both */
      even[k] = 1.0 / KEYS;
      sum += (double)ig[i * KEYS + k];
    }
    assert_float_equal(sum, log_p(i, w, by) - log_p(i, even, by), 1e-3);
  }
}

static void attention_that_is_the_only_path(void **state) {
  (void)state;
  at_session *s = open_planted("by=1");
  at_explain_cost cost;
  attune_prediction *p = measured(s, &cost);
  check_erasure(p, 1, 1);
  check_curves(p, 1, 1);
  check_slopes(p, 1);
  const float *erasure = reals(p, "erasure", ITEMS * KEYS), *w = reals(p, "weight", ITEMS * KEYS);
  const int32_t *correct = wholes(p, "correct", ITEMS);
  for (int i = 0; i < ITEMS; i++) {
    assert_int_equal(correct[i], 1);
    for (int a = 0; a < KEYS; a++) /* the order of weights is that of what erasing does */
      for (int b = 0; b < KEYS; b++)
        if (w[i * KEYS + a] > w[i * KEYS + b])
          assert_true(erasure[i * KEYS + a] > erasure[i * KEYS + b]);
  }
  /* Without the deciding key all classes are alike, and the first is chosen. */
  const float *flip = reals(p, "flip_top", ITEMS);
  const int32_t *one = wholes(p, "flip_one_top", ITEMS);
  for (int i = 0; i < ITEMS; i++) {
    assert_int_equal(one[i], i % CLASSES != 0);
    if (i % CLASSES)
      assert_float_equal(flip[i], 1.0 / KEYS, 1e-6);
    else
      assert_true(isnan(flip[i]));
  }
  assert_true(cost.passes > 100);
  assert_true(cost.whole_flops > cost.flops);
  at_prediction_free(p);
  at_session_free(s);
}

static void attention_that_nothing_depends_on(void **state) {
  (void)state;
  at_session *s = open_planted("by=0");
  at_explain_cost cost;
  attune_prediction *p = measured(s, &cost);
  check_erasure(p, 1, 0);
  const char *zero[] = {"erasure", "gradient", "integrated"};
  for (int a = 0; a < 3; a++)
    for (int k = 0; k < ITEMS * KEYS; k++) assert_true(reals(p, zero[a], ITEMS * KEYS)[k] == 0);
  for (int i = 0; i < ITEMS; i++) {
    assert_true(reals(p, "permuted", ITEMS)[i] == 0 && reals(p, "uniform", ITEMS)[i] == 0);
    assert_true(reals(p, "adversarial", ITEMS)[i] > 0.3f); /* other weights do as well */
    assert_true(isnan(reals(p, "flip_top", ITEMS)[i]));
  }
  at_prediction_free(p);
  at_session_free(s);
}

static void equal_weights(void **state) {
  (void)state;
  at_session *s = open_planted("sharpness=0.000001");
  at_explain_cost cost;
  attune_prediction *p = measured(s, &cost);
  check_erasure(p, 1e-6, 1);
  for (int i = 0; i < ITEMS; i++) {
    near((double)reals(p, "uniform", ITEMS)[i], 0);
    near((double)reals(p, "permuted", ITEMS)[i], 0);
    for (int k = 0; k < KEYS; k++)
      near((double)reals(p, "weight", ITEMS * KEYS)[i * KEYS + k], 1.0 / KEYS);
  }
  at_prediction_free(p);
  at_session_free(s);
}

/* Sharp attention: what is far from it changes the answer, so an adversary gets nowhere near. */
static void adversaries_and_removal(void **state) {
  (void)state;
  at_session *s = open_planted("by=1");
  at_explain_cost cost;
  attune_prediction *p = measured(s, &cost);
  const float *far = reals(p, "adversarial", ITEMS), *gone = reals(p, "removal", ITEMS * KEYS);
  const float *low = reals(p, "score_low", ITEMS), *high = reals(p, "score_high", ITEMS);
  for (int i = 0; i < ITEMS; i++) {
    assert_true(far[i] >= 0 && far[i] < 0.3f);
    near((double)high[i], 2);
    near((double)low[i], -0.2 * (truth_of(i) == KEYS - 1 ? KEYS - 2 : KEYS - 1));
  }
  /* One of the two inputs with regions is taken away, the first: its key is then like any other. */
  for (int i = 0; i < ITEMS; i++) {
    double score[KEYS], w[KEYS], changed[KEYS];
    const int t = truth_of(i);
    twin_weights(i, 1, w);
    for (int k = 0; k < KEYS; k++) {
      for (int j = 0; j < KEYS; j++)
        score[j] = j == k ? 0 : j == t ? 2 : (double)(-0.2f * (float)j);
      softmax(score, KEYS, changed);
      near((double)gone[i * KEYS + k], twin_distance(i, w, changed, 1));
    }
  }
  at_prediction_free(p);
  at_session_free(s);
}

static void the_same_bits_again(void **state) {
  (void)state;
  at_session *s = open_planted("by=1");
  at_explain_cost cost;
  attune_prediction *a = measured(s, &cost), *b = measured(s, &cost);
  attune_array x, y;
  const char *name;
  size_t n = 0;
  for (; (name = at_prediction_name(a, n, &x)); n++) {
    assert_int_equal(at_prediction_array(b, name, &y), AT_OK);
    size_t bytes = x.type == ATTUNE_I64 ? 8 : 4;
    for (uint32_t d = 0; d < x.ndim; d++) bytes *= (size_t)x.shape[d];
    assert_memory_equal(x.data, y.data, bytes);
  }
  assert_true(n > 20);
  at_prediction_free(a);
  at_prediction_free(b);
  at_session_free(s);
}

/* One from each of five stretches of four; data that repeat after four rows are not always met at
 * the same place. */
static void examples_that_are_drawn(void **state) {
  (void)state;
  at_session *s = open_planted("by=1");
  bool met[4] = {false}, other = false;
  for (uint64_t seed = 0; seed < 4; seed++) {
    const at_explain_options o = {.split = "test", .limit = 5, .seed = seed};
    at_explain_cost cost;
    attune_prediction *p = NULL;
    attune_array rows;
    at_error err = {0};
    if (at_explain_block(s, "look", &o, &p, &cost, &err) != AT_OK) fail_msg("%s", err.message);
    assert_int_equal(at_prediction_array(p, "rows", &rows), AT_OK);
    assert_int_equal(rows.shape[0], 5);
    const int64_t *row = rows.data;
    for (int64_t i = 0; i < 5; i++) {
      assert_int_equal(row[i * rows.shape[1]] / 4, i);
      met[row[i * rows.shape[1]] % 4] = true;
      other |= row[i * rows.shape[1]] % 4 != row[0] % 4;
    }
    at_prediction_free(p);
  }
  assert_true(other && met[0] && met[1] && met[2] && met[3]);
  at_session_free(s);
}

static void metrics_and_what_they_lack(void **state) {
  (void)state;
  at_session *s = open_planted("by=1");
  const at_explain_options o = {.split = "test", .limit = 7, .seed = 4};
  const char *wrong[] = {"lok"};
  at_explained *e;
  size_t n;
  at_error err = {0};
  assert_int_equal(at_explain(s, NULL, 0, &o, &e, &n, &err), AT_OK);
  assert_int_equal(n, 1);
  assert_int_equal(e->examples, 7);
  bool had = false, lacked = false, mean = false, few = false;
  for (size_t i = 0; i < e->n_results; i++) {
    const at_explain_result *r = &e->result[i];
    if (!strcmp(r->metric, "planted_erasure"))
      had = !r->why && r->mean.mean > 0 && !r->each && isnan(r->mean.low);
    if (!strcmp(r->metric, "planted_lacking"))
      lacked = !r->name && r->why && strstr(r->why, "no array `rollout`");
    if (!strcmp(r->metric, "planted_short"))
      few = r->why && !r->each && !strcmp(r->why, "given for 6 examples of 7");
    if (!strcmp(r->metric, "attention_shape") && !strcmp(r->name, "max_weight"))
      mean = r->each && r->mean.examples == 7 && r->mean.low < r->mean.mean &&
             r->mean.mean < r->mean.high;
  }
  assert_true(had);
  assert_true(lacked);
  assert_true(mean);
  assert_true(few);
  char *json = at_explain_json(e, n, &o);
  assert_non_null(strstr(json, "\"planted_erasure\""));
  assert_non_null(strstr(json, "\"missing\": \"the task predicted no array `rollout`\""));
  free(json);
  at_explained_free(e, n);
  assert_int_equal(at_explain(s, wrong, 1, &o, &e, &n, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "no attention block `lok`; did you mean `look`?"));
  at_session_free(s);
}

/* The classes of the planted answers in turn: 7, 7 and 6 examples. */
static void parts_by_conditions(void **state) {
  (void)state;
  at_session *s = open_planted("by=1");
  const at_explain_options o = {
      .split = "test", .permutations = 2, .seed = 4, .by = "expected,correct,output:2"};
  at_explained *e;
  size_t n;
  at_text table = {0}, csv = {0};
  at_error err = {0};
  if (at_explain(s, NULL, 0, &o, &e, &n, &err) != AT_OK) fail_msg("%s", err.message);
  assert_int_equal(e->n_by, 3);
  assert_int_equal(e->by[0].classes, CLASSES);
  assert_int_equal(e->by[1].classes, 1);
  assert_string_equal(e->by[1].label[0], "right");
  assert_int_equal(e->by[2].classes, 2);
  const at_explain_result *r = result_of(e, "flip_one_top");
  for (int c = 0; c < CLASSES; c++) {
    const at_interval *v = &r->within[0].part[c];
    assert_int_equal(v->examples, ITEMS / CLASSES + (c < ITEMS % CLASSES));
    near(v->mean, c != 0); /* without the deciding key the first class is chosen */
  }
  near(r->mean.mean, 13.0 / 20);
  assert_true(r->mean.low < 0.6 && r->mean.high > 0.7 && r->mean.high < 1);
  near(r->within[0].anova.eta, 1); /* the class explains it all */
  assert_true(r->within[0].anova.p < 0.01);
  near(r->within[1].part[0].mean, r->mean.mean);
  at_explain_table(e, n, &table);
  assert_non_null(strstr(table.data, "by expected"));
  assert_non_null(strstr(table.data, "2, n = 6"));
  at_explain_csv(e, n, &csv);
  assert_non_null(strstr(csv.data, "look,expected,0,attention_flips,flip_one_top,7,0,0,0,higher,"));
  at_text_free(&table);
  at_text_free(&csv);
  at_explained_free(e, n);
  at_session_free(s);
}

/* A block that cannot be measured says why. */
static void blocks_with_nothing_to_measure(void **state) {
  static const struct {
    const char *reader, *why;
  } cases[] = {
      {"planted(hole=2)",
       "the attention of `look` holds something that is no number, first in "
       "example 2; it cannot be measured"},
      {"planted(keys=1)", "`look` attends to one key only: there is nothing to choose from"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    at_session *s = open_with("by=1", cases[i].reader);
    const at_explain_options o = {.split = "test", .limit = 0};
    at_explained *e;
    size_t n;
    at_error err = {0};
    assert_int_equal(at_explain(s, NULL, 0, &o, &e, &n, &err), AT_OK);
    assert_int_equal(n, 1);
    assert_null(e->arrays);
    assert_string_equal(e->why, cases[i].why);
    at_explained_free(e, n);
    at_session_free(s);
  }
}

static void all_weight_on_one_key(void **state) {
  (void)state;
  at_session *s = open_planted("sharpness=1000000");
  at_explain_cost cost;
  attune_prediction *p = measured(s, &cost);
  for (int i = 0; i < ITEMS; i++) {
    double none[KEYS] = {0}, w[KEYS] = {0};
    w[truth_of(i)] = 1;
    assert_true(reals(p, "weight", ITEMS * KEYS)[i * KEYS + truth_of(i)] == 1);
    /* Nothing is left of the rest: the block gives 0. */
    near((double)reals(p, "erasure", ITEMS * KEYS)[i * KEYS + truth_of(i)],
         twin_distance(i, w, none, 1));
  }
  at_prediction_free(p);
  at_session_free(s);
}

/* What the score function allows, from its form and what follows it; -1: anything. */
static void ranges_that_scores_declare(void **state) {
  static const struct {
    const char *clauses;
    double apart;
  } cases[] = {
      {"score = dot\n weigh = softmax", -1},
      {"score = general\n weigh = softmax", -1},
      {"score = additive\n weigh = softmax", -1}, /* says nothing of itself */
      {"score = cosine\n weigh = softmax", 2},
      {"score = cosine\n weigh = softmax(9)", 18},
      {"score = cosine\n refine = leaky_relu(0.1)\n weigh = softmax(9)", 9.9},
      {"score = cosine\n refine = relu |> scale(-3, shift = 5)\n weigh = softmax", 3},
      {"score = dot\n refine = leaky_relu(0.1) |> normalize(region)\n weigh = softmax(4)", 8},
      {"score = dot\n refine = relu |> normalize(region)\n weigh = softmax", 1},
      {"score = dot\n refine = clamp(-1, 3)\n weigh = softmax", 4},
      {"score = dot\n refine = exp\n weigh = softmax", -1},
      {"score = activated_general\n weigh = softmax", 2},
      {"score = activated_general(act = sigmoid)\n weigh = softmax(3)", 3},
      {"score = activated_general(act = relu)\n weigh = softmax", -1},
      {"score = cosine\n weigh = sparsemax", -1},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    at_session *s = open_block(cases[i].clauses, "by=1", "planted");
    const at_explain_options o = {.split = "test", .limit = 3};
    attune_prediction *p = NULL;
    attune_array a;
    at_explain_cost cost;
    at_error err = {0};
    if (at_explain_block(s, "look", &o, &p, &cost, &err) != AT_OK) fail_msg("%s", err.message);
    bool has = at_prediction_array(p, "score_range", &a) == AT_OK;
    if (has != (cases[i].apart >= 0)) fail_msg("%s: %s", cases[i].clauses, has ? "has" : "lacks");
    if (has) near((double)((const float *)a.data)[2], cases[i].apart);
    at_prediction_free(p);
    at_session_free(s);
  }
}

static int run(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(attention_that_is_the_only_path),
      cmocka_unit_test(attention_that_nothing_depends_on),
      cmocka_unit_test(equal_weights),
      cmocka_unit_test(adversaries_and_removal),
      cmocka_unit_test(the_same_bits_again),
      cmocka_unit_test(examples_that_are_drawn),
      cmocka_unit_test(metrics_and_what_they_lack),
      cmocka_unit_test(parts_by_conditions),
      cmocka_unit_test(blocks_with_nothing_to_measure),
      cmocka_unit_test(all_weight_on_one_key),
      cmocka_unit_test(ranges_that_scores_declare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_planted(run); }
