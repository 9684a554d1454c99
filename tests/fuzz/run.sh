#!/usr/bin/env bash
# tests/fuzz/run.sh HARNESS SECONDS [JOBS]: builds with clang and libFuzzer under build/fuzz, and
# looks for bytes that crash. HARNESS: check run value runfile npz safetensors fmt.
# What it finds lies in build/fuzz/found; copy it to tests/fuzz/corpus/HARNESS once mended.
set -eu
cd "$(dirname "$0")/../.."
. tools/packages.sh
harness=$1 seconds=$2 jobs=${3:-1}
flags="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
install_packages clang
top=$(pwd)
[ -x configure ] || ./autogen.sh
mkdir -p build/fuzz
[ -f build/fuzz/Makefile ] || (cd build/fuzz && "$top/configure" -q --disable-levels --enable-static CC=clang \
  CFLAGS="$flags -fsanitize=fuzzer-no-link" LDFLAGS="-fsanitize=address,undefined")
make -s -C build/fuzz -j"$(nproc)" dsl/parser.h libcore.la
dir=build/fuzz
clang $flags -fsanitize=fuzzer -std=c11 -D_POSIX_C_SOURCE=200809L -I. -I$dir -Iinclude \
  -o "$dir/fuzz_$harness" "tests/fuzz/fuzz_$harness.c" "$dir/.libs/libcore.a" \
  $(sed -n "s/^dependency_libs='\(.*\)'/\1/p" $dir/libcore.la)
seeds=("tests/fuzz/corpus/$harness")
case $harness in
  check | run | fmt) seeds+=(examples/models tests/golden/good tests/golden/bad) ;;
  runfile) seeds+=(examples/runs) ;;
esac
tests/fuzz/dictionary.sh >"$dir/att.dict"
mkdir -p "$dir/corpus_$harness" "$dir/found" "tests/fuzz/corpus/$harness"
exec "$dir/fuzz_$harness" -max_total_time="$seconds" -jobs=$([ "$jobs" -gt 1 ] && echo "$jobs" || echo 0) \
  -workers="$jobs" -rss_limit_mb=2048 -timeout=20 -max_len=20000 -dict="$dir/att.dict" \
  -artifact_prefix="$dir/found/$harness-" -print_final_stats=1 "$dir/corpus_$harness" "${seeds[@]}"
