#!/usr/bin/env python3
"""All similarities of SCAN's pictures and captions in PyTorch, beside `attune bench RUN --evaluate`.

    bench/evaluate_peer.py --peers ../shared/peers --data DIR --form gram [--block 128x128]

DIR holds dev_ims.npy and dev_caps.txt as for scan_precomp, the words called w0 to w8478.

Both sides are encoded once, without gradients, captions sorted by length; then block by block of pictures and captions.
Forms: gram and vec score all pairs of a block by one product (peers/scan.py); loop takes one caption at a time against
all pictures of a block, as the reference does. --limit PxC works out that many pairs only, and says what all
would take at that rate. Prints one line of JSON.
"""
import argparse
import json
import os
import resource
import sys

ap = argparse.ArgumentParser()
ap.add_argument("--peers", default="../shared/peers")
ap.add_argument("--data", required=True)
ap.add_argument("--form", default="gram", choices=["gram", "vec", "loop"])
ap.add_argument("--block", default="128x128", help="pictures x captions of a block")
ap.add_argument("--encode", type=int, default=128, help="rows encoded at a time")
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--limit", help="pictures x captions of which similarities are worked out")
args = ap.parse_args()
env = {"ATEN_CPU_CAPABILITY": "avx512",
       "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=17179869184:glibc.malloc.trim_threshold=34359738368"}
for k in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS"):
    env[k] = str(args.threads)
if os.environ.get("_PEER_ENV") != "1":  # as peers/bench.py: the tunables need a fresh process
    os.environ.update(env, _PEER_ENV="1")
    os.execv(sys.executable, [sys.executable] + sys.argv)

import time

import numpy as np
import torch

sys.path.insert(0, args.peers)
import scan

torch.set_num_threads(args.threads)
torch.manual_seed(0)
model = scan.Scan(scan.FULL, "dot", "t2i", "Mean", args.form)
images = torch.from_numpy(np.load(os.path.join(args.data, "dev_ims.npy")))
texts = [[int(w[1:]) for w in line.split()] for line in open(os.path.join(args.data, "dev_caps.txt"))]
texts.sort(key=len, reverse=True)
lengths = [len(t) for t in texts]
ids = torch.zeros(len(texts), lengths[0], dtype=torch.long)
for i, t in enumerate(texts):
    ids[i, :len(t)] = torch.tensor(t)
bp, bc = (int(v) for v in args.block.split("x"))
few = (len(images), len(texts)) if not args.limit else [int(v) for v in args.limit.split("x")]


def encode(fn, n):
    return torch.cat([fn(i, min(i + args.encode, n)) for i in range(0, n, args.encode)])


def words(i, j):  # padded to the longest of all
    out = model.encode_text(ids[i:j, :lengths[i]], lengths[i:j])
    return torch.nn.functional.pad(out, (0, 0, 0, lengths[0] - out.size(1)))


with torch.no_grad():
    model.encode_image(images[:8])
    began = time.perf_counter()
    V = encode(lambda i, j: model.encode_image(images[i:j]), len(images))
    W = encode(words, len(texts))
    encoded = time.perf_counter()
    S = torch.empty(len(images), len(texts))
    # captions of all lengths in a limited part
    chosen = list(range(0, len(texts), max(1, len(texts) // few[1])))[:few[1]]
    for c in range(0, len(chosen), bc):
        part = chosen[c:c + bc]
        some = W[part[0]:part[-1] + 1] if few[1] == len(texts) else W[part]
        some = some[:, :lengths[part[0]]]
        for p in range(0, few[0], bp):
            sims = model.sims(V[p:min(p + bp, few[0])], some, [lengths[i] for i in part])
            S[p:p + len(sims), c:c + len(part)] = sims
    ended = time.perf_counter()

pairs, all_pairs = few[0] * len(chosen), len(images) * len(texts)
spent = ended - encoded
print(json.dumps({"form": args.form, "block": args.block, "encode_s": round(encoded - began, 3), "pairs": pairs,
                  "pairs_s": round(spent, 3), "seconds": round(encoded - began + spent * all_pairs / pairs, 3),
                  "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))
