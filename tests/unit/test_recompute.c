/* `recompute`: what a module works out is let go after forward and made again in backward, with the
 * same bits, in less memory. */
#include "cm.h"
#include "core/graph/exec.h"
#include "graph_text.h"

enum { P = 4, WORDS = 23, D = 8 };

/* Attention, dropout, running averages, gates that are saved, and a value that every layer reads.
 * `%s`: how the modules are marked. */
#define LAYERS(drop)                                                                              \
  "module inner(x, d, lean) %s {\n"                                                               \
  "  return x |> linear(d -> wide = 24) @ff1 |> gelu |> linear(wide -> d) @ff2 |> dropout(0.3)\n" \
  "}\n"                                                                                           \
  "module layer(x, bias, d, lean) %s {\n"                                                         \
  "  attend look(query = x |> linear(d -> d) @query, key = x |> linear(d -> d) @key,\n"           \
  "              value = x |> linear(d -> d) @value, over = word, along = d) {\n"                 \
  "    score = scaled_dot\n    heads = 2\n    weigh = softmax\n" drop                             \
  "  }\n"                                                                                         \
  "  let mid = x + (look |> linear(d -> d) @out) + bias |> batch_norm(d) @bn\n"                   \
  "  let flow = mid |> gru(word, d -> h = 8) @gru |> rename(h -> d)\n"                            \
  "  return mid + inner(flow, d, lean) @inner |> layer_norm(d) @ln\n"                             \
  "}\n"                                                                                           \
  "model m(d = 8, lean = %s) {\n"                                                                 \
  "  input x: real [p, word..., d]\n"                                                             \
  "  let bias = x |> mean(word) |> linear(d -> d) @bias |> tanh\n"                                \
  "  repeat i = 1 to 5 with h = x { next h = layer(h, bias, d, lean) @layer[i] }\n"               \
  "  output y = h\n"                                                                              \
  "  loss h |> square |> mean_all\n"                                                              \
  "}\n"
static const char *const TEXT = LAYERS("    dropout = 0.1\n");
/* Weights that nobody looks at, nor drops: attention is one operator then. */
static const char *const FUSED = LAYERS("");

/* A network that makes and one that judges, on what is made and on what is given: each moves on a
 * loss of its own. What the second makes of what was made both losses go back through: that is
 * kept. */
static const char *const RIVALS =
    "module maker(x, d, lean) %s {\n"
    "  let a = x |> linear(d -> wide = 40) @in |> batch_norm(wide) @bn |> gelu\n"
    "  return a |> linear(wide -> wide) @mid |> tanh |> linear(wide -> d) @out\n"
    "}\n"
    "module judge(x, d, lean) %s {\n"
    "  return x |> linear(d -> wide = 40) @in |> gelu |> dropout(0.2) |> linear(wide -> wide) "
    "@mid\n"
    "      |> tanh |> linear(wide -> one = 1) @out |> square |> mean_all\n"
    "}\n"
    "model m(d = 8, lean = %s) {\n"
    "  input x: real [p, word..., d]\n"
    "  instance judged = judge(d = d, lean = lean) @J\n"
    "  let made = maker(x, d, lean) @M\n"
    "  let told = judged(made)\n"
    "  output made\n"
    "  loss judge = judged(x) - told updates @J\n"
    "  loss make = told + (made |> mean_all) updates @M\n"
    "}\n";

typedef struct outcome {
  float loss;
  size_t bytes, count;
  float *grad, *value;
  int again; /* values made again */
  int fused; /* blocks of attention that are one operator */
} outcome;

static void counts(void *ctx, const at_node *n, at_exec_part part) {
  outcome *r = ctx;
  (void)n;
  r->again += part == AT_EXEC_AGAIN;
}

static at_graph *graph_of(const char *of, const char *mark, const char *lean) {
  char text[4096];
  snprintf(text, sizeof text, of, mark, mark, lean);
  return model(text, AT_PASS_ALL);
}

/* Each loss in its turn; what it gave is moved along, so that a later one finds other weights. */
static void descend(at_exec *x, const at_graph *g, at_params *p, uint64_t step) {
  const float one = 1;
  memset(p->grad, 0, p->count * sizeof *p->grad);
  for (int k = 0; k < at_graph_losses(g); k++) {
    at_exec_turn(x, k, 3, step, true);
    at_exec_backward_from(x, at_graph_loss(g, k), &one);
    for (size_t i = 0; at_graph_losses(g) > 1 && i < p->count; i++) {
      p->value[i] -= 0.01f * p->grad[i];
      if (k + 1 < at_graph_losses(g)) p->grad[i] = 0;
    }
  }
}

