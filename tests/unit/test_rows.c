/* Rows that are read alone: which graphs the pass changes and how, that loss and gradients stay
 * what they were, and what a graph of training leaves out. */
#include "cm.h"
#include "core/graph/exec.h"
#include "graph_text.h"

enum { P = 3, MOST = 4096 };

typedef struct pair {
  at_graph *whole, *training;
} pair;

static pair of(const char *text, unsigned passes) {
  at_error err = {0};
  pair p = {model(text, AT_PASS_WHOLE), NULL};
  passes &= ~(unsigned)AT_PASS_ATTEND; /* test_attend: it rounds otherwise */
  if (at_graph_training(p.whole, passes, &p.training, &err)) fail_msg("%s", err.message);
  return p;
}

static void forget(pair *p) {
  at_graph_free(p->training);
  at_graph_free(p->whole);
}

/* Nodes of the operator whose value has the axis; NULL: of any axes. */
static int count(const at_graph *g, const char *op, const char *axis) {
  const int a = axis ? at_graph_find_axis(g, axis) : -1;
  int n = 0;
  for (int i = 0; i < g->n_node; i++)
    n += !strcmp(g->node[i]->op->name, op) && (!axis || at_node_dim(g->node[i], a) >= 0);
  return n;
}

/* ---- running ---- */

typedef struct outcome {
  float loss;
  size_t n, bytes;
  float *grad;
} outcome;

static void bind(at_exec *x, const at_graph *g, float in[][MOST], int32_t *ids) {
  at_error err = {0};
  int64_t offsets[P + 1] = {0};
  for (int a = 0; a < g->n_axis; a++) {
    const at_axis *axis = &g->axis[a];
    if (axis->kind == AT_BATCH) assert_int_equal(at_exec_size(x, axis->name, P, &err), AT_OK);
    if (axis->parent < 0 || axis->from >= 0 || axis->n_part) continue;
    for (int i = 0; i < P; i++) offsets[i + 1] = offsets[i] + 2 + (i * 5 + a * 3 + 2) % 4;
    assert_int_equal(at_exec_ragged(x, axis->name, offsets, P, &err), AT_OK);
  }
  for (int i = 0; i < MOST; i++) ids[i] = i % 3;
  for (int k = 0; k < g->n_input; k++) {
    const bool real = g->input[k]->type == AT_REAL;
    for (int i = 0; i < MOST; i++) in[k][i] = (float)((i * 7919 + k * 104729) % 1009) / 504.5f - 1;
    const void *v = real ? (const void *)in[k] : ids;
    if (at_exec_input(x, g->input[k]->name, v, &err)) fail_msg("%s", err.message);
  }
  if (at_exec_ready(x, &err)) fail_msg("%s", err.message);
}

static outcome run(const at_graph *g) {
  at_error err = {0};
  at_params *params;
  at_exec *x;
  static float in[4][MOST];
  static int32_t ids[MOST];
  const at_exec_options o = {.gradients = true, .poison = true};
  assert_int_equal(at_params_new(g, &params, &err), AT_OK);
  at_params_init(params, 3);
  if (at_exec_new(g, params, &o, &x, &err)) fail_msg("%s", err.message);
  bind(x, g, in, ids);
  at_exec_forward(x, 1, 1, true);
  at_exec_backward(x);
  outcome r = {at_exec_loss(x), params->count, at_exec_bytes(x),
               malloc(params->count * sizeof(float))};
  memcpy(r.grad, params->grad, r.n * sizeof(float));
  at_exec_free(x);
  at_params_free(params);
  return r;
}

/* `one`: of some product one row alone is left, and its sums run in another order. */
static void same_numbers(const at_graph *a_graph, const at_graph *b_graph, bool one) {
  outcome a = run(a_graph), b = run(b_graph);
  assert_int_equal(a.n, b.n);
  assert_true(isfinite(a.loss));
  if (one)
    assert_true(fabsf(a.loss - b.loss) <= 2e-6f * fabsf(b.loss));
  else
    assert_memory_equal(&a.loss, &b.loss, sizeof a.loss);
  near_gradients(a.grad, b.grad, b.n, 100, "with all rows");
  free(a.grad);
  free(b.grad);
}

/* ---- models ---- */

