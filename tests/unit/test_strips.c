/* Chains run an item at a time: which operators they hold, that loss, outputs and gradients stay
 * what they were, with rubbish in memory, on any number of threads and in batches of other sizes.
 * Each operator by itself: test_ops. */
#include "cm.h"
#include "core/graph/exec.h"
#include "graph_text.h"

enum { MOST = 4096, SIDE = 9 };

typedef struct asked {
  bool strips;
  int threads, from; /* an output that backward starts at; -1: the loss */
  const char *kept;  /* the attend block whose weights are asked for */
  bool twice;        /* a smaller batch before */
} asked;

typedef struct outcome {
  size_t n_out, n, bytes;
  int chained; /* nodes in chains */
  float out[MOST], weight[MOST], *grad, in[2][MOST];
} outcome;

/* Words look at regions, as SCAN's do, and the other way round; scores are products of inputs. */
#define SCAN(refine, pool, more)                                                        \
  "model m {\n  input a: real [picture, region = 4, f = 6]\n"                           \
  "  input b: real [caption, word..., f = 6]\n"                                         \
  "  let v = a |> linear(f -> d = 7) @v |> normalize(d)\n"                              \
  "  let w = b |> linear(f -> d) @w |> normalize(d)\n"                                  \
  "  let s = contract(v, w, d)\n"                                                       \
  "  let r = s " refine                                                                 \
  " |> softmax(region, 9)\n"                                                            \
  "  output similarity = cosine(w, contract(r, v, region), d) |> " pool "(word)\n" more \
  "  loss triplet(similarity, picture, caption, margin = 0.2, negatives = sum)\n}\n"

static const char *const models[] = {
    /* the last operators see what is shared by all pictures: norms, a bias */
    SCAN("|> leaky_relu(0.1) |> normalize(word)", "mean", ""),
    SCAN("|> tanh", "logsumexp", "  output top = r |> max(region) |> sum(word)\n"),
    /* words lead */
    "model m {\n  input a: real [picture, region = 4, f = 6]\n"
    "  input b: real [caption, word..., f = 6]\n"
    "  let s = contract(b |> linear(f -> d = 7) @w, a |> linear(f -> d) @v, d)\n"
    "  let r = s |> scale(0.3) |> normalize(region) |> softmax(word, 4)\n"
    "  output similarity = (r * s) |> sum(word) |> mean(region)\n"
    "  loss triplet(similarity, picture, caption, margin = 0.2, negatives = sum)\n}\n",
    /* the longest row of one axis is not that of the other */
    "model m {\n  input a: real [caption, word..., f = 60]\n"
    "  input b: real [caption, token..., f]\n"
    "  output x = (a |> linear(f -> d = 50) @a |> tanh |> sum(word)) *\n"
    "             (b |> linear(f -> d) @b |> sigmoid |> square |> sum(token))\n"
    "  loss x |> square |> mean_all\n}\n",
    /* a value that goes on elsewhere, and one that is read by a chain and by others */
    "model m {\n  input a: real [picture, region = 4, f = 6]\n"
    "  input b: real [region: sequence, f]\n"
    "  let x = a |> linear(f -> d = 7) @x\n"
    "  let y = b |> linear(f -> d) @y\n"
    "  let u = (x + y) |> tanh |> square\n"
    "  let z = u |> linear(d -> e = 5) @z\n"
    "  output other = u |> sum(region) |> sigmoid\n"
    "  output first = z |> relu |> normalize(region) |> sum(e) |> exp\n"
    "  loss (first |> mean_all) + (x |> square |> mean_all) + (other |> mean_all)\n}\n"};
enum { MODELS = sizeof models / sizeof *models };

static void bind(at_exec *x, const at_graph *g, float in[][MOST], int64_t size) {
  at_error err = {0};
  int64_t offsets[SIDE + 1] = {0};
  for (int a = 0; a < g->n_axis; a++) {
    const at_axis *axis = &g->axis[a];
    if (axis->kind == AT_BATCH) assert_int_equal(at_exec_size(x, axis->name, size, &err), AT_OK);
    for (int64_t i = 0; i < size; i++) offsets[i + 1] = offsets[i] + 1 + (i * 5 + a * 3) % 4;
    if (axis->parent >= 0)
      assert_int_equal(at_exec_ragged(x, axis->name, offsets, size, &err), AT_OK);
  }
  for (int k = 0; k < g->n_input; k++) {
    for (int i = 0; i < MOST; i++) in[k][i] = (float)((i * 7919 + k * 104729) % 1009) / 504.5f - 1;
    if (at_exec_input(x, g->input[k]->name, in[k], &err)) fail_msg("%s", err.message);
  }
  if (at_exec_ready(x, &err)) fail_msg("%s", err.message);
}

static void step(at_exec *x, const at_graph *g, const asked *a, at_params *params) {
  float by[MOST];
  for (int i = 0; i < MOST; i++) by[i] = (float)(i % 5) - 1.5f;
  memset(params->grad, 0, params->count * sizeof(float));
  at_exec_forward(x, 1, 1, true);
  if (a->from < 0)
    at_exec_backward(x);
  else
    at_exec_backward_from(x, g->output[a->from].node, by);
}

static void copy(float *to, const float *from, int64_t n) {
  if (from && n < MOST) memcpy(to, from, (size_t)n * sizeof *to);
}

