#!/usr/bin/env bash
# Every level of instructions that this processor has (ATTUNE_INSTRUCTIONS): operators, products and
# parity on it, the same bits for any number of threads, and that it is the one that runs.
. "$(dirname "$0")/lib.sh"
unset ATTUNE_INSTRUCTIONS

level_of() { "$@" --version | sed 's/.*(\(.*\))/\1/'; }
step() { # LEVEL THREADS: a hash of the weights after three steps
  ATTUNE_INSTRUCTIONS=$1 "$A" bench "$top/examples/models/scan.att" --set d=32 --set e=16 --size feature=64 \
    --size caption=50 --batch 8 --repeat 1 --threads "$2" --json | grep '"weights"'
}

best=$(level_of "$A")
refuses "a level that there is not" 2 '`mmx`' env ATTUNE_INSTRUCTIONS=mmx "$A" --version
is "the best one by its name" "$best" "$(ATTUNE_INSTRUCTIONS=$best level_of "$A")"
case $best in
  baseline | native)
    refuses "a level that is not there" 2 'avx512' env ATTUNE_INSTRUCTIONS=avx512 "$A" --version
    finish
    ;;
esac

base=
for level in baseline avx2 avx512; do
  if [ "$(ATTUNE_INSTRUCTIONS=$level level_of "$A" 2>"$work/stderr")" != $level ]; then
    is "$level is refused by name" "1" "$(grep -c "\`$level\`, which this processor lacks" "$work/stderr")"
    ok "operators with $level # SKIP this processor lacks it"
    continue
  fi
  one=$(step $level 1)
  is "the same bits on 1 and 2 threads with $level" "$one" "$(step $level 2)"
  # Without FMA more is rounded on the way, so the baseline has bits of its own; the others may agree.
  if [ "$level" = baseline ]; then base=$one; fi
  if [ -n "$one" ] && { [ "$level" = baseline ] || [ "$one" != "$base" ]; }; then
    ok "$level runs, and not the baseline in its place"
  else
    not_ok "$level runs, and not the baseline in its place"
  fi
  [ $level != "$best" ] || continue # the whole suite runs with it
  for t in test_tensor test_ops test_ops_layers test_exec test_parity_models; do
    if ATTUNE_INSTRUCTIONS=$level "$top_builddir/$t" >"$work/out" 2>&1; then
      ok "$t with $level"
    else
      not_ok "$t with $level" "$(grep -vE '^ok |# *SKIP' "$work/out" | tail -n 20)"
    fi
  done
done
finish
