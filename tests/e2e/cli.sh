#!/usr/bin/env bash
# The command line: every command's plain use, and bad input of every kind.
. "$(dirname "$0")/lib.sh"
small_run
m=$top/examples/models

# ---- plain use ----
is "--version" "attune" "$("$A" --version | cut -d' ' -f1)"
"$A" >/dev/null 2>&1
is "no command is a usage error" 2 $?
for c in bench check show fmt generate graph ops run train eval explain sweep report data plugin help; do
  "$A" help $c >"$work/help" 2>/dev/null
  is "help $c" yes "$(grep -qi "attune.$c" "$work/help" && echo yes)"
done
for f in "$m"/*.att; do
  "$A" check "$f" >/dev/null 2>"$work/stderr"
  is "check $(basename "$f")" "0" "$?$(cat "$work/stderr")"
done
is "show names the parameters" "img_fc.weight" "$("$A" show "$m/scan.att" | grep -o 'img_fc.weight')"
is "show --json is JSON with the parameters" "1024" \
  "$("$A" show "$m/scan.att" --json | tr -d ' \n' | sed -n 's/.*"img_fc.bias","shape":\[\([0-9]*\)\].*/\1/p')"
is "plugin list" 8 "$("$A" plugin list | grep -c '^score ')"
is "plugin info" yes "$("$A" plugin info general | grep -q 'query|key' && echo yes)"
is "plugin list names the metrics of attention" 11 "$("$A" plugin list | grep -c '^metric  *attention_')"
is "plugin info tells a metric's source" yes "$("$A" plugin info attention_erasure | grep -q 'DeYoung' && echo yes)"
is "data info" "48" "$("$A" data info "scenes(root=$work/scenes)" | awk '$1 == "train" && $2 == "picture" { print $3 }')"
"$A" data make scenes --out "$work/again" --count 60 --size 32 --seed 3 >/dev/null
is "the same seed draws the same bytes" "" "$(diff -r "$work/scenes" "$work/again")"
"$A" data make scenes --out "$work/other" --count 60 --size 32 --seed 4 >/dev/null
is "another seed draws others" "differ" "$(cmp -s "$work/scenes/scenes.jsonl" "$work/other/scenes.jsonl" || echo differ)"

# The plugin that the README shows, built as it says.
sed -n '/^    #include <attune\/plugin.h>/,/^    ATTUNE_PLUGIN/p' "$top/README.md" | sed 's/^    //' >"$work/mine.c"
mkdir "$work/mine"
${CC:-cc} -shared -fPIC -I"$top/include" -o "$work/mine/mine.so" "$work/mine.c" 2>"$work/stderr"
is "the README's plugin compiles" "0" "$?$(cat "$work/stderr")"
chmod 755 "$work/mine" "$work/mine/mine.so"
ATTUNE_PLUGIN_PATH=$work/mine "$A" check "$m/scan.att" --set score=mine >/dev/null 2>"$work/stderr"
is "and is used without a rebuild" "0" "$?$(cat "$work/stderr")"
loaded() { # COMMAND...: plugins that the dynamic linker says it began
  LD_DEBUG=files "$A" "$@" 2>&1 >/dev/null | sed -n 's|.*calling init: .*/\([a-z0-9_]*\)\.so$|\1|p' | paste -sd ' '
}
is "a check loads the score that it names, and no other plugin" "dot" "$(loaded check "$m/scan.att")"
is "a run loads its task, metrics, reader and score" "general matching median_rank recall scenes" \
  "$(loaded train "$work/run.yaml" --out "$work/named" --set train.epochs=0 | tr ' ' '\n' | sort | paste -sd ' ')"

# ---- usage ----
refuses "unknown command" 2 'no command `trian`; did you mean `train`' "$A" trian
refuses "unknown option" 2 'no option --treads; did you mean --threads' "$A" train x --treads 3
refuses "option value out of range" 2 '--threads is -1; it must be a whole number' "$A" train x --threads -1
refuses "missing operand" 2 'usage: attune check' "$A" check

