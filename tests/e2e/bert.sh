#!/usr/bin/env bash
# BERT: its first layers taken out of a file as its files call them, and PyTorch's states from the
# same weights; texts in pieces of its vocabulary.
. "$(dirname "$0")/lib.sh"

python=$(python_with torch numpy)
if [ -z "$python" ]; then
  ok "the states of PyTorch # SKIP there is no Python with torch here"
else
  "$python" "$top/tests/tools/bert.py" make "$work"
  cat >"$work/first.att" <<END
include "$top/examples/models/bert.att"
model first {
  input text: token(60) [text, word...]
  import bert from "weights.safetensors" as "bert"
  output states = bert(text, 24, 3, 3, 40, 0) @bert
}
END
  "$A" run "$work/first.att" --inputs "$work/case.npz" --out "$work/mine.npz" >/dev/null 2>"$work/log"
  is "three layers of four are imported by their names" "0" "$?$(cat "$work/log")"
  far=$("$python" "$top/tests/tools/bert.py" compare "$work" "$work/mine.npz")
  is "states are PyTorch's" "yes" "$(awk -v far="$far" 'BEGIN { print far + 0 < 1e-5 && far != "" ? "yes" : far }')"
fi

# ---- texts in pieces ----
export ATTUNE_PLUGIN_PATH=${top_builddir:-.}/tests/plugins/alone/.libs
printf '%s\n' '[PAD]' '[unused0]' how many '[UNK]' '[CLS]' '[SEP]' what is {a..z} '##'{a..z} >"$work/vocab.txt"
cat >"$work/run.yaml" <<END
model: $top/examples/models/m4c.att
arguments: {d: 24, heads: 3, layers: 1, ffn: 40, reads: words, read_layers: 1, objects: false, token_size: 6}
data: {reader: boards, vocabulary: {tokens: pieces, file: vocab.txt}}
task: textvqa
metrics: exact_match
train: {epochs: 1, batch: 8, evaluate_every: 1}
END
"$A" train "$work/run.yaml" --out "$work/one" --threads 1 >"$work/stdout" 2>"$work/log"
is "a run reads pieces" 0 "$?$(grep -a 'attune:' "$work/log")"
"$A" eval "$work/one" --predictions "$work/lines" --attention >/dev/null 2>"$work/log"
is "and opens again with them" "0 yes" \
  "$? $(grep -q '"words": *\["\[CLS\]", *"how", *"many"' "$work/lines" && echo yes)"
"$A" train "$work/run.yaml" --set data.vocabulary.file= --out "$work/no" >/dev/null 2>"$work/log"
is "pieces need a vocabulary" \
  "2 attune: $work/run.yaml: pieces are not counted: name BERT's vocab.txt as data.vocabulary.file" "$? $(cat "$work/log")"
"$A" train "$work/run.yaml" --set data.vocabulary.tokens=words --out "$work/no" >/dev/null 2>"$work/log"
is "and one of pieces is not read as words" \
  "2 attune: $work/run.yaml: the vocabulary has pieces of words; say data.vocabulary.tokens: pieces" "$? $(cat "$work/log")"
finish
