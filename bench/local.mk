# Built on demand: make bench/step bench/thin bench/direct bench/conv bench/pool
EXTRA_PROGRAMS = bench/step bench/thin bench/direct bench/conv bench/pool
bench_step_SOURCES = bench/step.c bench/cases.c bench/cases.h
bench_step_LDADD = libcore.la
bench_thin_SOURCES = bench/thin.c bench/blis_alone.h
bench_thin_CFLAGS = $(AM_CFLAGS) $(BLIS_CFLAGS)
bench_thin_LDADD = libcore.la $(BLIS_LIBS)
bench_direct_SOURCES = bench/direct.c bench/blis_alone.h
bench_direct_CFLAGS = $(AM_CFLAGS) $(BLIS_CFLAGS)
bench_direct_LDADD = libcore.la $(BLIS_LIBS)
bench_conv_SOURCES = bench/conv.c
bench_conv_LDADD = libcore.la
bench_pool_SOURCES = bench/pool.c
bench_pool_LDADD = libcore.la
EXTRA_DIST += bench/compare.py bench/sroie_baselines.py bench/model_step.py bench/evaluate_peer.py bench/evaluate_data.py bench/m4c_padded.py bench/conv.py bench/conv.att bench/clevr_memory.sh bench/pictures.sh bench/start.sh bench/first_step.py
CLEANFILES += bench/step$(EXEEXT) bench/thin$(EXEEXT) bench/direct$(EXEEXT) bench/conv$(EXEEXT) bench/pool$(EXEEXT)
