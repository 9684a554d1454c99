#!/usr/bin/env bash
# What a model answers and attends to: the file of predictions, and the pictures of every step.
. "$(dirname "$0")/lib.sh"
color_questions "$work/data"
cat >"$work/run.yaml" <<YAML
model: $top/examples/models/mac_pixels.att
arguments: {d: 8, e: 6, c: 4, steps: 3, keep: 1}
data: {reader: "shapes(root=$work/data, train=train)"}
task: vqa
metrics: [accuracy, class_recall, confusion]
train: {epochs: 1, batch: 16, learning_rate: 0.01, best: accuracy}
YAML
"$A" train "$work/run.yaml" --out "$work/mac" --threads 1 >/dev/null 2>"$work/log"
is "a run ends well" 0 "$?$(grep -a 'attune:' "$work/log")"

# arrays FILE: for each innermost array of weights in it, how many there are and their sum.
arrays() {
  grep -oE '"weights":\[[^]a-z"]*\]' "$1" | tr -d '"a-z:' | sed 's/^\[*//; s/\]*$//' |
    awk -F, '{ s = 0; for (i = 1; i <= NF; i++) s += $i; printf "%d %.4f\n", NF, s }'
}
# word NAME: its values in the file, each once
values() { grep -oE "\"$1\":(\"[^\"]*\"|[a-z0-9]+)" "$p" | cut -d: -f2- | tr -d '"' | sort -u | xargs; }

# ---- predictions ----
p=$work/plain.jsonl
"$A" eval "$work/mac" --predictions "$p" --json >"$work/eval.json" 2>/dev/null
is "eval writes predictions" 0 $?
is "a line for each question" 12 "$(wc -l <"$p")"
is "in the order of the rows" "0 1 2 3 4 5 6 7 8 9 10 11" \
  "$(grep -oE '^\{"row":[0-9]+' "$p" | cut -d: -f2 | xargs)"
is "with what was asked" "is a green shape here is a red shape here" "$(values question)"
is "of which picture" 12 "$(grep -oE '"picture":"test [0-9]+"' "$p" | sort -u | wc -l)"
is "of which type" is "$(values type)"
is "what was expected" "$(xargs <"$work/data/test.output")" \
  "$(grep -oE '"expected":"[a-z]+"' "$p" | cut -d'"' -f4 | xargs)"
is "and how sure it is" 12 "$(grep -cE '"logit":-?[0-9.]+(e-?[0-9]+)?[,}]' "$p")"
is "as right as the accuracy says" "$(grep -oE '"accuracy": [0-9.]+' "$work/eval.json" | awk '{ printf "%.2f", $2 }')" \
  "$(awk '/"right":true/ { n++ } END { printf "%.2f", 100 * n / NR }' "$p")"
is "right is when both are the same" 12 "$(
  grep -cE '"expected":"([a-z]+)","predicted":"\1","right":true|"right":false' "$p"
)"
is "no weights unless asked for" 0 "$(grep -c '"attention"' "$p")"

p=$work/all.jsonl
"$A" eval "$work/mac" --predictions "$p" --attention >/dev/null 2>&1
is "eval writes attention" 0 $?
same "which changes nothing else" <(sed 's/,"words":.*/}/' "$p") "$work/plain.jsonl"
is "words and cells in three steps" "36 4 x 4 cells read 1; 36 4 x 4 cells read 2; 36 4 x 4 cells read 3" "$(
  grep -oE '"block":"read","step":"[0-9]","axis":"cell","over":"cells","grid":\[4,4\]' "$p" | sort | uniq -c |
    awk '{ gsub(/[^0-9]+/, " "); print 3 * $1, $3, "x", $4, "cells read", $2 }' | paste -sd';' | sed 's/;/; /g'
)"
is "the words as they were read" 12 "$(grep -c '"words":\["<start>","is","a","[a-z]*","shape","here","<end>"\]' "$p")"
is "every step sums to one" "36 16 1.00; 36 7 1.00" \
  "$(arrays "$p" | awk '{ printf "%d %.2f\n", $1, $2 }' | sort | uniq -c | awk '{ print $1, $2, $3 }' | paste -sd';' | sed 's/;/; /g')"
is "to its six digits" 0 "$(arrays "$p" | awk '$2 < 0.99999 || $2 > 1.00001' | wc -l)"
"$A" eval "$work/mac" --predictions "$work/two.jsonl" --attention --threads 2 >/dev/null 2>&1
same "one and two threads write the same" "$p" "$work/two.jsonl"
"$A" eval "$work/mac" --split train --predictions "$work/train.jsonl" >/dev/null 2>&1
is "of another split" 48 "$(wc -l <"$work/train.jsonl")"

