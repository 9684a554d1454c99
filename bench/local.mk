# Built on demand: make bench/step
EXTRA_PROGRAMS = bench/step
bench_step_SOURCES = bench/step.c bench/cases.c bench/cases.h
bench_step_LDADD = libattune.la
EXTRA_DIST += bench/model_step.py bench/clevr_memory.sh
CLEANFILES += bench/step$(EXEEXT)
