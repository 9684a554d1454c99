#!/usr/bin/env bash
# What libattune promises: the symbols that it exports, each with its version, and the declarations of
# functions, the places of members and the values of enumerators in <attune/attune.h> are those that
# were committed.
# After an addition that is meant: tests/e2e/embed_abi.sh --write, and a new version in core/embed/attune.map.
. "$(dirname "$0")/lib.sh"
header=$top/include/attune/attune.h
lib=$(echo "${top_builddir:?}"/core/embed/.libs/libattune.so.*.*.*)
build() { ${CC:-cc} -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -I"$top/include" "$@"; }

# exported LIBRARY: "name version" a line, as the loader of the system sees them
exported() {
  readelf --dyn-syms -W "$1" | awk '$4 ~ /FUNC|OBJECT|TLS|IFUNC/ && $7 != "UND" { sub(/@+/, " ", $8); print $8 }' |
    grep -v '^ATTUNE_[0-9.]*$' | LC_ALL=C sort
}
# declared: names of the functions in the header
declared() { tr '\n' ' ' <"$header" | grep -oE 'ATTUNE_API [^;]*;' | grep -oE 'attune_[a-z_]+\(' | tr -d '(' | LC_ALL=C sort; }
# Declarations of functions and callbacks, one a line.
prototypes() {
  sed 's#/\*.*\*/##' "$header" | tr '\n' ' ' | tr -s ' ' | grep -oE '(ATTUNE_API|typedef) [^;{]*\([^;]*\);' | sed 's/^ATTUNE_API //'
}
# A program that prints "struct.member offset size: declaration",
# "struct size", "ENUMERATOR value".
printer() {
  echo '#include <attune/attune.h>'
  echo '#include <stdio.h>'
  echo 'int main(void) {'
  sed 's#/\*.*\*/##; s#/\*.*##' "$header" | awk '
    /^typedef struct attune_[a-z_]+ \{/ { s = $3; printf "printf(\"%s %%zu\\n\", sizeof(%s));\n", s, s; next }
    /^(typedef )?enum.*\{/ { e = 1 }
    e { line = $0; while (match(line, /ATTUNE_[A-Z_]+/)) { n = substr(line, RSTART, RLENGTH); line = substr(line, RSTART + RLENGTH); printf "printf(\"%s %%ld\\n\", (long)%s);\n", n, n } }
    /^}|};? *$|} attune_/ { s = ""; e = 0; next }
    s && /;/ { sub(/;.*/, ""); sub(/^ */, ""); d = $0; n = split($0, p, ","); for (i = 1; i <= n; i++) { m = p[i]; sub(/\[.*/, "", m); sub(/.*[ *]/, "", m)
      if (m != "") printf "printf(\"%s.%s %%zu %%zu: %s\\n\", offsetof(%s, %s), sizeof(((const %s *)0)->%s));\n", s, m, d, s, m, s, m } }'
  echo 'return 0; }'
}

printer >"$work/places.c"
build -std=c11 -o "$work/places" "$work/places.c" && "$work/places" >"$work/attune.txt"
is "a program that prints every place is built and runs" 0 $?
prototypes >>"$work/attune.txt"
exported "$lib" >"$work/libattune.symbols"
if [ "${1-}" = --write ]; then
  cp "$work/attune.txt" "$work/libattune.symbols" "$top/tests/abi/"
fi
# A parser that finds nothing would compare nothing.
is "structs, members, enumerators and functions are found" yes \
  "$([ "$(grep -c '^attune_[a-z_]*\.' "$work/attune.txt")" -gt 50 ] && [ "$(grep -c ');$' "$work/attune.txt")" -gt 30 ] && [ "$(grep -c '^ATTUNE_' "$work/attune.txt")" -gt 20 ] && echo yes)"
if [ "$(getconf LONG_BIT)" = 64 ]; then
  is "and are what they were" "" "$(diff "$top/tests/abi/attune.txt" "$work/attune.txt")"
else
  ok "and are what they were # SKIP pointers have 64 bits in the committed list"
fi
is "the exported symbols and their versions are those that were committed" "" \
  "$(diff "$top/tests/abi/libattune.symbols" "$work/libattune.symbols")"
is "which are the functions of the header" "$(declared)" "$(cut -d' ' -f1 "$work/libattune.symbols")"
is "none is without a version" "" "$(grep -vE '^attune_[a-z_]+ ATTUNE_1\.[0-9]+$' "$work/libattune.symbols")"
is "the library is called libattune.so.1" "[libattune.so.1]" "$(readelf -d "$lib" | sed -n 's/.*SONAME.*\(\[.*\]\)/\1/p')"

# ---- the header alone ----
echo '#include <attune/attune.h>' >"$work/alone.c"
printf '#include <attune/plugin.h>\n#include <attune/attune.h>\n' >"$work/after.c"
printf '#include <attune/attune.h>\n#include <attune/plugin.h>\n' >"$work/before.c"
for f in alone after before; do
  echo 'int main(void) { return ATTUNE_OK; }' >>"$work/$f.c"
  build -std=c11 -fsyntax-only "$work/$f.c"
  is "$f: the header is C11" 0 $?
  if command -v c++ >/dev/null; then
    c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -I"$top/include" -fsyntax-only -x c++ "$work/$f.c"
    is "$f: and C++11" 0 $?
  else
    ok "$f: C++ # SKIP there is no c++"
  fi
done
status() { sed -n '/^typedef enum attune_status {/,/^}/p' "$1" | sed 's# */\*.*##'; }
is "both headers have the same status" "$(status "$header")" "$(status "$top/include/attune/plugin.h")"
finish
