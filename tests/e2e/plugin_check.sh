#!/usr/bin/env bash
# attune plugin check: plugins with one mistake each are caught by the check that is meant for it; the
# plugins of the tree pass.
. "$(dirname "$0")/lib.sh"

# built SOURCE FAULT: the path of the plugin
built() {
  local to="$work/$(basename "$1" .c)_$2.so"
  ${CC:-cc} -std=gnu11 -O1 -fPIC -w -DFAULT="$2" -I"$top/include" -shared -o "$to" "$1" -lm -lpthread &&
    echo "$to"
}

# caught SOURCE FAULT CHECK PATTERN [OPTION...]
caught() {
  local source=$top/tests/plugins/$1.c fault=$2 check=$3 pattern=$4 so rc
  shift 4
  so=$(built "$source" "$fault")
  "$A" plugin check "$so" --include "$check" "$@" >"$work/out" 2>&1
  rc=$?
  if [ $rc = 1 ] && grep -qE "^fail  $check .*$pattern" "$work/out"; then
    ok "$check finds $fault"
  else
    not_ok "$check finds $fault" "exit status $rc" "$(head -n 3 "$work/out")"
  fi
  rm -f "$so"
}

printf 'x' >"$work/file"
with=(--with "faulty_data(root=$work/file)")
so=$(built "$top/tests/plugins/faulty_score.c" NONE)
"$A" plugin check "$so" >"$work/out" 2>&1
is "without a fault, a score passes everything" "0 0" "$? $(grep -c '^fail' "$work/out")"
so=$(built "$top/tests/plugins/faulty_other.c" NONE)
"$A" plugin check "$so" "${with[@]}" >"$work/out" 2>&1
is "and so do a task, metrics and a reader" "0 0 0" "$? $(grep -c '^fail' "$work/out") $(grep -c '^skip.*faulty_data' "$work/out")"

# The sanitizers' allocator does not say how much memory is in use.
sanitized=$(nm -D "$A" 2>/dev/null | grep -c __asan_init)
while read -r fault check pattern; do
  if [ "$fault" = LEAKS_AT_LOAD ] && [ "$sanitized" != 0 ]; then continue; fi
  caught faulty_score "$fault" "$check" "$pattern"
