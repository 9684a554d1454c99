#!/usr/bin/env bash
# libattune as others use it: built against an installed copy, out of the tree.
. "$(dirname "$0")/lib.sh"
umask 022
make -s -C "${top_builddir:?}" install-attuneincludeHEADERS install-libLTLIBRARIES \
  install-pluginlibLTLIBRARIES install-pkgconfigDATA install-dist_embedDATA \
  DESTDIR="$work/root" >"$work/log" 2>&1
is "library, header, plugins, example and pkg-config file are installed" "0 6" \
  "$? $(find "$work/root" \( -name attune.h -o -name libattune.pc -o -name libattune.so.1 -o -name dot.so \
    -o -name attend.c -o -name named.att \) | wc -l)"
lib=$(dirname "$(find "$work/root" -name libattune.so.1)")
PKG_CONFIG_PATH=$lib/pkgconfig
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR="$work/root" LD_LIBRARY_PATH="$lib" \
  ATTUNE_PLUGIN_PATH="$lib/attune/plugins"
unset MAKEFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS
# A library with sanitizers needs them in the program.
san=
nm -D "$lib/libattune.so" | grep -q __asan_init && san="-fsanitize=address"
nm -D "$lib/libattune.so" | grep -q __ubsan && san="$san -fsanitize=undefined"
warn="-Wall -Wextra -Wpedantic -Wshadow -Werror"
cd "$work" || exit 1

# ---- the example ----
cp -r "$(dirname "$(find "$work/root" -name attend.c)")" example && chmod -R u+w example
make -s -C example CFLAGS="-O1 $warn $san" >log 2>&1
is "the example builds with what pkg-config says" "0 " "$? $(cat log)"
(cd example && ./attend) >out 2>err
is "and runs, and says nothing else" "0 " "$? $(cat err)"
is "its losses fall" yes "$(awk '$3 == "loss" { if (!n++) a = $4; b = $4 } END { print (n > 3 && b < 0.5 * a) ? "yes" : "no" }' out)"
is "its words look at what they name" yes "$(awk '/look at what they name/ { print ($3 > 40 && $1 >= 0.9 * $3) ? "yes" : "no" }' out)"
is "rows of weights add up to one" yes "$(awk '/^  thing/ { s = 0; for (i = 3; i <= NF; i++) s += $i; n++; if (s < 0.97 || s > 1.03) bad = 1 } END { print (n > 1 && !bad) ? "yes" : "no" }' out)"
refuses "a model that is not there" 1 'nowhere.att' example/attend nowhere.att

# literal MARK: what attune(3) shows behind it
literal() { sed -n "/^\.\\\\\" $1/,/^\.Ed/p" "$top/man/attune.3" | grep -v '^\.' | sed 's/\\e/\\/g'; }
literal 'example: attend.c' >page.c
${CC:-cc} -std=c11 $warn $san $(pkg-config --cflags libattune) page.c -o page $(pkg-config --libs libattune)
is "the program in attune(3) is one" 0 $?
is "and prints what stands there" "$(literal 'prints:')" "$(./page 2>&1)"

# ---- symbols that nobody else sees ----
${CC:-cc} -std=c11 $warn $san -I"$top/include" -o local "$top/tests/embed/local.c" -ldl
is "opened by dlopen alone, with a score out of a plugin" "additive 8 2.000" "$(./local "$lib/libattune.so.1" 2>&1)"

# ---- run files ----
${CC:-cc} -std=c11 $warn $san $(pkg-config --cflags libattune) -o job "$top/tests/embed/job.c" $(pkg-config --libs libattune)
is "a program that trains is built" 0 $?
small_run
sed -i 's/epochs: 6/epochs: 3/' run.yaml
"$A" train run.yaml --out cli --threads 1 >log 2>&1 || sed 's/^/# /' log
./job train run.yaml whole 0 2 >out 2>err
is "it trains a run file, and prints nothing" "0 " "$? $(cat err)"
is "it was told of steps and evaluations" yes "$(grep -qE '^status 0 steps [1-9][0-9]* evaluated 1 unfit 0' out && grep -q '^rsum [0-9.]* 1' out && echo yes)"
same "to the same weights as the program" cli/best.safetensors whole/best.safetensors
same "and the same state" cli/last.safetensors whole/last.safetensors
same "and the same resolved run" cli/run.yaml whole/run.yaml
./job train run.yaml parts 7 >out 2>err
is "asked to stop, it stops" "1 yes" "$? $(grep -q '^status -2 steps 7 ' out && grep -q 'stopped after step 7' out && echo yes)"
./job train run.yaml parts 0 >out 2>err
is "not over what is there" "1 yes" "$? $(grep -q '^status -1 ' out && echo yes)"
./job resume run.yaml parts >out 2>err
is "and goes on" 0 $?
same "to the same weights" whole/best.safetensors parts/best.safetensors
./job evaluate whole >out 2>err
is "it evaluates a run directory" "0 " "$? $(cat err)"
is "as the program does" "$("$A" eval whole --json 2>/dev/null | tr -d '{}",:' | xargs -n2 | sort)" \
  "$(awk '$3 ~ /^-?[01]$/ { print $1, $2 }' out | sort)"
./job load whole y=32 x=32 channel=3 >out 2>err
is "the model of a run directory comes with its weights" "0 the best" "$? $(grep -E '^(the best|others)' out)"
is "and knows its words" "caption has $(grep -oE '"[^" ]*"[],]' whole/vocabulary.json | wc -l) ids" "$(grep 'ids$' out)"
./job load whole >out 2>err
is "what it cannot know is asked for" "1 yes" "$? $(grep -q 'sizes are open.*`y=N`, `x=N`, `channel=N`$' out && echo yes)"
./job load whole y=32 x=32 channel=5 >out 2>err
is "sizes that the weights do not fit are refused" "1 yes" "$? $(grep -q 'another model' out && echo yes)"
./job evaluate nowhere >out 2>err
is "no run directory" "1 yes" "$? $(grep -q '^status -1 ' out && grep -q nowhere out && echo yes)"

# ---- a program that writes numbers with commas ----
mkdir locales
if localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8 >log 2>&1; then
  # glibc does not give back what it makes of LOCPATH.
  ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 LOCPATH=$work/locales LC_ALL=de_DE.UTF-8 ./job train run.yaml comma 0 1 >out 2>err
  is "in a locale with commas it trains" "0 half is 0,5" "$? $(grep '^half' out)"
  same "to the same weights" whole/best.safetensors comma/best.safetensors
  same "and writes numbers with points" whole/run.yaml comma/run.yaml
  is "everywhere" "" "$(grep -hE '[0-9],[0-9]' comma/results.json comma/metrics.jsonl out | grep -v '^half' | head -n 3)"
else
  ok "a locale with commas # SKIP there is none to be made"
fi
finish
