#!/usr/bin/env bash
# Largest resident size of attune over a file of CLEVR questions of MEGABYTES, made for it.
#
#     make -C build/release make_hdf5 && bench/clevr_memory.sh build/release 200
#
# Prints it for opening the data set, and for a run that counts the words and classes of all
# questions and trains nothing.
set -eu
build=$(cd "${1:?build folder}" && pwd) megabytes=${2:-200}
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/attune-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/questions"
pictures=7000
awk -v bytes=$((megabytes * 1000000)) -v pictures=$pictures '
  function step(f, in_, v) { return sprintf("{\"inputs\": [%s], \"function\": \"%s\", \"value_inputs\": [%s]}", in_, f, v) }
  BEGIN {
    split("red blue green gray brown purple cyan yellow", color, " ")
    printf "{\"info\": {\"split\": \"train\", \"version\": \"1.0\"}, \"questions\": ["
    for (i = 0; n < bytes; i++) {
      c = color[i % 8 + 1]
      r = sprintf("{\"image_index\": %d, \"program\": [%s, %s, %s, %s, %s, %s, %s, %s, %s], \"question_index\": %d, \"image_filename\": \"CLEVR_train_%06d.png\", \"question_family_index\": %d, \"split\": \"train\", \"answer\": \"%s\", \"question\": \"There is a %s thing that is behind the big metal sphere number %d; what is its color?\"}",
        i % pictures, step("scene", "", ""), step("filter_size", "0", "\"large\""), step("filter_material", "1", "\"metal\""),
        step("filter_shape", "2", "\"sphere\""), step("unique", "3", ""), step("relate", "4", "\"behind\""),
        step("filter_color", "5", "\"" c "\""), step("unique", "6", ""), step("query_color", "7", ""), i, i % pictures, i % 90, c, c, i % 100)
      printf "%s%s", i ? ", " : "", r
      n += length(r) + 2
    }
    print "]}"
  }' >"$work/questions/CLEVR_train_questions.json"
"$build/make_hdf5" "$work/train.h5" features float32 $pictures 4 1 1
cat >"$work/model.att" <<'E2'
model small(d = 4) {
  input image: real [picture, y, x, feature]
  input question: token [question, word...]
  input picture: token [question]
  input answer: token(answer_class) [question]
  let seen = image |> flatten(y, x -> cell) |> mean(cell) |> linear(feature -> d) |> gather(picture, picture)
  output logits = (seen + (question |> embed(d) |> mean(word))) |> linear(d -> answer_class)
  loss cross_entropy(logits, answer, answer_class)
}
E2
cat >"$work/run.yaml" <<E2
model: $work/model.att
data: {reader: "clevr(root=$work, features=$work/{split}.h5)"}
task: vqa
train: {epochs: 0}
E2
size() { # WHAT COMMAND...
  local what=$1
  shift
  /usr/bin/time -f "$what: %M KB, %e s" "$@" >/dev/null 2>"$work/time" || { cat "$work/time" >&2; exit 1; }
  tail -n 1 "$work/time"
}
echo "questions: $(stat -c %s "$work/questions/CLEVR_train_questions.json") bytes, $("$build/attune" data info "clevr(root=$work, features=$work/{split}.h5)" | awk '$2 == "question" && NF == 4 { print $3 }')"
size "program alone" "$build/attune" --version
size "opened" "$build/attune" data info "clevr(root=$work, features=$work/{split}.h5)"
size "words and classes counted" "$build/attune" train "$work/run.yaml" --out "$work/run"
