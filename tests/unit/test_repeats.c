/* Recurrent layers over words, where each word's part is worked out once: as with every row's own,
 * whatever the number of threads. */
#include "core/graph/repeats.h"
#include <math.h>
#include "cm.h"
#include "graph_text.h"

enum { V = 400, WORDS = 7, ITEMS = 150, E = 6, H = 5, MOST = ITEMS * WORDS * H };

static const char TEXT[] =
    "model m {\n"
    "  input word: token(400) [item, place: sequence = 7]\n"
    "  let e = word |> embed(-> e = 6, scale = 1)\n"
    "  let y = e |> bi%s(place, e -> h = %s)\n"
    "  output y\n"
    "}";

typedef struct way {
  unsigned passes;
  bool keep_all;
  int threads;
} way;

/* The output for tokens below `most`, and bytes for finding repeats. */
static size_t outcome(const char *cell, const char *h, way w, int32_t most, float *y) {
  static int32_t word[ITEMS * WORDS];
  char text[400];
  at_error err = {0};
  at_exec_options o = {.keep_all = w.keep_all, .poison = true};
  at_params *p = NULL;
  at_exec *x = NULL;
  snprintf(text, sizeof text, TEXT, cell, h);
  at_graph *g = model(text, w.passes);
  for (int i = 0; i < ITEMS * WORDS; i++) word[i] = i * i % 1009 * 7 % most;
  if (at_pool_new(w.threads, &o.pool, &err) || at_params_new(g, &p, &err) ||
      at_exec_new(g, p, &o, &x, &err))
    fail_msg("%s", err.message);
  at_params_init(p, 3);
  if (at_exec_size(x, "item", ITEMS, &err) || at_exec_input(x, "word", word, &err) ||
      at_exec_ready(x, &err))
    fail_msg("%s", err.message);
  at_exec_forward(x, 1, 0, false);
  const at_node *out = g->output[0].node;
  const size_t bytes = at_repeats_bytes(x, out->in[0]);
  memcpy(y, at_exec_value(x, out), (size_t)at_x_count(x, out) * sizeof *y);
  at_exec_free(x);
  at_params_free(p);
  at_graph_free(g);
  at_pool_free(o.pool);
  return bytes;
}

static void check(const char *cell, const char *h, int32_t most) {
  static float given[2 * MOST], own[2 * MOST], once[2 * MOST], wide[2 * MOST];
  const unsigned without = AT_PASS_ALL & ~(unsigned)AT_PASS_REPEATS;
  assert_int_equal(outcome(cell, h, (way){AT_PASS_ALL, true, 1}, most, given), 0);
  assert_int_equal(outcome(cell, h, (way){without, false, 1}, most, own), 0);
  assert_true(outcome(cell, h, (way){AT_PASS_ALL, false, 1}, most, once) > 0);
  outcome(cell, h, (way){AT_PASS_ALL, false, 3}, most, wide);
  assert_memory_equal(given, own, MOST * sizeof *own);
  for (int i = 0; i < MOST; i++) assert_true(fabsf(own[i] - once[i]) < 1e-6f);
  assert_memory_equal(once, wide, MOST * sizeof *once);
}

static void test_same(void **state) {
  (void)state;
  check("gru", "5", V);
  check("lstm", "10", V);
}

static void test_few_words_stay(void **state) {
  (void)state;
  check("gru", "5", 20);
}

static void test_name(void **state) {
  (void)state;
  assert_int_equal(at_pass_find("repeats"), AT_PASS_REPEATS);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_same),
                                     cmocka_unit_test(test_few_words_stay),
                                     cmocka_unit_test(test_name)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
