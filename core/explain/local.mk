libcore_la_SOURCES += \
	core/explain/adversarial.c \
	core/explain/answer.c \
	core/explain/arrays.c \
	core/explain/block.c \
	core/explain/bound.c \
	core/explain/by.c \
	core/explain/change.c \
	core/explain/compare.c \
	core/explain/csv.c \
	core/explain/erase.c \
	core/explain/examples.c \
	core/explain/explain.h core/explain/explain_impl.h \
	core/explain/flip.c \
	core/explain/keys.c \
	core/explain/layers.c \
	core/explain/layout.c \
	core/explain/metrics.c \
	core/explain/order.c \
	core/explain/remove.c \
	core/explain/results.c \
	core/explain/scramble.c \
	core/explain/shuffle.c \
	core/explain/slope.c \
	core/explain/table.c \
	core/explain/truth.c core/explain/truth.h \
	core/explain/weights.c \
	core/explain/write.c
