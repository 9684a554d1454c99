#!/usr/bin/env bash
# Models with several losses: each moves its own parameters, in order.
. "$(dirname "$0")/lib.sh"
small_run
# model NAME LOSSES: batch_norm and dropout make forward passes that could differ
model() {
  cat >"$work/$1.att" <<ATT
model $1(d = 8) {
  input image: real [picture, y, x, channel]
  input caption: token [caption, word...]
  let v = image |> conv2d(y, x, channel -> c = 4, stride = 4) @picture.conv |> batch_norm(c) @picture.norm
      |> relu |> flatten(y, x -> region) |> mean(region) |> dropout(0.2) |> linear(c -> d) @picture.out
      |> normalize(d)
  let w = caption |> embed(-> e = 8) @words.embed |> mean(word) |> linear(e -> d) @words.out |> normalize(d)
  output similarity = contract(v, w, d)
  $2
}
ATT
}
triplet='triplet(similarity, picture, caption, margin = 0.2, negatives = sum)'
model one "loss $triplet"
model two "loss first = $triplet updates picture
  loss second = $triplet updates words"
model still "loss first = $triplet updates picture
  loss second = $triplet updates picture.out"
for name in one two still; do
  sed "s|^model:.*|model: $name.att|; s/^arguments:.*//; s/log_every: .*/log_every: 1/" "$work/run.yaml" >"$work/$name.yaml"
done
train() { # train MODEL DIR OPTIONS...
  local model=$1 dir=$2
  shift 2
  "$A" train "$work/$model.yaml" --out "$work/$dir" "$@" >/dev/null 2>"$work/log"
}
# each DIR KEY: the numbers of a key of "losses" in the log
each() { sed -n "s/.*\"losses\":{[^}]*\"$2\":\([0-9.e-]*\).*/\1/p" "$work/$1/metrics.jsonl"; }

train two a --threads 1
is "a model with two losses is trained" 0 $?
train two b --threads 2
same "with the same weights on two threads" "$work/a/last.safetensors" "$work/b/last.safetensors"
train two c --threads 1 --set train.learning_rate=0
is "both losses of every step are in the log" "36 36" "$(each c first | wc -l) $(each c second | wc -l)"
each c first >"$work/first"
each c second >"$work/second"
same "they see the same random numbers" "$work/first" "$work/second"
train one d --threads 1 --set train.learning_rate=0
same "and a batch counts once in running averages" "$work/c/best.safetensors" "$work/d/best.safetensors"
is "the second sees what the first did" "differs" \
  "$(paste <(each a first) <(each a second) | awk '$1 == $2 { n++ } END { print (n > 3 ? "same" : "differs") }')"
is "and it is less, mostly" yes \
  "$(paste <(each a first) <(each a second) | awk '{ n += $2 < $1 } END { print (n > 18 ? "yes" : n) }')"


# Interrupted in the midst, and on.
train two whole --set train.epochs=60
"$A" train "$work/two.yaml" --out "$work/killed" --set train.epochs=60 >/dev/null 2>"$work/log" &
pid=$!
while [ ! -s "$work/killed/last.safetensors" ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
is "it is killed in its midst" no "$([ -e "$work/killed/results.json" ] && echo yes || echo no)"
train two killed --resume --set train.epochs=60
is "and goes on" 0 $?
same "to the same weights" "$work/whole/last.safetensors" "$work/killed/last.safetensors"

# What no loss updates stays; a parameter of two losses moves twice.
train still e
is "parameters may belong to no loss, or to both" 0 $?
finish
