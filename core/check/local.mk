libcore_la_SOURCES += \
	core/check/check.c core/check/check.h core/check/check_impl.h \
	core/check/data.c \
	core/check/explained.c \
	core/check/file.c \
	core/check/form.c \
	core/check/keeps.c \
	core/check/gradient.c \
	core/check/item.c \
	core/check/kernel.c \
	core/check/metric.c \
	core/check/net.c \
	core/check/process.c \
	core/check/score.c \
	core/check/speed.c \
	core/check/spy.c \
	core/check/task.c \
	core/check/use.c \
	core/check/variant.c \
	core/check/world.c
