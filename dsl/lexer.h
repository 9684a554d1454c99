/* What the parser calls of the generated lexer. */
#ifndef AT_DSL_LEXER_H
#define AT_DSL_LEXER_H
#include "dsl/ast.h"
#include "dsl/parser.h"

int at_dsl_yylex(AT_DSL_YYSTYPE *value, AT_DSL_YYLTYPE *where, void *scanner);
#endif
