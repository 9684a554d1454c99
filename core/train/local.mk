libattune_la_SOURCES += \
	core/train/checkpoint.c core/train/checkpoint.h \
	core/train/optimizer.c core/train/optimizer.h \
	core/train/schedule.c core/train/schedule.h \
	core/train/vectors.c core/train/vectors.h
