libcore_la_SOURCES += \
	core/analyse/agree.c core/analyse/agree.h \
	core/analyse/bootstrap.c core/analyse/bootstrap.h \
	core/analyse/compare.c core/analyse/compare.h \
	core/analyse/condition.c core/analyse/condition.h \
	core/analyse/explained.c \
	core/analyse/sample.c core/analyse/sample.h \
	core/analyse/winner.c core/analyse/winner.h
