/* The grammar of a model file.
 *
 *   # a comment, to the end of the line
 *   include "parts.att"                     the modules of another file, beside this one
 *   module NAME(PARAMETER, PARAMETER = default, ...) { statements }
 *   module NAME(PARAMETERS) recompute { statements }
 *   module NAME(PARAMETERS) recompute if CONDITION { statements }
 *   model NAME(PARAMETER = default, REQUIRED, ...) { statements }
 *
 * Line breaks mean nothing; a `;` may stand between statements and clauses.
 *
 *   input image: real [picture, region = 36, feature = 2048]
 *   input caption: token(8481) [caption, word...]
 *   input clip: real [clip, frame: sequence = 16, shade: sequence]
 *   param start: [d = 512] = normal(1)
 *
 * An axis is NAME, then `...` when each item of the batch axis before it has its own
 * length, or else `: KIND` (batch, sequence, feature) and `= SIZE`.  Without a kind the
 * first axis is batch, the last of a real input with two axes or more is feature, the
 * others are sequence.  Without a size the data is asked.  token(N) states the number
 * of different tokens.
 *
 *   let NAME = EXPR
 *   instance NAME = f(ARGUMENTS)   called later as NAME(values): one set of parameters
 *   output NAME = EXPR             or, of a value that has the name: output NAME
 *   return EXPR                    of a module
 *   loss EXPR
 *   loss NAME = EXPR updates PATH, PATH
 *   freeze PATH, PATH
 *   import PATH from "FILE" as "PREFIX"
 *                                  PATH: encoder.embed, or as a scope, @layers.0
 *   if CONDITION { statements } else if CONDITION { statements } else { statements }
 *   repeat NAME = FIRST to LAST with NAME = EXPR, NAME = EXPR { statements }
 *   next NAME = EXPR               the carried value of the next turn
 *   attend NAME(query = Q, key = K, value = V, over = AXIS, along = AXIS) {
 *     score  = SPEC           name or name(option = value, ...)
 *     refine = STAGES         may be absent
 *     weigh  = STAGE          its axis is `over`
 *     ...                     interact, heads, mask, dropout likewise
 *     NAME   = ... if CONDITION   a clause that holds only then
 *   }
 *
 * Expressions: numbers, "texts", names, members NAME.OUTPUT of what a module puts out,
 * calls f(ARGUMENTS), pipelines x |> f(ARGUMENTS) |> g, the operators + - * /,
 * parentheses.  x |> f(a) is f(x, a).  A pipeline binds loosest, but for comparisons
 * == != < <= > >= and then not, and, or: conditions.
 * ARGUMENTS: values, then the operator's own by position or as key = value:
 *
 *   word            an axis               y, x          several
 *   feature -> d    consumed -> made; the size is that of parameter d
 *   feature -> d = 128    the size is stated
 *   -> e = 300      made from nothing (embed); `e` alone when e is a parameter
 *   [y, x] -> cell  several, also as key = [y, x]
 *   cell -> [y = 4, x]    several made (split)
 *
 * A call may end in @scope: the names of the parameters it makes then begin with
 * "scope.".  Otherwise they begin with the name of the statement, the second such call
 * in it with "name_2" and so on.  @scope[t] is "scope.1" where t is 1. */
