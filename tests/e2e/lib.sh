# Shared by the end-to-end tests: TAP lines and a folder of their own. Sourced.
set -u
A=${ATTUNE:?the program under test}
top=${top_srcdir:?the source tree}
work=$(mktemp -d "${TMPDIR:-/tmp}/attune-e2e.XXXXXX")
trap 'rm -rf "$work"' EXIT
number=0 failed=0

ok() {
  number=$((number + 1))
  echo "ok $number - $1"
}
not_ok() {
  number=$((number + 1)) failed=$((failed + 1))
  echo "not ok $number - $1"
  shift
  [ $# = 0 ] || printf '# %s\n' "$@"
}
# is NAME WANT GOT
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted: $2" "got: $3"; fi; }
# same NAME FILE FILE
same() { if cmp -s "$2" "$3"; then ok "$1"; else not_ok "$1" "$2 and $3 differ"; fi; }

# refuses NAME STATUS PATTERN COMMAND...: exit status, and one sentence that matches
refuses() {
  local name=$1 status=$2 pattern=$3 got
  shift 3
  "$@" >"$work/stdout" 2>"$work/stderr"
  got=$?
  if [ "$got" != "$status" ]; then
    not_ok "$name" "exit status $got, not $status" "$(head -n 3 "$work/stderr")"
  elif ! grep -qE -- "$pattern" "$work/stderr"; then
    not_ok "$name" "no line matches: $pattern" "$(head -n 3 "$work/stderr")"
  else
    ok "$name"
  fi
}

# signal_later SIGNAL PID FILE MOST: once FILE has grown by 1 .. MOST lines, by chance. What has come
# about by then does not depend on the machine's speed.
signal_later() {
  local until
  until=$(($(cat "$3" 2>/dev/null | wc -l) + 1 + RANDOM % $4))
  while kill -0 "$2" 2>/dev/null && [ "$(cat "$3" 2>/dev/null | wc -l)" -lt $until ]; do sleep 0.005; done
  kill "-$1" "$2" 2>/dev/null
}

# python_with MODULE...: a Python that has these modules; nothing where there is none
python_with() {
  local p
  for p in python3 /usr/bin/python3; do
    if "$p" -c "import $(IFS=,; echo "$*")" 2>/dev/null; then
      echo "$p"
      return
    fi
  done
}

finish() {
  echo "1..$number"
  [ "$failed" = 0 ]
  exit
}

# A small data set and a run file on it, made in $work.
small_run() {
  "$A" data make scenes --out "$work/scenes" --count 60 --size 32 --seed 3 >/dev/null || exit 1
  cat >"$work/run.yaml" <<YAML
model: $top/examples/models/scan_pixels.att
arguments: {score: general(side=key), d: 12, e: 8, c: 4, c2: 6, c3: 8, c4: 8, negatives: sum}
data:
  reader: scenes(root=scenes)
task: matching(captions=one)
metrics: [recall, median_rank]
train:
  epochs: 6
  batch: 8
  learning_rate: 0.003
  schedule: {kind: cosine}
  evaluate_every: 2
  checkpoint_every: 3
  log_every: 2
  best: rsum
seed: 5
YAML
}

# npy FILE N: N pictures of 30 x 30, red and green by turns, as SHAPES has them (blue, green, red).
npy() {
  local header i
  header="{'descr': '|u1', 'fortran_order': False, 'shape': ($2, 30, 30, 3), }"
  printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$header" >"$1"
  for i in $(seq 0 $(($2 - 1))); do
    if [ $((i % 2)) = 0 ]; then printf '\x00\x00\xff%.0s' $(seq 900); else printf '\x00\xff\x00%.0s' $(seq 900); fi
  done >>"$1"
}
# Questions in the form of SHAPES about such pictures, made in the folder $1.
color_questions() {
  local data=$1 i color right
  mkdir "$data"
  for split in "train 48" "val 8" "test 12"; do
    set -- $split
    npy "$data/$1.input.npy" "$2"
    for i in $(seq 0 $(($2 - 1))); do
      color=$([ $((i / 2 % 2)) = 0 ] && echo red || echo green)
      right=$([ $(((i + i / 2) % 2)) = 0 ] && echo true || echo false)
      echo "is a $color shape here" >>"$data/$1.query_str.txt"
      echo "(is $color)" >>"$data/$1.query"
      echo "$right" >>"$data/$1.output"
    done
  done
}
