libcore_la_SOURCES += \
	core/draw/dot.c \
	core/draw/draw.c core/draw/draw.h core/draw/draw_impl.h \
	core/draw/group.c \
	core/draw/json.c \
	core/draw/layout.c \
	core/draw/modules.c \
	core/draw/picture.c
