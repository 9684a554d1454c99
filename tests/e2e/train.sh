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
for k in 1 2 3; do
  "$A" train "$work/run.yaml" --out "$work/killed" --resume --threads 1 >/dev/null 2>"$work/log" &
  pid=$!
  signal_later KILL $pid "$work/killed/metrics.jsonl" 20
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

# Nothing of a run is in a folder that lacks what it begins with.
mkdir -p "$work/spoilt/machine.json"
refuses "a folder that cannot be begun ends the run" 1 'cannot write .*machine.json' \
  "$A" train "$work/run.yaml" --out "$work/spoilt" --resume
is "and has neither a run file nor a log" "machine.json model.att plugins.json vocabulary.json" "$(cd "$work/spoilt" && echo *)"

# An interrupt writes a checkpoint and says how to go on.
"$A" train "$work/run.yaml" --set train.epochs=200 --out "$work/stopped" --threads 1 >/dev/null 2>"$work/log" &
pid=$!
while [ ! -s "$work/stopped/metrics.jsonl" ] && kill -0 $pid 2>/dev/null; do sleep 0.05; done
kill -INT $pid
wait $pid
is "an interrupted run exits 1" 1 $?
is "it says how to go on" 1 "$(grep -c 'continue with --resume' "$work/log")"
is "and leaves a checkpoint" yes "$([ -s "$work/stopped/last.safetensors" ] && echo yes)"

# Averages, a plateau, patience, evaluations every so many steps: all of it is in the checkpoint.
sed "s/schedule: .*/schedule: {kind: plateau, factor: 0.5, patience: 3, floor: 0.01, warmup: 5}/" "$work/run.yaml" >"$work/watched.yaml"
sed -i "s/^train:/train:\n  average: 0.9\n  evaluate_steps: 4\n  patience: 14\n  min_delta: 0.5\n  weight_decay: 0.1/" "$work/watched.yaml"
watched() { # watched DIR OPTIONS...
  local dir=$1
  shift
  "$A" train "$work/watched.yaml" --out "$work/$dir" "$@" 2>"$work/log"
}
watched w1 --threads 1 >"$work/said"
is "patience ends a run well" 0 $?
is "which is said" 1 "$(grep -c '^stopped early after step [0-9]* (epoch .* of 40): no gain in rsum in 14 evaluations' "$work/said")"
is "and stands in the results" 1 "$(grep -c '"stopped_early": true' "$work/w1/results.json")"
is "and in the log" 1 "$(grep -c '"kind":"stop".*"metric":"rsum","evaluations":14' "$work/w1/metrics.jsonl")"
is "it came before the last epoch" yes \
  "$(awk '/"steps"/ { print ($2 + 0 < 40 * 6 ? "yes" : "no") }' "$work/w1/results.json")"
is "the best weights are those of a step" yes \
  "$(awk '/"best_step"/ { print ($2 + 0 > 0 && ($2 % 4 == 0 || $2 % 6 == 0) ? "yes" : $2) }' "$work/w1/results.json")"
is "the plateau lowered the rate" yes \
  "$(sed -n 's/.*"learning_rate":\([0-9.e-]*\).*/\1/p' "$work/w1/metrics.jsonl" | awk '$1 == 0.00075 { found = 1 } END { print found ? "yes" : "no" }')"
watched w2 --threads 2 >/dev/null
same "two threads end in the same weights" "$work/w1/last.safetensors" "$work/w2/last.safetensors"
same "and in the same best ones" "$work/w1/best.safetensors" "$work/w2/best.safetensors"
best=$(sed -n '/"validation"/,/}/p' "$work/w1/results.json" | md5sum)
cp "$work/w1/last.safetensors" "$work/before"
watched w1 --resume >"$work/said"
same "a run that has stopped is not trained on" "$work/before" "$work/w1/last.safetensors"
is "and says so again" 1 "$(grep -c '^stopped early after step' "$work/said")"
is "with the results that it had" "$best" "$(sed -n '/"validation"/,/}/p' "$work/w1/results.json" | md5sum)"

# cut_short SIGNAL DIR TIMES: ends the run at moments that differ from run to run, then finishes it.
cut_short() {
  local k pid caught=0
  for ((k = 0; k < $3; k++)); do
    "$A" train "$work/watched.yaml" --out "$work/$2" --resume >/dev/null 2>>"$work/cuts" &
    pid=$!
    signal_later "$1" $pid "$work/$2/metrics.jsonl" 6
    wait $pid 2>/dev/null
    [ -e "$work/$2/results.json" ] || caught=$((caught + 1))
  done
  is "$1 came in the midst of the run" yes "$([ $caught -gt 0 ] && echo yes)"
  watched "$2" --resume >"$work/said"
  is "a run that $1 ended can be finished" 0 $?
  same "it has the weights of the run that was not" "$work/w1/last.safetensors" "$work/$2/last.safetensors"
  same "and its best ones" "$work/w1/best.safetensors" "$work/$2/best.safetensors"
  for d in w1 "$2"; do
    sed 's/"\(seconds\|examples_per_second\)":[0-9.e+-]*/"\1":0/g' "$work/$d/metrics.jsonl" >"$work/$d.log"
  done
  same "and its log" "$work/w1.log" "$work/$2.log"
}
cut_short KILL w3 3
cut_short INT w4 5

