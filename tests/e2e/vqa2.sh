#!/usr/bin/env bash
# VQA 2 end to end: a small one, written here; soft scores, its accuracy, and what can be wrong.
. "$(dirname "$0")/lib.sh"
d=$work/data
mkdir "$d"

# npy FILE REGIONS COLOUR: regions of two numbers, 1 0 for red and 0 1 for green
npy() {
  local header one='\x00\x00\x80\x3f' zero='\x00\x00\x00\x00' i
  header="{'descr': '<f4', 'fortran_order': False, 'shape': ($2, 2), }"
  printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$header" >"$1"
  for i in $(seq "$2"); do
    if [ "$3" = red ]; then printf "$one$zero"; else printf "$zero$one"; fi
  done >>"$1"
}
# people LIST...: answers as the annotations have them
people() {
  local a sep='' n=0
  for a in "$@"; do
    n=$((n + 1))
    printf '%s{"answer": "%s", "answer_confidence": "yes", "answer_id": %d}' "$sep" "$a" "$n"
    sep=', '
  done
}
# make SPLIT N: N images by turns red and green, each with two questions
make() {
  local q=$d/v2_OpenEnded_mscoco_$1_questions.json a=$d/v2_mscoco_$1_annotations.json i sep='' color
  echo '{"info": {}, "task_type": "Open-Ended", "questions": [' >"$q"
  echo '{"info": {}, "annotations": [' >"$a"
  for i in $(seq 1 "$2"); do
    color=$([ $((i % 2)) = 0 ] && echo red || echo green)
    npy "$d/$1_$(printf '%012d' "$i").npy" $((i % 3 + 1)) $color
    printf '%s{"image_id": %d, "question": "What color is it?", "question_id": %d},\n' "$sep" "$i" $((10 * i)) >>"$q"
    printf '{"image_id": %d, "question": "Is it red?", "question_id": %d}' "$i" $((10 * i + 1)) >>"$q"
    # six say the colour, four something else: 0.6 + 0.4 = 1; four say yes, three no, three maybe
    printf '%s{"question_id": %d, "image_id": %d, "answer_type": "other", "question_type": "what color is", "answers": [%s]},\n' \
      "$sep" $((10 * i)) "$i" "$(people $color $color $color $color $color $color dark dark teal plaid)" >>"$a"
    right=$([ $color = red ] && echo yes || echo no)
    printf '{"question_id": %d, "image_id": %d, "answer_type": "yes/no", "question_type": "is it", "multiple_choice_answer": "%s", "answers": [%s]}' \
      $((10 * i + 1)) "$i" $right "$(people $right $right $right maybe maybe maybe x y z w)" >>"$a"
    sep=$',\n'
  done
  echo ']}' >>"$q"
  echo ']}' >>"$a"
}
make train2014 12
make val2014 6
cat >"$work/updown.att" <<'E2'
model updown(score = dot, d = 16) {
  input image: real [picture, region, feature]
  input question: token [question, word...]
  input picture: token [question]
  input answer: token(answer_class) [question]
  input answers: real [question, answer_class]
  let regions = image |> linear(feature -> d) |> gather(picture, picture)
  let q = question |> embed(d) |> mean(word)
  attend read(query = q, key = regions, value = regions, over = region, along = d) {
    score = score
    weigh = softmax
  }
  output logits = concat(read, q, d -> both) |> linear(both -> d) |> relu |> linear(d -> answer_class)
  loss bce(logits, answers) |> sum(answer_class) |> mean_all
}
E2
reader="vqa2(root=$d, features=$d/{split}_{image}.npy, regions=3)"
cat >"$work/run.yaml" <<E2
model: $work/updown.att
data: {reader: "$reader"}
task: vqa
metrics: [vqa_accuracy(by_question_type=true), accuracy]
train: {epochs: 40, batch: 8, learning_rate: 0.03, evaluate_every: 20, best: vqa_accuracy}
E2
"$A" train "$work/run.yaml" --out "$work/one" --threads 1 >/dev/null 2>"$work/log"
is "a run on soft scores ends well" 0 "$?$(grep -a 'attune:' "$work/log")"
"$A" train "$work/run.yaml" --out "$work/two" --threads 2 >/dev/null 2>&1
same "one and two threads end in the same weights" "$work/one/last.safetensors" "$work/two/last.safetensors"
"$A" eval "$work/one" --split val --json >"$work/eval.json" 2>/dev/null
# yes, where three of ten said so: (3 * 2/3 + 7) / 10
is "accuracy counts people" '"vqa_accuracy": 95, "vqa_accuracy.other": 100, "vqa_accuracy.yes/no": 90, "vqa_accuracy.question.what color is": 100, "vqa_accuracy.question.is it": 90, "accuracy": 100' \
  "$(grep -oE '"vqa_accuracy": .*"accuracy": [0-9.]+' "$work/eval.json")"
