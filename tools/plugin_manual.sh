#!/usr/bin/env bash
# tools/plugin_manual.sh [--check]: puts the host's functions, as include/attune/plugin.h has them, into
# man/attune-plugin.3 between its two marks; with --check only says whether they stand there.
set -eu
cd "$(dirname "$0")/.."
page=man/attune-plugin.3
. tools/manual_part.sh
functions() {
  awk "$say_functions"'
    function flush_section() { if (open) print ".El"; open = 0 }
    /^struct attune_host \{/ { on = 1; since = "1.0"; where = ""; next }
    !on { next }
    /^};/ { flush_section(); exit }
    /^ *uint32_t/ || /^#/ || /__attribute__/ { if (/__attribute__/) next; if (/^#/ || /uint32_t (size|abi)/) next }
    /^ *\/\*/ { comment = ""; in_comment = 1 }
    in_comment {
      line = $0; sub(/^ *\/?\*+\/? ?/, "", line); done = line ~ /\*\/ *$/; sub(/ *\*\/ *$/, "", line)
      comment = comment (comment == "" ? "" : " ") line
      if (done) {
        in_comment = 0
        if (comment ~ /^---- /) {
          flush_section(); sub(/^---- */, "", comment)
          where = ""; since = "1.0"
          if (match(comment, /\[[^]]*\]/)) where = substr(comment, RSTART + 1, RLENGTH - 2)
          if (match(comment, /since 1\.[0-9]+/)) since = substr(comment, RSTART + 6, RLENGTH - 6)
          rest = ""; if (match(comment, /\]\. /)) rest = substr(comment, RSTART + 3)
          title = comment; sub(/ *\[.*/, "", title); sub(/, since.*/, "", title); sub(/:.*/, "", title)
          print ".Ss " toupper(substr(title, 1, 1)) substr(title, 2)
          if (rest != "") say(rest)
          comment = ""
        }
      }
      next
    }
    /\(\*/ { text = ""; in_function = 1 }
    in_function {
      line = $0; sub(/^ */, "", line); trailing = ""
      if (match(line, /\/\*.*\*\//)) { trailing = substr(line, RSTART + 2, RLENGTH - 4); line = substr(line, 1, RSTART - 1) }
      text = text (text == "" ? "" : " ") line
      if (trailing != "") comment = comment (comment == "" ? "" : " ") trailing
      if (line ~ /; *$/ || line ~ /\.\.\.\) *$/) {
        in_function = 0; sub(/; *$/, "", text); gsub(/  +/, " ", text)
        if (!open) { print ".Bl -tag -width Ds"; open = 1 }
        print ".It Li \"" text "\""
        thread = where; own = comment
        if (match(own, /^ *\[[^]]*\] */)) { thread = substr(own, RSTART, RLENGTH); gsub(/^ *\[|\] *$/, "", thread); own = substr(own, RSTART + RLENGTH) }
        sub(/^ +/, "", own)
        if (own == "") { print "plugin.h says nothing of " text >"/dev/stderr"; bad = 1 }
        say(own)
        print "[" (thread == "" ? "main" : thread) "; since " since "]"
        comment = ""
      }
      next
    }
    END { exit bad }
  ' include/attune/plugin.h
}
put functions "$@"
