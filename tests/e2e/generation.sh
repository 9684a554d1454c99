#!/usr/bin/env bash
# Pictures out of captions: encoders are trained, the GAN takes their weights.
. "$(dirname "$0")/lib.sh"
"$A" data make scenes --out "$work/scenes" --count 60 --size 32 --seed 3 --questions 0 >/dev/null || exit 1
cat >"$work/damsm.yaml" <<YAML
model: $top/examples/models/damsm.att
arguments: {e: 8, w: 6, side: 16, layers: 2}
data: {reader: "scenes(root=scenes, size=16)", pixels: signed, vocabulary: {max_words: 9}}
task: matching(captions=one)
metrics: [recall]
train: {epochs: 2, batch: 8, learning_rate: 0.002, best: rsum}
YAML
cat >"$work/gan.yaml" <<YAML
model: $top/examples/models/attngan.att
arguments: {stages: 2, gf: 2, df: 2, e: 8, w: 6, z: 4, code: 4, ups: 1, residuals: 1, layers: 2}
import: {text: damsm, E: damsm as image}
data:
  reader: scenes(root=scenes, size=16)
  pixels: signed
  bind: {real_0: picture.image, real_1: picture.image}
  vocabulary: {max_words: 9}
task: generation(block=4, limit=6)
metrics: [losses]
train:
  epochs: 3
  batch: 8
  beta1: 0.5
  clip: 0
  average: 0.9
  average_of: [G]
  losses: {g: {learning_rate: 0.001}, d_0: {beta2: 0.99}}
  checkpoint_every: 1
  log_every: 1
  samples: 3
YAML
train() { # train RUN DIR OPTIONS...
  local run=$1 dir=$2
  shift 2
  "$A" train "$work/$run.yaml" --out "$work/$dir" "$@" >/dev/null 2>"$work/log"
}

train damsm damsm
is "encoders are trained" 0 $?
train gan a --threads 1
is "and the GAN after them" 0 $?
is "its words are those of the encoders' run" same \
  "$(cmp -s "$work/damsm/vocabulary.json" "$work/a/vocabulary.json" && echo same)"
is "what its model includes lies beside it" "damsm.att model.att" \
  "$(cd "$work/a" && echo *.att)"
is "all losses are measured on the validation split" "loss_d_0 loss_d_1 loss_g" \
  "$(grep '"split":"validation"' "$work/a/metrics.jsonl" | tail -n 1 | grep -o 'loss_[a-z0-9_]*' | paste -sd ' ')"
train gan b --threads 2
same "two threads give the same weights" "$work/a/last.safetensors" "$work/b/last.safetensors"
same "and the same pictures" "$work/a/samples/18.png" "$work/b/samples/18.png"
is "a grid at every evaluation, and its captions" "12.png 18.png 6.png captions.txt 3" \
  "$(cd "$work/a/samples" && echo * $(wc -l <captions.txt))"
"$A" eval "$work/a" --split validation --json >"$work/one" 2>/dev/null
is "a trained GAN is evaluated from its folder alone" 0 $?

# A metric that takes pictures gets all of them, in order, with what belongs to them.
mkdir "$work/plugins"
cp "$top_builddir"/tests/plugins/alone/.libs/seen.so "$work/plugins"
ATTUNE_PLUGIN_PATH=$work/plugins train gan seen --set train.epochs=1 --set "metrics=seen"
is "a metric sees every picture, its caption and the real one" "6 2 6 0 12" \
  "$(sed 's/\.0\([,}]\)/\1/g' "$work/seen/metrics.jsonl" | sed -n \
    's/.*"validation".*"pictures":\([0-9]*\),"batches":\([0-9]*\),"captions":\([0-9]*\),"wrong":\([0-9]*\),.*"codes":\([0-9]*\)}.*/\1 \2 \3 \4 \5/p' |
    head -n 1)"

