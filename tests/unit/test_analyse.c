/* Constants said to be of scipy or numpy are of scipy 1.10.1 and numpy 1.24.2 (Debian 12). */
#include "tests/unit/cm.h"
#include <math.h>
#include "core/analyse/agree.h"
#include "core/analyse/condition.h"
#include "core/analyse/winner.h"
#include "core/base/random.h"

#define N(array) (sizeof(array) / sizeof *(array))

static void near(double got, double want, double most) {
  if (!(fabs(got - want) <= most)) fail_msg("%.17g is not within %g of %.17g", got, most, want);
}

static void ok(at_status s, const at_error *err) {
  if (s != AT_OK) fail_msg("%s", err->message);
}

/* ---- samples ---- */

/* scipy.stats.t.ppf(0.975, df) and 2 * t.sf(t, df). */
static void test_student(void **state) {
  (void)state;
  static const double limit[][2] = {{1, 12.706204736432095},   {2, 4.302652729911275},
                                    {2.5, 3.5746548420118773}, {4, 2.7764451051977987},
                                    {30, 2.0422724563012373},  {1e5, 1.9599877075346093}};
  static const double p[][3] = {{0.5, 3, 0.651447964848151},
                                {2.45, 4, 0.07044528320813907},
                                {-12, 2.5, 0.0028362150300783226},
                                {0.001, 7, 0.9992300172449988},
                                {40, 10, 2.2808577430857475e-12}};
  for (size_t i = 0; i < N(limit); i++)
    near(at_student_limit(0.95, limit[i][0]), limit[i][1], 1e-9 * limit[i][1]);
  for (size_t i = 0; i < N(p); i++) near(at_student_p(p[i][0], p[i][1]), p[i][2], 1e-10 * p[i][2]);
  near(at_normal_limit(0.95), 1.959963984540054, 1e-9);
  assert_true(isnan(at_student_p(NAN, 3)) && isnan(at_student_p(1, 0)));
}

static void test_moments(void **state) {
  (void)state;
  static const double v[] = {1, NAN, 4, 3, NAN, NAN};
  at_samples s = {v, 2, 3};
  double each[3], seed[2];
  at_moments m = at_moments_of(v, 3);
  assert_true(m.n == 2 && m.mean == 2.5);
  near(m.sd, sqrt(4.5), 1e-15);
  assert_true(isnan(at_moments_of(v + 4, 2).mean) && isnan(at_moments_of(v, 2).sd));
  at_example_means(&s, each);
  assert_true(each[0] == 2 && isnan(each[1]) && each[2] == 4);
  at_seed_means(&s, seed);
  assert_true(seed[0] == 2.5 && seed[1] == 3 && at_grand_mean(&s) == 2.75);
}

