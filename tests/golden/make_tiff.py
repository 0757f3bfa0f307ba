#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes image_tiff.bin beside this file: small TIFF files of all kinds, and what they show.

    python3 tests/golden/make_tiff.py

Needs Pillow 13. Records are those of image_decode.bin: name (24 bytes), tolerance, h, w, c, file's size (5 x int32), file,
pixels; little-endian. Most files are put together here from numpy arrays, after the TIFF 6.0 specification and Adobe's technical
note 3 for the floating-point predictor, because Pillow writes few kinds; the pixels follow from the arrays alone. What Pillow
can read of them is compared with them here, too. Files named "Pillow" are written and read back by Pillow.
"""
import io
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(7)
NONE, LZW, DEFLATE, PACKBITS = 1, 5, 8, 32773
WHITE, BLACK, RGB, PALETTE, MASK, CMYK, YCBCR = range(7)


# ---- writing ----

def packbits(row):
    """Literal runs of up to 128 bytes, and one repeated run where the row begins with equal bytes."""
    out, at, row = b"", 0, bytes(row)
    first = len(row) - len(row.lstrip(row[:1]))
    if first > 1:
        out, at = bytes([257 - min(first, 128)]) + row[:1], min(first, 128)
    while at < len(row):
        part = row[at:at + 128]
        out, at = out + bytes([len(part) - 1]) + part, at + len(part)
    return out


def lzw(data):
    """Codes of growing width, most significant bit first, one code early, as TIFF 6.0 has it."""
    table, bits, width, previous = {bytes([i]): i for i in range(256)}, [], 9, b""
    following = 258
    emit = lambda code: bits.append(format(code, f"0{width}b"))
    emit(256)
    for byte in data:
        word = previous + bytes([byte])
        if word in table:
            previous = word
            continue
        emit(table[previous])
        table[word] = following
        following += 1
        if following == 4094:
            emit(256)
            table, width, following = {bytes([i]): i for i in range(256)}, 9, 258
        elif following > 2 ** width - 1:
            width += 1
        previous = bytes([byte])
    emit(table[previous])
    following += 1
    if following > 2 ** width - 1:
        width += 1
    emit(257)
    bits = "".join(bits)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def difference(block):
    """Predictor 2: each sample less the one to the left, modulo its size. (h, w, s)"""
    out = block.copy()
    out[:, 1:] = block[:, 1:] - block[:, :-1]
    return out


def float_difference(block):
    """Predictor 3: of each row the bytes of all samples by significance, highest first, then differences of bytes."""
    h, w, s = block.shape
    size = block.dtype.itemsize
    rows = block.astype(block.dtype.newbyteorder(">")).reshape(h, w * s).view(np.uint8).reshape(h, w * s, size)
    planes = rows.transpose(0, 2, 1).reshape(h, -1)
    out = planes.copy()
    out[:, s:] = planes[:, s:] - planes[:, :-s]
    return out


def pack(block, bits):
    """Rows of samples of fewer bits than a byte or in between, padded to bytes. (h, w, s)"""
    h = block.shape[0]
    wide = block.reshape(h, -1).astype(">u4")
    every = np.unpackbits(wide.view(np.uint8).reshape(h, -1, 4), axis=2)[:, :, 32 - bits:]
    return np.packbits(every.reshape(h, -1), axis=1)


def tiff(samples, photometric, *, order="<", big=False, bits=None, compression=NONE, predictor=1, tile=None, rows=None,
         planar=False, extra=None, colors=None, form=None, orientation=None, fill=1, tags=(), second=None):
    """(h, w, samples) of unsigned, signed or floating-point numbers."""
    h, w, count = samples.shape
    whole = bits is None
    bits = samples.dtype.itemsize * 8 if whole else bits
    if form is None:
        form = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    th, tw = tile or (rows or h, w)

    def encoded(block):
        if tile:
            block = np.pad(block, ((0, th - block.shape[0]), (0, tw - block.shape[1]), (0, 0)), mode="edge")
        if predictor == 2:
            block = difference(block)
        if predictor == 3:
            data = float_difference(block)
        elif whole:
            data = block.astype(block.dtype.newbyteorder(order)).reshape(block.shape[0], -1).view(np.uint8)
        else:
            data = pack(block, bits)
        if fill == 2:
            data = np.packbits(np.unpackbits(data, axis=1, bitorder="little"), axis=1)
        if compression == PACKBITS:
            return b"".join(packbits(r) for r in data)
        data = data.tobytes()
        return zlib.compress(data) if compression == DEFLATE else lzw(data) if compression == LZW else data

    planes = [samples[..., k:k + 1] for k in range(count)] if planar else [samples]
    blocks = [encoded(p[y:y + th, x:x + tw]) for p in planes for y in range(0, h, th) for x in range(0, w, tw)]
    short, long = "H", "I"
    entries = [(256, long, [w]), (257, long, [h]), (258, short, [bits] * count), (259, short, [compression]), (262, short, [photometric]),
               (277, short, [count]), (284, short, [2 if planar else 1]), (317, short, [predictor]), (339, short, [form] * count)]
    if tile:
        entries += [(322, long, [tw]), (323, long, [th]), (324, "offsets", None), (325, long, [len(b) for b in blocks])]
    else:
        entries += [(273, "offsets", None), (278, long, [th]), (279, long, [len(b) for b in blocks])]
    for tag, kind, value in ((338, short, extra), (320, short, colors), (274, short, orientation and [orientation]), (266, short, fill != 1 and [fill])):
        if value:
            entries.append((tag, kind, value))
    return laid_out(sorted(entries + list(tags), key=lambda e: e[0]), blocks, order, big, second)


def laid_out(entries, blocks, order, big, second):
    """Header, blocks, values that do not fit into their entry, directory."""
    word, inline = ("Q", 8) if big else ("I", 4)
    at = 16 if big else 8
    body, offsets = b"", []
    for block in blocks:
        offsets.append(at + len(body))
        body += block + b"\0" * (len(block) % 2)
    directory = struct.pack(order + ("Q" if big else "H"), len(entries))
    for tag, kind, values in entries:
        values = offsets if kind == "offsets" else values
        kind = word if kind == "offsets" else kind
        data = struct.pack(order + str(len(values)) + kind, *values)
        code = {"H": 3, "I": 4, "Q": 16, "B": 7}[kind]
        if len(data) > inline:
            place = at + len(body)
            body += data + b"\0" * (len(data) % 2)
            data = struct.pack(order + word, place)
        directory += struct.pack(order + "HH" + word, tag, code, len(values)) + data.ljust(inline, b"\0")
    start = at + len(body)
    end = start + len(directory) + inline
    directory += struct.pack(order + word, end if second else 0)
    head = (b"II" if order == "<" else b"MM") + (struct.pack(order + "HHHQ", 43, 8, 0, start) if big else struct.pack(order + "HI", 42, start))
    # A second page's directory, which points anywhere: it is not looked at.
    return head + body + directory + (struct.pack(order + "H", 0) + b"\0" * 8 if second else b"")


# ---- what the samples show ----

def levels(samples, low, high):
    """Rounded to nearest, halves up, in whole numbers."""
    x = samples.astype(object)
    return ((2 * (x - low) * 255 + (high - low)) // (2 * (high - low))).astype(np.uint8)


def unsigned(samples, bits):
    return levels(samples, 0, 2 ** bits - 1)


def signed(samples, bits):
    return levels(samples, -2 ** (bits - 1), 2 ** (bits - 1) - 1)


def floats(samples):
    x = np.where(np.isnan(samples), 0, samples).astype(np.float64)
    return np.floor(np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)


def over_white(rgba, full=255, premultiplied=False):
    x = rgba.astype(object)
    colour, alpha = x[..., :-1], x[..., -1:]
    total = colour * full + full * (full - alpha) if premultiplied else colour * alpha + full * (full - alpha)
    return ((2 * total * 255 + full * full) // (2 * full * full)).astype(np.uint8)


def from_inks(inks, full=255):
    """(h, w, 4) with `full` for all of an ink: colours times black, to 8 bits before."""
    left = 255 - levels(inks, 0, full).astype(np.int64)
    return ((left[..., :3] * left[..., 3:] + 127) // 255).astype(np.uint8)


def whole(dtype, channels, h=11, w=13):
    info = np.iinfo(dtype)
    out = RNG.integers(info.min, info.max, (h, w, channels), dtype=dtype, endpoint=True)
    out[0, 0], out[0, 1] = info.min, info.max
    return out


# ---- the files ----

def types():
    for dtype, bits in ((np.uint8, 8), (np.uint16, 16), (np.uint32, 32)):
        for channels, photometric in ((1, BLACK), (3, RGB)):
            x = whole(dtype, channels)
            yield f"uint{bits} x {channels}", tiff(x, photometric), unsigned(x, bits)
            yield f"uint{bits} x {channels} MM", tiff(x, photometric, order=">"), unsigned(x, bits)
    for dtype, bits in ((np.int8, 8), (np.int16, 16), (np.int32, 32)):
        x = whole(dtype, 1)
        yield f"int{bits}", tiff(x, BLACK), signed(x, bits)
        yield f"int{bits} MM", tiff(x, BLACK, order=">"), signed(x, bits)
    for dtype, bits in ((np.float16, 16), (np.float32, 32), (np.float64, 64)):
        x = RNG.uniform(-0.2, 1.2, (11, 13, 3)).astype(dtype)
        x[0, 0], x[0, 1], x[0, 2] = (np.nan, np.inf, -np.inf), (0, 1, 0.5), (1e-7, 6e-5, -0.0)
        yield f"float{bits} x 3", tiff(x, RGB), floats(x.astype(np.float32))
        yield f"float{bits} MM", tiff(x[..., :1], BLACK, order=">"), floats(x[..., :1].astype(np.float32))
    x = whole(np.uint8, 1)
    yield "untyped", tiff(x, BLACK, form=4), x
    yield "white is 0", tiff(x, WHITE), 255 - x
    x = whole(np.uint16, 1)
    yield "white is 0, 16 bits", tiff(x, WHITE), 255 - unsigned(x, 16)


def few_bits():
    for bits in (1, 2, 4, 6, 10, 12, 14):
        x = RNG.integers(0, 2 ** bits, (11, 13, 1)).astype(np.uint16)
        yield f"{bits} bits", tiff(x, BLACK, bits=bits), unsigned(x, bits)
    x = RNG.integers(0, 2, (11, 13, 1)).astype(np.uint16)
    yield "1 bit, white is 0", tiff(x, WHITE, bits=1, compression=PACKBITS), 255 - unsigned(x, 1)
    yield "1 bit, bits reversed", tiff(x, BLACK, bits=1, fill=2), unsigned(x, 1)
    yield "1 bit, mask", tiff(x, MASK, bits=1), unsigned(x, 1)
    x = RNG.integers(0, 16, (11, 13, 3)).astype(np.uint16)
    yield "4 bits x 3", tiff(x, RGB, bits=4), unsigned(x, 4)
    yield "4 bits x 3 planar", tiff(x, RGB, bits=4, planar=True), unsigned(x, 4)
    x = RNG.integers(0, 4096, (11, 13, 3)).astype(np.uint16)
    yield "12 bits tiled", tiff(x, RGB, bits=12, tile=(16, 16)), unsigned(x, 12)


def palettes():
    for bits in (1, 2, 4, 8):
        x = RNG.integers(0, 2 ** bits, (11, 13, 1)).astype(np.uint8)
        colors = RNG.integers(0, 65536, (3, 2 ** bits))  # its upper byte counts
        colors[0, 0] = 65535
        pixels = (colors.T >> 8)[x[..., 0]]
        yield f"palette {bits} bits", tiff(x, PALETTE, bits=bits, colors=colors.reshape(-1).tolist()), pixels
    colors = RNG.integers(0, 256, (3, 256))
    x = whole(np.uint8, 1)
    yield "palette of bytes", tiff(x, PALETTE, colors=colors.reshape(-1).tolist()), colors.T.astype(np.uint8)[x[..., 0]]
    colors = RNG.integers(0, 65536, (3, 256))
    yield "palette tiled", tiff(x, PALETTE, colors=colors.reshape(-1).tolist(), tile=(16, 16), compression=DEFLATE), (colors.T >> 8)[x[..., 0]]


def alphas():
    x = whole(np.uint8, 4)
    yield "RGBA", tiff(x, RGB, extra=[2]), over_white(x)
    yield "RGBA, unsaid", tiff(x, RGB), over_white(x)
    yield "RGBA planar", tiff(x, RGB, extra=[2], planar=True, compression=DEFLATE), over_white(x)
    yield "RGB and another", tiff(x, RGB, extra=[0]), x[..., :3]
    deep = whole(np.uint16, 4)
    yield "RGBA 16 bits", tiff(deep, RGB, extra=[2]), over_white(deep, 65535)
    ready = (x.astype(int) * x[..., 3:] // 255).astype(np.uint8)
    ready[..., 3] = x[..., 3]
    yield "RGBA premultiplied", tiff(ready, RGB, extra=[1]), over_white(ready, premultiplied=True)
    five = whole(np.uint8, 5)
    yield "RGB, another, alpha", tiff(five, RGB, extra=[0, 2]), over_white(five[..., [0, 1, 2, 4]])
    grey = whole(np.uint8, 2)
    yield "grey and alpha", tiff(grey, BLACK, extra=[2]), over_white(grey)
    yield "grey and another", tiff(grey, BLACK, extra=[0]), grey[..., :1]


def inks():
    x = whole(np.uint8, 4)
    yield "CMYK", tiff(x, CMYK), from_inks(x)
    yield "CMYK planar", tiff(x, CMYK, planar=True, compression=DEFLATE), from_inks(x)
    deep = whole(np.uint16, 4)
    yield "CMYK 16 bits", tiff(deep, CMYK), from_inks(deep, 65535)
    five = whole(np.uint8, 5)
    yield "CMYK and another", tiff(five, CMYK, extra=[0]), from_inks(five[..., :4])


def layouts():
    x = whole(np.uint8, 3, 37, 41)
    for name, options in {
        "strips": dict(rows=5), "tiles": dict(tile=(16, 16)), "planar": dict(planar=True), "planar strips": dict(planar=True, rows=7),
        "planar tiles": dict(planar=True, tile=(16, 32)), "wide tile": dict(tile=(64, 64)), "BigTIFF": dict(big=True, rows=8),
        "BigTIFF MM": dict(big=True, order=">", rows=8), "two pages": dict(second=True),
        "deflate": dict(compression=DEFLATE, rows=9), "packbits": dict(compression=PACKBITS), "LZW": dict(compression=LZW, rows=9),
        "LZW tiles": dict(compression=LZW, tile=(16, 16), predictor=2), "deflate predictor": dict(compression=DEFLATE, predictor=2),
        "planar predictor": dict(compression=DEFLATE, predictor=2, planar=True, rows=10),
    }.items():
        yield name, tiff(x, RGB, **options), x
    for dtype, bits in ((np.uint16, 16), (np.uint32, 32)):
        x = whole(dtype, 3, 19, 23)
        yield f"predictor {bits}", tiff(x, RGB, compression=DEFLATE, predictor=2), unsigned(x, bits)
        yield f"predictor {bits} MM", tiff(x, RGB, compression=LZW, predictor=2, order=">", tile=(16, 16)), unsigned(x, bits)
    for dtype, bits in ((np.float16, 16), (np.float32, 32), (np.float64, 64)):
        x = RNG.uniform(-0.2, 1.2, (19, 23, 3)).astype(dtype)
        yield f"float predictor {bits}", tiff(x, RGB, compression=DEFLATE, predictor=3, rows=6), floats(x.astype(np.float32))
    x = RNG.uniform(-0.2, 1.2, (19, 23, 1)).astype(np.float32)
    yield "float predictor MM", tiff(x, BLACK, compression=DEFLATE, predictor=3, order=">", tile=(16, 16)), floats(x)


def turned():
    upright = whole(np.uint8, 3, 4, 7)
    inverse = [None, None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
               Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_270]
    for orientation in range(1, 9):
        stored = upright if orientation == 1 else np.asarray(Image.fromarray(upright).transpose(inverse[orientation]))
        yield f"orientation {orientation}", tiff(stored, RGB, orientation=orientation), upright


def ycbcr():
    """Rec. 601 as in JFIF, without subsampling, uncompressed: libtiff converts it."""
    picture = Image.fromarray(np.asarray(Image.fromarray(whole(np.uint8, 3, 4, 5)).resize((21, 17), Image.Resampling.BICUBIC)))
    x = np.asarray(picture.convert("YCbCr"))
    data = tiff(x, YCBCR, tags=[(530, "H", [1, 1])])
    yield "YCbCr", data, np.asarray(picture)


def of_pillow():
    smooth = Image.fromarray(whole(np.uint8, 3, 4, 5)).resize((45, 37), Image.Resampling.BICUBIC)
    bits = smooth.convert("1")
    variants = {
        "raw": (smooth, {}, 0), "LZW": (smooth, dict(compression="tiff_lzw"), 0), "deflate": (smooth, dict(compression="tiff_adobe_deflate"), 0),
        "old deflate": (smooth, dict(compression="tiff_deflate"), 0), "packbits": (smooth, dict(compression="packbits"), 0),
        "zstd": (smooth, dict(compression="zstd"), 0), "lzma": (smooth, dict(compression="lzma"), 0),
        "JPEG": (smooth, dict(compression="jpeg", quality=90), 2), "JPEG grey": (smooth.convert("L"), dict(compression="jpeg", quality=90), 1),
        "grey LZW": (smooth.convert("L"), dict(compression="tiff_lzw"), 0), "1 bit": (bits, {}, 0), "group 3": (bits, dict(compression="group3"), 0),
        "group 4": (bits, dict(compression="group4"), 0), "CCITT": (bits, dict(compression="tiff_ccitt"), 0),
        "RGBA": (Image.fromarray(whole(np.uint8, 4)), {}, 0), "LA": (Image.fromarray(whole(np.uint8, 2), "LA"), {}, 0),
        "palette": (smooth.quantize(16), {}, 0), "big": (smooth, dict(big_tiff=True), 0),
    }
    for name, (picture, options, tolerance) in variants.items():
        stream = io.BytesIO()
        picture.save(stream, "TIFF", **options)
        yield "Pillow " + name, tolerance, stream.getvalue(), seen_by_pillow(stream.getvalue())
    stream = io.BytesIO()
    smooth.save(stream, "TIFF", save_all=True, append_images=[smooth.rotate(180)], compression="tiff_lzw")
    yield "Pillow two pages", 0, stream.getvalue(), np.asarray(smooth)


def seen_by_pillow(data):
    """None where Pillow cannot read it, or shows something else than 8-bit pixels."""
    try:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        picture.load()
    except Exception:
        return None
    if picture.mode in ("RGBA", "LA"):
        x = np.asarray(picture)
        return over_white(x)
    if picture.mode == "CMYK":
        return from_inks(np.asarray(picture))
    if picture.mode not in ("1", "L", "RGB", "P"):
        return None
    return np.asarray(picture.convert("L" if picture.mode in ("1", "L") else "RGB"))


def records():
    compared = 0
    for cases in (types, few_bits, palettes, alphas, inks, layouts, turned, ycbcr):
        for name, data, pixels in cases():
            tolerance = 2 if name == "YCbCr" else 0
            seen = seen_by_pillow(data)
            if seen is not None:
                # Pillow keeps the upper byte of 16-bit colours, and takes int8 for uint8.
                seen = seen if seen.ndim == 3 else seen[..., None]
                most = int(np.abs(seen.astype(int) - pixels).max()) if seen.shape == pixels.shape else 256
                compared += most <= max(tolerance, 1)
                if most > max(tolerance, 1):
                    print(f"Pillow sees {name} otherwise: {seen.shape}, {most} levels", file=sys.stderr)
            yield name, tolerance, data, pixels
    print(compared, "of them as Pillow sees them")
    yield from of_pillow()


def main():
    count = 0
    with open(os.path.join(HERE, "image_tiff.bin"), "wb") as file:
        for name, tolerance, data, pixels in records():
            pixels = np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[..., None]).astype(np.uint8)
            assert len(name) < 24, name
            file.write(struct.pack("<24s5i", name.encode(), tolerance, *pixels.shape, len(data)) + data + pixels.tobytes())
            count += 1
        print(count, "files,", file.tell(), "bytes")


if __name__ == "__main__":
    main()
