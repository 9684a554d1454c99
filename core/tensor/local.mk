numeric_sources += \
	core/tensor/array.c core/tensor/array.h \
	core/tensor/gemm.c core/tensor/gemm.h \
	core/tensor/direct.c \
	core/tensor/direct.h \
	core/tensor/holes.c core/tensor/holes.h \
	core/tensor/lanes.h \
	core/tensor/panels.c core/tensor/panels.h \
	core/tensor/thin.c core/tensor/thin.h \
	core/tensor/turn.h \
	core/tensor/vecmath.c core/tensor/vecmath.h
