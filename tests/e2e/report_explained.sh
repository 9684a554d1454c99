#!/usr/bin/env bash
# Reports of what explain wrote in the cells of a sweep.
. "$(dirname "$0")/lib.sh"

"$A" data make scenes --out "$work/scenes" --count 60 --size 48 --seed 3 >/dev/null || exit 1
cat >"$work/run.yaml" <<YAML
model: $top/examples/models/mac_pixels.att
arguments: {d: 8, e: 8, c: 4, steps: 1, keep: 1}
data: {reader: "scenes(root=scenes)"}
task: vqa(together=5)
metrics: [accuracy]
train: {epochs: 1, batch: 32, learning_rate: 0.003, best: accuracy}
YAML
cat >"$work/sweep.yaml" <<YAML
base: run.yaml
over:
  arguments.score: [dot, scaled_dot]
  seed: [0, 1]
YAML
"$A" sweep "$work/sweep.yaml" --out "$work/out" >"$work/log" 2>&1
is "a sweep to explain" 0 "$?$(grep -a attune: "$work/log")"
"$A" report "$work/out" --pairs 0 --csv >"$work/plain.csv" 2>"$work/log"
is "without explain there is nothing of it" 0 "$(grep -c attention_ "$work/plain.csv")"
for cell in "$work"/out/cells/*dot,seed=0 "$work"/out/cells/score=dot,seed=1; do
  "$A" explain "$cell" --limit 24 --threads 1 >/dev/null 2>>"$work/log"
done
"$A" report "$work/out" --pairs 0 >"$work/table" 2>>"$work/log"
is "a report of a sweep that is explained in part" 0 $?
is "a table for each block" "control.1 read.1" "$(grep -oE '^(control|read)[.]1$' "$work/table" | xargs)"
is "seeds and examples of each group, and where a run is missing" "2 × 24 1 (!) × 24" \
  "$(sed -n '/^read.1$/,$p' "$work/table" | grep -oE '[12]( \(!\))? × 24' | xargs)"
is "with the reason" 2 \
  "$(grep -c '^Nothing of score=scaled_dot (1 of 2 runs): not explained; `attune explain .*scaled_dot,seed=1` does' "$work/table")"
is "the page has it, every result in the folded tables" yes \
  "$(grep -q 'id="explained"' "$work/out/report.html" && grep -q 'accuracy_auc_between' "$work/out/report.html" && echo yes)"
is "csv has block, examples and what is missing" "arguments.score,metric,mean,sd,low,high,n,best,block,examples,missing" \
  "$(head -n 1 "$work/out/results.csv" | tr -d '\r')"
is "means lie within their intervals" yes \
  "$(awk -F, '$2 == "attention_shape.entropy" && $9 == "read.1" { n++; if ($5 <= $3 && $3 <= $6) good++ }
    END { print (n == 2 && good == 2 ? "yes" : n " " good) }' "$work/out/results.csv")"
is "every two groups: 3 kinds of examples a result and block" yes \
  "$(awk -F, 'NR > 1 { n[$1 " " $2]++; if (($9 <= $8 && $8 <= $10) || $7 == 0) good++ }
    END { for (k in n) if (n[k] != 3) bad = 1; print (NR > 1 && !bad && good == NR - 1 ? "yes" : good " of " NR - 1) }' "$work/out/comparisons.csv")"
is "curves of both blocks and orders, from all keys to none" "control.1 0 control.1 1 read.1 0 read.1 1" \
  "$(awk -F, 'NR > 1 && ($4 == 0 || $4 == 1) { print $1, $4 }' "$work/out/curves.csv" | sort -u | xargs)"
is "every figure as SVG and PDF" "$(cd "$work/out/figures" && ls *.svg | sed 's/svg$/pdf/' | xargs)" \
  "$(cd "$work/out/figures" && grep -l '^%PDF' *.pdf | xargs)"
is "each block has its curves" "removal.control.1.svg removal.read.1.svg" "$(cd "$work/out/figures" && ls removal.*.svg | xargs)"
"$A" report "$work/out" --json >"$work/json" 2>>"$work/log"
same "JSON is printed as it is written" "$work/json" "$work/out/results.json"
"$A" report "$work/out" --latex >"$work/latex" 2>>"$work/log"
same "LaTeX is printed as it is written" "$work/latex" "$work/out/results.tex"
is "and has the blocks" 2 "$(grep -c 'caption{All results of ' "$work/latex")"
"$A" report "$work/out" --pairs 0 --by type --by correct,length:2 >"$work/table" 2>"$work/log"
is "parts by fields of the data, right answers and bins" "correct length type" \
  "$(awk -F, 'NR > 1 { print $2 }' "$work/out/conditions.csv" | sort -u | xargs)"
is "all seeds of a group have the same examples of a type" yes \
  "$(awk -F, '$2 == "type" && $4 == "attention_shape.entropy" && $1 == "read.1" && $5 == "score=dot" { n += $7 }
    END { print (n == 24 ? "yes" : n) }' "$work/out/conditions.csv")"
is "a figure for each block, condition and result" yes \
  "$(ls "$work"/out/figures/by.read.1.type.attention_shape.entropy.{svg,pdf} >/dev/null && echo yes)"
refuses "an unknown condition" 2 'no run has the condition `tipe`; there are .*`type`' "$A" report "$work/out" --by tipe
finish
