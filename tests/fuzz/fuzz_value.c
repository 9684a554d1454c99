/* The text of a value given on the command line: by itself, and to a model's parameters. */
#include <stdlib.h>
#include <string.h>
#include "dsl/ast.h"
#include "fuzz.h"

static const char model[] =
    "model m(score = dot, d = 4, pool = mean, flag = true, axis = r) {\n"
    "  input x: real [p, r = 3, c = 5]\n"
    "  let v = x |> linear(c -> d, bias = flag)\n"
    "  attend a(query = v, key = v, over = r, along = d) { score = score weigh = softmax }\n"
    "  output y = a |> pool(axis)\n"
    "}\n";

static void set(const char *name, const char *value) {
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  at_source src = {.path = "fuzz.att", .text = model, .size = sizeof model - 1};
  at_ast *ast = NULL;
  at_graph *g = NULL;
  at_error err = {0};
  at_text text = {0}, assignment = {0};
  at_text_addf(&assignment, "%s=%s", name, value);
  const char *one = assignment.data;
  const at_dsl_env env = {.set = &one, .n_set = 1};
  at_status s = at_dsl_parse(arena, &src, &d, &ast);
  if (s == AT_OK) s = at_dsl_lower(ast, &src, &env, &d, &g, &err);
  at_diags_format(&d, &src, &text);
  if ((s == AT_OK) != (g != NULL) || (s == AT_EINPUT) != (d.errors > 0)) abort();
  at_graph_free(g);
  at_text_free(&text);
  at_text_free(&assignment);
  at_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  static const char *const names[] = {"score", "d", "pool", "flag", "axis"};
  char *text = malloc(n + 1);
  at_arena *arena = at_arena_new();
  at_expr *e = NULL;
  if (!text) return 0;
  memcpy(text, bytes, n);
  text[n] = '\0';
  at_dsl_parse_value(arena, text, &e);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) set(names[i], text);
  at_arena_free(arena);
  free(text);
  return 0;
}
