# SPDX-License-Identifier: Apache-2.0
"""Weights and pictures that are formulas, written again in tests/formulas.h, so that golden files need not hold them."""
import numpy as np
import torch


def hashed(name, count):
    """Numbers in [-1, 1) from a tensor's name and the place in it: FNV-1a of the name, then Murmur3's finisher."""
    h = 2166136261
    for byte in name.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(h)
        x = (x ^ x >> np.uint32(16)) * np.uint32(0x85EBCA6B)
        x = (x ^ x >> np.uint32(13)) * np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    return x / 2.0**31 - 1


def weights(name, *shape):
    """The tensor of this name: He's variance for matrices and kernels, near 1 for norms."""
    count = int(np.prod(shape))
    u = hashed(name, count)
    if name.endswith("running_var"):
        u = 1 + 0.4 * u
    elif name.endswith((".bias", "_bias", "running_mean")):
        u = 0.1 * u
    elif len(shape) in (2, 4):
        u = u * np.sqrt(6 / (count / shape[0]))
    elif len(shape) == 1:
        u = 1 + 0.2 * u
    else:  # tokens, positions, scales
        u = 0.5 * u
    return torch.tensor(u.astype(np.float32)).double().reshape(shape)


def pictures(count, height, width, channels):
    """Waves of another direction, period and colour in each picture; (count, height, width, channels) of 0..255."""
    n, y, x, c = torch.meshgrid(*(torch.arange(k) for k in (count, height, width, channels)), indexing="ij")
    return ((x * (n + 1) * 5 + y * (7 - n) * 3 + c * (40 + 13 * n) + (x * y * (n % 3 + 1)) // 4) % 256).double()


def normalised(pixels):
    """(N, C, H, W) of -1..1."""
    return ((pixels - 127.5) / 127.5).permute(0, 3, 1, 2)


def c_rows(logits):
    """The initialiser of a float[][]."""
    return "{" + ", ".join("{" + ", ".join(f"{v:.7e}f" for v in row) + "}" for row in logits.tolist()) + "}"
