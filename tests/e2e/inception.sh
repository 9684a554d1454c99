#!/usr/bin/env bash
# Inception-v3: torchvision's numbers of parameters, and PyTorch's features from the same weights.
. "$(dirname "$0")/lib.sh"
model=$top/examples/models/inception_v3.att
all() { "$A" show "$model" "$@" | awk '/^parts/ { on = 1 } on && $1 == "all" { print $2 }'; }
is "as many parameters as torchvision's" 23834568 "$(all)"
is "and with what training had beside" 27161264 "$(all --set aux=true)"

python=$(python_with torch numpy)
if [ -z "$python" ]; then
  ok "the features of PyTorch # SKIP there is no Python with torch here"
  finish
fi
"$python" "$top/tests/tools/inception_v3.py" make "$work" 79
"$A" run "$model" --set side=79 --inputs "$work/case.npz" --weights "$work/weights.safetensors" \
  --out "$work/mine.npz" >/dev/null 2>"$work/log"
is "weights of PyTorch are imported by name" "0" "$?$(cat "$work/log")"
"$python" "$top/tests/tools/inception_v3.py" compare "$work" "$work/mine.npz" >"$work/far"
is "features and logits are PyTorch's" "2 yes" \
  "$(wc -l <"$work/far") $(awk '$2 > 1e-4 { bad = 1 } END { print bad ? "no" : "yes" }' "$work/far")"
finish
