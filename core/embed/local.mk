# libattune: what <attune/attune.h> declares, and nothing else is seen of it.
attuneinclude_HEADERS += include/attune/attune.h
# Not beside the plugins, whose folder the program reads where it was built.
lib_LTLIBRARIES = core/embed/libattune.la
core_embed_libattune_la_SOURCES = \
	core/embed/context.c core/embed/embed.h \
	core/embed/describe.c \
	core/embed/error.c \
	core/embed/forward.c \
	core/embed/inputs.c \
	core/embed/model.c \
	core/embed/runs.c \
	core/embed/source.c \
	core/embed/step.c \
	core/embed/weights.c
# Libraries below it (GLib, BLIS) are not made to be unloaded, so it stays as well.
# current:revision:age as libtool counts them; libattune.so.1 as long as nothing is taken away.
core_embed_libattune_la_LDFLAGS = -version-info 1:0:0 -no-undefined -Wl,-z,nodelete \
	-Wl,--version-script=$(srcdir)/core/embed/attune.map
core_embed_libattune_la_LIBADD = libcore.la
EXTRA_core_embed_libattune_la_DEPENDENCIES = core/embed/attune.map
EXTRA_DIST += core/embed/attune.map
