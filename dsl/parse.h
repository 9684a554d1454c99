/* What the scanner and the parser share while one text is read. */
#ifndef AT_DSL_PARSE_H
#define AT_DSL_PARSE_H
#include <setjmp.h>
#include "dsl/ast.h"

typedef struct at_bracket {
  char open;
  at_span span;
} at_bracket;

typedef struct at_parse {
  at_arena *arena;
  at_diags *diags;
  const at_source *src;
  int file;    /* of spans; -1 for the text of a --set */
  int start;   /* token handed out first: which rule to parse; 0 once it was */
  uint32_t at; /* byte after the last token */
  at_ast *ast;
  at_ast_include *last_include;
  at_ast_comment *last_comment;
  at_bracket bracket[AT_DSL_MAX_DEPTH];
  int n_bracket;
  at_bracket lacking; /* closed by the bracket of another at byte lacking_at */
  uint32_t lacking_at;
  bool stopped; /* the scanner gave up and said why: what follows is no news */
  bool deep;    /* depth of an expression was reported */
  bool nomem;
  jmp_buf fatal; /* the scanner's way out when memory ends */
} at_parse;

/* dsl/lexer.l: parses into p->ast. */
at_status at_lex_parse(at_parse *p);
/* All tokens of a text, the end last. */
typedef struct at_token {
  int kind;
  at_span span;
} at_token;
at_status at_lex_tokens(at_arena *arena, const at_source *src, at_token **out, size_t *n);

/* dsl/build.c: nodes of the tree; NULL (and p->nomem) when memory ends. */
at_expr *at_expr_new(at_parse *p, at_expr_kind kind, at_span span);
at_expr *at_expr_name(at_parse *p, const char *name, at_span span);
at_expr *at_expr_call(at_parse *p, const char *name, at_span name_span, at_call_arg *args,
                      at_span span);
at_expr *at_expr_binary(at_parse *p, at_expr_kind kind, char op, at_expr *left, at_expr *right,
                        at_span span);
at_expr *at_expr_scoped(at_expr *e, const char *scope, at_span span);
at_call_arg *at_arg_new(at_parse *p, at_expr *value, const char *to, at_span to_span, at_expr *size,
                        at_span span);
at_call_arg *at_arg_keyed(at_call_arg *a, const char *key, at_span key_span, at_span span);
at_ast_axis *at_axis_new(at_parse *p, const char *name, at_span span);
at_ast_param *at_param_new(at_parse *p, const char *name, at_span span, at_expr *def);
at_stmt *at_stmt_new(at_parse *p, at_stmt_kind kind, const char *name, at_span name_span,
                     at_expr *expr, at_span span);
/* Bounds the nesting of blocks in s, a repeat or an if. */
void at_stmt_deepen(at_parse *p, at_stmt *s);
at_ast_model *at_model_new(at_parse *p, const char *name, at_span name_span, at_span span);
at_call_arg *at_arg_made(at_parse *p, at_expr *value, at_ast_axis *made, at_span made_span,
                         at_span span);
void at_expr_indexed(at_parse *p, at_expr *e, at_expr *index);
const char *at_dotted(at_parse *p, const char *path, const char *name);
bool at_include_add(at_parse *p, const char *path, at_span path_span, at_span span);
bool at_comment_add(at_parse *p, at_span span);

/* dsl/syntax.c: what is wrong with the text. */
typedef struct at_unexpected {
  at_span where;
  const char *token; /* as messages call it; NULL: none was read */
  bool reserved, end;
  const char *const *expected; /* tokens that could stand there */
  int n_expected;
} at_unexpected;
void at_syntax_unexpected(at_parse *p, const at_unexpected *u);
void at_syntax_open_text(at_parse *p, at_span span); /* a text without its end */
void at_syntax_bad_char(at_parse *p, const char *text, size_t n, at_span span);
/* Brackets, as they are read; false: nested too deeply, reading stops. */
bool at_syntax_open(at_parse *p, char c, at_span span);
void at_syntax_close(at_parse *p, char open, at_span span);

#endif
