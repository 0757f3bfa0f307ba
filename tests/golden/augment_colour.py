#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes augment_colour.bin beside this file: real photos, and what torchvision's functions make of them with Pillow pictures.

    python3 tests/golden/augment_colour.py FOLDER_OF_REAL_DATA

First the photos: height, width, channels (3 x int32) and pixels; a height of 0 ends them. Then the results: photo, function's
number (2 x int32), parameter (float), pixels. Little-endian.
"""
import os
import struct
import sys

import numpy as np
from PIL import Image
from torchvision.transforms import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
PHOTOS = ["photos/flowers/roses", "photos/flowers/sunflowers", "photos/hymenoptera/bees"]
FUNCTIONS = [
    (F.adjust_brightness, [0.0, 0.37, 1.0, 1.61, 3.0]),
    (F.adjust_contrast, [0.0, 0.43, 1.0, 1.73, 4.0]),
    (F.adjust_saturation, [0.0, 0.29, 1.0, 1.47, 5.0]),
    (F.adjust_hue, [-0.5, -0.21, 0.0, 0.08, 0.5]),
    (F.adjust_sharpness, [0.0, 0.7, 1.0, 2.3, 6.0]),
    (F.posterize, [1, 3, 8]),
    (F.solarize, [0, 77, 128, 255]),
    (lambda im, _: F.invert(im), [0]),
    (lambda im, _: F.autocontrast(im), [0]),
    (lambda im, _: F.equalize(im), [0]),
    (lambda im, _: F.rgb_to_grayscale(im, 3), [0]),
]
COLOUR_ONLY = (2, 3, 10)


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def small(path, height, width, mode):
    im = Image.open(path).convert(mode)
    return im.resize((width, height), Image.Resampling.BILINEAR)


def main():
    root, out, photos = sys.argv[1], b"", []
    for k, folder in enumerate(PHOTOS):
        name = sorted(os.listdir(os.path.join(root, folder)))[3]
        photos.append(small(os.path.join(root, folder, name), 16 + k, 19 - k, "RGB"))
    photos.append(photos[0].convert("L"))
    # Dull, so that stretching has something to do; and noise, for all hues.
    photos.append(Image.fromarray((np.asarray(photos[1]).astype(int) // 3 + 60).astype(np.uint8)))
    rng = np.random.default_rng(1)
    photos.append(Image.fromarray(rng.integers(0, 256, (21, 17, 3), dtype=np.uint8)))
    for im in photos:
        channels = len(im.getbands())
        out += struct.pack("<3i", im.height, im.width, channels) + im.tobytes()
    out += struct.pack("<3i", 0, 0, 0)
    for number, (function, parameters) in enumerate(FUNCTIONS):
        for p in parameters:
            for k, im in enumerate(photos):
                if im.mode == "L" and number in COLOUR_ONLY:
                    continue
                value = single(p) if isinstance(p, float) else p
                out += struct.pack("<2if", k, number, value) + function(im, value).tobytes()
    with open(os.path.join(HERE, "augment_colour.bin"), "wb") as f:
        f.write(out)
    print(len(out), "bytes")


main()
