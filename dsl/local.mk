libcore_la_SOURCES += \
	dsl/ast.h \
	dsl/build.c \
	dsl/diag.c \
	dsl/dsl.h \
	dsl/format.c \
	dsl/gather.c \
	dsl/lexer.l \
	dsl/load.c \
	dsl/lower.c dsl/lower.h \
	dsl/lower_arg.c \
	dsl/lower_attend.c \
	dsl/lower_module.c \
	dsl/lower_flow.c \
	dsl/lower_weights.c \
	dsl/lower_call.c \
	dsl/lower_expr.c \
	dsl/lower_input.c \
	dsl/lower_param.c \
	dsl/mention.c \
	dsl/parse.c dsl/parse.h \
	dsl/parser.y \
	dsl/syntax.c
BUILT_SOURCES += dsl/parser.h
