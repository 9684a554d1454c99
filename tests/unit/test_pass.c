/* The pass that splits linear layers of joined values: which graphs it changes and how, and that
 * loss and gradients stay what they were. */
#include "cm.h"
#include "core/graph/exec.h"
#include "graph_text.h"

enum { P = 3, MOST = 110000 };

static int count(const at_graph *g, const char *op) {
  int n = 0;
  for (int i = 0; i < g->n_node; i++) n += !strcmp(g->node[i]->op->name, op);
  return n;
}

typedef struct outcome {
  float loss;
  size_t n;
  float *grad;
} outcome;

/* Every batch axis has `items`. */
static outcome run(const char *text, int64_t items, unsigned passes) {
  at_error err = {0};
  at_graph *g = model(text, passes);
  at_params *params;
  at_exec *x;
  static float in[2][MOST];
  const at_exec_options o = {.gradients = true, .poison = true};
  assert_int_equal(at_params_new(g, &params, &err), AT_OK);
  at_params_init(params, 3);
  if (at_exec_new(g, params, &o, &x, &err)) fail_msg("%s", err.message);
  for (int k = 0; k < g->n_axis; k++)
    if (g->axis[k].kind == AT_BATCH)
      assert_int_equal(at_exec_size(x, g->axis[k].name, items, &err), AT_OK);
  for (int k = 0; k < g->n_input; k++) {
    for (int i = 0; i < MOST; i++) in[k][i] = (float)((i * 7919 + k * 104729) % 1009) / 504.5f - 1;
    assert_int_equal(at_exec_input(x, g->input[k]->name, in[k], &err), AT_OK);
  }
  if (at_exec_ready(x, &err)) fail_msg("%s", err.message);
  at_exec_forward(x, 1, 1, true);
  at_exec_backward(x);
  outcome r = {at_exec_loss(x), params->count, malloc(params->count * sizeof(float))};
  memcpy(r.grad, params->grad, r.n * sizeof(float));
  at_exec_free(x);
  at_params_free(params);
  at_graph_free(g);
  return r;
}

/* With all passes and without that one; true: to the last bit. */
static bool same_numbers(const char *text, int64_t items, unsigned pass) {
  outcome a = run(text, items, AT_PASS_ALL), b = run(text, items, AT_PASS_ALL & ~pass);
  assert_int_equal(a.n, b.n);
  if (fabsf(a.loss - b.loss) > 1e-5f * fabsf(b.loss))
    fail_msg("loss %.9g and %.9g", a.loss, b.loss);
  near_gradients(a.grad, b.grad, b.n, 1000, "without the pass");
  const bool bits = !memcmp(a.grad, b.grad, a.n * sizeof *a.grad);
  free(a.grad);
  free(b.grad);
  return bits;
}

/* What all turns have in common is worked out once, and no joined value is left. */
static const char turns[] =
    "model m { input a: real [p, cell = 5, d = 20] input q: real [p, d = 20]\n"
    "let known = a |> linear(d -> d) @known\n"
    "repeat t = 1 to 3 with memory = q {\n"
    "  let near = known * memory\n"
    "  let seen = concat(near, known, d -> both) |> linear(both -> d) @seen |> tanh\n"
    "  next memory = concat(memory, mean(seen, cell), d -> both) |> linear(both -> d) @write\n"
    "}\n"
    "output memory loss mean_all(square(memory)) }";

static void test_turns(void **state) {
  (void)state;
  at_graph *g = model(turns, AT_PASS_ALL);
  assert_int_equal(count(g, "concat"), 0);
  assert_int_equal(count(g, "linear"), 1);
  assert_int_equal(count(g, "linear_part"), 1 + 3 + 2 * 3); /* known once, near three times */
  at_graph_free(g);
  g = model(turns, AT_PASS_ALL & ~(unsigned)AT_PASS_SPLIT);
  assert_int_equal(count(g, "concat"), 6);
  assert_int_equal(count(g, "linear_part"), 0);
  at_graph_free(g);
  same_numbers(turns, P, AT_PASS_SPLIT);
}

/* A joined value that others read as well, that is an output, or whose parts are thin. */
static const char *const left_alone[] = {
    "model m { input a: real [p, d = 20] let c = concat(a, tanh(a), d -> both)\n"
    "output y = c |> linear(both -> d = 20) loss mean_all(square(y)) + mean_all(square(c)) }",
    "model m { input a: real [p, d = 20] let c = concat(a, tanh(a), d -> both)\n"
    "output c output y = c |> linear(both -> d = 20) loss mean_all(square(y)) }",
    "model m { input a: real [p, d = 15] let c = concat(a, tanh(a), d -> both)\n"
    "output y = c |> linear(both -> d = 20) loss mean_all(square(y)) }",
    "model m { input a: real [p, cell = 5, d = 20] let c = concat(a, tanh(a), cell -> both)\n"
    "output y = c |> linear(both -> e = 20) loss mean_all(square(y)) }",
};

