#!/usr/bin/env bash
# attune graph: models as pictures.
. "$(dirname "$0")/lib.sh"
m=$top/examples/models
for f in "$m"/*.att; do
  for t in dot svg json; do
    "$A" graph "$f" -T $t -o "$work/out.$t" 2>"$work/stderr"
    is "$(basename "$f") as $t" "0" "$?$(cat "$work/stderr")"
  done
  if command -v dot >/dev/null; then
    dot -Tcanon "$work/out.dot" >/dev/null 2>"$work/stderr"
    is "$(basename "$f") is what dot reads" "0" "$?$(cat "$work/stderr")"
  fi
done
"$A" graph "$m/scan.att" >"$work/scan.svg"
is "SVG unless asked otherwise" "<svg" "$(grep -o '<svg' "$work/scan.svg")"
is "its title" "<title>scan</title>" "$(grep -o '<title>scan</title>' "$work/scan.svg" | head -n 1)"
is "nothing from elsewhere" "" "$(grep -oE '(href|src|url)="?\(?http[^"]*|DOCTYPE' "$work/scan.svg")"
"$A" graph "$m/scan.att" -o "$work/scan.dot"
is "the name of the file tells the type" "digraph" "$(head -c 7 "$work/scan.dot")"
is "the score function" "1" "$(grep -c '"align.score".*<b>dot</b>' "$work/scan.dot")"
"$A" graph "$m/scan.att" -T dot --set 'score=general(side=key)' >"$work/scan.dot"
is "another one" "1" "$(grep -c '"align.score".*<b>general(side=key)</b>' "$work/scan.dot")"
is "query, key and value" '"v" -> "align" value,"v" -> "align.score" key,"w" -> "align.score" query,' \
  "$(sed -nE 's/^ *("[^"]*" -> "[^"]*").* label=" ([a-z]+) ".*/\1 \2/p' "$work/scan.dot" | sort | tr '\n' ',')"
is "boxes" "10" "$(grep -c ' \[class="' "$work/scan.dot" | awk '{ print $1 - 3 }')"
refuses "no such type" 2 'no picture of type `png`; it must be one of' "$A" graph "$m/scan.att" -T png
refuses "no such model" 2 'No such file' "$A" graph "$work/none.att"
refuses "a folder that is not there" 2 'none/x.svg' "$A" graph "$m/scan.att" -o "$work/none/x.svg"
finish
