/* Attention over several layers, and keys taken away in the order of other maps, against a twin in
 * plain C. */
#include "tests/unit/explain_planted.h"

/* Keys that look at one another twice, the second time with three heads, before one of them is
 * chosen. */
static const char layered[] =
    "model layered(by = 1.0) {\n"
    "  input ask: real [item, a]\n"
    "  input key: real [item, region, a]\n"
    "  input value: real [item, region, b]\n"
    "  input answer: token(answer_class) [item]\n"
    "  attend one(query = key, key = key, value = value, over = region, along = a) {\n"
    "    score = dot\n"
    "    weigh = softmax\n"
    "  }\n"
    "  let x = one + value\n"
    "  attend two(query = x, key = x, value = x, over = region, along = b) {\n"
    "    score = dot\n"
    "    heads = 3\n"
    "    weigh = softmax\n"
    "  }\n"
    "  let y = two + x\n"
    "  attend look(query = ask, key = key |> scale(-0.3), value = y, over = region, along = a) {\n"
    "    score = dot\n"
    "    weigh = softmax\n"
    "  }\n"
    "  output logits = look |> scale(by) |> linear(b -> answer_class) @out\n"
    "  loss cross_entropy(logits, answer, answer_class)\n"
    "}\n";

enum { HEADS = CLASSES };
typedef double matrix[KEYS][KEYS];
typedef struct twin_layers {
  matrix one, two[HEADS];
  double look[KEYS];
} twin_layers;

/* The weights of item i, and log p of its answer. `put` NULL, or a weight that has `by` more;
 * `look` NULL, or the last weights. */
static double twin_forward(int i, twin_layers *w, const double *put, double by,
                           const double *look) {
  double value[KEYS][CLASSES] = {{0}}, key[KEYS], x[KEYS][CLASSES], s[KEYS], y[CLASSES] = {0};
  double p[CLASSES];
  for (int k = 0; k < KEYS; k++) key[k] = k == truth_of(i) ? 2 : (double)(-0.2f * (float)k);
  value[truth_of(i)][i % CLASSES] = 4;
  for (int q = 0; q < KEYS; q++) {
    for (int k = 0; k < KEYS; k++) s[k] = key[q] * key[k];
    softmax(s, KEYS, w->one[q]);
    for (int k = 0; k < KEYS; k++) w->one[q][k] += put == &w->one[q][k] ? by : 0;
  }
  for (int q = 0; q < KEYS; q++)
    for (int c = 0; c < CLASSES; c++) {
      x[q][c] = value[q][c];
      for (int k = 0; k < KEYS; k++) x[q][c] += w->one[q][k] * value[k][c];
    }
  for (int h = 0; h < HEADS; h++)
    for (int q = 0; q < KEYS; q++) {
      for (int k = 0; k < KEYS; k++) s[k] = x[q][h] * x[k][h];
      softmax(s, KEYS, w->two[h][q]);
      for (int k = 0; k < KEYS; k++) w->two[h][q][k] += put == &w->two[h][q][k] ? by : 0;
    }
  for (int k = 0; k < KEYS; k++) s[k] = -0.3 * key[k];
  softmax(s, KEYS, w->look);
  if (look) memcpy(w->look, look, sizeof w->look);
  for (int k = 0; k < KEYS; k++) w->look[k] += put == &w->look[k] ? by : 0;
  for (int c = 0; c < CLASSES; c++)
    for (int q = 0; q < KEYS; q++) {
      double seen = x[q][c];
      for (int k = 0; k < KEYS; k++) seen += w->two[c][q][k] * x[k][c];
      y[c] += w->look[q] * seen;
    }
  softmax(y, CLASSES, p);
  return log(p[i % CLASSES]);
}

static double twin_pass(int i, twin_layers *w, const double *put, double by) {
  return twin_forward(i, w, put, by, NULL);
}

static double twin_slope(int i, twin_layers *w, const double *of) {
  const double eps = 1e-5;
  double up = twin_pass(i, w, of, eps), slope = (up - twin_pass(i, w, of, -eps)) / (2 * eps);
  twin_pass(i, w, NULL, 0);
  return slope;
}

