#!/usr/bin/env bash
# The manual: it lints clean, names every operator and every option, and its examples are real.
. "$(dirname "$0")/lib.sh"
for f in "$top"/man/*.[135]; do
  if command -v mandoc >/dev/null; then
    is "$(basename "$f") lints clean" "" "$(mandoc -T lint -W warning "$f" 2>&1)"
  fi
done
"$top/tools/manual.sh" "$A" --check
is "attune-model(5) lists the operators as the program does" 0 $?
"$top/tools/plugin_manual.sh" --check
is "attune-plugin(3) has the host's functions as the header has them" 0 $?
is "and all of them" "$(sed -n '/^struct attune_host {/,/^};/p' "$top/include/attune/plugin.h" | grep -c '(\*[a-z_]*)(')" \
  "$(grep -c '^\.It Li "' "$top/man/attune-plugin.3")"
"$top/tools/library_manual.sh" --check
is "attune(3) has the functions and types as the header has them" 0 $?
is "and all of them" "$(grep -cE '^(ATTUNE_API|typedef .*_fn\()' "$top/include/attune/attune.h")" \
  "$(grep -c '^\.It Li "' "$top/man/attune.3")"
sed -n '/^\.\\" example: dot.c/,/^\.Ed/p' "$top/man/attune-plugin.3" | grep -v '^\.' >"$work/mine.c"
${CC:-cc} -std=c11 -Wall -Wextra -Werror -fPIC -shared -I"$top/include" -o "$work/mine.so" "$work/mine.c" &&
  "$A" plugin check "$work/mine.so" --exclude speed >/dev/null
is "the score of attune-plugin(3) is one" 0 $?
sed -n '/^\.\\" example: mrr.c/,/^\.Ed/p' "$top/man/attune-plugin.3" | grep -v '^\.' >"$work/mrr.c"
${CC:-cc} -std=c11 -Wall -Wextra -Werror -fPIC -shared -I"$top/include" -o "$work/mrr.so" "$work/mrr.c" &&
  "$A" plugin check "$work/mrr.so" >"$work/out"
is "and the metric, of which results are tried" "0 1" "$? $(grep -c '^pass  results .*1 result$' "$work/out")"
for c in bench check show fmt generate graph ops run train eval explain sweep report data plugin; do
  for o in $("$A" "$c" --help | grep -oE -- '--[a-z-]+' | sort -u); do
    is "attune-$c(1) names $o" yes "$(grep -q -- "-${o#--}" "$top/man/attune-$c.1" && echo yes)"
  done
done
# What attune-model(5) shows are models, and in their canonical form means the same.
awk -v dir="$work" '/^\.\\" example: / { file = dir "/" $3; next }
  file && /^\.Bd/ { on = 1; next }
  /^\.Ed/ { on = 0; file = "" }
  on { gsub(/\\e/, "\\"); sub(/^\\&/, ""); print >file }' "$top/man/attune-model.5"
for m in smallest siamese deep encoder_layer adversary scan; do
  "$A" check "$work/$m.att" >/dev/null 2>"$work/stderr"
  is "the example $m of attune-model(5) is right" "0" "$?$(cat "$work/stderr")"
  "$A" run "$work/$m.att" --random 2 --training >/dev/null 2>"$work/stderr"
  is "and runs" "0" "$?$(cat "$work/stderr")"
done
is "no example is forgotten" 6 "$(ls "$work"/*.att | wc -l)"
cd "$top"
grep -A9 '^\.\\" example: bench' man/attune-bench.1 | sed -n 's/^\.Dl attune //p' >"$work/examples"
while read -r words; do
  "$A" $words --repeat 1 >/dev/null 2>"$work/stderr"
  is "attune-bench(1): attune $words" "0" "$?$(cat "$work/stderr")"
done <"$work/examples"
is "it has examples" 4 "$(wc -l <"$work/examples")"
cd - >/dev/null
# Blocks that attune-explain(1) names are some of the model that its runs have.
"$A" show "$top/examples/models/mac_pixels.att" | sed -n 's/^attention //p' >"$work/blocks"
for b in $(grep -oE '(--attend |Ql )[a-z]+(\.[a-z0-9]+)+' "$top/man/attune-explain.1" | sed 's/.* //' | sort -u); do
  is "attune-explain(1) names the block $b" 1 "$(grep -cx "$b" "$work/blocks")"
done
# Its reserved words, those of attune-model(5), are those of the scanner.
is "attune-model(5) names the reserved words" \
  "$(grep -oE '\{"[a-z]+", [A-Z]+\}' "$top/dsl/lexer.l" | cut -d'"' -f2 | sort | xargs)" \
  "$(sed -n '/^and as attend/,/^\.Ed/p' "$top/man/attune-model.5" | grep -v '^\.' | xargs -n1 | sort | xargs)"
# Every key of run files is in attune-run(5).
for k in $(grep -oE '^    \{"[a-z_.0-9]+", T_' "$top/core/run/runfile.c" | cut -d'"' -f2); do
  is "attune-run(5) names $k" yes "$(grep -q "${k##*.}" "$top/man/attune-run.5" && echo yes)"
done
finish