/* A layer of a transformer over `item`, which attends to itself. */
#define LAYER(mask)                                                                     \
  "module layer(x, d) {\n"                                                              \
  "  attend look(query = x |> linear(d -> d) @query, key = x |> linear(d -> d) @key,\n" \
  "              value = x |> linear(d -> d) @value, over = item, along = d) {\n"       \
  "    score = scaled_dot\n    heads = 2\n" mask                                        \
  "    weigh = softmax\n  }\n"                                                          \
  "  let mid = x + (look |> linear(d -> d) @out) |> layer_norm(d) @ln1\n"               \
  "  let wide = mid |> linear(d -> wide = 12) @ff1 |> gelu\n"                           \
  "  return mid + (wide |> linear(wide -> d) @ff2) |> layer_norm(d) @ln2\n"             \
  "}\n"

#define JOINED                                                                         \
  "  input word: real [p, word..., d = 8]\n  input token: real [p, token..., d = 8]\n" \
  "  input step: real [p, step..., d = 8]\n"                                           \
  "  let all = concat(word, token, step, [word, token, step] -> item)\n"               \
  "  let one = layer(all, d) @one\n  let x = layer(one, d) @two\n  output states = x\n"

#define PART(axis) "(x |> part(item -> " axis ") |> square |> sum(" axis ") |> mean_all)"

static const char two_parts[] =
    LAYER("    mask = causal(step)\n") "model m {\n" JOINED
                                       "  loss " PART("step") " + " PART("token") "\n}\n";

/* Of the last layer the query, what comes behind it and its place in the order. */
static void test_two_parts(void **state) {
  static const char *const axis[] = {"step", "token"};
  (void)state;
  pair a = of(two_parts, AT_PASS_ALL), b = of(two_parts, AT_PASS_WHOLE);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(count(a.training, "linear", axis[i]), 4); /* query, out, ff1, ff2 */
    assert_int_equal(count(a.training, "causal", axis[i]), 1);
    assert_int_equal(count(a.training, "layer_norm", axis[i]), 2);
    assert_int_equal(count(a.training, "part", axis[i]), 1);
    assert_int_equal(count(b.training, "linear", axis[i]), 0);
  }
  assert_int_equal(count(a.training, "linear", "item"), 6 + 2); /* keys and values of the second */
  assert_int_equal(count(b.training, "linear", "item"), 6 + 6);
  assert_int_equal(count(a.whole, "linear", "item"), 6 + 6);
  same_numbers(a.training, b.training, false);
  same_numbers(a.training, a.whole, false);
  outcome few = run(a.training), all = run(b.training);
  assert_true(few.bytes < all.bytes);
  free(few.grad);
  free(all.grad);
  forget(&a);
  forget(&b);
}

/* As it is written all rows are an output, and its weights are there to be looked at. */
static void test_whole(void **state) {
  (void)state;
  at_graph *g = model(two_parts, AT_PASS_ALL);
  assert_int_equal(count(g, "linear", "item"), 12);
  at_graph_free(g);
}

#define SELF \
  LAYER("") "model m {\n  input word: real [p, item..., d = 8]\n  output same = word |> tanh\n"

typedef struct moving {
  const char *text;
  const char *gone; /* the axis that linear layers lose */
  int before, after;
} moving;

/* Rows of other kinds, and how many layers over the axis are left. */
static const moving moved[] = {
    {SELF "  let x = layer(word, d) @a\n loss x |> first(item) |> square |> mean_all }", "item", 6,
     2},
    {SELF "  let x = layer(word, d) @a\n loss x |> last(item) |> square |> mean_all }", "item", 6,
     2},
    {LAYER("") "model m {\n  input word: real [p, word..., d = 8]\n  input a: real [p, one = 1, d] "
               "output same = a\n"
               "  let all = concat(a, word, [one, word] -> item)\n  let x = layer(all, d) @a\n"
               "  loss x |> part(item -> one) |> square |> mean_all }",
     "item", 6, 2},
    {LAYER("") "model m {\n  input word: real [p, item = 5, d = 8] output same = word\n  let x = "
               "layer(word, d) @a\n"
               "  loss x |> slice(item -> some, begin = 1, end = 3) |> square |> mean_all }",
     "item", 6, 2},
    {"model m {\n  input a: real [p, cell = 5, d = 8] output same = a\n  input b: real [p, cell, "
     "d]\n"
     "  let y = (a |> linear(d -> d) @one) * b |> linear(d -> e = 8) @two |> tanh\n"
     "  loss y |> last(cell) |> square |> mean_all }",
     "cell", 2, 0},
    {LAYER("    mask = causal\n") "model m {\n" JOINED "  loss " PART("step") " }", "item", 12, 8},
};