is "the answers people agree on are the classes" "green no red yes" "$(xargs <"$work/one/labels.txt")"
sed 's/bce(.*/cross_entropy(logits, answer, answer_class)/; /input answers/d' "$work/updown.att" >"$work/hard.att"
"$A" train "$work/run.yaml" --set "model=$work/hard.att" --set train.epochs=2 --out "$work/three" >/dev/null 2>&1
is "one answer will do, too" 0 $?

# ---- what is wrong ----
try() { # NAME PATTERN
  rm -rf "$work/bad"
  refuses "$1" 2 "$2" "$A" train "$work/run.yaml" --set train.epochs=1 --out "$work/bad"
}
sed '/input answer:/d; s/token(answer_class)/token/; s/answer_class\]/answer_class = 4]/' "$work/updown.att" >"$work/less.att"
rm -rf "$work/bad"
refuses "scores without classes" 2 'less.att|run.yaml: input `answers` takes the texts of `question.answers` as a score for each class' \
  "$A" train "$work/run.yaml" --set "model=$work/less.att" --out "$work/bad"
q=$d/v2_OpenEnded_mscoco_val2014_questions.json a=$d/v2_mscoco_val2014_annotations.json
cp "$q" "$work/q" && cp "$a" "$work/a"
changed() { # NAME PATTERN FILE SED
  sed "$4" "$3" >"$work/changed" && cp "$work/changed" "$3"
  try "$1" "$2"
  cp "$work/q" "$q" && cp "$work/a" "$a"
}
changed "the same question_id twice" 'questions.json: record 2: the question_id 10 is that of record 1' "$q" '3s/11/10/'
changed "a question without answers" 'questions.json: record 4: it has no answers among' "$a" '5d'
changed "answers to no question" 'annotations.json: record 1: its question_id is that of no question' "$a" '2s/10/999/'
changed "answers twice" 'annotations.json: record 2: its question has answers already' "$a" '3s/"question_id": 11/"question_id": 10/'
changed "answers to a question of another image" 'annotations.json: record 1: its image_id' "$a" '2s/"image_id": 1/"image_id": 2/'
changed "no answers" 'annotations.json: record 1: it has no list of answers' "$a" '2s/"answers"/"more"/'
changed "an answer that is no text" 'annotations.json: record 1: one of its answers is no text' "$a" '2s/"answer": "green"/"answer": 3/'
changed "a question that is not UTF-8" 'questions.json: record 2: its text is not UTF-8' "$q" '3s/red/r\xe9d/'
mv "$d/val2014_000000000002.npy" "$work"
try "an image without features" 'val2014_questions.json: record 3: the features of its image, .*val2014_000000000002.npy: No such'
mv "$work/val2014_000000000002.npy" "$d"
changed "an answer outside the vocabulary" 'questions.json: record 2: the answer `perhaps` is none of the 4 known' "$a" '3s/"multiple_choice_answer": "no"/"multiple_choice_answer": "perhaps"/'
head -c 700 "$a" >"$work/short" && cp "$work/short" "$a"
try "annotations cut short" 'annotations.json: record [0-9]+: the file ends early'
rm "$a"
try "no annotations" 'val2014_annotations.json: No such file'
cp "$work/a" "$a"
f=$d/train2014_000000000003.npy
cp "$f" "$work/npy"
truncate -s -3 "$f"
try "features cut short" '000000000003.npy: its header says .* cut short'
sed "s/(1, 2)/(2, 1)/" "$work/npy" >"$f"
try "features of another width" '000000000003.npy: it has 1 numbers a region, others have 2'
sed "s/<f4/<f8/" "$work/npy" >"$f"
try "features of another type" '000000000003.npy: it is of another type'
finish
