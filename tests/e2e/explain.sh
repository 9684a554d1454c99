#!/usr/bin/env bash
# What attention says, measured on runs: files, conditions, what cannot be measured.
. "$(dirname "$0")/lib.sh"

small_run
"$A" train "$work/run.yaml" --set train.epochs=1 --out "$work/match" >/dev/null 2>"$work/log"
is "a model to look at" 0 "$?$(grep -a 'attune:' "$work/log")"
"$A" explain "$work/match" --limit 4 --threads 1 >"$work/table" 2>/dev/null
is "explain measures pairs" 0 $?
is "its block has its name" 1 "$(grep -c "^align, 4 examples$" "$work/table")"
is "and it cost less than whole passes" yes \
  "$(sed -n 's/.*would be \([0-9.]*\) times.*/\1/p' "$work/table" | awk '{ print ($1 > 1 ? "yes" : $1) }')"
is "arrays and results lie beside the run" "align.metrics.npz align.npz explain.csv explain.json" \
  "$(ls "$work/match/explain/test" | xargs)"
"$A" explain "$work/match" --limit 4 --threads 2 --json --out "$work/two" >"$work/json" 2>/dev/null
is "explain prints JSON" 0 $?
is "which is the file" "" "$(diff "$work/json" "$work/two/explain.json")"
same "one and two threads give the same bits" "$work/match/explain/test/align.npz" "$work/two/align.npz"
is "what it knows of a pair" 4 \
  "$(grep -cE '^ *"(weight|erasure|removal|gradient)",$' "$work/json")"

color_questions "$work/data"
cat >"$work/vqa.yaml" <<E2
model: $top/examples/models/mac_pixels.att
arguments: {d: 16, e: 8, c: 8, steps: 2, per_dimension: false, keep: 1}
data: {reader: "shapes(root=$work/data, train=train)"}
task: vqa
metrics: [accuracy]
train: {epochs: 1, batch: 8, learning_rate: 0.01}
E2
"$A" train "$work/vqa.yaml" --out "$work/vqa" >/dev/null 2>&1
"$A" explain "$work/vqa" --attend read.2 --attend control.1 --by type --by length:2 --by correct --json \
  >"$work/json" 2>/dev/null
is "explain measures answers" 0 $?
is "the blocks asked for, in their order" "read.2 control.1" \
  "$(sed -n 's/.*"block": "\(.*\)".*/\1/p' "$work/json" | xargs)"
is "parts by type, length and right answers" yes \
  "$(grep -q '"value": "is"' "$work/json" && grep -q '"value": "7"' "$work/json" &&
    grep -q '"condition": "correct"' "$work/json" && echo yes)"
is "means lie within their intervals, over all examples and by type" "yes yes yes yes" \
  "$(awk -F, '$5 == "entropy" && ($2 == "" || $2 == "type") {
    print ($6 > 0 && $8 <= $7 && $7 <= $9 && $8 < $9 ? "yes" : $0) }' "$work/vqa/explain/test/explain.csv" | xargs)"
is "decisions can flip" 2 "$(grep -c '^ *"flip_top",$' "$work/json")"

# Self-attention with heads, ragged on both sides; and attention of a picture that several ask about.
cat >"$work/self.att" <<'E2'
model self(d = 8) {
  input image: real [picture, y, x, channel]
  input question: token [question, word...]
  input picture: token [question]
  input answer: token(answer_class) [question]
  let cells = image |> conv2d(y, x, channel -> d, stride = 5) @see |> flatten(y, x -> cell)
  attend view(query = cells |> mean(cell), key = cells, value = cells, over = cell, along = d) {
    score = dot
    weigh = softmax
  }
  let w = question |> embed(d) @embed
  attend self(query = w, key = w, value = w, over = word, along = d) {
    score = scaled_dot
    heads = 2
    weigh = softmax
  }
  attend last(query = self |> mean(word), key = self, value = self, over = word, along = d) {
    score = dot
    weigh = softmax
  }
  output logits = last + gather(view, picture, picture) |> linear(d -> answer_class) @answer
  loss cross_entropy(logits, answer, answer_class)
}
E2
sed "s|^model:.*|model: $work/self.att|; /^arguments/d" "$work/vqa.yaml" >"$work/self.yaml"
"$A" train "$work/self.yaml" --out "$work/self" >"$work/log" 2>&1
"$A" explain "$work/self" --json >"$work/json" 2>>"$work/log"
is "self-attention is measured" "0" "$?$(grep -a attune: "$work/log")"
is "with its inputs" "3 3" "$(grep -c '^ *"removal",$' "$work/json") $(grep -c '^ *"gradient_input",$' "$work/json")"
is "and nothing is missing" 0 "$(grep -c '^      "missing"' "$work/json")"