/* b = a b */
static void times(matrix a, matrix b) {
  matrix c = {{0}};
  for (int q = 0; q < KEYS; q++)
    for (int k = 0; k < KEYS; k++)
      for (int j = 0; j < KEYS; j++) c[q][k] += a[q][j] * b[j][k];
  memcpy(b, c, sizeof c);
}

/* one, two and look as attention is rolled out, or as its relevance is: eye added to one and two.
 */
static void twin_maps(int i, bool relevance, matrix one, matrix two, double *look) {
  twin_layers w;
  twin_pass(i, &w, NULL, 0);
  for (int q = 0; q < KEYS; q++)
    for (int k = 0; k < KEYS; k++) {
      double sum = 0;
      for (int h = 0; h < HEADS; h++)
        sum += w.two[h][q][k] * (relevance ? twin_slope(i, &w, &w.two[h][q][k]) : 1) / HEADS;
      two[q][k] = relevance ? fmax(sum, 0) + (q == k) : (sum + (q == k)) / 2;
      sum = w.one[q][k] * (relevance ? twin_slope(i, &w, &w.one[q][k]) : 1);
      one[q][k] = relevance ? fmax(sum, 0) + (q == k) : (sum + (q == k)) / 2;
    }
  for (int k = 0; k < KEYS; k++)
    look[k] = relevance ? fmax(w.look[k] * twin_slope(i, &w, &w.look[k]), 0) : w.look[k];
}

static void check_map(const attune_prediction *p, const char *name, int i, const double *want) {
  const float *got = reals(p, name, ITEMS * KEYS);
  for (int k = 0; k < KEYS; k++) assert_float_equal(got[i * KEYS + k], want[k], 1e-4);
}

static const char *const orders[] = {"rollout", "relevance", "gradient_input", "gradient"};
enum { N_ORDERS = 4 };

static attune_prediction *measured_layer(at_session *s, const char *block) {
  const at_explain_options o = {.split = "test", .order = orders, .n_orders = N_ORDERS};
  attune_prediction *p = NULL;
  at_explain_cost cost;
  at_error err = {0};
  if (at_explain_block(s, block, &o, &p, &cost, &err) != AT_OK) fail_msg("%s", err.message);
  return p;
}

static void check_rollout(const attune_prediction *two, const attune_prediction *look) {
  for (int i = 0; i < ITEMS; i++) {
    matrix a, b;
    double v[KEYS], want[KEYS] = {0}, seen[KEYS] = {0};
    twin_maps(i, false, a, b, v);
    times(b, a);
    for (int q = 0; q < KEYS; q++)
      for (int k = 0; k < KEYS; k++) {
        want[k] += a[q][k] / KEYS;
        seen[k] += v[q] * a[q][k];
      }
    check_map(two, "rollout", i, want);
    check_map(look, "rollout", i, seen);
  }
}

static void check_relevance(const attune_prediction *one, const attune_prediction *two,
                            const attune_prediction *look) {
  for (int i = 0; i < ITEMS; i++) {
    matrix a, b, r;
    double v[KEYS], first[KEYS] = {0}, second[KEYS] = {0}, seen[KEYS] = {0};
    twin_maps(i, true, a, b, v);
    memcpy(r, a, sizeof r);
    times(b, r); /* (I + B2)(I + B1) */
    for (int q = 0; q < KEYS; q++) {
      double sum = -1;
      for (int k = 0; k < KEYS; k++) sum += r[q][k];
      for (int k = 0; k < KEYS; k++) {
        first[k] += a[q][k] - (q == k);
        second[k] += r[q][k] - a[q][k]; /* B2 (I + B1) */
        seen[k] += v[q] * ((r[q][k] - (q == k)) / (sum > 0 ? sum : 1) + (q == k));
      }
    }
    check_map(one, "relevance", i, first);
    check_map(two, "relevance", i, second);
    check_map(look, "relevance", i, seen);
  }
}

