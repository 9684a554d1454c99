#!/usr/bin/env bash
# Runs one test that was built for aarch64: ./runtests aarch64 names this as the log compiler. What a
# test starts as ATTUNE comes here too, with the program's arguments alone.
set -u
[ -z "${AARCH64_INSIDE:-}" ] || set -- "$top_builddir/attune" "$@"
export AARCH64_INSIDE=1 ATTUNE=$top_srcdir/tests/aarch64.sh QEMU_LD_PREFIX=$top_builddir-root
lib=/usr/lib/aarch64-linux-gnu
export QEMU_SET_ENV=LD_LIBRARY_PATH=$lib/blis-openmp:$lib/lapack
exec qemu-aarch64 "$@"
