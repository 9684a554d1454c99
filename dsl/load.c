/* A model file: read, parsed and lowered in one go. */
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "dsl/ast.h"

char *at_source_beside(at_arena *arena, const at_source *from, const char *path) {
  const char *slash = path[0] == '/' ? NULL : strrchr(from->path, '/');
  return slash ? at_arena_printf(arena, "%.*s/%s", (int)(slash - from->path), from->path, path)
               : at_arena_strdup(arena, path);
}

at_status at_source_read_beside(at_arena *arena, const at_source *from, const char *path,
                                at_source *out, at_error *err) {
  char *name = at_source_beside(arena, from, path);
  char *text = NULL, *copy = NULL;
  size_t size = 0;
  if (!name) return at_nomem(err);
  at_status s = at_file_read(name, AT_DSL_MAX_SIZE, &text, &size, err);
  if (s == AT_OK && !(copy = at_arena_alloc(arena, size + 1, 1))) s = at_nomem(err);
  if (s == AT_OK) {
    memcpy(copy, text, size);
    *out = (at_source){.path = name, .text = copy, .size = size};
  }
  free(text);
  return s;
}

at_status at_dsl_load_kept(at_arena *arena, at_source *src, const at_dsl_env *env, at_graph **out,
                           at_text *messages, at_error *err) {
  char *text = NULL, *copy = NULL;
  at_ast *ast = NULL;
  at_diags diags = {.arena = arena};
  *out = NULL;
  at_status s =
      src->text ? AT_OK : at_file_read(src->path, AT_DSL_MAX_SIZE, &text, &src->size, err);
  if (s == AT_OK && !(copy = at_arena_alloc(arena, src->size + 1, 1))) s = at_nomem(err);
  if (s == AT_OK) {
    memcpy(copy, src->text ? src->text : text, src->size);
    copy[src->size] = 0;
  }
  free(text);
  if (s != AT_OK) return s;
  src->text = copy;
  src->read = at_source_read_beside;
  s = at_dsl_parse(arena, src, &diags, &ast);
  if (s == AT_ENOMEM)
    at_nomem(err);
  else if (s != AT_OK)
    at_diags_fail(&diags, src, err);
  else
    s = at_dsl_lower(ast, src, env, &diags, out, err);
  if (messages && env && env->json)
    at_diags_json(&diags, src, messages);
  else if (messages && diags.n)
    at_diags_format(&diags, src, messages);
  return s;
}

at_status at_dsl_load(const char *path, const at_dsl_env *env, at_graph **out, at_text *messages,
                      at_error *err) {
  at_arena *arena = at_arena_new();
  at_source src = {.path = path};
  *out = NULL;
  at_status s = arena ? at_dsl_load_kept(arena, &src, env, out, messages, err) : at_nomem(err);
  at_arena_free(arena);
  return s;
}
