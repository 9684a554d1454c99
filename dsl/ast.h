/* The syntax tree of a model file, as written: names are not looked up yet.
 *
 * Everything lies in the arena given to at_dsl_parse and is never changed after
 * parsing.  Lists are linked by `next`, in the order of the text. */
#ifndef AT_DSL_AST_H
#define AT_DSL_AST_H
#include "dsl/dsl.h"

/* Brackets in brackets, and operators or stages chained to one expression; bytes of a file. */
enum { AT_DSL_MAX_DEPTH = 200, AT_DSL_MAX_SIZE = 1 << 20 };

typedef enum at_expr_kind {
  AT_E_BAD,    /* reported already; whoever meets it stays quiet */
  AT_E_NUMBER, /* number */
  AT_E_NAME,   /* name */
  AT_E_CALL,   /* name(args) */
  AT_E_PIPE,   /* left |> right; right is a NAME or a CALL */
  AT_E_BINARY, /* left op right; op one of + - * / */
  AT_E_NEGATE, /* -left */
  AT_E_LIST,   /* [item, item] */
  AT_E_STRING, /* name: the text between the quotes */
  AT_E_MEMBER, /* left.name */
  AT_E_COND    /* left op right; op one of AT_COND_*; AT_COND_NOT has no right */
} at_expr_kind;

typedef enum at_cond_op {
  AT_COND_EQ = 'e',
  AT_COND_NE = 'n',
  AT_COND_LT = '<',
  AT_COND_LE = 'l',
  AT_COND_GT = '>',
  AT_COND_GE = 'g',
  AT_COND_AND = '&',
  AT_COND_OR = '|',
  AT_COND_NOT = '!'
} at_cond_op;

typedef struct at_expr at_expr;
typedef struct at_ast_axis at_ast_axis;

/* `value`, `key = value`, `value -> to`, `value -> to = size`, `-> to = size`. */
typedef struct at_call_arg {
  at_span span;
  const char *key; /* NULL: by position */
  at_span key_span;
  at_expr *value; /* NULL in `-> to` only */
  const char *to; /* NULL: no arrow */
  at_span to_span;
  at_expr *size;     /* NULL: none */
  at_ast_axis *made; /* of `value -> [a, b = 4]`; then `to` is NULL */
  struct at_call_arg *next;
} at_call_arg;

struct at_expr {
  at_expr_kind kind;
  at_span span;
  int depth;
  double number;
  char op;
  const char *name;
  at_span name_span;
  at_call_arg *args;
  const char *scope; /* of `@scope` after a name or call; NULL: none */
  at_span scope_span;
  at_expr *scope_index; /* of `@scope[index]`; NULL: none */
  at_expr *left, *right;
  at_expr *items; /* of a LIST */
  at_expr *next;  /* in the LIST that it is an item of */
};

struct at_ast_axis { /* name... : kind = size */
  const char *name;
  at_span span;
  bool ragged;
  const char *kind; /* NULL: by position */
  at_span kind_span;
  at_expr *size; /* NULL: not stated */
  at_ast_axis *next;
};

typedef struct at_ast_param { /* of a model: name = def; also a clause of attend */
  const char *name;
  at_span span;
  at_expr *def;  /* NULL: required */
  at_expr *when; /* of a clause: the condition behind `if`; NULL: always */
  struct at_ast_param *next;
} at_ast_param;

typedef enum at_stmt_kind {
  AT_S_INPUT,
  AT_S_PARAM,
  AT_S_LET,
  AT_S_INSTANCE,
  AT_S_ATTEND,
  AT_S_OUTPUT,
  AT_S_RETURN,
  AT_S_LOSS,
  AT_S_REPEAT,
  AT_S_NEXT,
  AT_S_IF,
  AT_S_FREEZE,
  AT_S_IMPORT,
  AT_STMT_KINDS
} at_stmt_kind;

typedef struct at_stmt at_stmt;
struct at_stmt {
  at_stmt_kind kind;
  at_span span;
  const char *name; /* NULL where there is none: loss, return, if, freeze */
  at_span name_span;
  at_expr *expr;    /* let, instance, next, return, loss, param (its init; NULL: default),
                       output (NULL: the value of that name), if (condition), import (file) */
  const char *type; /* input: real or token */
  at_span type_span;
  at_expr *vocabulary;   /* input: token(vocabulary); NULL: not stated */
  at_ast_axis *axes;     /* input, param */
  at_call_arg *args;     /* attend */
  at_ast_param *clauses; /* attend: its clauses; repeat: carried values (def: first value);
                            loss: paths after `updates`; freeze: paths */
  at_expr *first, *last; /* repeat: NAME = first to last; import: last is the prefix, NULL: none */
  at_stmt *body;         /* repeat, if */
  int depth;             /* of the blocks in it */
  at_stmt *other;        /* if: what stands after else; one IF statement for `else if` */
  bool has_other;
  at_stmt *next;
};

typedef struct at_ast_model {
  bool module; /* `module`, not `model` */
  const char *name;
  at_span name_span;
  at_span span;
  at_ast_param *params;
  bool recompute;        /* its values are made again in backward, */
  at_expr *recompute_if; /* where this holds; NULL: always */
  at_stmt *body;
  struct at_ast_model *next;
} at_ast_model;

typedef struct at_ast_include {
  const char *path; /* as written */
  at_span span;     /* of the whole */
  at_span path_span;
  struct at_ast_include *next;
} at_ast_include;

typedef struct at_ast_comment { /* from `#` to the end of its line */
  at_span span;
  struct at_ast_comment *next;
} at_ast_comment;

struct at_ast {
  at_ast_model *models;     /* models and modules, in the order of the text, includes first */
  at_ast_include *includes; /* of the first file only */
  at_ast_comment *comments; /* of the first file only */
  at_expr *value;           /* of at_dsl_parse_value */
};

/* ---- diagnostics (dsl/diag.c) ---------------------------------------------------- */

enum { AT_DSL_MAX_ERRORS = 50 }; /* later ones are dropped: they help nobody */

/* Appends; `message` is formatted into the arena. The returned entry takes hint and
 * note; it is never NULL, but a spare one when there is no room. */
at_diag *at_diag_add(at_diags *d, at_severity severity, const char *code, at_span span,
                     const char *fmt, ...) AT_PRINTF(5, 6);
/* Formatted into the arena of `d`; a fixed text when memory runs out. */
const char *at_diag_text(at_diags *d, const char *fmt, ...) AT_PRINTF(2, 3);
/* "did you mean `x`?" or NULL. */
const char *at_diag_suggest(at_diags *d, const char *name, const char *const *names, size_t n);

/* EINPUT with one sentence: the first error, its place, and how many there are. */
at_status at_diags_fail(const at_diags *d, const at_source *src, at_error *err);

static const at_span AT_NOWHERE = {-1, 0, 0};

/* The source that a span lies in. */
const at_source *at_source_of(const at_source *first, at_span span);
/* Line and column of a byte, from 1; columns count characters. */
void at_source_place(const at_source *src, uint32_t at, int *line, int *column);
/* The first byte that is no UTF-8 or a NUL; size when there is none. */
size_t at_source_bad_byte(const at_source *src);

/* ---- values by themselves (dsl/parse.c) -------------------------------------------- */

/* Parses `text` as one expression (of --set), whose spans have no place; EINPUT when it
 * is none. */
at_status at_dsl_parse_value(at_arena *arena, const char *text, at_expr **out);

#endif
