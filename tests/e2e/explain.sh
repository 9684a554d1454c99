#!/usr/bin/env bash
# What attention says, measured on runs: files, conditions, what cannot be measured.
. "$(dirname "$0")/lib.sh"

small_run
"$A" train "$work/run.yaml" --set train.epochs=1 --out "$work/match" >/dev/null 2>"$work/log"
is "a model to look at" 0 "$?$(grep -a 'attune:' "$work/log")"
"$A" explain "$work/match" --limit 4 --threads 1 >"$work/table" 2>/dev/null
is "explain measures pairs" 0 $?
is "its block has its name" 1 "$(grep -c '^align$' "$work/table")"
is "and it cost less than whole passes" yes \
  "$(sed -n 's/.*would be \([0-9.]*\) times.*/\1/p' "$work/table" | awk '{ print ($1 > 1 ? "yes" : $1) }')"
is "arrays and results lie beside the run" "align.npz explain.json" \
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
  "$(grep -q '"value": "is"' "$work/json" && grep -q '"value": "up to 7"' "$work/json" &&
    grep -q '"condition": "correct"' "$work/json" && echo yes)"
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

refuses "an unknown block" 2 'no attention block `red.2`; did you mean `read' \
  "$A" explain "$work/vqa" --attend red.2
refuses "an unknown condition" 2 'no condition `tipe`' "$A" explain "$work/vqa" --by tipe
refuses "parts of a text" 2 '`type` is no number' "$A" explain "$work/vqa" --by type:4
refuses "a number of parts that is none" 2 'no number of parts from 1 to 64' "$A" explain "$work/vqa" --by length:0
refuses "an unknown split" 2 'split `tst` has no rows' "$A" explain "$work/vqa" --split tst
refuses "no run" 2 'no run.yaml here' "$A" explain "$work/data"
sed "s|scan_pixels.att|vse_pixels.att|; /^arguments/d" "$work/run.yaml" >"$work/plain.yaml"
"$A" train "$work/plain.yaml" --set train.epochs=1 --out "$work/plain" >/dev/null 2>&1
refuses "a model without attention" 2 'no attention block to explain' "$A" explain "$work/plain"
finish