static void test_left_alone(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof left_alone / sizeof *left_alone; i++) {
    at_graph *g = model(left_alone[i], AT_PASS_ALL);
    assert_int_equal(count(g, "linear"), 1);
    assert_int_equal(count(g, "linear_part"), 0);
    at_graph_free(g);
  }
}

/* Three parts of one layer without a bias, and two layers of one joined value. */
static const char three[] =
    "model m { input a: real [p, cell = 5, d = 20]\n"
    "let c = concat(a, tanh(a), a |> linear(d -> d), d -> all)\n"
    "let y = (c |> linear(all -> e = 18, bias = false) @one) * (c |> linear(all -> e = 18) @two)\n"
    "output y loss mean_all(square(y)) }";

static void test_three(void **state) {
  (void)state;
  at_graph *g = model(three, AT_PASS_ALL);
  assert_int_equal(count(g, "concat"), 0);
  assert_int_equal(count(g, "linear_part"), 6);
  at_graph_free(g);
  same_numbers(three, P, AT_PASS_SPLIT);
}

/* In fewer multiplications, so in other bits: 3 x 3, and 4 x 4 in steps of two. */
static const char convolved[] =
    "model m { input a: real [p, y = 14, x = 14, c = 36]\n"
    "let b = a |> conv2d(y, x, c -> d = 36, kernel = 3, padding = 1) @one |> tanh\n"
    "output z = b |> conv2d(y, x, d -> e = 36, kernel = 4, stride = 2, padding = 1) @two\n"
    "loss mean_all(square(z)) }";

static void test_tiles(void **state) {
  (void)state;
  assert_false(same_numbers(convolved, P, AT_PASS_TILES));
  assert_true(same_numbers(three, P, AT_PASS_TILES));
}

/* The first two read the map as it was; the third is too small, the last has a bias. */
static const char larger[] =
    "model m { input a: real [p, y = 8, x = 9, c = 32]\n"
    "let b = a |> resize(y, x, by = 2) |> conv2d(y, x, c -> c = 40, bias = false) @one |> tanh\n"
    "let d = b |> resize(y, x, by = 2) |> conv2d(y, x, c -> d = 33, bias = false) @two |> tanh\n"
    "let s = a |> slice(y -> row, begin = 1) |> resize(row, x)\n"
    "    |> conv2d(row, x, c -> c, bias = false) @three\n"
    "let t = a |> resize(y, x, by = 2) |> conv2d(y, x, c -> c) @four\n"
    "output d loss mean_all(square(d)) + mean_all(square(s)) + mean_all(square(t)) }";

static void test_doubled(void **state) {
  (void)state;
  const struct {
    unsigned passes;
    int made;
  } cases[] = {{AT_PASS_ALL, 2},
               {AT_PASS_ALL & ~(unsigned)AT_PASS_DOUBLED, 0},
               {AT_PASS_ALL & ~(unsigned)AT_PASS_TILES, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    at_graph *g = model(larger, cases[i].passes);
    assert_int_equal(count(g, "conv2d_doubled"), cases[i].made);
    assert_int_equal(count(g, "conv2d"), 4 - cases[i].made);
    at_graph_free(g);
  }
  assert_false(same_numbers(larger, P, AT_PASS_DOUBLED));
}

/* Every picture with every caption: of 48 x 48 pairs the loss looks at 3 in 48, so of the gradient
 * of the scores, [5 x 48, 30 x 48], most are zeros. */
static const char pairs[] =
    "model m { input a: real [p, region = 5, d = 70] input b: real [q, word = 30, d = 70]\n"
    "let v = a |> linear(d -> d) @v let w = b |> linear(d -> d) @w\n"
    "let y = contract(v, w, d) |> tanh |> mean(region) |> mean(word)\n"
    "output y loss triplet(y, p, q, margin = 0.2, negatives = %s) }";

static void test_zeros(void **state) {
  (void)state;
  char text[600];
  snprintf(text, sizeof text, pairs, "hardest");
  assert_false(same_numbers(text, 48, AT_PASS_ZEROS));
  snprintf(text, sizeof text, pairs, "sum");
  assert_true(same_numbers(text, 48, AT_PASS_ZEROS));
}

static void test_names(void **state) {
  (void)state;
  assert_int_equal(at_pass_find("gram"), AT_PASS_GRAM);
  assert_int_equal(at_pass_find("cse"), AT_PASS_CSE);
  assert_int_equal(at_pass_find("split"), AT_PASS_SPLIT);
  assert_int_equal(at_pass_find("grams"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_turns), cmocka_unit_test(test_left_alone), cmocka_unit_test(test_three),
      cmocka_unit_test(test_tiles), cmocka_unit_test(test_doubled),    cmocka_unit_test(test_zeros),
      cmocka_unit_test(test_names)};
  return cmocka_run_group_tests_name("passes", tests, NULL, NULL);
}
