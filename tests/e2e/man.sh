#!/usr/bin/env bash
# The manual: it lints clean, names every operator and every option, and its examples are real.
. "$(dirname "$0")/lib.sh"
for f in "$top"/man/*.[15]; do
  if command -v mandoc >/dev/null; then
    is "$(basename "$f") lints clean" "" "$(mandoc -T lint -W warning "$f" 2>&1)"
  fi
done
internal='^(cosine_ratio|attended_cosine|pairwise)$'
for op in $(grep -o '&at_op_[a-z0-9_]*' "$top/core/graph/optable.c" | sed 's/&at_op_//' | grep -vE "$internal"); do
  is "attune-model(5) names $op" 1 "$(grep -cE "^\.It Fn $op( |\$)" "$top/man/attune-model.5")"
done
for c in check show run train eval sweep report data plugin; do
  for o in $("$A" "$c" --help | grep -oE -- '--[a-z-]+' | sort -u); do
    is "attune-$c(1) names $o" yes "$(grep -q -- "-${o#--}" "$top/man/attune-$c.1" && echo yes)"
  done
done
# The model that attune-model(5) shows is a model.
awk '/^model scan\(/ { on = 1 } on { if (/^\.Ed/) exit; print }' "$top/man/attune-model.5" >"$work/shown.att"
"$A" check "$work/shown.att" >/dev/null 2>"$work/stderr"
is "the example of attune-model(5) is right" "0" "$?$(cat "$work/stderr")"
# Every key of run files is in attune-run(5).
for k in $(grep -oE '^    \{"[a-z_.0-9]+", T_' "$top/core/run/runfile.c" | cut -d'"' -f2); do
  is "attune-run(5) names $k" yes "$(grep -q "${k##*.}" "$top/man/attune-run.5" && echo yes)"
done
finish
