#!/usr/bin/env python3
"""BERT's encoder in PyTorch, written out after the paper with the names of its published files, and
random weights.

  bert.py make DIR       DIR/weights.safetensors, and DIR/case.npz with three texts of pieces
  bert.py compare DIR MINE   largest difference of MINE (attune run's npz), in deviations
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

from safetensors_file import write_safetensors

D, HEADS, LAYERS, FFN, PIECES = 24, 3, 4, 40, 60
LENGTHS = [5, 1, 9]


def weights():
    shapes = {"embeddings.word_embeddings.weight": [PIECES, D],
              "embeddings.position_embeddings.weight": [512, D],
              "embeddings.token_type_embeddings.weight": [2, D], "embeddings.LayerNorm": D}
    for i in range(LAYERS):
        at = f"encoder.layer.{i}."
        for name in ("query", "key", "value"):
            shapes[at + "attention.self." + name] = [D, D]
        shapes.update({at + "attention.output.dense": [D, D], at + "attention.output.LayerNorm": D,
                       at + "intermediate.dense": [FFN, D], at + "output.dense": [D, FFN],
                       at + "output.LayerNorm": D})
    w = {}
    for name, shape in shapes.items():
        if isinstance(shape, int):  # as the files of Google's first release call them
            w[name + ".gamma"] = torch.rand(shape) + 0.5
            w[name + ".beta"] = torch.randn(shape) * 0.3
        elif name.endswith(".weight"):
            w[name] = torch.randn(shape)
        else:
            w[name + ".weight"] = torch.randn(shape) * shape[1] ** -0.5
            w[name + ".bias"] = torch.randn(shape[0]) * 0.3
    return w


def encode(w, ids, layers):
    def norm(x, at):
        return F.layer_norm(x, (D,), w[at + ".gamma"], w[at + ".beta"], 1e-12)

    def linear(x, at):
        return F.linear(x, w[at + ".weight"], w[at + ".bias"])

    def heads(x):
        return x.reshape(len(ids), HEADS, -1).transpose(0, 1)

    x = norm(w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:len(ids)] +
             w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for i in range(layers):
        at = f"encoder.layer.{i}."
        q, k, v = (heads(linear(x, at + "attention.self." + n)) for n in ("query", "key", "value"))
        seen = torch.softmax(q @ k.transpose(1, 2) * (D // HEADS) ** -0.5, 2) @ v
        seen = seen.transpose(0, 1).reshape(len(ids), D)
        x = norm(x + linear(seen, at + "attention.output.dense"), at + "attention.output.LayerNorm")
        wide = F.gelu(linear(x, at + "intermediate.dense"))
        x = norm(x + linear(wide, at + "output.dense"), at + "output.LayerNorm")
    return x


def make(folder):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    w = weights()
    ids = [torch.randint(0, PIECES, (n,)) for n in LENGTHS]
    out = torch.cat([encode(w, i, 3) for i in ids])  # the first layers alone
    write_safetensors(folder + "/weights.safetensors", {"bert." + k: v.numpy() for k, v in w.items()})
    np.savez(folder + "/case.npz", **{"text": torch.cat(ids).numpy().astype(np.int32),
                                      "text.lengths": np.array(LENGTHS, np.int64), "states": out.numpy()})


def compare(folder, mine):
    want, got = np.load(folder + "/case.npz")["states"], np.load(mine)["out.states"]
    assert want.shape == got.shape, (want.shape, got.shape)
    print("%.1e" % (np.abs(want - got).max() / want.std()))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        compare(sys.argv[2], sys.argv[3])
