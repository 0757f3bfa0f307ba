#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes image_resize_pairs.bin beside this file: 200 pairs of sizes, resized by Pillow with each of four filters.

    python3 tests/golden/make_resize.py

Pillow 13 or later, as in make_image.py. Records: seed, h, w, c, out_h, out_w, CRC-32 of the pixels after bilinear, bicubic,
Lanczos and box (10 x uint32, little-endian). The pictures are the tests' noise, the hardest content there is.
"""
import os
import random
import struct
import zlib

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
FILTERS = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX]


def noise(seed, height, width, channels):
    """As in the tests, x = x * 1664525 + 1013904223 mod 2^32 and its top byte, for all places at once."""
    powers = np.cumprod(np.full(height * width * channels, 1664525, np.uint32), dtype=np.uint32)
    sums = np.cumsum(np.concatenate([[1], powers[:-1]]).astype(np.uint32), dtype=np.uint32)
    values = powers * np.uint32(seed) + sums * np.uint32(1013904223)
    pixels = (values >> 24).astype(np.uint8)
    return pixels.reshape((height, width) if channels == 1 else (height, width, channels))


def side(rng):
    """Mostly ordinary, now and then one pixel or very long."""
    kind = rng.random()
    return 1 if kind < 0.08 else rng.randint(2, 9) if kind < 0.2 else rng.randint(1000, 3000) if kind < 0.25 else rng.randint(10, 300)


def pairs():
    """The ends first: to and from one pixel, the same size, one side the same, extreme ratios; then random ones."""
    yield from [(1, 1, 1, 1), (1, 1, 300, 200), (300, 200, 1, 1), (64, 48, 64, 48), (64, 48, 64, 13), (64, 48, 13, 48), (64, 48, 128, 48),
                (1, 3000, 3, 2), (3000, 1, 2, 3), (2, 3, 1, 3000), (2, 3, 3000, 1), (299, 300, 300, 299), (512, 512, 224, 224), (375, 500, 256, 341)]
    rng = random.Random(9)
    while True:
        yield tuple(side(rng) for _ in range(4))


if __name__ == "__main__":
    records = []
    for number, (h, w, oh, ow) in zip(range(200), (p for p in pairs() if p[0] * p[1] <= 300000 and p[2] * p[3] <= 300000)):
        channels = 3 if number % 3 else 1
        picture = Image.fromarray(noise(number, h, w, channels))
        sums = [zlib.crc32(picture.resize((ow, oh), f).tobytes()) for f in FILTERS]
        records.append(struct.pack("<10I", number, h, w, channels, oh, ow, *sums))
    with open(os.path.join(HERE, "image_resize_pairs.bin"), "wb") as file:
        file.write(b"".join(records))
        print(len(records), "records,", file.tell(), "bytes")
