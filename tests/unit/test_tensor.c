#include "tests/unit/cm.h"
#include "core/base/random.h"
#include "core/tensor/array.h"
#include "core/tensor/gemm.h"
#include "core/tensor/holes.h"
#include "core/tensor/panels.h"
#include "core/tensor/vecmath.h"

/* Of mean 0 and variance 1; even ones, for normal ones would take most of this test's time. */
static float *noise(size_t n, uint64_t stream) {
  float *p = malloc((n ? n : 1) * sizeof *p);
  assert_non_null(p);
  at_random_uniforms(&(at_random){7, stream, 0}, 0, n, p);
  for (size_t i = 0; i < n; i++) p[i] = sqrtf(12) * (p[i] - 0.5f);
  return p;
}

static void product(at_pool *pool, int64_t m, int64_t n, int64_t k, int trans, float alpha,
                    float beta) {
  float *a = noise((size_t)(m * k), 1), *b = noise((size_t)(k * n), 2);
  float *c = noise((size_t)(m * n), 3), *d = noise((size_t)(m * n), 3);
  at_mat ma = trans & 1 ? (at_mat){a, 1, m} : (at_mat){a, k, 1};
  at_mat mb = trans & 2 ? (at_mat){b, 1, k} : (at_mat){b, n, 1};
  at_mat mc = trans & 4 ? (at_mat){c, 1, m} : (at_mat){c, n, 1};
  at_mat md = trans & 4 ? (at_mat){d, 1, m} : (at_mat){d, n, 1};
  if (beta == 0)
    for (int64_t i = 0; i < m * n; i++) c[i] = NAN; /* beta 0 must not read C */
  at_gemm(pool, m, n, k, alpha, ma, mb, beta, mc);
  at_gemm_naive(m, n, k, alpha, ma, mb, beta, md);
  for (int64_t i = 0; i < m * n; i++) {
    assert_true(isfinite(c[i]));
    assert_true(fabs(c[i] - d[i]) <= 1e-5 * (sqrt((double)k) * 4 + 1));
  }
  free(a);
  free(b);
  free(c);
  free(d);
}

static void test_gemm(void **state) {
  (void)state;
  static const int64_t sides[] = {1, 2, 7, 33, 130};
  at_pool *pool = NULL;
  assert_int_equal(at_pool_new(2, &pool, NULL), AT_OK);
  for (int trans = 0; trans < 8; trans++)
    for (int i = 0; i < 5; i++)
      for (int j = 0; j < 5; j++)
        for (int l = 0; l < 5; l++)
          product(pool, sides[i], sides[j], sides[l], trans, (i + j) % 2 ? 1.0f : -0.5f,
                  l % 2 ? 0.0f : 1.0f);
  for (int trans = 0; trans < 8; trans++) product(pool, 70, 45, 600, trans, 1, 1);
  for (int trans = 0; trans < 8; trans++)
    product(pool, 40, 30, 4099, trans, -0.5f, trans % 3 ? 1.0f : 0.0f);
  product(pool, 900, 1601, 64, 0, 1, 0);
  product(pool, 3, 5, 0, 0, 1, 0);
  at_pool_free(pool);
}

/* `trans`: bits that turn a, b and c. */
static void same_bits(int threads, int64_t m, int64_t n, int64_t k, int trans, float alpha,
                      float beta) {
  float *a = noise((size_t)(m * k), 1), *b = noise((size_t)(k * n), 2);
  float *one = noise((size_t)(m * n), 3), *many = noise((size_t)(m * n), 3);
  at_pool *pool = NULL;
  assert_int_equal(at_pool_new(threads, &pool, NULL), AT_OK);
  const at_mat am = trans & 1 ? (at_mat){a, 1, m} : (at_mat){a, k, 1};
  const at_mat bm = trans & 2 ? (at_mat){b, 1, k} : (at_mat){b, n, 1};
  at_gemm(NULL, m, n, k, alpha, am, bm, beta,
          trans & 4 ? (at_mat){one, 1, m} : (at_mat){one, n, 1});
  at_gemm(pool, m, n, k, alpha, am, bm, beta,
          trans & 4 ? (at_mat){many, 1, m} : (at_mat){many, n, 1});
  if (memcmp(one, many, sizeof *one * (size_t)(m * n)) != 0)
    fail_msg("%d threads, [%d %d %d], %d turned, alpha %g, beta %g", threads, (int)m, (int)n,
             (int)k, trans, (double)alpha, (double)beta);
  at_pool_free(pool);
  free(a);
  free(b);
  free(one);
  free(many);
}

