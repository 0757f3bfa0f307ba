#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes image_icc.bin beside this file: pictures with colour profiles, and what they show after Pillow's ImageCms.

    python3 tests/golden/make_icc.py

Needs Pillow 13 with AVIF. The profiles are computed here from the published primaries and curves, after ICC.1:2010. Records: name
(24 bytes); tolerance, whether lcms2 is needed, h, w, c, file's size (6 x int32); file; pixels as converted to sRGB; pixels as
stored. Little-endian.
"""
import io
import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(5)
D65, D50 = np.array([0.3127, 0.3290]), np.array([0.9642, 1, 0.8249])
SRGB = [[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]]
ADOBE = [[0.64, 0.33], [0.21, 0.71], [0.15, 0.06]]
P3 = [[0.680, 0.320], [0.265, 0.690], [0.150, 0.060]]
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


# ---- profiles ----

def xyz(xy):
    return np.array([xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]])


def colorants(primaries):
    """Columns: the primaries' XYZ for white D65, adapted to D50."""
    columns = np.array([xyz(p) for p in primaries]).T
    columns = columns * np.linalg.solve(columns, xyz(D65))
    ratio = (BRADFORD @ D50) / (BRADFORD @ xyz(D65))
    return np.linalg.inv(BRADFORD) @ np.diag(ratio) @ BRADFORD @ columns


def fixed(values):
    return b"".join(struct.pack(">i", round(float(v) * 65536)) for v in values)


def xyz_tag(v):
    return b"XYZ \0\0\0\0" + fixed(v)


