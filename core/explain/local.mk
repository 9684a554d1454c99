libattune_la_SOURCES += \
	core/explain/truth.c core/explain/truth.h
