#!/usr/bin/env python3
"""A training step of ../shared/peers' M4C on given lengths, padded to the longest with its masks.

    bench/m4c_padded.py --peers ../shared/peers --threads 1 --steps 4 [--lengths FILE.json]

Lengths: {"word": [...], "object": [...], "token": [...]}, a number for each question; without them
all are as long as the peer's defaults. Prints a line of JSON: seconds of a step (median and least),
of its processor time, and peak memory. Same environment as the peers' bench.py.
"""
import argparse
import json
import os
import resource
import statistics
import sys
import time

ap = argparse.ArgumentParser()
ap.add_argument("--peers", default="../shared/peers")
ap.add_argument("--score", default="dot")
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--steps", type=int, default=4)
ap.add_argument("--lengths", help="JSON; - reads standard input")
args = ap.parse_args()

ENVIRONMENT = {
    "ATEN_CPU_CAPABILITY": "avx512", "OMP_NUM_THREADS": str(args.threads),
    "BLIS_NUM_THREADS": str(args.threads),
    "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=17179869184:glibc.malloc.trim_threshold=34359738368"}
if os.environ.get("ATTUNE_BENCH_PEER") != "1":  # the allocator reads its tunables when a process begins
    os.environ.update(ENVIRONMENT, ATTUNE_BENCH_PEER="1")
    os.execv(sys.executable, [sys.executable] + sys.argv)

import numpy as np
import torch

sys.path.insert(0, args.peers)
import m4c

torch.set_num_threads(args.threads)
lengths, sizes = None, {}
if args.lengths:
    with (sys.stdin if args.lengths == "-" else open(args.lengths)) as f:
        lengths = json.load(f)
    sizes = {"batch": len(lengths["word"]), "q": max(lengths["word"]), "obj": max(lengths["object"]),
             "ocr": max(lengths["token"])}
trainer, batch, _, _ = m4c.build(args.score, sizes)
size = dict(m4c.FULL, **sizes)
for mask, n, axis in (("q_mask", size["q"], "word"), ("obj_mask", size["obj"], "object"),
                      ("ocr_mask", size["ocr"], "token")):
    of = np.array(lengths[axis] if lengths else [n] * size["batch"])
    batch[mask] = torch.from_numpy((np.arange(n)[None] < of[:, None]).astype("float32"))


def spent():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


trainer.step(batch)
seconds, cpu = [], []
for _ in range(args.steps):
    t, c = time.perf_counter(), spent()
    trainer.step(batch)
    seconds.append(time.perf_counter() - t)
    cpu.append(spent() - c)
print(json.dumps({"step_s": statistics.median(seconds), "min_s": min(seconds),
                  "cpu_s": statistics.median(cpu), "cpu_min_s": min(cpu),
                  "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
