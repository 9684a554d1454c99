# Built on demand: make bench/step
EXTRA_PROGRAMS = bench/step
bench_step_SOURCES = bench/step.c
bench_step_LDADD = libattune.la
EXTRA_DIST += bench/scan_step.py bench/clevr_memory.sh
CLEANFILES += bench/step$(EXEEXT)