# ---- models ----
refuses "no such model" 2 'nowhere.att.*No such file' "$A" check "$work/nowhere.att"
echo 'model m { input x: real [a, b] output y = x |> sofmax(b) }' >"$work/m.att"
refuses "unknown operator" 2 'm.att:1:.*no operator `sofmax`' "$A" check "$work/m.att"
refuses "and its hint" 2 'did you mean `softmax`' "$A" check "$work/m.att"
refuses "unknown score" 2 'no score `dott`' "$A" check "$m/scan.att" --set score=dott
refuses "and its hint" 2 'hint: did you mean `dot`' "$A" check "$m/scan.att" --set score=dott
refuses "bad option of a score" 2 'must be one of query.key' "$A" check "$m/scan.att" --set 'score=general(side=quer)'
refuses "unknown option of a score" 2 '`general` has no option `sid`; did you mean `side`' \
  "$A" check "$m/scan.att" --set 'score=general(sid=key)'
refuses "unknown parameter" 2 'no parameter `dd`' "$A" check "$m/scan.att" --set dd=3

# ---- run files ----
try() { "$A" train "$work/run.yaml" --out "$work/never" --set "$1"; }
refuses "unknown key" 2 'no key `train.epoch`; did you mean `train.epochs`' try train.epoch=3
refuses "wrong type" 2 '`train.epochs` is `many`; it must be a whole number' try train.epochs=many
refuses "out of range" 2 '`train.batch` is 0; it must lie between' try train.batch=0
refuses "unknown metric" 2 'no metric `recal`; did you mean `recall`' try 'metrics=[recal]'
refuses "unknown task" 2 'no task `matchin`' try task=matchin
refuses "unknown reader" 2 'no data reader `scene`; did you mean `scenes`' try 'data.reader=scene(root=x)'
refuses "reader option missing" 2 '`scenes` needs its option `root`' try data.reader=scenes
refuses "data that are not there" 2 'scenes.jsonl: No such file' try "data.reader=scenes(root=$work/none)"
refuses "empty split" 2 'the split `nix` is empty' try data.splits.train=nix
refuses "best metric unknown" 2 '`train.best` is `rsun`, which no metric gives; did you mean `rsum`' try train.best=rsun
rm -rf "$work/never"
printf 'model: x\n  y: [\n' >"$work/broken.yaml"
refuses "no YAML" 2 'broken.yaml:[0-9]+:[0-9]+: this is not YAML' "$A" train "$work/broken.yaml" --out "$work/never"
printf 'model: x.att\ntask: matching\ntask: matching\n' >"$work/twice.yaml"
refuses "a key twice" 2 'twice.yaml:3:1: the key `task` is there twice' "$A" train "$work/twice.yaml" --out "$work/never"
printf 'tran: {epochs: 3}\n' >"$work/typo.yaml"
refuses "the place of an unknown key" 2 'typo.yaml:1:1: there is no key `tran`; did you mean `train`' \
  "$A" train "$work/typo.yaml" --out "$work/never"
is "nothing was left behind" "" "$(ls "$work/never" 2>/dev/null)"

# ---- data files ----
head -c 600 "$work/scenes/images/000000.png" >"$work/scenes/images/cut.png"
mv "$work/scenes/images/cut.png" "$work/scenes/images/000000.png"
refuses "a damaged picture" 2 '000000.png' "$A" train "$work/run.yaml" --out "$work/damaged"
is "has left nothing that looks whole" "" "$(ls "$work"/damaged/*.safetensors "$work/damaged/results.json" 2>/dev/null)"
mkdir -p "$work/pre"
for s in train dev test; do
  { printf '\x93NUMPY\x01\x00\x76\x00'; printf "%-117s\n" "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3, 5), }"
    head -c 240 /dev/zero; } >"$work/pre/${s}_ims.npy"
  for i in 1 2 3 4; do echo "a red circle $i"; done >"$work/pre/${s}_caps.txt"
