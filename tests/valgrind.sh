#!/usr/bin/env bash
# Runs one test under valgrind: ./runtests valgrind names this as the log compiler. Scripts, and tests that
# only start the program, run as they are.
case $1 in
  *.sh | *test_parity | *test_golden) exec "$@" ;;
esac
program=$1
[ -x ".libs/${program##*/}" ] && program=.libs/${program##*/}
export LD_LIBRARY_PATH=core/embed/.libs # libattune, for the tests of it
exec valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
  --suppressions="$(dirname "$0")/valgrind.supp" "$program"
