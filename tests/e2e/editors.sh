#!/usr/bin/env bash
# Syntax files for editors: current, and made of the words that the scanner knows.
. "$(dirname "$0")/lib.sh"
reserved=$(grep -oE '\{"[a-z]+", [A-Z]+\}' "$top/dsl/lexer.l" | cut -d'"' -f2 | sort)
listed=$(sed -n 's/^\([a-z]*\) \(structure\|statement\|word\)$/\1/p' "$top/dsl/keywords.txt" | sort)
is "dsl/keywords.txt has the reserved words of the scanner" "$reserved" "$listed"
for c in $(sed -n '/arg_names\[N_ARGS\] =/,/^typedef/p' "$top/dsl/lower_attend.c" | grep -oE '"[a-z]+"' | tr -d '"' | sort -u); do
  is "and the clause $c of attend" 1 "$(grep -c "^$c clause$" "$top/dsl/keywords.txt")"
done
"$top/tools/editors.sh" "$A" "$work/editors"
is "docs/editors is current" "" "$(diff -r "$work/editors" "$top/docs/editors")"
if command -v python3 >/dev/null; then
  is "the grammar for VS Code colours a model" "keyword.control support.function" "$(
    python3 - "$top/docs/editors/vscode/syntaxes/att.tmLanguage.json" <<'PY'
import json, re, sys
rules = json.load(open(sys.argv[1]))["patterns"]
def kind(text, word):
    for r in rules:
        for m in re.finditer(r["match"], text):
            if m.group(0).strip() == word:
                return r["name"].removesuffix(".att")
text = "  let v = image |> linear(feature -> d)"
print(kind(text, "let"), kind(text, "linear"))
PY
  )"
fi
finish
