#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes image_jpeg.bin beside this file: JPEGs of the less usual kinds, and what they show after Pillow.

    python3 tests/golden/make_jpeg.py

Needs Pillow, and cjpeg and jpegtran (Debian: libjpeg-turbo-progs) for arithmetic code, odd sampling and scans. Records are those of
image_decode.bin: name (24 bytes), tolerance, h, w, c, file's size (5 x int32), file, pixels; little-endian.
"""
import io
import os
import struct
import subprocess
import tempfile

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(13)


def saved(picture, **options):
    stream = io.BytesIO()
    picture.save(stream, "JPEG", **options)
    return stream.getvalue()


def run(tool, data, *arguments):
    return subprocess.run([tool, *arguments], input=data, check=True, capture_output=True).stdout


def segments(data):
    """(marker, whole segment) up to the first scan, then (None, the rest)."""
    at = 2
    while data[at + 1] != 0xDA:
        length = struct.unpack_from(">H", data, at + 2)[0]
        yield data[at + 1], data[at:at + 2 + length]
        at += 2 + length
    yield None, data[at:]


def without(data, marker):
    return data[:2] + b"".join(s for m, s in segments(data) if m != marker)


def ycck(picture):
    """Luma and chroma of the colours, black as it is: Adobe's transform 2. Pillow stores 255 less what it is given."""
    rgb, black = Image.fromarray(255 - np.asarray(picture)[..., :3]), np.asarray(picture)[..., 3:]
    planes = np.concatenate([255 - np.asarray(rgb.convert("YCbCr")), black], 2)
    data = bytearray(saved(Image.fromarray(planes, "CMYK"), quality=95))
    at = data.index(b"Adobe")
    assert data[at + 11] == 0
    data[at + 11] = 2
    return bytes(data)


def shown(data):
    picture = Image.open(io.BytesIO(data))
    if picture.mode == "CMYK":
        left = 255 - np.asarray(picture).astype(np.int64)
        return ((left[..., :3] * left[..., 3:] + 127) // 255).astype(np.uint8)
    return np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))


def cases():
    """Name, file, the same picture in a file that Pillow can read (or None)."""
    smooth = Image.fromarray(RNG.integers(0, 256, (4, 5, 3), dtype=np.uint8)).resize((45, 37), Image.Resampling.BICUBIC)
    inks = Image.fromarray(np.asarray(Image.fromarray(RNG.integers(0, 256, (4, 5, 4), dtype=np.uint8), "CMYK").resize((45, 37), Image.Resampling.BICUBIC)), "CMYK")
    plain, grey, four = saved(smooth, quality=90), saved(smooth.convert("L"), quality=90), saved(inks, quality=95)
    yield "CMYK", four, None
    yield "CMYK, not Adobe's", without(four, 0xEE), None
    yield "CMYK progressive", saved(inks, quality=95, progressive=True), None
    yield "YCCK", ycck(inks), None
    yield "arithmetic", run("jpegtran", plain, "-arithmetic"), plain
    yield "arithmetic progressive", run("jpegtran", plain, "-arithmetic", "-progressive"), plain
    yield "arithmetic grey", run("jpegtran", grey, "-arithmetic"), grey
    yield "arithmetic CMYK", run("jpegtran", four, "-arithmetic"), four
    yield "arithmetic restarts", run("jpegtran", plain, "-arithmetic", "-restart", "1"), plain
    yield "extended", plain.replace(b"\xff\xc0", b"\xff\xc1", 1), None
    yield "optimised", run("jpegtran", plain, "-optimize"), None
    with tempfile.NamedTemporaryFile("w", suffix=".scans") as scans:
        scans.write("0; 1; 2;\n")
        scans.flush()
        yield "a scan a component", run("jpegtran", plain, "-scans", scans.name), None
    yield "restarts in blocks", run("jpegtran", plain, "-restart", "2B"), None
    ppm, pgm = io.BytesIO(), io.BytesIO()
    smooth.save(ppm, "PPM")
    smooth.convert("L").save(pgm, "PPM")
    for sample in ("4x1", "1x2", "1x4", "2x2,1x2,2x1"):
        yield "sampled " + sample, run("cjpeg", ppm.getvalue(), "-quality", "90", "-sample", sample), None
    yield "grey sampled 2x2", run("cjpeg", pgm.getvalue(), "-grayscale", "-quality", "90", "-sample", "2x2"), None
    yield "fill bytes", plain[:2] + b"\xff\xff\xff" + plain[2:], None
    yield "behind the end", plain + b"more" * 50, None


if __name__ == "__main__":
    count = 0
    with open(os.path.join(HERE, "image_jpeg.bin"), "wb") as file:
        for name, data, readable in cases():
            pixels = shown(readable or data)
            pixels = pixels if pixels.ndim == 3 else pixels[..., None]
            assert len(name) < 24
            # Versions of libjpeg-turbo may round an inverse DCT and upsampling differently.
            file.write(struct.pack("<24s5i", name.encode(), 1, *pixels.shape, len(data)) + data + np.ascontiguousarray(pixels).tobytes())
            count += 1
        print(count, "files,", file.tell(), "bytes")
