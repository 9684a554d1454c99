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
# Numbers of a picture that can be worked out elsewhere.
cat >"$work/tiny.att" <<'ATT'
model tiny(side = 16, classes = 5) {
  input image: real [picture, y = side, x = side, channel = 3]
  output features = image |> mean(y) |> flatten(x, channel -> f) |> linear(f -> g = 4) @features
  output logits = features |> linear(g -> class = classes) @classes
}
ATT
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
# value NAME FILE: of a result in JSON
value() { sed -n "s/.*\"$1\": *\([-0-9.e+]*\).*/\1/p" "$2"; }
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

# ---- FID, Inception Score, R-precision: the same by numpy ----
python=$(python_with numpy)
network="network=$work/tiny.att, weights=$work/tiny.safetensors, pixels=signed"
if [ -z "$python" ]; then
  ok "FID, Inception Score and R-precision by numpy # SKIP there is no Python with numpy here"
  finish
fi
"$python" "$top/tests/tools/picture_metrics.py" weights "$work/tiny.safetensors"
mkdir "$work/plugins" "$work/seen"
cp "$top_builddir"/tests/plugins/alone/.libs/seen.so "$work/plugins"
ATTUNE_PLUGIN_PATH=$work/plugins asked "seen(out=$work/seen)" >/dev/null
all="fid($network), inception_score($network, splits=4), r_precision(candidates=26, folds=4)"
asked "$all" --threads 1 --json >"$work/mine"
"$python" "$top/tests/tools/picture_metrics.py" compare "$work/tiny.safetensors" "$work/seen" "$work/mine" >"$work/far"
is "FID, Inception Score and R-precision are numpy's" \
  "fid.tiny inception_score.tiny inception_score_deviation.tiny inception_score_real.tiny r_precision.own r_precision_deviation.own" \
  "$(awk '$2 <= 1e-5 { print $1 }' "$work/far" | sort | paste -sd ' ')"
asked "$all" --threads 2 --json >"$work/again"
same "two threads give the same, by what is remembered" "$work/mine" "$work/again"
is "what the data's own pictures come to is remembered once" 1 "$(ls "$work/gan/remembered" | wc -l)"
asked "fid($network, real=5)" >/dev/null
is "and anew for others of them" 2 "$(ls "$work/gan/remembered" | wc -l)"
"$python" "$top/tests/tools/picture_metrics.py" weights "$work/tiny.safetensors" 1
asked "fid($network)" --json >"$work/other"
is "and for another network" "3 other" \
  "$(ls "$work/gan/remembered" | wc -l) $(grep -qF "$(value fid.tiny "$work/other")" "$work/mine" || echo other)"
is "a network of another size has its pictures resized" 1 \
  "$("$python" "$top/tests/tools/picture_metrics.py" weights "$work/tiny.safetensors" 0 24
    asked "fid($network, arguments=side=24)" | grep -c '^fid.tiny  *[0-9.]*$')"
"$python" "$top/tests/tools/picture_metrics.py" weights "$work/tiny.safetensors"
asked "fid(network=../judge)" >/dev/null
is "too few pictures for its features are said" 1 \
  "$(grep -c 'attune: FID by scene_judge: 30 pictures made and 6 of the data.s own are too few for 16 features' "$work/log")"
asked "r_precision(network=../damsm, candidates=26, folds=4)" --json >"$work/other"
is "codes of the run that the encoders are of are the model's own" \
  "$(value r_precision.own "$work/mine") $(value r_precision_deviation.own "$work/mine")" \
  "$(value r_precision.damsm "$work/other") $(value r_precision_deviation.damsm "$work/other")"

# ---- what is wrong ----
refused "a model file without weights" "tiny.att: this is no run directory; a model file needs its weights" \
  "fid(network=$work/tiny.att, pixels=unit)"
refused "weights that are not there" "nowhere: there are no weights here for .*tiny.att" \
  "fid(network=$work/tiny.att, weights=$work/nowhere, pixels=unit)"
refused "a model file that does not say how it takes pictures" "tiny.att: a model file does not say how it takes pictures: pixels=unit" \
  "fid(network=$work/tiny.att, weights=$work/tiny.safetensors)"
refused "weights of other shapes" "tiny.safetensors: .*classes.weight" "fid($network, arguments=classes=7)"
refused "an argument that the model has not" "no parameter .klasses." "fid($network, arguments=klasses=7)"
refused "an output that is not there" 'tiny.att: the model `tiny` has no output `feature`; did you mean `features`?' \
  "fid($network, output=feature)"
refused "a run with weights of another" "judge: this is a run, which has weights and arguments of its own; give none" \
  "fid(network=../judge, weights=$work/tiny.safetensors)"
refused "texts to a network of pictures" "judge: .features. .*of the network .scene_judge. takes pictures, not words|image. of the network .scene_judge. takes pictures, not words" \
  "r_precision(network=../judge, picture=features, caption=features)"
refused "an output that follows from two inputs" 'damsm: `similarity` needs both the inputs `image` and `caption`' \
  "fid(network=../damsm, output=similarity)"
refused "pictures to a network of words" 'caption. of the network .damsm. takes words, not pictures' \
  "fid(network=../damsm, output=caption_code)"
refused "too few captions" "R-precision among 100 captions needs 99 of other pictures, and there are 30 captions in all" "r_precision"
refused "more captions than there are of other pictures" "needs 26 of other pictures, and there are 30" "r_precision(candidates=27)"
refused "too few pictures for its folds" "R-precision over 40 folds needs as many pictures, not 30" "r_precision(candidates=5, folds=40)"
refused "too few pictures for its parts" "the Inception Score over 31 parts needs as many pictures, not 30" \
  "inception_score($network, splits=31)"
sed 's/channel = 3\]/channel = 3]\n  input caption: token [picture, word...]/; s/image |> mean(y)/caption |> embed(-> e = 3) @e |> mean(word) |> linear(e -> f = 48) @x/; s/|> flatten(x, channel -> f)//' \
  "$work/tiny.att" >"$work/words.att"
refused "words to a model file" "words.att: texts are for a run, which has a vocabulary|vocabulary" \
  "fid(network=$work/words.att, weights=$work/tiny.safetensors, pixels=unit)"
"$A" data make scenes --out "$work/empty" --count 9 --size 32 --seed 3 --questions 0 >/dev/null
refuses "one picture of the data's own" 2 "FID needs two pictures at least; of the data.s own pictures there are fewer" \
  "$A" eval "$work/gan" --split val --set "data.reader=scenes(root=../empty, size=16)" --set "metrics=fid($network)"
finish
