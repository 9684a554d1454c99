/* A model file: read, parsed and lowered in one go. */
#include <stdlib.h>
#include "core/base/file.h"
#include "dsl/ast.h"

at_status at_dsl_load(const char *path, const at_dsl_env *env, at_graph **out, at_text *messages,
                      at_error *err) {
  char *text = NULL;
  at_ast *ast = NULL;
  at_arena *arena = at_arena_new();
  at_source src = {.path = path};
  at_diags diags = {.arena = arena};
  *out = NULL;
  at_status s = arena ? AT_OK : at_nomem(err);
  if (s == AT_OK) s = at_file_read(path, AT_DSL_MAX_SIZE, &text, &src.size, err);
  if (s != AT_OK) goto out;
  src.text = text;
  s = at_dsl_parse(arena, &src, &diags, &ast);
  if (s == AT_ENOMEM)
    at_nomem(err);
  else if (s != AT_OK)
    at_diags_fail(&diags, &src, err);
  else
    s = at_dsl_lower(ast, &src, env, &diags, out, err);
  if (messages && diags.n) at_diags_format(&diags, &src, messages);
out:
  free(text);
  at_arena_free(arena);
  return s;
}
