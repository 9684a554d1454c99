#!/usr/bin/env bash
# Human judgments of pictures with captions, from Flickr8k's form of files to the results of a run.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

"$A" data make scenes --out scenes --count 24 --size 32 --seed 3 >/dev/null || exit 1
for i in $(seq -w 0 23); do
  printf '0000%s.png#0\ta %s shape\n0000%s.png#1\tsome %s shape\n' "$i" "${i:1}" "$i" "${i:1}" >>token.txt
  case $i in
  0* | 10 | 11) s=train ;;
  12 | 13 | 14 | 15) s=dev ;;
  *) s=test ;;
  esac
  echo "0000$i.png" >>Flickr_8k.${s}Images.txt
  for j in 16 18 19; do
    [ $s = test ] || continue
    printf '0000%s.png\t0000%s.png#1\t%s\t%s\t1\n' "$i" "$j" $((1 + 3 * (i == j))) $((1 + (i + j) % 3)) >>expert.txt
    printf '0000%s.png\t0000%s.png#0\t0.%s\t%s\t3\n' "$i" "$j" $(((i * j) % 9)) 1 >>crowd.txt
  done
done
cat >run.yaml <<YAML
model: $top/examples/models/scan_pixels.att
arguments: {score: dot, d: 12, e: 8, c: 4, c2: 6, c3: 8, c4: 8, negatives: sum}
data: {reader: "photos(root=scenes/images, captions=token.txt, splits=., expert=expert.txt, crowd=crowd.txt, width=32, height=32)", splits: {validation: dev}, vocabulary: {threshold: 1}}
task: matching(captions=one)
metrics: [recall, judged(resamples=50)]
train: {epochs: 1, batch: 4, learning_rate: 0.003, best: rsum}
YAML
"$A" data info "photos(root=scenes/images, captions=token.txt, splits=., expert=expert.txt, crowd=crowd.txt)" >info
is "a reader counts them" "48" "$(awk '$2 == "judgment" { print $3 }' info)"
"$A" train run.yaml --out run >out 2>log
is "a run goes on where nobody judged, and tells where they did" \
  "0 crowd_tau_b crowd_tau_b.high crowd_tau_b.low expert_tau_c expert_tau_c.high expert_tau_c.low" \
  "$? $(grep -oE '"(expert|crowd)_tau_[a-z.]+"' run/results.json | tr -d '"' | sort -u | xargs)"
"$A" eval run --split test --json >one
"$A" eval run --split test --json --threads 2 >two
same "the same bits each time" one two
refuses "judgments of captions without numbers" 2 'judgments name captions as a token file does' \
  "$A" data info "photos(root=scenes/images, captions=scenes/meta.json, expert=expert.txt)"
finish
