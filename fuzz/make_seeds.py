#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the inputs that fuzzing begins with, a folder for each target: small valid files of every kind.

    python3 fuzz/make_seeds.py FOLDER

Needs Pillow 13 with WebP and AVIF. Pictures are also taken from tests/golden/*.bin. What is committed in fuzz/corpus is what
fuzz/run kept of them.
"""
import base64
import bz2
import gzip
import io
import json
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import numpy as np
from PIL import Image, ImageCms

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RNG = np.random.default_rng(5)
SEPARATOR = b"\n--\n"


def noise(*shape, dtype=np.uint8):
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def smooth(height, width, channels=3):
    small = noise(3, 4, channels) if channels > 1 else noise(3, 4)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def saved(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def exif(orientation):
    tags = Image.Exif()
    tags[0x112] = orientation
    return tags.tobytes()


# ---- pictures ----

def golden_pictures(name):
    """The records of tests/golden/make_image.py and make_formats.py, by format."""
    data = open(os.path.join(SOURCE, "tests/golden", name), "rb").read()
    at = 0
    while at < len(data):
        h, w, c, size = struct.unpack_from("<4i", data, at + 28)
        at += 44
        yield data[at:at + size]
        at += size + h * w * c


SIGNATURES = {"jpeg": (0, b"\xff\xd8"), "png": (0, b"\x89PNG"), "webp": (8, b"WEBP"), "gif": (0, b"GIF8"),
              "bmp": (0, b"BM"), "heif": (4, b"ftyp"), "pnm": (0, b"P")}


def from_golden():
    for name in ("image_decode.bin", "image_formats.bin"):
        for data in golden_pictures(name):
            for target, (offset, signature) in SIGNATURES.items():
                if data[offset:offset + len(signature)] == signature:
                    yield target, data


def jpegs():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        for progressive in (False, True):
            yield saved(smooth(21, 35), "JPEG", subsampling=subsampling, progressive=progressive, quality=60)
    yield saved(smooth(9, 12, 1), "JPEG")
    yield saved(smooth(9, 12, 4).convert("RGB").convert("CMYK"), "JPEG")
    yield saved(smooth(33, 17), "JPEG", restart_marker_blocks=2)
    yield saved(smooth(9, 12), "JPEG", icc_profile=profile, exif=exif(6))
    yield saved(smooth(40, 56), "JPEG", optimize=True, exif=exif(5), quality=20)


def pngs():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield saved(Image.fromarray(noise(5, 7, 3)), "PNG", icc_profile=profile, exif=exif(8))
    yield saved(Image.fromarray(noise(5, 7, dtype=np.uint16)), "PNG")
    palette = Image.fromarray(noise(9, 9) % 16, "P")
    palette.putpalette(noise(16, 3).tobytes())
    for bits in (4, 8):
        yield saved(palette, "PNG", bits=bits, transparency=3)
    yield saved(Image.fromarray(noise(9, 9) > 99), "PNG")
    yield saved(Image.fromarray(noise(9, 9, 4)), "PNG")
    yield saved(Image.fromarray(noise(9, 9, 2), "LA"), "PNG")


def tiffs():
    for compression in (None, "tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg", "lzma", "zstd"):
        try:
            yield saved(smooth(9, 12), "TIFF", compression=compression)
        except OSError:
            pass
    bits = Image.fromarray(noise(9, 20) > 99)
    for compression in ("group3", "group4", None):
        yield saved(bits, "TIFF", compression=compression)
    for picture in (smooth(9, 12, 1), smooth(9, 12, 4), smooth(9, 12, 4).convert("RGB").convert("CMYK"),
                    Image.fromarray(noise(5, 7, dtype=np.uint16)), Image.fromarray(noise(5, 7).astype(np.float32) / 255),
                    Image.fromarray(noise(5, 7).astype(np.int32) * 1000), smooth(9, 12).convert("YCbCr"),
                    smooth(9, 12).convert("LAB"), smooth(9, 12).quantize(16)):
        yield saved(picture, "TIFF")
    yield saved(smooth(9, 12), "TIFF", tiffinfo={274: 6})
    yield saved(Image.fromarray(noise(5, 7, dtype=np.uint16)), "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    for order in "<>":
        for tiled, planar, bits, samples, form in ((True, 1, 8, 3, 1), (True, 2, 8, 3, 1), (False, 2, 16, 3, 1),
                                                   (False, 1, 32, 1, 3), (False, 1, 64, 1, 3), (True, 1, 16, 4, 1),
                                                   (False, 1, 12, 1, 1), (False, 1, 16, 1, 2), (False, 1, 4, 1, 1)):
            yield tiff(order, tiled, planar, bits, samples, form)


def tiff(order, tiled, planar, bits, samples, form):
    """A plain TIFF 6.0 file of 19 x 10 pixels, in tiles of 16 x 16 or one strip."""
    width, height = 19, 10
    columns, rows = (32, 16) if tiled else (width, height)
    planes = samples if planar == 2 else 1
    row = ((16 if tiled else width) * bits * (samples // planes) + 7) // 8
    block = noise(row * rows).tobytes()
    blocks = planes * (columns // 16 if tiled else 1)
    entries = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * samples), (259, 3, [1]),
               (262, 3, [2 if samples >= 3 else 1]), (277, 3, [samples]), (284, 3, [planar]), (339, 3, [form] * samples)]
    if samples == 4:
        entries.append((338, 3, [2]))
    if tiled:
        entries += [(322, 4, [16]), (323, 4, [16]), (324, 4, None), (325, 4, [len(block)] * blocks)]
    else:
        entries += [(273, 4, None), (278, 4, [height]), (279, 4, [len(block)] * blocks)]
    entries.sort()
    extra_at = 8 + 2 + 12 * len(entries) + 4
    spill, directory = b"", struct.pack(order + "H", len(entries))
    spill_size = sum(len(v or [0] * blocks) * (2 if t == 3 else 4) for _, t, v in entries
                     if len(v or [0] * blocks) * (2 if t == 3 else 4) > 4)
    for tag, kind, values in entries:
        if values is None:
            values = [extra_at + spill_size + i * len(block) for i in range(blocks)]
        data = struct.pack(order + str(len(values)) + ("H" if kind == 3 else "I"), *values)
        if len(data) > 4:
            place = struct.pack(order + "I", extra_at + len(spill))
            spill += data
        else:
            place = data.ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, kind, len(values)) + place
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(order + "I", 8) + directory + bytes(4) + spill + block * blocks


def more_pictures():
    for make in (jpegs, pngs, tiffs):
        for data in make():
            yield make.__name__[:-1], data
    for quality in (30, 90):
        for subsampling in ("4:2:0", "4:4:4", "4:0:0"):
            yield "heif", saved(smooth(16, 24), "AVIF", quality=quality, subsampling=subsampling)
    yield "heif", saved(smooth(16, 24, 4), "AVIF", quality=50, exif=exif(6))
    yield "webp", saved(smooth(16, 24), "WEBP", save_all=True, append_images=[smooth(16, 24)])


def exifs():
    for order, magic in (("<", b"II*\0"), (">", b"MM\0*")):
        for value in (1, 6, 9):
            entries = struct.pack(order + "HHIHH", 0x10F, 2, 1, 0, 0) + struct.pack(order + "HHIHH", 0x112, 3, 1, value, 0)
            yield "exif", magic + struct.pack(order + "IH", 8, 2) + entries + bytes(4)


def profiles():
    for name in ("sRGB", "XYZ", "LAB"):
        yield "icc", ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()
    curve = b"curv" + bytes(4) + struct.pack(">I", 1) + struct.pack(">H", 0x0200) + bytes(2)
    xyz = lambda *v: b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(x * 65536)) for x in v)
    grey = [(b"wtpt", xyz(0.9642, 1, 0.8249)), (b"kTRC", curve)]
    rgb = [(b"wtpt", xyz(0.9642, 1, 0.8249)), (b"rXYZ", xyz(0.61, 0.311, 0.019)), (b"gXYZ", xyz(0.205, 0.626, 0.061)),
           (b"bXYZ", xyz(0.149, 0.063, 0.745)), (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    for space, tags in ((b"GRAY", grey), (b"RGB ", rgb)):
        table, data = struct.pack(">I", len(tags)), b""
        for name, content in tags:
            table += name + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(content))
            data += content
        size = 128 + len(table) + len(data)
        head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", space, b"XYZ ") + bytes(12) + b"acsp"
        yield "icc", head.ljust(68, b"\0") + struct.pack(">iii", 63190, 65536, 54061) + bytes(48) + table + data


# ---- data sets ----

def idx():
    pictures = struct.pack(">4I", 0x803, 6, 3, 2) + noise(36).tobytes()
    labels = struct.pack(">2I", 0x801, 6) + bytes([0, 1, 2, 0, 1, 2])
    test = struct.pack(">4I", 0x803, 1, 3, 2) + noise(6).tobytes(), struct.pack(">2I", 0x801, 1) + b"\1"
    pack = lambda data: gzip.compress(data, mtime=0)
    yield "idx", SEPARATOR.join([pictures, labels])
    yield "idx", SEPARATOR.join([pictures, labels, *test])
    yield "idx", SEPARATOR.join([pack(pictures), pack(labels)])


def cifar():
    record = lambda label: bytes([label]) + noise(3072).tobytes()
    yield "cifar", SEPARATOR.join([b"", record(3) + record(9), record(1)])
    yield "cifar", SEPARATOR.join(["\n".join("abcdefghij").encode(), record(0)])
    fine = "\n".join(f"class {i}" for i in range(100)).encode()
    yield "cifar", SEPARATOR.join([fine, b"\x02" + record(99), b"\x03" + record(7)])


def tables():
    plain = b"a.png,cat\nb.png,dog\nc/d.png,cat\n"
    for data in (plain, b"file,label\n" + plain, b"\xef\xbb\xbffile\tlabel\r\na.png\tx y\r\nb.png\t\"q\"\"q\"\r\n",
                 b"name;class;group;split\na.png;1;g;train\nb.png;2;h;test\n", b"path,a,b,c\na.png,1,0,1\nb.png,0,0,0\n",
                 b"file,labels\na.png,x|y\nb.png,\"line\nbreak\"\n", b"file,label\na.png,\"open\n", b"a,,b\n\n,\n"):
        yield "csv", data
        yield "table", data


SMALL_PNG = saved(Image.fromarray(noise(2, 2)), "PNG")


def tarred(files, **options):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", **options) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def packed_zip(files, compression):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return stream.getvalue()


def archives():
    folders = {"train/cat/a.png": SMALL_PNG, "train/dog/b.png": SMALL_PNG, "test/cat/c.png": SMALL_PNG, "README": b"no"}
    shards = {"000.png": SMALL_PNG, "000.cls": b"1", "001.png": SMALL_PNG, "001.cls": b"0"}
    named = {"x.png": SMALL_PNG, "x.json": json.dumps({"label": "cat"}).encode(), "y.png": SMALL_PNG, "y.json": b'{"label": 3}'}
    digits = {"train-images-idx3-ubyte": struct.pack(">4I", 0x803, 2, 1, 1) + b"ab",
              "train-labels-idx1-ubyte": struct.pack(">2I", 0x801, 2) + b"\0\1"}
    long = {"a" * 120 + "/" + "b" * 60 + ".png": SMALL_PNG, "b/x.png": SMALL_PNG}
    words = {"a.png": SMALL_PNG, "a.cls": b"dog\n", "b.png": SMALL_PNG, "b.cls": b"cat", "c.cls": b"cat", "d.png": SMALL_PNG}
    yield "shards", SEPARATOR.join([tarred(words), tarred({"t.png": SMALL_PNG, "t.cls": b"cat"})])
    yield "shards", SEPARATOR.join([tarred(words), b"", b"cat\ndog\n"])
    yield "shards", SEPARATOR.join([tarred(shards), tarred(shards), b"a\nb\nc"])
    yield "tar", tarred(words | {"classes.txt": b"cat\ndog\n"})
    for files in (folders, shards, named, digits, long):
        for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            data = tarred(files, format=form)
            yield "shards" if files in (shards, named) else "tar", data
            if form == tarfile.PAX_FORMAT:
                yield "archive", gzip.compress(data, mtime=0)
                yield "archive", bz2.compress(data)
                yield "archive", lzma.compress(data)
        for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            yield "zip", packed_zip(files, compression)


# ---- models ----

def texts():
    yield "network_yaml", (b"input: {height: 8, width: 8, channels: 3}\nclasses: 3\noutput: last\nlayers:\n"
                           b"  - conv2d: {filters: 6, kernel_h: 3, kernel_w: 1, stride: 2, groups: 3, pad: [1, 0, 1, 0], dilation: 1}\n"
                           b"  - conv2d: {kernel: 3, depthwise: yes, activation: leaky_relu, alpha: 0.1, name: a}\n"
                           b"  - average_pool2d: {size: 2, count_padding: yes}\n  - global_average_pool2d\n  - relu\n"
                           b"  - dense: {units: 4, initializer: he_normal, name: b}\n  - dense: {units: 3, from: b, name: last}\n")
    for policy in ("standard", "[random_crop: {strength: 0.5}, random_horizontal_flip: {p: 0.5}]", "- preset: standard\n- mixup\n",
                   "[random_erasing: {p: 0.25}, color_jitter: {brightness: 0.4, hue: 0.1}, rand_augment: {num_ops: 2}]"):
        yield "policy_yaml", policy.encode()
    for config in ("epochs: 3\nlearning_rate: 0.1\nclasses: [a, b]\n", "data: photos\nmodel: resnet18\nbatch: 32\nseed: 7\nno_such: 1\n"):
        yield "config", config.encode()
    for space in ("lr: {type: float, low: 1e-4, high: 0.1, log: yes, default: 0.003}\noptimizer: [adamw, sgd]\n"
                  "momentum: {type: float, low: 0.5, high: 0.99, when: {optimizer: sgd}}\n",
                  "batch: {type: int, low: 32, high: 256, step: 32}\nw: {type: int, low: 1, high: 9, log: yes}\n",
                  "a: [p, q, r]\nb: {choices: [x, y], default: y, when: {a: [p, q]}}\nc: {type: int, low: -3, high: 1, when: {b: x, a: p}}\n"):
        yield "space_yaml", space.encode()
    head = "epoch,seconds,train/loss,train/accuracy,val/loss,val/accuracy,lr\n"
    yield "run", (head + "1,2.5,1.5,0.5,1.25,0.75,0.1\n2,1,0.5,1,nan,,1e-3\n\n--\nlr: 0.1\nmonitor: val/loss\naugment: [a, <b>]\n").encode()
    yield "run", (head + "1,1\n\n--\nepochs: 3\n\n--\n" + '{"state":"failed","message":"no <more>"}').encode()
    yield "run", b"epoch,val/loss\n1,1e300\n2,-1e300\n3,inf\n"


def safetensors():
    def make(tensors, metadata=None):
        header, data = {}, b""
        for name, kind, shape, content in tensors:
            header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
            data += content
        if metadata:
            header["__metadata__"] = metadata
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data
    yield "safetensors", make([("a", "F32", [2, 2], bytes(16)), ("b", "F16", [3], bytes(6)), ("c", "BF16", [1], bytes(2)),
                               ("d", "I64", [], bytes(8)), ("e", "U8", [5], bytes(5))], {"k": "v"})
    yield "safetensors", make([])
    yield "safetensors", make([("a", "F32", [0], b"")])


def torch_files():
    """What PyTorch wrote for the tests: tests/golden/make_weights.py."""
    folder = os.path.join(SOURCE, "tests/golden")
    for name in sorted(os.listdir(folder)):
        if name.startswith("weights_"):
            yield "torch", open(os.path.join(folder, name), "rb").read()


def tflite_files():
    """What TensorFlow Lite's converter wrote for the tests: tests/golden/make_tflite.py."""
    folder = os.path.join(SOURCE, "tests/golden")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".tflite"):
            yield "tflite", open(os.path.join(folder, name), "rb").read()


def onnx_files():
    """Small graphs of tests/golden/make_onnx.py: without those that are mostly weights."""
    folder = os.path.join(SOURCE, "tests/golden/onnx")
    for name in sorted(os.listdir(folder)):
        data = open(os.path.join(folder, name), "rb").read()
        if name.endswith(".onnx") and len(data) < 32000:
            yield "onnx", data


def served_bodies():
    """Requests to a server of a network of 3 x 2 pixels (fuzz/serve_job.h)."""
    out = io.BytesIO()
    Image.fromarray(noise(2, 3, 3)).save(out, "PNG")
    png, encoded = out.getvalue(), base64.b64encode(out.getvalue()).decode()
    rows = noise(2, 3, 3).tolist()
    tensor = {"name": "image", "shape": [1, 2, 3, 3], "datatype": "FP32", "data": [rows]}
    for body in ({"instances": [rows, {"b64": encoded}, {"image": {"b64": encoded}}]}, {"inputs": {"image": [rows]}},
                 {"examples": [{"image": {"b64": encoded}}, {"image": rows}]},
                 {"id": "7", "inputs": [tensor], "outputs": [{"name": "class"}]},
                 {"inputs": [dict(tensor, datatype="UINT8", data=noise(18).tolist())]},
                 {"inputs": [dict(tensor, datatype="BYTES", shape=[1], data=[encoded])]}):
        yield "serve_json", json.dumps(body).encode()
    for kind, shape, data in (("UINT8", [1, 2, 3, 3], bytes(18)), ("FP32", [1, 2, 3, 3], bytes(72)),
                              ("BYTES", [1], struct.pack("<I", len(png)) + png)):
        tensor = {"name": "image", "shape": shape, "datatype": kind, "parameters": {"binary_data_size": len(data)}}
        yield "serve_json", json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode() + b"\n" + data
    part = b'--x\r\nContent-Disposition: form-data; name="p"; filename="a.png"\r\n\r\n%s\r\n'
    yield "serve_form", b"multipart/form-data; boundary=x\n" + part % png + part % b"no" + b"--x--\r\n"
    yield "serve_form", b'multipart/form-data; boundary="x"\n' + part.replace(b"file", b"") % png + b"--x--"
    yield "serve_form", b"image/png\n" + png
    yield "serve_form", b"/v1/models/m/versions/3:predict\n" + png


NETWORK = """name: tiny
input: {height: 16, width: 16, channels: 1}
layers:
  - conv2d: {filters: 2, kernel: 3, padding: same, use_bias: no, name: stem}
  - batch_norm: {activation: relu, name: stem_bn}
  - conv2d: {filters: 2, kernel: 3, padding: same, name: second}
  - add: {from: [stem_bn, second]}
  - max_pool2d: {size: 4}
  - flatten
  - dropout: {rate: 0.2}
  - dense: {units: classes}
"""


def models():
    """What a run of the command leaves: $FOVEA, or build/fovea."""
    yield "network_yaml", NETWORK.encode()
    command = os.environ.get("FOVEA", os.path.join(SOURCE, "build/fovea"))
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *words: subprocess.run([command, *words], cwd=folder, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)
        open(os.path.join(folder, "tiny.yaml"), "w").write(NETWORK)
        run("data", "demo", "digits", "--train", "4", "--test", "1", "--size", "16")
        run("train", "digits", "--model", "tiny.yaml", "--epochs", "1", "--size", "16", "--out", "run")
        for name in ("best", "last"):
            data = open(os.path.join(folder, f"run/{name}.safetensors"), "rb").read()
            yield "model", data
            yield "safetensors", data
        yield "config", open(os.path.join(folder, "run/args.yaml"), "rb").read()


def main(folder):
    counts = {}
    for group in (from_golden, more_pictures, exifs, profiles, idx, cifar, tables, archives, texts, safetensors, torch_files,
                  tflite_files, onnx_files, served_bodies, models):
        for target, data in group():
            os.makedirs(os.path.join(folder, target), exist_ok=True)
            counts[target] = counts.get(target, 0) + 1
            with open(os.path.join(folder, target, f"{counts[target]:03d}"), "wb") as file:
                file.write(data)
    print(counts)


main(sys.argv[1])
