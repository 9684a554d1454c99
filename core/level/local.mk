# The numeric rooms, once or once for each level of instructions (core/level/level.h).
libcore_la_SOURCES += core/level/level.c core/level/level.h
EXTRA_DIST += tools/level.sh
numeric_cflags = $(AM_CFLAGS) $(LEVEL_CFLAGS) $(BLIS_CFLAGS)
if LEVELS
noinst_LTLIBRARIES += libbaseline.la libavx2.la libavx512.la
libbaseline_la_SOURCES = $(numeric_sources)
libbaseline_la_CFLAGS = $(numeric_cflags)
libavx2_la_SOURCES = $(numeric_sources)
libavx2_la_CFLAGS = $(numeric_cflags) $(AVX2_CFLAGS)
libavx512_la_SOURCES = $(numeric_sources)
libavx512_la_CFLAGS = $(numeric_cflags) $(AVX512_CFLAGS)

level_tool = LD='$(LD)' NM='$(NM)' OBJCOPY='$(OBJCOPY)' $(SHELL) $(srcdir)/tools/level.sh
level_objects = core/level/baseline.lo core/level/avx2.lo core/level/avx512.lo
core/level/names.h: libbaseline.la tools/level.sh
	$(AM_V_GEN)$(MKDIR_P) core/level && $(level_tool) names .libs/libbaseline.a $@
# by a variable: automake leaves its own rule out where the target is named
level_choice = core/level/libcore_la-level.lo
$(level_choice): core/level/names.h
core/level/baseline.lo: libbaseline.la core/level/names.h
	$(AM_V_GEN)$(level_tool) join .libs/libbaseline.a core/level/baseline
core/level/avx2.lo: libavx2.la core/level/names.h
	$(AM_V_GEN)$(level_tool) join .libs/libavx2.a core/level/avx2
core/level/avx512.lo: libavx512.la core/level/names.h
	$(AM_V_GEN)$(level_tool) join .libs/libavx512.a core/level/avx512
libcore_la_LIBADD += $(level_objects)
CLEANFILES += core/level/names.h
else
libcore_la_SOURCES += $(numeric_sources)
endif
