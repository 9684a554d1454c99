/* The grammar of the model language.
 *
 *   model NAME(parameter = default, ...) {
 *     input NAME: real [axis, axis = SIZE, axis: KIND ...]
 *     input NAME: token [axis, axis...]      the second axis is ragged: each row its own length
 *     let NAME = EXPRESSION
 *     attend NAME(query = E, key = E, value = E, over = axis, along = axis) {
 *       score = PLUGIN(option = value)
 *       refine = STAGE |> STAGE
 *       weigh = softmax(sharpness)
 *     }
 *     output NAME = EXPRESSION
 *     loss EXPRESSION
 *   }
 *
 * A statement begins with its keyword, so line ends mean nothing and `;` is free. An
 * expression is a name, a number, a call f(a, key = b, from -> to), a pipeline
 * a |> f(b), which is f(a, b), or arithmetic. `@name` behind a call names the parameters
 * that it makes. Axes of an input: the first is batch, the last of a real one is feature, those
 * between are sequence; `axis: kind` says otherwise. */
%define api.pure full
%define api.prefix {at_dsl_yy}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%lex-param {void *scanner}
%parse-param {void *scanner} {at_parse *p}

%code requires {
#include "dsl/ast.h"
#define AT_DSL_YYLTYPE at_span
#define AT_DSL_YYLTYPE_IS_DECLARED 1
}
%code {
#include <stdio.h>
#include <string.h>
#include "dsl/lexer.h"

#define YYLLOC_DEFAULT(now, rhs, n)                                       \
  do {                                                                    \
    if (n) {                                                              \
      (now) = YYRHSLOC(rhs, 1);                                           \
      (now).end = YYRHSLOC(rhs, n).end;                                   \
    } else {                                                              \
      (now) = YYRHSLOC(rhs, 0);                                           \
      (now).begin = (now).end;                                            \
    }                                                                     \
  } while (0)

static void at_dsl_yyerror(const at_span *where, void *scanner, at_parse *p, const char *message);

static void *make(at_parse *p, size_t size) {
  void *v = at_arena_alloc(p->arena, 1, size);
  if (!v) p->nomem = true;
  return v;
}
#define MAKE(type) ((type *)make(p, sizeof(type)))

static int depth_of(const at_expr *e) { return e ? e->depth : 0; }

/* Trees are walked by recursion, so their height has a bound. */
enum { MOST_DEPTH = 200 };

static at_expr *expr(at_parse *p, at_expr_kind kind, at_span span, at_expr *left, at_expr *right) {
  at_expr *e = MAKE(at_expr);
  if (!e) return NULL;
  e->kind = kind;
  e->span = span;
  e->left = left;
  e->right = right;
  e->depth = 1 + (depth_of(left) > depth_of(right) ? depth_of(left) : depth_of(right));
  if (e->depth == MOST_DEPTH)
    at_diag_add(p->diags, AT_SEV_ERROR, "depth", span, "this expression is nested too deeply",
                "give its parts names with `let`", (at_span){-1, 0, 0}, NULL);
  if (e->depth >= MOST_DEPTH) e->kind = AT_E_BAD;
  return e;
}

static at_expr *binary(at_parse *p, char op, at_span span, at_expr *left, at_expr *right) {
  at_expr *e = expr(p, AT_E_BINARY, span, left, right);
  if (e) e->op = op;
  return e;
}

static at_name name(const char *text, at_span span) { return (at_name){text, span}; }

static at_stmt *stmt(at_parse *p, at_stmt_kind kind, at_span span, at_name n, at_expr *value) {
  at_stmt *s = MAKE(at_stmt);
  if (s) *s = (at_stmt){.kind = kind, .span = span, .name = n, .value = value};
  return s;
}

static at_argument *argument(at_parse *p, at_span span, at_name key, at_expr *value, at_name to,
                             at_expr *size) {
  at_argument *a = MAKE(at_argument);
  if (a) *a = (at_argument){.key = key, .value = value, .to = to, .size = size, .span = span};
  return a;
}

/* Lists are kept with their last element in hand. */
#define APPEND(list, item)                       \
  do {                                           \
    if (!(list).last) (list).first = (item);     \
    else if (item) (list).last->next = (item);   \
    if (item) (list).last = (item);              \
  } while (0)
}

%union {
  const char *text;
  double number;
  at_expr *expr;
  at_argument *arg;
  at_stmt *stmt;
  at_parameter *param;
  at_input_axis *axis;
  struct { at_argument *first, *last; } args;
  struct { at_stmt *first, *last; } stmts;
  struct { at_parameter *first, *last; } params;
  struct { at_input_axis *first, *last; } axes;
}

