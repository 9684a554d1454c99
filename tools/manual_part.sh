# Sourced by what writes a part of a manual page out of a header; $page: the page.

# Functions of awk: say(text) writes sentences as mdoc, a line each.
say_functions='
  function say_line(text) { if (text ~ /^[.\x27]/) text = "\\&" text; if (text != "") print text }
  function say(text) {
    gsub(/\\/, "\\e", text); gsub(/  +/, " ", text); sub(/ +$/, "", text)
    while (match(text, /[.] [^ ]/)) { say_line(substr(text, 1, RSTART)); text = substr(text, RSTART + 2) }
    say_line(text)
  }
'

# put COMMAND [--check]: what COMMAND prints comes between the two marks of the page; with --check
# it is only said whether it stands there.
put() {
  local new rc=0
  new=$(mktemp)
  {
    sed '/^\.\\" FUNCTIONS BEGIN/q' "$page"
    "$1"
    sed -n '/^\.\\" FUNCTIONS END/,$p' "$page"
  } >"$new"
  if [ "${2-}" = --check ]; then
    cmp -s "$new" "$page" || rc=1
  else
    cp "$new" "$page"
  fi
  rm -f "$new"
  return $rc
}
