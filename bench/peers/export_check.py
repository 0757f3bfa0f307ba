#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports of the zoo's networks run by their own runtimes on photos, and their probabilities beside fovea's.

    bench/peers/export_check.py PHOTOS [--build build] [--format onnx] [--input normalised|pixels] [--count N] [NETWORK…]

NETWORK is a name of the zoo, which gets random weights and statistics, or a model file; default: the whole zoo. PHOTOS is a folder, from
which N photos are taken evenly (default: all). `onnx` needs onnx and onnxruntime (the file passes ONNX's checker first), `tflite`
TensorFlow or LiteRT. A row each: the largest difference of a probability, and how often the first class is another. Exit status 1
when a difference is over 1e-4.
"""
import argparse
import ctypes as c
import os
import sys
import tempfile

import numpy as np


class Network(c.Structure):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("classes", c.c_int64), ("height", c.c_int64), ("width", c.c_int64),
                ("channels", c.c_int64), ("seed", c.c_uint64), ("dropout", c.c_float), ("tensorflow_padding", c.c_int)]


class Tensor(c.Structure):
    _fields_ = [("name", c.c_char_p), ("rank", c.c_int), ("shape", c.c_int64 * 4), ("count", c.c_int64),
                ("data", c.POINTER(c.c_float)), ("trainable", c.c_int)]


class Preprocess(c.Structure):
    _fields_ = [("height", c.c_int64), ("width", c.c_int64), ("channels", c.c_int64), ("resize_mode", c.c_int),
                ("interpolation", c.c_int), ("crop_fraction", c.c_float), ("mean", c.c_float * 4), ("std", c.c_float * 4),
                ("reverse_channels", c.c_int), ("window", c.c_int), ("window_low", c.c_float), ("window_high", c.c_float),
                ("ignore_profile", c.c_int)]


class Report(c.Structure):
    _fields_ = [("pictures", c.c_int64), ("largest", c.c_float), ("runtime", c.c_char_p), ("weight_bytes", c.c_size_t),
                ("arena_bytes", c.c_size_t), ("code_bytes", c.c_size_t), ("multiply_adds", c.c_int64)]


class Export(c.Structure):
    _fields_ = [("size", c.c_size_t), ("model", c.c_void_p), ("path", c.c_char_p), ("format", c.c_char_p), ("input", c.c_int),
                ("pictures", c.POINTER(c.c_char_p)), ("picture_count", c.c_int64), ("report", c.POINTER(Report))]


class Fovea:
    def __init__(self, build):
        self.library = library = c.CDLL(os.path.join(build, "libfovea.so"))
        pointers = {"fv_model_load": [c.c_char_p], "fv_zoo_create_with": [c.POINTER(Network)], "fv_model_preprocess": [c.c_void_p],
                    "fv_error_message": [], "fv_zoo_get": [c.c_int64]}
        for name, arguments in pointers.items():
            function = getattr(library, name)
            function.restype, function.argtypes = c.c_void_p, arguments
        library.fv_error_message.restype = c.c_char_p
        library.fv_model_tensor_count.restype = library.fv_model_class_count.restype = c.c_int64
        for name in ("fv_model_tensor_count", "fv_model_class_count", "fv_model_destroy", "fv_model_tensors_changed"):
            getattr(library, name).argtypes = [c.c_void_p]
        library.fv_model_tensor.argtypes = [c.c_void_p, c.c_int64, c.POINTER(Tensor)]
        library.fv_model_set_preprocess.argtypes = [c.c_void_p, c.POINTER(Preprocess)]
        library.fv_model_set_classes.argtypes = [c.c_void_p, c.POINTER(c.c_char_p), c.c_int64]
        library.fv_model_set_temperature.argtypes = [c.c_void_p, c.c_float]
        library.fv_export_with.argtypes = [c.POINTER(Export)]
        library.fv_predict_batch.argtypes = [c.c_void_p, c.c_void_p, c.c_int64, c.c_void_p]

    def error(self):
        return self.library.fv_error_message().decode()

    def check(self, status):
        if status:
            raise RuntimeError(self.error())

    def networks(self):
        names, i = [], 0
        while entry := self.library.fv_zoo_get(i):
            names.append(c.cast(entry, c.POINTER(c.c_char_p))[0].decode())
            i += 1
        return names

    def preprocess(self, model):
        return c.cast(self.library.fv_model_preprocess(model), c.POINTER(Preprocess))[0]

    def model(self, name):
        """Of a file, or of the zoo with numbers that matter everywhere."""
        l = self.library
        if os.path.exists(name):
            model = l.fv_model_load(name.encode())
        else:
            model = l.fv_zoo_create_with(Network(c.sizeof(Network), name.encode(), 1000, seed=1))
        if not model:
            raise RuntimeError(self.error())
        if not os.path.exists(name):
            self.fill(model)
        return model

    def fill(self, model):
        l, random = self.library, np.random.default_rng(0)
        for i in range(l.fv_model_tensor_count(model)):
            t = Tensor()
            self.check(l.fv_model_tensor(model, i, t))
            values, name = np.ctypeslib.as_array(t.data, (t.count,)), t.name.decode()
            if "running_var" in name:
                values[:] = random.uniform(0.5, 1.5, t.count)
            elif t.rank == 1:
                values += random.normal(0, 0.1, t.count).astype(np.float32)
        l.fv_model_tensors_changed(model)
        p = self.preprocess(model)
        p.mean[:3], p.std[:3] = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
        self.check(l.fv_model_set_preprocess(model, p))
        count = l.fv_model_class_count(model)
        names = (c.c_char_p * count)(*(f"class '{i}'".encode() for i in range(count)))
        self.check(l.fv_model_set_classes(model, names, count))

    def logits(self, model, pixels):
        values = np.empty((len(pixels), self.library.fv_model_class_count(model)), np.float32)
        self.check(self.library.fv_predict_batch(model, pixels.ctypes.data, len(pixels), values.ctypes.data))
        return values

    def sharpen(self, model, pixels):
        """Random networks find all classes alike, or one of them certain, and differences would not show: the last layer is scaled so
        that logits spread, and a temperature takes part of it."""
        spread, classes = float(self.logits(model, pixels).std(1).mean()) / 6, self.library.fv_model_class_count(model)
        for i in range(self.library.fv_model_tensor_count(model)):
            t = Tensor()
            self.check(self.library.fv_model_tensor(model, i, t))
            if t.shape[0] == classes:
                np.ctypeslib.as_array(t.data, (t.count,))[:] /= spread
        self.library.fv_model_tensors_changed(model)
        self.check(self.library.fv_model_set_temperature(model, 2))

    def export(self, model, path, kind, given):
        report = Report()
        self.check(self.library.fv_export_with(Export(c.sizeof(Export), model, path.encode(), kind.encode(),
                                                      int(given == "pixels"), report=c.pointer(report))))
        return report


def fit(path, p):
    """The middle of the picture, 8-bit (H, W, C), by whatever library is here: all that counts is that both get the same."""
    try:
        from PIL import Image
        picture = Image.open(path).convert("RGB" if p.channels == 3 else "L")
        width, height = picture.size
        resize = lambda w, h: np.asarray(picture.resize((w, h), Image.BILINEAR))
    except ImportError:
        import tensorflow as tf
        picture = tf.io.decode_jpeg(open(path, "rb").read(), channels=p.channels)
        height, width = picture.shape[:2]
        resize = lambda w, h: np.clip(tf.image.resize(picture, (h, w), antialias=True).numpy().round(), 0, 255).astype(np.uint8)
    scale = max(p.height / height, p.width / width) / p.crop_fraction
    size = max(p.width, round(width * scale)), max(p.height, round(height * scale))
    left, top = (size[0] - p.width) // 2, (size[1] - p.height) // 2
    pixels = resize(*size).reshape(size[1], size[0], p.channels)
    return np.ascontiguousarray(pixels[top:top + p.height, left:left + p.width])


def normalise(pixels, p):
    x = pixels.astype(np.float32)
    x = x[..., ::-1] if p.reverse_channels else x
    return (x - np.float32(p.mean[:p.channels])) / np.float32(p.std[:p.channels])


def run_onnx(path, pixels, p, given):
    import onnx
    import onnxruntime
    onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    x = pixels if given == "pixels" else np.ascontiguousarray(normalise(pixels, p).transpose(0, 3, 1, 2))
    return session.run(["probabilities"], {"images": x})[0]


def run_tflite(path, pixels, p, given):
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow as tf
        Interpreter = tf.lite.Interpreter
    interpreter = Interpreter(model_path=path, num_threads=1)
    into, out = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    x = pixels if given == "pixels" else normalise(pixels, p)
    interpreter.resize_tensor_input(into, x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(into, x)
    interpreter.invoke()
    return interpreter.get_tensor(out).copy()


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def photos_of(folder, count):
    paths = sorted(os.path.join(root, f) for root, _, files in os.walk(folder) for f in files
                   if f.lower().endswith((".jpg", ".jpeg", ".png")))
    return [paths[i * len(paths) // count] for i in range(count)] if 0 < count < len(paths) else paths


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("photos")
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--build", default="build")
    parser.add_argument("--format", default="onnx", choices=["onnx", "tflite"])
    parser.add_argument("--input", default="normalised", choices=["normalised", "pixels"])
    parser.add_argument("--count", type=int, default=0)
    o = parser.parse_intermixed_args()
    fovea, photos, failed = Fovea(o.build), photos_of(o.photos, o.count), False
    run = {"onnx": run_onnx, "tflite": run_tflite}[o.format]
    print(f"{'network':36s} {'MB':>7s} {'photos':>6s} {'difference':>10s} {'largest':>8s} {'other class':>11s}  checked by fovea")
    for name in o.networks or fovea.networks():
        with tempfile.TemporaryDirectory() as folder:
            try:
                path, model, worst, other, top = os.path.join(folder, "net." + o.format), fovea.model(name), 0, 0, 0
                p = fovea.preprocess(model)
                if not os.path.exists(name):
                    fovea.sharpen(model, np.stack([fit(photo, p) for photo in photos[:4]]))
                report = fovea.export(model, path, o.format, o.input)
                for i in range(0, len(photos), 8):
                    pixels = np.stack([fit(photo, p) for photo in photos[i:i + 8]])
                    ours, theirs = softmax(fovea.logits(model, pixels)), run(path, pixels, p, o.input)
                    worst, top = max(worst, float(np.abs(ours - theirs).max())), max(top, float(ours.max()))
                    other += int((ours.argmax(1) != theirs.argmax(1)).sum())
                fovea.library.fv_model_destroy(model)
                bad = not worst <= 1e-4
                own = f"{report.largest:.1e} ({report.pictures})" if report.pictures else report.runtime.decode()
                print(f"{os.path.basename(name):36s} {os.path.getsize(path) / 1e6:7.1f} {len(photos):6d} {worst:10.1e} {top:8.3f} {other:11d}  {own}"
                      f"{'  over 1e-4' if bad else ''}", flush=True)
            except Exception as e:
                bad = True
                print(f"{name:36s} {e}", flush=True)
            failed |= bad
    sys.exit(failed)


if __name__ == "__main__":
    main()
