/* A model file: when it is right and small, it runs forward and backward. */
#include <stdlib.h>
#include <string.h>
#include "core/graph/exec.h"
#include "core/graph/pass.h"
#include "core/run/feed.h"
#include "dsl/dsl.h"
#include "fuzz.h"

enum { MOST = 1 << 16, MOST_NODES = 400, SIZE = 3 };

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  (void)ctx;
  (void)input;
  return (int64_t)strlen(axis) % SIZE + 1;
}

static int64_t vocabulary(void *ctx, const char *input) {
  (void)ctx;
  (void)input;
  return 11;
}

/* Sizes that the binding brings count as 12, about what a ragged axis holds. */
static int is_small(const at_graph *g) {
  if (g->n_node > MOST_NODES) return 0;
  for (int i = 0; i < g->n_node; i++) {
    double count = 1;
    for (int d = 0; d < g->node[i]->ndim; d++)
      count *= g->node[i]->dim[d].size >= 0 ? (double)g->node[i]->dim[d].size : 12;
    if (count > MOST) return 0;
    for (int k = 0; k < AT_MAX_ARG; k++) /* kernels, factors */
      if (g->node[i]->arg[k].set && g->node[i]->arg[k].num > 1 << 20) return 0;
  }
  return 1;
}

static void run(at_graph *g) {
  at_params *params = NULL;
  at_exec *x = NULL;
  at_error err = {0};
  at_feed feed = {.rows = 2, .seed = 3};
  const at_exec_options o = {.gradients = true, .input_grads = true};
  if (at_params_new(g, &params, &err) == AT_OK && at_exec_new(g, params, &o, &x, &err) == AT_OK &&
      at_feed_bind(&feed, g, x, &err) == AT_OK) {
    at_params_init(params, 1);
    at_exec_forward(x, 1, 1, true);
    const float one = 1;
    if (g->loss) at_exec_backward(x);
    if (g->n_objective == 1) at_exec_backward_from(x, g->objective[0].node, &one);
    at_exec_forward(x, 1, 2, false);
  }
  at_exec_free(x);
  at_params_free(params);
  at_feed_free(&feed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  const at_dsl_env env = {.axis_size = axis_size, .vocabulary = vocabulary};
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  at_source src = {.path = "fuzz.att", .text = (const char *)bytes, .size = n};
  at_ast *ast = NULL;
  at_graph *g = NULL;
  at_error err = {0};
  if (at_dsl_parse(arena, &src, &d, &ast) == AT_OK &&
      at_dsl_lower(ast, &src, &env, &d, &g, &err) == AT_OK &&
      at_graph_optimize(g, ~0u, &err) == AT_OK && is_small(g))
    run(g);
  at_graph_free(g);
  at_arena_free(arena);
  return 0;
}
