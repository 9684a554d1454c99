#!/usr/bin/env bash
# Training end to end: the same bits on any number of threads, and after being killed.
. "$(dirname "$0")/lib.sh"
small_run
sed -i "s/epochs: 6/epochs: 40/; s/evaluate_every: 2/evaluate_every: 5/" "$work/run.yaml"

"$A" train "$work/run.yaml" --out "$work/one" --threads 1 >/dev/null 2>"$work/log"
is "a run on one thread ends well" 0 $?
"$A" train "$work/run.yaml" --out "$work/two" --threads 2 >/dev/null 2>"$work/log"
is "a run on two threads ends well" 0 $?
same "one and two threads end in the same weights" "$work/one/last.safetensors" "$work/two/last.safetensors"
same "and in the same best weights" "$work/one/best.safetensors" "$work/two/best.safetensors"

# Killed with SIGKILL at three moments, which differ from run to run of this test.
seconds=$(sed -n 's/.*"seconds": \([0-9.]*\).*/\1/p' "$work/one/results.json" | head -n 1)
for k in 1 2 3; do
  "$A" train "$work/run.yaml" --out "$work/killed" --resume --threads 1 >/dev/null 2>"$work/log" &
  pid=$!
  sleep "$(awk -v s="$seconds" -v r="$RANDOM" 'BEGIN { printf "%.3f", s * r / 32768 / 2 + 0.05 }')"
  kill -KILL $pid 2>/dev/null
  wait $pid 2>/dev/null
  [ -e "$work/killed/results.json" ] || caught=$((${caught:-0} + 1))
done
is "kills came in the midst of the run" yes "$([ "${caught:-0}" -gt 0 ] && echo yes)"
"$A" train "$work/run.yaml" --out "$work/killed" --resume --threads 2 >/dev/null 2>"$work/log"
is "a run that was killed three times can be finished" 0 $?
same "it ends in the weights of the run that was not" "$work/one/last.safetensors" "$work/killed/last.safetensors"
same "and in its best weights" "$work/one/best.safetensors" "$work/killed/best.safetensors"
is "its log has every evaluation once" "$(grep -c '"evaluate"' "$work/one/metrics.jsonl")" \
  "$(grep -c '"evaluate"' "$work/killed/metrics.jsonl")"
is "no temporary files are left" "" "$(find "$work/one" "$work/killed" -name '*.tmp*' -newer "$work/killed/results.json")"

values() { sed 's/"seconds": [0-9.e+-]*/"seconds": 0/' "$1"; }
values "$work/one/results.json" >"$work/a"
values "$work/killed/results.json" >"$work/b"
same "and in the same results" "$work/a" "$work/b"

"$A" eval "$work/one" --json >"$work/eval.json" 2>/dev/null
is "eval reads the run back" 0 $?
r=$(sed -n 's/.*"rsum": \([0-9.]*\).*/\1/p' "$work/eval.json")
stored=$(awk '/"test"/ { t = 1 } t && /"rsum"/ { getline; printf "%.6f", $2; exit }' "$work/one/results.json")
is "and finds the results that training wrote" "$(awk -v a="$stored" 'BEGIN { printf "%.4f", a }')" \
  "$(awk -v a="$r" 'BEGIN { printf "%.4f", a }')"

first=$(grep -m 1 '"train"' "$work/one/metrics.jsonl" | sed 's/.*"loss":\([0-9.]*\).*/\1/')
last=$(grep '"train"' "$work/one/metrics.jsonl" | tail -n 1 | sed 's/.*"loss":\([0-9.]*\).*/\1/')
is "the loss fell" yes "$(awk -v a="$first" -v b="$last" 'BEGIN { print b < a ? "yes" : "no: " a " " b }')"

refuses "a folder in use is not overwritten" 2 'not empty; continue its run with --resume' \
  "$A" train "$work/run.yaml" --out "$work/one"
refuses "another run cannot be resumed there" 2 'made by another run' \
  "$A" train "$work/run.yaml" --set seed=6 --out "$work/one" --resume

# An interrupt writes a checkpoint and says how to go on.
"$A" train "$work/run.yaml" --set train.epochs=200 --out "$work/stopped" --threads 1 >/dev/null 2>"$work/log" &
pid=$!
while [ ! -s "$work/stopped/metrics.jsonl" ] && kill -0 $pid 2>/dev/null; do sleep 0.05; done
kill -INT $pid
wait $pid
is "an interrupted run exits 1" 1 $?
is "it says how to go on" 1 "$(grep -c 'continue with --resume' "$work/log")"
is "and leaves a checkpoint" yes "$([ -s "$work/stopped/last.safetensors" ] && echo yes)"
finish