# Asked anew of a trained model: what pictures hold of what captions ask for, by chance, and at best.
asked() { "$A" eval "$work/a" --split validation "$@" 2>"$work/log"; }
is "colours are checked, with chance and ceiling" "holds_colors holds_colors_ceiling holds_colors_chance" \
  "$(asked --set "metrics=caption_holds" --set "task=generation(block=4)" | grep -o 'holds_colors[a-z_]*' | sort | paste -sd ' ')"
mkdir "$work/drawings"
cp -r "$work/scenes/images" "$work/drawings/images"
printf 'image\tcaption\tsplit\n000000.png\ta bird\ttrain\n000001.png\ta fish\tdev\n' >"$work/drawings/captions.tsv"
refuses "captions that ask for nothing of scenes" 2 "no caption asks for what can be checked: none names a colour" \
  "$A" eval "$work/a" --split dev --set "metrics=caption_holds" --set "data.reader=emoji(root=$work/drawings, width=16, height=16)"
refuses "what was trained cannot be set" 2 "of a trained model only .metrics., .task., .data.reader. and .data.splits. can be set" \
  "$A" eval "$work/a" --set "arguments.gf=4"

# tensors FILE PREFIX: those of a file, as bytes
tensors() {
  /usr/bin/env python3 - "$1" "$2" <<'PY'
import json, struct, sys
data = open(sys.argv[1], 'rb').read()
n, = struct.unpack('<Q', data[:8])
for name, t in sorted(json.loads(data[8:8 + n]).items()):
    if name.startswith(sys.argv[2]):
        a, b = t['data_offsets']
        print(name[len(sys.argv[2]):], t['shape'], data[8 + n + a:8 + n + b].hex())
PY
}
if command -v python3 >/dev/null; then
  is "the encoder of pictures stayed as it was imported" same "$(
    [ "$(tensors "$work/damsm/best.safetensors" image.)" = "$(tensors "$work/a/last.safetensors" E.)" ] && echo same)"
  is "and that of captions" same "$(
    [ "$(tensors "$work/damsm/best.safetensors" text.)" = "$(tensors "$work/a/last.safetensors" text.)" ] && echo same)"
  is "discriminators are not averaged, the generator is" "same other" "$(
    for p in D. G.; do
      [ "$(tensors "$work/a/last.safetensors" $p)" = "$(tensors "$work/a/last.safetensors" train.average.$p)" ] &&
        echo same || echo other
    done | paste -sd ' ')"
fi

# Pictures of a caption of one's own.
generate() { # generate DIR OPTIONS...
  local out=$1
  shift
  "$A" generate "$work/a" --out "$work/$out" "$@" 2>"$work/log" | sed "s|^$work/||"
}
one="a large red circle" other="two small blue squares"
is "three pictures are made, and a grid of them" "m/0.png m/1.png m/2.png m/grid.png" \
  "$(generate m --caption "$one" --count 3 | paste -sd ' ')"
generate n --caption "$one" --count 1 --threads 1 >/dev/null
same "the same noise gives the same picture, however many there are" "$work/m/0.png" "$work/n/0.png"
generate n --caption "$one" --seed 1 >/dev/null
is "another seed another" other "$(cmp -s "$work/m/0.png" "$work/n/0.png" || echo other)"
generate o --caption "$other" --count 3 >/dev/null
is "and another caption, too" other "$(cmp -s "$work/m/0.png" "$work/o/0.png" || echo other)"
is "ways between captions and noises, and maps of attention" \
  "w/0-attention.png w/1-attention.png w/0.png w/1.png w/grid.png w/between.png w/noises.png" \
  "$(generate w --caption "$one" --between "$other" --between-noises --attention --count 2 --steps 3 | paste -sd ' ')"
is "JSON" "[\"$work/j/0.png\"]" "$("$A" generate "$work/a" --out "$work/j" --caption "$one" --json 2>/dev/null)"
generate u --caption "a glorp red wibble" >/dev/null
is "unknown words are counted" "2 words are not in the vocabulary, taken as unknown: glorp, wibble" \
  "$(sed 's/^[^:]*: //' "$work/log")"
