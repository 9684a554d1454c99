#!/usr/bin/env bash
# attune bench: the shape of what it prints, never times.
. "$(dirname "$0")/lib.sh"
m=$top/examples/models
small="--set d=16 --set e=8 --size feature=12 --size caption=50 --batch 6 --repeat 3 --threads 2"

# ask FILE EXPRESSION: of the JSON `j`
ask() { python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

"$A" bench "$m/scan.att" $small >"$work/text" 2>"$work/stderr"
is "bench a model" "0" "$?$(cat "$work/stderr")"
is "its phases" "load forward backward update step" \
  "$(grep -oE '^(load|forward|backward|update|step) ' "$work/text" | xargs)"
is "what was assumed" "size of \`region\`: 16 (assumed)" "$(grep region "$work/text")"
is "a warm step asks for no memory" "allocations in a step   0" "$(grep allocations "$work/text")"

"$A" bench "$m/scan.att" $small --json >"$work/plain" 2>"$work/stderr"
is "as JSON" "0" "$?$(cat "$work/stderr")"
"$A" bench "$m/scan.att" $small --json --profile >"$work/profile"
is "rates of the machine are there" "True" "$(ask "$work/plain" "j['sgemm_flops_per_s'] > 0 and j['copy_bytes_per_s'] > 0")"
is "shares of them too" "True" "$(ask "$work/plain" "all(0 < j['phases'][p]['of_sgemm'] for p in ('forward', 'backward', 'step'))")"
is "the step is its phases" "True" \
  "$(ask "$work/plain" "sum(j['phases'][p]['flops'] for p in ('load', 'forward', 'backward', 'update')) == j['phases']['step']['flops']")"
is "FLOPs forward are those of attune show" \
  "$("$A" show "$m/scan.att" --set d=16 --set e=8 --size feature=12 --size caption=50 --batch 6 --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["cost"]["flops"])')" \
  "$(ask "$work/plain" "j['phases']['forward']['flops']")"
is "no memory in any phase" "0" "$(ask "$work/plain" "sum(p['most_allocations'] for p in j['phases'].values())")"
is "no profile unless asked" "False" "$(ask "$work/plain" "'profile' in j")"
is "a profile changes no bits" "$(ask "$work/plain" "j['weights'], j['loss']")" "$(ask "$work/profile" "j['weights'], j['loss']")"
is "shares of lines and the rest are all" "1.000000" \
  "$(ask "$work/profile" "'%.6f' % (sum(l['share'] for l in j['profile']['lines']) + sum(j['profile'][k] for k in ('load_s', 'update_s', 'between_s')) / j['profile']['seconds'])")"
is "shares of operators as well" "1.000000" \
  "$(ask "$work/profile" "'%.6f' % (sum(l['share'] for l in j['profile']['operators']) + sum(j['profile'][k] for k in ('load_s', 'update_s', 'between_s')) / j['profile']['seconds'])")"
places='[l for l in j["profile"]["lines"] if open(l["file"]).read().split("\n")[l["line"] - 1].strip() != l["text"] or not 0 < l["column"]]'
is "every line is one of the source" "[]" "$(ask "$work/profile" "$places")"

# ---- more threads ----
"$A" bench "$m/scan.att" ${small% --threads 2} --json --scaling >"$work/wide" 2>"$work/stderr"
is "with more threads" "0" "$?$(cat "$work/stderr")"
is "it is measured on one" "1" "$(ask "$work/wide" "j['threads']")"
is "work cut for many has the same bits" "$(ask "$work/plain" "j['weights'], j['loss']")" "$(ask "$work/wide" "j['weights'], j['loss']")"
wide="[j['phases'][p]['threads'] for p in j['phases']] + [l['threads'] for l in j['profile']['lines']]"
is "each is there for 1 to 64 threads, never slower with more" "[]" \
  "$(ask "$work/wide" "[t for t in $wide if [*t['seconds']] != ['1', '2', '4', '8', '16', '32', '64'] or sorted(t['seconds'].values(), reverse=True) != [*t['seconds'].values()] or t['alone_s'] > t['seconds']['64']]")"
is "works of lines are those of a step" "True" \
  "$(ask "$work/wide" "sum(j['phases'][p]['threads']['parts'] for p in ('forward', 'backward')) == sum(l['threads']['parts'] for l in j['profile']['lines']) > 0")"
"$A" bench "$m/scan.att" ${small% --threads 2} --scaling >"$work/text"
is "as text" "1 2 4 8 16 32 64" "$(grep -A8 'with more threads' "$work/text" | grep -oE '^ +[0-9]+ ' | xargs)"
is "and no profile that nobody asked for" "" "$(grep 'operator (nodes)' "$work/text")"
refuses "of two threads" 2 'scan.att: scaling is worked out from steps of one thread, and here are 2' \
  "$A" bench "$m/scan.att" $small --scaling

# What turns share, modules of modules, and included files.
"$A" bench "$m/attngan.att" --set gf=4 --set df=4 --batch 2 --repeat 1 --threads 2 --json --profile >"$work/many" 2>"$work/stderr"
is "a model with several losses" "0" "$?$(cat "$work/stderr")"
is "its lines as well" "[]" "$(ask "$work/many" "$places")"
is "of several files" "True" "$(ask "$work/many" "len({l['file'] for l in j['profile']['lines']}) > 1")"
is "a module holds those in it" "True" \
  "$(ask "$work/many" "all(a['seconds'] * 1.000001 >= b['seconds'] for a in j['profile']['modules'] for b in j['profile']['modules'] if b['module'].startswith(a['module'] + '.'))")"

# ---- a run ----
small_run
"$A" train "$work/run.yaml" --out "$work/trained" --set train.epochs=1 --set train.log_every=1 >/dev/null 2>&1
"$A" bench "$work/run.yaml" --repeat 2 --set train.epochs=1 --json --profile >"$work/run" 2>"$work/stderr"
is "bench a run" "0" "$?$(cat "$work/stderr")"
is "its steps are those of training" \
  "$(python3 -c 'import json, sys; print(["%.5f" % json.loads(l)["loss"] for l in open(sys.argv[1]) if json.loads(l).get("step") == 4][0])' "$work/trained/metrics.jsonl")" \
  "$(ask "$work/run" "'%.5f' % j['loss']")"
"$A" bench "$work/run.yaml" --repeat 14 --json >"$work/run" # the first steps read pictures beside them
is "once pictures are read, it asks for no memory beside the batch" "0" \
  "$(ask "$work/run" "sum(j['phases'][p]['allocations'] for p in ('forward', 'backward', 'update'))")"
is "its batch" "4" "$("$A" bench "$work/run.yaml" --repeat 1 --batch 4 | sed -n 's/.*batch \([0-9]*\),.*/\1/p')"
is "nothing was written" "run.yaml" "$(cd "$work" && ls -d run*.yaml runs 2>/dev/null)"

# ---- an evaluation ----
mkdir "$work/pairs"
python3 - "$work/pairs" <<'END'
import random, struct, sys
random.seed(1)
for split, n in (("train", 3), ("dev", 70)):
    with open("%s/%s_ims.npy" % (sys.argv[1], split), "wb") as f:
        head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 4, 6), }" % n
        head += " " * (118 - len(head) - 1) + "\n"
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        f.write(struct.pack("<%df" % (24 * n), *(random.gauss(0, 1) for _ in range(24 * n))))
    with open("%s/%s_caps.txt" % (sys.argv[1], split), "w") as f:
        for _ in range(10 * n):  # more than go past the pictures at a time
            f.write(" ".join("w%d" % random.randrange(30) for _ in range(random.randrange(1, 9))) + "\n")
