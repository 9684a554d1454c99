numeric_sources += core/base/random.c
libcore_la_SOURCES += \
	core/base/arena.c core/base/arena.h \
	core/base/bundle.c core/base/bundle.h \
	core/base/busy.c core/base/busy.h \
	core/base/clock.c core/base/clock.h \
	core/base/csv.c core/base/csv.h \
	core/base/file.c core/base/file.h \
	core/base/log.c core/base/log.h \
	core/base/random.h \
	core/base/status.c core/base/status.h \
	core/base/text.c core/base/text.h \
	core/base/thread.c core/base/thread.h \
	core/base/zeros.c core/base/zeros.h
