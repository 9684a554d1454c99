#!/usr/bin/env bash
# attune fmt: files in place, --check, standard input, files with mistakes.
. "$(dirname "$0")/lib.sh"
ugly='model m{input x:real[a,b];;let y=x|>relu # why
output y}'
want='model m {
  input x: real [a, b]
  let y = x |> relu  # why
  output y
}'
is "standard input to standard output" "$want" "$(printf '%s' "$ugly" | "$A" fmt)"
printf '%s' "$ugly" >"$work/m.att"
cp "$work/m.att" "$work/before"
is "--check names what would change" "$work/m.att" "$("$A" fmt --check "$work/m.att")"
"$A" fmt --check "$work/m.att" >/dev/null
is "and exits 1" 1 $?
same "and changes nothing" "$work/m.att" "$work/before"
"$A" fmt "$work/m.att"
is "a file is formatted in place" "$want" "$(cat "$work/m.att")"
touch -d '2001-01-01' "$work/m.att"
"$A" fmt "$work/m.att"
is "a file in form is not written" 2001 "$(date -r "$work/m.att" +%Y)"
"$A" fmt --check "$work/m.att" "$top"/examples/models/*.att
is "the examples are in form" 0 $?
printf 'model m { let = }' >"$work/bad.att"
cp "$work/bad.att" "$work/before"
refuses "a file with mistakes" 2 'bad.att:1:15: error: ' "$A" fmt "$work/bad.att"
same "stays as it is" "$work/bad.att" "$work/before"
refuses "a file that is absent" 2 'No such file' "$A" fmt "$work/nowhere.att"

# Diagnostics for editors.
j=$("$A" check --json "$work/bad.att" "$top/examples/models/scan.att")
is "check --json exits as check does" 2 $?
is "and tells what is wrong where" yes "$(grep -q '"code": *"reserved-word"\|"code": *"syntax"' <<<"$j" && echo yes)"
is "and which model is fine" yes "$(grep -q '"model": *"scan", "error": *null, "diagnostics": *\[\]' <<<"$j" && echo yes)"
if command -v python3 >/dev/null; then
  is "it is JSON" "2 1" "$(python3 -c 'import json,sys; v = json.load(sys.stdin); d = v[0]["diagnostics"][0]; print(len(v), d["place"]["line"])' <<<"$j")"
fi

# Operators by name.
is "ops lists operators" yes "$("$A" ops | grep -q '^  layer_norm ' && echo yes)"
is "ops explains one" yes "$("$A" ops batch_norm | grep -q 'momentum .*default 0.1, from 0 to 1' && echo yes)"
refuses "ops of an unknown one" 2 'did you mean `softmax`' "$A" ops sofmax
finish
