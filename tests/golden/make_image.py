#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes image_resize.bin, image_fit.bin, image_decode.bin, luma.h and image_real.tsv beside this file, with Pillow and torchvision
as the oracles:

    python3 tests/golden/make_image.py [FOLDER_OF_REAL_DATA]

Pillow 13 or later: earlier ones differ in the order of the two passes of a resize. Numbers are little-endian. Pictures that the tests can make themselves (noise) are not stored.
"""
import glob
import io
import os
import random
import struct
import sys
import zlib

import numpy as np
from PIL import Image
from torchvision import transforms

HERE = os.path.dirname(os.path.abspath(__file__))
BILINEAR, BICUBIC, LANCZOS, BOX = range(4)
FILTERS = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX]


def noise(seed, height, width, channels):
    """The same generator as in the tests: x = x * 1664525 + 1013904223 mod 2^32, its top byte."""
    out, x = bytearray(height * width * channels), seed
    for i in range(len(out)):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = x >> 24
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.frombuffer(bytes(out), np.uint8).reshape(shape)


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def make_resize():
    """Records: seed, h, w, c, out_h, out_w, interpolation (7 x int32), box (4 x float), pixels."""
    rng, records = random.Random(1), []
    sizes = [(1, 1, 5, 7), (5, 7, 1, 1), (1, 9, 4, 3), (16, 16, 16, 16), (17, 31, 17, 12), (17, 31, 8, 31), (300, 2, 7, 2)]
    while len(sizes) < 94:
        h, w = (rng.choice([rng.randint(1, 9), rng.randint(10, 120)]) for _ in range(2))
        sizes.append((h, w, rng.randint(1, 40), rng.randint(1, 40)))
    for number, (h, w, oh, ow) in enumerate(sizes):
        channels, interpolation = rng.choice([1, 3]), rng.choice([BILINEAR, BICUBIC] if number < 70 else [LANCZOS, BOX])
        box = (0, 0, w, h)
        if number % 3 == 2:  # fractional, and whole now and then
            left, top = rng.uniform(0, w * 0.6), rng.uniform(0, h * 0.6)
            box = (left, top, rng.uniform(left + 0.3 * w, w), rng.uniform(top + 0.3 * h, h))
            if number % 2:
                box = (int(left), int(top), int(left) + 1 + int(box[2] - left) // 2, int(top) + 1 + int(box[3] - top) // 2)
        box = tuple(single(x) for x in box)
        picture = Image.fromarray(noise(number, h, w, channels))
        out = picture.resize((ow, oh), FILTERS[interpolation], box=box)
        records.append(struct.pack("<7i4f", number, h, w, channels, oh, ow, interpolation, *box) + out.tobytes())
    write("image_resize.bin", records)


def letterbox(picture, height, width, filter_, fill):
    scale = min(height / picture.height, width / picture.width)
    h, w = (max(1, int(side * scale + 0.5)) for side in (picture.height, picture.width))
    out = Image.new("RGB", (width, height), fill)
    out.paste(picture.resize((w, h), filter_), ((width - w) // 2, (height - h) // 2))
    return out


def make_fit():
    """Records: seed, h, w, out_h, out_w, mode, interpolation (7 x int32), crop_fraction (float), pixels (RGB)."""
    rng, records = random.Random(2), []
    for number in range(63):
        mode, interpolation = number % 3, rng.choice([BILINEAR, BICUBIC] if number < 45 else [LANCZOS, BOX])
        h, w, oh, ow = rng.randint(1, 90), rng.randint(1, 90), rng.randint(1, 30), rng.randint(1, 30)
        fraction = single(rng.choice([1.0, 0.875, 0.7]))
        if number == 0:
            h, w, oh, ow = 50, 37, 28, 28
        picture, filter_ = Image.fromarray(noise(1000 + number, h, w, 3)), FILTERS[interpolation]
        if mode == 0:
            if number % 2 == 0:
                ow = oh  # torchvision itself
                size = int(oh / fraction + 0.5)
                out = transforms.Resize(size, filter_)(picture)
            else:  # its arithmetic for a frame that is not square
                fh, fw = int(oh / fraction + 0.5), int(ow / fraction + 0.5)
                size = (fh, int(fh * w / h)) if fw * h < fh * w else (int(fw * h / w), fw)
                out = picture.resize(size[::-1], filter_)
            out = transforms.CenterCrop((oh, ow))(out)
        elif mode == 1:
            out = picture.resize((ow, oh), filter_)
        else:
            out = letterbox(picture, oh, ow, filter_, (10, 20, 30))
        records.append(struct.pack("<7if", 1000 + number, h, w, oh, ow, mode, interpolation, fraction) + out.tobytes())
    write("image_fit.bin", records)


def png(height, width, depth, colour, rows, *chunks):
    """A PNG from packed rows: what Pillow cannot write (16-bit colour, tRNS of any type)."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    pixels = b"".join(b"\0" + bytes(row) for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
            + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


