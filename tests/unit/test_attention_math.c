/* The numbers under the metrics of attention: by hand, by counting pairs, and by scipy. */
#include "cm.h"
#include "core/base/random.h"
#include "plugins/metric/attention_math.h"

enum { MOST = 1000 };
static am_pair pair[MOST];
static double spare[4][MOST];
static const am_space space = {pair, {spare[0], spare[1]}, {spare[2], spare[3]}};

static void near(const char *what, double got, double want, double within) {
  if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= within))
    fail_msg("%s: %.17g, not %.17g", what, got, want);
}

/* ---- scipy 1.10.1: scipy.stats.kendalltau and spearmanr, default arguments ---- */

typedef struct scipy_case {
  const char *what;
  int64_t n;
  void (*make)(double *x, double *y, int64_t n);
  double tau, p, rho;
} scipy_case;

/* By falling x, y is .40 .30 .10 .12 .02 .01 .03: of 21 pairs 3 stand the wrong way, so that
 * tau = (18 - 3) / 21. Squared differences of ranks add up to 8: rho = 1 - 6 * 8 / (7 * 48). */
static void make_seven(double *x, double *y, int64_t n) {
  const double a[] = {.30, .05, .20, .10, .25, .02, .08};
  const double b[] = {.40, .01, .10, .12, .30, .03, .02};
  memcpy(x, a, (size_t)n * sizeof *x);
  memcpy(y, b, (size_t)n * sizeof *y);
}
static void make_tied(double *x, double *y, int64_t n) {
  const double a[] = {.2, .2, .2, .1, .3, 0, 0, .1};
  const double b[] = {.5, .1, .4, .1, .4, 0, .2, .2};
  memcpy(x, a, (size_t)n * sizeof *x);
  memcpy(y, b, (size_t)n * sizeof *y);
}
/* Groups of three and four on both sides. */
static void make_groups(double *x, double *y, int64_t n) {
  const double a[] = {3, 3, 3, 1, 2, 1, 1, 5}, b[] = {2, 2, 2, 2, 7, 1, 1, 1};
  memcpy(x, a, (size_t)n * sizeof *x);
  memcpy(y, b, (size_t)n * sizeof *y);
}
static void make_steps(double *x, double *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    x[i] = (double)(i * 7 % 37);
    y[i] = (double)(i * 11 % 41);
  }
}
static void make_long_steps(double *x, double *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    x[i] = (double)(i * 37 % 101);
    y[i] = (double)(i * 53 % 97 + i * 37 % 101 / 3);
  }
}
static const scipy_case SCIPY[] = {
    {"seven", 7, make_seven, 0.7142857142857143, 0.03015873015873016, 0.8571428571428573},
    {"tied", 8, make_tied, 0.5004345937369795, 0.1125976846134809, 0.6227523687795277},
    {"groups", 8, make_groups, 0.04891159880445184, 0.8848932029273567, 0.10968169942141634},
    {"33, exact", 33, make_steps, -0.056818181818181816, 0.6556644947844955,
     -0.00033422459893048126},
    {"34, normal", 34, make_steps, -0.08021390374331552, 0.5047082923756476, -0.03559969442322383},
    {"1000, tied", 1000, make_long_steps, 0.2129162679094898, 1.5951624997602952e-23,
     0.3092957865039901},
};

static void test_scipy(void **state) {
  static double x[MOST], y[MOST];
  (void)state;
  for (size_t i = 0; i < sizeof SCIPY / sizeof *SCIPY; i++) {
    const scipy_case *c = &SCIPY[i];
    double p;
    c->make(x, y, c->n);
    near(c->what, am_tau_b(&space, x, y, c->n, &p), c->tau, 1e-12);
    near(c->what, p, c->p, 1e-9 * c->p);
    near(c->what, am_spearman(&space, x, y, c->n), c->rho, 1e-12);
  }
}

/* ---- by counting ---- */

static double slow_tau(const double *x, const double *y, int n) {
  double sum = 0, xx = 0, yy = 0;
  for (int i = 0; i < n; i++)
    for (int k = 0; k < i; k++) {
      int a = (x[i] > x[k]) - (x[i] < x[k]), b = (y[i] > y[k]) - (y[i] < y[k]);
      sum += a * b;
      xx += a * a;
      yy += b * b;
    }
  return sum / sqrt(xx * yy);
}

