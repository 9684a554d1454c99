#!/usr/bin/env python3
"""One full training step of a model, attune beside PyTorch, alternately in one run.

    bench/model_step.py --model scan|mac|attngan|m4c --build build/release --peers ../shared/peers [--rounds 3]

scan: batch 128, 36 regions x 2048 -> d = 1024, captions of 6 to 20 words. mac: batch 64,
14 x 14 x 1024 features, d = 512, 4 steps, questions of 10 to 24 words. attngan: batch 8, 64 x 64
and 128 x 128, generator 32 and discriminator 64 wide. m4c: batch 16, 4 layers, 768, 12 heads, 20 +
100 + 50 + 12 positions; --ragged: words, objects and tokens of lengths drawn as bench/cases.c says,
packed here and padded to the longest with masks there. Lengths are the same on both sides. Prints, for every pair of forms, seconds a step (median of the rounds'
medians, and the least step of all), the ratio of both, peak memory of both processes,
GFLOP/s, and attune's fraction of the sgemm peak measured in the same run; --json prints that as a list.

SCAN's forms: loop, one caption at a time as the reference does; vec, one product for all scores; gram, no contexts;
+fastgru, the GRU's weight gradient by one product for all time steps.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

ap = argparse.ArgumentParser()
ap.add_argument("--model", default="scan", choices=["scan", "mac", "attngan", "m4c"])
ap.add_argument("--build", default="build/release")
ap.add_argument("--peers", default="../shared/peers")
ap.add_argument("--python", default="/usr/bin/python3", help="a Python that has torch and numpy")
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--steps", type=int, default=4)
ap.add_argument("--scores", default="dot,general(side=query),activated_general(side=key, act=tanh)")
ap.add_argument("--variants", help="forms of the PyTorch model [scan: vec,gram,gram+fastgru; mac: inter,hoist]; the others have one")
ap.add_argument("--ragged", action="store_true", help="m4c: drawn lengths")
ap.add_argument("--cpu", action="store_true",
                help="m4c: seconds of the processor in the place of time, where other work disturbs")
ap.add_argument("--markdown", action="store_true")
ap.add_argument("--json", action="store_true")
args = ap.parse_args()
if args.model != "m4c" and (args.ragged or args.cpu):
    ap.error("--ragged and --cpu are of m4c alone")
variants = (args.variants or {"scan": "vec,gram,gram+fastgru", "mac": "inter,hoist"}.get(args.model, "-")).split(",")

# Our spelling -> theirs.
PEER = {
    "dot": "dot", "scaled_dot": "scaled_dot", "cosine": "cosine",
    "general(side=query)": "general_kwq", "general(side=key)": "general_qwk",
    "activated_general(side=key, act=tanh)": "activated_general_tanh_qwk",
}


def split(text):
    """Splits at commas outside parentheses."""
    out, depth, word = [], 0, ""
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            out.append(word.strip())
            word = ""
        else:
            word += c
    return out + [word.strip()]


def run(cmd, given=None):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, text=True, input=given)
    if p.returncode != 0:
        sys.exit("failed: " + " ".join(cmd))
    return json.loads(p.stdout.strip().splitlines()[-1])


def ours(score):
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    got = run([os.path.join(args.build, "bench/step"), "--model", args.model, "--file",
               os.path.join(top, "examples/models", args.model + ".att"), "--score", score,
               "--threads", str(args.threads), "--steps", str(args.steps),
               *(["--ragged", "drawn"] if args.ragged else [])])
    return timed(got)


def timed(got):
    return dict(got, step_s=got["cpu_s"], min_s=got["cpu_min_s"]) if args.cpu else got


def theirs(score, variant, lengths):
    if args.model == "m4c":
        here = os.path.dirname(os.path.abspath(__file__))
        return timed(run([args.python, os.path.join(here, "m4c_padded.py"), "--peers", args.peers,
                          "--score", PEER[score], "--threads", str(args.threads), "--steps",
                          str(args.steps), *(["--lengths", "-"] if lengths else [])],
                         lengths and json.dumps(lengths)))
    form, *extra = variant.split("+")
    return run([args.python, os.path.join(args.peers, "bench.py"), "--model", args.model, "--score",
                PEER[score], *([] if form == "-" else ["--variant", form]), *(["--fast-gru"] if extra else []), "--threads",
                str(args.threads), "--steps", str(args.steps)])


def median(runs, key):
    return statistics.median(r[key] for r in runs)


rows = []
for score in split(args.scores):
    mine, other = [], {v: [] for v in variants}
    for _ in range(args.rounds):
        mine.append(ours(score))
        for v in other:
            other[v].append(theirs(score, v, mine[-1].get("lengths")))
    for v, runs in other.items():
        a, b = median(mine, "step_s"), median(runs, "step_s")
        least = [min(r["min_s"] for r in group) for group in (mine, runs)]
        rows.append((score, v, a, b, b / a, *least, least[1] / least[0],
                     max(r["rss_mb"] for r in mine), max(r["rss_mb"] for r in runs),
                     median(mine, "gflops"), median(mine, "peak_fraction")))

if args.json:
    names = ("score", "form", "attune_s", "peer_s", "ratio", "attune_least_s", "peer_least_s", "least_ratio", "attune_mb",
             "peer_mb", "gflops", "of_peak")
    print(json.dumps([dict(zip(names, r)) for r in rows]))
    sys.exit()
head = ("score", "PyTorch form", "attune s", "PyTorch s", "speed-up", "attune least s",
        "PyTorch least s", "speed-up", "attune MB", "PyTorch MB", "GFLOP/s", "of sgemm peak")
fmt = lambda r: (*r[:2], *("%.2f" % v for v in r[2:8]), *("%.0f" % v for v in r[8:11]),
                 "%.0f %%" % (100 * r[11]))
table = [head] + [fmt(r) for r in rows]
width = [max(len(r[i]) for r in table) for i in range(len(head))]
for i, r in enumerate(table):
    line = " | ".join(c.ljust(w) for c, w in zip(r, width))
    print("| " + line + " |" if args.markdown else line)
    if i == 0:
        print("|" + "|".join("-" * (w + 2) for w in width) + "|" if args.markdown else "-" * len(line))
