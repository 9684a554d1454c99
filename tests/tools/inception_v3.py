#!/usr/bin/env python3
"""Inception-v3 in PyTorch, written out after the paper with torchvision's names, and random weights.

  inception_v3.py make DIR SIDE      DIR/weights.safetensors, and DIR/case.npz with a picture or two
  inception_v3.py compare DIR MINE   largest difference of MINE (attune run's npz), in deviations
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from safetensors_file import write_safetensors


class Unit(nn.Module):
    def __init__(self, n_in, n_out, **k):
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, bias=False, **k)
        self.bn = nn.BatchNorm2d(n_out, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


def row(n_in, n_out):
    return Unit(n_in, n_out, kernel_size=(1, 7), padding=(0, 3))


def column(n_in, n_out):
    return Unit(n_in, n_out, kernel_size=(7, 1), padding=(3, 0))


def pooled(x):
    return F.avg_pool2d(x, 3, stride=1, padding=1)


class A(nn.Module):
    def __init__(self, n, pool):
        super().__init__()
        self.branch1x1 = Unit(n, 64, kernel_size=1)
        self.branch5x5_1 = Unit(n, 48, kernel_size=1)
        self.branch5x5_2 = Unit(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = Unit(n, 64, kernel_size=1)
        self.branch3x3dbl_2 = Unit(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = Unit(96, 96, kernel_size=3, padding=1)
        self.branch_pool = Unit(n, pool, kernel_size=1)

    def forward(self, x):
        return torch.cat([self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)),
                          self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
                          self.branch_pool(pooled(x))], 1)


class B(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.branch3x3 = Unit(n, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = Unit(n, 64, kernel_size=1)
        self.branch3x3dbl_2 = Unit(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = Unit(96, 96, kernel_size=3, stride=2)

    def forward(self, x):
        return torch.cat([self.branch3x3(x),
                          self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
                          F.max_pool2d(x, 3, stride=2)], 1)


class C(nn.Module):
    def __init__(self, n, c):
        super().__init__()
        self.branch1x1 = Unit(n, 192, kernel_size=1)
        self.branch7x7_1 = Unit(n, c, kernel_size=1)
        self.branch7x7_2 = row(c, c)
        self.branch7x7_3 = column(c, 192)
        self.branch7x7dbl_1 = Unit(n, c, kernel_size=1)
        self.branch7x7dbl_2 = column(c, c)
        self.branch7x7dbl_3 = row(c, c)
        self.branch7x7dbl_4 = column(c, c)
        self.branch7x7dbl_5 = row(c, 192)
        self.branch_pool = Unit(n, 192, kernel_size=1)

    def forward(self, x):
        b = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        d = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        d = self.branch7x7dbl_5(self.branch7x7dbl_4(d))
        return torch.cat([self.branch1x1(x), b, d, self.branch_pool(pooled(x))], 1)


class D(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.branch3x3_1 = Unit(n, 192, kernel_size=1)
        self.branch3x3_2 = Unit(192, 320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = Unit(n, 192, kernel_size=1)
        self.branch7x7x3_2 = row(192, 192)
        self.branch7x7x3_3 = column(192, 192)
        self.branch7x7x3_4 = Unit(192, 192, kernel_size=3, stride=2)

    def forward(self, x):
        b = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        return torch.cat([self.branch3x3_2(self.branch3x3_1(x)), self.branch7x7x3_4(b),
                          F.max_pool2d(x, 3, stride=2)], 1)


class E(nn.Module):
    def __init__(self, n):
        super().__init__()
        flat, tall = {"kernel_size": (1, 3), "padding": (0, 1)}, {"kernel_size": (3, 1), "padding": (1, 0)}
        self.branch1x1 = Unit(n, 320, kernel_size=1)
        self.branch3x3_1 = Unit(n, 384, kernel_size=1)
        self.branch3x3_2a = Unit(384, 384, **flat)
        self.branch3x3_2b = Unit(384, 384, **tall)
        self.branch3x3dbl_1 = Unit(n, 448, kernel_size=1)
        self.branch3x3dbl_2 = Unit(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = Unit(384, 384, **flat)
        self.branch3x3dbl_3b = Unit(384, 384, **tall)
        self.branch_pool = Unit(n, 192, kernel_size=1)

    def forward(self, x):
        b, d = self.branch3x3_1(x), self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        return torch.cat([self.branch1x1(x), self.branch3x3_2a(b), self.branch3x3_2b(b),
                          self.branch3x3dbl_3a(d), self.branch3x3dbl_3b(d),
                          self.branch_pool(pooled(x))], 1)


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.Conv2d_1a_3x3 = Unit(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = Unit(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = Unit(32, 64, kernel_size=3, padding=1)
        self.Conv2d_3b_1x1 = Unit(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = Unit(80, 192, kernel_size=3)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = A(192, 32), A(256, 64), A(288, 64)
        self.Mixed_6a = B(288)
        self.Mixed_6b, self.Mixed_6c = C(768, 128), C(768, 160)
        self.Mixed_6d, self.Mixed_6e = C(768, 160), C(768, 192)
        self.Mixed_7a, self.Mixed_7b, self.Mixed_7c = D(768), E(1280), E(2048)
        self.fc = nn.Linear(2048, 1000)

    def forward(self, x):
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, stride=2)))
        x = F.max_pool2d(x, 3, stride=2)
        for name in "5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c".split():
            x = getattr(self, "Mixed_" + name)(x)
        features = x.mean((2, 3))
        return features, self.fc(features)


def make(folder, side):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    net = Inception().eval()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.2)
            m.running_var.uniform_(0.1, 0.4)
            nn.init.uniform_(m.weight, 0.5, 1.5)
            nn.init.normal_(m.bias, 0, 0.2)
    x = torch.rand(2, 3, side, side) * 2 - 1
    with torch.no_grad():
        features, logits = net(x)
    write_safetensors(folder + "/weights.safetensors", {k: v.numpy() for k, v in net.state_dict().items()})
    np.savez(folder + "/case.npz", **{"in.image": x.permute(0, 2, 3, 1).numpy().copy(),
                                      "out.features": features.numpy(), "out.logits": logits.numpy()})


def compare(folder, mine):
    want, got = np.load(folder + "/case.npz"), np.load(mine)
    for name in ("out.features", "out.logits"):
        assert want[name].shape == got[name].shape, (name, want[name].shape, got[name].shape)
        print(name, "%.1e" % (np.abs(want[name] - got[name]).max() / want[name].std()))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]))
    else:
        compare(sys.argv[2], sys.argv[3])