# Data that know what decides: boxes for cells of the picture, words for those of the question.
cat >"$work/scenes.yaml" <<E2
model: $top/examples/models/mac_pixels.att
arguments: {d: 8, e: 8, c: 4, steps: 1, keep: 1}
data: {reader: "scenes(root=$work/scenes)"}
task: vqa(together=5)
metrics: [accuracy]
train: {epochs: 1, batch: 32, learning_rate: 0.003}
E2
"$A" train "$work/scenes.yaml" --out "$work/known" >"$work/log" 2>&1
"$A" explain "$work/known" --limit 20 --metric attention_plausibility --metric 'attention_correlation(map=gradient)' \
  >"$work/table" 2>>"$work/log"
is "chosen metrics alone are shown, under the names they were given" \
  "attention_plausibility attention_correlation(map=gradient)" "$(grep -oE '^  attention_.*' "$work/table" | sort -ur | xargs)"
is "cells and words are held against a truth, which chance finds now and then" "control yes read yes" \
  "$(awk -F, '$5 == "pointing_chance" { sub("[.].*", "", $1)
    print $1, ($6 > 0 && $7 > 0 && $7 < 1 ? "yes" : $0) }' "$work/known/explain/test/explain.csv" | xargs)"
"$A" explain "$work/known" --limit 20 --metric attention_shape --by n_objects:2 >"$work/table" 2>>"$work/log"
is "a text field of numbers has bins" 2 "$(grep -cE '^ +[0-9]+( to [0-9]+)?, n = [0-9]+ .*, n = ' "$work/table")"
"$A" explain "$work/vqa" --limit 2 --metric attention_plausibility >"$work/table" 2>>"$work/log"
is "data without a truth say so" 4 \
  "$(grep -c '^    attention_plausibility needs truth' "$work/table")"

# Another seed of the same run.
"$A" train "$work/vqa.yaml" --set seed=7 --out "$work/vqa7" >/dev/null 2>&1
"$A" explain "$work/vqa" --compare "$work/vqa7" --by both --attend read.2 --json >"$work/json" 2>"$work/log"
is "two runs are compared" "0" "$?$(grep -a attune: "$work/log")"
is "where they attend, and whether they are right" "5 1 yes" \
  "$(grep -c '"agreement_[a-z]*": {$' <(sed '/"by"/,$d' "$work/json")) $(grep -c '"compared_with"' "$work/json") $(
    grep -qE '"value": "(both right|only this|only other|neither)"' "$work/json" && echo yes)"
refuses "a condition of two runs without the other" 2 'condition where another run is compared with' \
  "$A" explain "$work/vqa" --by both
refuses "a run over other data" 2 'no run.yaml here|other examples|no row' "$A" explain "$work/vqa" --compare "$work/data"

refuses "an unknown block" 2 'no attention block `red.2`; did you mean `read' \
  "$A" explain "$work/vqa" --attend red.2
refuses "a metric that reads no attention" 2 'the metric `accuracy` is for the task `vqa[^`]*`; it reads no attention' \
  "$A" explain "$work/vqa" --metric accuracy
refuses "an unknown metric" 2 'attention_erasure' "$A" explain "$work/vqa" --metric attention_erasur
refuses "an unknown condition" 2 'no condition `tipe`; there are .*, `type`' "$A" explain "$work/vqa" --by tipe
refuses "a number without bins" 2 'bins of it are asked for as in `output:4`' "$A" explain "$work/vqa" --by output
refuses "parts of a text" 2 '`type` is no number that could be cut into bins' "$A" explain "$work/vqa" --by type:4
refuses "a number of parts that is none" 2 'the number of bins in `length:0` is a whole number from 2 to 50' "$A" explain "$work/vqa" --by length:0
refuses "an unknown split" 2 'split `tst` has no rows' "$A" explain "$work/vqa" --split tst
refuses "no run" 2 'no run.yaml here' "$A" explain "$work/data"
sed "s|scan_pixels.att|vse_pixels.att|; /^arguments/d" "$work/run.yaml" >"$work/plain.yaml"
"$A" train "$work/plain.yaml" --set train.epochs=1 --out "$work/plain" >/dev/null 2>&1
refuses "a model without attention" 2 'no attention block to explain' "$A" explain "$work/plain"
finish
