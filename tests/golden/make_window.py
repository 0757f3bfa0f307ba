#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes image_window.bin beside this file: pictures of more than 8 bits, and what each window shows of them, after numpy.

    python3 tests/golden/make_window.py

Needs Pillow. Records: name (24 bytes); window, has a range, h, w, c, file's size (6 x int32); low and high given (2 x float); low
and high in use, those of the type (4 x double); file; pixels. Little-endian.
"""
import os
import struct
import zlib

import numpy as np

from make_tiff import BLACK, RGB, WHITE, tiff

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(11)
FULL, AUTO, RANGE = range(3)
H, W = 23, 29


def png(samples, colour):
    """16 bits a sample."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 16, colour, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def pnm(samples, most):
    kind = b"P5" if samples.shape[2] == 1 else b"P6"
    return kind + b" %d %d %d\n" % (W, H, most) + samples.astype(">u2" if most > 255 else "u1").tobytes()


def spread(low, high, channels=1):
    """Most values in the middle, and outliers that a window leaves out."""
    x = RNG.normal((low + high) / 2, (high - low) / 8, (H, W, channels))
    x[0, 0], x[0, 1], x[5, 5] = low, high, high
    return np.clip(x, low, high)


def pictures():
    """Name, file, samples (colours first), type's low and high, alpha, inverted."""
    twelve = spread(0, 4095).astype(np.uint16)
    yield "PNG of 12 bits in 16", png(twelve, 0), twelve, 0, 65535, False, False
    yield "TIFF of 12 bits in 16", tiff(twelve, BLACK), twelve, 0, 65535, False, False
    yield "PGM of 12 bits", pnm(twelve, 4095), twelve, 0, 4095, False, False
    rgb = spread(200, 60000, 3).astype(np.uint16)
    yield "PNG RGB", png(rgb, 2), rgb, 0, 65535, False, False
    yield "PPM of 65535", pnm(rgb, 65535), rgb, 0, 65535, False, False
    yield "TIFF RGB in tiles", tiff(rgb, RGB, tile=(16, 16), order=">"), rgb, 0, 65535, False, False
    yield "TIFF white is 0", tiff(rgb[..., :1], WHITE), rgb[..., :1], 0, 65535, False, True
    rgba = np.concatenate([spread(3000, 9000, 3), RNG.integers(0, 4, (H, W, 1)) * 21845], 2).astype(np.uint16)
    rgba[0, :, :3], rgba[0, :, 3] = 65535, 0  # nothing that one sees
    yield "PNG RGBA", png(rgba, 6), rgba, 0, 65535, True, False
    yield "TIFF RGBA", tiff(rgba, RGB, extra=[2]), rgba, 0, 65535, True, False
    short = spread(-1500, 3000).astype(np.int16)
    yield "int16", tiff(short, BLACK), short, -32768, 32767, False, False
    wide = spread(1e6, 3e6).astype(np.uint32)
    yield "uint32", tiff(wide, BLACK), wide, 0, 2 ** 32 - 1, False, False
    long = spread(-2e9, 1.5e9).astype(np.int32)
    yield "int32", tiff(long, BLACK), long, -2 ** 31, 2 ** 31 - 1, False, False
    real = spread(-700, 1800).astype(np.float32)
    real[3, 3], real[4, 4], real[5, 6], real[6, 6] = np.nan, np.inf, -np.inf, -0.0
    yield "float32", tiff(real, BLACK), real, 0, 1, False, False
    small = spread(1e-4, 2e-3, 3).astype(np.float64).astype(np.float32).astype(np.float64)
    yield "float64 RGB", tiff(small, RGB), small, 0, 1, False, False
    half = spread(0.25, 0.5).astype(np.float16)
    yield "float16", tiff(half, BLACK), half, 0, 1, False, False
    flat = np.full((H, W, 1), 777, np.uint16)
    yield "flat", png(flat, 0), flat, 0, 65535, False, False
    yield "nothing finite", tiff(np.full((H, W, 1), np.nan, np.float32), BLACK), np.full((H, W, 1), np.nan), 0, 1, False, False
    byte = RNG.integers(0, 256, (H, W, 1), dtype=np.uint8)
    yield "8 bits", tiff(byte, BLACK), byte, 0, 255, False, False
    yield "PGM of 100", pnm(byte % 101, 100), byte % 101, 0, 100, False, False


def shown(x, low, high, full_high, alpha, inverted):
    x = x.astype(np.float64)
    colours = x[..., :-1] if alpha else x
    colours = np.nan_to_num(colours, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    with np.errstate(all="ignore"):
        unit = np.clip((colours - low) / (high - low), 0, 1) if high > low else (colours > low).astype(float)
    unit = 1 - unit if inverted else unit
    if alpha:
        a = x[..., -1:] / full_high
        unit = unit * a + (1 - a)
    return np.floor(unit * 255 + 0.5).astype(np.uint8)


def percentiles(x, alpha):
    """Of finite samples that can be seen."""
    seen = x[x[..., -1] > 0][:, :-1] if alpha else x
    seen = seen[np.isfinite(seen)]
    if seen.size == 0:
        return None
    return float(np.percentile(seen, 0.1, method="lower")), float(np.percentile(seen, 99.9, method="higher"))


def records():
    for name, data, x, full_low, full_high, alpha, inverted in pictures():
        deep = x.dtype.itemsize > 1
        found = percentiles(x, alpha) or (full_low, full_high)
        middle = tuple(float(np.float32(v)) for v in (0.75 * found[0] + 0.25 * found[1], 0.25 * found[0] + 0.75 * found[1]))
        for window, given in ((FULL, (0, 0)), (AUTO, (0, 0)), (RANGE, middle)):
            low, high = (full_low, full_high) if window == FULL or not deep else found if window == AUTO else given
            pixels = shown(x, low, high, full_high, alpha, inverted)
            yield (struct.pack("<24s6i2f4d", name.encode(), window, deep, *pixels.shape, len(data), *given, low, high, full_low, full_high)
                   + data + pixels.tobytes())


if __name__ == "__main__":
    found = list(records())
    with open(os.path.join(HERE, "image_window.bin"), "wb") as file:
        file.write(b"".join(found))
        print(len(found), "records,", file.tell(), "bytes")
