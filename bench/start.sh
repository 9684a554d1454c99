#!/usr/bin/env bash
# What attune costs to start: bench/start.sh BUILD [BUILD BEFORE]
#
# Processor time (user and system) of one start in ms, of each command the least of ROUNDS (5) means
# over TIMES (20) starts; with two builds by turns, and how many times the second takes what the
# first takes. The time to the end of a first training step is bench/first_step.py's, which needs numpy.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
builds=("$@")
[ $# -gt 0 ] && [ $# -lt 3 ] || { echo "usage: bench/start.sh BUILD [BUILD BEFORE]" >&2; exit 2; }
models=$top/examples/models
TIMEFORMAT='%U %S'
mean() { # BUILD ARGUMENTS...
  local attune=$1/attune times=${TIMES:-20}
  shift
  { time for ((i = 0; i < times; i++)); do "$attune" "$@" >/dev/null 2>&1 || exit 1; done; } 2>&1 |
    awk -v n="$times" '{ printf "%.2f\n", 1000 * ($1 + $2) / n }'
}
row() { # ARGUMENTS...
  local least=() now b
  for ((r = 0; r < ${ROUNDS:-5}; r++)); do
    for b in $([ $((r % 2)) = 0 ] && echo "${!builds[@]}" || echo "${!builds[@]}" | rev); do
      now=$(mean "${builds[b]}" "$@")
      [ -n "$now" ] || { echo "attune $* failed" >&2; exit 1; }
      least[b]=$(printf '%s\n' ${least[b]:-} "$now" | sort -g | head -n 1)
    done
  done
  echo "attune ${*//$top\//}: ${least[*]}" |
    awk '{ print $0 ($(NF - 1) ~ /^[0-9.]+$/ ? sprintf(" (%.1f times)", $NF / $(NF - 1)) : "") }'
}
row --version
row ops
for model in "$models"/*.att; do row check "$model"; done
row show "$models/attngan.att"
row plugin list
python=${PYTHON:-python3}
! "$python" -c 'import numpy' 2>/dev/null || "$python" "$top/bench/first_step.py" "${builds[@]}"