static void test_gemm_threads(void **state) {
  (void)state;
  static const int threads[] = {3, 64};
  static const int sizes[][3] = {{517, 1030, 301}, {128, 1500, 300}, {1000, 70, 520}, {97, 401, 64},
                                 {300, 300, 30},   {1, 3000, 900},   {64, 48, 8195}};
  for (int t = 0; t < 2; t++)
    for (int i = 0; i < 7; i++)
      for (int trans = 0; trans < 8; trans++)
        same_bits(threads[t], sizes[i][0], sizes[i][1], sizes[i][2], trans, i % 2 ? 1.0f : 0.37f,
                  t % 2 ? 1.0f : 0.0f);
}

static void test_gemm_batch_threads(void **state) {
  (void)state;
  enum { BATCH = 5, M = 160, N = 170, K = 150 };
  float *a = noise(BATCH * M * K, 1), *b = noise(BATCH * K * N, 2);
  float *one = noise(BATCH * M * N, 3), *many = noise(BATCH * M * N, 4);
  for (int threads = 1; threads <= 64; threads *= 4) {
    at_pool *pool = NULL;
    assert_int_equal(at_pool_new(threads, &pool, NULL), AT_OK);
    at_gemm_batch(pool, BATCH, M, N, K, 1, (at_mat){a, K, 1}, M * K, (at_mat){b, N, 1}, K * N, 0,
                  (at_mat){threads == 1 ? one : many, N, 1}, M * N);
    if (threads > 1) assert_memory_equal(one, many, sizeof(float) * BATCH * M * N);
    at_pool_free(pool);
  }
  free(a);
  free(b);
  free(one);
  free(many);
}

/* [m,k] of zeros, but for one pair in eight of stretches of 7 rows and 5 columns. */
static float *holed(int64_t m, int64_t k, int64_t rs, int64_t cs) {
  float *a = noise((size_t)(m * k), 5);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < k; j++)
      if ((i / 7 * 3 + j / 5) % 8) a[i * rs + j * cs] = j % 3 ? 0 : -0.0f;
  return a;
}

/* As the naive twin, and the same bits on three threads. `turned`: A lies by columns. */
static void product_of_holes(int64_t m, int64_t n, int64_t k, bool turned) {
  const int64_t rs = turned ? 1 : k, cs = turned ? m : 1;
  float *a = holed(m, k, rs, cs), *b = noise((size_t)(k * n), 2);
  float *c = noise((size_t)(m * n), 3), *d = noise((size_t)(m * n), 3),
        *e = noise((size_t)(m * n), 3);
  at_pool *pool = NULL;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  const at_mat ma = {a, rs, cs}, mb = {b, n, 1};
  assert_true(at_holes(NULL, m, n, k, ma, mb, (at_mat){c, n, 1}));
  at_gemm_naive(m, n, k, 1, ma, mb, 1, (at_mat){d, n, 1});
  for (int64_t i = 0; i < m * n; i++)
    if (!(fabs(c[i] - d[i]) <= 1e-5 * (sqrt((double)k) + 1)))
      fail_msg("[%d %d %d]%s: %g at %d, not %g", (int)m, (int)n, (int)k, turned ? " turned" : "",
               (double)c[i], (int)i, (double)d[i]);
  assert_true(at_holes(pool, m, n, k, ma, mb, (at_mat){e, n, 1}));
  assert_memory_equal(c, e, sizeof *c * (size_t)(m * n));
  at_pool_free(pool);
  free(a);
  free(b);
  free(c);
  free(d);
  free(e);
}

static void test_holes(void **state) {
  (void)state;
  static const int sizes[][3] = {{300, 64, 300}, {131, 100, 1037}, {1501, 67, 77}, {66, 200, 5000}};
  for (int i = 0; i < 4; i++)
    for (int turned = 0; turned < 2; turned++)
      product_of_holes(sizes[i][0], sizes[i][1], sizes[i][2], turned);
}

/* What stands where A has zeros is not looked at, and a number that is none is no zero. */
static void test_holes_and_no_numbers(void **state) {
  (void)state;
  enum { M = 300, N = 70, K = 300 };
  float *a = noise(M * K, 1), *b = noise(K * N, 2), *c = noise(M * N, 3);
  for (int i = 0; i < M * K; i++) a[i] = 0;
  a[7 * K + 11] = 2;
  a[8 * K + 12] = NAN;
  for (int i = 0; i < K * N; i++)
    if (i / N != 11 && i / N != 12) b[i] = NAN;
  assert_true(at_holes(NULL, M, N, K, (at_mat){a, K, 1}, (at_mat){b, N, 1}, (at_mat){c, N, 1}));
  float *was = noise(M * N, 3);
  for (int i = 0; i < M * N; i++) {
    const int row = i / N;
    if (row == 8)
      assert_true(isnan(c[i]));
    else
      assert_true(c[i] == (row == 7 ? was[i] + 2 * b[11 * N + i % N] : was[i]));
  }
  free(a);
  free(b);
  free(c);
  free(was);
}