static outcome run(const char *of, const char *mark, const char *lean, int threads, bool poison) {
  at_error err = {0};
  at_graph *whole = graph_of(of, mark, lean), *g;
  at_params *p;
  at_exec *x;
  at_pool *pool;
  static float in[P * WORDS * D];
  int64_t offsets[P + 1] = {0};
  outcome r = {0};
  if (at_graph_training(whole, AT_PASS_ALL, &g, &err)) fail_msg("%s", err.message);
  if (at_pool_new(threads, &pool, &err)) fail_msg("%s", err.message);
  if (at_params_new(g, &p, &err)) fail_msg("%s", err.message);
  const at_exec_options o = {.gradients = true, .poison = poison, .pool = pool, .turns = true};
  at_params_init(p, 7);
  if (at_exec_new(g, p, &o, &x, &err)) fail_msg("%s", err.message);
  for (int i = 0; i < P; i++) offsets[i + 1] = offsets[i] + WORDS - 3 * i;
  for (int i = 0; i < P * WORDS * D; i++) in[i] = (float)(i * 7919 % 1009) / 504.5f - 1;
  for (int step = 1; step <= 2; step++) { /* what the first left behind is not read */
    if (at_exec_ragged(x, "word", offsets, P, &err) || at_exec_input(x, "x", in, &err) ||
        at_exec_ready(x, &err))
      fail_msg("%s", err.message);
    at_exec_watch(x, counts, &r);
    r.again = 0;
    descend(x, g, p, (uint64_t)step);
  }
  r.loss = *at_exec_value(x, at_graph_loss(g, at_graph_losses(g) - 1));
  r.bytes = at_exec_bytes(x);
  assert_true((double)r.bytes <= 1.1 * (double)at_exec_least(x));
  r.count = p->count;
  for (int i = 0; i < g->n_node; i++) r.fused += !strcmp(g->node[i]->op->name, "attention");
  r.grad = malloc(p->count * sizeof(float));
  r.value = malloc(p->count * sizeof(float));
  memcpy(r.grad, p->grad, p->count * sizeof(float));
  memcpy(r.value, p->value, p->count * sizeof(float));
  at_exec_free(x);
  at_params_free(p);
  at_pool_free(pool);
  at_graph_free(g);
  at_graph_free(whole);
  return r;
}

static void forget(outcome *r) {
  free(r->grad);
  free(r->value);
}

/* Gradients, and values for the running averages among them. */
static void same_bits(const outcome *a, const outcome *b) {
  assert_true(isfinite(a->loss));
  assert_memory_equal(&a->loss, &b->loss, sizeof a->loss);
  assert_int_equal(a->count, b->count);
  assert_memory_equal(a->grad, b->grad, a->count * sizeof(float));
  assert_memory_equal(a->value, b->value, a->count * sizeof(float));
}

static void test_same_bits_in_less_memory(void **state) {
  outcome kept = run(TEXT, "", "true", 1, false);
  (void)state;
  for (int threads = 1; threads <= 2; threads++)
    for (int poison = 0; poison < 2; poison++) {
      outcome anew = run(TEXT, "recompute if lean", "true", threads, poison);
      same_bits(&kept, &anew);
      assert_true(anew.again > 5 * 10 && anew.again > kept.again);
      if (2 * anew.bytes > kept.bytes)
        fail_msg("%zu bytes, %zu where all is kept", anew.bytes, kept.bytes);
      forget(&anew);
    }
  forget(&kept);
}

static void test_attention_in_one_pass(void **state) {
  outcome kept = run(FUSED, "", "true", 1, false), anew = run(FUSED, "recompute", "true", 2, true);
  (void)state;
  assert_int_equal(kept.fused, 5);
  same_bits(&kept, &anew);
  assert_true(2 * anew.bytes < kept.bytes);
  forget(&kept);
  forget(&anew);
}

static void test_several_losses(void **state) {
  outcome kept = run(RIVALS, "", "true", 1, false);
  (void)state;
  for (int poison = 0; poison < 2; poison++) {
    outcome anew = run(RIVALS, "recompute", "true", 2, poison);
    same_bits(&kept, &anew);
    assert_true(anew.again > kept.again + 4);
    assert_true(anew.bytes < kept.bytes);
    print_message("# %zu of %zu bytes, %d made again\n", anew.bytes, kept.bytes, anew.again);
    forget(&anew);
  }
  forget(&kept);
}

static void test_where_the_condition_holds(void **state) {
  outcome kept = run(TEXT, "", "false", 1, true),
          not_lean = run(TEXT, "recompute if lean", "false", 1, true);
  (void)state;
  same_bits(&kept, &not_lean);
  assert_int_equal(kept.bytes, not_lean.bytes);
  assert_int_equal(kept.again, not_lean.again);
  forget(&kept);
  forget(&not_lean);
}

/* A call has a number of its own, and what is called in it has that one, too. */
static void test_calls(void **state) {
  at_graph *g = graph_of(TEXT, "recompute", "true");
  int most = 0, in_none = 0;
  (void)state;
  for (int i = 0; i < g->n_node; i++) {
    most = g->node[i]->recompute > most ? g->node[i]->recompute : most;
    in_none += !g->node[i]->recompute && !at_node_is_parameter(g->node[i]);
  }
  assert_int_equal(most, 5);
  assert_true(in_none >= 6); /* x, the bias, the loss */
  at_graph_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_bits_in_less_memory),
      cmocka_unit_test(test_attention_in_one_pass),
      cmocka_unit_test(test_several_losses),
      cmocka_unit_test(test_where_the_condition_holds),
      cmocka_unit_test(test_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
