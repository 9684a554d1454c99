/* Recurrent weights packed once for all steps: from four steps on, where states are not short.
 * Losses and gradients are those without, which a longer sequence that no loss reads shows. */
#include "cm.h"
#include "core/graph/exec.h"
#include "graph_text.h"

enum { D = 6, H = 70, SHORT = 3 + 2 + 1, LONG = 7, ALL = 4 };

typedef struct outcome {
  float loss, state[SHORT * H];
  size_t n;
  float *grad;
} outcome;

static at_exec *bound(at_graph *g, at_params *params, bool gradients, at_pool *pool,
                      int sequences) {
  static float a[(SHORT + LONG) * D];
  static const float counts[ALL] = {1, 1, 1, 0};
  static const int64_t offsets[] = {0, 3, 5, SHORT, SHORT + LONG};
  at_error err = {0};
  at_exec *x;
  for (int i = 0; i < (SHORT + LONG) * D; i++) a[i] = (float)(i * 7919 % 1009) / 504.5f - 1;
  if (at_exec_new(g, params,
                  &(at_exec_options){.gradients = gradients, .poison = true, .pool = pool}, &x,
                  &err) ||
      at_exec_size(x, "p", sequences, &err) ||
      at_exec_ragged(x, "word", offsets, sequences, &err) || at_exec_input(x, "a", a, &err) ||
      at_exec_input(x, "counts", counts, &err) || at_exec_ready(x, &err))
    fail_msg("%s", err.message);
  return x;
}

static outcome run(const char *layer, at_pool *pool, int sequences, bool gradients) {
  char text[600];
  snprintf(text, sizeof text,
           "model m { input a: real [p, word..., d = %d] input counts: real [p]\n"
           "let y = a |> %s\n"
           "output y loss mean_all(square(sum(y, word) * counts)) * %d }",
           D, layer, sequences);
  at_error err = {0};
  at_graph *g = model(text, AT_PASS_ALL);
  at_params *params;
  assert_int_equal(at_params_new(g, &params, &err), AT_OK);
  at_params_init(params, 3);
  at_exec *x = bound(g, params, gradients, pool, sequences);
  at_exec_forward(x, 1, 1, true);
  outcome r = {
      .loss = at_exec_loss(x), .n = params->count, .grad = calloc(params->count, sizeof(float))};
  memcpy(r.state, at_exec_value(x, g->output[0].node), sizeof r.state);
  if (gradients) {
    at_exec_backward(x);
    memcpy(r.grad, params->grad, r.n * sizeof *r.grad);
  }
  at_exec_free(x);
  at_params_free(params);
  at_graph_free(g);
  return r;
}

static void near_numbers(const float *a, const float *b, size_t n, const char *layer) {
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(a[i] - b[i]) <= 1e-5f))
      fail_msg("%s: %zu is %g, not %g", layer, i, (double)a[i], (double)b[i]);
}

static void check(const char *layer) {
  at_pool *pool;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  outcome plain = run(layer, NULL, ALL - 1, true), packed = run(layer, NULL, ALL, true);
  outcome shared = run(layer, pool, ALL, true), forward = run(layer, NULL, ALL, false);
  near_numbers(packed.state, plain.state, SHORT * H, layer);
  near_numbers(forward.state, plain.state, SHORT * H, layer);
  near_numbers(&packed.loss, &plain.loss, 1, layer);
  near_gradients(packed.grad, plain.grad, plain.n, 10000, layer);
  assert_memory_equal(shared.state, packed.state, sizeof packed.state);
  assert_memory_equal(shared.grad, packed.grad, packed.n * sizeof *packed.grad);
  const outcome *all[] = {&plain, &packed, &shared, &forward};
  for (int i = 0; i < 4; i++) free(all[i]->grad);
  at_pool_free(pool);
}

static void test_gru(void **state) {
  (void)state;
  check("gru(word, d -> h = 70)");
  check("gru(word, d -> h = 70, reverse = true)");
  check("bigru(word, d -> h = 70, merge = mean)");
}

static void test_lstm(void **state) {
  (void)state;
  check("lstm(word, d -> h = 70)");
  check("bilstm(word, d -> h = 70, merge = sum)");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_gru), cmocka_unit_test(test_lstm)};
  return cmocka_run_group_tests_name("recurrent", tests, NULL, NULL);
}