# Without a validation split there are no best weights: the averages of the last are tested, and
# eval reads them.
"$A" train "$work/watched.yaml" --out "$work/blind" --set train.patience=0 --set train.schedule.kind=constant \
  --set data.splits.validation=none --set train.epochs=4 --set train.average=0.999 >/dev/null 2>"$work/log"
is "a run without a validation split keeps averages, too" 0 $?
tested() { sed -n '/"test"/,/}  *}/p' "$1" | awk -F'[": ]+' '/^      "/ { name = $2 } /"value"/ { printf "%s %.4f\n", name, $3 }'; }
"$A" eval "$work/blind" --json 2>/dev/null | tr -d '{}' | tr ',' '\n' |
  awk -F'[": ]+' '{ printf "%s %.4f\n", $2, $3 }' >"$work/a"
tested "$work/blind/results.json" >"$work/b"
is "with results" 11 "$(wc -l <"$work/b")"
same "which are those of eval" "$work/a" "$work/b"
refuse() { refuses "$1" 2 "$2" "$A" train "$work/watched.yaml" --out "$work/never" --set "$3"; }
refuse "a plateau needs a factor" '--set train.schedule.factor=1: `train.schedule.factor` is 1: a plateau' train.schedule.factor=1
refuse "patience must outlast the plateau's" 'make it greater than `train.schedule.patience`' train.patience=3
refuse "patience needs metrics" 'watched.yaml:[0-9]+:[0-9]+: `train.patience` is 14: it counts evaluations' 'metrics=[]'
refuse "patience needs examples" 'watched.yaml:[0-9]+:[0-9]+: `train.patience` is `14`, but the data has no split `none`' \
  data.splits.validation=none
refuse "a decay of all" 'takes off a whole weight at once' train.weight_decay=400
refuse "an average for ever" '`train.average` is 1; it must lie between 0 and 0.999999' train.average=1
refuse "an unknown schedule" 'must be one of constant\|step\|cosine\|plateau' train.schedule.kind=plateu

# Rows of words that are not in the batch stay as they are.
sed "s/embed(e)/embed(e, frozen = true)/" "$top/examples/models/scan_pixels.att" >"$work/frozen.att"
for threads in 1 2; do
  "$A" train "$work/run.yaml" --set train.sparse=true --set train.epochs=3 --threads $threads \
    --out "$work/sparse$threads" >/dev/null 2>"$work/log"
  is "$threads threads move the rows of a batch alone" 0 $?
done
"$A" train "$work/run.yaml" --set train.epochs=3 --out "$work/whole" >/dev/null 2>"$work/log"
same "to the same weights" "$work/sparse1/last.safetensors" "$work/sparse2/last.safetensors"
is "which are others than Adam's" no "$(cmp -s "$work/whole/last.safetensors" "$work/sparse1/last.safetensors" || echo no)"
refuse "rows are moved or not" '`train.sparse` is `rows`; it must be true or false' train.sparse=rows
refuses "rows of a table that stays as it is" 2 '`train.sparse` is true, but the model has no table that is learned' \
  "$A" train "$work/run.yaml" --set model="$work/frozen.att" --set train.sparse=true --out "$work/never"
# Batches of like lengths: another order, the same on any number of threads and in a run that goes on.
bucketed() { # bucketed DIR OPTIONS...
  local dir=$1
  shift
  "$A" train "$work/run.yaml" --set train.bucket=word --set train.epochs=5 --set train.checkpoint_every=1 \
    --out "$work/$dir" "$@" >/dev/null 2>"$work/log"
}
bucketed like1 --threads 1
is "batches of like lengths train well" 0 $?
bucketed like2 --threads 2
same "two threads end in the same weights" "$work/like1/last.safetensors" "$work/like2/last.safetensors"
"$A" train "$work/run.yaml" --set train.epochs=5 --out "$work/mixed" >/dev/null 2>"$work/log"
is "which are others than those of mixed batches" no \
  "$(cmp -s "$work/mixed/last.safetensors" "$work/like1/last.safetensors" || echo no)"
caught=0
for k in 1 2 3; do
  "$A" train "$work/run.yaml" --set train.bucket=word --set train.epochs=5 --set train.checkpoint_every=1 \
    --out "$work/like3" --resume --threads 1 >/dev/null 2>"$work/log" &
  pid=$!
  signal_later KILL $pid "$work/like3/metrics.jsonl" 3
  wait $pid 2>/dev/null
  [ -e "$work/like3/results.json" ] || caught=$((caught + 1))
done
is "kills came in the midst of it" yes "$([ $caught -gt 0 ] && echo yes)"
bucketed like3 --resume --threads 2
same "a run that was killed goes on with the same batches" "$work/like1/last.safetensors" "$work/like3/last.safetensors"
refuse "an axis that there is not" '`train.bucket` is `wrod`; .*did you mean `word`' train.bucket=wrod
refuse "an axis of one length" "it must be an axis along which .*, for example .word." train.bucket=d
finish
