#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes image_formats.bin beside this file: small pictures of the formats beyond JPEG and PNG, and what they show.

    python3 tests/golden/make_formats.py

Needs Pillow 13 with WebP and AVIF, and heif-enc (Debian: libheif-examples) for HEIC. Records are those of
image_decode.bin: name (24 bytes), tolerance, h, w, c, file's size (5 x int32), file, pixels; little-endian. What Pillow can
write is read back by Pillow; what it cannot is put together here, and the pixels are what it was put together from.
"""
import io
import os
import struct
import subprocess
import tempfile

import numpy as np
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(3)


def noise(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def smooth(height, width, channels=3):
    return np.asarray(Image.fromarray(noise(4, 5, channels)).resize((width, height), Image.Resampling.BICUBIC))


def over_white(rgba, full=255):
    x = rgba.astype(object)
    colour, alpha = x[..., :-1], x[..., -1:]
    total = colour * alpha + full * (full - alpha)
    return ((2 * total * 255 + full * full) // (2 * full * full)).astype(np.uint8)


def saved(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def read_back(data):
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if "A" in picture.getbands() or "transparency" in picture.info:
        return over_white(np.asarray(picture.convert("RGBA")))
    return np.asarray(picture.convert("RGB"))


# ---- WebP ----

def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def riff(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def int24(value):
    return struct.pack("<I", value)[:3]


def animation(height, width, *frames):
    """Frames: (top, left, pixels). The background is red, which decoders do not draw."""
    chunks = [chunk(b"VP8X", bytes([0x12, 0, 0, 0]) + int24(width - 1) + int24(height - 1)),
              chunk(b"ANIM", bytes([0, 0, 255, 255, 0, 0]))]
    for top, left, pixels in frames:
        still = saved(Image.fromarray(pixels), "WEBP", lossless=True, exact=True)
        still = still[12:]
        if still[:4] == b"VP8X":
            still = still[18:]
        h, w = pixels.shape[:2]
        chunks.append(chunk(b"ANMF", int24(left // 2) + int24(top // 2) + int24(w - 1) + int24(h - 1) + int24(100) + b"\0" + still))
    return riff(*chunks)


def webps():
    for name, pixels in (("rgb", noise(9, 7, 3)), ("rgba", noise(9, 7, 4)), ("1 x 1", noise(1, 1, 3))):
        yield "lossless " + name, 0, saved(Image.fromarray(pixels), "WEBP", lossless=True, exact=True), None
    for name, pixels in (("rgb", smooth(45, 37)), ("rgba", smooth(45, 37, 4))):
        yield "lossy " + name, 0, saved(Image.fromarray(pixels), "WEBP", quality=70), None
    first = noise(5, 7, 4)
    data = animation(12, 15, (4, 6, first), (0, 0, noise(12, 15, 3)))
    canvas = np.full((12, 15, 3), 255, np.uint8)
    canvas[4:9, 6:13] = over_white(first)
    yield "animation", 0, data, canvas
    yield "animation whole", 0, animation(12, 15, (0, 0, first[:, :, :3].repeat(3, 0)[:12].repeat(3, 1)[:, :15])), None
    tags = Image.Exif()
    for orientation in range(1, 9):
        tags[0x112] = orientation
        yield f"EXIF {orientation}", 0, saved(Image.fromarray(smooth(6, 11)), "WEBP", lossless=True, exif=tags), None


# ---- GIF ----

def placed(data, canvas_height, canvas_width, top, left):
    """A GIF that Pillow wrote, with another canvas and its frame elsewhere."""
    data = bytearray(data)
    struct.pack_into("<HH", data, 6, canvas_width, canvas_height)
    at = data.index(b",", 13 + 3 * (2 << (data[10] & 7)))
    while struct.unpack_from("<HH", data, at + 1) != (0, 0):
        at = data.index(b",", at + 1)
    struct.pack_into("<HH", data, at + 1, left, top)
    return bytes(data)


def gifs():
    indices, palette = noise(19, 13) % 16, noise(16, 3)
    picture = Image.fromarray(indices, "P")
    picture.putpalette(palette.tobytes())
    yield "palette", 0, saved(picture, "GIF", interlace=0), None
    yield "interlaced", 0, saved(picture, "GIF", interlace=1), None
    yield "transparent", 0, saved(picture, "GIF", transparency=int(indices[3, 3])), None
    yield "placed", 0, placed(saved(picture, "GIF"), 30, 21, 5, 6), None
    yield "placed transparent", 0, placed(saved(picture, "GIF", transparency=2), 30, 21, 5, 6), None
    yield "beyond the canvas", 0, placed(saved(picture, "GIF"), 20, 14, 5, 6), None
    yield "frames", 0, saved(picture, "GIF", save_all=True, append_images=[picture.rotate(90)]), None
    grey = noise(19, 13)
    yield "grey", 0, saved(Image.fromarray(grey), "GIF"), grey


# ---- BMP ----

def bmp(header, pixels, palette=b""):
    offset = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + header + palette + pixels


def info_header(width, height, bits, compression=0, size=40, rest=b""):
    return (struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, 0, 0, 0, 0, 0) + rest).ljust(size, b"\0")


def padded(rows):
    return b"".join(bytes(row) + b"\0" * (-len(bytes(row)) % 4) for row in rows)


def palette_bytes(palette, core=False):
    return b"".join(bytes([b, g, r] + ([] if core else [0])) for r, g, b in palette.tolist())


def field_bmps():
    values = RNG.integers(0, 16, (7, 5, 4))
    packed = (values << np.array([8, 4, 0, 12])).sum(2).astype("<u2")
    masks = struct.pack("<4I", 0xF00, 0xF0, 0xF, 0xF000)
    pixels = over_white((values * 17).astype(np.uint8))
    yield "4444", bmp(info_header(5, -7, 16, 3, 56, masks), padded(r.tobytes() for r in packed)), pixels
    yield "4444 alpha fields", bmp(info_header(5, -7, 16, 6) + masks, padded(r.tobytes() for r in packed)), pixels
    rgba = noise(7, 5, 4)
    data = padded(r.tobytes() for r in rgba)
    masks = struct.pack("<4I", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    yield "8888", bmp(info_header(5, -7, 32, 3, 108, masks), data), over_white(rgba)
    yield "8888 no alpha", bmp(info_header(5, -7, 32, 3) + masks[:12], data), rgba[..., :3]
    rgba[..., 3] = 0
    yield "8888 alpha 0", bmp(info_header(5, -7, 32, 3, 108, masks), padded(r.tobytes() for r in rgba)), rgba[..., :3]
    tens = RNG.integers(0, 1024, (7, 5, 3))
    packed = (tens << np.array([20, 10, 0])).sum(2).astype("<u4")
    masks = struct.pack("<3I", 1023 << 20, 1023 << 10, 1023)
    yield "10 bits", bmp(info_header(5, -7, 32, 3) + masks, packed.tobytes()), ((tens * 510 + 1023) // 2046).astype(np.uint8)


def run_bmps(palette):
    first = palette[0]
    # A run, two indices as they are, an end of row, a step of (2, 1), a run, and the end.
    code = bytes([5, 7, 0, 3, 1, 2, 3, 0, 0, 0, 0, 2, 2, 1, 3, 9, 0, 1])
    pixels = np.broadcast_to(first, (4, 9, 3)).copy()
    pixels[3, :8] = palette[[7, 7, 7, 7, 7, 1, 2, 3]]
    pixels[1, 2:5] = palette[9]
    yield "RLE8", bmp(info_header(9, 4, 8, 1), code, palette_bytes(palette)), pixels
    code = bytes([5, 0x7A, 0, 3, 0x12, 0x30, 0, 0, 0, 2, 2, 1, 3, 0x9B, 0, 1])
    pixels = np.broadcast_to(first, (4, 9, 3)).copy()
    pixels[3, :8] = palette[[7, 10, 7, 10, 7, 1, 2, 3]]
    pixels[1, 2:5] = palette[[9, 11, 9]]
    yield "RLE4", bmp(info_header(9, 4, 4, 2), code, palette_bytes(palette[:16])), pixels


def bmps():
    palette = noise(256, 3)
    for bits in (1, 2, 4, 8):
        indices = noise(6, 11) >> (8 - bits)
        rows = [np.packbits(np.unpackbits(r[:, None], axis=1)[:, 8 - bits:].reshape(-1)) for r in indices]
        for core in (False, True):
            head = struct.pack("<IHHHH", 12, 11, 6, 1, bits) if core else info_header(11, 6, bits)
            data = bmp(head, padded(rows[::-1]), palette_bytes(palette[:1 << bits], core))
            yield f"{bits} bits{' OS/2' * core}", 0, data, palette[indices]
    yield "24 bits", 0, saved(Image.fromarray(noise(6, 11, 3)), "BMP"), None
    grey = noise(6, 11)
    yield "grey", 0, saved(Image.fromarray(grey), "BMP"), grey
    for name, data, pixels in [*field_bmps(), *run_bmps(palette)]:
        yield name, 0, data, pixels


# ---- PNM ----

def scaled(samples, most):
    return ((samples.astype(np.int64) * 510 + most) // (2 * most)).astype(np.uint8)


def pnms():
    bits, grey, rgb = noise(5, 11) & 1, noise(5, 11), noise(5, 11, 3)
    text = lambda samples: " ".join(str(v) for v in samples.reshape(-1)).encode()
    yield "P1", b"P1 # bits\n11\n5\n" + text(bits), 255 * (1 - bits)
    yield "P1 without spaces", b"P1\n11 5\n" + text(bits).replace(b" ", b""), 255 * (1 - bits)
    yield "P2", b"P2\n11 5\n255\n" + text(grey), grey
    yield "P3", b"P3 11 5 #\n 255\n" + text(rgb) + b"\n", rgb
    yield "P4", b"P4\n11 5\n" + np.packbits(bits, axis=1).tobytes(), 255 * (1 - bits)
    yield "P5", b"P5\n# a comment\n11 5\n255\n" + grey.tobytes(), grey
    yield "P6", b"P6 11 5 255\n" + rgb.tobytes(), rgb
    yield "P5 of 100", b"P5 11 5 100\n" + (grey % 101).tobytes(), scaled(grey % 101, 100)
    yield "P3 of 7", b"P3 11 5 7\n" + text(rgb % 8), scaled(rgb % 8, 7)
    deep = RNG.integers(0, 65536, (5, 11, 4))
    yield "P5 of 65535", b"P5 11 5 65535\n" + deep[..., 0].astype(">u2").tobytes(), scaled(deep[..., 0], 65535)
    yield "P6 of 4095", b"P6 11 5 4095\n" + (deep[..., :3] % 4096).astype(">u2").tobytes(), scaled(deep[..., :3] % 4096, 4095)
    yield "P2 of 65535", b"P2 11 5 65535\n" + text(deep[..., 0]), scaled(deep[..., 0], 65535)
    pam = lambda depth, most, kind: b"P7\nWIDTH 11\nHEIGHT 5\nDEPTH %d\nMAXVAL %d\n# no\nTUPLTYPE %s\nENDHDR\n" % (depth, most, kind)
    rgba, la = noise(5, 11, 4), noise(5, 11, 2)
    yield "PAM bits", pam(1, 1, b"BLACKANDWHITE") + bits.tobytes(), 255 * bits
    yield "PAM grey", pam(1, 255, b"GRAYSCALE") + grey.tobytes(), grey
    yield "PAM rgb", pam(3, 255, b"RGB") + rgb.tobytes(), rgb
    yield "PAM rgba", pam(4, 255, b"RGB_ALPHA") + rgba.tobytes(), over_white(rgba)
    yield "PAM grey alpha", pam(2, 255, b"GRAYSCALE_ALPHA") + la.tobytes(), over_white(la)
    # Rows from the bottom up; a negative scale is little-endian.
    grey, rgb = RNG.uniform(-0.2, 1.2, (5, 11, 1)), RNG.uniform(-0.2, 1.2, (5, 11, 3))
    level = lambda x: np.floor(np.clip(x.astype(np.float32).astype(np.float64), 0, 1) * 255 + 0.5).astype(np.uint8)
    yield "PFM grey", b"Pf\n11 5\n-1.0\n" + grey[::-1].astype("<f4").tobytes(), level(grey)
    yield "PFM RGB", b"PF 11 5 2.5e0\n" + rgb[::-1].astype(">f4").tobytes(), level(rgb)
    yield "PAM rgba 16", pam(4, 65535, b"RGB_ALPHA") + deep.astype(">u2").tobytes(), over_white(deep, 65535)


# ---- HEIF: YUV becomes RGB with other roundings in libheif than in Pillow ----

def heifs():
    picture = Image.fromarray(smooth(48, 64))
    yield "AVIF", 4, saved(picture, "AVIF", quality=90, subsampling="4:4:4"), None
    tags = Image.Exif()
    for orientation in range(2, 9):  # written as the format's own turns
        tags[0x112] = orientation
        yield f"AVIF EXIF {orientation}", 4, saved(picture.resize((24, 16)), "AVIF", quality=95, subsampling="4:4:4", exif=tags), None
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "in.png"), os.path.join(folder, "out.heic")
        picture.save(source)
        subprocess.run(["heif-enc", "-q", "90", "-p", "chroma=444", source, "-o", target], check=True, capture_output=True)
        yield "HEIC", 8, open(target, "rb").read(), np.asarray(picture)


def records():
    for kind, cases in (("WebP", webps()), ("GIF", gifs()), ("BMP", bmps()), ("HEIF", heifs())):
        for name, tolerance, data, pixels in cases:
            yield kind + " " + name, tolerance, data, read_back(data) if pixels is None else pixels
    for name, data, pixels in pnms():
        yield "PNM " + name, 0, data, pixels


with open(os.path.join(HERE, "image_formats.bin"), "wb") as file:
    for name, tolerance, data, pixels in records():
        pixels = np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[..., None]).astype(np.uint8)
        file.write(struct.pack("<24s5i", name.encode(), tolerance, *pixels.shape, len(data)) + data + pixels.tobytes())
    print(file.tell())