static outcome *run(const char *text, const asked *a) {
  at_error err = {0};
  at_graph *g = model(text, a->strips ? AT_PASS_ALL : ~(unsigned)AT_PASS_STRIPS);
  static float in[2][MOST];
  at_pool *pool = NULL;
  at_params *params;
  at_exec *x;
  if (at_pool_new(a->threads, &pool, &err)) fail_msg("%s", err.message);
  if (at_params_new(g, &params, &err)) fail_msg("%s", err.message);
  at_params_init(params, 3);
  const at_exec_options o = {
      .pool = pool, .gradients = true, .input_grads = true, .poison = true, .all_strips = true};
  if (at_exec_new(g, params, &o, &x, &err)) fail_msg("%s", err.message);
  at_node *kept = NULL;
  for (int i = 0; i < g->n_node; i++)
    if (a->kept && !strcmp(g->node[i]->op->name, a->kept)) kept = g->node[i];
  if (kept) assert_int_equal(at_exec_keep(x, kept, &err), AT_OK);
  if (a->twice) {
    bind(x, g, in, 3);
    step(x, g, a, params);
  }
  bind(x, g, in, SIDE);
  step(x, g, a, params);
  outcome *r = calloc(1, sizeof *r);
  const at_node *out = g->output[0].node;
  r->n_out = (size_t)at_x_count(x, out);
  copy(r->out, at_exec_value(x, out), at_x_count(x, out));
  if (kept) copy(r->weight, at_exec_value(x, kept), at_x_count(x, kept));
  for (int k = 0; k < g->n_input; k++)
    copy(r->in[k], at_exec_input_grad(x, g->input[k]), at_x_count(x, g->input[k]));
  r->n = params->count;
  r->grad = malloc(r->n * sizeof(float));
  memcpy(r->grad, params->grad, r->n * sizeof(float));
  r->bytes = at_exec_bytes(x);
  for (int i = 0; i < g->n_node; i++) r->chained += at_exec_in_chain(x, g->node[i]);
  at_exec_free(x);
  at_params_free(params);
  at_graph_free(g);
  at_pool_free(pool);
  return r;
}

static void forget(outcome *r) {
  free(r->grad);
  free(r);
}

static void near(const char *what, const float *a, const float *b, size_t n) {
  float most = 0; /* double: an internal error of gcc 12 for aarch64 */
  for (size_t i = 0; i < n; i++) most = fmaxf(most, fabsf(b[i]));
  for (size_t i = 0; i < n; i++)
    if (!(fabs((double)a[i] - (double)b[i]) <= 2e-6 * most))
      fail_msg("%s %zu is %g, without chains %g", what, i, (double)a[i], (double)b[i]);
}

static void same_numbers(const outcome *a, const outcome *b) {
  int moved = 0;
  near("output", a->out, b->out, a->n_out);
  near("weight", a->weight, b->weight, MOST);
  near("parameter's gradient", a->grad, b->grad, a->n);
  for (int k = 0; k < 2; k++) near("input's gradient", a->in[k], b->in[k], MOST);
  for (size_t i = 0; i < a->n; i++) moved += b->grad[i] != 0;
  assert_true(moved > 20);
}

/* Against whole values, and bit by bit against one thread. */
static void check(const char *text, asked a) {
  a.threads = 1;
  a.strips = false;
  outcome *whole = run(text, &a);
  a.strips = true;
  outcome *one = run(text, &a);
  a.threads = 3;
  outcome *three = run(text, &a);
  assert_int_equal(whole->chained, 0);
  assert_true(one->chained > 2);
  same_numbers(one, whole);
  assert_memory_equal(one->out, three->out, sizeof one->out);
  assert_memory_equal(one->grad, three->grad, one->n * sizeof(float));
  assert_memory_equal(one->in, three->in, sizeof one->in);
  forget(whole);
  forget(one);
  forget(three);
}

static void test_same_numbers(void **state) {
  (void)state;
  for (int i = 0; i < MODELS; i++) check(models[i], (asked){.from = -1});
}

static void test_batches_of_other_sizes(void **state) {
  (void)state;
  for (int i = 0; i < MODELS; i++) check(models[i], (asked){.from = -1, .twice = true});
}

static void test_from_an_output(void **state) {
  (void)state;
  for (int i = 0; i < MODELS; i++) check(models[i], (asked){.from = 0});
  check(models[1], (asked){.from = 1});
  check(models[MODELS - 1], (asked){.from = 1});
}

/* What an analysis asks for is kept, in the midst of a chain as well. */
static void test_values_asked_for(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    check(models[i], (asked){.from = -1, .kept = "softmax"});
    check(models[i], (asked){.from = -1, .kept = "contract"});
  }
}

/* Of SCAN's chain one product stays, the gradient of the scores in its place. */
static void test_memory(void **state) {
  (void)state;
  outcome *a = run(models[0], &(asked){.strips = true, .threads = 1, .from = -1});
  outcome *b = run(models[0], &(asked){.strips = false, .threads = 1, .from = -1});
  assert_true(a->chained >= 5);
  assert_true(a->bytes < b->bytes);
  forget(a);
  forget(b);
}

static void test_name(void **state) {
  (void)state;
  assert_int_equal(at_pass_find("strips"), AT_PASS_STRIPS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_numbers),   cmocka_unit_test(test_batches_of_other_sizes),
      cmocka_unit_test(test_from_an_output), cmocka_unit_test(test_values_asked_for),
      cmocka_unit_test(test_memory),         cmocka_unit_test(test_name)};
  return cmocka_run_group_tests_name("strips", tests, NULL, NULL);
}
