#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes augment_geometry.bin beside this file: pictures moved, blurred and compressed by torchvision.

    python3 tests/golden/augment_geometry.py FOLDER_OF_REAL_DATA

The oracles are torchvision's functions for PIL pictures (affine, rotate, perspective, pad and crop), and those for tensors where
it has no others (gaussian_blur, elastic, jpeg). Numbers are little-endian. A record: kind of picture, seed, CRC-32 of the picture, h, w, c,
operation, filter, fill (3), step (12 x int32), arguments (8 x double), and every step-th sample of the result.
"""
import os
import random
import struct
import sys
import zlib

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F
from torchvision.transforms.v2 import functional as F2

HERE = os.path.dirname(os.path.abspath(__file__))
NOISE, SMOOTH, PHOTO = range(3)
AFFINE, ROTATE, PERSPECTIVE, SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y, BLUR, JPEG, ELASTIC, CROP, PLANE = range(12)
NEAREST, BILINEAR = range(2)
FILTERS = [InterpolationMode.NEAREST, InterpolationMode.BILINEAR]
EDGES = ["constant", "edge", "reflect", "symmetric"]
PHOTOS = ["photos/imagenet-samples/n01443537_goldfish.JPEG", "photos/imagenet-samples/n01614925_bald_eagle.JPEG",
          "photos/imagenet-samples/n01484850_great_white_shark.JPEG"]
PHOTO_H, PHOTO_W = 64, 96


def noise(seed, height, width, channels):
    """The same generator as in the tests: x = x * 1664525 + 1013904223 mod 2^32, its top byte."""
    out, x = bytearray(height * width * channels), seed
    for i in range(len(out)):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = x >> 24
    return np.frombuffer(bytes(out), np.uint8).reshape(height, width, channels)


def smooth(seed, height, width, channels):
    """Waves that fold at 0 and 255; likewise in the tests."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    v = (x * x * 5 + y * y * 3 + x * y * 2 * (c + 1)) // 16 + 40 * c + 17 * seed
    v = v % 511
    return np.where(v < 256, v, 510 - v).astype(np.uint8)


def photo(folder, index, channels):
    picture = Image.open(os.path.join(folder, PHOTOS[index])).convert("RGB")
    if channels == 1:
        picture = picture.convert("L")
    left, top = (picture.width - PHOTO_W) // 2, (picture.height - PHOTO_H) // 2
    return np.asarray(picture.crop((left, top, left + PHOTO_W, top + PHOTO_H))).reshape(PHOTO_H, PHOTO_W, channels)


def tensor(pixels):
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def displacement(h, w, reach):
    """Along x and along y, in pixels, from two planes of noise."""
    return [(noise(seed, h, w, 1)[..., 0].astype(np.float32) - 128) / np.float32(128) * np.float32(reach) for seed in (7001, 7002)]


def apply(pixels, op, filter_, fill, a):
    h, w, c = pixels.shape
    picture = Image.fromarray(pixels if c == 3 else pixels[..., 0])
    fill = list(fill[:c])
    options = dict(interpolation=FILTERS[filter_], fill=fill)
    if op == AFFINE:
        return F.affine(picture, a[0], a[1:3], a[3], a[4:6], **options)
    if op == ROTATE:
        return F.rotate(picture, a[0], **options)
    if op == PERSPECTIVE:
        return F2.perspective(picture, None, None, coefficients=a, **options)
    if op in (SHEAR_X, SHEAR_Y):
        degrees = float(np.degrees(np.arctan(a[0])))
        return F.affine(picture, 0.0, [0, 0], 1.0, [degrees, 0.0] if op == SHEAR_X else [0.0, degrees], center=[0, 0], **options)
    if op in (TRANSLATE_X, TRANSLATE_Y):
        return F.affine(picture, 0.0, [int(a[0]), 0] if op == TRANSLATE_X else [0, int(a[0])], 1.0, [0.0, 0.0], **options)
    if op == CROP:
        edge, dy, dx = EDGES[int(a[0])], int(a[1]), int(a[2])
        p = max(abs(dy), abs(dx))
        fills = dict(fill=fill[0] if c == 1 else tuple(fill)) if edge == "constant" else {}
        return F.crop(F.pad(picture, p, padding_mode=edge, **fills), p + dy, p + dx, h, w)
    if op == BLUR:
        return F.gaussian_blur(tensor(pixels), int(a[0]), a[1]).permute(1, 2, 0).numpy()
    if op == JPEG:
        return F2.jpeg(tensor(pixels), int(a[0])).permute(1, 2, 0).numpy()
    if op == ELASTIC:
        dx, dy = displacement(h, w, a[0])
        field = torch.from_numpy(np.stack([dx * 2 / w, dy * 2 / h], -1))[None]
        return F2.elastic(tensor(pixels), field, fill=[float(v) for v in fill]).permute(1, 2, 0).numpy()
    # Of the plane of noise from -1 to 1; the result's numbers are stored as 8 bits of -1..1.
    plane = torch.from_numpy(pixels[..., 0].astype(np.float32) / 127.5 - 1)[None]
    out = F.gaussian_blur(plane, int(a[0]), a[1:3])[0].numpy()
    return np.round((out + 1) * 127.5).astype(np.uint8)


