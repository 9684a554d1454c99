# A unit test is one CMocka program, tests/unit/test_NAME.c. It prints TAP, and so
# do shell tests: the closing count of ./runtests adds up their lines.
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	ATTUNE='$(abs_top_builddir)/attune'; export ATTUNE; \
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=0; export ASAN_OPTIONS; \
	LSAN_OPTIONS=suppressions='$(abs_top_srcdir)'/tests/lsan.supp:print_suppressions=0; export LSAN_OPTIONS;

unit_tests =
unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
unit_ldadd = libattune.la $(CMOCKA_LIBS)

# UNIT test NAME: three lines each
unit_tests += test_base
test_base_SOURCES = tests/unit/test_base.c
test_base_LDADD = $(unit_ldadd)

unit_tests += test_tensor
test_tensor_SOURCES = tests/unit/test_tensor.c
test_tensor_LDADD = $(unit_ldadd)

unit_tests += test_graph
test_graph_SOURCES = tests/unit/test_graph.c
test_graph_LDADD = $(unit_ldadd)

unit_tests += test_exec
test_exec_SOURCES = tests/unit/test_exec.c
test_exec_LDADD = $(unit_ldadd)

unit_tests += test_ops
test_ops_SOURCES = tests/unit/test_ops.c tests/unit/op_cases.c tests/unit/op_cases.h
test_ops_LDADD = $(unit_ldadd)

unit_tests += test_parity
test_parity_SOURCES = tests/unit/test_parity.c
test_parity_LDADD = $(unit_ldadd)

e2e_tests = tests/e2e/cli.sh tests/e2e/sweep.sh tests/e2e/train.sh
dist_check_SCRIPTS += $(e2e_tests)
TESTS += $(e2e_tests)
EXTRA_DIST += tests/e2e/lib.sh

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

EXTRA_DIST += tests/lsan.supp tests/unit/cm.h tests/unit/graph_ops.h
