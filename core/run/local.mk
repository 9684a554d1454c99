libcore_la_SOURCES += \
	core/run/ahead.c \
	core/run/batch.c core/run/batch.h \
	core/run/cache.c \
	core/run/evaluate.c \
	core/run/evidence.c \
	core/run/fed.c \
	core/run/imports.c \
	core/run/inputs.c core/run/items.c \
	core/run/labels.c \
	core/run/linked.c \
	core/run/memory.c \
	core/run/look.c \
	core/run/look_made.c \
	core/run/make.c core/run/make.h core/run/make_impl.h \
	core/run/make_read.c \
	core/run/model.c core/run/model.h \
	core/run/model_json.c \
	core/run/model_parts.c \
	core/run/run.h core/run/run_impl.h \
	core/run/feed.c core/run/feed.h \
	core/run/network.c core/run/network.h \
	core/run/network_load.c \
	core/run/once.c core/run/once.h \
	core/run/pairs.c \
	core/run/parts.c \
	core/run/pictures.c \
	core/run/pixels.c \
	core/run/stepper.c core/run/stepper.h \
	core/run/stepping.c \
	core/run/predictions.c \
	core/run/predictions_json.c \
	core/run/predictions_made.c \
	core/run/rollout.c \
	core/run/rundir.c \
	core/run/rules.c \
	core/run/runfile.c \
	core/run/samples.c \
	core/run/session.c \
	core/run/sweep.c \
	core/run/task_ops.c \
	core/run/train.c core/run/train_impl.h \
	core/run/train_bucket.c \
	core/run/train_diverged.c \
	core/run/trained.c core/run/trained.h \
	core/run/train_losses.c \
	core/run/train_state.c \
	core/run/train_step.c \
	core/run/train_watch.c \
	core/run/words.c \
	core/run/yaml.c core/run/yaml.h
