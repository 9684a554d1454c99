/* recall and median_rank against ranks counted by sorting. */
#include "cm.h"
#include "core/base/random.h"
#include "core/plugin/plugin_impl.h"
#include "tests/unit/metric_call.h"

static at_registry *registry;

static attune_prediction *predict(const float *s, int64_t pictures, int64_t captions,
                                  const int64_t *owner) {
  attune_prediction *p;
  attune_array a = {.type = ATTUNE_F32, .ndim = 2, .shape = {pictures, captions}, .data = s};
  attune_array o = {.type = ATTUNE_I64, .ndim = 1, .shape = {captions}, .data = owner};
  p = at_prediction_new();
  assert_non_null(p);
  assert_int_equal(at_host_predict(p, "similarity", &a, NULL), 0);
  assert_int_equal(at_host_predict(p, "picture_of_caption", &o, NULL), 0);
  return p;
}

static at_status compute(const char *spec, const attune_prediction *p, at_result **r, size_t *n,
                         at_error *err) {
  return metric_call(registry, spec, p, r, n, err);
}

static double value(const at_result *r, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(r[i].name, name)) return r[i].value;
  fail_msg("there is no result %s", name);
  return 0;
}

/* Rank from 0 of entry `own` in a list: how many others are at least as high. */
static int rank_in(const float *v, int n, int stride, int own, const int *other) {
  int rank = 0;
  for (int i = 0; i < n; i++) rank += i != own && other[i] && v[i * stride] >= v[own * stride];
  return rank;
}

enum { P = 12, PER = 5, C = P * PER };

static void expect(const float *s, double *i2t, double *t2i, int k) {
  int any[C], all[P];
  *i2t = *t2i = 0;
  for (int p = 0; p < P; p++) all[p] = 1;
  for (int p = 0; p < P; p++) {
    int best = C;
    for (int c = 0; c < C; c++) any[c] = c / PER != p;
    for (int c = p * PER; c < (p + 1) * PER; c++) {
      int r = rank_in(s + p * C, C, 1, c, any);
      best = r < best ? r : best;
    }
    *i2t += best < k ? 100.0 / P : 0;
  }
  for (int c = 0; c < C; c++) *t2i += rank_in(s + c, P, C, c / PER, all) < k ? 100.0 / C : 0;
}

static void fill(float *s, int64_t *owner, uint64_t seed) {
  at_random r = {.seed = seed};
  for (int i = 0; i < P * C; i++)
    s[i] = (float)(int)(at_random_normal(&r, (uint64_t)i) * 8) / 8; /* with ties */
  for (int c = 0; c < C; c++) {
    owner[c] = c / PER;
    s[owner[c] * C + c] += 1;
  }
}

static void test_recall_by_counting(void **state) {
  static float s[P * C];
  int64_t owner[C];
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    static const int at[] = {1, 5, 10};
    at_result *r;
    size_t n;
    at_error err = {0};
    double sum = 0;
    fill(s, owner, seed);
    attune_prediction *p = predict(s, P, C, owner);
    assert_int_equal(compute("recall", p, &r, &n, &err), AT_OK);
    for (int k = 0; k < 3; k++) {
      char name[16];
      double i2t, t2i;
      expect(s, &i2t, &t2i, at[k]);
      snprintf(name, sizeof name, "i2t_r%d", at[k]);
      assert_true(fabs(value(r, n, name) - i2t) < 1e-9);
      snprintf(name, sizeof name, "t2i_r%d", at[k]);
      assert_true(fabs(value(r, n, name) - t2i) < 1e-9);
      sum += i2t + t2i;
    }
    assert_true(fabs(value(r, n, "rsum") - sum) < 1e-9);
    free(r);
    at_prediction_free(p);
  }
}

static void test_folds(void **state) {
  static float s[P * C];
  int64_t owner[C];
  at_result *r, *part;
  size_t n, k;
  at_error err = {0};
  double sum = 0;
  (void)state;
  fill(s, owner, 3);
  attune_prediction *p = predict(s, P, C, owner);
  assert_int_equal(compute("recall(folds=3)", p, &r, &n, &err), AT_OK);
  for (int f = 0; f < 3; f++) { /* each fold as a set of its own */
    enum { Q = P / 3 };
    float own[Q * Q * PER];
    int64_t of[Q * PER];
    for (int i = 0; i < Q; i++)
      for (int c = 0; c < Q * PER; c++) own[i * Q * PER + c] = s[(f * Q + i) * C + f * Q * PER + c];
    for (int c = 0; c < Q * PER; c++) of[c] = c / PER;
    attune_prediction *one = predict(own, Q, Q * PER, of);
    assert_int_equal(compute("recall", one, &part, &k, &err), AT_OK);
    sum += value(part, k, "rsum") / 3;
    free(part);
    at_prediction_free(one);
  }
  assert_true(fabs(value(r, n, "rsum") - sum) < 1e-9);
  free(r);
  assert_int_equal(compute("recall(folds=5)", p, &r, &n, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "12 pictures"));
  free(r);
  at_prediction_free(p);
}

static void test_edges(void **state) {
  float same[4] = {1, 1, 1, 1}, good[4] = {1, 0, 0, 1}, bad[4] = {1, NAN, 0, 1};
  int64_t owner[2] = {0, 1};
  at_result *r;
  size_t n;
  at_error err = {0};
  (void)state;
  attune_prediction *p = predict(same, 2, 2, owner);
  assert_int_equal(compute("recall", p, &r, &n, &err), AT_OK);
  assert_true(value(r, n, "i2t_r1") == 0 && value(r, n, "t2i_r1") == 0); /* ties give no credit */
  free(r);
  at_prediction_free(p);
  p = predict(good, 2, 2, owner);
  assert_int_equal(compute("recall", p, &r, &n, &err), AT_OK);
  assert_true(value(r, n, "rsum") == 600);
  free(r);
  assert_int_equal(compute("median_rank", p, &r, &n, &err), AT_OK);
  assert_true(value(r, n, "i2t_medr") == 1 && value(r, n, "t2i_meanr") == 1);
  free(r);
  at_prediction_free(p);
  p = predict(bad, 2, 2, owner);
  assert_int_equal(compute("recall", p, &r, &n, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "picture 0 and caption 1 is not a number"));
  free(r);
  at_prediction_free(p);
}

static void test_median(void **state) {
  /* ranks of the captions' pictures: 1, 3, 2, 1 -> median 1.5, mean 1.75 */
  float s[3 * 4] = {9, 1, 5, 0, 0, 5, 9, 1, 1, 9, 0, 9};
  int64_t owner[4] = {0, 0, 0, 2};
  at_result *r;
  size_t n;
  at_error err = {0};
  (void)state;
  attune_prediction *p = predict(s, 3, 4, owner);
  assert_int_equal(compute("median_rank", p, &r, &n, &err), AT_OK);
  assert_true(fabs(value(r, n, "t2i_medr") - 1.5) < 1e-12);
  assert_true(fabs(value(r, n, "t2i_meanr") - 1.75) < 1e-12);
  free(r);
  at_prediction_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_recall_by_counting),
                                     cmocka_unit_test(test_folds), cmocka_unit_test(test_edges),
                                     cmocka_unit_test(test_median)};
  if (at_registry_new(NULL, 0, &registry, NULL)) return 1;
  int rc = cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
  at_registry_free(registry);
  return rc;
}
