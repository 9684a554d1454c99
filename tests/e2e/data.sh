#!/usr/bin/env bash
# Data sets that attune makes: made, told about, read by a run, and what is refused.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
make() { "$A" data make "$@"; }

# ---- Sort-of-CLEVR ----
make sort-of-clevr --out soc --train 20 --val 4 --test 5 --seed 3 >out 2>log
is "Sort-of-CLEVR is made" "0 soc: 20 pictures to train, 4 to choose, 5 to test, 20 questions each" "$? $(cat out)"
make sort-of-clevr --out again --train 20 --val 4 --test 5 --seed 3 >/dev/null
is "the same seed gives the same bytes" "" "$(diff -r soc again 2>&1)"
make sort-of-clevr --out again --train 30 --val 4 --test 5 --seed 3 --force >/dev/null
same "other splits do not depend on the number of pictures" soc/val.images.npy again/val.images.npy
make sort-of-clevr --out again --train 20 --val 4 --test 5 --seed 4 --force >/dev/null
is "another seed gives others" 1 "$(cmp -s soc/train.images.npy again/train.images.npy; echo $?)"
"$A" data info 'questions(root=soc)' >info
is "its questions are counted" "400 80 100" "$(awk '$2 == "question" && NF == 4 { print $3 }' info | xargs)"
is "its ground truth is there" "picture.boxes=boxes question.evidence=boxes question.evidence_words=words" \
  "$(awk '$2 == "boxes" || $2 == "words" { print $1 "=" $2 }' info | sort | xargs)"
is "and what tells questions apart" "evidence_size n_distractors n_evidence n_objects program steps subtype type" \
  "$(sed -nE 's/^question.(evidence_size|n_[a-z]*|program|steps|(sub)?type) .*/\1/p' info | sort | xargs)"
