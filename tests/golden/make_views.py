#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes image_views.bin beside this file: torchvision's FiveCrop and TenCrop after a resize.

    python3 tests/golden/make_views.py

Numbers are little-endian. A record: seed, h, w, side, mode, interpolation, views (7 x int32), crop_fraction (float), and the views'
pixels (RGB) one behind the other.
"""
import os
import random
import struct

import numpy as np
from PIL import Image
from torchvision import transforms

HERE = os.path.dirname(os.path.abspath(__file__))
FILTERS = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX]
CROP, SQUASH, LETTERBOX = range(3)


def noise(seed, height, width, channels):
    """The same generator as in the tests: x = x * 1664525 + 1013904223 mod 2^32, its top byte."""
    out, x = bytearray(height * width * channels), seed
    for i in range(len(out)):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = x >> 24
    return np.frombuffer(bytes(out), np.uint8).reshape(height, width, channels)


def letterbox(picture, side, filter_, fill):
    scale = side / max(picture.size)
    w, h = (max(1, int(n * scale + 0.5)) for n in picture.size)
    out = Image.new("RGB", (side, side), fill)
    out.paste(picture.resize((w, h), filter_), ((side - w) // 2, (side - h) // 2))
    return out


rng, records = random.Random(5), []
while len(records) < 18:
    number = len(records)
    mode, interpolation, views = number % 3, rng.randrange(4), 5 if number % 2 else 10
    h, w, side = rng.randint(20, 70), rng.randint(20, 70), rng.randint(6, 16)
    fraction = struct.unpack("<f", struct.pack("<f", rng.choice([1.0, 0.875, 0.7]) if mode == CROP else 1.0))[0]
    frame = int(side / (fraction if fraction < 1 else 0.875) + 0.5)
    picture, filter_ = Image.fromarray(noise(2000 + number, h, w, 3)), FILTERS[interpolation]
    if mode == CROP:
        picture = transforms.Resize(frame, filter_)(picture)
    elif mode == SQUASH:
        picture = picture.resize((frame, frame), filter_)
    else:
        picture = letterbox(picture, frame, filter_, (10, 20, 30))
    if views == 10 and (picture.width - side) % 2:
        continue  # the middle of the mirrored picture would be half a pixel beside the mirror image of the middle
    crops = transforms.FiveCrop(side)(picture) if views == 5 else transforms.TenCrop(side)(picture)
    if views == 10:
        # Each followed by its mirror image: TenCrop takes the mirrored picture's corners, where left and right have changed places.
        crops = [crops[k] for pair in zip(range(5), (6, 5, 8, 7, 9)) for k in pair]
    records.append(struct.pack("<7if", 2000 + number, h, w, side, mode, interpolation, views, fraction) +
                   b"".join(c.tobytes() for c in crops))
with open(os.path.join(HERE, "image_views.bin"), "wb") as file:
    file.write(b"".join(records))
print(len(records), file.name, os.path.getsize(file.name))
