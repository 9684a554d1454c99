#!/usr/bin/env bash
# attune show: what a model is and what it costs, against numbers worked out by hand.
. "$(dirname "$0")/lib.sh"

# Of 10 items: linear 2 10 4 3 = 240, relu 30, linear 2 10 3 2 = 120, normalize 3 20 = 60,
# cross entropy 4 20 = 80. Values: 30 + 30 + 20 + 20 + 1 floats.
cat >"$work/small.att" <<'ATT'
model small(d = 3) {
  input x: real [item, f = 4]
  input t: token(2) [item]
  let h = x |> linear(f -> d) @fc |> relu
  freeze fc
  output y = h |> linear(d -> c = 2) @out |> normalize(c)
  loss cross_entropy(y, t, c)
}
ATT
"$A" show "$work/small.att" --batch 10 --lines >"$work/text" 2>"$work/stderr"
is "show" "0" "$?$(cat "$work/stderr")"
line() { grep -E -- "$1" "$2" | tr -s ' ' | sed 's/^ //' | head -n 1; }
is "FLOPs" "FLOPs, forward 530 (530 ) each example 53" "$(line '^  FLOPs' "$work/text" | sed 's/ $//')"
is "bytes" "bytes of values 404 (404 B) each example 40.4 B" "$(line 'bytes of values' "$work/text")"
is "an axis, and where it was made" "d feature 3 small.att:4" "$(line '^  d ' "$work/text")"
is "a parameter" "fc.weight [3, 4] 12 U(-0.9258, 0.9258) frozen" "$(line '^  fc.weight' "$work/text")"
is "a frozen part" "fc 0 15" "$(line '^  fc  ' "$work/text")"
is "a trained part" "out 8 0" "$(line '^  out  ' "$work/text")"
is "all parts" "all 8 15" "$(line '^  all  ' "$work/text")"
is "a line of the source" "15 270 240 B 4 let h = x |> linear(f -> d) @fc |> relu" \
  "$(line ' 4    let h' "$work/text")"
is "another line" "8 180 160 B 6 output y = h |> linear(d -> c = 2) @out |> normalize(c)" \
  "$(line ' 6    output' "$work/text")"
is "the loss" "80 4 B 7 loss cross_entropy(y, t, c)" "$(line ' 7    loss' "$work/text")"
is "nothing is assumed" "" "$(grep assumed "$work/text")"

# Scores 2 (10 5 2) 2 = 400, softmax 5 100 = 500, context 2 (10 4) 5 = 400.
cat >"$work/heads.att" <<'ATT'
model heads {
  input x: real [item, place, f = 4]
  input q: real [item, f]
  attend look(query = q, key = x, value = x, over = place, along = f) {
    score = dot
    heads = 2
    weigh = softmax
  }
  output y = look
}
ATT
"$A" show "$work/heads.att" --batch 10 --size place=5 >"$work/text" 2>"$work/stderr"
is "show an attention" "0" "$?$(cat "$work/stderr")"
is "its FLOPs" "FLOPs, forward 1300 (1.3 k) each example 130" \
  "$(line '^  FLOPs' "$work/text" | sed 's/ $//')"
is "its heads" "score dot over place along f/head, 2 heads" "$(line '^  score' "$work/text")"
is "a size that was given" "size of \`place\`: 5" "$(line 'size of' "$work/text")"
"$A" show "$work/heads.att" >"$work/text"
is "a size that is assumed" "size of \`place\`: 16 (assumed)" "$(line 'size of' "$work/text")"

"$A" show "$work/small.att" --json --batch 10 --lines >"$work/json"
field() { tr -d ' \n' <"$work/json" | grep -oE -- "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2; }
is "FLOPs in JSON" "530.0" "$(field flops)"
is "bytes in JSON" "404.0" "$(field value_bytes)"
is "trained in JSON" "8" "$(tr -d ' \n' <"$work/json" | grep -oE '"trained":8,"frozen":15' | cut -d: -f2 | cut -d, -f1)"
refuses "a size of no axis" 2 'no size `plce` is open; did you mean `place`' \
  "$A" show "$work/heads.att" --size plce=3
refuses "a size that is none" 2 'write NAME=NUMBER' "$A" show "$work/heads.att" --size place=x
finish
