/* A model and all that it includes, as files that lie in one folder. */
#include <string.h>
#include "dsl/ast.h"

static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool taken(const at_dsl_file *v, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(v[i].name, name)) return true;
  return false;
}

/* Which source `from` means by `path`; -1: none that was read. */
static long source_named(const at_source *first, const char *path) {
  long i = 0;
  for (const at_source *s = first; s; s = s->next, i++)
    if (!strcmp(s->path, path)) return i;
  return -1;
}

/* The text of one file, what it includes called by the new names. */
static at_status rewrite(at_arena *arena, const at_source *first, const at_source *src,
                         const at_dsl_file *v, const char **out, at_error *err) {
  at_diags diags = {.arena = arena};
  at_ast *ast = NULL;
  at_text t = {0};
  uint32_t at = 0;
  at_status s = at_dsl_parse_alone(arena, src, &diags, &ast);
  if (s != AT_OK) return s == AT_ENOMEM ? at_nomem(err) : at_diags_fail(&diags, src, err);
  for (const at_ast_include *i = ast->includes; i; i = i->next) {
    const char *path = at_source_beside(arena, src, i->path);
    long of = path ? source_named(first, path) : -1;
    if (of < 0) continue;
    at_text_addn(&t, src->text + at, i->path_span.begin - at);
    at_text_addf(&t, "\"%s\"", v[of].name);
    at = i->path_span.end;
  }
  at_text_addn(&t, src->text + at, src->size - at);
  *out = t.failed ? NULL : at_arena_strdup(arena, t.data ? t.data : "");
  at_text_free(&t);
  return *out ? AT_OK : at_nomem(err);
}

at_status at_dsl_gather(at_arena *arena, const at_source *src, const char *name, at_dsl_file **out,
                        size_t *n, at_error *err) {
  size_t count = 0, k = 0;
  at_status s = AT_OK;
  for (const at_source *i = src; i; i = i->next) count++;
  at_dsl_file *v = AT_NEW_ARRAY(arena, at_dsl_file, count + 1);
  if (!v) return at_nomem(err);
  for (const at_source *i = src; i; i = i->next, k++) {
    v[k].name = k ? base_of(i->path) : name;
    if (taken(v, k, v[k].name)) v[k].name = at_arena_printf(arena, "%zu-%s", k, v[k].name);
    if (!v[k].name) return at_nomem(err);
  }
  k = 0;
  for (const at_source *i = src; s == AT_OK && i; i = i->next, k++)
    s = rewrite(arena, src, i, v, &v[k].text, err);
  *out = v;
  *n = count;
  return s;
}
