/* The graph of a model that a test writes down, after `passes`. Include after cm.h. */
#ifndef ATTUNE_TEST_GRAPH_TEXT_H
#define ATTUNE_TEST_GRAPH_TEXT_H
#include "core/graph/pass.h"
#include "dsl/dsl.h"

static at_graph *model(const char *text, unsigned passes) {
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  at_source src = {.path = "text.att", .text = text, .size = strlen(text)};
  at_ast *ast = NULL;
  at_graph *g = NULL;
  at_text said = {0};
  at_error err = {0};
  if (at_dsl_parse(arena, &src, &d, &ast) == AT_OK)
    at_dsl_lower(ast, &src, &(at_dsl_env){0}, &d, &g, NULL);
  at_diags_format(&d, &src, &said);
  if (!g) fail_msg("%s", said.data);
  if (at_graph_optimize(g, passes, &err)) fail_msg("%s", err.message);
  at_text_free(&said);
  at_arena_free(arena);
  return g;
}

/* Each within 1e-5 of the largest of `b`, of which more than `least` are not zero; `other`: what b
 * is. */
static inline void near_gradients(const float *a, const float *b, size_t n, int least,
                                  const char *other) {
  float largest = 0; /* double: an internal error of gcc 12 for aarch64 */
  int moved = 0;
  for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf(b[i]));
  for (size_t i = 0; i < n; i++) {
    if (!(fabs(a[i] - b[i]) <= 1e-5 * largest))
      fail_msg("gradient %zu is %g, %s %g", i, a[i], other, b[i]);
    moved += b[i] != 0;
  }
  assert_true(moved > least);
}
#endif
