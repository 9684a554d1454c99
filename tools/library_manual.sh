#!/usr/bin/env bash
# tools/library_manual.sh [--check]: puts the functions and types of include/attune/attune.h into man/attune.3
# between its two marks; with --check only says whether they stand there.
set -eu
cd "$(dirname "$0")/.."
page=man/attune.3
. tools/manual_part.sh
declarations() {
  awk "$say_functions"'
    function end_list() { if (open) print ".El"; open = 0 }
    function literal(line) { gsub(/\\/, "\\e", line); if (line ~ /^[.\x27]/) line = "\\&" line; print line }
    /^#ifdef __cplusplus/ { if (on) exit }
    /^\/\* ---- / {
      on = 1; title = $0; sub(/^\/\* ---- */, "", title); sub(/ *-* *\*\/ *$/, "", title)
      end_list(); print ".Ss " toupper(substr(title, 1, 1)) substr(title, 2); comment = ""; fresh = 1; next
    }
    !on || /^#/ { next }
    /^\/\*/ { comment = ""; in_comment = 1 }
    in_comment {
      line = $0; sub(/^ *\/?\*+\/? ?/, "", line); done = line ~ /\*\/ *$/; sub(/ *\*\/ *$/, "", line)
      comment = comment (comment == "" ? "" : " ") line
      if (done) in_comment = 0
      next
    }
    /^(typedef )?(struct|enum).*\{/ {
      end_list(); if (comment != "") { if (!fresh) print ".Pp"; say(comment) }; fresh = 0
      print ".Bd -literal -offset 2n"; comment = ""; block = 1
    }
    block { literal($0); if (/^}/ || /}.*;/) { print ".Ed"; block = 0 } next }
    /^ATTUNE_API|^typedef .*\(/ { text = ""; in_function = 1 }
    in_function {
      line = $0; sub(/^ */, "", line); text = text (text == "" ? "" : " ") line
      if (line ~ /; *$/) {
        in_function = 0; sub(/^ATTUNE_API /, "", text); sub(/; *$/, "", text)
        if (comment == "") { print "attune.h says nothing of " text >"/dev/stderr"; bad = 1 }
        if (!open) { print ".Bl -tag -width Ds"; open = 1 }; fresh = 0
        print ".It Li \"" text "\""; say(comment); comment = ""
      }
    }
    END { end_list(); exit bad }
  ' include/attune/attune.h
}
put declarations "$@"
