#!/usr/bin/env bash
# The style of .clang-format holds in every C file.
. "$(dirname "$0")/lib.sh"
tool=$(command -v clang-format-14 || command -v clang-format)
if [ -z "$tool" ] || [ ! -e "$top/.clang-format" ]; then
  echo "ok 1 - # SKIP clang-format is not installed"
  echo "1..1"
  exit 0
fi
cd "$top" || exit 1
for dir in core dsl cli plugins tests bench include; do
  # What flex and bison wrote is not ours to format.
  bad=$(find "$dir" \( -name '*.c' -o -name '*.h' \) ! -name parser.c ! -name parser.h ! -name lexer.c -print0 |
    xargs -0 "$tool" --dry-run --Werror 2>&1 | grep -o '^[^ :]*:[0-9]*' | head -n 3)
  is "$dir is formatted" "" "$bad"
done
finish
