"""FID, Inception Score and R-precision of what the metric `seen` wrote down, by numpy.

    picture_metrics.py weights FILE [SEED [SIDE]]   weights of tests/e2e/picture_metrics.sh's tiny.att
    picture_metrics.py compare FILE SEEN RESULTS     NAME and relative distance of each result
"""
import json
import os
import struct
import sys

import numpy as np

SIDE, FEATURES, CLASSES, SPLITS, FOLDS = 16, 4, 5, 4, 4


def write_weights(path, seed=0, side=SIDE):
    rng = np.random.RandomState(seed)
    shapes = {"features.weight": (FEATURES, 3 * side), "features.bias": (FEATURES,),
              "classes.weight": (CLASSES, FEATURES), "classes.bias": (CLASSES,)}
    head, data = {}, b""
    for name, shape in shapes.items():
        v = rng.standard_normal(shape).astype("<f4").tobytes()
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(v)]}
        data += v
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def read_weights(path):
    with open(path, "rb") as f:
        n, = struct.unpack("<Q", f.read(8))
        head, data = json.loads(f.read(n)), f.read()
    return {k: np.frombuffer(data[slice(*t["data_offsets"])], "<f4").reshape(t["shape"]).astype(float)
            for k, t in head.items()}


def network(w, rgb):
    x = (rgb.reshape(-1, SIDE, SIDE, 3) / 127.5 - 1).mean(1).reshape(len(rgb), -1)
    f = x @ w["features.weight"].T + w["features.bias"]
    return f, f @ w["classes.weight"].T + w["classes.bias"]


def parts(n, k):
    return [slice(i * n // k, (i + 1) * n // k) for i in range(k)]


def inception_score(logits):
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    v = [np.exp((q * np.log(q / q.mean(0))).sum(1).mean()) for q in (p[s] for s in parts(len(p), SPLITS))]
    return np.mean(v), np.std(v)


def fid(a, b):
    c, d = np.cov(a.T), np.cov(b.T)
    root = np.sqrt(np.linalg.eigvals(c @ d).astype(complex)).real.sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(c) + np.trace(d) - 2 * root


def r_precision(pictures, captions, owner):
    """Against all captions of other pictures: no draw."""
    cos = (pictures / np.linalg.norm(pictures, axis=1, keepdims=True)) @ \
          (captions / np.linalg.norm(captions, axis=1, keepdims=True)).T
    hit = [all(cos[i, i] > cos[i, j] for j in range(len(owner)) if owner[j] != owner[i])
           for i in range(len(owner))]
    v = [100 * np.mean(hit[s]) for s in parts(len(hit), FOLDS)]
    return np.mean(v), np.std(v)


def compare(weights, seen, results):
    read = lambda name, kind: np.fromfile(os.path.join(seen, name), kind)
    w = read_weights(weights)
    made, real = (read(n, np.uint8).reshape(-1, SIDE * SIDE * 3).astype(float) for n in ("made", "real"))
    owner = read("picture", np.int64)
    real = real[np.unique(owner, return_index=True)[1]]
    codes = [read(n, np.float32).reshape(len(owner), -1).astype(float)
             for n in ("picture_code", "caption_code")]
    (f, logits), (g, real_logits) = network(w, made), network(w, real)
    mine = json.load(open(results))
    want = {"fid.tiny": fid(f, g), "inception_score_real.tiny": inception_score(real_logits)[0]}
    want["inception_score.tiny"], want["inception_score_deviation.tiny"] = inception_score(logits)
    want["r_precision.own"], want["r_precision_deviation.own"] = r_precision(*codes, owner)
    for name, value in want.items():
        print(name, abs(mine[name] - value) / max(1e-3, abs(value)), value, mine[name])


if __name__ == "__main__":
    if sys.argv[1] == "weights":
        write_weights(sys.argv[2], *map(int, sys.argv[3:]))
    else:
        compare(*sys.argv[2:])
