/* Adam, schedules, averages, what follows from evaluations, checkpoints. */
#include "cm.h"
#include <sys/resource.h>
#include <unistd.h>
#include "core/base/random.h"
#include "core/train/checkpoint.h"
#include "core/train/schedule.h"
#include "core/train/watch.h"

static const at_span nowhere = {-1, 0, 0};
enum { N = 3000 };

static at_graph *make_graph(int64_t n) {
  at_graph *g;
  at_node *p;
  assert_int_equal(at_graph_new("t", &g, NULL), AT_OK);
  const int64_t a[] = {n}, b[] = {3, 5};
  assert_int_equal(
      at_graph_parameter(g, "a", 1, a, (at_init){AT_INIT_NORMAL, 1}, nowhere, &p, NULL), AT_OK);
  assert_int_equal(
      at_graph_parameter(g, "b.weight", 2, b, (at_init){AT_INIT_UNIFORM, 1}, nowhere, &p, NULL),
      AT_OK);
  return g;
}

static void fill_gradients(at_params *p, uint64_t step) {
  at_random r = {.seed = 2, .step = step};
  for (int k = 0; k < p->graph->n_param; k++)
    for (size_t i = 0; i < p->size[k]; i++)
      p->grad[p->offset[k] + i] = at_random_normal(&r, p->offset[k] + i);
}

/* Algorithm 1 of Adam's paper and algorithm 2 of AdamW's, in double, with the clipping of
 * clip_grad_norm_. */
static void twin(double decay) {
  at_graph *g = make_graph(N);
  at_params *p;
  at_optimizer *o;
  static double x[N], m[N], v[N];
  at_adam adam = at_adam_defaults();
  adam.clip = 2;
  adam.decay = decay;
  assert_int_equal(at_params_new(g, &p, NULL), AT_OK);
  at_params_init(p, 3);
  assert_int_equal(at_optimizer_new(p, &adam, &o, NULL), AT_OK);
  for (int i = 0; i < N; i++) x[i] = p->value[i], m[i] = v[i] = 0;
  for (int t = 1; t <= 5; t++) {
    double norm = 0;
    fill_gradients(p, (uint64_t)t);
    for (size_t i = 0; i < p->count; i++) norm += (double)p->grad[i] * p->grad[i];
    norm = sqrt(norm);
    for (int i = 0; i < N; i++) {
      double gr = p->grad[i] * fmin(1, 2 / (norm + 1e-6));
      m[i] = 0.9 * m[i] + 0.1 * gr;
      v[i] = 0.999 * v[i] + 0.001 * gr * gr;
      x[i] -= 0.01 * ((m[i] / (1 - pow(0.9, t))) / (sqrt(v[i] / (1 - pow(0.999, t))) + 1e-8) +
                      decay * x[i]);
    }
    assert_true(fabs(at_optimizer_step(o, NULL, 0.01) - norm) < 1e-6 * norm);
    for (int i = 0; i < N; i++) assert_true(fabs(p->value[i] - x[i]) < 1e-5);
    for (size_t i = 0; i < p->count; i++) assert_true(p->grad[i] == 0);
  }
  at_optimizer_free(o);
  at_params_free(p);
  at_graph_free(g);
}

static void test_adam_twin(void **state) {
  (void)state;
  twin(0);
  twin(0.5);
}

/* Weights 1, no gradient: an update is 1 - rate * decay. */
static void test_decay(void **state) {
  at_graph *g = make_graph(4);
  at_params *p;
  at_optimizer *o;
  at_adam adam = at_adam_defaults();
  (void)state;
  adam.decay = 0.5;
  at_graph_freeze(g, g->param[1]);
  assert_int_equal(at_params_new(g, &p, NULL), AT_OK);
  assert_int_equal(at_optimizer_new(p, &adam, &o, NULL), AT_OK);
  for (int k = 0; k < 2; k++)
    for (size_t i = 0; i < p->size[k]; i++) p->value[p->offset[k] + i] = 1;
  at_optimizer_step(o, NULL, 0.5);
  at_optimizer_step(o, NULL, 1);
  for (size_t i = 0; i < 4; i++) assert_true(p->value[i] == 0.375F); /* 3/4 of it, then half */
  assert_true(p->value[4] == 0);                                     /* padding */
  for (size_t i = 0; i < p->size[1]; i++) assert_true(p->value[p->offset[1] + i] == 1);
  at_optimizer_free(o);
  at_params_free(p);
  at_graph_free(g);
}

/* An objective moves what it updates, and nothing that it does not: neither by momentum nor
 * through the norm that clips. */
