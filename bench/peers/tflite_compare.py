# SPDX-License-Identifier: Apache-2.0
"""What `fovea import FILE.tflite` makes of a network, against TensorFlow Lite's interpreter on the same pixels.

Usage: tflite_compare.py FOVEA PICTURES FILE.tflite... [--first N] [--pixels MEAN STD]
       tflite_compare.py FOVEA PICTURES --keras [--first N]

PICTURES is a folder. Each picture is cut and resized once to the network's input and written as PNG, so that neither side resizes.
A network of floating point that does not say what it expects gets (pixel - MEAN) / STD (127.5 both by default), one that
normalises by itself the pixels. --keras makes networks of Keras with random weights at 64 x 64, and compares these.
Prints a line a network: pictures, how far a probability varies between them, its largest difference, and on how many pictures
the first class is the same (of a quantised network several classes often have the same probability).
"""
import argparse
import contextlib
import io
import json
import os
import pathlib
import subprocess
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf
from PIL import Image

NETWORKS = ["MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "EfficientNetB0", "EfficientNetV2B0", "ResNet50",
            "ResNet50V2", "DenseNet121", "VGG16", "Xception", "NASNetMobile", "ConvNeXtTiny"]


def random_weights(net, low, high):
    """Weights that keep the signal (He et al. 2015), and batch norms that have seen pictures of low..high."""
    rng = np.random.default_rng(1)
    for w in net.weights:
        name = w.path.rsplit("/", 1)[-1]
        if name == "gamma":
            w.assign(rng.uniform(0.5, 1.5, w.shape))
        elif name in ("beta", "bias"):
            w.assign(rng.normal(0, 0.1, w.shape))
        elif name.endswith("kernel"):
            fan_in = np.prod(w.shape[:2] if w.shape[-1] == 1 else w.shape[:-1])
            w.assign(rng.normal(0, np.sqrt(2 / fan_in), w.shape))
    head = [w for w in net.weights if w.path.endswith("kernel")][-1]
    head.assign(head * 0.2)  # logits of a few units, as trained networks have them
    for layer in net.layers:
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            layer.momentum = 0
    colours = rng.uniform(low, high, (64, 4, 4, 3)).astype(np.float32)
    net(tf.image.resize(colours, (64, 64)), training=True)


def keras_networks(folder, names):
    """Files with (mean, std) of the pixels that each network takes."""
    for name in names:
        net = getattr(tf.keras.applications, name)(input_shape=(64, 64, 3), weights=None, classes=20)
        raw = name.startswith(("MobileNetV3", "EfficientNet", "ConvNeXt"))
        random_weights(net, *((0, 255) if raw else (-1, 1)))
        path = folder / (name + ".tflite")
        with contextlib.redirect_stdout(io.StringIO()):
            path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(net).convert())
        yield path, (0, 1) if raw else (127.5, 127.5)


def fit(picture, height, width):
    image = Image.open(picture).convert("RGB")
    scale = max(height / image.height, width / image.width)
    image = image.resize([max(width, round(image.width * scale)), max(height, round(image.height * scale))], Image.BILINEAR)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def interpret(net, pixels, mean, std):
    """Probabilities as the interpreter gives them, which are rounded where the network is quantised."""
    i, o = net.get_input_details()[0], net.get_output_details()[0]
    if i["dtype"] == np.int8:
        x = (pixels.astype(np.int16) - 128).astype(np.int8)
    else:
        x = pixels if i["dtype"] == np.uint8 else ((pixels - np.float32(mean)) / np.float32(std)).astype(np.float32)
    net.set_tensor(i["index"], x[None])
    net.invoke()
    y = net.get_tensor(o["index"]).reshape(-1).astype(np.float32)
    scale, zero = o["quantization"]
    if scale:
        y = (y - zero) * scale
    return y if y.min() >= 0 and y.max() <= 1 else softmax(y)


def compare(o, path, pixels, pictures, folder):
    net = tf.lite.Interpreter(str(path))
    net.allocate_tensors()
    _, height, width, _ = net.get_input_details()[0]["shape"]
    classes = int(np.prod(net.get_output_details()[0]["shape"]))
    model, names, places = folder / "model.safetensors", folder / "names.txt", folder / f"{height}x{width}"
    names.write_text("".join(f"{i}\n" for i in range(classes)))
    order = [o.fovea, "import", path, "--classes", names, "-o", model]
    said = subprocess.run(order, check=True, capture_output=True, text=True)
    mean, std = 0, 1
    if "a guess" in said.stderr + said.stdout:
        mean, std = pixels
        subprocess.run(order + ["--preprocess", f"mean={mean} std={std}"], check=True, capture_output=True, text=True)
    places.mkdir(exist_ok=True)
    expected = []
    for n, picture in enumerate(pictures):
        image = fit(picture, height, width)
        image.save(places / f"{n:05}.png")
        expected.append(interpret(net, np.array(image), mean, std))
    lines = subprocess.run([o.fovea, "predict", model, places, "--json", "--top", str(classes)], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    got = np.zeros((len(pictures), classes), np.float32)
    for row, line in zip(got, lines, strict=True):
        for pair in json.loads(line)["top"]:
            row[int(pair["class"])] = pair["probability"]
    expected = np.array(expected)
    first = expected[np.arange(len(got)), got.argmax(1)] == expected.max(1)
    print(f"{path.name}: {len(pictures)} pictures, probabilities vary by {np.ptp(expected, 0).max():.2g}, largest "
          f"difference {np.abs(got - expected).max():.2g}, first class the same on {(got.argmax(1) == expected.argmax(1)).sum()}, "
          f"or one of several equal ones on {first.sum()}", flush=True)


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("fovea")
    p.add_argument("pictures", type=pathlib.Path)
    p.add_argument("files", type=pathlib.Path, nargs="*")
    p.add_argument("--keras", nargs="*", metavar="NETWORK")
    p.add_argument("--first", type=int, default=1000)
    p.add_argument("--pixels", type=float, nargs=2, default=(127.5, 127.5))
    o = p.parse_args()
    pictures = sorted(f for f in o.pictures.rglob("*") if f.suffix.lower() in (".jpg", ".jpeg", ".png"))
    pictures = pictures[:: max(1, len(pictures) // o.first)][: o.first]
    with tempfile.TemporaryDirectory() as folder:
        files = keras_networks(pathlib.Path(folder), o.keras or NETWORKS) if o.keras is not None else ((f, o.pixels) for f in o.files)
        for path, pixels in files:
            try:
                compare(o, path, pixels, pictures, pathlib.Path(folder))
            except subprocess.CalledProcessError as e:
                print(f"{path.name}: {e.stderr.strip()}", flush=True)
