#!/usr/bin/env bash
# Which cells of a study are the same function: attune check of sweeps.
. "$(dirname "$0")/lib.sh"
m=$top/examples/models
dots="dot, scaled_dot, cosine"
generals="general(side=query), general(side=key), biased_general(side=query), biased_general(side=key)"

# study NAME MODEL ARGUMENTS SCORES
study() {
  cat >"$work/$1.yaml" <<YAML
model: $2
arguments: {$3}
data: {reader: scenes(root=none)}
task: matching
over:
  arguments.score: [$4]
  seed: [0, 1]
YAML
}
# The classes as "RELATION: CELLS | ...", without the text around them.
classes() {
  "$A" check "$work/$1.yaml" "${@:2}" 2>"$work/stderr" | sed -n \
    -e 's/score=//g' \
    -e 's/^identical: /identical: /p' \
    -e 's/^identical once a learned matrix is transposed/transposed/p' \
    -e 's/^same up to a positive scale that is cancelled/scale/p' \
    -e 's/^same family, other initialisation/family/p' \
    -e 's/^NOT .*/&/p' -e 's/^no two cells.*/none/p' | paste -sd '|' | sed 's/|/ | /g'
}
# agrees NAME: as many probes agree as there are classes
agrees() {
  is "a numeric probe agrees with every class ($1)" "$2 0" \
    "$("$A" check "$work/$1.yaml" 2>&1 | grep -c '^  probe: they agree to [0-9.]*e-0[5-9]$') $("$A" check "$work/$1.yaml" 2>&1 | grep -c 'they differ')"
}

study scan "$m/scan.att" "d: 16, e: 8" "$dots, $generals, additive, 'activated_general(side=key, act=relu)'"
want="identical: dot, cosine | transposed: general(side=query), general(side=key) | scale: dot, scaled_dot, cosine"
is "scan.att: dot, scaled_dot and cosine are one function" "$want" "$(classes scan)"
is "and are so without a probe" "$want" "$(classes scan --no-probe)"
agrees scan 3

study m4c "$m/m4c.att" "d: 12, heads: 3, layers: 2, ffn: 20, object_size: 7, token_size: 8" \
  "$dots, $generals, additive"
want="identical: general(side=key), biased_general(side=key)"
want="$want | transposed: general(side=query), general(side=key), biased_general(side=key)"
want="$want | family: dot, scaled_dot, general(side=query), general(side=key), biased_general(side=query), biased_general(side=key)"
is "m4c.att: q . b is cancelled, and all that is bilinear is one family" "$want" "$(classes m4c)"
agrees m4c 3
is "b of side = key learns nothing, in either layer" "layers.0.score.proj.bias layers.1.score.proj.bias" \
  "$("$A" check "$work/m4c.yaml" 2>&1 | sed -n 's/^learns nothing: \([^ ]*\) of score=biased_general(side=key), cancelled by softmax.*e-0[5-9] of the.*/\1/p' | paste -sd ' ')"

study attngan "$m/attngan.att" "gf: 2, df: 2, e: 8, ups: 2, layers: 2, codes: given, features: given" "dot, scaled_dot, $generals, additive"
want="identical: general(side=key), biased_general(side=key)"
want="$want | transposed: general(side=query), general(side=key), biased_general(side=key)"
is "attngan.att: biased q(Wk + b) is general q(Wk), and k(Wq + b) is not" "$want" "$(classes attngan)"
agrees attngan 2

study mac "$m/mac.att" "d: 16, side: 4, feature: 8, read_score: dot" "dot, scaled_dot, general(side=key), biased_general(side=key)"
is "mac.att: the learned vector after the score of the control unit absorbs 1 / sqrt(d)" \
  "identical: general(side=key), biased_general(side=key) | family: dot, scaled_dot" "$(classes mac)"

# Without what makes them one: nothing is of unit length, and no normalisation follows.
sed 's/ |> normalize(d)$//; s/ |> normalize(word)//' "$m/scan.att" >"$work/bare.att"
study bare bare.att "d: 16, e: 8" "$dots, $generals"
is "scan.att without its normalisations: dot, scaled_dot and cosine are three functions" \
  "transposed: general(side=query), general(side=key)" "$(classes bare)"
