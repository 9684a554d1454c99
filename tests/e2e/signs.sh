#!/usr/bin/env bash
# Boards with words, end to end: made, read, trained on; what attention says of tokens, and its pictures.
. "$(dirname "$0")/lib.sh"
s=$work/signs

# ---- making ----
make() { "$A" data make signs --out "$work/$1" --count 80 --seed 3 --size 64 "${@:2}" >/dev/null; }
make signs
is "a picture each" 80 "$(ls "$s/images" | wc -l)"
is "lines of tokens as well" 80 "$(grep -c '"tokens": \[{' "$s/signs.jsonl")"
make more --count 90
is "fewer are the first of more" "" "$(diff <(head -n 80 "$work/more/signs.jsonl") "$s/signs.jsonl")"
if command -v taskset >/dev/null; then
  taskset -c 0 "$A" data make signs --out "$work/alone" --count 80 --size 64 --seed 3 >/dev/null
  is "one processor makes the same" "" "$(diff -r "$s" "$work/alone")"
fi
refuses "a set that is there" 2 'holds a data set already' make signs
make signs --count 80 --force
is "unless it is to be replaced" 80 "$(wc -l <"$s/signs.jsonl")"
refuses "pictures that are too small" 2 'size is 8; it must be a whole number from 64' make small --size 8
refuses "another generator's set" 2 'not a data set of this generator' \
  "$A" data make scenes --out "$s" --count 5 --force

# ---- a model ----
cat >"$work/run.yaml" <<YAML
model: $top/examples/models/m4c.att
arguments: {d: 24, heads: 2, layers: 2, ffn: 32, reads: words, read_layers: 1, object_size: 20, token_size: 619}
data: {reader: signs(root=signs)}
task: textvqa
metrics: [exact_match]
train: {epochs: 1, batch: 32, learning_rate: 0.003}
seed: 1
YAML
"$A" train "$work/run.yaml" --out "$work/run" >/dev/null 2>"$work/log"
is "it trains" 0 "$?$(grep attune: "$work/log")"
"$A" explain "$work/run" --limit 12 --attend layers.0.look --metric attention_plausibility --json >"$work/json" 2>"$work/log"
is "it is known which tokens decide" "0 1" "$? $(grep -c '"relevance_mass"' "$work/json")"
"$A" report "$work/run" --out "$work/shown" --pairs 4 --overlays >/dev/null 2>"$work/log"
is "a report is written" 0 "$?$(cat "$work/log")"
page=$work/shown/report.html
is "questions are told with their answers" 4 "$(grep -o 'expected <b>' "$page" | wc -l)"
is "each layer and rollout have maps" yes \
  "$(grep -q '<h4>layers.1.look</h4>' "$page" && grep -q '<h4>rollout</h4>' "$page" && echo yes)"
is "tokens have borders in the picture" yes "$(grep -q 'class="o o[0-9]*" d=' "$page" && echo yes)"
is "files, too" 8 "$(ls "$work/shown/gallery" | grep -cE 'layers\.[01]\.look\.png$')"
"$A" train "$work/run.yaml" --set 'data.reader=signs(root=signs, limit=1)' --out "$work/few" >/dev/null 2>"$work/log"
is "a limit of tokens is said once" 1 \
  "$(grep -c '^attune: pictures with more than 1 tokens: [0-9]*; of these the first 1 are given' "$work/log")"
# ---- some kinds of questions ----
rows() { "$A" data info "signs(root=$s, kinds=\"$1\")" 2>&1 | awk '$2 == "question" { n += $3 } END { print n }'; }
is "only the kinds that are named" "$(grep -cE '"type": "(read|color)"' "$s/questions.jsonl")" "$(rows 'read  color')"
refuses "kinds that there are not" 2 'there are no questions of the kinds `rea`' "$A" data info "signs(root=$s, kinds=rea)"

"$A" train "$work/run.yaml" --set 'data.reader=signs(root=signs, kinds=read)' --out "$work/first" >/dev/null 2>"$work/log"
printf 'import: {layers: first}\n' | cat "$work/run.yaml" - >"$work/then.yaml"
words() { grep -o '"what"\|"below"\|"many"\|"color"' "$work/$1/vocabulary.json" | sort -u | wc -l; }
"$A" train "$work/then.yaml" --out "$work/theirs" >/dev/null 2>>"$work/log"
"$A" train "$work/then.yaml" --set data.vocabulary.count=true --out "$work/own" >/dev/null 2>>"$work/log"
is "layers of a run that read fewer words: its vocabulary, or one of our own" "1 1 yes$(grep attune: "$work/log")" \
  "$(words first) $(words theirs) $([ "$(words own)" -gt 1 ] && echo yes)"

# ---- what the picture shows at each token ----
"$A" train "$work/run.yaml" --set 'data.reader=signs(root=signs, crops=4)' --set arguments.crops=4 \
  --out "$work/crops" --threads 1 >/dev/null 2>"$work/log"
is "a model sees crops of tokens" 0 "$?$(grep attune: "$work/log")"
"$A" train "$work/run.yaml" --set 'data.reader=signs(root=signs, crops=4)' --set arguments.crops=4 \
  --out "$work/again" --threads 3 >/dev/null 2>&1
same "the same ones whatever the number of threads" "$work/crops/last.safetensors" "$work/again/last.safetensors"

"$A" train "$work/run.yaml" --set 'data.reader=signs(root=signs, words=16)' --out "$work/bad" >/dev/null 2>"$work/log"
is "features of another size" "2 1" \
  "$? $(grep -c 'axis `f` of input `token` has the size 619, but `picture.token` has 635 there' "$work/log")"
finish
