#!/usr/bin/env bash
# attune plugin new: each kind builds against the installed header, passes the check and runs in a
# sweep as it is; so do the plugins of examples/plugins. The header is C++ as well.
. "$(dirname "$0")/lib.sh"
umask 022

make -s -C "$top_builddir" install-attuneincludeHEADERS install-pkgconfigDATA install-dist_aclocalDATA \
  DESTDIR="$work/root" >"$work/log" 2>&1
is "header, pkg-config file and m4 are installed" "0 3" \
  "$? $(find "$work/root" \( -name plugin.h -o -name attune.pc -o -name attune.m4 \) | wc -l)"
PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name attune.pc)")
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR="$work/root" ATTUNE
unset MAKEFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS
header=$(pkg-config --cflags attune)

cd "$work" || exit 1
for kind in score task metric data; do
  name=my_$kind
  "$A" plugin new $kind $name >"$work/log"
  is "new $kind" "0 yes" "$? $([ -s "$name/$name.c" ] && [ -s "$name/LICENSE" ] && [ -s "$name/README.md" ] && echo yes)"
  is "no mark is left in it" "" "$(grep -rl '@[A-Z]*@' "$name")"
  make -s -C $name test CFLAGS="-O1 -Wconversion -Wno-sign-conversion -Wshadow -Wpedantic -Werror" >"$work/log" 2>&1
  rc=$?
  is "$name builds without a warning, passes the check and runs in a sweep" 0 "$rc"
  [ $rc = 0 ] || tail -n 12 "$work/log" | sed 's/^/# /'
  is "no check fails" "0" "$(grep -c '^fail' "$work/log")"
  is "the sweep has results" "yes" "$(ls $name/test/out/cells/*/results.json >/dev/null 2>&1 && echo yes)"
  ! command -v mandoc >/dev/null || is "its man page is well-formed" "" \
    "$(mandoc -T lint -W warning "$name/$name.7" 2>&1 | grep -v 'cross reference\|referenced manual')"
  make -s -C $name install DESTDIR="$work/root2" >"$work/log" 2>&1
  is "and it is installed where attune looks" "1" "$(find "$work/root2" -path "*/attune/plugins/$name.so" | wc -l)"
done
sed 's/caption/asked/g' my_data/test/model.att >my_data/test/other.att
ATTUNE_PLUGIN_PATH=my_data refuses "an input without data, and a field that could feed it" 2 \
  'for example `asked: caption.text`' \
  "$A" train my_data/test/run.yaml --set model="$work/my_data/test/other.att" --out none
is "the metric of the new metric is in the results" "yes" "$(grep -q my_metric my_metric/test/out/cells/*/results.json && echo yes)"
"$A" plugin new score mine --license MIT --out elsewhere >/dev/null
is "another licence, another folder" "yes" "$(grep -q 'Permission is hereby' elsewhere/LICENSE && grep -q '"MIT"' elsewhere/mine.c && echo yes)"
refuses "not over what is there" 2 'elsewhere is there already' "$A" plugin new score mine --out elsewhere
refuses "a kind that there is none of" 2 '`scare` is no kind of plugin; there are score, task' "$A" plugin new scare x
refuses "a name that is none" 2 'no name for a plugin' "$A" plugin new score 'Bad-Name'
refuses "a name that leads elsewhere" 2 'no name for a plugin' "$A" plugin new score '../x'
refuses "a licence that is not at hand" 2 'Apache-2.0, MIT, 0BSD' "$A" plugin new score x --license GPL
cp "$A" attune_alone
if ./attune_alone plugin new score alone >/dev/null 2>"$work/log"; then
  ok "without skeletons nothing is left behind # SKIP they are installed"
else
  is "without skeletons nothing is left behind" "1 gone" \
    "$(grep -c 'is attune installed in full' "$work/log") $([ -e alone ] || echo gone)"
fi
refuses "words too few" 2 '^usage' "$A" plugin new score

