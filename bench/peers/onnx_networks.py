#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Networks of full size through ONNX: exported with random weights, imported, and their logits beside ONNX Runtime's.

    bench/peers/onnx_networks.py [--build build] [--work FOLDER] [--exporters dyn,ts] [NETWORK…]

NETWORK is tv:NAME of torchvision, timm:NAME, or keras:NAME of keras.applications (with tf2onnx, in a Python that has TensorFlow). A line
each: the largest difference as a part of the largest logit, or of 1 where that is less, or why it is not imported. Exit status 1
when one of those differs by 1e-4 or more. Files that are in FOLDER already are not exported again.
"""
import argparse
import ctypes
import logging
import os
import subprocess
import sys
import warnings

import numpy as np

DEFAULT = ["tv:resnet18", "tv:mobilenet_v3_small", "tv:efficientnet_b0", "timm:vit_tiny_patch16_224"]
MEAN, STD = np.float32([123.675, 116.28, 103.53]), np.float32([58.395, 57.12, 57.375])


def torch_network(name):
    """In evaluation mode, with statistics and a head that matter."""
    import torch
    library, name = name.split(":")
    torch.manual_seed(0)
    if library == "timm":
        import timm
        m = timm.create_model(name, pretrained=False)
    else:
        import torchvision
        without_aux = {"init_weights": False, "aux_logits": False} if name in ("googlenet", "inception_v3") else {}
        m = getattr(torchvision.models, name)(weights=None, **without_aux)
    for part in m.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(part.running_mean, std=0.05)
            torch.nn.init.uniform_(part.running_var, 0.75, 1.25)
    for p in m.parameters():
        if p.dim() > 1 and float(p.abs().max()) == 0:
            torch.nn.init.normal_(p, std=0.02)
    return m.eval()


def export_torch(name, exporter, path):
    import torch
    m = torch_network(name)
    side = 299 if "inception" in name or "xception" in name else 256 if "256" in name else 224
    x = torch.zeros(1, 3, side, side)
    if exporter == "dyn":
        torch.onnx.export(m, (x,), path, dynamo=True, verbose=False)
    else:
        torch.onnx.export(m, (x,), path, dynamo=False, input_names=["image"], dynamic_axes={"image": {0: "batch"}})


def export_keras(name, path):
    import keras
    import tensorflow as tf
    import tf2onnx
    m, random = getattr(keras.applications, name.split(":")[1])(weights=None), np.random.default_rng(0)
    for layer in m.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            *rest, mean, variance = layer.get_weights()
            layer.set_weights([*rest, random.normal(0, 0.05, mean.shape), random.uniform(0.75, 1.25, variance.shape)])
    signature = (tf.TensorSpec((None,) + m.input_shape[1:], tf.float32, name="image"),)
    run = tf.function(lambda x: m(x, training=False), input_signature=signature)
    tf2onnx.convert.from_function(run, input_signature=signature, opset=17, output_path=path)


class Fovea:
    def __init__(self, build):
        self.command = os.path.join(build, "fovea")
        self.library = l = ctypes.CDLL(os.path.join(build, "libfovea.so"))
        l.fv_model_load.restype, l.fv_model_load.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
        l.fv_model_class_count.restype, l.fv_model_class_count.argtypes = ctypes.c_int64, [ctypes.c_void_p]
        l.fv_predict_batch.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]
        l.fv_model_destroy.argtypes = [ctypes.c_void_p]

    def logits(self, path, pixels, preprocess):
        """Or the words of the error."""
        made = path + ".safetensors"
        run = subprocess.run([self.command, "import", path, "-o", made] + preprocess, capture_output=True, text=True)
        if run.returncode:
            return run.stderr.strip()
        m = self.library.fv_model_load(made.encode())
        os.remove(made)
        y = np.zeros((len(pixels), self.library.fv_model_class_count(m)), np.float32)
        assert self.library.fv_predict_batch(m, pixels.ctypes.data, len(pixels), y.ctypes.data) == 0
        self.library.fv_model_destroy(m)
        return y


def compare(fovea, path):
    """The difference, or the words of the error."""
    import onnxruntime
    onnxruntime.set_default_logger_severity(3)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given, keras = session.get_inputs()[0], os.path.basename(path).startswith("keras")
    last = given.shape[-1] == 3
    height, width = given.shape[1:3] if last else given.shape[2:4]
    pixels = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
    x = pixels.astype(np.float32) if keras else (pixels - MEAN) / STD
    x = x if last else np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    unused = {i.name: np.zeros(i.shape, np.float32) for i in session.get_inputs()[1:]}  # that tf2onnx leaves behind
    expected = np.concatenate([session.run(None, {given.name: x[k:k + 1], **unused})[0].reshape(1, -1) for k in range(2)])
    # Keras's networks end with a softmax, and some normalise values of 0..255 themselves.
    mine = fovea.logits(path, pixels, [] if keras else ["--preprocess", "torch"])
    if isinstance(mine, str):
        return mine
    if keras:
        mine = np.exp(mine - mine.max(1, keepdims=True))
        mine /= mine.sum(1, keepdims=True)
        return float(np.abs(mine - expected).max() / expected.max())
    return float(np.abs(mine - expected).max() / max(1, np.abs(expected).max()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", default="build/onnx-networks")
    parser.add_argument("--exporters", default="dyn,ts")
    parser.add_argument("--export", nargs=2, metavar=("EXPORTER", "PATH"), help="only write the network's file")
    parser.add_argument("networks", nargs="*", default=DEFAULT)
    o = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    if o.export:
        exporter, path = o.export
        export_keras(o.networks[0], path) if exporter == "tf2onnx" else export_torch(o.networks[0], exporter, path)
        return
    os.makedirs(o.work, exist_ok=True)
    fovea, worst = Fovea(o.build), 0
    for name in o.networks:
        for exporter in ["tf2onnx"] if name.startswith("keras:") else o.exporters.split(","):
            path = os.path.join(o.work, f"{name.replace(':', '_')}_{exporter}.onnx")
            if not os.path.exists(path):  # in a process of its own: a failed export spoils those after it
                run = subprocess.run([sys.executable, __file__, "--export", exporter, path, name], capture_output=True, text=True)
                if run.returncode:
                    print(f"{name} {exporter}: cannot be exported: {run.stderr.strip().splitlines()[-1][:120]}", flush=True)
                    continue
            result = compare(fovea, path)
            worst = max(worst, result if isinstance(result, float) else 0)
            print(f"{name} {exporter}: {f'{result:.1e}' if isinstance(result, float) else result}", flush=True)
    sys.exit(worst >= 1e-4)


main()