static void test_objectives(void **state) {
  const char *const path[] = {"b"};
  const at_objective one = {.name = "one", .updates = path, .n_updates = 1};
  at_graph *g = make_graph(4);
  at_params *p;
  at_optimizer *o;
  at_adam adam = at_adam_defaults();
  (void)state;
  assert_int_equal(at_params_new(g, &p, NULL), AT_OK);
  assert_int_equal(at_optimizer_new(p, &adam, &o, NULL), AT_OK);
  fill_gradients(p, 1);
  at_optimizer_step(o, NULL, 0.1); /* both have momentum now */
  const float a = p->value[0], b = p->value[p->offset[1]];
  for (size_t i = 0; i < p->count; i++) p->grad[i] = 0;
  p->grad[0] = 100;
  p->grad[p->offset[1]] = 3;
  p->grad[p->offset[1] + 14] = 4;
  assert_true(at_optimizer_step_of(o, &one, NULL, 0.1) == 5);
  assert_true(p->value[0] == a && p->value[p->offset[1]] != b);
  assert_true(p->grad[0] == 100 && p->grad[p->offset[1]] == 0);
  assert_int_equal(o->count[0], 1);
  assert_int_equal(o->count[1], 2);
  at_optimizer_free(o);
  at_params_free(p);
  at_graph_free(g);
}

static void test_adam_on_threads(void **state) {
  at_graph *g = make_graph(200000);
  at_params *p[2];
  at_pool *pool;
  at_adam adam = at_adam_defaults();
  (void)state;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  for (int k = 0; k < 2; k++) {
    at_optimizer *o;
    assert_int_equal(at_params_new(g, &p[k], NULL), AT_OK);
    at_params_init(p[k], 3);
    assert_int_equal(at_optimizer_new(p[k], &adam, &o, NULL), AT_OK);
    for (int t = 1; t <= 3; t++) {
      fill_gradients(p[k], (uint64_t)t);
      at_optimizer_step(o, k ? pool : NULL, 0.01);
    }
    at_optimizer_free(o);
  }
  assert_memory_equal(p[0]->value, p[1]->value, p[0]->count * sizeof(float));
  at_params_free(p[0]);
  at_params_free(p[1]);
  at_pool_free(pool);
  at_graph_free(g);
}

/* The norm is that of all numbers, whatever is left of a block or of the lanes in it. */
static void test_norm_of_any_length(void **state) {
  static const int64_t LENGTH[] = {1, 31, 32, 33, 32767, 32768, 32769, 100001};
  (void)state;
  for (size_t k = 0; k < sizeof LENGTH / sizeof *LENGTH; k++) {
    at_graph *g = make_graph(LENGTH[k]);
    at_params *p;
    at_optimizer *o;
    at_adam adam = at_adam_defaults();
    double sum = 0;
    assert_int_equal(at_params_new(g, &p, NULL), AT_OK);
    assert_int_equal(at_optimizer_new(p, &adam, &o, NULL), AT_OK);
    fill_gradients(p, 1);
    for (size_t i = 0; i < p->count; i++) sum += (double)p->grad[i] * p->grad[i];
    assert_true(fabs(at_optimizer_step(o, NULL, 0.1) - sqrt(sum)) <= 1e-13 * sqrt(sum));
    at_optimizer_free(o);
    at_params_free(p);
    at_graph_free(g);
  }
}

static void test_not_finite(void **state) {
  at_graph *g = make_graph(4);
  at_params *p;
  at_optimizer *o;
  at_adam adam = at_adam_defaults();
  (void)state;
  assert_int_equal(at_params_new(g, &p, NULL), AT_OK);
  assert_int_equal(at_optimizer_new(p, &adam, &o, NULL), AT_OK);
  p->value[0] = 7;
  p->grad[0] = NAN;
  assert_true(isnan(at_optimizer_step(o, NULL, 0.1)));
  assert_true(p->value[0] == 7 && p->grad[0] == 0 && o->count[0] == 0);
  at_optimizer_free(o);
  at_params_free(p);
  at_graph_free(g);
}

static double rate_at(const at_schedule *s, double progress, double epochs) {
  return at_schedule_rate(s, &(at_moment){.progress = progress, .epochs = epochs, .step = 1000});
}

