numeric_sources += core/train/average.c core/train/optimizer.c
libcore_la_SOURCES += \
	core/train/average.h \
	core/train/checkpoint.c core/train/checkpoint.h \
	core/train/optimizer.h \
	core/train/schedule.c core/train/schedule.h \
	core/train/vectors.c core/train/vectors.h \
	core/train/watch.c core/train/watch.h
