/* The memory plan of the example models: how near it comes to the least, and that nothing it puts
 * in the place of something else changes a bit. */
#include "cm.h"
#include "bench/cases.h"
#include "core/graph/exec.h"
#include "core/graph/pass.h"
#include "core/plugin/plugin.h"
#include "dsl/dsl.h"
#include "graph_text.h"

enum { MOST_SETS = 10, BATCH = 3 };
#define TURNS_SHARE 0.17 /* of what all values of AttnGAN together need */

typedef struct example {
  const char *name, *set[MOST_SETS];
  double share;  /* of what all values together need, at most */
  double beside; /* of gradients of parameters, at most, what the plan grows by with them */
} example;

static const example EXAMPLES[] = {
    {"scan", {"score=scaled_dot"}, 1, 1},
    {"mac", {"score=dot", "read_score=dot", "d=16", "e=6", "steps=3", "side=3"}, 0.75, 1},
    {"attngan",
     {"score=general", "gf=2", "df=2", "e=6", "z=5", "ups=2", "residuals=1", "layers=2",
      "codes=given", "features=given"},
     1,
     1},
    {"m4c", {"score=scaled_dot", "d=24", "heads=3", "layers=3", "ffn=48"}, 0.7, 0.25},
};

typedef struct loaded {
  at_registry *registry;
  at_graph *graph;
  at_params *params;
  at_case_data data;
  const at_case *of;
} loaded;

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  (void)input;
  return at_case_axis_size(ctx, axis);
}

static int64_t vocabulary(void *ctx, const char *input) { return at_case_vocabulary(ctx, input); }

static loaded load(const example *e) {
  loaded w = {.of = at_case_find(e->name)};
  at_error err = {0};
  at_text messages = {0};
  char path[4400];
  const char *top = getenv("top_srcdir");
  size_t n = 0;
  while (n < MOST_SETS && e->set[n]) n++;
  snprintf(path, sizeof path, "%s/examples/models/%s.att", top ? top : ".", e->name);
  if (at_registry_new(NULL, 0, &w.registry, &err) != AT_OK) fail_msg("%s", err.message);
  at_dsl_env env = {.ctx = (void *)w.of,
                    .scores = w.registry,
                    .compose = at_plugin_compose,
                    .set = e->set,
                    .n_set = n,
                    .axis_size = axis_size,
                    .vocabulary = vocabulary};
  if (at_dsl_load(path, &env, &w.graph, &messages, &err) != AT_OK)
    fail_msg("%s: %s", err.message, messages.data ? messages.data : "");
  at_text_free(&messages);
  if (at_graph_optimize(w.graph, AT_PASS_ALL, &err) != AT_OK ||
      at_params_new(w.graph, &w.params, &err) != AT_OK ||
      at_case_make(w.of, w.graph, BATCH, true, &w.data, &err) != AT_OK)
    fail_msg("%s", err.message);
  at_params_init(w.params, 1);
  return w;
}

static void let_go(loaded *w) {
  at_case_free(&w->data);
  at_params_free(w->params);
  at_graph_free(w->graph);
  at_registry_free(w->registry);
}

static at_exec *bound(const loaded *w, const at_exec_options *o) {
  at_exec *x = NULL;
  at_error err = {0};
  if (at_exec_new(w->graph, w->params, o, &x, &err) != AT_OK ||
      at_case_bind(w->of, &w->data, x, &err) != AT_OK)
    fail_msg("%s", err.message);
  return x;
}

static void places_lose_little(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
    loaded w = load(&EXAMPLES[i]);
    for (int way = 0; way < 3; way++) {
      at_exec *x = bound(
          &w, &(at_exec_options){
                  .gradients = way > 0, .no_loss = way == 0, .turns = true, .plan_grads = way > 1});
      const double ratio = (double)at_exec_bytes(x) / (double)at_exec_least(x);
      if (ratio < 1 || ratio > 1.1) fail_msg("%s, %d: %.3f", EXAMPLES[i].name, way, ratio);
      at_exec_free(x);
    }
    let_go(&w);
  }
}

/* Gradients of all parameters, wherever they lie. */
static void take_gradients(const at_params *p, float *to) {
  memset(to, 0, p->count * sizeof *to);
  for (int i = 0; i < p->graph->n_param; i++)
    if (p->grad_of[i]) memcpy(to + p->offset[i], p->grad_of[i], p->size[i] * sizeof *to);
}

/* A pass that keeps everything, and two of each plan, whose unused memory holds NaN. */
static void the_plan_changes_no_bit(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
    loaded w = load(&EXAMPLES[i]);
    const size_t bytes = w.params->count * sizeof(float);
    float *grad = malloc(bytes), *again = malloc(bytes);
    at_exec *all = bound(&w, &(at_exec_options){.gradients = true, .keep_all = true});
    at_exec *tight = bound(&w, &(at_exec_options){.gradients = true, .poison = true});
    at_exec *both =
        bound(&w, &(at_exec_options){.gradients = true, .poison = true, .plan_grads = true});
    at_exec *const rounds[] = {all, tight, tight, both, both};
    for (int k = 0; w.graph->loss && k < 5; k++) {
      if (rounds[k] != both) at_params_own_grads(w.params);
      at_params_clear(w.params);
      at_exec_forward(rounds[k], 1, 1, true);
      at_exec_backward(rounds[k]);
      take_gradients(w.params, k ? again : grad);
      if (k) assert_memory_equal(grad, again, bytes);
    }
    assert_true((double)at_exec_bytes(tight) <= EXAMPLES[i].share * (double)at_exec_bytes(all));
    assert_true((double)at_exec_bytes(both) <=
                (double)at_exec_bytes(tight) + EXAMPLES[i].beside * (double)bytes);
    print_message("# %s: %zu of %zu bytes\n", EXAMPLES[i].name, at_exec_bytes(tight),
                  at_exec_bytes(all));
    at_exec_free(all);
    at_exec_free(tight);
    at_exec_free(both);
    free(grad);
    free(again);
    let_go(&w);
  }
}