/* Left to whole products: many numbers, small matrices, rows that do not lie together. */
static void test_holes_refused(void **state) {
  (void)state;
  enum { M = 300, N = 70, K = 300 };
  float *full = noise(M * K, 1), *a = holed(M, K, K, 1), *b = noise(K * N, 2), *c = noise(M * N, 3);
  float *was = noise(M * N, 3);
  const at_mat ma = {a, K, 1}, mb = {b, N, 1}, mc = {c, N, 1};
  assert_false(at_holes(NULL, M, N, K, (at_mat){full, K, 1}, mb, mc));
  assert_false(at_holes(NULL, 100, N, 100, ma, mb, mc));
  assert_false(at_holes(NULL, M, 8, K, ma, mb, mc));
  assert_false(at_holes(NULL, M, N, K, ma, (at_mat){b, 1, K}, mc));
  assert_false(at_holes(NULL, M, N, K, ma, mb, (at_mat){c, 1, M}));
  assert_memory_equal(c, was, sizeof *c * M * N);
  free(full);
  free(a);
  free(b);
  free(c);
  free(was);
}

/* Rows [first, first + k) of B [first + k + 3, n], as the naive twin, and the same bits on three
 * threads. */
static void product_of_panels(int64_t m, int64_t n, int64_t k, int64_t first, bool turned) {
  const int64_t all = first + k + 3, pitch = k + 5;
  float *a = noise((size_t)(m * pitch), 1), *b = noise((size_t)(all * n), 2);
  float *room = noise(at_panels_floats(all, n), 4), *space = noise(at_panels_space(m, k), 4);
  float *c = noise((size_t)(m * n), 3), *d = noise((size_t)(m * n), 3),
        *e = noise((size_t)(m * n), 3);
  at_pool *pool = NULL;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  const at_mat ma = {a, pitch, 1}, mb = turned ? (at_mat){b, 1, all} : (at_mat){b, n, 1};
  at_panels p = at_panels_pack(NULL, all, n, mb, room);
  at_panels_add(NULL, m, k, ma, &p, first, (at_mat){c, n, 1}, space);
  p = at_panels_pack(pool, all, n, mb, room);
  at_panels_add(pool, m, k, ma, &p, first, (at_mat){e, n, 1}, space);
  at_gemm_naive(m, n, k, 1, ma, (at_mat){b + first * mb.rs, mb.rs, mb.cs}, 1, (at_mat){d, n, 1});
  for (int64_t i = 0; i < m * n; i++)
    if (!(fabs(c[i] - d[i]) <= 1e-5 * (sqrt((double)k) + 1)))
      fail_msg("[%d %d %d] from %d%s: %g at %d, not %g", (int)m, (int)n, (int)k, (int)first,
               turned ? " turned" : "", (double)c[i], (int)i, (double)d[i]);
  assert_memory_equal(c, e, sizeof *c * (size_t)(m * n));
  at_pool_free(pool);
  float *const used[] = {a, b, room, space, c, d, e};
  for (int i = 0; i < 7; i++) free(used[i]);
}

static void test_panels(void **state) {
  (void)state;
  for (int64_t m = 1; m <= 25; m++) product_of_panels(m, 33, 300, 0, m % 2);
  for (int turned = 0; turned < 2; turned++) {
    product_of_panels(130, 201, 64, 37, turned);
    product_of_panels(7, 1, 1, 0, turned);
    product_of_panels(40, 96, 513, 16, turned);
  }
}

typedef void vecfn(float *restrict, const float *restrict, size_t);
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static double worst(vecfn *fn, double (*ref)(double), double lo, double hi) {
  double w = 0;
  enum { N = 200001 };
  static float x[N], y[N];
  for (int i = 0; i < N; i++) x[i] = (float)(lo + (hi - lo) * i / (N - 1));
  fn(y, x, N);
  for (int i = 0; i < N; i++) {
    double r = ref(x[i]), e = fabs(y[i] - r) / fmax(fabs(r), 1.2e-38);
    if (!(e <= w)) w = e; /* NaN shows */
  }
  return w;
}