%token START_MODEL START_EXPR
%token MODEL "`model`" INPUT "`input`" LET "`let`" ATTEND "`attend`" OUTPUT "`output`" LOSS "`loss`"
%token <text> NAME "a name"
%token <number> NUMBER "a number"
%token PIPE "`|>`" ARROW "`->`" DOTS "`...`"
%token '(' "`(`" ')' "`)`" '{' "`{`" '}' "`}`" '[' "`[`" ']' "`]`" ',' "`,`" ':' "`:`" ';' "`;`"
%token '=' "`=`" '@' "`@`" '+' "`+`" '-' "`-`" '*' "`*`" '/' "`/`"
%token YYEOF 0 "the end of the file"

%left PIPE
%left '+' '-'
%left '*' '/'
%precedence MINUS

%type <expr> expr call primary stage
%type <arg> arg field
%type <args> args some_args fields
%type <stmt> statement
%type <stmts> statements
%type <param> param
%type <params> params some_params
%type <axis> axis
%type <axes> axes

%%
start:
    START_MODEL model
  | START_EXPR expr                    { p->ast->expr = $2; }
  ;

model:
    MODEL NAME params '{' statements '}' {
      p->ast->name = name($2, @2);
      p->ast->params = $3.first;
      p->ast->body = $5.first;
    }
  ;

params:
    %empty                             { $$.first = $$.last = NULL; }
  | '(' ')'                            { $$.first = $$.last = NULL; }
  | '(' some_params ')'                { $$ = $2; }
  | '(' error ')'                      { $$.first = $$.last = NULL; }
  ;

some_params:
    param                              { $$.first = $$.last = $1; }
  | some_params ',' param              { $$ = $1; APPEND($$, $3); }
  ;

param:
    NAME                               { if (($$ = MAKE(at_parameter))) $$->name = name($1, @1); }
  | NAME '=' expr                      {
      if (($$ = MAKE(at_parameter))) {
        $$->name = name($1, @1);
        $$->value = $3;
      }
    }
  ;

statements:
    %empty                             { $$.first = $$.last = NULL; }
  | statements statement               { $$ = $1; APPEND($$, $2); }
  | statements ';'                     { $$ = $1; }
  ;

statement:
    INPUT NAME ':' NAME '[' axes ']'   {
      if (($$ = stmt(p, AT_S_INPUT, @$, name($2, @2), NULL))) {
        $$->type = name($4, @4);
        $$->axes = $6.first;
      }
    }
  | LET NAME '=' expr                  { $$ = stmt(p, AT_S_LET, @$, name($2, @2), $4); }
  | OUTPUT NAME '=' expr               { $$ = stmt(p, AT_S_OUTPUT, @$, name($2, @2), $4); }
  | LOSS expr                          { $$ = stmt(p, AT_S_LOSS, @$, name(NULL, @1), $2); }
  | ATTEND NAME '(' args ')' '{' fields '}' {
      if (($$ = stmt(p, AT_S_ATTEND, @$, name($2, @2), NULL))) {
        $$->args = $4.first;
        $$->fields = $7.first;
      }
    }
  | INPUT error                        { $$ = NULL; }
  | LET error                          { $$ = NULL; }
  | OUTPUT error                       { $$ = NULL; }
  | LOSS error                         { $$ = NULL; }
  | ATTEND error                       { $$ = NULL; }
  | ATTEND NAME '(' args ')' '{' fields error '}' { $$ = NULL; }
  | error                              { $$ = NULL; }
  ;

axes:
    axis                               { $$.first = $$.last = $1; }
  | axes ',' axis                      { $$ = $1; APPEND($$, $3); }
  ;

axis:
    NAME                               { if (($$ = MAKE(at_input_axis))) $$->name = name($1, @1); }
  | NAME DOTS                          {
      if (($$ = MAKE(at_input_axis))) {
        $$->name = name($1, @1);
        $$->ragged = true;
      }
    }
  | NAME '=' expr                      {
      if (($$ = MAKE(at_input_axis))) {
        $$->name = name($1, @1);
        $$->size = $3;
      }
    }
  | NAME ':' NAME                      {
      if (($$ = MAKE(at_input_axis))) {
        $$->name = name($1, @1);
        $$->kind = name($3, @3);
      }
    }
  | NAME ':' NAME '=' expr             {
      if (($$ = MAKE(at_input_axis))) {
        $$->name = name($1, @1);
        $$->kind = name($3, @3);
        $$->size = $5;
      }
    }
  ;

fields:
    %empty                             { $$.first = $$.last = NULL; }
  | fields field                       { $$ = $1; APPEND($$, $2); }
  | fields ';'                         { $$ = $1; }
  ;

