#!/usr/bin/env bash
# CLEVR end to end: a small one, drawn and written here; pictures, features, and what can be wrong.
. "$(dirname "$0")/lib.sh"
c=$work/clevr
mkdir -p "$c/questions" "$c/scenes" "$c/images/train" "$c/images/val"
"$A" data make scenes --out "$work/scenes" --count 12 --size 32 --seed 3 >/dev/null || exit 1

# questions SPLIT N: two for each of N pictures
questions() {
  local i k s='{"function": "scene", "inputs": [], "value_inputs": []}' f
  echo '{"info": {"split": "'"$1"'"}, "questions": ['
  for i in $(seq 0 $(($2 - 1))); do
    for k in 0 1; do
      f='{"function": "filter_color", "inputs": [0], "value_inputs": ["red"]}'
      [ "$i$k" = 00 ] || printf ',\n'
      printf '{"question_index": %d, "image_index": %d, "image_filename": "CLEVR_%s_%06d.png", ' \
        $((2 * i + k)) "$i" "$1" "$i"
      if [ $k = 0 ]; then
        printf '"question": "Is there a red thing?", "answer": "yes", "program": [%s, %s, %s]}' "$s" "$f" \
          '{"function": "exist", "inputs": [1], "value_inputs": []}'
      else
        printf '"question": "How many things are there?", "answer": "1", "program": [%s, %s]}' "$s" \
          '{"function": "count", "inputs": [0], "value_inputs": []}'
      fi
    done
  done
  echo ']}'
}
for split in "train 6" "val 4"; do
  set -- $split
  questions "$1" "$2" >"$c/questions/CLEVR_$1_questions.json"
  i=0
  for png in $(ls "$work"/scenes/images/*.png | head -n "$2"); do
    cp "$png" "$c/images/$1/$(printf 'CLEVR_%s_%06d.png' "$1" $i)"
    i=$((i + 1))
  done
  "$top_builddir/make_hdf5" "$work/$1.h5" features float32 "$2" 4 3 3
done
cat >"$work/look.att" <<'E2'
model look(score = dot, d = 8) {
  input image: real [picture, y, x, feature]
  input question: token [question, word...]
  input picture: token [question]
  input answer: token(answer_class) [question]
  let cells = image |> scale(0.01) |> flatten(y, x -> cell) |> linear(feature -> d) |> gather(picture, picture)
  let q = question |> embed(d) |> mean(word)
  attend read(query = q, key = cells, value = cells, over = cell, along = d) {
    score = score
    weigh = softmax
  }
  output logits = (read + q) |> linear(d -> answer_class)
  loss cross_entropy(logits, answer, answer_class)
}
E2
reader="clevr(root=$c, features=$work/{split}.h5)"
cat >"$work/run.yaml" <<E2
model: $work/look.att
data: {reader: "$reader"}
task: vqa
metrics: [accuracy]
train: {epochs: 20, batch: 4, learning_rate: 0.02, evaluate_every: 10, best: accuracy}
E2
"$A" data info "$reader" >"$work/info"
is "the reader tells what there is" "12 8" "$(awk '$2 == "question" && NF == 4 { print $3 }' "$work/info" | xargs)"
"$A" train "$work/run.yaml" --out "$work/one" --threads 1 >/dev/null 2>"$work/log"
is "a run on features ends well" 0 "$?$(grep -a 'attune:' "$work/log")"
"$A" train "$work/run.yaml" --out "$work/two" --threads 2 >/dev/null 2>&1
same "one and two threads end in the same weights" "$work/one/last.safetensors" "$work/two/last.safetensors"
"$A" eval "$work/one" --split val --json >"$work/eval.json" 2>/dev/null
is "results are told apart by type" '"accuracy.exist": 100, "accuracy.count": 100' \
  "$(grep -oE '"accuracy.exist": [0-9.]+, "accuracy.count": [0-9.]+' "$work/eval.json")"
pixels="clevr(root=$c, width=16, height=16)"
sed 's/, feature\]/, feature]/; s/scale(0.01)/scale(1)/; s/feature/channel/g' "$work/look.att" >"$work/pixels.att"
"$A" train "$work/run.yaml" --set "model=$work/pixels.att" --set "data.reader=$pixels" --set train.epochs=1 \
  --out "$work/three" >/dev/null 2>"$work/log"
is "a run on pictures ends well" 0 "$?$(grep -a 'attune:' "$work/log")"

# ---- what is wrong is said with the file and the record ----
q=$c/questions/CLEVR_val_questions.json
cp "$q" "$work/whole"
bad() { # NAME PATTERN [READER]
  refuses "$1" 2 "$2" "$A" data info "${3:-$reader}"
}
changed() { # NAME PATTERN SED [READER]
  sed "$3" "$work/whole" >"$q"
  bad "$1" "$2" "${4:-$reader}"
  cp "$work/whole" "$q"
}
head -c 900 "$work/whole" >"$q"
bad "questions cut short" 'val_questions.json: record [0-9]+: the file ends early'
head -c 20 "$work/whole" >"$q"
bad "questions cut before the first" 'val_questions.json: the file ends before its list'
echo '{"info": 3}' >"$q"
bad "no list of questions" 'val_questions.json: there is no list `questions`'
echo '{"questions": []}' >"$q"
bad "an empty list" 'val_questions.json: there are no questions'
cp "$work/whole" "$q"
changed "a record that is no JSON" 'val_questions.json: record 3: it is no JSON' '4s/"question": /"question" /'
changed "a text that is not UTF-8" 'val_questions.json: record 2: its text is not UTF-8' '3s/How/H\xffow/'
changed "the same question_index twice" 'record 4: the question_index 2 is that of record 3' '5s/"question_index": 3/"question_index": 2/'
changed "an image_index beyond the features" 'record 7: its image_index is 9, but .*val.h5 has 4 rows' '8,9s/"image_index": 3/"image_index": 9/'
changed "an image_index of two pictures" 'record 2: its image_index belongs to another' '3s/000000.png/000001.png/'
changed "a picture that is not there" 'record 1: its picture .*/images/val/CLEVR_val_000077.png: No such file' 's/000000.png/000077.png/' "$pixels"
changed "a name that leads elsewhere" 'record 1: its image_filename is no name' 's/CLEVR_val_000000/..\/x/' "$pixels"
changed "a question without an answer" 'record 1: it has no answer' '2s/"answer"/"other"/'
changed "a program that asks what comes later" 'record 2: .* no step before it' '3s/"count", "inputs": \[0\]/"count", "inputs": [1]/'
sed '4,$s/"answer": "1"/"answer": "many"/' "$work/whole" >"$q"
refuses "an answer outside the vocabulary" 2 'val_questions.json: record 4: the answer `many` is none of the 2 known' \
  "$A" train "$work/run.yaml" --out "$work/bad"
cp "$work/whole" "$q"

h=$work/val.h5
make() { "$top_builddir/make_hdf5" "$h" "$@"; }
make other float32 4 4 3 3
bad "no such array" 'val.h5: there is no array `features`'
make features int32 4 4 3 3
bad "an array of another type" 'val.h5: `features` is of another type; float32'
make features float64 4 4 3 3
bad "doubles" 'val.h5: `features` is of another type; float32'
make features float32 4 36
bad "an array of another shape" 'val.h5: `features` has not four axes'
make features float32 4 5 3 3
bad "splits of different shapes" 'val.h5: its rows are of another shape than those of .*train.h5'
make features float32 3 4 3 3
bad "fewer rows than pictures" 'record 7: its image_index is 3, but .*val.h5 has 3 rows'
make features float32 4 4 3 3
truncate -s -40 "$h"
bad "HDF5 cut short" 'val.h5: this .*cut short'
is "and the library itself says nothing" 1 "$(wc -l <"$work/stderr")"
echo "not HDF5" >"$h"
bad "no HDF5 at all" 'val.h5: this is no HDF5 file'
rm "$h"
bad "no file of features" 'val.h5: No such file'
bad "nothing there" 'there is no questions/CLEVR_train_questions.json' "clevr(root=$work)"

# ---- pictures of impossible sizes are refused before room is made for them ----
# png FILE WIDTH HEIGHT, in hexadecimal: a header alone; gzip knows the checksum
png() {
  local head crc
  head="\x49\x48\x44\x52$2$3\x08\x02\x00\x00\x00"
  crc=$(printf "$head" | gzip -c | tail -c 8 | head -c 4 | od -An -tx1 | awk '{ printf "\\x%s\\x%s\\x%s\\x%s", $4, $3, $2, $1 }')
  printf "\x89PNG\r\n\x1a\n\x00\x00\x00\x0d$head$crc\x00\x00\x00\x10IDAT" >"$1"
}
look() { # NAME PATTERN
  rm -rf "$work/bad"
  refuses "$1" 2 "$2" "$A" train "$work/run.yaml" --set "model=$work/pixels.att" --set "data.reader=$pixels" \
    --set train.epochs=1 --out "$work/bad"
}
p=$c/images/train/CLEVR_train_000002.png
png "$p" '\x00\x00\x75\x30' '\x00\x00\x75\x30'
look "a picture of 30000 x 30000" '000002.png: is 30000 x 30000 pixels; pictures have 1 to 16384'
png "$p" '\x00\x00\x00\x00' '\x00\x00\x00\x00'
look "a picture of 0 x 0" '000002.png: is a damaged'
# JPEG: SOI, SOF0 of 30000 x 30000 and of 0 x 0, EOI
jpeg() { printf "\xff\xd8\xff\xc0\x00\x11\x08$1$2\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00\xff\xd9" >"$p"; }
jpeg '\x75\x30' '\x75\x30'
look "a JPEG of 30000 x 30000" '000002.png: is 30000 x 30000 pixels'
jpeg '\x00\x00' '\x00\x00'
look "a JPEG of 0 x 0" '000002.png: is '
finish