sed 's/ |> normalize(d)$//' "$m/scan.att" >"$work/long.att"
study long long.att "d: 16, e: 8" "$dots"
is "with vectors of any length, scaled_dot is dot still, and cosine is not" "scale: dot, scaled_dot" "$(classes long)"
sed 's/refine = .*/refine = none/' "$m/scan.att" >"$work/plain.att"
study plain plain.att "d: 16, e: 8" "$dots, general(side=key), biased_general(side=key)"
is "without a refinement nothing cancels a factor, and softmax cancels what is constant over keys" \
  "identical: dot, cosine | identical: general(side=key), biased_general(side=key)" "$(classes plain)"

sed 's/refine = .*/refine = leaky_relu(0.1)/' "$m/scan.att" >"$work/bent.att"
study bent bent.att "d: 16, e: 8" "general(side=key), biased_general(side=key)"
is "a leaky_relu in between keeps what is constant over keys from being cancelled" none "$(classes bent --no-probe)"
sed 's/refine = .*/refine = scale(by = 2, shift = 1) |> normalize(word)/' "$m/scan.att" >"$work/moved.att"
study moved moved.att "d: 16, e: 8" "dot, scaled_dot"
is "and a shift in between keeps a factor" none "$(classes moved --no-probe)"

# Other arguments that change models, or do not.
cat >"$work/other.yaml" <<YAML
model: $m/scan.att
arguments: {d: 16, e: 8}
data: {reader: scenes(root=none)}
task: matching
over: {arguments.score: [dot, cosine], arguments.sharpness: [4, 9], train.batch: [8, 16]}
YAML
is "cells that differ otherwise are never one" 4 "$("$A" check "$work/other.yaml" | grep -c '^identical: ')"
is "each is of one sharpness and one batch" 4 \
  "$("$A" check "$work/other.yaml" | sed -n 's/^identical: score=dot, \(.*\), score=cosine, \(.*\)$/\1 = \2/p' | awk -F ' = ' '$1 == $2' | wc -l)"

# A picture of 4 x 4 would leave one region, and any attention to one thing is the same.
study pixels "$m/scan_pixels.att" "d: 16, e: 8" "dot, scaled_dot, additive"
is "the probe chooses sizes that leave a choice" "scale: dot, scaled_dot" "$(classes pixels)"
agrees pixels 1
sed 's/codes: given/codes: drawn/' "$work/attngan.yaml" >"$work/noise.yaml"
is "a model with noise of its own is not probed, and says so" 1 "$("$A" check "$work/noise.yaml" | grep -c '^no probe: the model draws noise')"

# What a score says of itself is tried, and what says nothing is only tried.
mkdir "$work/plugins"
cp "$top_builddir"/tests/plugins/.libs/{liar,old}.so "$work/plugins"
study odd "$m/scan.att" "d: 16, e: 8" "dot, liar, old"
is "a score that is not what it says is found out; one of interface 1.0 is loaded, and agrees by the probe alone" \
  "NOT identical: dot, liar | identical: dot, old" "$(ATTUNE_PLUGIN_PATH=$work/plugins classes odd)"
is "and the reason is said" "1 1" "$(ATTUNE_PLUGIN_PATH=$work/plugins "$A" check "$work/odd.yaml" >"$work/odd" 2>&1
  echo "$(grep -c 'they differ by .* one of them says what is not so' "$work/odd") $(grep -c 'agree to .*, though nothing is proved' "$work/odd")")"

small_run
is "a run file is checked" "run.yaml: the run is fine" "$(cd "$work" && "$A" check run.yaml)"
sed -i 's/score: general(side=key)/score: biased_general(side=key)/' "$work/run.yaml"
is "and a parameter of it that learns nothing is named only where it does" 0 "$("$A" check "$work/run.yaml" | grep -c 'learns nothing')"
is "json says the same" 'scale [["score=dot", "score=scaled_dot", "score=cosine"]]' \
  "scale $("$A" check "$work/scan.yaml" --json | tr -d '\n' | sed 's/  */ /g' | grep -o '"relation": "scale", "cells": \[[^]]*\]' | sed 's/.*"cells": \[ */[[/; s/\]$/]]/; s/ \]/]/g')"
sed -i 's/\[dot,/[dott,/' "$work/scan.yaml"
refuses "a mistake in a cell shows" 2 'there is no score `dott`' "$A" check "$work/scan.yaml"
finish