def over_white(rgba, full):
    """8-bit RGB of unsigned samples 0..full with alpha, exactly rounded."""
    x = rgba.astype(object)  # Python integers
    colour, alpha = x[..., :-1], x[..., -1:]
    total = colour * alpha + full * (full - alpha)
    return ((2 * total * 255 + full * full) // (2 * full * full)).astype(np.uint8)


def exif(orientation, big):
    order = ">" if big else "<"
    return ((b"MM" if big else b"II") + struct.pack(order + "HIH", 42, 8, 2) + struct.pack(order + "HHII", 0x10F, 2, 1, 0x41)
            + struct.pack(order + "HHIHH", 0x112, 3, 1, orientation, 0) + struct.pack(order + "I", 0))


def pngs():
    grey16, rgb16, rgba16 = (np.frombuffer(noise(s, 9, 7, 2 * c).tobytes(), ">u2").reshape(9, 7, c)
                             for s, c in ((50, 1), (51, 3), (52, 4)))
    reduced = lambda x: ((x.astype(np.uint64) * 255 * 2 + 65535) // (2 * 65535)).astype(np.uint8)
    yield "grey16", png(9, 7, 16, 0, grey16.astype(">u2").reshape(9, -1).view(np.uint8)), reduced(grey16)
    yield "rgb16", png(9, 7, 16, 2, rgb16.astype(">u2").reshape(9, -1).view(np.uint8)), reduced(rgb16)
    yield "rgba16", png(9, 7, 16, 6, rgba16.astype(">u2").reshape(9, -1).view(np.uint8)), over_white(rgba16, 65535)
    key = tuple(int(v) for v in rgb16[3, 3])
    keyed = reduced(rgb16)
    keyed[3, 3] = 255
    yield "rgb16 tRNS", png(9, 7, 16, 2, rgb16.astype(">u2").reshape(9, -1).view(np.uint8),
                            (b"tRNS", struct.pack(">3H", *key))), keyed
    grey, rgb, rgba, la = noise(53, 9, 7, 1), noise(54, 9, 7, 3), noise(55, 9, 7, 4), noise(56, 9, 7, 2)
    for name, data, expected in (("grey", grey, grey), ("rgb", rgb, rgb)):
        stream = io.BytesIO()
        Image.fromarray(data).save(stream, "PNG")
        yield name, stream.getvalue(), expected
    yield "rgba", png(9, 7, 8, 6, rgba.reshape(9, -1)), over_white(rgba, 255)
    yield "grey alpha", png(9, 7, 8, 4, la.reshape(9, -1)), over_white(la, 255)
    for depth in (1, 2, 4):
        samples = (noise(57 + depth, 9, 7, 1) >> (8 - depth)).astype(np.uint8)
        bits = np.unpackbits(samples[..., None], axis=2)[:, :, 8 - depth:].reshape(9, -1)
        rows, scale = np.packbits(bits, axis=1), 255 // (2 ** depth - 1)
        yield f"grey{depth}", png(9, 7, depth, 0, rows), samples * scale
        transparent = samples * scale
        transparent[samples == samples[0, 0]] = 255
        yield f"grey{depth} tRNS", png(9, 7, depth, 0, rows, (b"tRNS", struct.pack(">H", samples[0, 0]))), transparent
        palette, alpha = noise(60, 1, 2 ** depth, 3)[0], noise(61, 1, 2 ** depth, 1)[0]
        yield f"palette{depth}", png(9, 7, depth, 3, rows, (b"PLTE", palette.tobytes())), palette[samples]
        entries = np.concatenate([palette, alpha[:, None]], 1)
        yield (f"palette{depth} tRNS", png(9, 7, depth, 3, rows, (b"PLTE", palette.tobytes()), (b"tRNS", alpha.tobytes())),
               over_white(entries[samples], 255))
    stream = io.BytesIO()
    first, second = Image.fromarray(noise(71, 9, 7, 3)), Image.fromarray(noise(72, 9, 7, 3))
    first.save(stream, "PNG", save_all=True, append_images=[second], duration=100)
    yield "APNG", stream.getvalue(), noise(71, 9, 7, 3)
    stream = io.BytesIO()
    first.save(stream, "PNG", save_all=True, append_images=[second, first], default_image=True, duration=100)
    yield "APNG default image", stream.getvalue(), noise(71, 9, 7, 3)
    upright = noise(70, 4, 3, 3)
    for orientation in range(1, 9):
        stored = stored_as(upright, orientation)
        data = png(stored.shape[0], stored.shape[1], 8, 2, stored.reshape(stored.shape[0], -1),
                   (b"eXIf", exif(orientation, orientation % 2 == 0)))
        yield f"eXIf {orientation}", data, upright


def stored_as(upright, orientation):
    """The stored picture that the orientation turns into `upright`."""
    inverse = [None, None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
               Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_270]
    if orientation == 1:
        return upright
    return np.asarray(Image.fromarray(upright).transpose(inverse[orientation]))


def jpegs():
    smooth = Image.fromarray(noise(80, 4, 5, 3)).resize((45, 37), Image.Resampling.BICUBIC)
    variants = {
        "444": (smooth, dict(subsampling=0)), "422": (smooth, dict(subsampling=1)), "420": (smooth, dict(subsampling=2)),
        "progressive": (smooth, dict(progressive=True)), "restarts": (smooth, dict(restart_marker_rows=1)),
        "grey": (smooth.convert("L"), {}), "cmyk": (smooth.convert("CMYK"), {}), "rgb": (smooth, dict(keep_rgb=True)),
        "1 x 1": (smooth.resize((1, 1)), {}), "low quality": (smooth, dict(quality=5)),
    }
    for name, (picture, options) in variants.items():
        yield name, saved(picture, **options)
    for orientation in range(1, 9):
        yield f"EXIF {orientation}", saved(smooth.resize((12, 7)), exif=b"Exif\0\0" + exif(orientation, orientation % 2 == 1))


def saved(picture, **options):
    stream = io.BytesIO()
    picture.save(stream, "JPEG", **options)
    return stream.getvalue()


def make_decode():
    """Records: name (24 bytes), tolerance, h, w, c, file's size (5 x int32), file, pixels."""
    from PIL import ImageOps
    records = []
    def record(name, tolerance, data, pixels):
        pixels = pixels if pixels.ndim == 3 else pixels[..., None]
        records.append(struct.pack("<24s5i", name.encode(), tolerance, *pixels.shape, len(data)) + data + pixels.tobytes())
    for name, data, expected in pngs():
        record("PNG " + name, 0, data, expected)
    for name, data in jpegs():
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        # Versions of libjpeg-turbo may round an inverse DCT and upsampling differently.
        record("JPEG " + name, 1, data, np.asarray(picture if picture.mode == "L" else picture.convert("RGB")))
    write("image_decode.bin", records)


def make_real(folder):
    """Lines: a photo's file, height, width, channels, mean of all samples; profiles are converted to sRGB."""
    from PIL import ImageCms, ImageOps
    lines = []
    for name in sorted(glob.glob("photos/**/*.[jJ]*", root_dir=folder, recursive=True))[::20]:
        picture = Image.open(os.path.join(folder, name))
        profile = picture.info.get("icc_profile")
        picture = ImageOps.exif_transpose(picture)
        if profile and picture.mode == "RGB":
            picture = ImageCms.profileToProfile(picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"))
        pixels = np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))
        pixels = pixels if pixels.ndim == 3 else pixels[..., None]
        lines.append("\t".join(map(str, [name, *pixels.shape, f"{pixels.mean():.3f}"])))
    write("image_real.tsv", [("\n".join(lines) + "\n").encode()])


def make_luma():
    """luma.h: the CRC-32 of convert("L") of every colour there is, red slowest."""
    every = np.indices((256, 256, 256), np.uint8).reshape(3, -1).T.reshape(4096, 4096, 3)
    crc = zlib.crc32(np.asarray(Image.fromarray(np.ascontiguousarray(every)).convert("L")).tobytes())
    with open(os.path.join(HERE, "luma.h"), "w", encoding="utf-8") as file:
        file.write("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by make_image.py: CRC-32 of Pillow's convert(\"L\") of all 2^24 "
                   f"colours, red slowest. */\n#define LUMA_OF_EVERY_COLOUR 0x{crc:08x}u\n")


def write(name, records):
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(b"".join(records))
    print(name, len(records), os.path.getsize(os.path.join(HERE, name)))


make_resize()
make_fit()
make_decode()
make_luma()
if len(sys.argv) > 1:
    make_real(sys.argv[1])