# ---- plugins as third parties write them ----
cp -r "$top/examples/plugins" third && chmod -R u+w third
make -s -C third CFLAGS="-O2 -Werror" >"$work/log" 2>&1
is "the examples build against the installed header" "0" "$?"
for f in third/*.c; do
  so=third/$(basename "$f" .c).so
  "$A" plugin check "./$so" --exclude speed >"$work/log" 2>&1
  is "$so passes the check" 0 $?
  grep '^fail' "$work/log" | sed 's/^/# /'
done
"$A" data make scenes --out scenes --count 40 --size 32 --seed 3 >/dev/null
sed -e "s#model: .*#model: $work/my_score/test/model.att#; s#root=data#root=$work/scenes#" my_score/test/run.yaml >run.yaml
printf 'base: run.yaml\nover:\n  arguments.score: [gaussian, lowrank(rank=3), poly, mlp, relu_squared, gated]\n' >sweep.yaml
ATTUNE_PLUGIN_PATH=third "$A" sweep sweep.yaml --out out >"$work/log" 2>&1
is "and train side by side" "0 6" "$? $(ls out/cells/*/results.json | wc -l)"

# A run knows which file a plugin was: eval and resume say where it is another one.
cell=$(ls -d out/cells/*gaussian*)
ATTUNE_PLUGIN_PATH=third "$A" eval "$cell" >/dev/null 2>"$work/log"
is "the same plugin, no word of it" "0 0" "$? $(grep -c 'another file' "$work/log")"
printf ' ' >>third/gaussian.so
ATTUNE_PLUGIN_PATH=third "$A" eval "$cell" >/dev/null 2>"$work/log"
is "eval says that a plugin is another file" "0 1" "$? $(grep -c 'the score `gaussian` is another file' "$work/log")"
rm "$cell/results.json"
ATTUNE_PLUGIN_PATH=third "$A" train run.yaml --set arguments.score=gaussian --out "$cell" --resume >/dev/null 2>"$work/log"
is "and so does a run that goes on" "1" "$(grep -c 'the score `gaussian` is another file' "$work/log")"

# ---- C++ ----
cat >plugin.cc <<'CPP'
#include <attune/plugin.h>
static int compose(const attune_host *host, attune_build *build, const attune_options *,
                   attune_value query, attune_value key, attune_value *score) {
  return host->contract(build, key, query, score);
}
static const attune_option options_table[] = {
    ATTUNE_INT_OPTION("n", "3", 0, 9, "a number"),
    ATTUNE_REAL_OPTION("x", "1", 0, 2, "another"),
    ATTUNE_BOOL_OPTION("b", "no", "true or not"),
    ATTUNE_ENUM_OPTION("e", "a", "a|b", "a choice"),
    ATTUNE_STRING_OPTION("s", "", "a text"),
    ATTUNE_PATH_OPTION("p", "", "a path"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_score item = {
    ATTUNE_ITEM(score, SCORE, "plus", "k . q", "s = k . q", options_table), compose, nullptr};
static const attune_item *const items[] = {&item.item};
ATTUNE_PLUGIN("plus", "1", "Apache-2.0", items)
CPP
if command -v "${CXX:=g++}" >/dev/null; then
  for std in c++11 c++17 c++20; do
    "$CXX" -std=$std -Wall -Wextra -Wpedantic -Werror -fPIC -shared -fvisibility=hidden $header -o plus.so plugin.cc >"$work/log" 2>&1
    is "the header in $std" "0" "$?"
    head -n 3 "$work/log" | sed 's/^/# /'
  done
  "$A" plugin check ./plus.so --exclude speed >"$work/log" 2>&1
  is "a plugin in C++ passes" 0 $?
else
  ok "C++ # SKIP there is no compiler for it"
fi
for std in c11 c17 gnu11; do
  echo '#include <attune/plugin.h>' >alone.c
  ${CC:-cc} -std=$std -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Werror -fsyntax-only $header alone.c >"$work/log" 2>&1
  is "the header alone in $std" 0 $?
done
# What the macros refuse at compile time.
bad() {
  printf '#include <attune/plugin.h>\n%s\n' "$2" >bad.c
  ${CC:-cc} -std=c11 -Wall -Werror -fsyntax-only $header bad.c >"$work/log" 2>&1
  is "$1 does not compile" "yes" "$([ $? != 0 ] && grep -q "$3" "$work/log" && echo yes)"
}
bad "a plugin without a name" 'static const attune_item *const i[] = {0}; ATTUNE_PLUGIN("", "1", "MIT", i)' 'needs a name'
bad "a plugin without a licence" 'static const attune_item *const i[] = {0}; ATTUNE_PLUGIN("x", "1", "", i)' 'needs a licence'
bad "an option whose name is no literal" 'extern const char *n; const attune_option o[] = {ATTUNE_BOOL_OPTION(n, "no", "x")};' error
finish
