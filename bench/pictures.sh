#!/usr/bin/env bash
# Is training kept waiting for pictures? bench/pictures.sh ATTUNE RUN.yaml [ATTUNE TRAIN'S OPTIONS]
#
# Trains two epochs by turns, TURNS (2) times each: with all pictures kept after the first epoch, and
# with none kept, so that each is read, decoded and resized again for its batch, on a thread beside
# the step before. Prints the best rate of the second epoch, and the least processor time of a run,
# which counts on a machine that is busy with other things.
set -eu
attune=$1 run=$2
shift 2
work=$(mktemp -d "${TMPDIR:-/tmp}/attune-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
TIMEFORMAT=%U
train() { # NAME MEMORY OPTIONS...
  local name=$1 memory=$2
  shift 2
  rm -rf "$work/out"
  { time "$attune" train "$run" --out "$work/out" --set train.epochs=2 --set train.log_every=1000000 \
    --set train.evaluate_every=0 --set metrics='[]' --set train.best='' --set train.patience=0 \
    --set data.memory="$memory" "$@" >/dev/null 2>"$work/log"; } 2>>"$work/$name.seconds" ||
    { cat "$work/log" >&2; exit 1; }
  grep -o '"examples_per_second": *[0-9.]*' "$work/out/metrics.jsonl" | tail -n 1 |
    grep -o '[0-9.]*$' >>"$work/$name.rate"
}
for _ in $(seq "${TURNS:-2}"); do
  train kept 4096 "$@"
  train again 0 "$@"
done
for name in kept again; do
  echo "$name: $(sort -g "$work/$name.rate" | tail -n 1) examples/s," \
    "$(sort -g "$work/$name.seconds" | head -n 1) s of processor time"
done