/* Gradients of the losses of AttnGAN one behind another, of what each moves, and then the
 * parameters with their running averages. */
static void gradients_of_turns(const loaded *w, at_exec *x, bool turns, float *to) {
  const size_t n = w->params->count;
  const float one = 1;
  float *grad = malloc(n * sizeof *grad);
  at_params_init(w->params, 1);
  for (int k = 0; k < w->graph->n_objective; k++, to += n) {
    at_params_clear(w->params);
    if (turns)
      at_exec_turn(x, k, 1, 1, true);
    else if (k == 0)
      at_exec_forward(x, 1, 1, true);
    at_exec_backward_from(x, w->graph->objective[k].node, &one);
    memset(to, 0, n * sizeof *to);
    take_gradients(w->params, grad);
    for (int i = 0; i < w->graph->n_param; i++)
      if (at_objective_updates(&w->graph->objective[k], w->graph->param[i]))
        memcpy(to + w->params->offset[i], grad + w->params->offset[i],
               w->params->size[i] * sizeof *to);
  }
  memcpy(to, w->params->value, n * sizeof *to);
  free(grad);
}

static void turns_change_no_bit(void **state) {
  (void)state;
  loaded w = load(&EXAMPLES[2]);
  const size_t n = w.params->count * (size_t)(w.graph->n_objective + 1);
  float *once = calloc(n, sizeof *once), *each = calloc(n, sizeof *each);
  at_exec *all = bound(&w, &(at_exec_options){.gradients = true, .keep_all = true});
  at_exec *tight = bound(&w, &(at_exec_options){.gradients = true, .poison = true, .turns = true});
  at_exec *both = bound(
      &w, &(at_exec_options){.gradients = true, .poison = true, .turns = true, .plan_grads = true});
  at_params_own_grads(w.params);
  gradients_of_turns(&w, all, false, once);
  for (int round = 0; round < 4; round++) {
    gradients_of_turns(&w, round < 2 ? tight : both, true, each);
    assert_memory_equal(once, each, n * sizeof *once);
  }
  print_message("# attngan in turns: %zu of %zu bytes\n", at_exec_bytes(tight), at_exec_bytes(all));
  assert_true((double)at_exec_bytes(tight) <= TURNS_SHARE * (double)at_exec_bytes(all));
  at_exec_free(all);
  at_exec_free(tight);
  at_exec_free(both);
  free(once);
  free(each);
  let_go(&w);
}

/* Backward reads `n` for the weights of what follows it, and nothing goes back through it. */
static const char SEEN[] =
    "model m {\n"
    "  input x: real [item, f = 64]\n"
    "  let n = x |> normalize(f)\n"
    "  let a = n |> linear(f -> f) @a |> tanh\n"
    "  let b = a |> linear(f -> f) @b |> tanh |> linear(f -> f) @c |> tanh\n"
    "  output b\n"
    "  loss b |> square |> mean_all\n"
    "}";

static void count_again(void *ctx, const at_node *n, at_exec_part part) {
  if (part == AT_EXEC_AGAIN && !strcmp(n->op->name, "normalize")) ++*(int *)ctx;
}

static void what_ends_at_data_is_made_again(void **state) {
  enum { ITEMS = 300, F = 64 };
  static float x[ITEMS * F];
  at_error err = {0};
  at_graph *g = model(SEEN, AT_PASS_ALL);
  at_params *p;
  float *grad[2];
  int again = 0;
  (void)state;
  for (int i = 0; i < ITEMS * F; i++) x[i] = (float)(i * 7919 % 1009) / 504.5F - 1;
  assert_int_equal(at_params_new(g, &p, &err), AT_OK);
  at_params_init(p, 3);
  for (int k = 0; k < 2; k++) {
    at_exec *e;
    if (at_exec_new(g, p,
                    &(at_exec_options){.gradients = true, .keep_all = k == 0, .poison = k > 0}, &e,
                    &err) ||
        at_exec_size(e, "item", ITEMS, &err) || at_exec_input(e, "x", x, &err) ||
        at_exec_ready(e, &err))
      fail_msg("%s", err.message);
    at_exec_watch(e, count_again, &again);
    at_params_clear(p);
    at_exec_forward(e, 1, 1, true);
    at_exec_backward(e);
    assert_int_equal(again, k);
    grad[k] = malloc(p->count * sizeof(float));
    take_gradients(p, grad[k]);
    at_exec_free(e);
  }
  assert_memory_equal(grad[0], grad[1], p->count * sizeof(float));
  free(grad[0]);
  free(grad[1]);
  at_params_free(p);
  at_graph_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(places_lose_little),
      cmocka_unit_test(the_plan_changes_no_bit),
      cmocka_unit_test(turns_change_no_bit),
      cmocka_unit_test(what_ends_at_data_is_made_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
