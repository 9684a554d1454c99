/* From text to tree: the doors to the generated parser. */
#include <string.h>
#include "dsl/ast.h"
#include "dsl/lexer.h"
#include "dsl/parser.h"

/* Of the generated lexer. */
int at_dsl_yylex_init_extra(at_parse *extra, void **scanner);
int at_dsl_yylex_destroy(void *scanner);
struct yy_buffer_state *at_dsl_yy_scan_bytes(const char *bytes, int n, void *scanner);

enum { LARGEST = 1 << 20 };

static at_status run(at_parse *p, const char *text, size_t size) {
  void *scanner;
  if (!(p->ast = AT_NEW(p->arena, at_ast))) return AT_ENOMEM;
  if (at_dsl_yylex_init_extra(p, &scanner)) return AT_ENOMEM;
  if (!at_dsl_yy_scan_bytes(text, (int)size, scanner)) {
    at_dsl_yylex_destroy(scanner);
    return AT_ENOMEM;
  }
  int rc = at_dsl_yyparse(scanner, p);
  at_dsl_yylex_destroy(scanner);
  if (rc == 2 || p->nomem) return AT_ENOMEM;
  return rc || p->diags->errors ? AT_EINPUT : AT_OK;
}

at_status at_dsl_parse(at_arena *arena, const at_source *src, at_diags *diags, at_ast **out) {
  at_parse p = {.arena = arena, .diags = diags, .start = START_MODEL};
  *out = NULL;
  diags->arena = arena;
  if (src->size > LARGEST) {
    at_diag_add(diags, AT_SEV_ERROR, "size", (at_span){0, 0, 0}, "a model file has at most 1 MiB",
                NULL, (at_span){-1, 0, 0}, NULL);
    return AT_EINPUT;
  }
  at_status s = run(&p, src->text, src->size);
  *out = p.ast;
  return s;
}

at_status at_dsl_parse_expr(at_arena *arena, const char *text, at_expr **out, at_error *err) {
  at_diags d = {.arena = arena};
  at_parse p = {.arena = arena, .diags = &d, .file = -1, .start = START_EXPR};
  size_t n = strlen(text);
  if (n > LARGEST) return at_fail(err, AT_EINPUT, "the value is too long");
  at_status s = run(&p, text, n);
  *out = p.ast ? p.ast->expr : NULL;
  if (s == AT_OK && *out) return AT_OK;
  return s == AT_ENOMEM ? at_nomem(err)
                        : at_fail(err, AT_EINPUT, "%s", d.n ? d.v[0].message : "nothing is there");
}