static void test_tau_by_pairs(void **state) {
  double x[60], y[60];
  (void)state;
  for (uint64_t seed = 0; seed < 300; seed++) {
    at_random r = {.seed = seed};
    int n = 2 + (int)(seed % 59);
    for (int i = 0; i < n; i++) { /* with ties */
      x[i] = floor(4 * at_random_normal(&r, (uint64_t)i));
      y[i] = floor(4 * at_random_normal(&r, (uint64_t)(i + 100)) + x[i] / 2);
    }
    near("tau", am_tau_b(&space, x, y, n, NULL), slow_tau(x, y, n), 1e-12);
  }
}

/* scipy 1.10.1: scipy.stats.kendalltau(x, y, variant="c") */
static void test_tau_c(void **state) {
  const double x[] = {1, 2, 3, 4, 5, 5, 2}, y[] = {1, 1, 2, 2, 3, 1, 3}, same[] = {1, 1, 1};
  (void)state;
  near("tau-c", am_tau_c(&space, x, y, 7), 0.2448979591836735, 1e-12);
  near("tau-c, turned round", am_tau_c(&space, y, x, 7), 0.2448979591836735, 1e-12);
  near("one value", am_tau_c(&space, x, same, 3), NAN, 0);
}

/* All orders of 6: the share of those whose tau is at least as far from 0. */
static void permute(const double *x, double *y, int at, double limit, int *far, int *all) {
  if (at == 6) {
    ++*all;
    *far += fabs(slow_tau(x, y, 6)) >= limit - 1e-12;
    return;
  }
  for (int i = at; i < 6; i++) {
    double a = y[at], b = y[i];
    y[at] = b, y[i] = a;
    permute(x, y, at + 1, limit, far, all);
    y[at] = a, y[i] = b;
  }
}

static void test_exact_p(void **state) {
  const double x[6] = {1, 2, 3, 4, 5, 6};
  const double cases[][6] = {
      {1, 2, 3, 4, 5, 6}, {2, 1, 4, 3, 6, 5}, {6, 5, 3, 4, 2, 1}, {3, 6, 2, 5, 1, 4}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double y[6], p, tau = am_tau_b(&space, x, cases[i], 6, &p);
    int far = 0, all = 0;
    memcpy(y, cases[i], sizeof y);
    permute(x, y, 0, fabs(tau), &far, &all);
    near("p", p, (double)far / all, 1e-12);
  }
}

static void test_ranks(void **state) {
  const double v[] = {.2, .5, .2, .1, .2};
  const double want[] = {3, 5, 3, 1, 3}; /* .1; then three that share 2, 3, 4; .5 */
  double rank[5];
  (void)state;
  am_ranks(&space, v, 5, rank);
  for (int i = 0; i < 5; i++) near("rank", rank[i], want[i], 0);
}

/* The probability that a true one is larger, over all pairs. */
static void test_auc_by_pairs(void **state) {
  double v[40], truth[40];
  (void)state;
  for (uint64_t seed = 0; seed < 100; seed++) {
    at_random r = {.seed = seed};
    double sum = 0, pairs = 0;
    for (int i = 0; i < 40; i++) {
      v[i] = floor(3 * at_random_normal(&r, (uint64_t)i));
      truth[i] = i % 3 == 0;
    }
    for (int i = 0; i < 40; i++)
      for (int k = 0; k < 40; k++) {
        if (!truth[i] || truth[k]) continue;
        pairs++;
        sum += v[i] > v[k] ? 1 : v[i] < v[k] ? 0 : .5;
      }
    near("auc", am_roc_auc(&space, v, truth, 40), sum / pairs, 1e-12);
  }
}

/* ---- by hand ---- */

static void test_truth(void **state) {
  const double v[] = {.5, .2, .2, .1}, truth[] = {1, 0, 1, 0};
  (void)state;
  /* (.5 > .2), (.5 > .1), half of (.2 = .2), (.2 > .1): 3.5 of 4 */
  near("auc", am_roc_auc(&space, v, truth, 4), 3.5 / 4, 1e-15);
  /* .5: recall .5 at precision 1; both .2: recall .5 more at precision 2/3 */
  near("ap", am_average_precision(&space, v, truth, 4), .5 + .5 * 2 / 3, 1e-15);
  near("mass", am_mass(v, truth, 4), .7, 1e-15);
  near("top 1", am_top_hits(&space, v, truth, 4, 1), 1, 1e-15);
  near("top 2", am_top_hits(&space, v, truth, 4, 2), 1.5, 1e-15); /* one of the two .2 by lot */
  near("top 3", am_top_hits(&space, v, truth, 4, 3), 2, 1e-15);
}

