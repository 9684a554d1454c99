libcore_la_SOURCES += \
	core/same/look.c \
	core/same/probe.c \
	core/same/reduce.c \
	core/same/same.c core/same/same.h core/same/same_impl.h \
	core/same/say.c \
	core/same/sign.c