field:
    NAME '=' expr                      { $$ = argument(p, @$, name($1, @1), $3, name(NULL, @1), NULL); }
  ;

expr:
    primary
  | expr PIPE stage                    { $$ = expr(p, AT_E_PIPE, @$, $1, $3); }
  | expr '+' expr                      { $$ = binary(p, '+', @$, $1, $3); }
  | expr '-' expr                      { $$ = binary(p, '-', @$, $1, $3); }
  | expr '*' expr                      { $$ = binary(p, '*', @$, $1, $3); }
  | expr '/' expr                      { $$ = binary(p, '/', @$, $1, $3); }
  | '-' expr %prec MINUS               { $$ = expr(p, AT_E_MINUS, @$, $2, NULL); }
  ;

primary:
    call
  | NUMBER                             {
      if (($$ = expr(p, AT_E_NUMBER, @$, NULL, NULL))) $$->number = $1;
    }
  | '(' expr ')'                       { $$ = $2; }
  ;

stage:
    call
  ;

call:
    NAME                               {
      if (($$ = expr(p, AT_E_NAME, @$, NULL, NULL))) $$->name = name($1, @1);
    }
  | NAME '@' NAME                      {
      if (($$ = expr(p, AT_E_NAME, @$, NULL, NULL))) {
        $$->name = name($1, @1);
        $$->scope = name($3, @3);
      }
    }
  | NAME '(' args ')'                  {
      if (($$ = expr(p, AT_E_CALL, @$, NULL, NULL))) {
        $$->name = name($1, @1);
        $$->args = $3.first;
        for (at_argument *a = $3.first; a; a = a->next)
          if (depth_of(a->value) >= $$->depth) $$->depth = depth_of(a->value) + 1;
        if ($$->depth >= MOST_DEPTH) $$ = expr(p, AT_E_BAD, @$, $$, NULL);
      }
    }
  | NAME '(' args ')' '@' NAME         {
      if (($$ = expr(p, AT_E_CALL, @$, NULL, NULL))) {
        $$->name = name($1, @1);
        $$->args = $3.first;
        $$->scope = name($6, @6);
      }
    }
  ;

args:
    %empty                             { $$.first = $$.last = NULL; }
  | some_args                          { $$ = $1; }
  ;

some_args:
    arg                                { $$.first = $$.last = $1; }
  | some_args ',' arg                  { $$ = $1; APPEND($$, $3); }
  ;

arg:
    expr                               { $$ = argument(p, @$, name(NULL, @1), $1, name(NULL, @1), NULL); }
  | NAME '=' expr                      { $$ = argument(p, @$, name($1, @1), $3, name(NULL, @1), NULL); }
  | expr ARROW NAME                    { $$ = argument(p, @$, name(NULL, @1), $1, name($3, @3), NULL); }
  | expr ARROW NAME '=' expr           { $$ = argument(p, @$, name(NULL, @1), $1, name($3, @3), $5); }
  ;
%%

static void at_dsl_yyerror(const at_span *where, void *scanner, at_parse *p, const char *message) {
  (void)scanner;
  at_diag_add(p->diags, AT_SEV_ERROR, "syntax", *where, message, NULL, (at_span){-1, 0, 0}, NULL);
}

/* "expected A, B or C, not D"; a long list of what is possible helps nobody. */
static int yyreport_syntax_error(const yypcontext_t *ctx, void *scanner, at_parse *p) {
  yysymbol_kind_t want[6], got = yypcontext_token(ctx);
  int n = yypcontext_expected_tokens(ctx, want, 6);
  const char *found = got == YYSYMBOL_YYEMPTY ? "the end" : yysymbol_name(got);
  bool wants_name = false;
  char text[512];
  size_t at = 0;
  (void)scanner;
  for (int i = 0; n < 6 && i < n; i++) {
    wants_name |= want[i] == YYSYMBOL_NAME;
    at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i == 0 ? "expected " : i + 1 == n ? " or " : ", ",
                           yysymbol_name(want[i]));
  }
  snprintf(text + at, sizeof text - at, at ? ", found %s" : "%s has no place here", found);
  bool keyword = got >= YYSYMBOL_MODEL && got <= YYSYMBOL_LOSS;
  at_diag_add(p->diags, AT_SEV_ERROR, "syntax", *yypcontext_location(ctx), text,
              wants_name && keyword   ? "this is a word of the language; it cannot be a name"
              : got == YYSYMBOL_YYEOF ? "a bracket may have been left open"
                                      : NULL,
              (at_span){-1, 0, 0}, NULL);
  return 0;
}