def gamma_tag(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def sampled_tag(count):
    x = np.arange(count) / (count - 1)
    y = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    return b"curv\0\0\0\0" + struct.pack(">I", count) + np.round(y * 65535).astype(">u2").tobytes()


def srgb_tag():
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + fixed([2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])


def text_tag(text):
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text.encode() + b"\0" + bytes(78)


def profile(space, tags, kind=b"mntr", connection=b"XYZ "):
    tags = [(b"desc", text_tag("made for a test")), (b"cprt", b"text\0\0\0\0none\0"), (b"wtpt", xyz_tag(D50))] + tags
    at, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = at + len(body)
    head = (struct.pack(">I", size) + bytes(4) + struct.pack(">I", 0x02400000) + kind + space + connection
            + struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(D50))
    return head.ljust(128, b"\0") + table + body


def rgb_profile(primaries, curve):
    columns = colorants(primaries)
    return profile(b"RGB ", [(b"rXYZ", xyz_tag(columns[:, 0])), (b"gXYZ", xyz_tag(columns[:, 1])), (b"bXYZ", xyz_tag(columns[:, 2])),
                             (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)])


def grey_profile(gamma):
    return profile(b"GRAY", [(b"kTRC", gamma_tag(gamma))])


def cmyk_profile(grid=5):
    """Inks that let through a part of the light, and black that does not reach it: A2B0 from CMYK to Lab."""
    steps = np.linspace(0, 1, grid)
    c, m, y, k = np.meshgrid(steps, steps, steps, steps, indexing="ij")
    light = np.stack([(1 - 0.9 * c) * (1 - 0.2 * m) * (1 - 0.02 * y), (1 - 0.3 * c) * (1 - 0.85 * m) * (1 - 0.05 * y),
                      (1 - 0.1 * c) * (1 - 0.4 * m) * (1 - 0.9 * y)], -1) * (1 - 0.96 * k[..., None])
    values = light @ colorants(SRGB).T / D50
    f = np.where(values > 216 / 24389, np.cbrt(values), (values * 24389 / 27 + 16) / 116)
    lab = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
    encoded = np.clip(np.round(lab * [2.55, 1, 1] + [0, 128, 128]), 0, 255).astype(np.uint8)
    line = bytes(range(256))
    table = (b"mft1\0\0\0\0" + bytes([4, 3, grid, 0]) + fixed(np.eye(3).reshape(-1)) + line * 4 + encoded.tobytes() + line * 3)
    return profile(b"CMYK", [(b"A2B0", table)], b"prtr", b"Lab ")


# ---- pictures ----

def saved(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def in_segments(data, icc, size):
    """A JPEG whose profile lies in several segments, the last one first."""
    parts = [icc[i:i + size] for i in range(0, len(icc), size)]
    segments = [b"\xff\xe2" + struct.pack(">H", 2 + 14 + len(p)) + b"ICC_PROFILE\0" + bytes([i + 1, len(parts)]) + p
                for i, p in enumerate(parts)]
    return data[:2] + b"".join(reversed(segments)) + data[2:]


def png16(pixels, icc):
    """16 bits: each level times 257."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    h, w = pixels.shape[:2]
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).astype(">u2").tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 16, 2, 0, 0, 0))
            + chunk(b"iCCP", b"x\0\0" + zlib.compress(icc)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def stored_pixels(picture):
    """As decoders show it without the profile."""
    if picture.mode == "CMYK":
        left = 255 - np.asarray(picture).astype(np.int64)
        return ((left[..., :3] * left[..., 3:] + 127) // 255).astype(np.uint8)
    return np.asarray(picture)


def converted(picture, icc):
    transform = ImageCms.buildTransform(io.BytesIO(icc), ImageCms.createProfile("sRGB"), picture.mode, "RGB")
    pixels = np.asarray(ImageCms.applyTransform(picture, transform))
    return pixels[..., :1] if picture.mode == "L" else pixels


def cases():
    """Name, tolerance, needs lcms2, file, the picture in it, its profile or None where it is of no use."""
    rgb = Image.fromarray(RNG.integers(0, 256, (20, 24, 3), dtype=np.uint8))
    smooth = Image.fromarray(RNG.integers(0, 256, (4, 5, 3), dtype=np.uint8)).resize((48, 40), Image.Resampling.BICUBIC)
    grey = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    inks = Image.fromarray(RNG.integers(0, 256, (20, 24, 4), dtype=np.uint8), "CMYK")
    even = Image.fromarray(np.asarray(smooth.resize((40, 32)).convert("CMYK")), "CMYK")
    adobe, p3, linear = rgb_profile(ADOBE, gamma_tag(563 / 256)), rgb_profile(P3, srgb_tag()), rgb_profile(SRGB, gamma_tag(1))
    press = cmyk_profile()
    written = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, icc in (("written by lcms2", written), ("as formula", rgb_profile(SRGB, srgb_tag())), ("as 1024 values", rgb_profile(SRGB, sampled_tag(1024)))):
        yield "sRGB " + name, 0, 0, saved(rgb, "PNG", icc_profile=icc), rgb, None
    for name, icc in (("Adobe RGB", adobe), ("Display P3", p3), ("linear light", linear), ("gamma 2.2", rgb_profile(SRGB, gamma_tag(2.2)))):
        yield "PNG " + name, 1, 1, saved(rgb, "PNG", icc_profile=icc), rgb, icc
    yield "PNG of 16 bits", 1, 1, png16(np.asarray(rgb), adobe), rgb, adobe
    for gamma in (1.0, 1.8, 2.2):
        yield f"PNG grey {gamma}", 1, 1, saved(grey, "PNG", icc_profile=grey_profile(gamma)), grey, grey_profile(gamma)
    yield "WebP", 1, 1, saved(rgb, "WEBP", lossless=True, exact=True, icc_profile=p3), rgb, p3
    yield "TIFF", 1, 1, saved(rgb, "TIFF", icc_profile=adobe), rgb, adobe
    yield "TIFF grey", 1, 1, saved(grey, "TIFF", icc_profile=grey_profile(1.8)), grey, grey_profile(1.8)
    # lcms2 2.14 and Pillow's 2.19 interpolate between the points of a table of four inks differently.
    yield "TIFF CMYK", 6, 1, saved(inks, "TIFF", icc_profile=press), inks, press
    for name, picture, icc, options in (("JPEG", smooth, adobe, dict(subsampling=0)), ("JPEG CMYK", even, press, {}),
                                        ("JPEG progressive", smooth, p3, dict(progressive=True))):
        data = saved(picture, "JPEG", quality=95, icc_profile=icc, **options)
        yield name, 2, 1, data, Image.open(io.BytesIO(data)), icc
    data = in_segments(saved(smooth, "JPEG", quality=95), adobe, 200)
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == adobe
    yield "JPEG segments", 2, 1, data, Image.open(io.BytesIO(data)), adobe
    # YUV becomes RGB with other roundings in libheif; where a colour leaves the gamut that matters more.
    middle = Image.fromarray((90 + np.asarray(smooth).astype(int) * 80 // 255).astype(np.uint8))
    data = saved(middle, "AVIF", quality=95, subsampling="4:4:4", icc_profile=p3)
    yield "AVIF", 3, 1, data, Image.open(io.BytesIO(data)).convert("RGB"), p3
    # Of no use: damaged, cut, for another kind of picture, or a segment of it is missing.
    yield "damaged", 0, 1, saved(rgb, "PNG", icc_profile=bytes(RNG.integers(0, 256, 400, dtype=np.uint8))), rgb, None
    yield "cut", 0, 1, saved(rgb, "PNG", icc_profile=adobe[:300]), rgb, None
    yield "empty", 0, 1, saved(rgb, "PNG", icc_profile=b"x"), rgb, None
    yield "grey with RGB's", 0, 1, saved(grey, "TIFF", icc_profile=adobe), grey, None
    yield "RGB with grey's", 0, 1, saved(rgb, "TIFF", icc_profile=grey_profile(1.8)), rgb, None
    yield "CMYK with RGB's", 0, 1, saved(inks, "TIFF", icc_profile=adobe), inks, None
    broken = in_segments(saved(smooth, "JPEG", quality=95), adobe, 200)
    at = broken.index(b"ICC_PROFILE")
    data = broken[:at] + b"XXX" + broken[at + 3:]
    yield "JPEG lacks a segment", 1, 0, data, Image.open(io.BytesIO(saved(smooth, "JPEG", quality=95))), None


def records():
    for name, tolerance, needed, data, picture, icc in cases():
        picture.load()
        stored = stored_pixels(picture)
        stored = stored if stored.ndim == 3 else stored[..., None]
        pixels = converted(picture, icc) if icc else stored
        if icc:
            assert np.abs(pixels.astype(int) - stored).max() > 2 * tolerance, name
        assert len(name) < 24
        yield (struct.pack("<24s6i", name.encode(), tolerance, needed, *pixels.shape, len(data)) + data
               + np.ascontiguousarray(pixels).tobytes() + np.ascontiguousarray(stored).tobytes())


if __name__ == "__main__":
    found = list(records())
    with open(os.path.join(HERE, "image_icc.bin"), "wb") as file:
        file.write(b"".join(found))
        print(len(found), "records,", file.tell(), "bytes")