# ---- several that ask, heads, and blocks outside of a repeat ----
cat >"$work/asking.att" <<'ATT'
model asking(d = 8) {
  input image: real [picture, y, x, channel]
  input question: token [question, word...]
  input picture: token [question]
  input answer: token(answer_class) [question]
  let seen = image |> conv2d(y, x, channel -> d, kernel = 6, stride = 6, padding = 0) |> flatten(y, x -> cell)
  let cells = gather(seen, picture, picture)
  let words = question |> embed(d)
  attend look(query = words, key = cells, value = cells, over = cell, along = d) {
    score = scaled_dot
    heads = 2
    weigh = softmax
  }
  attend gather_words(query = look |> mean(word), key = words, value = words, over = word, along = d) {
    score = dot
    weigh = softmax
  }
  output logits = gather_words |> linear(d -> answer_class)
  loss cross_entropy(logits, answer, answer_class)
}
ATT
sed -e "s|^model:.*|model: $work/asking.att|" -e '/^arguments/d' "$work/run.yaml" >"$work/asking.yaml"
"$A" train "$work/asking.yaml" --out "$work/asking" --threads 1 >/dev/null 2>"$work/log"
is "a model in which words ask" 0 "$?$(grep -a 'attune:' "$work/log")"
p=$work/asking.jsonl
"$A" eval "$work/asking" --predictions "$p" --attention >/dev/null 2>&1
is "has a row of weights for each word, the mean over its heads" "84 25 1.0000; 12 7 1.0000" "$(
  grep -oE '\[[-0-9.e,]+\]' "$p" | tr -d '[]' |
    awk -F, 'NF > 2 { s = 0; for (i = 1; i <= NF; i++) s += $i; printf "%d %.4f\n", NF, s }' |
    sort | uniq -c | awk '{ print $1, $2, $3 }' | paste -sd';' | sed 's/;/; /g'
)"
is "says what asks" 12 "$(grep -c '"block":"look","step":"","axis":"cell","over":"cells","grid":\[5,5\],"asked_by":"word"' "$p")"

# ---- what cannot be ----
refuses "attention without a file is refused" 2 '--attention adds to the lines of --predictions' \
  "$A" eval "$work/mac" --attention
refuses "a file that cannot be written" 2 'no/such/p.jsonl' "$A" eval "$work/mac" --predictions "$work/no/such/p.jsonl"
is "leaves nothing behind" 0 "$(find "$work" -name '*.tmp.*' | wc -l)"
small_run
"$A" train "$work/run.yaml" --set train.epochs=1 --out "$work/matching" >/dev/null 2>&1
refuses "a task that chooses no answers is refused" 2 'predictions are the answers .* the task `matching` does neither' \
  "$A" eval "$work/matching" --predictions "$work/none.jsonl"
is "before anything is written" no "$([ -e "$work/none.jsonl" ] && echo yes || echo no)"

# ---- the report ----
cat >"$work/sweep.yaml" <<YAML
over: {arguments.score: [dot, scaled_dot]}
model: $top/examples/models/mac_pixels.att
arguments: {d: 8, e: 6, c: 4, steps: 3, keep: 1}
data: {reader: "shapes(root=$work/data, train=train)"}
task: vqa
metrics: [accuracy, class_recall, confusion]
train: {epochs: 1, batch: 16, learning_rate: 0.01, best: accuracy}
YAML
"$A" sweep "$work/sweep.yaml" --out "$work/sweep" >/dev/null 2>&1
"$A" report "$work/sweep" --pairs 4 >"$work/table" 2>"$work/log"
is "a report is written" 0 "$?$(cat "$work/log")"
html=$work/sweep/report.html
is "the headline has no parts" "n accuracy recall" "$(head -n 1 "$work/table" | xargs)"
is "they have tables of their own" "accuracy confusion recall" \
  "$(awk '$2 == "score=dot" { print $1 }' "$work/table" | sort | xargs)"
is "on the page as well" 3 "$(grep -c '<details' "$html")"
is "the page needs nothing from elsewhere" 0 "$(grep -cE '(src|href)="https?:' "$html")"
is "it shows questions" 4 "$(grep -c '<article class="ex" ' "$html")"
is "each with the answers of both" 8 "$(grep -c 'class="verdict ' "$html")"
is "right or wrong in words" 8 "$(grep -cE '[✓✗] (true|false)</span> <span class="h">(right|wrong), logit' "$html")"
is "and for the filters" 4 "$(grep -cE ' data-d="[0-9]+" data-r="[01]{2}" data-a="0,[01]" data-t="is"' "$html")"
is "in three steps" "8 8 8" "$(for i in 1 2 3; do grep -c "<h4>step $i</h4>" "$html"; done | xargs)"
is "with seven shaded words in each" 168 \
  "$(grep -oE '<p class="said" data-w="[-_A-Za-z0-9]{14}">.*</p>' "$html" | grep -oE '<span class="s[0-9]+">' | wc -l)"
is "and the weights of sixteen cells" 24 "$(grep -cE 'data-k="4" data-w="[-_A-Za-z0-9]{32}"' "$html")"
is "over one copy of each picture" "2 2" \
  "$(grep -o 'href="data:image/png;base64,[^"]*' "$html" | tee "$work/copies" | wc -l) $(sort -u "$work/copies" | wc -l)"
"$A" report "$work/sweep" --pairs 4 --out "$work/again" >/dev/null 2>&1
same "and again it is the same" "$html" "$work/again/report.html"
"$A" report "$work/asking" --overlays >/dev/null 2>"$work/log"
is "a model in which words ask has its mean" 12 "$(grep -c '<br>mean over 7 word<' "$work/asking/report/report.html")"
is "and what each word and each head asks for" "12 12" \
  "$(grep -c '<b>here</b> [01]' "$work/asking/report/report.html") $(grep -c '<b>head 2, mean over 7 word</b>' "$work/asking/report/report.html")"
is "and files of them: each block, each word, each head" "12 12 12" \
  "$(cd "$work/asking/report/gallery" && for f in look look-each look-heads; do ls ????-all_runs-$f.png | wc -l; done | xargs)"
is "that are pictures" PNG "$(head -c 4 "$work/asking/report/gallery/0001-all_runs-look.png" | tail -c 3)"
finish
