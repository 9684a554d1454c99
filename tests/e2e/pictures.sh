#!/usr/bin/env bash
# Pictures on their way into a model: cut, mirrored, read again, read ahead, animated.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
"$A" data make scenes --out scenes --count 60 --size 32 --seed 3 --questions 0 --captions 1 >/dev/null || exit 1
mkdir emoji
mv scenes/images emoji/images
printf 'image\tsplit\tcaption\n' >emoji/captions.tsv
i=0
for f in emoji/images/*.png; do
  split=$([ $((i % 5)) = 0 ] && echo dev || echo train)
  printf '%s\t%s\tthing %s of %s\n' "${f##*/}" $split $((i % 7)) $((i % 3)) >>emoji/captions.tsv
  i=$((i + 1))
done
cat >run.yaml <<YAML
model: $top/examples/models/scan_pixels.att
arguments: {d: 12, e: 8, c: 4, c2: 6, c3: 8, c4: 8, negatives: sum}
data: {reader: "emoji(root=emoji, width=40, height=40)", crop: 32, flip: true}
task: matching(captions=one)
metrics: [recall]
train: {epochs: 3, batch: 8, learning_rate: 0.003, log_every: 2, checkpoint_every: 2}
seed: 5
YAML
run() { "$A" train run.yaml --out "$@" >out 2>log || { cat out log >&2; false; }; }

run one --threads 1
is "a run with pictures cut and mirrored" 0 $?
run two --threads 2
same "the same bits on two threads" one/last.safetensors two/last.safetensors
run read --set data.memory=0
same "the same bits where none is kept" one/last.safetensors read/last.safetensors
for o in data.flip=false seed=6 'data.reader=emoji(root=emoji, width=36, height=36)'; do
  run other --set "$o"
  is "others with $o" 1 "$(cmp -s one/last.safetensors other/last.safetensors; echo $?)"
  rm -r other
done
"$A" eval one --split validation >a 2>&1
"$A" eval one --split validation --threads 1 >b 2>&1
same "evaluation draws nothing" a b

"$A" train run.yaml --out broken >/dev/null 2>&1 &
signal_later KILL $! broken/metrics.jsonl 6
wait 2>/dev/null
[ -d broken ] && "$A" train run.yaml --out broken --resume --set data.memory=1 >/dev/null 2>log
same "the same bits after an end by force" one/last.safetensors broken/last.safetensors

# Two inputs of one picture see the same part of it: the one is the other, smaller.
cat >two.att <<'ATT'
model two(d = 2) {
  input image: real [picture, y = 16, x = 16, channel]
  input small: real [picture, y = 8, x = 8, channel]
  input caption: token [caption, word...]
  let v = image |> mean(y) |> mean(x) |> linear(channel -> d) @v
  output similarity = contract(v, caption |> embed(d) @w |> mean(word), d)
  loss square(avg_pool2d(image, y, x, size = 2) - small) |> mean_all
}
ATT
cat >two.yaml <<YAML
model: two.att
data: {reader: "emoji(root=emoji, width=20, height=20)", crop: 16, flip: true, bind: {small: picture.image}}
task: matching(captions=one)
train: {epochs: 2, batch: 8, log_every: 1, learning_rate: 0}
YAML
"$A" train two.yaml --out two_sizes >/dev/null 2>log
is "inputs of two sizes see the same part of a picture" "0 12 yes" \
  "$? $(grep -c '"loss"' two_sizes/metrics.jsonl) $(grep -o '"loss":[^,]*' two_sizes/metrics.jsonl |
    awk -F: '$2 > 2e-5 { bad = 1 } END { print bad ? "no" : "yes" }')"
refuses "a square larger than the pictures" 2 '`data.crop` is 41, but pictures of `picture.image` are 40 x 40' \
  "$A" train run.yaml --out never --set data.crop=41
refuses "pictures with boxes" 2 'would cut the pictures that `picture.boxes` has boxes on' \
  "$A" train run.yaml --out never --set data.crop=31 --set 'data.reader=scenes(root=scenes)'

# ---- what is in the files ----
is "nothing is said of single pictures" "" "$(grep animated log)"
f=$(ls emoji/images/*.png | sed -n 4p)
head -c 33 "$f" >whole
printf '\000\000\000\010\141\143\124\114\000\000\000\002\000\000\000\000\363\215\223\160' >>whole
tail -c +34 "$f" >>whole
cp "$f" kept && cp whole "$f"
run moving
is "an animated one is said, once" "1 attune: $PWD/$f: is animated; its first picture stands for it" \
  "$(grep -c animated log) $(grep animated log)"
same "and its first picture taken" one/last.safetensors moving/last.safetensors
head -c 200 kept >"$f"
refuses "a picture that ends early" 2 "$f: is a damaged or truncated PNG" "$A" train run.yaml --out never
printf 'GIF89a' >"$f"
rm -rf never
refuses "a picture of another kind" 2 "$f: is neither a JPEG nor a PNG" "$A" train run.yaml --out never
finish
