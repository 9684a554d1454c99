/* Adam, schedules, checkpoints. */
#include "cm.h"
#include <unistd.h>
#include "core/base/random.h"
#include "core/train/checkpoint.h"
#include "core/train/schedule.h"

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

/* Algorithm 1 of the paper in double, with the clipping of clip_grad_norm_. */
static void test_adam_twin(void **state) {
  at_graph *g = make_graph(N);
  at_params *p;
  at_optimizer *o;
  static double x[N], m[N], v[N];
  at_adam adam = at_adam_defaults();
  (void)state;
  adam.clip = 2;
  assert_int_equal(at_params_new(g, &p, NULL), AT_OK);
  at_params_init(p, 3);
  assert_int_equal(at_optimizer_new(p, &adam, &o, NULL), AT_OK);
  for (int i = 0; i < N; i++) x[i] = p->value[i];
  for (int t = 1; t <= 5; t++) {
    double norm = 0;
    fill_gradients(p, (uint64_t)t);
    for (size_t i = 0; i < p->count; i++) norm += (double)p->grad[i] * p->grad[i];
    norm = sqrt(norm);
    for (int i = 0; i < N; i++) {
      double gr = p->grad[i] * fmin(1, 2 / (norm + 1e-6));
      m[i] = 0.9 * m[i] + 0.1 * gr;
      v[i] = 0.999 * v[i] + 0.001 * gr * gr;
      x[i] -= 0.01 * (m[i] / (1 - pow(0.9, t))) / (sqrt(v[i] / (1 - pow(0.999, t))) + 1e-8);
    }
    assert_true(fabs(at_optimizer_step(o, NULL, 0.01) - norm) < 1e-6 * norm);
    for (int i = 0; i < N; i++) assert_true(fabs(p->value[i] - x[i]) < 1e-5);
    for (size_t i = 0; i < p->count; i++) assert_true(p->grad[i] == 0);
  }
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
  assert_true(p->value[0] == 7 && p->grad[0] == 0 && o->count == 0);
  at_optimizer_free(o);
  at_params_free(p);
  at_graph_free(g);
}

static void test_schedules(void **state) {
  at_schedule s = {.kind = AT_CONSTANT, .rate = 2, .factor = 0.1, .every = 15, .floor = 0.1};
  (void)state;
  assert_true(at_schedule_rate(&s, 7, 30) == 2);
  s.kind = AT_STEP;
  assert_true(at_schedule_rate(&s, 14.99, 30) == 2);
  assert_true(fabs(at_schedule_rate(&s, 15, 30) - 0.2) < 1e-12);
  assert_true(fabs(at_schedule_rate(&s, 30.5, 60) - 0.02) < 1e-12);
  s.kind = AT_COSINE;
  assert_true(fabs(at_schedule_rate(&s, 0, 30) - 2) < 1e-12);
  assert_true(fabs(at_schedule_rate(&s, 15, 30) - 2 * 0.55) < 1e-12);
  assert_true(fabs(at_schedule_rate(&s, 30, 30) - 0.2) < 1e-12);
}

static void test_checkpoint(void **state) {
  char path[] = "/tmp/attune-ckpt-XXXXXX";
  at_graph *g = make_graph(10), *other = make_graph(11);
  at_params *p, *q, *z;
  at_optimizer *o, *u;
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
  at_optimizer_step(o, NULL, 0.1);
  at_metadata_set(&m, "step", "17", NULL);
  assert_int_equal(at_checkpoint_write(path, p, o, &m, &err), AT_OK);
  assert_int_equal(at_checkpoint_read(path, q, u, &back, &err), AT_OK);
  assert_memory_equal(p->value, q->value, p->count * sizeof(float));
  assert_memory_equal(o->m, u->m, p->count * sizeof(float));
  assert_memory_equal(o->v, u->v, p->count * sizeof(float));
  assert_string_equal(at_metadata_get(&back, "step"), "17");
  assert_int_equal(at_checkpoint_read(path, z, NULL, NULL, &err), AT_EINPUT);
  assert_non_null(strstr(
      err.message, "`a` is [10], but the model has it as [11]; the file is of another model"));
  for (size_t i = 0; i < z->count; i++) assert_true(z->value[i] == 0); /* untouched */
  assert_int_equal(at_checkpoint_write(path, p, NULL, NULL, &err), AT_OK);
  assert_int_equal(at_checkpoint_read(path, q, u, NULL, &err), AT_EINPUT); /* no moments in it */
  at_metadata_free(&m);
  at_metadata_free(&back);
  at_optimizer_free(o);
  at_optimizer_free(u);
  at_params_free(p);
  at_params_free(q);
  at_params_free(z);
  at_graph_free(g);
  at_graph_free(other);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_adam_twin), cmocka_unit_test(test_adam_on_threads),
      cmocka_unit_test(test_not_finite), cmocka_unit_test(test_schedules),
      cmocka_unit_test(test_checkpoint)};
  return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