refuses "an empty caption" 2 'the caption "" has no words' "$A" generate "$work/a" --out "$work/x" --caption ""
refuses "a caption of blanks" 2 'has no words' "$A" generate "$work/a" --out "$work/x" --caption "  . "
refuses "no caption" 2 'caption must be given' "$A" generate "$work/a" --out "$work/x"
refuses "a model that makes no pictures" 2 'makes no pictures' \
  "$A" generate "$work/damsm" --out "$work/x" --caption "$one"

# cells FILE COLUMNS SIDE: a checksum of each picture of a grid, in one line
cells() {
  /usr/bin/env python3 - "$@" <<'PY'
import struct, sys, zlib
data, cols, side = open(sys.argv[1], 'rb').read(), int(sys.argv[2]), int(sys.argv[3])
at, w, raw = 8, 0, b''
while at < len(data):
    n, kind = struct.unpack('>I4s', data[at:at + 8])
    if kind == b'IHDR': w, h = struct.unpack('>II', data[at + 8:at + 16])
    if kind == b'IDAT': raw += data[at + 8:at + 8 + n]
    at += 12 + n
raw, rows, before = zlib.decompress(raw), [], bytearray(3 * w)
for y in range(h):
    f, line = raw[y * (3 * w + 1)], bytearray(raw[y * (3 * w + 1) + 1:(y + 1) * (3 * w + 1)])
    for i in range(3 * w):
        a, b, c = (line[i - 3] if i > 2 else 0), before[i], (before[i - 3] if i > 2 else 0)
        p = a + b - c
        paeth = a if abs(p - a) <= abs(p - b) and abs(p - a) <= abs(p - c) else b if abs(p - b) <= abs(p - c) else c
        line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[f]) & 255
    rows.append(line)
    before = line
