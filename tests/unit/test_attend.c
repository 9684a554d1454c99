/* Attention in one pass: which graphs of training get it, and that loss and gradients stay what
 * they were; the operator by itself is among the cases of test_ops. */
#include "cm.h"
#include "core/graph/exec.h"
#include "graph_text.h"

enum { P = 3, MOST = 1 << 14 };

static at_graph *training(const char *text, unsigned passes, at_graph **whole) {
  at_error err = {0};
  at_graph *g;
  *whole = model(text, AT_PASS_WHOLE);
  if (at_graph_training(*whole, passes, &g, &err)) fail_msg("%s", err.message);
  return g;
}

static int count(const at_graph *g, const char *op) {
  int n = 0;
  for (int i = 0; i < g->n_node; i++) n += !strcmp(g->node[i]->op->name, op);
  return n;
}

typedef struct outcome {
  float loss;
  size_t n, bytes;
  float *grad;
} outcome;

static void bind(at_exec *x, const at_graph *g, float in[][MOST]) {
  at_error err = {0};
  int64_t offsets[P + 1] = {0};
  for (int a = 0; a < g->n_axis; a++) {
    const at_axis *axis = &g->axis[a];
    if (axis->kind == AT_BATCH) assert_int_equal(at_exec_size(x, axis->name, P, &err), AT_OK);
    if (axis->parent < 0 || axis->from >= 0 || axis->n_part) continue;
    for (int i = 0; i < P; i++) offsets[i + 1] = offsets[i] + 1 + (i * 5 + a * 3 + 2) % 40;
    assert_int_equal(at_exec_ragged(x, axis->name, offsets, P, &err), AT_OK);
  }
  for (int k = 0; k < g->n_input; k++) {
    for (int i = 0; i < MOST; i++) in[k][i] = (float)((i * 7919 + k * 104729) % 1009) / 504.5f - 1;
    assert_int_equal(at_exec_input(x, g->input[k]->name, in[k], &err), AT_OK);
  }
  if (at_exec_ready(x, &err)) fail_msg("%s", err.message);
}

static outcome run(const at_graph *g, at_pool *pool) {
  at_error err = {0};
  at_params *params;
  at_exec *x;
  static float in[4][MOST];
  const at_exec_options o = {.gradients = true, .poison = true, .pool = pool};
  assert_int_equal(at_params_new(g, &params, &err), AT_OK);
  at_params_init(params, 3);
  if (at_exec_new(g, params, &o, &x, &err)) fail_msg("%s", err.message);
  bind(x, g, in);
  at_exec_forward(x, 1, 1, true);
  at_exec_backward(x);
  outcome r = {at_exec_loss(x), params->count, at_exec_bytes(x),
               malloc(params->count * sizeof(float))};
  memcpy(r.grad, params->grad, r.n * sizeof(float));
  at_exec_free(x);
  at_params_free(params);
  return r;
}

static void same_numbers(const at_graph *a_graph, const at_graph *b_graph) {
  outcome a = run(a_graph, NULL), b = run(b_graph, NULL);
  assert_int_equal(a.n, b.n);
  assert_true(isfinite(a.loss));
  assert_true(fabsf(a.loss - b.loss) <= 2e-6f * fabsf(b.loss));
  near_gradients(a.grad, b.grad, b.n, 50, "without the pass");
  free(a.grad);
  free(b.grad);
}

static void same_bits(const at_graph *g) {
  at_pool *pool;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  outcome a = run(g, NULL), b = run(g, pool);
  assert_memory_equal(&a.loss, &b.loss, sizeof a.loss);
  assert_memory_equal(a.grad, b.grad, a.n * sizeof *a.grad);
  free(a.grad);
  free(b.grad);
  at_pool_free(pool);
}

#define LOOK(clauses)                                                             \
  "  attend look(query = q |> linear(d -> d) @q, key = k |> linear(d -> d) @k,\n" \
  "              value = k |> linear(d -> e = 10) @v, over = cell, along = d) {\n" clauses "  }\n"
#define LOSS "  output look\n  loss look |> square |> mean_all }"
#define DENSE                                          \
  "model m {\n  input q: real [p, row = 150, d = 8]\n" \
  "  input k: real [p, cell = 400, d = 8]\n"
#define SELF(size)                                                                \
  "model m {\n  input q: real [p, " size                                          \
  ", d = 8]\n"                                                                    \
  "  attend look(query = q |> linear(d -> d) @q, key = q |> linear(d -> d) @k,\n" \
  "              value = q |> linear(d -> d) @v, over = item, along = d) {\n"

