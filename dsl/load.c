/* A model file, read, parsed and lowered in one go. */
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "dsl/dsl.h"

enum { LIMIT = 1 << 24 };

at_status at_dsl_load(const char *path, const at_dsl_env *env, at_graph **out, at_text *messages,
                      at_error *err) {
  char *text = NULL;
  size_t n = 0;
  at_ast *ast = NULL;
  at_diags diags = {0};
  *out = NULL;
  at_arena *arena = at_arena_new();
  at_status s = arena ? at_file_read(path, LIMIT, &text, &n, err) : at_nomem(err);
  at_source src = {path, text, n};
  if (s == AT_OK) {
    s = at_dsl_parse(arena, &src, &diags, &ast);
    if (s == AT_ENOMEM)
      at_nomem(err);
    else if (s != AT_OK)
      at_fail(err, AT_EINPUT, "%s: the model has %zu error%s", path, diags.errors,
              diags.errors == 1 ? "" : "s");
  }
  if (s == AT_OK) s = at_dsl_lower(ast, &src, env, &diags, out, err);
  if (messages && diags.n) at_diags_format(&diags, &src, messages);
  free(text);
  at_arena_free(arena);
  return s;
}
