libcore_la_SOURCES += \
	core/bench/bench.c core/bench/bench.h core/bench/bench_impl.h \
	core/bench/evaluate.c \
	core/bench/json.c \
	core/bench/machine.c core/bench/machine.h \
	core/bench/ops.c \
	core/bench/profile.c \
	core/bench/scaling.c \
	core/bench/subject.c