done <<'LIST'
CRASHES_IN_ENTRY load it crashed while it was loaded
CHANGES_DESCRIPTOR entry another descriptor
LEAKS_AT_LOAD unload bytes stay behind
NO_DOC words doc is empty
FAILS_FOR_A_CHOICE options side=query
LEAKS leaks blocks of memory behind
PRINTS no_printing prints: made
EXITS no_exit ended the process, with status 3
TAKES_SIGNAL no_signals User defined signal 1
ROUNDS no_float_change rounded
CHANGES_LOCALE no_locale_change to C.UTF-8
OPENS_FILE no_files opens files
STARTS_THREAD no_threads pthread_create
ALLOCATES no_allocation forward calls calloc
OTHER_LAYOUT layouts layout of a score is fixed
SHARES_OPTION instances gives other scores
INFINITE_WHEN_LARGE shapes not finite
SUBTRACTS_MEAN alone a score is of one pair
DIVIDES_BY_LENGTH extremes not finite where the key is zero
SPREADS_NAN nan are no numbers
SIGN_OF_KEY gradient_key by finite differences
NO_QUERY_GRADIENT gradient_query is 0, by
HALF_A_PARAMETER gradient_parameters score.v\[
DEAD_PARAMETER gradient_parameters no score depends on the parameter score.never_used
LIES form what its form says
KEEPS_SWAP keeps query and key are swapped
KEEPS_SHIFT keeps the same vector is added
KEEPS_ROTATION keeps query and key are turned alike
KEEPS_QUERY_SCALE keeps the query is longer
KEEPS_KEY_SCALE keeps the key is longer
ONE_BUFFER threads threads the scores differ
COUNTS_CALLS repeat the second time
READS_SCRATCH repeat memory held NaN
NAMES_BY_COUNT reload which the first one lacks
WRITES_BEYOND kernel_bounds between the rows of scores
READS_BEYOND kernel_bounds it crashed in (forward|backward), with nothing behind keys
ASSIGNS kernel_adds must add
WANTS_ALL kernel_null it crashed in backward where only the gradient of the query is wanted
ONE_SIDE use contract: the key has features `.*`, the query `.*_3`; both must be of one size
LIST
caught faulty_score HANGS shapes "did not end within 2 seconds" --limit 2

while read -r fault check pattern; do
  caught faulty_other "$fault" "$check" "$pattern" "${with[@]}"
done <<'LIST'
ROWS_BEYOND epoch asks for row
ANY_ORDER epoch the same epoch twice
NO_EXAMPLES epoch no example
PREDICTS_ANEW evaluate evaluated twice
PREDICTS_NOTHING evaluate predicts nothing
NUMBER_OF_NOTHING missing of nothing at all
SILENT missing without a sentence
RESULT_DRIFTS results the second time
BLOCKS_COUNT pictures one by one
LINKS_BEYOND reads links to row
NOT_A_NUMBER reads a number that is none
READS_ANEW reads_again other bytes
ONE_BUFFER reads_threads four threads at once
TAKES_ABSENT absent without a word
BLAMES_ITSELF absent is bad input
LEAVES_OPEN no_files leaves 1 files open
WRITES_BEYOND reads it crashed in read of `.*`, row 0, which has room for 256 bytes
NO_TASK use there is no task `another`
LIST

# ---- what cannot be used fails for one reason, which is said once; what was not tried is no secret ----
so=$(built "$top/tests/plugins/faulty_score.c" ONE_SIDE)
"$A" plugin check "$so" --quiet >"$work/out" 2>&1
is "one reason, one line" "1 1 1" "$? $(grep -c 'contract: the key' "$work/out") $(grep -c '^fail  2[0-9] more .*for the reason of `use`' "$work/out")"
"$A" plugin check "$so" --json >"$work/j" 2>&1
is "in JSON each check has it" "yes" "$([ "$(grep -c 'contract: the key' "$work/j")" -gt 20 ] && echo yes)"
so=$(built "$top/tests/plugins/faulty_score.c" WANTS_ALL)
"$A" plugin check "$so" --quiet --include 'kernel_*' >"$work/out" 2>&1
is "how to look at a crash" 1 "$(grep -c -- "^where it crashes: gdb --args attune plugin check $so --reproduce kernel_null:faulty" "$work/out")"
so=$(built "$top/tests/plugins/faulty_score.c" NO_RANGE)
is "an option without a range is remarked upon" 1 \
  "$("$A" plugin check "$so" --include options | grep -c '`by` has no range')"
so=$(built "$top/tests/plugins/faulty_other.c" MISSPELT)
"$A" plugin check "$so" --quiet --include faulty_metric >"$work/out" 2>&1
is "an array that is not predicted is named beside those that are" 1 \
  "$(grep -c '^skip  use .*no array `vlaue`; predicted were value' "$work/out")"
"$A" plugin check "$so" --quiet --include faulty_data >"$work/out" 2>&1
is "options that are missing are said quietly, too" 1 "$(grep -c "^skip  use .*give it: --with" "$work/out")"

# ---- what is asked for ----
so=$(built "$top/tests/plugins/faulty_score.c" SIGN_OF_KEY)
is "only what is chosen" "gradient_key" \
  "$("$A" plugin check "$so" --include 'gradient_*' --exclude gradient_query --exclude '*parameters' | awk '/^(pass|fail)/ {print $2}')"
"$A" plugin check "$so" --include gradient_key --seed 7 >"$work/a"
"$A" plugin check "$so" --reproduce gradient_key:faulty --seed 7 >"$work/b"
is "reproduced in this process" "1" "$?"
is "and with the same numbers" "$(grep ^fail "$work/a")" "$(grep ^fail "$work/b")"
"$A" plugin check "$so" --include gradient_key --seed 8 >"$work/b"
is "another seed, other numbers" "differ" "$(cmp -s "$work/a" "$work/b" || echo differ)"
"$A" plugin check "$so" --json --include 'gradient_*' >"$work/j"
is "JSON" "1 gradient_key fail" "$? $(python3 -c 'import json, sys
r = json.load(open(sys.argv[1])); print(r[0]["check"], r[0]["outcome"])' "$work/j" 2>/dev/null || grep -o 'gradient_key", "kind": "score", "item": "faulty", "outcome": "fail' "$work/j" | sed 's/".*: "/ /')"
is "a list of the checks" "$("$A" plugin check --list | wc -l)" "$("$A" plugin check --list --json | grep -c '"summary"')"
refuses "no such file" 2 'No such file' "$A" plugin check "$work/none.so"
refuses "no such check" 2 'there is no check `gradient`' "$A" plugin check "$so" --reproduce gradient
refuses "nothing chosen" 2 'no check .* is chosen' "$A" plugin check "$so" --include nothing
printf '#!/bin/sh\n' >"$work/script.so"
"$A" plugin check "$work/script.so" >"$work/out"
is "what is no plugin fails the first check" "1 1" "$? $(grep -c '^fail  load .*no shared object' "$work/out")"

# ---- the loader ----
mkdir "$work/mine"
chmod 755 "$work/mine"
mv "$(built "$top/tests/plugins/faulty_score.c" CRASHES_IN_ENTRY)" "$work/mine/crashes.so"
cp "$top_builddir/.libs/dot.so" "$work/mine/dot.so"
ATTUNE_PLUGIN_PATH=$work/mine "$A" plugin list >"$work/out" 2>"$work/stderr"
is "one that crashes when it is loaded is named, the others are there" "0 1 1" \
  "$? $(grep -c 'mine/crashes.so: it crashed while it was loaded' "$work/stderr") $(grep -c '^score  *general ' "$work/out")"
is "the list says where each comes from, and what it hides" 1 \
  "$(grep -c "from $work/mine/dot.so, hides .*dot.so" "$work/out")"
is "in JSON too" 1 "$(ATTUNE_PLUGIN_PATH=$work/mine "$A" plugin list --json 2>/dev/null | grep -c '"hides": "/')"

# ---- the plugins of the tree ----
"$A" data make scenes --out "$work/scenes" --count 12 --size 32 --seed 3 >/dev/null
"$A" data make sort-of-clevr --out "$work/questions" --train 4 --val 4 --test 4 >/dev/null
specs=(--with "scenes(root=$work/scenes)" --with "questions(root=$work/questions)")
for so in "$top_builddir"/.libs/*.so; do
  name=$(basename "$so" .so)
  "$A" plugin check "$so" "${specs[@]}" --exclude speed >"$work/out" 2>&1
  is "$name passes" "0" "$?"
  grep '^fail' "$work/out" | sed 's/^/# /'
done
finish