def record(kind, seed, pixels, op, filter_, fill, a, step):
    h, w, c = pixels.shape
    a = list(a) + [0.0] * (8 - len(a))
    arguments = {AFFINE: 6, PERSPECTIVE: 8}.get(op, 3)
    out = np.asarray(apply(pixels, op, filter_, fill, a[:arguments])).reshape(-1)
    crc = zlib.crc32(np.ascontiguousarray(pixels).tobytes()) & 0x7FFFFFFF
    return struct.pack("<12i8d", kind, seed, crc, h, w, c, op, filter_, *fill, step, *a) + out[::step].tobytes()


def coefficients(rng, h, w, scale):
    """As RandomPerspective draws them; single precision."""
    by, bx = int(scale * (h // 2)) + 1, int(scale * (w // 2)) + 1
    start = [[0, 0], [w - 1, 0], [w - 1, h - 1], [0, h - 1]]
    end = [[rng.randrange(bx), rng.randrange(by)], [w - 1 - rng.randrange(bx), rng.randrange(by)],
           [w - 1 - rng.randrange(bx), h - 1 - rng.randrange(by)], [rng.randrange(bx), h - 1 - rng.randrange(by)]]
    return F._get_perspective_coeffs(start, end)


def cases(rng, h, w):
    """Operation, filters, arguments."""
    yield AFFINE, [NEAREST, BILINEAR], [rng.uniform(-180, 180), rng.randint(-5, 5), rng.randint(-5, 5),
                                        rng.uniform(0.5, 1.8), rng.uniform(-40, 40), rng.uniform(-40, 40)]
    yield ROTATE, [NEAREST, BILINEAR], [rng.uniform(-180, 180)]
    yield PERSPECTIVE, [NEAREST, BILINEAR], coefficients(rng, h, w, 0.5)
    yield SHEAR_X, [NEAREST, BILINEAR], [rng.uniform(-0.3, 0.3)]
    yield SHEAR_Y, [NEAREST, BILINEAR], [rng.uniform(-0.3, 0.3)]
    yield TRANSLATE_X, [NEAREST, BILINEAR], [rng.randint(-w, w) // 3]
    yield TRANSLATE_Y, [NEAREST, BILINEAR], [rng.randint(-h, h) // 3]
    yield BLUR, [NEAREST], [rng.choice([3, 5, 9]), rng.uniform(0.1, 2.5)]
    yield JPEG, [NEAREST], [rng.randint(5, 98)]
    yield ELASTIC, [BILINEAR], [rng.uniform(0.5, 4)]


def synthetic(rng):
    sizes = [(24, 31), (32, 32), (17, 40), (33, 12), (9, 70)]
    for number in range(10):
        h, w = sizes[number % len(sizes)]
        c, kind = (3 if number % 3 else 1), (SMOOTH if number % 2 else NOISE)
        pixels = (smooth if kind == SMOOTH else noise)(number, h, w, c)
        for op, filters, a in cases(rng, h, w):
            for filter_ in filters:
                fill = [0, 0, 0] if op in (ELASTIC,) else [rng.randrange(256) for _ in range(3)]
                yield record(kind, number, pixels, op, filter_, fill, a, 3)
    for degrees in (90, 180, -90, 270, 45):
        for h, w in ((16, 16), (15, 15), (10, 17)):
            for filter_ in (NEAREST, BILINEAR):
                yield record(NOISE, 50, noise(50, h, w, 1), ROTATE, filter_, [7, 8, 9], [degrees], 1)
    for scale in (0.5, 0.7, 0.9, 1.1, 2, 3):  # not turned: Pillow has another loop for it
        for filter_ in (NEAREST, BILINEAR):
            yield record(NOISE, 51, noise(51, 20, 27, 1), AFFINE, filter_, [7, 8, 9], [0, 1, -2, scale, 0, 0], 1)
    for edge in range(4):
        for c, dy, dx in ((1, -4, 3), (3, 5, -2), (3, -3, -5), (1, 0, 6)):
            yield record(NOISE, 52, noise(52, 8, 9, c), CROP, NEAREST, [10, 200, 90], [edge, dy, dx], 1)
    for size, sx, sy in ((41, 5, 5), (9, 0.8, 2.5), (25, 3, 0.4)):
        yield record(NOISE, 53, noise(53, 30, 23, 1), PLANE, NEAREST, [0, 0, 0], [size, sx, sy], 1)


def real(rng, folder):
    for index in range(len(PHOTOS)):
        c = 1 if index == 2 else 3
        pixels = photo(folder, index, c)
        for op, filters, a in cases(rng, PHOTO_H, PHOTO_W):
            for filter_ in filters:
                yield record(PHOTO, index, pixels, op, filter_, [0, 0, 0], a, 11)


records = list(synthetic(random.Random(3))) + list(real(random.Random(4), sys.argv[1]))
with open(os.path.join(HERE, "augment_geometry.bin"), "wb") as file:
    file.write(b"".join(records))
print(len(records), file.name, os.path.getsize(file.name))