is "answers are those of the paper" "" \
  "$(grep -ohE '"answer": "[^"]*"' soc/*.jsonl | sort -u | grep -vE '"(yes|no|square|circle|[1-6])"$')"

cat >run.yaml <<YAML
model: $top/examples/models/mac_pixels.att
arguments: {d: 12, e: 8, c: 4, steps: 1}
data: {reader: questions(root=soc)}
task: vqa(together=10)
metrics: [accuracy]
train: {epochs: 1, batch: 40, learning_rate: 0.003, best: accuracy}
YAML
"$A" train run.yaml --out trained >/dev/null 2>log
is "a run trains on it" 0 "$?$(grep -a 'attune:' log)"
is "and tells relational questions apart" "accuracy.non-relational accuracy.relational" \
  "$(grep -oE 'accuracy\.[a-z-]+' trained/results.json | sort -u | xargs)"
"$A" train run.yaml --set 'task=vqa(type=subtype)' --out kinds >/dev/null 2>&1
is "or kind by kind" 6 "$(grep -oE 'accuracy\.[a-z]+' kinds/results.json | sort -u | wc -l)"
sed -i '2s/.*/{/' soc/val.objects.jsonl
refuses "objects that are no JSON" 2 'val.objects.jsonl:2: this line is no list of objects' \
  "$A" data info 'questions(root=soc)'
sed -i 2d soc/val.objects.jsonl
refuses "too few lines of objects" 2 'val.objects.jsonl:3: there are fewer lines than pictures' \
  "$A" data info 'questions(root=soc)'

# ---- SHAPES ----
mkdir q
for s in train val test; do
  printf '(is red (left_of circle))\n(is green (above blue))\n' >q/$s.query
  printf 'is a red shape left of a circle\nis a green shape above a blue shape\n' >q/$s.query_str.txt
  printf 'true\nfalse\n' >q/$s.output
done
make shapes --queries q/train --out drawn --each 10 >out 2>log
is "pictures for SHAPES are made" "0 drawn: 20 pictures, a question each" "$? $(cat out)"
make shapes --queries q/train --out again2 --each 10 >/dev/null
is "with the same bytes each time" "" "$(diff -r drawn again2 2>&1)"
is "true has cells that answer, false has none" "10 10" \
  "$(awk -F'\t' 'NR > 1 { if ($3 != "") y++; else n++ } END { print y, n }' drawn/train.cells.tsv)"
for s in val test; do
  make shapes --queries q/$s --out drawn_$s >/dev/null
  for f in drawn_$s/train.*; do cp "$f" "q/$s.${f#*/train.}"; done
done
"$A" data info 'shapes(root=q, made=drawn)' >info
is "the reader takes what was made" "20 2 2" "$(awk '$2 == "question" && NF == 4 { print $3 }' info | xargs)"
is "with its cells" "picture.boxes question.evidence" "$(awk '$2 == "boxes" { print $1 }' info | sort | xargs)"
sed 's/^data:.*/data: {reader: "shapes(root=q, made=drawn)"}/' run.yaml >shapes.yaml
"$A" train shapes.yaml --out trained2 >/dev/null 2>log
is "a run trains on it, too" 0 "$?$(grep -a 'attune:' log)"
for c in '1	- - -	' 'x' '0	- - - - - - - - red	' '0	- - - - - - - - -	0,0' '0	- - - - - - - - - -	' '0	- - - - - - - - -	3,1'; do
  printf 'head\n%s\n' "$c" >q/val.cells.tsv
  refuses "cells \`$(echo "$c" | tr '\t' '|')\`" 2 'val.cells.tsv:2: ' "$A" data info 'shapes(root=q, made=drawn)'
done

make sort-of-clevr --out wrong --train 0 --val 4 --test 0 --seed 3 >/dev/null
cp wrong/val.questions.jsonl whole.jsonl
sed -i '3s/"objects": \[[0-9]/"objects": [7/' wrong/val.questions.jsonl
refuses "evidence that is no object" 2 'val.questions.jsonl:3: an object that is named is not among' "$A" data info 'questions(root=wrong)'
cp whole.jsonl wrong/val.questions.jsonl
sed -i '2s/"box": \[[0-9]*, /"box": [/' wrong/val.objects.jsonl
refuses "a box of three numbers" 2 'val.objects.jsonl:2: an object has no box of four numbers' "$A" data info 'questions(root=wrong)'

# ---- what is refused ----
bad() { # NAME PATTERN ARGUMENT...
  local name=$1 pattern=$2
  shift 2
  refuses "$name" 2 "$pattern" make "$@"
}
wrong() { # NAME PATTERN FILE TEXT
  cp "q/$3" whole && printf "$4" >"q/$3"
  bad "$1" "$2" shapes --queries q/train --out never
  cp whole "q/$3"
}
wrong "a word that is unknown" 'q/train.query:2: `pink` is no shape or colour' train.query '(is red (above blue))\n(is pink blue)\n'
wrong "a relation that is unknown" 'q/train.query:1: `abov` is no relation; did you mean `above`' train.query '(is red (abov blue))\n(is red blue)\n'
wrong "a query that ends early" 'q/train.query:2: `\)` is wanted where the line ends' train.query '(is red circle)\n(is red (above blue)\n'
wrong "an answer of a third kind" 'q/train.output:2: the answer is neither' train.output 'true\nmaybe\n'
wrong "answers that end early" 'q/train.output: it ends before line 2, which q/train.query has' train.output 'true\n'
wrong "queries that end early" 'q/train.query: it ends before line 2, which q/train.query_str.txt has' train.query '(is red blue)\n'
wrong "no queries" 'it ends before line 1' train.query ''
wrong "what can never be true" 'q/train.query:1: no picture was found of which `\(is red blue\)` is true' train.query '(is red blue)\n(is red circle)\n'
bad "files that are not there" 'nowhere.query' shapes --queries nowhere --out never
is "nothing is left of what was refused" "" "$(ls -d never* 2>/dev/null)"
bad "queries that are not named" 'usage' shapes --out never
bad "another generator's option" 'no option --captions' shapes --queries q/train --out never --captions 3
bad "no pictures at all" 'no split has a picture' sort-of-clevr --out never --train 0 --val 0 --test 0
bad "fewer than none" 'train is -1; it must be' sort-of-clevr --out never --train -1
bad "a generator that is not there" 'no generator `sort-of-clever`; did you mean `sort-of-clevr`' sort-of-clever --out never
bad "no generator" 'usage' --out never
bad "a set of another generator" 'not a data set of this generator' shapes --queries q/train --out soc --force
bad "a set that is there" 'holds a data set already' shapes --queries q/train --out drawn
make --out mixed --seed 2 scenes --count 10 >/dev/null
is "options may stand before the generator" 0 $?
finish
