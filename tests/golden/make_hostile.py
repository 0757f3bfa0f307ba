#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes hostile.tsv beside this file: what Pillow sees in the pictures of the hostile folder that can be decoded.

    python3 tests/golden/make_hostile.py FOLDER_OF_REAL_DATA

Lines: file, height, width, channels, CRC-32 of the pixels ("-" where decoders may round differently: JPEG, lossy WebP, 16
bits), 8 x 8 means of all channels in hexadecimal ("-" where there is the CRC).

Pillow differs from what is expected here in these ways, which are made good below:
- transparent pictures: convert("RGB") drops the alpha; here they are composed over white, exactly rounded;
- 16-bit BMP: Pillow cuts v * 255 / 31 off, here it is rounded to nearest;
- palettes of greys only are one channel (BMP, GIF), other palettes three; in PNG palettes always are three;
- 16-bit PNG: Pillow keeps the upper byte or clips; those are left out (golden/make_image.py has such files);
- pillow_badrle.bmp: runs that reach beyond a row go on in the next one in Pillow, here they end; left out.
"""
import os
import struct
import sys
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
warnings.simplefilter("ignore")


def over_white(rgba):
    x = rgba.astype(np.int64)
    colour, alpha = x[..., :3], x[..., 3:]
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def rounded_16_bit_bmp(data, pixels):
    """From (v * 255) // most back to v, and rounded."""
    size, compression = struct.unpack_from("<I12xI", data, 14)
    green = 63 if compression == 3 and struct.unpack_from("<I", data, 58)[0] == 0x7E0 else 31
    most = np.array([31, green, 31])
    value = -(-pixels.astype(np.int64) * most // 255)
    assert ((value * 255 // most) == pixels).all()
    return ((value * 255 + most // 2) // most).astype(np.uint8)


def is_grey(picture, data):
    if picture.format == "PNG":
        return data[25] in (0, 4)
    if picture.mode in ("1", "L", "LA"):
        return True
    if picture.format in ("BMP", "GIF") and picture.mode == "P":
        palette = np.array(picture.getpalette()).reshape(-1, 3)
        return bool((palette == palette[:, :1]).all())
    return False


def pixels_of(picture, data):
    grey = is_grey(picture, data)
    picture = ImageOps.exif_transpose(picture)
    if "A" in picture.getbands() or "transparency" in picture.info:
        pixels = over_white(np.asarray(picture.convert("RGBA")))
    else:
        pixels = np.asarray(picture.convert("RGB"))
    if data[:2] == b"BM" and struct.unpack_from("<H", data, 28)[0] == 16:
        pixels = rounded_16_bit_bmp(data, pixels)
    return pixels[..., :1] if grey else pixels


def is_exact(picture, data):
    return picture.format in ("PNG", "BMP", "GIF") or (picture.format == "WEBP" and b"VP8L" in data[:200])


def signature(pixels):
    """Means of 8 x 8 cells, each of at least one pixel."""
    h, w = pixels.shape[:2]
    out = []
    for i in range(8):
        for j in range(8):
            top, left = i * h // 8, j * w // 8
            cell = pixels[top:max((i + 1) * h // 8, top + 1), left:max((j + 1) * w // 8, left + 1)]
            out.append(int(cell.mean() + 0.5))
    return bytes(out).hex()


def line_of(folder, name):
    path = os.path.join(folder, name)
    data = open(path, "rb").read()
    try:
        picture = Image.open(path)
        picture.load()
    except Exception:
        return None
    if picture.format == "PNG" and data[24] == 16:
        return None
    pixels = pixels_of(picture, data)
    exact = is_exact(picture, data)
    crc = f"{zlib.crc32(np.ascontiguousarray(pixels).tobytes()):08x}" if exact else "-"
    return "\t".join(map(str, [name, *pixels.shape, crc, "-" if exact else signature(pixels)]))


folder = os.path.join(sys.argv[1], "hostile")
rows = [row.split("\t") for row in open(os.path.join(folder, "MANIFEST.tsv"), encoding="utf-8").read().splitlines()[1:]]
lines = [line_of(folder, row[0]) for row in rows if row[1] != "reject" and row[0] != "pillow_badrle.bmp"]
lines = [line for line in lines if line]
with open(os.path.join(HERE, "hostile.tsv"), "w", encoding="utf-8") as file:
    file.write("\n".join(lines) + "\n")
print(len(lines), "pictures")