END
printf '%s\n' "model: $m/scan.att" 'arguments: {d: 16, e: 8}' "data: {reader: scan_precomp(root=$work/pairs)}" \
  'task: matching' 'metrics: [recall]' 'train: {epochs: 1, batch: 8}' >"$work/pairs.yaml"
for t in 1 2; do
  "$A" bench "$work/pairs.yaml" --evaluate validation --threads $t --repeat 1 --json >"$work/evaluated$t" 2>"$work/stderr"
  is "bench an evaluation on $t threads" "0" "$?$(cat "$work/stderr")"
done
is "of every row" "{'picture': 70, 'caption': 700}" "$(ask "$work/evaluated1" "j['rows']")"
is "the same on one thread and two" "$(ask "$work/evaluated1" "j['results']")" "$(ask "$work/evaluated2" "j['results']")"
"$A" train "$work/pairs.yaml" --out "$work/paired" --set train.learning_rate=1e-12 >/dev/null 2>&1
is "what it finds is what attune eval finds" "$(ask "$work/evaluated1" "j['results']['rsum']")" \
  "$("$A" eval "$work/paired" --split validation --json | python3 -c 'import json, sys; print(float(json.load(sys.stdin)["rsum"]))')"
is "as text" "evaluation of \`dev\`: 70 of \`picture\`, 700 of \`caption\`; 2 threads, median of 2" \
  "$("$A" bench "$work/pairs.yaml" --evaluate validation --threads 2 --repeat 2 | head -n 1)"
