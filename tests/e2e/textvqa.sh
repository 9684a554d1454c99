#!/usr/bin/env bash
# Questions that need reading, end to end: words on boards that are pointed at, made up by a reader
# of the tests.
. "$(dirname "$0")/lib.sh"
export ATTUNE_PLUGIN_PATH=${top_builddir:-.}/tests/plugins/alone/.libs

cat >"$work/run.yaml" <<E2
model: $top/examples/models/m4c.att
arguments: {d: 24, heads: 3, layers: 2, ffn: 48, reads: words, read_layers: 1, objects: false, token_size: 6}
data: {reader: boards}
task: textvqa
metrics: [textvqa_accuracy, anls, exact_match, answer_words]
train: {epochs: 32, batch: 8, learning_rate: 0.003, evaluate_every: 16, best: exact_match, schedule: {kind: cosine}}
seed: 1
E2
value() { # FILE NAME: of the test split
  awk -v n="\"$2\":" '/"test"/ { t = 1 } t && $1 == n { getline; printf "%.2f", $2; exit }' "$1/results.json"
}

"$A" train "$work/run.yaml" --out "$work/one" --threads 1 >"$work/stdout" 2>"$work/log"
is "a run ends well" 0 "$?$(grep -a 'attune:' "$work/log")"
is "it reads boards that it has not seen" "100.00 1.00" \
  "$(value "$work/one" exact_match) $(value "$work/one" anls)"
is "words of boards are pointed at, numbers are said" "75.00 33.33" \
  "$(value "$work/one" words.pointed) $(value "$work/one" answers.vocabulary)"
is "the words of the vocabulary lie beside it" yes "$(grep -qx many "$work/one/task.words" && echo yes)"
"$A" train "$work/run.yaml" --out "$work/two" --threads 2 >/dev/null 2>&1
same "one and two threads end in the same weights" "$work/one/last.safetensors" "$work/two/last.safetensors"
"$A" eval "$work/one" --json >"$work/eval.json" 2>"$work/log"
is "eval reads the run back" "0 100" "$? $(sed -n 's/.*"exact_match": *\([0-9.]*\).*/\1/p' "$work/eval.json")"

# ---- what was answered, and where it looked ----
"$A" eval "$work/one" --predictions "$work/lines" --attention >/dev/null 2>"$work/log"
is "predictions are lines of JSON" "0 120" "$? $(wc -l <"$work/lines" | xargs)"
# Row 0: text of the steps out of the tokens that they point at; heads that sum to one.
cat >"$work/check.py" <<'PY'
import json, sys
good = 0
for line in open(sys.argv[1]):
    r = json.loads(line)
    said = [r["token"][s["token"]] for s in r["steps"] if "token" in s]
    block = r["attention"][-1]
    parts, heads = block["parts"], block["heads"]
    first, end = parts["step"]
    good += (not said or r["predicted"] == " ".join(said)) and r["predicted"] == r["expected"] \
        and parts["token"][1] - parts["token"][0] == len(r["token"]) and len(heads) == 3 \
        and end - first == len(r["steps"]) + 1 == len(heads[0]) and end == len(heads[0][0]) \
        and all(abs(sum(row) - 1) < 1e-4 for h in heads for row in h)
print(good)
PY
is "their steps point at tokens, and heads see parts" 120 "$(python3 "$work/check.py" "$work/lines")"
"$A" explain "$work/one" --limit 12 --attend layers.1.look >"$work/explained" 2>"$work/log"
is "explain measures its attention" 0 "$?$(grep -a 'attune:' "$work/log")"
is "and knows which tokens decide" yes \
  "$(grep -qE 'plausibility|auroc' "$work/explained" && echo yes)"

# ---- keys and values that are kept ----
# bits DIR TASK: of all logits and steps
bits() { "$A" eval "$1" --json --set 'metrics=[answer_bits]' --set "task=$2" 2>/dev/null; }
cached() { # NAME ARGUMENTS
  "$A" train "$work/run.yaml" --set train.epochs=1 --set train.evaluate_every=0 $2 --out "$work/c" >/dev/null 2>&1
  is "kept keys and values: the same bits ($1)" "$(bits "$work/c" 'textvqa(cache=false)')" "$(bits "$work/c" textvqa)"
  is "and in a beam" "$(bits "$work/c" 'textvqa(cache=false, beam=4)')" "$(bits "$work/c" 'textvqa(beam=4)')"
  rm -rf "$work/c"
}
is "answers have bits" yes "$(bits "$work/one" textvqa | grep -q '"bits": [1-9]' && echo yes)"
cached scaled_dot ""
cached "general, heads of their own" "--set arguments.score=general --set arguments.parameters=each"
cached "additive, heads of their own" "--set arguments.score=additive --set arguments.parameters=each"
cached "additive" "--set arguments.score=additive --set arguments.layers=3"
cached "in one layer" "--set arguments.score=cosine --set arguments.last=0"

# ---- a beam ----
"$A" train "$work/run.yaml" --set 'task=textvqa(beam=3)' --set train.epochs=2 --out "$work/beam" >/dev/null 2>&1
is "a beam answers, too" 0 $?

# ---- what is odd ----
odd() { # NAME READER TASK SENTENCE
  "$A" train "$work/run.yaml" --set "data.reader=$2" --set "task=$3" --set train.epochs=2 --set train.evaluate_every=1 \
    --out "$work/odd" >/dev/null 2>"$work/log"
  is "$1" "0 1" "$? $(grep -acE "$4" "$work/log")"
  rm -rf "$work/odd"
}
odd "a picture without tokens is one without answers to point at" 'boards(empty=3)' textvqa 'train 1/2:'
odd "six hundred tokens: a limit is said once" 'boards(many=3)' textvqa \
  '^attune: some pictures have more than 500 tokens; answers point at none behind those'
odd "and may be another one" 'boards(many=3, length=30)' 'textvqa(tokens=20)' 'more than 20 tokens'
odd "an answer that cannot be formed is counted, once" 'boards(strange=4)' 'textvqa(vocabulary=2)' \
  '^attune: 1 of 120 answers of `train` cannot be formed'
"$A" train "$work/run.yaml" --set 'data.reader=boards(strange=4)' --set 'task=textvqa(vocabulary=2, steps=2)' \
  --set train.epochs=1 --out "$work/odd" >/dev/null 2>"$work/log"
is "answers too long for the steps cannot be formed either" 1 "$(grep -ac '41 of 120 answers' "$work/log")"
refuses "tokens that are no UTF-8" 2 'a text of the data is not UTF-8 at byte 0' \
  "$A" train "$work/run.yaml" --set 'data.reader=boards(bytes=3)' --out "$work/bad"
refuses "data without answers" 2 'the task `textvqa` needs texts `answer` of `question`, which the data has not' \
  "$A" train "$work/run.yaml" --set "data.reader=anything(fields='question.text:words question.picture:row picture.x:2')" \
  --out "$work/bad"
refuses "a metric for another task" 2 'the metric `accuracy` is for the task .*, not for `textvqa`' \
  "$A" train "$work/run.yaml" --set 'metrics=[accuracy]' --out "$work/bad"
finish
