/* Text to syntax tree: the checks before scanning, then the parser. */
#include <string.h>
#include "dsl/parse.h"
#include "dsl/parser.h"

static bool text_is_sound(const at_source *src, int file, at_diags *diags) {
  if (src->size > AT_DSL_MAX_SIZE) {
    at_diag_add(diags, AT_SEV_ERROR, "too-large", AT_NOWHERE,
                "the file has %zu bytes; a model has at most %d", src->size, AT_DSL_MAX_SIZE);
    return false;
  }
  size_t bad = at_source_bad_byte(src);
  if (bad == src->size) return true;
  unsigned char c = (unsigned char)src->text[bad];
  at_span span = {file, (uint32_t)bad, (uint32_t)bad + 1};
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

/* ---- what a file includes ---- */

enum { MOST_FILES = 64 };

typedef struct reading {
  at_arena *arena;
  at_diags *diags;
  at_source *first;
  at_ast_model *modules, *last; /* of all files that are included */
  int files;
} reading;

static at_status read_one(reading *r, const at_source *from, const at_ast_include *i,
                          at_source **out) {
  at_error err = {0};
  at_source *src = AT_NEW(r->arena, at_source), *last = r->first;
  *out = NULL;
  if (!src) return AT_ENOMEM;
  if (!from->read) {
    at_diag_add(r->diags, AT_SEV_ERROR, "bad-include", i->span,
                "a text that lies in no file cannot include one");
    return AT_EINPUT;
  }
  at_status s = from->read(r->arena, from, i->path, src, &err);
  if (s == AT_ENOMEM) return s;
  if (s != AT_OK) {
    at_diag_add(r->diags, AT_SEV_ERROR, "bad-include", i->path_span, "%s", err.message);
    return AT_EINPUT;
  }
  src->read = from->read;
  for (at_source *o = r->first; o; last = o, o = o->next)
    if (!strcmp(o->path, src->path)) return AT_OK; /* it is there already */
  if (r->files == MOST_FILES) {
    at_diag_add(r->diags, AT_SEV_ERROR, "too-large", i->span, "a model has at most %d files",
                MOST_FILES);
    return AT_EINPUT;
  }
  last->next = *out = src;
  r->files++;
  return AT_OK;
}

/* Modules of the files included; their models are left alone, so that a model can be
 * included for its parts. */
static void take_modules(reading *r, at_ast_model *m) {
  for (at_ast_model *next; m; m = next) {
    next = m->next;
    m->next = NULL;
    if (!m->module) continue;
    if (r->last)
      r->last->next = m;
    else
      r->modules = m;
    r->last = m;
  }
}

static at_status read_includes(reading *r, const at_source *from, const at_ast_include *i) {
  at_status s = AT_OK, worst = AT_OK;
  for (; i && s != AT_ENOMEM; i = i->next) {
    at_source *src;
    at_ast *ast = NULL;
    int file = r->files;
    s = read_one(r, from, i, &src);
    if (s == AT_OK && src && !text_is_sound(src, file, r->diags)) s = AT_EINPUT;
    if (s == AT_OK && src && (s = run(r->arena, src, r->diags, file, START_FILE, &ast)) == AT_OK)
      s = read_includes(r, src, ast->includes);
    if (ast && s == AT_OK) take_modules(r, ast->models);
    if (s != AT_OK) worst = s;
  }
  return worst;
}

at_status at_dsl_parse_alone(at_arena *arena, const at_source *src, at_diags *diags, at_ast **out) {
  *out = NULL;
  if (!diags->arena) diags->arena = arena;
  if (!text_is_sound(src, 0, diags)) return AT_EINPUT;
  return run(arena, src, diags, 0, START_FILE, out);
}

at_status at_dsl_parse(at_arena *arena, at_source *src, at_diags *diags, at_ast **out) {
  at_status s = at_dsl_parse_alone(arena, src, diags, out);
  if (s == AT_ENOMEM || !*out) return s;
  reading r = {.arena = arena, .diags = diags, .first = src, .files = 1};
  at_status t = read_includes(&r, src, (*out)->includes);
  if (r.last) {
    r.last->next = (*out)->models;
    (*out)->models = r.modules;
  }
  return t == AT_OK ? s : t;
}

at_status at_dsl_parse_value(at_arena *arena, const char *text, at_expr **out) {
  at_source src = {.path = "", .text = text, .size = strlen(text)};
  at_diags diags = {.arena = arena};
  at_ast *ast = NULL;
  *out = NULL;
  if (src.size > 4096 || at_source_bad_byte(&src) != src.size) return AT_EINPUT;
  at_status s = run(arena, &src, &diags, -1, START_VALUE, &ast);
  if (s == AT_OK) *out = ast->value;
  return s;
}
