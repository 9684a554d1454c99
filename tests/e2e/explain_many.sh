#!/usr/bin/env bash
# explain of a sweep: every finished run of it.
. "$(dirname "$0")/lib.sh"

"$A" data make scenes --out "$work/scenes" --count 40 --size 32 --seed 3 >/dev/null || exit 1
cat >"$work/run.yaml" <<YAML
model: $top/examples/models/hops_regions.att
arguments: {d: 8, e: 8}
data: {reader: "scenes(root=scenes, regions=8)", labels: {unknown: none}}
task: vqa(together=5)
metrics: [accuracy]
train: {epochs: 1, batch: 32}
over: {seed: [0, 1, 2]}
YAML
"$A" sweep "$work/run.yaml" --out "$work/out" >/dev/null 2>"$work/log"
is "a sweep to explain" 0 "$?$(grep -a attune: "$work/log")"
cells=("$work"/out/cells/*)
rm "${cells[1]}/results.json" # not finished
cp -r "${cells[2]}" "$work/out/cells/seed=9"
echo broken >"${cells[2]}/model.att"
"$A" explain "$work/out" --limit 10 --threads 1 >"$work/table" 2>"$work/log"
is "one that fails is told by the exit status" 2 $?
is "and by name" 1 "$(grep -c "^attune: ${cells[2]}: .*" "$work/log")"
is "the others are explained, each in its folder" "2 of 2 2 of 2" "$(grep -oE '2 of 2' "$work/table" | xargs)"
is "with what they say" "seed=0 seed=9" \
  "$(cd "$work/out/cells" && for c in */explain/test/explain.json; do echo "${c%%/*}"; done | xargs)"
is "what is not finished is left" no "$([ -e "${cells[1]}/explain" ] && echo yes || echo no)"
"$A" explain "${cells[0]}" "$work/out/cells/seed=9" --limit 10 --resume >"$work/table" 2>"$work/log"
is "runs by name, passed over when explained" "0 0" "$? $(wc -l <"$work/table")"
refuses "one file of several runs" 2 '--json are of one run' "$A" explain "$work/out" --json
finish