static void test_moved(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
    pair a = of(moved[i].text, AT_PASS_ALL), b = of(moved[i].text, AT_PASS_WHOLE);
    assert_int_equal(count(b.training, "linear", moved[i].gone), moved[i].before);
    assert_int_equal(count(a.training, "linear", moved[i].gone), moved[i].after);
    same_numbers(a.training, b.training, true);
    forget(&a);
    forget(&b);
  }
}

/* Another reader of all rows, all parts, rows of two kinds, chance, an axis that is mixed. */
static const moving left[] = {
    {LAYER("") "model m {\n" JOINED "  loss " PART("step") " + (x |> square |> mean_all) }", "item",
     12, 12},
    {LAYER("") "model m {\n" JOINED
               "  loss " PART("step") " + " PART("word") " + " PART("token") " }",
     "item", 12, 12},
    {SELF "  let x = layer(word, d) @a\n"
          "  loss (x |> first(item) |> square |> mean_all) + (x |> last(item) |> mean_all) }",
     "item", 6, 6},
    {SELF "  let x = layer(word, d) @a |> dropout(0.5)\n"
          "  loss x |> first(item) |> square |> mean_all }",
     "item", 6, 6},
    {"model m {\n  input a: real [p, cell = 5, d = 8] output same = a\n"
     "  let y = a |> linear(d -> d = 8) @one |> conv1d(cell, d -> e = 8, kernel = 3, padding = 1)\n"
     "  loss y |> last(cell) |> square |> mean_all }",
     "cell", 1, 1},
    {"model m {\n  input a: real [p, cell = 5, d = 8] output same = a\n"
     "  loss a |> linear(d -> e = 20) |> softmax(cell) |> first(cell) |> square |> mean_all }",
     "cell", 1, 1},
};

static void test_left(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
    pair a = of(left[i].text, AT_PASS_ALL), b = of(left[i].text, AT_PASS_WHOLE);
    assert_int_equal(count(a.training, "linear", left[i].gone), left[i].after);
    same_numbers(a.training, b.training, false);
    forget(&a);
    forget(&b);
  }
}

/* Chance draws the same numbers in a graph of training, and with fewer rows behind it. */
static const char chance[] = SELF
    "  output other = word |> dropout(0.3) |> linear(d -> d) @other\n"
    "  let x = layer(layer(word, d) @a |> dropout(0.5), d) @b\n"
    "  loss x |> first(item) |> square |> mean_all }";

static void test_chance(void **state) {
  (void)state;
  pair a = of(chance, AT_PASS_ALL), b = of(chance, AT_PASS_WHOLE);
  assert_int_equal(count(a.training, "linear", "item"), 6 + 2);
  assert_int_equal(count(a.training, "dropout", NULL), 1);
  assert_int_equal(count(b.training, "dropout", NULL), 1);
  same_numbers(a.training, b.training, true);
  same_numbers(b.training, a.whole, false);
  forget(&a);
  forget(&b);
}

/* Outputs that no loss reads are gone, but for those that move running averages. */
static const char outputs[] =
    "model m {\n  input a: real [p, d = 8]\n"
    "  let y = a |> linear(d -> e = 20) @y\n"
    "  output plain = a |> linear(d -> d) @plain\n"
    "  output normed = y |> batch_norm(e) @normed\n"
    "  output seen = y |> tanh\n"
    "  loss y |> square |> mean_all }";

static void test_outputs(void **state) {
  (void)state;
  pair a = of(outputs, AT_PASS_ALL);
  assert_int_equal(a.training->n_output, 1);
  assert_string_equal(a.training->output[0].name, "normed");
  assert_int_equal(count(a.training, "linear", NULL), 1);
  assert_int_equal(count(a.training, "tanh", NULL), 0);
  assert_int_equal(a.training->n_param, a.whole->n_param);
  assert_int_equal(a.training->n_input, a.whole->n_input);
  for (int i = 0; i < a.whole->n_param; i++)
    assert_string_equal(a.training->param[i]->pname, a.whole->param[i]->pname);
  same_numbers(a.training, a.whole, false);
  forget(&a);
}

static void test_name(void **state) {
  (void)state;
  assert_int_equal(at_pass_find("rows"), AT_PASS_ROWS);
  assert_int_equal(AT_PASS_WHOLE & AT_PASS_ROWS, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_parts), cmocka_unit_test(test_whole),
      cmocka_unit_test(test_moved),     cmocka_unit_test(test_left),
      cmocka_unit_test(test_chance),    cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_name)};
  return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
