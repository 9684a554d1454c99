#!/usr/bin/env bash
# Questions of the embedded scenes: made, read, trained on, and refused where they are broken.
. "$(dirname "$0")/lib.sh"
small_run
s=$work/scenes
cat >"$work/vqa.yaml" <<YAML
model: $top/examples/models/mac_pixels.att
arguments: {d: 16, e: 8, c: 8, steps: 2}
data: {reader: scenes(root=scenes), labels: {unknown: none}}
task: vqa
metrics: [accuracy]
train: {epochs: 1, batch: 16, learning_rate: 0.002}
seed: 5
YAML

# ---- making ----
is "ten questions a picture" 600 "$(wc -l <"$s/questions.jsonl")"
is "the number of questions is noted" 1 "$(grep -c '"questions": 10,' "$s/meta.json")"
make() { "$A" data make scenes --out "$work/$1" --count 60 --size 32 --seed 3 "${@:2}" >/dev/null; }
make none --questions 0
is "none when none are wanted" no "$([ -e "$work/none/questions.jsonl" ] && echo yes || echo no)"
same "which leaves the captions as they are" "$s/scenes.jsonl" "$work/none/scenes.jsonl"
make few --questions 3
is "fewer questions are the first of more" "" \
  "$(grep '"picture": 7,' "$s/questions.jsonl" | head -n 3 | diff - <(grep '"picture": 7,' "$work/few/questions.jsonl"))"
if command -v taskset >/dev/null; then
  taskset -c 0 "$A" data make scenes --out "$work/alone" --count 60 --size 32 --seed 3 >/dev/null
  same "one processor writes the same" "$s/questions.jsonl" "$work/alone/questions.jsonl"
fi
make few --questions 0 --force
is "replacing a set takes its questions away" no "$([ -e "$work/few/questions.jsonl" ] && echo yes || echo no)"
refuses "too many questions" 2 'questions is 41; it must be a whole number from 0 to 40' \
  "$A" data make scenes --out "$work/many" --questions 41

# ---- reading ----
info() { "$A" data info "scenes(root=$1)" | awk "\$1 == \"$2\" && \$2 == \"question\" { print \$3 }"; }
is "the reader gives out a table of them" 480 "$(info "$s" train)"
few=$(awk -F '[:,]' '$2 % 10 < 8 && /"steps": [12],/' "$s/questions.jsonl" | wc -l)
is "short programs alone, when so wanted" "$few" "$(info "$s, steps=2" train)"
is "and no table where there are none" "" "$(info "$work/none" train)"
is "with these fields" "answer evidence evidence_json evidence_size evidence_words grounding n_distractors n_evidence n_objects name picture program steps text type" \
  "$("$A" data info "scenes(root=$s)" | sed -n 's/^question\.\([a-z_]*\).*/\1/p' | LC_ALL=C sort | xargs)"

is "regions, as of a detector, where they are wanted" "9 x 53" \
  "$("$A" data info "scenes(root=$s, regions=9)" | sed -n 's/^picture.regions *real //p')"
is "and else none" "" "$("$A" data info "scenes(root=$s)" | grep picture.regions)"

# ---- training ----
"$A" train "$work/vqa.yaml" --out "$work/vqa" --threads 2 >/dev/null 2>"$work/log"
is "visual question answering runs on them" 0 "$?$(grep -a 'attune:' "$work/log")"
"$A" eval "$work/vqa" --json >"$work/eval.json" 2>/dev/null
is "eval tells types apart" 1 "$(grep -c '"accuracy.exist"' "$work/eval.json")"
"$A" train "$work/vqa.yaml" --set 'task=vqa(type=steps)' --out "$work/steps" >/dev/null 2>&1
is "or lengths of programs" 1 "$("$A" eval "$work/steps" --json 2>/dev/null | grep -c '"accuracy.4"')"
sed -e 's/mac_pixels/mac_regions/; s/^arguments.*/arguments: {d: 16, e: 8, steps: 2}/; s/scenes(root=scenes)/"scenes(root=scenes, regions=9)"/' \
  "$work/vqa.yaml" >"$work/regions.yaml"
"$A" train "$work/regions.yaml" --out "$work/regions" >/dev/null 2>"$work/log"
is "a model of regions learns from them" 0 "$?$(grep -a 'attune:' "$work/log")"
"$A" report "$work/regions" --pairs 2 --overlays >/dev/null 2>&1
is "and is shown on the pictures that they are of" yes "$(ls "$work"/regions/report/gallery/*read.1.png >/dev/null 2>&1 && echo yes)"
"$A" explain "$work/regions" --attend read.2 --limit 20 --out "$work/said" >"$work/out" 2>&1
is "what decides is known of them" 1 "$(grep -c '^ *pointing ' "$work/out")"
"$A" train "$work/run.yaml" --set train.epochs=1 --out "$work/match" >/dev/null 2>"$work/log"
is "matching still runs on the captions" 0 "$?$(grep -a 'attune:' "$work/log")"
"$A" train "$work/run.yaml" --set train.epochs=1 --set "data.reader=scenes(root=$work/none)" \
  --out "$work/plain" >/dev/null 2>&1
same "which end in the same weights with questions and without" \
  "$work/match/last.safetensors" "$work/plain/last.safetensors"
refuses "questions that were not made" 2 'no data for the input `question`' \
  "$A" train "$work/vqa.yaml" --set "data.reader=scenes(root=$work/none)" --out "$work/bad"

# ---- what is wrong is said with its place ----
cp "$s/questions.jsonl" "$work/whole"
bad() { # NAME PATTERN SED-SCRIPT
  sed "$3" "$work/whole" >"$s/questions.jsonl"
  refuses "$1" 2 "questions.jsonl:$2" "$A" data info "scenes(root=$s)"
}
bad "a line cut short" '7: this line is no JSON' '7s/.\{40\}$//'
bad "no object" '3: a question is no JSON object' '3s/.*/[1]/'
bad "a picture that is not there" '5: there is no picture 60 in scenes.jsonl' '5s/"picture": 0/"picture": 60/'
bad "a negative picture" '5: there is no picture -1 in' '5s/"picture": 0/"picture": -1/'
bad "a picture that is no number" '5: `picture` of a question is not a whole number' '5s/"picture": 0/"picture": "0"/'
bad "an answer that is a number" '2: `answer` of a question is not a text' '2s/"answer": "[a-z0-9]*"/"answer": 4/'
bad "no program" '9: a question lacks `program`, a text' '9s/"program": "[^"]*", //'
bad "a key that is not known" '4: a question has no key `hint`' '4s/"type"/"hint": 1, "type"/'
bad "a type that is not known" '4: a question is of an unknown type' '4s/"type": "[a-z_]*"/"type": "riddle"/'
bad "evidence that is no object" '4: an object that is named is not among those of the picture' '4s/"selected": \[[0-9, ]*/"selected": [99/'
bad "evidence that is no number" '4: an object that is named is not among' '4s/"referred": \[[0-9, ]*/"referred": ["x"/'
bad "a word before all words" '4: a word is no number of a token' '4s/"words": \[[0-9, ]*/"words": [-1/'
bad "bytes that are no text" '6: this line is no JSON' '6s/"question": "/&\xff/'
cp "$work/whole" "$s/questions.jsonl"
finish