static void test_schedules(void **state) {
  at_schedule s = {.kind = AT_CONSTANT, .rate = 2, .factor = 0.1, .every = 15, .floor = 0.1};
  (void)state;
  assert_true(rate_at(&s, 7, 30) == 2);
  s.kind = AT_STEP;
  assert_true(rate_at(&s, 14.99, 30) == 2);
  assert_true(fabs(rate_at(&s, 15, 30) - 0.2) < 1e-12);
  assert_true(fabs(rate_at(&s, 30.5, 60) - 0.02) < 1e-12);
  s.kind = AT_COSINE;
  assert_true(fabs(rate_at(&s, 0, 30) - 2) < 1e-12);
  assert_true(fabs(rate_at(&s, 15, 30) - 2 * 0.55) < 1e-12);
  assert_true(fabs(rate_at(&s, 30, 30) - 0.2) < 1e-12);
  assert_int_equal(at_schedule_kind_of("constant"), AT_CONSTANT);
  assert_int_equal(at_schedule_kind_of("plateau"), AT_PLATEAU);
  assert_int_equal(at_schedule_kind_of("plain"), -1);
}

static void test_plateau_rate(void **state) {
  at_schedule s = {.kind = AT_PLATEAU, .rate = 2, .factor = 0.5, .floor = 0.2};
  const double want[] = {2, 1, 0.5, 0.4, 0.4};
  (void)state;
  for (int i = 0; i < 5; i++)
    assert_true(fabs(at_schedule_rate(&s, &(at_moment){.cuts = i}) - want[i]) < 1e-12);
}

static void test_warmup(void **state) {
  at_schedule s = {.kind = AT_CONSTANT, .rate = 2, .warmup = 4};
  const double want[] = {0.5, 1, 1.5, 2, 2};
  (void)state;
  for (int i = 0; i < 5; i++) assert_true(at_schedule_rate(&s, &(at_moment){.step = i}) == want[i]);
  s.kind = AT_STEP;
  s.factor = 0.1;
  s.every = 1;
  assert_true(fabs(at_schedule_rate(&s, &(at_moment){.progress = 1, .step = 1}) - 0.1) < 1e-12);
}

/* One evaluation after the other, and what is to be seen after each. */
static void test_watch(void **state) {
  static const struct {
    double value;
    bool best;
    int waited, flat, cuts;
    bool over;
  } want[] = {
      {10, true, 0, 0, 0, false},    {10.5, true, 1, 1, 0, false}, /* better, but by less than 1 */
      {10.5, false, 2, 0, 1, false}, {11.5, true, 0, 0, 1, false}, {NAN, false, 1, 1, 1, false},
      {12, true, 2, 0, 2, false},    {12.5, true, 3, 1, 2, false}, /* exactly 1 is not more */
      {3, false, 4, 0, 3, false},    {12, false, 5, 1, 3, true},
  };
  (void)state;
  for (int sign = -1; sign < 2; sign += 2) { /* the same for metrics whose lower end is better */
    at_watch w = {.patience = 5, .plateau = 2, .min_delta = 1, .best = NAN, .mark = NAN};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
      assert_true(at_watch_take(&w, sign * want[i].value, sign > 0) == want[i].best);
      assert_true(w.waited == want[i].waited && w.flat == want[i].flat);
      assert_true(w.cuts == want[i].cuts && w.over == want[i].over);
    }
    assert_true(w.best == sign * 12.5 && w.mark == sign * 11.5);
  }
  at_watch w = {.best = NAN, .mark = NAN};
  assert_false(at_watch_take(&w, NAN, true));
  assert_false(at_watch_take(&w, INFINITY, true));
  assert_true(at_watch_take(&w, -3, true));
  for (int i = 0; i < 100; i++) at_watch_take(&w, -4, true);
  assert_true(!w.over && w.cuts == 0); /* both are off */
}

static void set_weights(at_params *p, float v) {
  for (size_t i = 0; i < p->size[0]; i++) p->value[i] = v;
}

static void test_average(void **state) {
  at_graph *g = make_graph(4);
  at_params *p;
  at_average *a;
  (void)state;
  assert_int_equal(at_params_new(g, &p, NULL), AT_OK);
  at_params_init(p, 8);
  const float still = p->value[p->offset[1]];
  set_weights(p, 1);
  assert_int_equal(at_average_new(p, 0.5, &a, NULL), AT_OK);
  set_weights(p, 12);
  at_average_take(a, NULL, 1); /* 2/11 of 1 and 9/11 of 12 */
  assert_true(fabs(a->value[3] - 10.0) < 1e-5);
  set_weights(p, 14);
  at_average_take(a, NULL, 2); /* a quarter of 10, three of 14 */
  assert_true(fabs(a->value[3] - 13.0) < 1e-5);
  set_weights(p, 15);
  at_average_take(a, NULL, 100); /* the decay itself from here on: half and half */
  assert_true(fabs(a->value[3] - 14.0) < 1e-5);
  assert_true(a->value[p->offset[1]] == still); /* what does not move stays, to the bit */
  at_average_swap(a);
  assert_true(fabs(p->value[3] - 14.0) < 1e-5 && a->value[3] == 15);
  at_average_swap(a);
  assert_true(p->value[3] == 15);
  at_average_free(a);
  at_params_free(p);
  at_graph_free(g);
}

