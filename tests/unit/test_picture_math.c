/* Inception Score, Frechet distance, R-precision: against numbers from elsewhere. The constants
 * with many digits are numpy's and scipy's (1.24.2, 1.10.1; sqrtm, cov, svd) on the same arrays. */
#include "tests/unit/cm.h"
#include <math.h>
#include "plugins/metric/picture_math.h"

/* sin(a i + b j + i j / 10) (1 + 3 j / 10) + shift */
static void waves(float *x, int n, int width, double a, double b, double shift) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < width; j++)
      x[i * width + j] = (float)(sin(a * i + b * j + 0.1 * i * j) * (1 + 0.3 * j) + shift);
}

static void near(double got, double want, double by) {
  if (!(fabs(got - want) <= by)) fail_msg("%.12g, not %.12g", got, want);
}

static void test_inception_score(void **state) {
  float p[23 * 5];
  spread s;
  (void)state;
  for (int i = 0; i < 23; i++) {
    double sum = 0, e[5];
    for (int j = 0; j < 5; j++) sum += e[j] = exp(2 * sin(1.3 * i + 2.1 * j));
    for (int j = 0; j < 5; j++) p[i * 5 + j] = (float)(e[j] / sum);
  }
  assert_true(inception_score(p, 23, 5, 4, &s));
  near(s.mean, 1.6780944975274932, 1e-6);
  near(s.deviation, 0.04752036888659532, 1e-6);
  /* Sure of one of three classes, each as often: as many as there are. Never sure: 1. */
  float sure[6 * 3] = {0}, flat[6 * 3];
  for (int i = 0; i < 6; i++) sure[i * 3 + i % 3] = 1;
  for (int i = 0; i < 18; i++) flat[i] = 1.0f / 3;
  assert_true(inception_score(sure, 6, 3, 2, &s));
  near(s.mean, 3, 1e-12);
  near(s.deviation, 0, 1e-12);
  assert_true(inception_score(flat, 6, 3, 1, &s));
  near(s.mean, 1, 1e-6);
  assert_false(inception_score(flat, 6, 3, 7, &s));
}

static void test_frechet(void **state) {
  float x[40 * 6], y[50 * 6], one[4] = {0, 2, 4, 6}, two[4] = {11, 15, 19, 23};
  double d;
  (void)state;
  waves(x, 40, 6, 1.7, 0.9, 0);
  waves(y, 50, 6, 0.6, 2.3, 0.25);
  assert_int_equal(frechet_distance(x, 40, y, 50, 6, &d), 0);
  near(d, 2.353238610658265, 1e-5);
  assert_int_equal(frechet_distance(y, 50, x, 40, 6, &d), 0);
  near(d, 2.353238610658265, 1e-5);
  assert_int_equal(frechet_distance(x, 40, x, 40, 6, &d), 0);
  near(d, 0, 1e-9);
  /* Fewer pictures than features: by the singular values of the rows' products. */
  waves(y, 5, 6, 0.6, 2.3, 0);
  assert_int_equal(frechet_distance(x, 4, y, 5, 6, &d), 0);
  near(d, 18.403215791764403, 1e-5);
  /* One number each: (m1 - m2)^2 + (s1 - s2)^2, s^2 = 20/3 and 80/3. */
  assert_int_equal(frechet_distance(one, 4, two, 4, 1, &d), 0);
  near(d, 14 * 14 + 20.0 / 3, 1e-9);
  assert_int_equal(frechet_distance(x, 1, y, 5, 6, &d), -1);
  x[7] = NAN;
  assert_int_equal(frechet_distance(x, 4, y, 5, 6, &d), -3);
}

static void test_r_precision(void **state) {
  /* right, tie, wrong, right, none, right */
  const float s[6 * 3] = {.9f, .1f, .2f,  .5f, .5f, .1f, .3f, .4f, .1f,
                          .1f, 0,   -.5f, NAN, .1f, .2f, 1,   .9f, .8f};
  spread r;
  (void)state;
  assert_true(r_precision(s, 6, 3, 1, &r));
  near(r.mean, 50, 1e-9);
  near(r.deviation, 0, 1e-9);
  assert_true(r_precision(s, 6, 3, 2, &r)); /* one and two of three */
  near(r.mean, 50, 1e-9);
  near(r.deviation, 100.0 / 6, 1e-9);
  assert_false(r_precision(s, 6, 3, 7, &r));
}

static void test_mismatched(void **state) {
  int64_t owner[120], out[99], again[99];
  int seen[120] = {0};
  (void)state;
  for (int i = 0; i < 120; i++) owner[i] = i / 5;
  for (uint64_t turn = 0; turn < 200; turn++) {
    assert_true(mismatched_captions(owner, 120, 3, 1, turn, 99, out));
    for (int i = 0; i < 99; i++) {
      assert_int_not_equal(owner[out[i]], 3);
      for (int j = 0; j < i; j++) assert_int_not_equal(out[i], out[j]);
      seen[out[i]]++;
    }
  }
  for (int i = 0; i < 120; i++)
    if (owner[i] != 3) assert_in_range(seen[i], 150, 199); /* 172 on average */
  assert_true(mismatched_captions(owner, 120, 3, 1, 199, 99, again));
  assert_memory_equal(out, again, sizeof out);
  assert_true(mismatched_captions(owner, 104, 3, 1, 0, 99, out)); /* all there are */
  assert_false(mismatched_captions(owner, 103, 3, 1, 0, 99, out));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_inception_score),
      cmocka_unit_test(test_frechet),
      cmocka_unit_test(test_r_precision),
      cmocka_unit_test(test_mismatched),
  };
  return cmocka_run_group_tests_name("picture_math", tests, NULL, NULL);
}
