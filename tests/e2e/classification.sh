#!/usr/bin/env bash
# Classes of rows: one for each, or several.
. "$(dirname "$0")/lib.sh"
"$A" data make scenes --out "$work/scenes" --count 60 --size 32 --seed 5 --questions 0 >/dev/null || exit 1

# Several: which kinds of objects a picture has.
cat >"$work/kinds.yaml" <<YAML
model: $top/examples/models/scene_judge.att
arguments: {side: 32, width: 4}
data: {reader: scenes(root=scenes)}
task: classification
metrics: [marks_found]
train: {epochs: 2, batch: 8, learning_rate: 0.01}
YAML
"$A" train "$work/kinds.yaml" --out "$work/kinds" --threads 1 >/dev/null 2>"$work/log"
is "kinds of objects are learned" 0 "$?$(grep -a 'attune:' "$work/log")"
"$A" train "$work/kinds.yaml" --out "$work/kinds2" --threads 2 >/dev/null 2>&1
same "two threads give the same weights" "$work/kinds/last.safetensors" "$work/kinds2/last.safetensors"
# An answer by the data's own numbers is right, and what it says of those that are not there.
cat >"$work/known.att" <<'ATT'
model known(by = 1) {
  input kinds: real [picture, kind = 72]
  let w = kinds |> linear(kind -> other = 72) @unused
  output logits = kinds |> scale(by, -0.5)
  output truth = kinds |> scale(1, 0)
  loss w |> mean_all
}
ATT
sed "s|^model:.*|model: known.att|; s|^arguments:.*|arguments: {by: 1}|" "$work/kinds.yaml" >"$work/known.yaml"
asked() { # asked RUN DIR OPTIONS...: a line of results on the test split
  local run=$1 dir=$2
  shift 2
  "$A" train "$work/$run.yaml" --out "$work/$dir" --set train.epochs=1 "$@" >/dev/null 2>"$work/log"
  "$A" eval "$work/$dir" --json 2>/dev/null | tr -d ' \n' | sed 's/\.0*\([,}]\)/\1/g' | grep -o '"[a-z0-9]*":[0-9]*' | tr -d '"' | sort | paste -sd ' '
}
is "what is so is found" "exact:100 f1:100 precision:100 recall:100" "$(asked known known)"
is "what is not said is not" "exact:0 f1:0 precision:100 recall:0" "$(asked known silent --set arguments.by=0)"

# One: the group of a drawing.
mkdir "$work/drawings"
cp -r "$work/scenes/images" "$work/drawings/images"
{
  printf 'image\tcaption\tgroup\tsplit\n'
  for i in $(seq 0 59); do
    group=$((i % 3 ? 1 : 0)) split=$((i % 5))
    printf '%06d.png\ta thing\t%s\t%s\n' "$i" "$([ $group = 1 ] && echo birds || echo fishes)" \
      "$([ $split = 0 ] && echo dev || { [ $split = 1 ] && echo test || echo train; })"
  done
} >"$work/drawings/captions.tsv"
cat >"$work/group.yaml" <<YAML
model: $top/examples/models/emoji_judge.att
arguments: {side: 32, width: 4}
data: {reader: "emoji(root=drawings, width=32, height=32)"}
task: classification
metrics: [accuracy, class_recall, confusion]
train: {epochs: 1, batch: 8, learning_rate: 0.01, best: accuracy}
YAML
"$A" train "$work/group.yaml" --out "$work/group" >/dev/null 2>"$work/log"
is "groups of drawings are learned" 0 "$?$(grep -a 'attune:' "$work/log")"
is "their names lie beside it" "birds fishes" "$(xargs <"$work/group/labels.txt")"
is "accuracy, and what each of them gets" "accuracy recall recall.birds recall.fishes" \
  "$("$A" eval "$work/group" --json 2>/dev/null | grep -o '"\(accuracy\|recall[a-z.]*\)"' | tr -d '"' | sort | paste -sd ' ')"

# ---- what is wrong ----
refuses "a metric of another task" 2 'the metric `recall` is for the task `matching`, not for `classification`' \
  "$A" train "$work/group.yaml" --out "$work/x" --set metrics=recall
refuses "a metric of several classes where a row has one" 1 'predicted no array `logits`' \
  "$A" eval "$work/group" --set metrics=marks_found
refuses "and of one where it has several" 1 'predicted no array `predicted`' \
  "$A" eval "$work/kinds" --set metrics=accuracy
sed 's/output truth = kinds |> scale(1, 0)/output truth = w |> scale(1, 0)/; s/other = 72/other = 7/' "$work/known.att" >"$work/other.att"
sed 's/known.att/other.att/' "$work/known.yaml" >"$work/other.yaml"
refuses "a truth of another size" 2 '`logits` has 72 numbers for each picture, but `truth` has 7' \
  "$A" train "$work/other.yaml" --out "$work/x2"
sed '/output truth/d' "$work/known.att" >"$work/other.att"
refuses "classes that nobody told" 2 'the task asks for the class of a row of `picture`' \
  "$A" train "$work/other.yaml" --out "$work/x3"
sed 's/output logits/output numbers/' "$work/known.att" >"$work/other.att"
refuses "a model without logits" 2 'needs an output `logits`' "$A" train "$work/other.yaml" --out "$work/x4"
finish