gap = 2 if w > side else 0
print(*(zlib.crc32(b''.join(bytes(rows[gap + r * (side + gap) + y][3 * (gap + c * (side + gap)):][:3 * side])
        for y in range(side))) for r in range((h - gap) // (side + gap)) for c in range(cols)))
PY
}
if command -v python3 >/dev/null; then
  between=($(cells "$work/w/between.png" 3 16)) noises=($(cells "$work/w/noises.png" 3 16))
  ends="$(cells "$work/m/0.png" 1 16) $(cells "$work/o/0.png" 1 16) $(cells "$work/m/1.png" 1 16) $(cells "$work/o/1.png" 1 16)"
  is "a way between captions begins and ends at their pictures" "$ends" \
    "${between[0]} ${between[2]} ${between[3]} ${between[5]}"
  ends="$(cells "$work/m/0.png" 1 16) $(cells "$work/m/1.png" 1 16) $(cells "$work/m/1.png" 1 16) $(cells "$work/m/2.png" 1 16)"
  is "a way between noises, too" "$ends" "${noises[0]} ${noises[2]} ${noises[3]} ${noises[5]}"
  is "and is not at its end in the middle" 7 \
    "$(printf '%s\n' "${between[@]:0:3}" "${noises[@]:0:3}" "${between[4]}" "${noises[4]}" | sort -u | wc -l)"
fi

# The report shows the last grid with its captions, and some of those before.
"$A" report "$work/a" --pairs 0 --out "$work/report" >/dev/null 2>&1
is "the report has the grids" "3 3" \
  "$(sed -n '/<section id="samples">/,/<.section>/p' "$work/report/report.html" |
    tee "$work/section" | grep -o '<img ' | wc -l) $(grep -o '<li>' "$work/section" | wc -l)"
cp -r "$work/a" "$work/hurt"
head -c 60 "$work/a/samples/18.png" >"$work/hurt/samples/18.png"
"$A" report "$work/hurt" --pairs 0 --out "$work/report2" >/dev/null 2>&1
is "and says of a damaged one what it is" "0 1" "$? $(grep -c '18.png: .*</p>' "$work/report2/report.html")"

# Killed between two updates, and on.
"$A" train "$work/gan.yaml" --out "$work/killed" >/dev/null 2>"$work/log" &
pid=$!
signal_later KILL $pid "$work/killed/metrics.jsonl" 12
wait $pid 2>/dev/null
train gan killed --resume
is "a killed run goes on" 0 $?
same "to the same weights" "$work/a/last.safetensors" "$work/killed/last.safetensors"
same "and pictures" "$work/a/samples/18.png" "$work/killed/samples/18.png"

# What a run file may say wrongly.
refuses "a folder without a run" 2 "import.E. is .*nowhere., where there is neither a run" \
  "$A" train "$work/gan.yaml" --out "$work/x" --set "import.E=$work/nowhere"
refuses "a part that the model has not" 2 "no parameters under .texts.; did you mean .text." \
  "$A" train "$work/gan.yaml" --out "$work/x" --set "import.texts=$work/damsm"
refuses "a batch without a wrong caption" 2 ".mismatch. leaves out 1 of .caption., and this batch has 1: it must have more" \
  "$A" train "$work/gan.yaml" --out "$work/lone" --set train.batch=1
refuses "weights of other sizes" 2 "the file is of another model" \
  "$A" train "$work/gan.yaml" --out "$work/x" --set arguments.e=12
refuses "a loss that the model has not" 2 "no loss .d_2.; did you mean .d_[01]." \
  "$A" train "$work/gan.yaml" --out "$work/x" --set train.losses.d_2.beta1=0.5
refuses "a setting that a loss has not" 2 "did you mean .learning_rate." \
  "$A" train "$work/gan.yaml" --out "$work/x" --set train.losses.g.learn_rate=0.5
refuses "averages of nothing" 2 "no parameters under .H." \
  "$A" train "$work/gan.yaml" --out "$work/x" --set train.average_of=H
refuses "a picture that is no whole number of times as large" 2 "has the size 12, but .picture.image. has 16" \
  "$A" train "$work/damsm.yaml" --out "$work/x" --set arguments.side=12
refuses "the best of what has no better end" 2 "train.best. is .loss., which no metric gives" \
  "$A" train "$work/gan.yaml" --out "$work/x" --set train.best=loss
rm -rf "$work/x"

# Numbers that are none: where they began, and what is left.
cat >"$work/boom.att" <<'ATT'
model boom(d = 4, by = 4) {
  input image: real [picture, y, x, channel]
  input caption: token [caption, word...]
  let v = image |> conv2d(y, x, channel -> c = 4, stride = 4) @conv |> flatten(y, x -> region)
      |> mean(region) |> linear(c -> d) @out
  let w = caption |> embed(-> e = 4) @embed |> mean(word) |> linear(e -> d) @words
  let large = exp(exp(by * v))
  output similarity = contract(large, w, d)
  loss sum_all(similarity)
}
ATT
sed "s|^model:.*|model: boom.att|; s|^arguments:.*||; s|^metrics:.*||; s|best: rsum|clip: 0, checkpoint_every: 1|; s|0.002|0.5|" \
  "$work/damsm.yaml" >"$work/boom.yaml"
refuses "a model that diverges ends with status 1 and says where it began" 1 \
  "at step [0-9]+ the loss is no finite number any more: it began at .large. \([^ ]*boom.att:7:15\)" \
  "$A" train "$work/boom.yaml" --out "$work/boom" --set train.epochs=90
step=$(sed -n 's/.*at step \([0-9]*\) .*last.safetensors is of step \([0-9]*\), before it.*/\1 \2/p' "$work/stderr")
is "its last good checkpoint is that of the step before" "${step%% *}" "$((${step##* } + 1))"
refuses "and going on from it says the same" 1 "at step ${step%% *} the loss .* it began at .large." \
  "$A" train "$work/boom.yaml" --out "$work/boom" --resume --set train.epochs=90
sed -i 's|exp(exp(by \* v))|v / (1e-24 * by * v * v)|' "$work/boom.att"
refuses "a gradient that is none is followed back, too" 1 \
  "the gradient is no finite number any more: it began at the gradient of .*boom.att:7:[0-9]+\); there was no checkpoint yet" \
  "$A" train "$work/boom.yaml" --out "$work/sqrt"
finish
