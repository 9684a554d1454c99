#!/usr/bin/env bash
# The models of examples/models: short, of the papers' size by default, and they run.
. "$(dirname "$0")/lib.sh"
m=$top/examples/models

# A release carries every example.
for f in "$top"/examples/*/*.*; do
  name=examples/${f#"$top"/examples/}
  is "examples/local.mk installs $name" 1 "$(grep -cE "^[[:space:]]$name( |\$)" "$top/examples/local.mk")"
done

# Lines that are neither empty nor a comment.
short() {
  local n
  n=$(grep -vcE '^[[:space:]]*(#|$)' "$m/$1")
  is "$1 has at most $2 lines" yes "$([ "$n" -le "$2" ] && echo yes || echo "no: $n")"
}
short scan.att 40
short mac.att 90
short attngan.att 150
short damsm.att 150
short m4c.att 150

# Numbers of parameters, counted in PyTorch models of the same equations and sizes.
counts() {
  local name=$1 part=$2 want=$3
  shift 3
  is "$name has $want parameters ($part)" "$want" \
    "$("$A" show "$m/$name" "$@" 2>/dev/null | awk -v p="$part" '/^parts/ { on = 1 } on && $1 == p { print $2 + $3 }')"
}
counts scan.att all 12789420 --size feature=2048 --size caption=8481
counts mac.att all 12202902 --size question=90
counts m4c.att all 37356680 --size vocab=5000
counts attngan.att E 724672
is "attngan.att trains 6816592 numbers of G, 25737732 of D" "6816592 25737732" \
  "$("$A" show "$m/attngan.att" | awk '/^parts/ { on = 1 } on && ($1 == "G" || $1 == "D") { printf "%s%s", sep, $2; sep = " " }')"

# Forward and backward once, every gradient finite.
runs() {
  local name=$1
  shift
  "$A" run "$m/$name" --random 3 --gradients --training "$@" >"$work/out" 2>"$work/stderr"
  is "$name runs" "0" "$?$(grep -v warning "$work/stderr" | grep error)"
  is "and everything is finite" 0 "$(grep -c 'norm -\?\(nan\|inf\)' "$work/out")"
  is "and has a loss" yes "$(grep -q '^loss' "$work/out" && echo yes)"
}
runs scan.att --set d=16
runs scan_i2t.att --set d=16
runs vse.att --set d=16
runs mac.att --set d=16 --set side=4 --set feature=8
runs mac.att --set d=16 --set side=4 --set feature=8 --set per_dimension=false --set 'score=general(side=key)'
runs attngan.att --set gf=2 --set df=2 --set e=8 --set ups=2 --set layers=2
runs attngan.att --set gf=2 --set df=2 --set e=8 --set ups=2 --set layers=3 --set stages=3
runs attngan.att --set gf=2 --set df=2 --set e=8 --set ups=2 --set layers=2 --set stages=1 --set score=additive
runs damsm.att --set e=8 --set side=16 --set layers=2
runs m4c.att --set d=12 --set heads=3 --set layers=2 --set ffn=20 --set object_size=7 --set token_size=8
runs m4c.att --set d=12 --set heads=3 --set layers=2 --set ffn=20 --set objects=false --set token_size=8 --set reads=words --set rate=0.1 --set first=1 --set score=general --set parameters=each
runs transformer.att --set d=16 --set ffn=32
# A normalised matrix is not cut into parts: its lengths are of whole rows.
cat >"$work/normed.att" <<'E2'
model m(d = 16) {
  input a: real [p, d]
  input b: real [p, d]
  output y = concat(a, b, d -> both) |> linear(both -> d, weight_norm = true)
}
E2
"$A" run "$work/normed.att" --random 3 --out "$work/with.npz" >/dev/null 2>&1
"$A" run "$work/normed.att" --random 3 --no-pass split --out "$work/without.npz" >/dev/null 2>&1
is "the model with a normalised matrix ran" yes "$([ -s "$work/with.npz" ] && echo yes)"
same "and the pass that splits linear layers left it alone" "$work/with.npz" "$work/without.npz"
runs mac_pixels.att --set d=16 --set c=4
runs relation.att --set g=16 --set f=16 --set c=4
runs hops.att --set d=16 --set c=8 --set patch=3
runs hops_regions.att --set d=16
runs mac_cells.att --set d=16 --set c=8 --set patch=3
runs mac_regions.att --set d=16
runs maps.att --set d=8 --set c=8 --set patch=1 --set patches=1
runs san.att --set d=16 --set c=4
runs san.att --set d=16 --set 'score=general(side=key)' --set c=4
finish
