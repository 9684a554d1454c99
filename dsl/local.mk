# parser.h and the parser come of parser.y; the lexer reads parser.h.
BUILT_SOURCES += dsl/parser.h
libattune_la_SOURCES += \
	dsl/ast.h \
	dsl/diag.c \
	dsl/dsl.h \
	dsl/lexer.h dsl/lexer.l \
	dsl/load.c \
	dsl/lower.c dsl/lower_impl.h \
	dsl/lower_attend.c \
	dsl/lower_call.c \
	dsl/lower_expr.c \
	dsl/parse.c \
	dsl/parser.y
