"""Writes safetensors files, without the package of that name."""
import json
import struct

import numpy as np


def write_safetensors(path, arrays):
    kinds = {np.dtype("float32"): "F32", np.dtype("int64"): "I64"}
    head, at, parts = {}, 0, []
    for name, a in arrays.items():
        data = np.ascontiguousarray(a).tobytes()
        head[name] = {"dtype": kinds[a.dtype], "shape": list(a.shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
        parts.append(data)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        f.writelines(parts)
