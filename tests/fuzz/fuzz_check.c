/* A model file: parsed, checked with no size known, then with sizes from data. */
#include <stdlib.h>
#include <string.h>
#include "core/graph/pass.h"
#include "dsl/dsl.h"
#include "fuzz.h"

/* Any file that is included holds this. */
static at_status include_parts(at_arena *arena, const at_source *from, const char *path,
                               at_source *out, at_error *err) {
  static const char parts[] =
      "include \"more.att\"\n"
      "module part(x, d) { return x |> linear(d -> d) }\n"
      "module two(x) { output a = x output b = relu(x) }\n";
  (void)from;
  (void)err;
  char *copy = at_arena_strdup(arena, path);
  if (!copy) return AT_ENOMEM;
  *out = (at_source){.path = copy, .text = parts, .size = sizeof parts - 1, .read = include_parts};
  return AT_OK;
}

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  (void)ctx;
  return (int64_t)(strlen(input) + strlen(axis)) % 4 + 1;
}

static int64_t vocabulary(void *ctx, const char *input) {
  (void)ctx;
  return (int64_t)strlen(input);
}

static void look(const uint8_t *bytes, size_t n, const at_dsl_env *env) {
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  at_source src = {
      .path = "fuzz.att", .text = (const char *)bytes, .size = n, .read = include_parts};
  at_ast *ast = NULL;
  at_graph *g = NULL;
  at_error err = {0};
  at_text text = {0};
  at_status s = at_dsl_parse(arena, &src, &d, &ast);
  if (s == AT_OK) s = at_dsl_lower(ast, &src, env, &d, &g, &err);
  at_diags_format(&d, &src, &text);
  at_diags_json(&d, &src, &text);
  /* A file is right, or something is said about it. */
  if ((s == AT_OK) != (g != NULL) || (s == AT_EINPUT) != (d.errors > 0)) abort();
  if (g && at_graph_optimize(g, ~0u, &err) != AT_OK) abort();
  at_graph_free(g);
  at_text_free(&text);
  at_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  look(bytes, n, &(at_dsl_env){0});
  look(bytes, n, &(at_dsl_env){.axis_size = axis_size, .vocabulary = vocabulary});
  return 0;
}
