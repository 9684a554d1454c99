#!/usr/bin/env bash
# Sweeps and reports end to end.
. "$(dirname "$0")/lib.sh"
small_run
cat >"$work/sweep.yaml" <<YAML
base: run.yaml
train: {epochs: 2}
over:
  arguments.score: [dot, activated_general(side=key, act=relu)]
  seed: [0, 1]
YAML
is "the cells of a sweep are listed" 4 "$("$A" sweep "$work/sweep.yaml" --out "$work/out" --list | grep -c '^to do')"
"$A" sweep "$work/sweep.yaml" --out "$work/out" >/dev/null 2>"$work/log"
is "a sweep ends well" 0 $?
is "every cell has results" 4 "$(ls "$work"/out/cells/*/results.json | wc -l)"
before=$(ls --full-time "$work"/out/cells/*/results.json)
rm -rf "$work"/out/cells/score=dot,seed=1
"$A" sweep "$work/sweep.yaml" --out "$work/out" >/dev/null 2>"$work/log"
is "it goes on where a cell is missing" 0 $?
after=$(ls --full-time "$work"/out/cells/*/results.json)
is "and finished cells are not done again" 3 "$(comm -12 <(echo "$before" | sort) <(echo "$after" | sort) | wc -l)"

"$A" report "$work/out" --pairs 2 >"$work/table" 2>"$work/log"
is "a report is written" 0 $?
is "with a row for each score" 2 "$(grep -cE '^score=(dot|activated_general)' "$work/table")"
is "over two seeds" 2 "$(grep -cE '^score=.* 2  ' "$work/table")"
for f in report.html results.csv results.json results.tex; do
  is "$f is there" yes "$([ -s "$work/out/$f" ] && echo yes)"
done
is "the page needs nothing from elsewhere" 0 "$(grep -cE '(src|href)="https?:' "$work/out/report.html")"
is "it shows pairs" 2 "$(grep -c '<article class="ex" ' "$work/out/report.html")"
is "with pictures" yes "$(grep -q 'href="data:image/' "$work/out/report.html" && echo yes)"
"$A" report "$work/out/cells/score=dot,seed=0" --pairs 0 >/dev/null 2>"$work/log"
is "a single run has its report in a folder of its own" yes \
  "$([ -s "$work/out/cells/score=dot,seed=0/report/report.html" ] && echo yes)"
is "csv has a line for each group and metric" "$((1 + 2 * 11))" "$(wc -l <"$work/out/results.csv")"
"$A" report "$work/out" --latex >"$work/latex" 2>"$work/log"
same "LaTeX is printed as it is written" "$work/latex" "$work/out/results.tex"
is "columns can be chosen" "score=dot 2" \
  "$("$A" report "$work/out" --metric rsum --pairs 0 | sed -n 's/^\(score=dot\)  *\([0-9]*\) .*/\1 \2/p')"
refuses "an unknown metric is refused" 2 'the metric `rsun`; did you mean `rsum`' "$A" report "$work/out" --metric rsun
refuses "a folder that is no run is refused" 2 'neither a run .* nor a sweep' "$A" report "$work/scenes"
refuses "a sweep is no run" 2 'this is a sweep file' "$A" train "$work/sweep.yaml" --out "$work/x"
cat >"$work/bad.yaml" <<YAML
base: run.yaml
over: {arguments.score: [dot], tran.batch: [4]}
YAML
refuses "a mistake in a sweep shows before anything runs" 2 'no key `tran.batch`; did you mean `train.batch`' \
  "$A" sweep "$work/bad.yaml" --out "$work/bad"
# A cell that fails, the second of four: d is no size.
cat >"$work/part.yaml" <<YAML
base: run.yaml
train: {epochs: 2}
over:
  arguments.d: [12, 0]
  seed: [0, 1]
YAML
refuses "a sweep with cells that fail ends with 1" 1 '^attune: 2 of 4 runs failed' "$A" sweep "$work/part.yaml" --out "$work/part"
is "each is told with its reason, at once and in the end" 4 "$(grep -c '^d=0,seed=[01]: .*d' "$work/stderr")"
is "before anything is trained" "attune: these runs cannot begin; the others are trained" "$(head -n 1 "$work/stderr")"
is "the others are trained" "d=12,seed=0 d=12,seed=1" "$(cd "$work/part/cells" && echo */results.json | sed 's|/results.json||g')"
"$A" report "$work/part" --pairs 0 >"$work/table" 2>"$work/log"
is "and reported, both seeds in one group" 1 "$(grep -cE '^all runs +2  ' "$work/table")"
# Cells that are one function: what lies between them is noise, and no smaller gap is a finding.
cat >"$work/same.yaml" <<YAML
base: run.yaml
train: {epochs: 1}
over:
  arguments.score: [dot, scaled_dot, additive]
YAML
"$A" sweep "$work/same.yaml" --out "$work/same" >/dev/null 2>"$work/log"
"$A" report "$work/same" --pairs 0 >"$work/table" 2>"$work/log"
is "groups that are one function are named with what lies between them" 1 \
  "$(grep -c '^One function (same up to a positive scale that is cancelled): score=dot; score=scaled_dot. What lies between them is noise: .*rsum [0-9]' "$work/table")"
is "the page says it too" 1 "$(grep -c 'One function (same up to a positive scale' "$work/same/report.html")"
is "and so do the numbers for programs" 1 "$(grep -c '"relation": "scale"' "$work/same/results.json")"
# results.json with numbers set by hand: 2 between the two that are one, 1 and 30 to the best.
set_rsum() { sed -i '/"rsum": {/{n;s/"value": .*/"value": '"$2"',/}' "$work/same/cells/score=$1/results.json"; }
set_rsum dot 51 && set_rsum scaled_dot 53 && set_rsum additive 54
is "a gap below the floor is no finding" "score=additive 54≈ score=dot 51 score=scaled_dot 53≈" \
  "$("$A" report "$work/same" --metric rsum --pairs 0 --no-probe | sed -nE 's/^(score=[a-z_]+) +1 +([0-9]+)\.?0*([*≈~]?).*/\1 \2\3/p' | sort | paste -sd ' ')"
echo '{' >"$work/out/cells/score=dot,seed=0/results.json"
refuses "damaged results are refused" 2 'results.json:[0-9]+:[0-9]+: damaged or cut short' "$A" report "$work/out"
finish
