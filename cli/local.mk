bin_PROGRAMS += attune
attune_SOURCES = \
	cli/allocations.c \
	cli/args.c \
	cli/bench.c \
	cli/check.c cli/check.h cli/check_study.c \
	cli/cli.h \
	cli/data.c cli/data_make.c \
	cli/explain.c \
	cli/fmt.c \
	cli/generate.c \
	cli/graph.c \
	cli/help.c \
	cli/main.c \
	cli/ops.c \
	cli/plugin.c cli/plugin_check.c cli/plugin_new.c \
	cli/progress.c \
	cli/report.c \
	cli/run.c \
	cli/show.c \
	cli/sweep.c \
	cli/train.c
attune_CPPFLAGS = $(AM_CPPFLAGS)
attune_LDADD = libcore.la
# allocations.c counts them.
attune_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=posix_memalign,--wrap=strdup,--wrap=strndup
