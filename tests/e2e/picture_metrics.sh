#!/usr/bin/env bash
# Metrics of made pictures that other networks look at: which, whether they fit, what they say.
. "$(dirname "$0")/lib.sh"
"$A" data make scenes --out "$work/scenes" --count 60 --size 32 --seed 3 --questions 0 >/dev/null || exit 1
cat >"$work/damsm.yaml" <<YAML
model: $top/examples/models/damsm.att
arguments: {e: 8, w: 6, side: 16, layers: 2}
data: {reader: "scenes(root=scenes, size=16)", pixels: signed}
task: matching(captions=one)
metrics: [recall]
train: {epochs: 1, batch: 8, best: rsum}
YAML
cat >"$work/gan.yaml" <<YAML
model: $top/examples/models/attngan.att
arguments: {stages: 2, gf: 2, df: 2, e: 8, w: 6, z: 4, code: 4, ups: 1, residuals: 1, layers: 2}
import: {text: damsm, E: damsm as image}
data:
  reader: scenes(root=scenes, size=16)
  pixels: signed
  bind: {real_0: picture.image, real_1: picture.image}
task: generation(block=7)
metrics: [losses]
train: {epochs: 1, batch: 8, beta1: 0.5, clip: 0}
YAML
cat >"$work/judge.yaml" <<YAML
model: $top/examples/models/scene_judge.att
arguments: {side: 32, width: 4}
data: {reader: scenes(root=scenes)}
task: classification
metrics: [marks_found]
train: {epochs: 1, batch: 8}
YAML
for run in damsm gan judge; do
  "$A" train "$work/$run.yaml" --out "$work/$run" >/dev/null 2>"$work/log" || {
    not_ok "$run is trained" "$(tail -n 2 "$work/log")"
    finish
  }
done
# asked METRIC OPTIONS...: what a metric says of the trained model, NAME VALUE a line
asked() {
  local metric=$1
  shift
  "$A" eval "$work/gan" --split validation --set "metrics=$metric" "$@" 2>"$work/log"
}
# refused NAME PATTERN METRIC
refused() { refuses "$1" 2 "$2" "$A" eval "$work/gan" --split validation --set "metrics=$3"; }

# ---- what pictures hold of captions, by a judge ----
asked "caption_holds(judge=$work/judge)" --threads 1 >"$work/one"
is "a judge tells shapes, and is named" \
  "judged_shapes.scene_judge judged_shapes_ceiling.scene_judge judged_shapes_chance.scene_judge" \
  "$(grep -o '^judged_shapes[a-z_.]*' "$work/one" | sort | paste -sd ' ')"
asked "caption_holds(judge=../judge)" --threads 2 >"$work/two"
same "relative paths begin in the run's folder; two threads give the same" "$work/one" "$work/two"

# ---- which network ----
refused "a network that is not there" "nowhere: here is neither a run directory nor a model file" \
  "caption_holds(judge=$work/nowhere)"
refused "a folder that is no run" "scenes: this is no run directory; a model file needs its weights" \
  "caption_holds(judge=$work/scenes)"
refused "a run of another model" 'damsm: the model `damsm` has no output `colors`' "caption_holds(judge=$work/damsm)"
cp -r "$work/judge" "$work/bare" && rm "$work"/bare/*.safetensors
refused "a run without weights" "bare: this run has no weights yet; train it first" "caption_holds(judge=$work/bare)"
cp -r "$work/judge" "$work/short" && head -c 5000 "$work/judge/best.safetensors" >"$work/short/best.safetensors"
refused "weights cut short" "short/best.safetensors: " "caption_holds(judge=$work/short)"
cp -r "$work/judge" "$work/wide" && sed -i 's/width: 4/width: 5/' "$work/wide/run.yaml"
refused "weights of other shapes" "wide/best.safetensors: .*d1" "caption_holds(judge=$work/wide)"
cp -r "$work/judge" "$work/odd"
sed -i 's/shape = 9/shape = 3/; s/kind = 72/kind = 24/' "$work/odd/model.att"
refused "a judge of other shapes" "odd/best.safetensors: " "caption_holds(judge=$work/odd)"
finish
