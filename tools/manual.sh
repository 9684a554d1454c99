#!/usr/bin/env bash
# tools/manual.sh ATTUNE [--check]: puts the operators, as the program tells them, into
# man/attune-model.5 between its two marks; with --check only says whether they stand there.
set -eu
cd "$(dirname "$0")/.."
page=man/attune-model.5
new=$(mktemp)
trap 'rm -f "$new"' EXIT
{
  sed '/^\.\\" OPERATORS BEGIN/q' "$page"
  "$1" ops --mdoc
  sed -n '/^\.\\" OPERATORS END/,$p' "$page"
} >"$new"
if [ "${2-}" = --check ]; then
  cmp -s "$new" "$page"
else
  cp "$new" "$page"
fi
