#!/usr/bin/env python3
"""Convolutions at the shapes of the models, attune beside PyTorch, alternately in one run.

    bench/conv.py --build build/release [--threads 2] [--rounds 3] [--repeat 3] [--markdown]

Forward, and backward to input and weights; the least time of all. `--cpu` compares seconds of the
processor in the place of time, for a machine on which other work runs. GFLOP/s count the
definition's arithmetic on both sides, whatever way a result is found.
"""
import argparse
import json
import os
import subprocess
import sys

ap = argparse.ArgumentParser()
ap.add_argument("--build", default="build/release")
ap.add_argument("--python", default="/usr/bin/python3", help="a Python that has torch")
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--repeat", type=int, default=3)
ap.add_argument("--cpu", action="store_true")
ap.add_argument("--markdown", action="store_true")
args = ap.parse_args()

# what, images, side, from, to, kernel, stride, padding
SHAPES = [
    ("MAC's stem 1", 64, 14, 1024, 512, 3, 1, 1),
    ("MAC's stem 2", 64, 14, 512, 512, 3, 1, 1),
    ("G up 8", 8, 8, 512, 512, 3, 1, 1),
    ("G up 16", 8, 16, 256, 256, 3, 1, 1),
    ("G up 32", 8, 32, 128, 128, 3, 1, 1),
    ("G up 64", 8, 64, 64, 64, 3, 1, 1),
    ("G residual", 8, 64, 64, 128, 3, 1, 1),
    ("G up 128", 8, 128, 64, 64, 3, 1, 1),
    ("G to RGB", 8, 128, 32, 3, 3, 1, 1),
    ("D first", 8, 128, 3, 64, 4, 2, 1),
    ("D down 32", 8, 64, 64, 128, 4, 2, 1),
    ("D down 16", 8, 32, 128, 256, 4, 2, 1),
    ("D down 8", 8, 16, 256, 512, 4, 2, 1),
    ("D down 4", 8, 8, 512, 1024, 4, 2, 1),
    ("D same", 8, 4, 1024, 512, 3, 1, 1),
    ("D joint", 8, 4, 768, 512, 3, 1, 1),
]

TORCH = r"""
import json, sys, time
import torch
threads, repeat, n, side, a, b, k, s, p = map(int, sys.argv[1:])
torch.set_num_threads(threads)
x = torch.randn(n, a, side, side, requires_grad=True)
conv = torch.nn.Conv2d(a, b, k, s, p, bias=False)
best = [1e9] * 4
for _ in range(repeat):
    t0, c0 = time.perf_counter(), time.process_time()
    y = conv(x)
    t1, c1 = time.perf_counter(), time.process_time()
    y.backward(torch.ones_like(y))
    t2, c2 = time.perf_counter(), time.process_time()
    x.grad = conv.weight.grad = None
    best = [min(o, v) for o, v in zip(best, (t1 - t0, t2 - t1, c1 - c0, c2 - c1))]
print(json.dumps(dict(zip(("forward", "backward", "forward_cpu", "backward_cpu"), best))))
"""


def run(cmd):
    env = dict(os.environ, OMP_NUM_THREADS=str(args.threads))
    p = subprocess.run(cmd, stdout=subprocess.PIPE, text=True, env=env)
    if p.returncode != 0:
        sys.exit("failed: " + " ".join(cmd[:2]))
    return json.loads(p.stdout.strip().splitlines()[-1])


def table_row(shape):
    what, n, side, a, b, k, s, p = shape
    numbers = [str(v) for v in (args.threads, args.repeat, *shape[1:])]
    model = os.path.join(os.path.dirname(os.path.abspath(__file__)), "conv.att")
    sides = {"ours": [os.path.join(args.build, "bench/conv"), model, *numbers],
             "torch": [args.python, "-c", TORCH, *numbers]}
    best = {}
    for _ in range(args.rounds):
        for name, cmd in sides.items():
            for key, v in run(cmd).items():
                best[name, key] = min(v, best.get((name, key), 1e9))
    out = (side + 2 * p - k) // s + 1
    flops = 2.0 * n * out * out * a * b * k * k
    suffix = "_cpu" if args.cpu else ""
    row = [what, f"{n} x {side} x {side} x {a} -> {b}, {k} x {k} / {s}"]
    for key, times in (("forward", 1), ("backward", 2)):
        ours, torch = best["ours", key + suffix], best["torch", key + suffix]
        row += [f"{times * flops / ours / 1e9:.0f}", f"{times * flops / torch / 1e9:.0f}",
                f"{torch / ours:.2f}"]
    return row


head = ["layer", "shape", "forward GFLOP/s", "PyTorch", "ratio", "backward GFLOP/s", "PyTorch", "ratio"]
rows = [head] + [table_row(shape) for shape in SHAPES]
width = [max(len(r[i]) for r in rows) for i in range(len(head))]
for i, r in enumerate(rows):
    line = " | ".join(c.ljust(w) for c, w in zip(r, width))
    print("| " + line + " |" if args.markdown else line)
    if i == 0:
        print("|" + "|".join("-" * (w + 2) for w in width) + "|" if args.markdown else "-" * len(line))
