#!/usr/bin/env python3
"""One full SCAN training step, attune beside PyTorch, alternately in one run.

    bench/scan_step.py --build build/release --peers ../shared/peers [--threads 2] [--rounds 3]

Batch 128, 36 regions x 2048 -> d = 1024, captions of 6 to 20 words (the same
lengths on both sides). Prints, for every pair of forms, seconds a step (median of
all rounds), the ratio, peak memory of both processes, GFLOP/s, and attune's
fraction of the sgemm peak measured in the same run.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

ap = argparse.ArgumentParser()
ap.add_argument("--build", default="build/release")
ap.add_argument("--peers", default="../shared/peers")
ap.add_argument("--python", default="/usr/bin/python3", help="a Python that has torch and numpy")
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--steps", type=int, default=4)
ap.add_argument("--scores", default="dot,general(side=query),activated_general(side=key, act=tanh)")
ap.add_argument("--variants", default="vec,gram", help="forms of the PyTorch model")
ap.add_argument("--markdown", action="store_true")
args = ap.parse_args()

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


def run(cmd):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, text=True)
    if p.returncode != 0:
        sys.exit("failed: " + " ".join(cmd))
    return json.loads(p.stdout.strip().splitlines()[-1])


def ours(score, extra=()):
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return run([os.path.join(args.build, "bench/step"), os.path.join(top, "examples/models/scan.att"),
                "--score", score, "--threads", str(args.threads), "--steps", str(args.steps), *extra])


def theirs(score, variant):
    return run([args.python, os.path.join(args.peers, "bench.py"), "--model", "scan", "--score",
                PEER[score], "--variant", variant, "--threads", str(args.threads), "--steps",
                str(args.steps)])


rows = []
for score in split(args.scores):
    mine, other = [], {v: [] for v in args.variants.split(",")}
    for _ in range(args.rounds):
        mine.append(ours(score))
        for v in other:
            other[v].append(theirs(score, v))
    for v, runs in other.items():
        a = statistics.median(r["step_s"] for r in mine)
        b = statistics.median(r["step_s"] for r in runs)
        rows.append((score, v, a, b, b / a, max(r["rss_mb"] for r in mine),
                     max(r["rss_mb"] for r in runs), statistics.median(r["gflops"] for r in mine),
                     statistics.median(r["peak_fraction"] for r in mine)))

head = ("score", "PyTorch form", "attune s", "PyTorch s", "speed-up", "attune MB", "PyTorch MB",
        "GFLOP/s", "of sgemm peak")
fmt = lambda r: (r[0], r[1], "%.2f" % r[2], "%.2f" % r[3], "%.2f" % r[4], "%.0f" % r[5],
                 "%.0f" % r[6], "%.0f" % r[7], "%.0f %%" % (100 * r[8]))
table = [head] + [fmt(r) for r in rows]
width = [max(len(r[i]) for r in table) for i in range(len(head))]
for i, r in enumerate(table):
    line = " | ".join(c.ljust(w) for c, w in zip(r, width))
    print("| " + line + " |" if args.markdown else line)
    if i == 0:
        print("|" + "|".join("-" * (w + 2) for w in width) + "|" if args.markdown else "-" * len(line))
