# Readers and writers of standard files, words, and the embedded data set.
libcore_la_SOURCES += core/data/convert.c core/data/convert.h
libcore_la_SOURCES += core/data/npy.c core/data/npy.h
libcore_la_SOURCES += core/data/npz.c core/data/npz_write.c core/data/npz.h core/data/zip.h
libcore_la_SOURCES += core/data/safetensors.c core/data/safetensors.h
libcore_la_SOURCES += core/data/image.c core/data/image_grid.c core/data/image_jpeg.c core/data/image_png.c \
	core/data/image.h core/data/image_read.h
libcore_la_SOURCES += core/data/text_tokens.c core/data/text_pieces.c core/data/vocab.c core/data/text_tokens.h
libcore_la_SOURCES += core/data/shapes.h core/data/shapes_draw.c core/data/shapes_make.c core/data/shapes_query.c
libcore_la_SOURCES += core/data/sort_of_clevr.c core/data/sort_of_clevr_make.c \
	core/data/sort_of_clevr.h
libcore_la_SOURCES += core/data/made.c core/data/made.h core/data/dice.h
libcore_la_SOURCES += core/data/scenes.c core/data/scenes_render.c core/data/scenes_text.c core/data/scenes_words.c \
	core/data/scenes_make.c core/data/scenes.h core/data/scenes_paint.h core/data/scenes_words.h \
	core/data/scenes_ask.c core/data/scenes_ask_text.c core/data/scenes_program.c \
	core/data/scenes_ask.h core/data/scenes_program.h
libcore_la_SOURCES += core/data/signs.c core/data/signs_ask.c core/data/signs_make.c core/data/signs_render.c \
	core/data/signs.h
