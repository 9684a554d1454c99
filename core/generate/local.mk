libcore_la_SOURCES += \
	core/generate/attention.c \
	core/generate/generate.c \
	core/generate/generate.h core/generate/generate_impl.h