static void layers_rolled_out(void **state) {
  (void)state;
  at_session *s = open_model(layered, "by=1", "planted");
  attune_prediction *one = measured_layer(s, "one"), *two = measured_layer(s, "two");
  attune_prediction *look = measured_layer(s, "look");
  attune_array a;
  assert_int_not_equal(at_prediction_array(one, "rollout", &a), AT_OK);
  assert_int_not_equal(at_prediction_array(one, "without_top.rollout", &a), AT_OK);
  check_rollout(two, look);
  check_relevance(one, two, look);
  at_prediction_free(one);
  at_prediction_free(two);
  at_prediction_free(look);
  at_session_free(s);
}

/* Whether it is another order than that of the weights. */
static bool check_order(const attune_prediction *p, const char *order) {
  char name[64];
  snprintf(name, sizeof name, "without_low.%s", order);
  const float *map = reals(p, order, ITEMS * KEYS), *bins = reals(p, "bins", SHARES);
  const float *plain = reals(p, "without_low", ITEMS), *got = reals(p, name, ITEMS);
  bool other = false;
  for (int i = 0; i < ITEMS; i++)
    for (int t = 0; t < SHARES; t++) {
      double v[KEYS], y[KEYS];
      bool drop[KEYS];
      twin_layers w;
      for (int k = 0; k < KEYS; k++) v[k] = fabs((double)map[i * KEYS + k]);
      twin_top(v, (int)ceil((double)bins[t] * KEYS - 1e-4), true, drop);
      twin_pass(i, &w, NULL, 0);
      twin_without(w.look, drop, y);
      near((double)got[i * SHARES + t], exp(twin_forward(i, &w, NULL, 0, y)));
      other |= fabsf(got[i * SHARES + t] - plain[i * SHARES + t]) > 1e-3f;
    }
  return other;
}

/* Keys go in the order of the map that is named. */
static void orders_of_other_maps(void **state) {
  (void)state;
  at_session *s = open_model(layered, "by=1", "planted");
  attune_prediction *p = measured_layer(s, "look");
  bool other = false;
  for (int j = 0; j < N_ORDERS; j++) other |= check_order(p, orders[j]);
  assert_true(other);
  reals(p, "flip_top.rollout", ITEMS);
  at_prediction_free(p);
  at_session_free(s);
}

static const char plain[] =
    "model plain(by = 1.0) {\n"
    "  input ask: real [item, a]\n"
    "  input key: real [item, region, a]\n"
    "  input value: real [item, region, b]\n"
    "  input answer: token(answer_class) [item]\n"
    "  attend look(query = ask, key = key, value = value, over = region, along = a) {\n"
    "    score = dot\n"
    "    weigh = softmax\n"
    "  }\n"
    "  output logits = look |> scale(by) |> linear(b -> answer_class) @out\n"
    "  loss cross_entropy(logits, answer, answer_class)\n"
    "}\n";

/* What an option asks for is measured, and named. */
static void orders_that_metrics_name(void **state) {
  (void)state;
  static const char *const metrics[] = {"attention_erasure(order=relevance)",
                                        "attention_flips(order=rollout)"};
  static const char *const wrong[] = {"rolout"};
  const at_explain_options o = {.split = "test", .limit = 4, .metric = metrics, .n_metrics = 2};
  const at_explain_options bad = {.split = "test", .limit = 4, .order = wrong, .n_orders = 1};
  at_session *s = open_model(plain, "by=1", "planted");
  at_explained *e;
  attune_prediction *p;
  at_explain_cost cost;
  size_t n;
  at_error err = {0};
  if (at_explain(s, NULL, 0, &o, &e, &n, &err) != AT_OK) fail_msg("%s", err.message);
  result_of(e, "comprehensiveness.relevance");
  assert_string_equal(result_of(e, "flip_top.rollout")->why,
                      "needs flip_top.rollout, which this data or model lacks: no self-attention "
                      "over the same keys lies before this block");
  assert_null(result_of(e, "flip_random")->why);
  at_explained_free(e, n);
  assert_int_equal(at_explain_block(s, "look", &bad, &p, &cost, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "no map `rolout`"));
  at_session_free(s);
}

static int run(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(layers_rolled_out),
      cmocka_unit_test(orders_of_other_maps),
      cmocka_unit_test(orders_that_metrics_name),
  };
  return cmocka_run_group_tests_name("explain_layers", tests, NULL, NULL);
}

int main(void) { return run_planted(run); }
