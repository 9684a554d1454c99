#!/usr/bin/env bash
# Models that nobody means well: each ends with diagnostics and status 2, in bounded memory.
. "$(dirname "$0")/lib.sh"
shopt -s lastpipe # so that results of a pipeline are counted
limit=2097152 # kB of address space; sanitizers reserve more than any limit
"$A" --version >/dev/null
(ulimit -v $limit && "$A" --version >/dev/null 2>&1) || limit=unlimited

# hostile NAME PATTERN < TEXT
hostile() {
  local name=$1 pattern=$2 rc
  cat >"$work/m.att"
  (
    ulimit -v $limit
    exec timeout 60 "$A" check "$work/m.att" >"$work/stdout" 2>"$work/stderr"
  )
  rc=$?
  if [ $rc != 2 ]; then
    not_ok "$name" "exit status $rc" "$(head -c 300 "$work/stderr")"
  elif ! grep -qE "$pattern" "$work/stderr"; then
    not_ok "$name" "nothing matches $pattern" "$(head -c 300 "$work/stderr")"
  elif [ "$(wc -c <"$work/stderr")" -gt 200000 ]; then
    not_ok "$name" "$(wc -c <"$work/stderr") bytes of messages"
  else
    ok "$name"
  fi
}
times() { head -c "$2" /dev/zero | tr '\0' "$1"; }
lines() { awk -v n="$1" -v s="$2" 'BEGIN { for (i = 0; i < n; i++) { t = s; gsub(/%/, i, t); print t } }'; }
head='model m { input x: real [p, d = 3] output y = x'

times a 100000000 | hostile "a line of 100 MB" 'bytes|too.large'
times '(' 1000000 | hostile "a million brackets" '\[nesting\]|too.large|syntax'
{ echo "$head"; times '(' 100000; echo "}"; } | hostile "brackets in a model" '\[nesting\]|syntax'
printf 'model m {\0\0\0}' | hostile "NUL bytes" 'this byte is 0x00'
head -c 100000 /dev/urandom | hostile "bytes of chance" 'm.att'
printf '\xff\xfe\x00m' | hostile "another encoding" 'UTF-8|text'
{ echo "model m { input x: real [p, d = 3]"; lines 30000 "let v% = relu(x)"; echo "output y = x }"; } | hostile "thirty thousand statements" '\[too-large\]'
{ echo "$head"; lines 50000 "|> relu"; echo "}"; } | hostile "a pipeline of fifty thousand stages" '\[nesting\]|\[too-large\]'
echo "$head * 1e999 }" | hostile "a number that is too great" 'out of range'
echo 'model m(d = 1e300) { input x: real [p, c = 3] output y = x |> linear(c -> d) }' | hostile "a size that is too great" 'bad-size|number'
echo 'model m(d = 2000000000) { input x: real [p, c = 2000000000] output y = x |> linear(c -> d) }' >"$work/big.att"
refuses "parameters that no memory holds" 1 'memory' "$A" run "$work/big.att" --random 1
echo 'include "m.att" model m { input x: real [p, d = 3] output y = x + z }' | hostile "a file that includes itself" 'nothing is called .z.'
echo 'module a(x) { return b(x) } module b(x) { return a(x) } model m { input x: real [p, d = 3] output y = a(x) }' | hostile "modules in a circle" '\[recursion\]'
echo 'module a(x, n) { if n > 0 { return a(x, n - 1) } else { return x } } model m { input x: real [p, d = 3] output y = a(x, 9) }' | hostile "a module that counts down" '\[recursion\]'
{
  echo 'module m0(x) { return relu(x) }'
  for i in $(seq 1 40); do echo "module m$i(x) { return m$((i - 1))(m$((i - 1))(x)) }"; done
  echo 'model m { input x: real [p, d = 3] output y = m40(x) }'
} | hostile "modules that double forty times" '\[too-large\]'
echo 'model m { input x: real [p, d = 3] repeat i = 1 to 999 with a = x { repeat k = 1 to 999 with b = a { next b = relu(b) } next a = b } output y = a }' | hostile "a million turns" '\[too-large\]'
for i in $(seq 1 70); do echo "include \"f$((i + 1)).att\"" >"$work/f$i.att"; done
echo 'include "f1.att" model m { input x: real [p, d = 3] output y = x }' | hostile "a chain of seventy files" '\[too-large\]|cannot read'
finish
