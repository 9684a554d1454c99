#!/usr/bin/env python3
"""Pictures and captions of SCAN's sizes for `attune bench RUN.yaml --evaluate dev` and evaluate_peer.py.

    bench/evaluate_data.py DIR [--pictures 1000] [--captions 5] [--regions 36] [--features 2048]

Writes dev_ims.npy, dev_caps.txt and a run, scan.yaml; and train_ims.npy and train_caps.txt, one picture with a caption of
all words, w0 to w8478, so that the vocabulary is about that of bench/step. Numbers are normal, the lengths of captions
those of bench/cases.c, and nothing is put around them, as evaluate_peer.py puts nothing.
"""
import argparse
import os

import numpy as np

# Captions of each length in 128.
LENGTHS = {19: 1, 18: 6, 17: 5, 16: 4, 15: 8, 14: 9, 13: 19, 12: 16, 11: 17, 10: 15, 9: 13, 8: 9, 7: 6}
RUN = """model: {model}
arguments:
  d: 1024
data:
  reader: scan_precomp(root={root})
  vocabulary:
    ends: false
task: matching
metrics: [recall, median_rank]
train:
  epochs: 1
  batch: 128
seed: 0
"""

ap = argparse.ArgumentParser()
ap.add_argument("dir")
ap.add_argument("--pictures", type=int, default=1000)
ap.add_argument("--captions", type=int, default=5, help="of each picture")
ap.add_argument("--regions", type=int, default=36)
ap.add_argument("--features", type=int, default=2048)
ap.add_argument("--words", type=int, default=8479)
ap.add_argument("--model", help="a model file; the examples' scan.att")
args = ap.parse_args()

rng = np.random.default_rng(0)
each = np.array([n for n, times in LENGTHS.items() for _ in range(times)])
root = os.path.abspath(args.dir)
model = args.model or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "models", "scan.att")
os.makedirs(root, exist_ok=True)


def split(name, pictures, captions):
    path = os.path.join(root, name + "_ims.npy")
    out = np.lib.format.open_memmap(path, "w+", np.float32, (pictures, args.regions, args.features))
    for i in range(pictures):
        out[i] = rng.standard_normal(out.shape[1:], np.float32)
    out.flush()
    with open(os.path.join(root, name + "_caps.txt"), "w") as f:
        for ids in captions:
            print(" ".join(f"w{i}" for i in ids), file=f)


n = args.pictures * args.captions
split("dev", args.pictures, (rng.integers(0, args.words, rng.choice(each)) for _ in range(n)))
split("train", 1, [range(args.words)])
with open(os.path.join(root, "scan.yaml"), "w") as f:
    f.write(RUN.format(model=os.path.abspath(model), root=root))