done
pre="scan_precomp(root=$work/pre)"
is "precomputed regions are read" "4" "$("$A" data info "$pre" | awk '$1 == "dev" && $2 == "picture" { print $3 }')"
head -c 300 "$work/pre/dev_ims.npy" >"$work/pre/x" && cp "$work/pre/dev_ims.npy" "$work/pre/keep" && mv "$work/pre/x" "$work/pre/dev_ims.npy"
refuses "a truncated npy" 2 'dev_ims.npy: it should hold 4 x 3 x 5 numbers.*cut short' "$A" data info "$pre"
mv "$work/pre/keep" "$work/pre/dev_ims.npy"
head -n 3 "$work/pre/test_caps.txt" >"$work/pre/x" && mv "$work/pre/x" "$work/pre/test_caps.txt"
refuses "a caption too few" 2 'test_caps.txt: it has 3 lines for the 4 pictures' "$A" data info "$pre"
: >"$work/pre/test_caps.txt"
refuses "an empty split" 2 'test_caps.txt: the split `test` is empty' "$A" data info "$pre"

# ---- arrays and weights ----
refuses "no such arrays" 2 'none.npz.*No such file' "$A" run "$m/vse.att" --inputs "$work/none.npz" --out "$work/o.npz"
printf 'PK' >"$work/bad.npz"
refuses "a damaged npz" 2 'bad.npz' "$A" run "$m/vse.att" --inputs "$work/bad.npz" --out "$work/o.npz"
refuses "unknown pass" 2 'no pass `grams`' "$A" run "$m/vse.att" --inputs x --out y --no-pass grams
is "no output came of it" no "$([ -e "$work/o.npz" ] && echo yes || echo no)"

# ---- parameters of a seed, drawn by all threads ----
for t in 1 3; do "$A" run "$m/scan.att" --random 2 --seed 5 --threads $t --out "$work/drawn$t.npz" >/dev/null 2>"$work/stderr"; done
same "a run on three threads draws what one draws" "$work/drawn1.npz" "$work/drawn3.npz"

# ---- outputs that are tokens ----
"$A" run "$top/tests/golden/good/choices.att" --random 2 --out "$work/tokens.npz" 2>"$work/stderr"
is "tokens come out as whole numbers" "out.head.npy <f4
out.place.npy <i4" "$(python3 - "$work/tokens.npz" <<'PY'
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
for name in ("out.head.npy", "out.place.npy"):
    print(name, z.read(name).split(b"'descr': '")[1][:3].decode())
PY
)"

# ---- checkpoints ----
"$A" data make scenes --out "$work/scenes" --count 60 --size 32 --seed 3 --force >/dev/null
"$A" train "$work/run.yaml" --set train.epochs=1 --out "$work/small" >/dev/null 2>&1
sed -i 's/  d: 12/  d: 16/' "$work/small/run.yaml"
refuses "a checkpoint of another model" 2 'the model has it as \[.*; the file is of another model' "$A" eval "$work/small"
sed -i 's/  d: 16/  d: 12/' "$work/small/run.yaml"
head -c 2000 "$work/small/best.safetensors" >"$work/x" && mv "$work/x" "$work/small/best.safetensors"
refuses "a truncated checkpoint" 2 'best.safetensors' "$A" eval "$work/small"
refuses "no run directory" 2 'no run.yaml' "$A" eval "$work/pre"

# ---- a full disk ----
if [ -e /dev/full ]; then
  "$A" show "$m/scan.att" >/dev/full 2>"$work/stderr"
  is "a full disk under stdout fails" 1 $?
fi
# A limit on file sizes stands in for a full disk: the checkpoint cannot be written.
(trap '' XFSZ; ulimit -f 8; exec "$A" train "$work/run.yaml" --set train.epochs=1 --out "$work/full") >/dev/null 2>"$work/stderr"
is "a checkpoint that cannot be written fails" 1 $?
is "and says which file" yes "$(grep -q 'safetensors' "$work/stderr" && echo yes)"
is "and leaves no partial checkpoint" "" "$(ls "$work"/full/*.safetensors* 2>/dev/null)"
finish