static void test_vecmath(void **state) {
  (void)state;
  const double ulp = 1.1920929e-7;
  assert_true(worst(at_vexp, exp, -87, 88.7) <= 2 * ulp);
  assert_true(worst(at_vsigmoid, sigmoid, -80, 80) <= 2 * ulp);
  assert_true(worst(at_vtanh, tanh, -12, 12) <= 3 * ulp);
  assert_true(worst(at_vtanh, tanh, -1e-3, 1e-3) <= 3 * ulp);
  assert_true(worst(at_verf, erf, -5, 5) <= ulp);
  assert_true(worst(at_verf, erf, -1e-3, 1e-3) <= ulp);
  assert_true(worst(at_verf, erf, 0.94, 0.96) <= ulp); /* where two polynomials meet */
  const float in[] = {INFINITY, -INFINITY, NAN, 1e30f, -1e30f, 1e-40f, 0.0f};
  float y[7];
  at_vexp(y, in, 7);
  assert_true(isinf(y[0]) && y[1] == 0 && isnan(y[2]) && isinf(y[3]) && y[4] == 0 && y[6] == 1);
  at_vtanh(y, in, 7);
  assert_true(y[0] == 1 && y[1] == -1 && isnan(y[2]) && y[3] == 1 && y[4] == -1 && y[6] == 0);
  at_verf(y, in, 7);
  assert_true(y[0] == 1 && y[1] == -1 && isnan(y[2]) && y[3] == 1 && y[4] == -1 && y[6] == 0);
  at_vsigmoid(y, in, 7);
  assert_true(y[0] == 1 && y[1] == 0 && isnan(y[2]) && y[6] == 0.5f);
  /* the same bits wherever an element stands in a run */
  float *x = noise(100, 9), long_run[100], one;
  at_vtanh(long_run, x, 100);
  for (int i = 0; i < 100; i++) {
    at_vtanh(&one, x + i, 1);
    assert_memory_equal(&one, long_run + i, sizeof one);
  }
  free(x);
}

static void test_sums(void **state) {
  (void)state;
  float *x = noise(1003, 4), *y = noise(1003, 5);
  for (size_t n = 0; n <= 1003; n += n < 40 ? 1 : 321) {
    double s = 0, d = 0;
    for (size_t i = 0; i < n; i++) s += x[i], d += (double)x[i] * y[i];
    assert_true(fabs(at_vsum(x, n) - s) < 1e-4);
    assert_true(fabs(at_vdot(x, y, n) - d) < 1e-4);
  }
  free(x);
  free(y);
}

static void test_arrays(void **state) {
  (void)state;
  at_error e = {0};
  at_array a;
  const int64_t shape[] = {2, 3}, huge[] = {INT64_MAX / 2, 3};
  assert_int_equal(at_array_init(&a, "w", AT_F64, 2, shape, &e), AT_OK);
  for (int i = 0; i < 6; i++) ((double *)a.data)[i] = i * 1.5;
  assert_int_equal(at_array_convert(&a, AT_I32, &e), AT_OK);
  assert_int_equal(((int32_t *)a.data)[3], 4);
  ((int32_t *)a.data)[5] = 300;
  assert_int_equal(at_array_convert(&a, AT_U8, &e), AT_EINPUT);
  assert_non_null(strstr(e.message, "element 5 is 300"));
  at_array_free(&a);
  assert_int_equal(at_array_init(&a, "w", AT_F32, 2, huge, &e), AT_EINPUT);
  at_arrays s = {0};
  for (int i = 0; i < 40; i++) {
    char name[8];
    snprintf(name, sizeof name, "a%d", i);
    assert_int_equal(at_array_init(at_arrays_add(&s), name, AT_F32, 1, shape, &e), AT_OK);
  }
  assert_ptr_equal(at_arrays_find(&s, "a39"), &s.v[39]);
  assert_null(at_arrays_find(&s, "a40"));
  at_arrays_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gemm),
      cmocka_unit_test(test_gemm_threads),
      cmocka_unit_test(test_gemm_batch_threads),
      cmocka_unit_test(test_holes),
      cmocka_unit_test(test_holes_and_no_numbers),
      cmocka_unit_test(test_holes_refused),
      cmocka_unit_test(test_panels),
      cmocka_unit_test(test_vecmath),
      cmocka_unit_test(test_sums),
      cmocka_unit_test(test_arrays),
  };
  return cmocka_run_group_tests_name("tensor", tests, NULL, NULL);
}