static void test_spread(void **state) {
  const double v[] = {.5, .25, .25, 0}, same[] = {2, 2, 2, 2}, one[] = {0, 0, 3, 0};
  (void)state;
  near("entropy", am_entropy(v, 4), 1.5 * log(2), 1e-15); /* .5 ln 2 + .5 ln 4 */
  near("gini", am_gini(&space, v, 4), .375, 1e-15);       /* (-3*0 - .25 + .25 + 3*.5) / 4 */
  near("entropy", am_entropy(same, 4), log(4), 1e-15);
  near("gini", am_gini(&space, same, 4), 0, 1e-15);
  near("entropy", am_entropy(one, 4), 0, 1e-15);
  near("gini", am_gini(&space, one, 4), .75, 1e-15); /* 1 - 1/4 */
  /* e / (e + n - 1), e^2 / (e^2 + n - 1) */
  near("sigmoid", am_softmax_bound(1, 18), .138, 5e-4);
  near("sigmoid", am_softmax_bound(1, 196), .014, 5e-4);
  near("tanh", am_softmax_bound(2, 18), .303, 5e-4);
  near("tanh", am_softmax_bound(2, 36), .174, 5e-4);
  near("no bound", am_softmax_bound(INFINITY, 36), 1, 0);
  near("a bound of none", am_softmax_bound(0, 4), .25, 1e-15);
}

static void test_area(void **state) {
  const double x[] = {0, .5, 1}, y[] = {1, .5, .2};
  (void)state;
  near("area", am_area(x, y, 3), .5 * .75 + .5 * .35, 1e-15);
}

/* ---- not defined ---- */

static void test_undefined(void **state) {
  const double v[] = {.5, .3, .2}, same[] = {1, 1, 1}, bad[] = {.5, NAN, .2}, none[] = {0, 0, 0},
               minus[] = {-1, -2, -3};
  double p, both, found, real;
  (void)state;
  near("one key", am_tau_b(&space, v, v, 1, &p), NAN, 0);
  near("p of one key", p, NAN, 0);
  near("no key", am_spearman(&space, v, v, 0), NAN, 0);
  near("ties", am_tau_b(&space, v, same, 3, &p), NAN, 0);
  near("p of ties", p, NAN, 0);
  near("ties", am_tau_b(&space, same, v, 3, NULL), NAN, 0);
  near("ties", am_spearman(&space, same, v, 3), NAN, 0);
  near("NaN", am_tau_b(&space, v, bad, 3, NULL), NAN, 0);
  near("NaN", am_spearman(&space, bad, v, 3), NAN, 0);
  near("all true", am_roc_auc(&space, v, same, 3), NAN, 0);
  near("none true", am_average_precision(&space, v, none, 3), NAN, 0);
  near("NaN", am_mass(bad, v, 3), NAN, 0);
  near("unknown truth", am_top_hits(&space, v, bad, 3, 1), NAN, 0);
  am_overlap(minus, (const double[]){1, 0, 0}, NULL, 3, .5, &both, &found, &real);
  near("nothing positive", both, NAN, 0);
  near("entropy of one", am_entropy(v, 1), NAN, 0);
  near("entropy of nothing", am_entropy(none, 3), NAN, 0);
  near("gini of NaN", am_gini(&space, bad, 3), NAN, 0);
  near("range", am_softmax_bound(NAN, 3), NAN, 0);
  near("range", am_softmax_bound(-1, 3), NAN, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tau_c),        cmocka_unit_test(test_scipy),
      cmocka_unit_test(test_tau_by_pairs), cmocka_unit_test(test_exact_p),
      cmocka_unit_test(test_ranks),        cmocka_unit_test(test_auc_by_pairs),
      cmocka_unit_test(test_truth),        cmocka_unit_test(test_spread),
      cmocka_unit_test(test_area),         cmocka_unit_test(test_undefined)};
  return cmocka_run_group_tests_name("attention_math", tests, NULL, NULL);
}
