libattune_la_SOURCES += \
	core/run/evaluate.c \
	core/run/inputs.c \
	core/run/look.c \
	core/run/run.h core/run/run_impl.h \
	core/run/once.c core/run/once.h \
	core/run/rundir.c \
	core/run/runfile.c \
	core/run/session.c \
	core/run/sweep.c \
	core/run/train.c \
	core/run/words.c \
	core/run/yaml.c core/run/yaml.h