%require "3.8"
%define api.prefix {at_yy}
%define api.pure full
%define api.location.type {at_span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%parse-param {at_parse *p} {void *scanner}
%lex-param {void *scanner}

%code requires {
#include "dsl/parse.h"

/* Lists under construction keep both ends, so that a long one is not walked for
 * every item. */
#define AT_LIST(name, type) \
  typedef struct name {     \
    type *first, *last;     \
  } name
AT_LIST(at_expr_list, at_expr);
AT_LIST(at_arg_list, at_call_arg);
AT_LIST(at_axis_list, at_ast_axis);
AT_LIST(at_param_list, at_ast_param);
AT_LIST(at_stmt_list, at_stmt);
AT_LIST(at_model_list, at_ast_model);
AT_LIST(at_include_list, at_ast_include);
}

%code {
/* Ranges run from the first symbol of a rule to its last; an empty rule lies behind
 * what stands before it. */
#define YYLLOC_DEFAULT(Now, Rhs, N)                                        \
  do {                                                                     \
    (Now).file = YYRHSLOC(Rhs, (N) ? 1 : 0).file;                          \
    (Now).begin = (N) ? YYRHSLOC(Rhs, 1).begin : YYRHSLOC(Rhs, 0).end;     \
    (Now).end = YYRHSLOC(Rhs, N).end;                                      \
  } while (0)

#define AT_APPEND(list, item)     \
  do {                            \
    if ((list).last)              \
      (list).last->next = (item); \
    else                          \
      (list).first = (item);      \
    (list).last = (item);         \
  } while (0)

int at_yylex(AT_YYSTYPE *value, AT_YYLTYPE *where, void *scanner);
static void at_yyerror(const at_span *where, at_parse *p, void *scanner, const char *message);

/* After an allocation that failed nothing is worth parsing. */
#define HAVE(x)        \
  do {                 \
    if (!(x)) YYNOMEM; \
  } while (0)
}

%union {
  double number;
  const char *name;
  at_expr *expr;
  at_call_arg *arg;
  at_ast_axis *axis;
  at_ast_param *param;
  at_stmt *stmt;
  at_ast_model *model;
  at_expr_list exprs;
  at_arg_list args;
  at_axis_list axes;
  at_param_list params;
  at_stmt_list stmts;
  at_model_list models;
  const char *path;
}

%token END 0 "the end of the file"
%token START_FILE START_VALUE
%token MODEL "`model`" MODULE "`module`" INCLUDE "`include`"
%token INPUT "`input`" PARAM "`param`" LET "`let`" INSTANCE "`instance`" ATTEND "`attend`"
%token OUTPUT "`output`" RETURN "`return`" LOSS "`loss`" REPEAT "`repeat`" NEXT "`next`"
%token IF "`if`" FREEZE "`freeze`" IMPORT "`import`"
%token RECOMPUTE "`recompute`"
%token ELSE "`else`" UPDATES "`updates`" TO "`to`" WITH "`with`" FROM "`from`" AS "`as`"
%token AND "`and`" OR "`or`" NOT "`not`"
%token <name> NAME "a name" SCOPE "`@scope`" STRING "a text"
%token <number> NUMBER "a number"
%token PIPE "`|>`" ARROW "`->`" ELLIPSIS "`...`"
%token LPAREN "`(`" RPAREN "`)`" LBRACKET "`[`" RBRACKET "`]`" LBRACE "`{`" RBRACE "`}`"
%token COMMA "`,`" SEMICOLON "`;`" COLON "`:`" EQUALS "`=`"
%token DOT "`.`" EQ "`==`" NE "`!=`" LT "`<`" LE "`<=`" GT "`>`" GE "`>=`"
%token PLUS "`+`" MINUS "`-`" STAR "`*`" SLASH "`/`"
%token BAD "an unknown character"

%left OR
%left AND
%precedence NOT
%nonassoc EQ NE LT LE GT GE
%precedence PIPE
%left PLUS MINUS
%left STAR SLASH
%precedence NEGATE

%type <models> models
%type <model> model module
%type <params> params params_given clauses paths updates carried carries
%type <param> param clause carry path_item
%type <stmts> statements block
%type <stmt> statement input learned let instance attend output return loss repeat next if
%type <stmt> freeze import
%type <path> path
%type <axes> axes made made_axes
%type <axis> axis made_axis
%type <expr> expr primary call stage size vocabulary init prefix recompute_if
%type <exprs> items
%type <args> args args_given
%type <arg> arg

%%

start:
  START_FILE models END    { p->ast->models = $2.first; }
| START_VALUE expr END     { p->ast->value = $2; }
;

models:
  %empty         { $$ = (at_model_list){0}; }
| models model   { $$ = $1; AT_APPEND($$, $2); }
| models module  { $$ = $1; AT_APPEND($$, $2); }
| models include { $$ = $1; }
| models error   { $$ = $1; }
;

include:
  INCLUDE STRING  { HAVE(at_include_add(p, $2, @2, @$)); }
;

model:
  MODEL NAME params_given LBRACE statements RBRACE
    {
      HAVE($$ = at_model_new(p, $2, @2, @$));
      $$->params = $3.first;
      $$->body = $5.first;
    }
| MODEL error LBRACE statements RBRACE
    {
      HAVE($$ = at_model_new(p, "", @2, @$));
      $$->body = $4.first;
    }
;

module:
  MODULE NAME params_given LBRACE statements RBRACE
    {
      HAVE($$ = at_model_new(p, $2, @2, @$));
      $$->module = true;
      $$->params = $3.first;
      $$->body = $5.first;
    }
| MODULE NAME params_given RECOMPUTE recompute_if LBRACE statements RBRACE
    {
      HAVE($$ = at_model_new(p, $2, @2, @$));
      $$->module = true;
      $$->params = $3.first;
      $$->recompute = true;
      $$->recompute_if = $5;
      $$->body = $7.first;
    }
| MODULE error LBRACE statements RBRACE
    {
      HAVE($$ = at_model_new(p, "", @2, @$));
      $$->module = true;
      $$->body = $4.first;
    }
;

recompute_if:
  %empty   { $$ = NULL; }
| IF expr  { $$ = $2; }
;

params_given:
  %empty                { $$ = (at_param_list){0}; }
| LPAREN RPAREN         { $$ = (at_param_list){0}; }
| LPAREN params RPAREN  { $$ = $2; }
;

params:
  param               { $$ = (at_param_list){$1, $1}; }
| params COMMA param  { $$ = $1; AT_APPEND($$, $3); }
;

param:
  NAME              { HAVE($$ = at_param_new(p, $1, @1, NULL)); }
| NAME EQUALS expr  { HAVE($$ = at_param_new(p, $1, @1, $3)); }
;

/* After a mistake reading goes on at the next word that begins a statement. */
statements:
  %empty                { $$ = (at_stmt_list){0}; }
| statements statement  { $$ = $1; AT_APPEND($$, $2); }
| statements SEMICOLON  { $$ = $1; }
| statements error      { $$ = $1; }
| statements error block  { $$ = $1; }
| statements REPEAT error block  { $$ = $1; }
| statements IF error block      { $$ = $1; }
;

statement:
  input | learned | let | instance | attend | output | return | loss | repeat | next | if
| freeze | import
;

block:
  LBRACE statements RBRACE  { $$ = $2; }
;

input:
  INPUT NAME COLON NAME vocabulary LBRACKET axes RBRACKET
    {
      HAVE($$ = at_stmt_new(p, AT_S_INPUT, $2, @2, NULL, @$));
      $$->type = $4;
      $$->type_span = @4;
      $$->vocabulary = $5;
      $$->axes = $7.first;
    }
;

vocabulary:
  %empty              { $$ = NULL; }
| LPAREN expr RPAREN  { $$ = $2; }
;

axes:
  axis             { $$ = (at_axis_list){$1, $1}; }
| axes COMMA axis  { $$ = $1; AT_APPEND($$, $3); }
;

axis:
  NAME size
    {
      HAVE($$ = at_axis_new(p, $1, @1));
      $$->size = $2;
    }
| NAME COLON NAME size
    {
      HAVE($$ = at_axis_new(p, $1, @1));
      $$->kind = $3;
      $$->kind_span = @3;
      $$->size = $4;
    }
| NAME ELLIPSIS
    {
      HAVE($$ = at_axis_new(p, $1, @1));
      $$->ragged = true;
    }
;

size:
  %empty       { $$ = NULL; }
| EQUALS expr  { $$ = $2; }
;

learned:
  PARAM NAME COLON LBRACKET axes RBRACKET init
    {
      HAVE($$ = at_stmt_new(p, AT_S_PARAM, $2, @2, $7, @$));
      $$->axes = $5.first;
    }
;

init:
  %empty       { $$ = NULL; }
| EQUALS expr  { $$ = $2; }
;

let:
  LET NAME EQUALS expr  { HAVE($$ = at_stmt_new(p, AT_S_LET, $2, @2, $4, @$)); }
;

output:
  OUTPUT NAME              { HAVE($$ = at_stmt_new(p, AT_S_OUTPUT, $2, @2, NULL, @$)); }
| OUTPUT NAME EQUALS expr  { HAVE($$ = at_stmt_new(p, AT_S_OUTPUT, $2, @2, $4, @$)); }
;

instance:
  INSTANCE NAME EQUALS stage  { HAVE($$ = at_stmt_new(p, AT_S_INSTANCE, $2, @2, $4, @$)); }
;

return:
  RETURN expr  { HAVE($$ = at_stmt_new(p, AT_S_RETURN, NULL, @1, $2, @$)); }
;

loss:
  LOSS expr  { HAVE($$ = at_stmt_new(p, AT_S_LOSS, NULL, @1, $2, @$)); }
| LOSS NAME EQUALS expr updates
    {
      HAVE($$ = at_stmt_new(p, AT_S_LOSS, $2, @2, $4, @$));
      $$->clauses = $5.first;
    }
;

updates:
  %empty         { $$ = (at_param_list){0}; }
| UPDATES paths  { $$ = $2; }
;

path:
  NAME           { $$ = $1; }
| path DOT NAME  { HAVE($$ = at_dotted(p, $1, $3)); }
| SCOPE          { $$ = $1; }
;

path_item:
  path  { HAVE($$ = at_param_new(p, $1, @1, NULL)); }
;

paths:
  path_item              { $$ = (at_param_list){$1, $1}; }
| paths COMMA path_item  { $$ = $1; AT_APPEND($$, $3); }
;

freeze:
  FREEZE paths
    {
      HAVE($$ = at_stmt_new(p, AT_S_FREEZE, NULL, @1, NULL, @$));
      $$->clauses = $2.first;
    }
;

import:
  IMPORT path FROM expr prefix
    {
      HAVE($$ = at_stmt_new(p, AT_S_IMPORT, $2, @2, $4, @$));
      $$->last = $5;
    }
;

prefix:
  %empty   { $$ = NULL; }
| AS expr  { $$ = $2; }
;

repeat:
  REPEAT NAME EQUALS expr TO expr carries block
    {
      HAVE($$ = at_stmt_new(p, AT_S_REPEAT, $2, @2, NULL, @$));
      $$->first = $4;
      $$->last = $6;
      $$->clauses = $7.first;
      $$->body = $8.first;
      at_stmt_deepen(p, $$);
    }
;

carries:
  %empty        { $$ = (at_param_list){0}; }
| WITH carried  { $$ = $2; }
;

carried:
  carry                { $$ = (at_param_list){$1, $1}; }
| carried COMMA carry  { $$ = $1; AT_APPEND($$, $3); }
;

carry:
  NAME EQUALS expr  { HAVE($$ = at_param_new(p, $1, @1, $3)); }
;

next:
  NEXT NAME EQUALS expr  { HAVE($$ = at_stmt_new(p, AT_S_NEXT, $2, @2, $4, @$)); }
;

if:
  IF expr block
    {
      HAVE($$ = at_stmt_new(p, AT_S_IF, NULL, @1, $2, @$));
      $$->body = $3.first;
      at_stmt_deepen(p, $$);
    }
| IF expr block ELSE block
    {
      HAVE($$ = at_stmt_new(p, AT_S_IF, NULL, @1, $2, @$));
      $$->body = $3.first;
      $$->other = $5.first;
      $$->has_other = true;
      at_stmt_deepen(p, $$);
    }
| IF expr block ELSE if
    {
      HAVE($$ = at_stmt_new(p, AT_S_IF, NULL, @1, $2, @$));
      $$->body = $3.first;
      $$->other = $5;
      $$->has_other = true;
      at_stmt_deepen(p, $$);
    }
;

attend:
  ATTEND NAME LPAREN args_given RPAREN LBRACE clauses RBRACE
    {
      HAVE($$ = at_stmt_new(p, AT_S_ATTEND, $2, @2, NULL, @$));
      $$->args = $4.first;
      $$->clauses = $7.first;
    }
;

clauses:
  %empty             { $$ = (at_param_list){0}; }
| clauses clause     { $$ = $1; AT_APPEND($$, $2); }
| clauses SEMICOLON  { $$ = $1; }
| clauses error      { $$ = $1; }
;

clause:
  NAME EQUALS expr  { HAVE($$ = at_param_new(p, $1, @1, $3)); }
| NAME EQUALS expr IF expr
    {
      HAVE($$ = at_param_new(p, $1, @1, $3));
      $$->when = $5;
    }
;

expr:
  primary
| expr PIPE stage     { HAVE($$ = at_expr_binary(p, AT_E_PIPE, 0, $1, $3, @$)); }
| expr PLUS expr      { HAVE($$ = at_expr_binary(p, AT_E_BINARY, '+', $1, $3, @$)); }
| expr MINUS expr     { HAVE($$ = at_expr_binary(p, AT_E_BINARY, '-', $1, $3, @$)); }
| expr STAR expr      { HAVE($$ = at_expr_binary(p, AT_E_BINARY, '*', $1, $3, @$)); }
| expr SLASH expr     { HAVE($$ = at_expr_binary(p, AT_E_BINARY, '/', $1, $3, @$)); }
| expr OR expr   { HAVE($$ = at_expr_binary(p, AT_E_COND, AT_COND_OR, $1, $3, @$)); }
| expr AND expr  { HAVE($$ = at_expr_binary(p, AT_E_COND, AT_COND_AND, $1, $3, @$)); }
| NOT expr       { HAVE($$ = at_expr_binary(p, AT_E_COND, AT_COND_NOT, $2, NULL, @$)); }
| expr EQ expr   { HAVE($$ = at_expr_binary(p, AT_E_COND, AT_COND_EQ, $1, $3, @$)); }
| expr NE expr   { HAVE($$ = at_expr_binary(p, AT_E_COND, AT_COND_NE, $1, $3, @$)); }
| expr LT expr   { HAVE($$ = at_expr_binary(p, AT_E_COND, AT_COND_LT, $1, $3, @$)); }
| expr LE expr   { HAVE($$ = at_expr_binary(p, AT_E_COND, AT_COND_LE, $1, $3, @$)); }
| expr GT expr   { HAVE($$ = at_expr_binary(p, AT_E_COND, AT_COND_GT, $1, $3, @$)); }
| expr GE expr   { HAVE($$ = at_expr_binary(p, AT_E_COND, AT_COND_GE, $1, $3, @$)); }
| MINUS expr %prec NEGATE
    { HAVE($$ = at_expr_binary(p, AT_E_NEGATE, '-', $2, NULL, @$)); }
;

stage:
  NAME        { HAVE($$ = at_expr_name(p, $1, @1)); }
| NAME SCOPE  { HAVE($$ = at_expr_scoped(at_expr_name(p, $1, @1), $2, @2)); }
| NAME SCOPE LBRACKET expr RBRACKET
    {
      HAVE($$ = at_expr_scoped(at_expr_name(p, $1, @1), $2, @$));
      at_expr_indexed(p, $$, $4);
    }
| call
| call SCOPE  { $$ = at_expr_scoped($1, $2, @2); }
| call SCOPE LBRACKET expr RBRACKET
    {
      $$ = at_expr_scoped($1, $2, @$);
      at_expr_indexed(p, $$, $4);
    }
;

primary:
  NUMBER
    {
      HAVE($$ = at_expr_new(p, AT_E_NUMBER, @1));
      $$->number = $1;
    }
| STRING
    {
      HAVE($$ = at_expr_new(p, AT_E_STRING, @1));
      $$->name = $1;
    }
| stage
| primary DOT NAME
    {
      HAVE($$ = at_expr_binary(p, AT_E_MEMBER, '.', $1, NULL, @$));
      if ($$->kind == AT_E_MEMBER) {
        $$->name = $3;
        $$->name_span = @3;
      }
    }
| LPAREN expr RPAREN  { $$ = $2; }
| LBRACKET items RBRACKET
    {
      HAVE($$ = at_expr_new(p, AT_E_LIST, @$));
      $$->items = $2.first;
    }
;

items:
  expr              { $$ = (at_expr_list){$1, $1}; }
| items COMMA expr  { $$ = $1; AT_APPEND($$, $3); }
;

call:
  NAME LPAREN args_given RPAREN  { HAVE($$ = at_expr_call(p, $1, @1, $3.first, @$)); }
;

args_given:
  %empty  { $$ = (at_arg_list){0}; }
| args
;

args:
  arg             { $$ = (at_arg_list){$1, $1}; }
| args COMMA arg  { $$ = $1; AT_APPEND($$, $3); }
;

arg:
  expr                   { HAVE($$ = at_arg_new(p, $1, NULL, @1, NULL, @$)); }
| expr ARROW NAME size   { HAVE($$ = at_arg_new(p, $1, $3, @3, $4, @$)); }
| ARROW NAME size        { HAVE($$ = at_arg_new(p, NULL, $2, @2, $3, @$)); }
| expr ARROW made        { HAVE($$ = at_arg_made(p, $1, $3.first, @3, @$)); }
| NAME EQUALS expr ARROW made
    {
      HAVE($$ = at_arg_made(p, $3, $5.first, @5, @$));
      $$ = at_arg_keyed($$, $1, @1, @$);
    }
| NAME EQUALS expr
    {
      HAVE($$ = at_arg_new(p, $3, NULL, @3, NULL, @$));
      $$ = at_arg_keyed($$, $1, @1, @$);
    }
| NAME EQUALS expr ARROW NAME size
    {
      HAVE($$ = at_arg_new(p, $3, $5, @5, $6, @$));
      $$ = at_arg_keyed($$, $1, @1, @$);
    }
| NAME EQUALS ARROW NAME size
    {
      HAVE($$ = at_arg_new(p, NULL, $4, @4, $5, @$));
      $$ = at_arg_keyed($$, $1, @1, @$);
    }
;

made:
  LBRACKET made_axes RBRACKET  { $$ = $2; }
;

made_axes:
  made_axis                  { $$ = (at_axis_list){$1, $1}; }
| made_axes COMMA made_axis  { $$ = $1; AT_APPEND($$, $3); }
;

made_axis:
  NAME size
    {
      HAVE($$ = at_axis_new(p, $1, @1));
      $$->size = $2;
    }
;

%%

/* Called by bison itself only when its stack cannot grow. */
static void at_yyerror(const at_span *where, at_parse *p, void *scanner, const char *message) {
  (void)scanner;
  (void)message;
  if (p->nomem || p->stopped) return;
  at_diag_add(p->diags, AT_SEV_ERROR, "nesting", *where,
              "this is nested too deeply to be read; reading stops here")
      ->hint = "name parts of it with `let`";
  p->stopped = true;
}

static int yyreport_syntax_error(const yypcontext_t *ctx, at_parse *p, void *scanner) {
  enum { MOST = YYNTOKENS };
  yysymbol_kind_t kind[MOST], token = yypcontext_token(ctx);
  const char *expected[MOST];
  (void)scanner;
  int n = yypcontext_expected_tokens(ctx, kind, MOST);
  if (n < 0) return n;
  for (int i = 0; i < n; i++) expected[i] = yysymbol_name(kind[i]);
  at_unexpected u = {.where = *yypcontext_location(ctx),
                     .token = token == YYSYMBOL_YYEMPTY ? NULL : yysymbol_name(token),
                     .reserved = (token >= YYSYMBOL_MODEL && token <= YYSYMBOL_NOT),
                     .end = token == YYSYMBOL_YYEOF,
                     .expected = expected,
                     .n_expected = n};
  at_syntax_unexpected(p, &u);
  return 0;
}
