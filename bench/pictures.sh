#!/usr/bin/env bash
# Is training ever kept waiting for pictures? bench/pictures.sh ATTUNE RUN.yaml [ATTUNE TRAIN'S OPTIONS]
#
# Trains two epochs twice by turns, two times: with all pictures kept after the first epoch, and
# with none kept, so that each is read, decoded and resized again for its batch, beside the step before.
# Prints examples a second of the last epoch, the best of two.
set -eu
attune=$1 run=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rate() { # MEMORY: examples a second of the last epoch
  rm -rf "$work/out"
  "$attune" train "$run" --out "$work/out" --set train.epochs=2 --set train.log_every=1000000 \
    --set train.evaluate_every=0 --set metrics='[]' --set train.best='' --set train.patience=0 \
    --set data.memory="$1" "${@:2}" >/dev/null 2>&1
  grep -o '"examples_per_second": *[0-9.]*' "$work/out/metrics.jsonl" | tail -1 | grep -o '[0-9.]*$'
}
for turn in 1 2; do
  rate 4096 "$@" >>"$work/kept"
  rate 0 "$@" >>"$work/again"
done
echo "kept:       $(sort -g "$work/kept" | tail -1) examples/s"
echo "read again: $(sort -g "$work/again" | tail -1) examples/s"