/* numpy.quantile, scipy.stats.rankdata. */
static void test_order(void **state) {
  (void)state;
  static const double q[][2] = {{0, 1}, {0.1, 1.3}, {0.5, 3}, {0.975, 7.7}, {1, 8}};
  static const double sorted[] = {1, 2, 4, 8}, v[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  static const double want[] = {4.5, 1.5, 6, 1.5, 7.5, 10, 3, 9, 7.5, 4.5};
  double rank[N(v)];
  size_t order[2 * N(v)];
  for (size_t i = 0; i < N(q); i++) near(at_quantile(sorted, 4, q[i][0]), q[i][1], 1e-12);
  at_ranks(v, N(v), order, rank);
  for (size_t i = 0; i < N(v); i++) assert_true(rank[i] == want[i]);
  assert_true(isnan(at_pearson(sorted, (double[]){2, 2, 2, 2}, 4)));
}

/* ---- intervals ---- */

/* Half of the resamples of {0, 1} are mixed: the percentiles are 0 and 1; one degree of freedom
 * and a variance seen half stretch each arm by 12.706 / 1.960 * sqrt(2). */
static void test_bootstrap_by_hand(void **state) {
  (void)state;
  static const double v[] = {0, 1};
  at_error err = {0};
  at_interval one, seeds;
  double arm = 0.5 * 12.706204736432095 / 1.959963984540054 * sqrt(2);
  ok(at_bootstrap(&(at_samples){v, 1, 2}, &(at_resampling){.seed = 1}, &one, &err), &err);
  assert_true(one.mean == 0.5 && one.seeds == 1 && one.examples == 2);
  near(one.low, 0.5 - arm, 1e-9);
  near(one.high, 0.5 + arm, 1e-9);
  ok(at_bootstrap(&(at_samples){v, 2, 1}, &(at_resampling){.seed = 1}, &seeds, &err), &err);
  near(seeds.low, 0.5 - arm, 1e-9);
  ok(at_bootstrap(&(at_samples){v, 1, 1}, &(at_resampling){.seed = 1}, &one, &err), &err);
  assert_true(one.mean == 0 && isnan(one.low) && isnan(one.high));
  static const double none[] = {NAN, NAN};
  ok(at_bootstrap(&(at_samples){none, 1, 2}, &(at_resampling){.seed = 1}, &one, &err), &err);
  assert_true(isnan(one.mean) && isnan(one.low) && one.examples == 0);
  at_interval t = at_student_interval(&(at_moments){4, 10, 2}, 0.95);
  near(t.high, 13.182446305284263, 1e-9); /* 10 + scipy.stats.t.ppf(0.975, 3) */
}

enum { SEEDS = 4, EXAMPLES = 12 };

static void fill(double *v) {
  for (int s = 0; s < SEEDS; s++)
    for (int i = 0; i < EXAMPLES; i++)
      v[s * EXAMPLES + i] = (s * 5 + i * 7 + s * i * 3) % 11 / 10.0 + 0.1 * s;
}

/* The same bootstrap in numpy with 200000 resamples and PCG64: percentiles 0.475 and 0.81667,
 * stretched 1.54494-fold to 0.38077 and 0.90862. */
static void test_bootstrap_of_numpy(void **state) {
  (void)state;
  double v[SEEDS * EXAMPLES];
  at_error err = {0};
  at_interval got;
  fill(v);
  at_samples s = {v, SEEDS, EXAMPLES};
  ok(at_bootstrap(&s, &(at_resampling){.seed = 7, .times = 20000}, &got, &err), &err);
  near(got.mean, 0.6479166666666668, 1e-12);
  near(got.low, 0.38077, 0.012);
  near(got.high, 0.90862, 0.012);
}

static void test_bootstrap_bits(void **state) {
  (void)state;
  double v[SEEDS * EXAMPLES], w[SEEDS * EXAMPLES];
  at_error err = {0};
  at_pool *pool = NULL;
  at_interval a, b, other, nested, zero;
  fill(v);
  for (int i = 0; i < SEEDS * EXAMPLES; i++) w[i] = v[i] + 1;
  w[5] = NAN; /* one seed lacks it: the example is still there */
  at_samples s = {v, SEEDS, EXAMPLES}, t = {w, SEEDS, EXAMPLES};
  ok(at_pool_new(3, &pool, &err), &err);
  ok(at_bootstrap(&s, &(at_resampling){.seed = 7, .times = 500}, &a, &err), &err);
  ok(at_bootstrap(&s, &(at_resampling){.seed = 7, .times = 500, .pool = pool}, &b, &err), &err);
  assert_memory_equal(&a, &b, sizeof a);
  ok(at_bootstrap(&s, &(at_resampling){.seed = 8, .times = 500}, &other, &err), &err);
  assert_true(a.low != other.low);
  ok(at_bootstrap(&s, &(at_resampling){.seed = 7, .times = 500, .nested = true}, &nested, &err),
     &err);
  /* examples of 4 seeds drawn apart average out */
  assert_true(nested.high - nested.low < a.high - a.low);
  ok(at_bootstrap_difference(&t, &s, &(at_resampling){.seed = 7, .times = 500}, &zero, &err), &err);
  assert_true(zero.low < 1 && zero.high > 1 && zero.examples == EXAMPLES && zero.seeds == SEEDS);
  for (int k = 0; k < SEEDS; k++) w[k * EXAMPLES + 5] = NAN; /* now none has it */
  ok(at_bootstrap_difference(&t, &s, &(at_resampling){.seed = 7, .times = 500}, &zero, &err), &err);
  assert_int_equal(zero.examples, EXAMPLES - 1);
  near(zero.mean, 1, 1e-12);
  t.examples--;
  assert_int_equal(at_bootstrap_difference(&t, &s, &(at_resampling){0}, &zero, &err), AT_EINPUT);
  at_pool_free(pool);
}

/* How often 95 % intervals hold the true mean of 0.3, in 200 made-up studies. */
static double coverage(size_t seeds, size_t examples, float seed_sd, float example_sd) {
  double v[6 * 40];
  size_t held = 0;
  for (uint64_t study = 0; study < 200; study++) {
    at_random a = {1, 1, study}, b = {1, 2, study}, c = {1, 3, study};
    at_interval got;
    at_error err = {0};
    for (size_t s = 0; s < seeds; s++)
      for (size_t i = 0; i < examples; i++)
        v[s * examples + i] = 0.3 + seed_sd * at_random_normal(&a, s) +
                              example_sd * at_random_normal(&b, i) +
                              0.3 * at_random_normal(&c, s * examples + i);
    ok(at_bootstrap(&(at_samples){v, seeds, examples},
                    &(at_resampling){.seed = study, .times = 400}, &got, &err),
       &err);
    held += got.low <= 0.3 && 0.3 <= got.high;
  }
  return (double)held / 200;
}

static void test_coverage(void **state) {
  (void)state;
  near(coverage(5, 40, 0.1F, 0.5F), 0.95, 0.045);
  near(coverage(3, 40, 0.3F, 0.3F), 0.95, 0.045); /* seeds rule, and they are few */
  near(coverage(1, 40, 0.0F, 0.5F), 0.95, 0.045);
}

/* ---- tests ---- */

static at_paired paired(const double *a, const double *b, size_t n, at_pool *pool) {
  at_paired out;
  at_error err = {0};
  ok(at_paired_test(a, b, n, &(at_resampling){.seed = 3, .pool = pool}, &out, &err), &err);
  return out;
}

static void test_paired(void **state) {
  (void)state;
  static const double zero[40] = {0};
  /* all three up: of eight flips, this one and its mirror are as far out */
  at_paired p = paired((double[]){1, 2, 3, NAN}, zero, 4, NULL);
  assert_true(p.exact && p.n == 3 && p.difference == 2 && p.p == 0.25);
  /* scipy.stats.permutation_test, permutation_type="samples", all 256 */
  static const double x[] = {0.8, 0.4, 0.9, 0.6, 0.3, 0.95, 0.5, 0.7};
  static const double d[] = {0.3, -0.1, 0.4, 0.2, -0.2, 0.5, 0.05, 0.1};
  double y[8];
  for (int i = 0; i < 8; i++) y[i] = x[i] - d[i];
  p = paired(x, y, 8, NULL);
  assert_true(p.exact && p.p == 0.1328125);
  /* all flips of 20 in numpy: 0.262093; a sample of 10000 has a standard error of 0.0044 */
  double e[20];
  for (int i = 0; i < 20; i++) e[i] = (i * 37 % 19 - 7) / 10.0;
  p = paired(e, zero, 20, NULL);
  assert_true(!p.exact && p.n == 20);
  near(p.p, 0.262093, 0.02);
  at_pool *pool = NULL;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  assert_true(paired(e, zero, 20, pool).p == p.p);
  at_pool_free(pool);
  /* none of the random flips is as far out: (0 + 1) / (10000 + 1) */
  double up[40];
  for (int i = 0; i < 40; i++) up[i] = 1;
  assert_true(paired(up, zero, 40, NULL).p == 1 / 10001.0);
  assert_true(paired(zero, zero, 40, NULL).p == 1);
  assert_true(isnan(paired((double[]){NAN}, zero, 1, NULL).p));
}

/* scipy.stats.ttest_ind, equal_var=False. */
static void test_welch(void **state) {
  (void)state;
  static const double a[] = {0.31, 0.29, 0.35, 0.40, 0.28}, b[] = {0.36, 0.41, 0.39, 0.38};
  at_moments x = at_moments_of(a, 5), y = at_moments_of(b, 4), one = {1, 3, NAN};
  near(at_welch_p(&x, &y), 0.05470050517710808, 1e-10);
  assert_true(isnan(at_welch_p(&x, &one)));
  at_moments still = {2, 1, 0}, too = {3, 2, 0};
  assert_true(at_welch_p(&still, &too) == 0 && at_welch_p(&still, &still) == 1);
}

/* Holm: times 4, 3, 2 and 1 in order, never falling. */
static void test_holm(void **state) {
  (void)state;
  double p[] = {0.01, 0.04, NAN, 0.03, 0.005}, large[] = {0.6, 0.7};
  static const double want[] = {0.03, 0.06, NAN, 0.06, 0.02};
  size_t order[5];
  at_holm(p, 5, order);
  for (int i = 0; i < 5; i++)
    if (isnan(want[i]))
      assert_true(isnan(p[i]));
    else
      near(p[i], want[i], 1e-15);
  at_holm(large, 2, order);
  assert_true(large[0] == 1 && large[1] == 1);
}

static void test_effects(void **state) {
  (void)state;
  static const double zero[8] = {0};
  static const double d[] = {0.3, -0.1, 0.4, 0.2, -0.2, 0.5, 0.05, 0.1};
  near(at_cohen_paired(d, zero, 8), 0.6478460681460368, 1e-12); /* numpy: mean / std(ddof=1) */
  assert_true(at_cohen_paired(zero, zero, 8) == 0);
  assert_true(isinf(at_cohen_paired((double[]){1, 1}, zero, 2)));
  assert_true(isnan(at_cohen_paired((double[]){1, NAN}, zero, 2)));
  /* of nine pairs one is larger, six are smaller, two equal */
  double a[] = {3, NAN, 1, 2}, b[] = {2, 4, 3};
  near(at_cliff_delta(a, 4, b, 3), -5 / 9.0, 1e-15);
  double low[] = {1, 2}, high[] = {5, 4};
  assert_true(at_cliff_delta(high, 2, low, 2) == 1);
}

/* ---- at equal accuracy ---- */

static void test_keep_right(void **state) {
  (void)state;
  static const double v[] = {1, 2, 3, 4, 5, 6};
  static const int32_t right[] = {1, 0, 1, 1, 0, -1};
  double out[6], each[3];
  at_keep_right(&(at_samples){v, 2, 3}, right, out);
  at_example_means(&(at_samples){out, 2, 3}, each);
  assert_true(each[0] == 2.5 && isnan(each[1]) && each[2] == 3);
}

/* Least squares with numpy on the columns [is a, is b, accuracy]; t of scipy with 6 degrees. */
static void test_equal_accuracy(void **state) {
  (void)state;
  static const double a[] = {0.52, 0.55, 0.61, NAN, 0.58, 0.50};
  static const double in_a[] = {0.70, 0.74, 0.80, 0.90, 0.77, 0.69};
  static const double b[] = {0.49, 0.47, 0.56, 0.51}, in_b[] = {0.75, 0.72, 0.83, 0.76};
  at_adjusted r = at_equal_accuracy(a, in_a, 6, b, in_b, 4, 0);
  near(r.raw, 0.0445, 1e-12);
  near(r.difference, 0.06693377483443558, 1e-12);
  near(r.slope, 0.8973509933774309, 1e-12);
  near(r.low, 0.057132856083228156, 1e-9);
  near(r.high, 0.076734693585643, 1e-9);
  near(r.p, 2.931439885968772e-06, 1e-12);
  assert_true(r.overlap && r.degrees == 6);
  r = at_equal_accuracy(a, in_a, 3, b, (double[]){0.9, 0.95, 0.99, 0.92}, 4, 0);
  assert_false(r.overlap);
  r = at_equal_accuracy(a, in_a, 1, b, in_b, 2, 0);
  assert_true(isnan(r.difference) && isnan(r.p));
}

/* ---- winners ---- */

static void judge(const at_moments *m, size_t n, bool higher, const char *want) {
  at_judged out[4];
  char got[8] = {0};
  at_error err = {0};
  ok(at_judge_seeds(m, n, higher, 0.05, out, &err), &err);
  for (size_t i = 0; i < n; i++) got[i] = ".*~?"[out[i].verdict];
  assert_string_equal(got, want);
}

static void test_judge_seeds(void **state) {
  (void)state;
  at_moments far = {3, 10, 1}, close = {3, 18.5, 1}, best = {3, 20, 1}, one = {1, 25, NAN};
  at_moments none = {0, NAN, NAN}, exact = {3, 20, 0}, middling = {3, 17.4, 1};
  judge((at_moments[]){far, best}, 2, true, ".*");
  judge((at_moments[]){far, best}, 2, false, "*.");
  judge((at_moments[]){far, best, close}, 3, true, ".~~");
  judge((at_moments[]){best, one}, 2, true, "??");
  judge((at_moments[]){best, close, one}, 3, false, "~~?");
  judge((at_moments[]){best, exact}, 2, true, "~~");
  judge((at_moments[]){best, none}, 2, true, "..");
  judge((at_moments[]){none, none}, 2, true, "..");
  judge((at_moments[]){one, one}, 2, true, "~~");
  /* t = 3.18 with 4 degrees: p = 0.033 alone, 0.067 as the smaller of two */
  judge((at_moments[]){best, middling}, 2, true, "*.");
  judge((at_moments[]){best, middling, middling}, 3, true, "~~~");
}

/* Examples alone tell the models apart; seeds that jump about do not let them. */
static void test_judge_examples(void **state) {
  (void)state;
  enum { S = 3, E = 60 };
  double a[S * E], b[S * E], c[S * E];
  at_random r = {5, 6, 0};
  at_error err = {0};
  at_judged out[3];
  for (int s = 0; s < S; s++)
    for (int i = 0; i < E; i++) {
      double easy = at_random_normal(&r, (uint64_t)i);
      a[s * E + i] = easy + 0.5 + 0.01 * s;
      b[s * E + i] = easy + 0.1 * at_random_normal(&r, (uint64_t)(1000 + s * E + i));
      c[s * E + i] = easy - 0.2 + 2 * (s - 1); /* seeds at -2, 0 and 2 */
    }
  at_samples all[] = {{a, S, E}, {b, S, E}, {c, S, E}};
  at_resampling how = {.seed = 1};
  ok(at_judge_examples(all, 2, true, &how, out, &err), &err);
  assert_int_equal(out[0].verdict, AT_BEST);
  assert_int_equal(out[1].verdict, AT_WORSE);
  near(out[1].p, 1 / 10001.0, 1e-12);
  ok(at_judge_examples(all, 3, true, &how, out, &err), &err);
  assert_int_equal(out[0].verdict, AT_LIKE);
  assert_int_equal(out[1].verdict, AT_WORSE);
  assert_int_equal(out[2].verdict, AT_LIKE);
  near(out[2].p, 2 / 10001.0, 1e-12);
  all[1].examples--;
  assert_int_equal(at_judge_examples(all, 3, true, &how, out, &err), AT_EINPUT);
}

/* ---- conditions ---- */

static void test_by(void **state) {
  (void)state;
  at_arena *a = at_arena_new();
  at_by *by;
  size_t n;
  at_error err = {0};
  ok(at_parse_by("question_type,length:4", a, &by, &n, &err), &err);
  assert_int_equal(n, 2);
  assert_string_equal(by[0].name, "question_type");
  assert_string_equal(by[1].name, "length");
  assert_true(by[0].bins == 0 && by[1].bins == 4);
  static const char *const bad[][2] = {{"", "no name"},          {"a,,b", "no name"},
                                       {":4", "no name"},        {"a:1", "from 2 to 50"},
                                       {"a:x", "`a:x`"},         {"a:", "whole number"},
                                       {"a:51", "from 2 to 50"}, {"a,b:3,a", "`a` is given twice"}};
  for (size_t i = 0; i < N(bad); i++) {
    assert_int_equal(at_parse_by(bad[i][0], a, &by, &n, &err), AT_EINPUT);
    if (!strstr(err.message, bad[i][1])) fail_msg("%s: %s", bad[i][0], err.message);
  }
  at_arena_free(a);
}

static void expect_split(const at_split *s, const char *want) {
  char got[256] = "";
  for (size_t c = 0; c < s->classes; c++)
    snprintf(got + strlen(got), sizeof got - strlen(got), "%s(%zu) ", s->label[c], s->count[c]);
  for (size_t i = 0; i < s->n; i++)
    snprintf(got + strlen(got), sizeof got - strlen(got), "%c",
             s->of[i] < 0 ? '-' : (char)('a' + s->of[i]));
  assert_string_equal(got, want);
}

static void test_texts(void **state) {
  (void)state;
  at_arena *a = at_arena_new();
  at_split s;
  at_error err = {0};
  ok(at_split_texts("type", (const char *[]){"yes/no", "count", NULL, "yes/no"}, 4, a, &s, &err),
     &err);
  expect_split(&s, "count(1) yes/no(2) ba-b");
  ok(at_split_texts("size", (const char *[]){"10", "9", "10"}, 3, a, &s, &err), &err);
  expect_split(&s, "9(1) 10(2) bab");
  ok(at_split_texts("none", (const char *[]){NULL}, 1, a, &s, &err), &err);
  expect_split(&s, "-");
  const char *many[AT_MOST_CLASSES + 1];
  for (int i = 0; i <= AT_MOST_CLASSES; i++) many[i] = at_arena_printf(a, "v%d", i);
  ok(at_split_texts("id", many, AT_MOST_CLASSES, a, &s, &err), &err);
  assert_int_equal(at_split_texts("id", many, AT_MOST_CLASSES + 1, a, &s, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "`id` has 101 different values"));
  at_arena_free(a);
}

/* Cuts at 2, 4 and 6 of eight: five ones stay together, so the first goes to 0 and is none, the
 * second to 5; the third parts 2 from 3. */
static void test_bins(void **state) {
  (void)state;
  at_arena *a = at_arena_new();
  at_split s;
  at_error err = {0};
  ok(at_split_numbers("n", (double[]){4, 1, 1, 2, 1, 3, 1, 1}, 8, 4, a, &s, &err), &err);
  expect_split(&s, "1(5) 2(1) 3 to 4(2) caabacaa");
  ok(at_split_numbers("n", (double[]){8, 7, 6, NAN, 5, 4, 3, 2, 1}, 9, 4, a, &s, &err), &err);
  expect_split(&s, "1 to 2(2) 3 to 4(2) 5 to 6(2) 7 to 8(2) ddc-cbbaa");
  ok(at_split_numbers("n", (double[]){0.5, 0.5, 0.5}, 3, 2, a, &s, &err), &err);
  expect_split(&s, "0.5(3) aaa");
  ok(at_split_numbers("n", (double[]){2, 7, 2, 1}, 4, 0, a, &s, &err), &err);
  expect_split(&s, "1(1) 2(2) 7(1) bcba");
  ok(at_split_numbers("n", (double[]){10, 200, -20, 0.5}, 4, 2, a, &s, &err), &err);
  expect_split(&s, "-20 to 0.5(2) 10 to 200(2) bbaa");
  ok(at_split_numbers("n", (double[]){NAN}, 1, 5, a, &s, &err), &err);
  expect_split(&s, "-");
  at_arena_free(a);
}

static void test_by_class(void **state) {
  (void)state;
  static const double v[] = {1, 10, 3, 20, 3, 14, 5, NAN};
  at_split split = {"kind", 4, 2, NULL, NULL, (int32_t[]){0, 1, 0, 1}};
  at_interval out[2];
  at_error err = {0};
  ok(at_by_class(&(at_samples){v, 2, 4}, &split, &(at_resampling){.seed = 1}, out, &err), &err);
  assert_true(out[0].mean == 3 && out[0].examples == 2 && out[0].seeds == 2);
  assert_true(out[1].mean == 14.5 && out[1].examples == 2);
  assert_true(out[0].low < 3 && out[0].high > 3);
  split.n = 3;
  assert_int_equal(
      at_by_class(&(at_samples){v, 2, 4}, &split, &(at_resampling){.seed = 1}, out, &err),
      AT_EINPUT);
}

/* Means 2, 3 and 6 about 11/3: 26 of 32 lie between; mean square within 6 / 6. All 1680 orders
 * of the classes (itertools): 30 reach 26, p = 0.017857. */
static void test_variance(void **state) {
  (void)state;
  static const double v[] = {1, 2, 3, 2, 3, 4, 5, 6, 7, NAN, 9};
  at_split split = {"kind", 11, 4, NULL, NULL, (int32_t[]){0, 0, 0, 1, 1, 1, 3, 3, 3, 0, -1}};
  at_resampling how = {.seed = 2, .times = 20000};
  at_anova e, again;
  at_error err = {0};
  at_pool *pool = NULL;
  ok(at_variance_explained(v, &split, &how, &e, &err), &err);
  assert_true(e.n == 9 && e.classes == 3);
  near(e.eta, 26 / 32.0, 1e-12);
  near(e.omega, 24 / 33.0, 1e-12);
  near(e.p, 30 / 1680.0, 0.004);
  ok(at_pool_new(3, &pool, &err), &err);
  how.pool = pool;
  ok(at_variance_explained(v, &split, &how, &again, &err), &err);
  assert_memory_equal(&e, &again, sizeof e);
  at_pool_free(pool);
  how.pool = NULL;
  split.of = (int32_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  ok(at_variance_explained(v, &split, &how, &e, &err), &err);
  assert_true(e.classes == 1 && isnan(e.eta) && isnan(e.p));
  /* 0.1 three times has a mean that is not 0.1 */
  split = (at_split){"kind", 3, 2, NULL, NULL, (int32_t[]){0, 0, 1}};
  ok(at_variance_explained((double[]){0.1, 0.1, 0.1}, &split, &how, &e, &err), &err);
  assert_true(e.classes == 2 && isnan(e.eta));
}

/* ---- agreement ---- */

/* scipy.stats.spearmanr of the three pairs: 0.316228, 0.4, 0.632456. */
static void test_agreement(void **state) {
  (void)state;
  static const float a[] = {0.1F, 0.4F, 0.2F, 0.3F, 1, 0.5F, 0.5F, 0.3F, 0.7F};
  static const float b[] = {0.2F, 0.5F, 0.2F, 0.1F, 1, 0.4F, 0.6F, NAN, 0.7F};
  static const float c[] = {0.3F, 0.4F, 0.1F, 0.2F, 1, 0.9F, 0.1F, 0.6F, 0.4F};
  static const float *const map[] = {a, b, c};
  static const int64_t offsets[] = {0, 4, 5, 7, 9};
  double out[4];
  at_error err = {0};
  ok(at_agreement(map, 3, offsets, 4, out, &err), &err);
  near(out[0], 0.4495610993501713, 1e-12);
  assert_true(isnan(out[1])); /* one key */
  assert_true(out[2] == -1);  /* the first map is constant: one pair is left */
  assert_true(out[3] == -1);  /* so with NaN */
  ok(at_agreement(map, 1, offsets, 4, out, &err), &err);
  assert_true(isnan(out[0]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_student),
      cmocka_unit_test(test_moments),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_bootstrap_by_hand),
      cmocka_unit_test(test_bootstrap_of_numpy),
      cmocka_unit_test(test_bootstrap_bits),
      cmocka_unit_test(test_coverage),
      cmocka_unit_test(test_paired),
      cmocka_unit_test(test_welch),
      cmocka_unit_test(test_holm),
      cmocka_unit_test(test_effects),
      cmocka_unit_test(test_keep_right),
      cmocka_unit_test(test_equal_accuracy),
      cmocka_unit_test(test_judge_seeds),
      cmocka_unit_test(test_judge_examples),
      cmocka_unit_test(test_by),
      cmocka_unit_test(test_texts),
      cmocka_unit_test(test_bins),
      cmocka_unit_test(test_by_class),
      cmocka_unit_test(test_variance),
      cmocka_unit_test(test_agreement),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
