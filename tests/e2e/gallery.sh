#!/usr/bin/env bash
# What the script of a report's page makes of it, in a browser, where there is one.
. "$(dirname "$0")/lib.sh"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -z "$browser" ]; then
  echo "1..0 # SKIP no browser is here to run the page's script"
  exit 0
fi
"$A" data make scenes --out "$work/scenes" --count 60 --size 48 --seed 3 >/dev/null || exit 1
cat >"$work/sweep.yaml" <<YAML
over: {arguments.score: [dot, additive, cosine]}
model: $top/examples/models/mac_pixels.att
arguments: {d: 8, e: 6, c: 4, steps: 2, keep: 1}
data: {reader: "scenes(root=$work/scenes)"}
task: vqa(together=5)
metrics: [accuracy]
train: {epochs: 2, batch: 32, learning_rate: 0.01}
YAML
"$A" sweep "$work/sweep.yaml" --out "$work/out" >/dev/null 2>&1
"$A" report "$work/out" --pairs 30 >/dev/null 2>"$work/log"
is "a report is written" 0 "$?$(cat "$work/log")"
page=$work/out/report.html

# seen FRAGMENT: the page as the script leaves it, its examples one a line: rows of the data in order
seen() {
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/browser" --dump-dom \
    "file://$page#$1" >"$work/dom" 2>/dev/null
  grep -oE '<article [^>]*>' "$work/dom" | grep -v ' hidden' | sed -E 's/.*data-row="([0-9]+)".*/\1/' | xargs
}
# rows AWK: those whose d (differences), r (right) and a (answers) are so, in order
rows() {
  grep -oE '<article [^>]*>' "$page" |
    sed -E 's/.*data-row="([0-9]*)" data-d="([0-9,]*)" data-r="([01]*)" data-a="([0-9,]*)" data-t="([^"]*)".*/\1 \2 \3 \4 \5/' |
    awk "{ split(\$2, d, \",\"); r = \$3; split(\$4, a, \",\"); t = \$5 } $1 { print \$1, d[1] + d[2] + d[3], d[2] }" >"$work/rows"
  awk '{ print $1 }' "$work/rows" | xargs
}
all=$(rows 1)
is "there are as many examples as asked for" 30 "$(echo "$all" | wc -w)"
is "all are shown at first, in their order" "$all" "$(seen '')"
is "and it says so" 1 "$(grep -c '>30 of 30 shown<' "$work/dom")"
is "the first ones are open, the others wait" yes \
  "$(awk '/<noscript>/ { n++ } /class="ex open"/ { o++ } END { print (n > 0 && o >= 4 && n + o == 30 ? "yes" : n " " o) }' "$work/dom")"
is "wrong by some" "$(rows 'r ~ /0/')" "$(seen wrong)"
is "right by all" "$(rows 'r == "111"')" "$(seen right)"
is "right by some, wrong by others" "$(rows 'r ~ /0/ && r ~ /1/')" "$(seen mixed)"
is "by one group, of a type" "$(rows 'r ~ /^.0/ && t == "count"')" "$(seen 'wrong2&type=count')"
is "groups that are not shown do not count" "$(rows 'r ~ /^0.0/')" "$(seen 'allwrong&groups=1,3')"
is "different answers" "$(rows 'a[1] != a[2] || a[1] != a[3]')" "$(seen differ)"
rows 1 >/dev/null
is "in the order of how far attention differs" "$(sort -s -k2,2nr "$work/rows" | awk '{ print $1 }' | xargs)" \
  "$(seen order=most)"
rows 'd[2] >= 20' >/dev/null
is "between the groups that are shown" "$(sort -s -k3,3n "$work/rows" | awk '{ print $1 }' | xargs)" \
  "$(seen 'order=least&groups=1,3&attention=0.02')"
seen numbers >/dev/null
is "numbers can be read" yes "$([ "$(grep -o 'class="nums"' "$work/dom" | wc -l)" -ge 48 ] && echo yes)"
seen '' >/dev/null
is "what decides is marked" 0 "$(grep -c 'class="live blind' "$work/dom")"
seen notruth >/dev/null
is "unless it is not" 1 "$(grep -c 'class="live blind' "$work/dom")"
finish
