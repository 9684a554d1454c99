libattune_la_SOURCES += \
	core/graph/axes.c \
	core/graph/bind.c \
	core/graph/exec.c core/graph/exec.h core/graph/exec_impl.h \
	core/graph/exec_view.c \
	core/graph/graph.c core/graph/graph.h \
	core/graph/params.c \
	core/graph/pass.c core/graph/pass.h core/graph/pass_gram.c \
	core/graph/plan.c
