#!/usr/bin/env bash
# Vectors of words from a file: taken by word, counted, and not needed once the run is there.
. "$(dirname "$0")/lib.sh"
small_run
cp "$top/examples/models/scan_pixels.att" "$work/model.att"
sed -i "s|^model: .*|model: model.att|; s/epochs: 6/epochs: 1/; /every:/d" "$work/run.yaml"
table=$(sed -n 's/.*embed(e) @\([a-z_]*\).*/\1/p' "$work/model.att")
sed -i "\$d" "$work/model.att"
printf '  import %s from "words.txt"\n  freeze %s\n}\n' "$table" "$table" >>"$work/model.att"

printf 'red 1 2 3 4 5 6 7 8\nzygote 1 1 1 1 1 1 1 1\n' >"$work/words.txt"
"$A" train "$work/run.yaml" --out "$work/out" >/dev/null 2>"$work/log"
is "a run with vectors of words ends well" 0 $?
is "it says how many words have one" 1 "$(grep -cE 'words.txt: 1 of [0-9]+ words have vectors here; [0-9]+ begin' "$work/log")"
is "the vector is among the weights" yes "$(python3 - "$work/out" "$table" <<'PY'
import json, struct, sys
data = open(sys.argv[1] + "/last.safetensors", "rb").read()
n = struct.unpack("<Q", data[:8])[0]
at, end = json.loads(data[8:8 + n])[sys.argv[2] + ".weight"]["data_offsets"]
row = json.load(open(sys.argv[1] + "/vocabulary.json"))["words"].index("red")
v = struct.unpack_from("<8f", data, 8 + n + at + row * 32)
print("yes" if v == (1, 2, 3, 4, 5, 6, 7, 8) else v)
PY
)"
rm "$work/words.txt"
"$A" eval "$work/out" >/dev/null 2>"$work/log"
is "eval needs the file no more" 0 $?
refuses "vectors of another length" 2 'words.txt:1: here is a word with 2 numbers; the model.s vectors have 8' \
  sh -c "echo 'red 1 2' >'$work/words.txt'; '$A' train '$work/run.yaml' --out '$work/other'"
refuses "no run, no words" 2 'words.txt: vectors are found by words' \
  "$A" run "$work/model.att" --random 2 --out "$work/o.npz"
sed -i "s/import $table/import gru/; s/freeze $table/freeze gru/" "$work/model.att"
refuses "no table of words" 2 'is no table of the [0-9]+ words' "$A" train "$work/run.yaml" --out "$work/other"
finish
