/* Text to syntax tree: the checks before scanning, then the parser. */
#include <string.h>
#include "dsl/parse.h"
#include "dsl/parser.h"

static bool text_is_sound(const at_source *src, at_diags *diags) {
  if (src->size > AT_DSL_MAX_SIZE) {
    at_diag_add(diags, AT_SEV_ERROR, "too-large", AT_NOWHERE,
                "the file has %zu bytes; a model has at most %d", src->size, AT_DSL_MAX_SIZE);
    return false;
  }
  size_t bad = at_source_bad_byte(src);
  if (bad == src->size) return true;
  unsigned char c = (unsigned char)src->text[bad];
  at_span span = {0, (uint32_t)bad, (uint32_t)bad + 1};
  at_diag *d = at_diag_add(diags, AT_SEV_ERROR, "encoding", span,
                           c ? "the byte 0x%02x is not part of any UTF-8 character"
                             : "a model is text; this byte is 0x%02x",
                           c);
  d->hint = "save the file as UTF-8 text";
  return false;
}

/* The parser's state is large (a stack of brackets), so it lives in the arena too. */
static at_status run(at_arena *arena, const at_source *src, at_diags *diags, int file, int start,
                     at_ast **out) {
  at_parse *p = AT_NEW(arena, at_parse);
  at_ast *ast = AT_NEW(arena, at_ast);
  *out = ast;
  if (!p || !ast) return AT_ENOMEM;
  p->arena = arena;
  p->diags = diags;
  p->src = src;
  p->file = file;
  p->start = start;
  p->ast = ast;
  at_status s = at_lex_parse(p);
  return s == AT_ENOMEM || diags->errors == 0 ? s : AT_EINPUT;
}

at_status at_dsl_parse(at_arena *arena, const at_source *src, at_diags *diags, at_ast **out) {
  *out = NULL;
  if (!diags->arena) diags->arena = arena;
  if (!text_is_sound(src, diags)) return AT_EINPUT;
  return run(arena, src, diags, 0, START_FILE, out);
}

at_status at_dsl_parse_value(at_arena *arena, const char *text, at_expr **out) {
  at_source src = {"", text, strlen(text)};
  at_diags diags = {.arena = arena};
  at_ast *ast = NULL;
  *out = NULL;
  if (src.size > 4096 || at_source_bad_byte(&src) != src.size) return AT_EINPUT;
  at_status s = run(arena, &src, &diags, -1, START_VALUE, &ast);
  if (s == AT_OK) *out = ast->value;
  return s;
}