static const char *const fused[] = {
    /* more rows than a tile has */
    DENSE LOOK("    score = dot\n    weigh = softmax\n") LOSS,
    DENSE LOOK("    score = scaled_dot\n    weigh = softmax(3)\n    heads = 2\n") LOSS,
    SELF("item...") "    score = scaled_dot\n    weigh = softmax\n    heads = 4\n  }\n" LOSS,
    SELF("item...") "    score = dot\n    mask = causal\n    weigh = softmax\n  }\n" LOSS,
    SELF("item = 30") "    score = dot\n    mask = causal\n    weigh = softmax(2)\n"
                      "    heads = 2\n  }\n" LOSS,
    /* ragged keys, and rows along two axes */
    "model m {\n  input q: real [p, y = 4, x = 5, d = 8]\n  input k: real [p, cell..., d = 8]\n"
    LOOK("    score = dot\n    weigh = softmax\n") LOSS,
    /* ragged rows */
    "model m {\n  input q: real [p, word..., d = 8]\n  input k: real [p, cell = 7, d = 8]\n"
    LOOK("    score = dot\n    weigh = softmax\n    heads = 2\n") LOSS,
    /* factors before and behind, and parts of what is joined */
    "model m {\n  input a: real [p, word..., d = 8]\n  input b: real [p, step..., d = 8]\n"
    "  let q = concat(a, b, [word, step] -> item)\n"
    "  attend look(query = q |> linear(d -> d) @q, key = q |> linear(d -> d) @k,\n"
    "              value = q |> linear(d -> d) @v, over = item, along = d) {\n"
    "    score = scaled_dot\n    refine = scale(3) |> scale(0.5)\n    mask = causal(step)\n"
    "    weigh = softmax\n  }\n  output look\n"
    "  loss look |> part(item -> step) |> square |> mean_all }",
};

static void test_fused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof fused / sizeof *fused; i++) {
    at_graph *whole[2];
    at_graph *a = training(fused[i], AT_PASS_ALL, &whole[0]);
    at_graph *b = training(fused[i], AT_PASS_ALL & ~(unsigned)AT_PASS_ATTEND, &whole[1]);
    if (count(a, "attention") != 1 || count(a, "softmax") || count(a, "contract"))
      fail_msg("model %zu is not in one pass", i);
    assert_int_equal(count(b, "attention"), 0);
    assert_int_equal(count(b, "softmax"), 1);
    assert_int_equal(count(whole[0], "softmax"), 1); /* to be looked at */
    same_numbers(a, b);
    same_bits(a);
    for (int k = 0; k < 2; k++) at_graph_free(whole[k]);
    at_graph_free(a);
    at_graph_free(b);
  }
}

/* One row of queries; weights that are read, dropped or no softmax; a score that is no product; a
 * shift, which a mask would not bear. */
static const char *const left_alone[] = {
    "model m {\n  input q: real [p, d = 8]\n  input k: real [p, cell = 9, d = 8]\n"
    LOOK("    score = dot\n    weigh = softmax\n") LOSS,
    DENSE LOOK("    score = dot\n    weigh = sparsemax\n") LOSS,
    DENSE LOOK("    score = dot\n    weigh = softmax\n    dropout = 0.2\n") LOSS,
    DENSE LOOK("    score = dot\n    refine = tanh\n    weigh = softmax\n") LOSS,
    SELF("item = 30") "    score = dot\n    refine = scale(1, shift = 2)\n    mask = causal\n"
                      "    weigh = softmax\n  }\n" LOSS,
    "model m {\n  input q: real [p, row = 5, d = 8]\n  input k: real [p, cell = 9, d = 8]\n"
    "  let w = contract(q |> linear(d -> d) @q, k |> linear(d -> d) @k, d) |> softmax(cell)\n"
    "  output look = contract(w, k |> linear(d -> e = 10) @v, cell)\n"
    "  loss (look |> square |> mean_all) + (w |> square |> mean_all) }",
};

static void test_left_alone(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof left_alone / sizeof *left_alone; i++) {
    at_graph *whole, *g = training(left_alone[i], AT_PASS_ALL, &whole);
    if (count(g, "attention")) fail_msg("model %zu is in one pass", i);
    at_graph_free(g);
    at_graph_free(whole);
  }
}

/* Weights are never there as a whole. */
static void test_memory(void **state) {
  static const char text[] = DENSE LOOK("    score = dot\n    weigh = softmax\n") LOSS;
  at_graph *whole[2];
  (void)state;
  at_graph *a = training(text, AT_PASS_ALL, &whole[0]);
  at_graph *b = training(text, AT_PASS_ALL & ~(unsigned)AT_PASS_ATTEND, &whole[1]);
  outcome few = run(a, NULL), all = run(b, NULL);
  assert_true(few.bytes < all.bytes);
  free(few.grad);
  free(all.grad);
  for (int k = 0; k < 2; k++) at_graph_free(whole[k]);
  at_graph_free(a);
  at_graph_free(b);
}

static void test_name(void **state) {
  (void)state;
  assert_int_equal(at_pass_find("attend"), AT_PASS_ATTEND);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_fused),
                                     cmocka_unit_test(test_left_alone),
                                     cmocka_unit_test(test_memory), cmocka_unit_test(test_name)};
  return cmocka_run_group_tests_name("attend", tests, NULL, NULL);
}