refuses "an evaluation of a model" 2 'scan.att: --evaluate is for a run, which has data' \
  "$A" bench "$m/scan.att" --evaluate validation
refuses "with a batch" 2 'pairs.yaml: --batch is for steps of training, not for --evaluate' \
  "$A" bench "$work/pairs.yaml" --evaluate validation --batch 4

# ---- a model without a loss, and passes ----
echo 'model m { input x: real [a, b] output y = x |> relu }' >"$work/m.att"
is "without a loss it goes forward" "load forward step" \
  "$("$A" bench "$work/m.att" --repeat 1 --size b=7 | grep -oE '^(load|forward|backward|update|step) ' | xargs)"
is "a pass that is left out" "True" "$(
  "$A" bench "$m/scan.att" $small --no-pass gram --json >"$work/gram"
  ask "$work/gram" "j['phases']['forward']['flops'] != $(ask "$work/plain" "j['phases']['forward']['flops']")"
)"

# ---- single operators ----
"$A" bench --op all --repeat 1 --threads 2 --json >"$work/ops" 2>"$work/stderr"
is "bench operators" "0" "$?$(cat "$work/stderr")"
is "each has its cost on both ways" "[]" \
  "$(ask "$work/ops" "[(c['operator'], c['shape']) for c in j['cases'] if min(c[w][k] for w in ('forward', 'backward') for k in ('seconds', 'bytes')) <= 0]")"
is "that of a convolution is known" "$((2 * 16 * 14 * 14 * 256 * 256 * 9)).0" \
  "$(ask "$work/ops" "[c['forward']['flops'] for c in j['cases'] if c['shape'] == '3 x 3, [16, 256, 14, 14] -> 256'][0]")"
is "it goes back to its input and its weights" "2.0" \
  "$(ask "$work/ops" "[c['backward']['flops'] / c['forward']['flops'] for c in j['cases'] if c['operator'] == 'linear'][0]")"
is "one of them alone" "embed" "$("$A" bench --op embed --repeat 1 --threads 2 --json >"$work/op"; ask "$work/op" "j['cases'][0]['operator']")"
refuses "an operator without shapes" 2 'no shapes are known of an operator `conv`; did you mean `conv2d`' "$A" bench --op conv
refuses "an operator and a model" 2 'usage: attune bench' "$A" bench --op relu "$m/scan.att"
refuses "neither" 2 'usage: attune bench' "$A" bench

# ---- bad input ----
refuses "no such model" 2 'nowhere.att.*No such file' "$A" bench "$work/nowhere.att"
refuses "no such run" 2 'nowhere.yaml.*No such file' "$A" bench "$work/nowhere.yaml"
refuses "a pass of no name" 2 'no pass `grm`; there are gram' "$A" bench "$m/scan.att" --no-pass grm
refuses "a size of no axis" 2 'no size `regin` is open; did you mean `region`' "$A" bench "$m/scan.att" --size regin=3
refuses "no steps" 2 '--repeat is 0' "$A" bench "$m/scan.att" --repeat 0
refuses "sizes of a run" 2 'run.yaml: the data of a run say its sizes' "$A" bench "$work/run.yaml" --size region=3
refuses "passes of a run" 2 'run.yaml: --no-pass is for a model by itself' "$A" bench "$work/run.yaml" --no-pass gram
refuses "a key of no run" 2 'no key `train.batc`' "$A" bench "$work/run.yaml" --set train.batc=3
refuses "sizes that no memory holds" 1 'out of memory' "$A" bench "$m/scan.att" --size feature=2000000000
sed -i 's/relu/relo/' "$work/m.att"
refuses "a model with a mistake" 2 'no operator `relo`' "$A" bench "$work/m.att"
finish