static long peak_kilobytes(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_maxrss;
}

/* First of all tests: the peak is that of the process. */
static void test_checkpoint_takes_no_memory(void **state) {
  enum { MANY = 4 << 20 };
  char path[] = "/tmp/attune-ckpt-XXXXXX";
  at_graph *g = make_graph(MANY);
  at_params *p;
  at_error err = {0};
  (void)state;
  close(mkstemp(path));
  assert_int_equal(at_params_new(g, &p, &err), AT_OK);
  for (size_t i = 0; i < p->count; i++) p->value[i] = (float)i;
  const long before = peak_kilobytes();
  assert_int_equal(at_checkpoint_write(path, p, NULL, NULL, NULL, &err), AT_OK);
  assert_true(peak_kilobytes() - before < MANY * (long)sizeof(float) / 1024 / 4);
  at_params_free(p);
  at_graph_free(g);
  unlink(path);
}

static void test_checkpoint(void **state) {
  char path[] = "/tmp/attune-ckpt-XXXXXX";
  at_graph *g = make_graph(10), *other = make_graph(11);
  at_params *p, *q, *z;
  at_optimizer *o, *u;
  at_average *e, *f;
  at_adam adam = at_adam_defaults();
  at_metadata m = {0}, back = {0};
  at_error err = {0};
  (void)state;
  close(mkstemp(path));
  at_params_new(g, &p, NULL);
  at_params_new(g, &q, NULL);
  at_params_new(other, &z, NULL);
  at_params_init(p, 8);
  at_optimizer_new(p, &adam, &o, NULL);
  at_optimizer_new(q, &adam, &u, NULL);
  fill_gradients(p, 1);
  at_average_new(p, 0.9, &e, NULL);
  at_average_new(q, 0.9, &f, NULL);
  at_optimizer_step(o, NULL, 0.1);
  at_average_take(e, NULL, 1);
  at_metadata_set(&m, "step", "17", NULL);
  assert_int_equal(at_checkpoint_write(path, p, o, e, &m, &err), AT_OK);
  assert_int_equal(at_checkpoint_read(path, q, u, f, &back, &err), AT_OK);
  assert_memory_equal(p->value, q->value, p->count * sizeof(float));
  assert_memory_equal(o->m, u->m, p->count * sizeof(float));
  assert_memory_equal(o->v, u->v, p->count * sizeof(float));
  assert_memory_equal(e->value, f->value, p->count * sizeof(float));
  assert_memory_not_equal(e->value, p->value, p->count * sizeof(float));
  assert_int_equal(at_checkpoint_read_average(path, q, &err), AT_OK);
  assert_memory_equal(e->value, q->value, p->count * sizeof(float));
  assert_string_equal(at_metadata_get(&back, "step"), "17");
  assert_int_equal(at_checkpoint_read(path, z, NULL, NULL, NULL, &err), AT_EINPUT);
  assert_non_null(strstr(
      err.message, "`a` is [10], but the model has it as [11]; the file is of another model"));
  for (size_t i = 0; i < z->count; i++) assert_true(z->value[i] == 0); /* untouched */
  assert_int_equal(at_checkpoint_write(path, p, NULL, NULL, NULL, &err), AT_OK);
  assert_int_equal(at_checkpoint_read(path, q, u, NULL, NULL, &err),
                   AT_EINPUT); /* no moments in it */
  assert_int_equal(at_checkpoint_read(path, q, NULL, f, NULL, &err), AT_EINPUT); /* no averages */
  assert_int_equal(at_checkpoint_read_average(path, q, &err), AT_EINPUT);
  at_metadata_free(&m);
  at_metadata_free(&back);
  at_optimizer_free(o);
  at_optimizer_free(u);
  at_average_free(e);
  at_average_free(f);
  at_params_free(p);
  at_params_free(q);
  at_params_free(z);
  at_graph_free(g);
  at_graph_free(other);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_checkpoint_takes_no_memory),
                                     cmocka_unit_test(test_adam_twin),
                                     cmocka_unit_test(test_decay),
                                     cmocka_unit_test(test_objectives),
                                     cmocka_unit_test(test_adam_on_threads),
                                     cmocka_unit_test(test_norm_of_any_length),
                                     cmocka_unit_test(test_not_finite),
                                     cmocka_unit_test(test_schedules),
                                     cmocka_unit_test(test_plateau_rate),
                                     cmocka_unit_test(test_warmup),
                                     cmocka_unit_test(test_watch),
                                     cmocka_unit_test(test_average),
                                     cmocka_unit_test(test_checkpoint)};
  return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
