/* The syntax tree of a model file. Everything lives in the arena of the parse; names are
 * NUL-terminated copies; every node knows its bytes in the source. */
#ifndef AT_DSL_AST_H
#define AT_DSL_AST_H
#include "dsl/dsl.h"

typedef struct at_name {
  const char *text;
  at_span span;
} at_name;

typedef enum at_expr_kind {
  AT_E_BAD, /* a mistake that was reported */
  AT_E_NUMBER,
  AT_E_NAME,
  AT_E_CALL,   /* f(args) */
  AT_E_PIPE,   /* left |> right */
  AT_E_BINARY, /* left op right */
  AT_E_MINUS   /* - left */
} at_expr_kind;

typedef struct at_expr at_expr;

/* One argument: `value`, `key = value`, or `value -> to`, `value -> to = size`. */
typedef struct at_argument {
  struct at_argument *next;
  at_name key; /* text NULL: positional */
  at_expr *value;
  at_name to;    /* text NULL: no arrow */
  at_expr *size; /* NULL: not said */
  at_span span;
} at_argument;

struct at_expr {
  at_expr_kind kind;
  at_span span;
  int depth;
  double number;
  at_name name;      /* NAME, CALL */
  at_argument *args; /* CALL */
  at_expr *left, *right;
  char op;       /* BINARY: + - * / */
  at_name scope; /* `@name` behind a call or a name; text NULL: none */
};

typedef struct at_parameter {
  struct at_parameter *next;
  at_name name;
  at_expr *value; /* NULL: must be given */
} at_parameter;

typedef struct at_input_axis {
  struct at_input_axis *next;
  at_name name;
  bool ragged;
  at_name kind;  /* text NULL: by position */
  at_expr *size; /* NULL: the data knows */
} at_input_axis;

typedef enum at_stmt_kind {
  AT_S_INPUT,
  AT_S_LET,
  AT_S_ATTEND,
  AT_S_OUTPUT,
  AT_S_LOSS
} at_stmt_kind;

typedef struct at_stmt {
  struct at_stmt *next;
  at_stmt_kind kind;
  at_span span;
  at_name name;        /* all but LOSS */
  at_name type;        /* INPUT: "real", "token" */
  at_input_axis *axes; /* INPUT */
  at_expr *value;      /* LET, OUTPUT, LOSS */
  at_argument *args;   /* ATTEND: query, key, value, over, along */
  at_argument *fields; /* ATTEND: score, refine, weigh */
} at_stmt;

struct at_ast {
  at_name name;
  at_parameter *params;
  at_stmt *body;
  at_expr *expr; /* of an expression parsed alone */
};

/* An expression alone, as --set gives it; spans have file -1. */
at_status at_dsl_parse_expr(at_arena *arena, const char *text, at_expr **out, at_error *err);

/* Reports; `hint`, `note` may be NULL. Strings are copied. */
void at_diag_add(at_diags *d, at_severity severity, const char *code, at_span span,
                 const char *message, const char *hint, at_span note_span, const char *note);

/* ---- between lexer and parser ---- */
typedef struct at_parse {
  at_arena *arena;
  at_diags *diags;
  int file;
  size_t at; /* bytes read */
  int start; /* token that says what is parsed; 0 once given */
  at_ast *ast;
  bool nomem;
} at_parse;
#endif
