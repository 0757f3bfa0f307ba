#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the small networks tflite_*.tflite and tflite.h, what TensorFlow Lite says of them, beside this file.

    python3 tests/golden/make_tflite.py

Needs TensorFlow. The pictures are those of tests/formulas.h.
"""
import contextlib
import io
import os
import pathlib
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import flatbuffers
import keras
import numpy as np
import tensorflow as tf
from keras import layers as L
from tensorflow.lite.python import schema_py_generated as schema

HERE = pathlib.Path(__file__).resolve().parent
HEIGHT, WIDTH, PICTURES, CLASSES = 12, 10, 3, 5


def pictures(channels):
    n, y, x, c = np.meshgrid(*(np.arange(k) for k in (PICTURES, HEIGHT, WIDTH, channels)), indexing="ij")
    return ((x * (n + 1) * 5 + y * (7 - n) * 3 + c * (40 + 13 * n) + (x * y * (n % 3 + 1)) // 4) % 256).astype(np.uint8)


def random_weights(net):
    rng = np.random.default_rng(7)
    for w in net.weights:
        name = w.path.rsplit("/", 1)[-1]
        if "variance" in name or name == "gamma":
            w.assign(rng.uniform(0.5, 1.5, w.shape))
        elif name in ("moving_mean", "beta", "bias", "mean"):
            w.assign(rng.normal(0, 0.2, w.shape))
        elif name.endswith("kernel"):
            fan_in = np.prod(w.shape[:2] if w.shape[-1] == 1 else w.shape[:-1])
            w.assign(rng.normal(0, 2 / np.sqrt(fan_in), w.shape))
    return net


def head(x):
    return L.Softmax()(L.Dense(CLASSES)(x))


def layers():
    """Convolutions of all kinds, pooling, padding, activations, and a dense layer over all places."""
    i = x = L.Input((HEIGHT, WIDTH, 3))
    x = L.ReLU()(L.BatchNormalization()(L.Conv2D(4, (3, 2), strides=(2, 1), padding="same")(x)))
    x = L.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="tanh")(x)
    a = L.LeakyReLU(negative_slope=0.2)(L.Conv2D(6, 3, padding="same")(x))
    b = L.Activation(lambda v: tf.nn.gelu(v, approximate=True))(L.Conv2D(4, 3, groups=2, padding="same")(x))
    x = L.Concatenate()([a, b])
    x = L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(((1, 0), (1, 1)))(x))
    x = L.AveragePooling2D(2, strides=1, padding="same")(x)
    x = L.Dense(7, activation="relu")(L.Flatten()(x))
    return keras.Model(i, head(x))


def gates():
    """Normalisation within the network, hard-swish, squeeze and excitation, SiLU, GELU, a norm alone; sigmoids at the end."""
    i = x = L.Input((HEIGHT, WIDTH, 3))
    x = L.Normalization(mean=[0.4, 0.5, 0.6], variance=[0.04, 0.09, 0.06])(L.Rescaling(1 / 255)(x))
    x = L.Activation("hard_swish")(L.ZeroPadding2D(1)(L.Conv2D(8, 3, strides=2, padding="valid")(x)))
    s = L.Conv2D(4, 1, activation="relu")(L.GlobalAveragePooling2D(keepdims=True)(x))
    x = L.Multiply()([x, L.Conv2D(8, 1, activation="hard_sigmoid")(s)])
    y = L.Activation("silu")(L.Conv2D(8, 3, padding="same")(x))
    x = L.Activation("gelu")(L.BatchNormalization()(L.Add()([x, y])))
    s = L.Reshape((1, 1, 8))(L.Dense(8, activation="sigmoid")(L.Dense(3)(L.GlobalAveragePooling2D()(x))))
    x = L.ReLU(6)(L.Multiply()([x, s]))
    return keras.Model(i, L.Dense(CLASSES, activation="sigmoid")(L.GlobalAveragePooling2D()(x)))


def grey():
    """One channel; the last layer is a convolution of the pooled places."""
    i = x = L.Input((HEIGHT, WIDTH, 1))
    x = L.Conv2D(6, 3, strides=2, padding="same", activation="relu6")(x)
    x = L.SeparableConv2D(8, 3, padding="same", activation="relu")(x)
    x = L.Conv2D(CLASSES, 1)(L.GlobalAveragePooling2D(keepdims=True)(x))
    return keras.Model(i, L.Softmax()(L.Flatten()(x)))


def channels_first():
    """Takes channels before places, as networks that come from elsewhere do, and has no softmax; a dilated convolution."""
    rng = np.random.default_rng(3)
    kernels = [tf.constant(rng.normal(0, 0.3, shape).astype(np.float32)) for shape in ((3, 3, 3, 4), (3, 3, 4, 4), (6 * 5 * 4, CLASSES))]

    @tf.function(input_signature=[tf.TensorSpec([1, 3, HEIGHT, WIDTH])])
    def run(x):
        y = tf.nn.relu(tf.nn.conv2d(tf.transpose(x, [0, 2, 3, 1]), kernels[0], 2, "SAME"))
        y = 2 - tf.nn.conv2d(y, kernels[1], 1, "SAME", dilations=2) / 4
        y = tf.reshape(tf.transpose(y, [0, 3, 1, 2]), [1, -1])
        return tf.matmul(y, kernels[2])

    return run


def convert(make, how):
    made = make()
    if isinstance(made, keras.Model):
        random_weights(made)
        c = tf.lite.TFLiteConverter.from_keras_model(made)
    else:
        c = tf.lite.TFLiteConverter.from_concrete_functions([made.get_concrete_function()])
    if how != "float":
        c.optimizations = [tf.lite.Optimize.DEFAULT]
    if how == "f16":
        c.target_spec.supported_types = [tf.float16]
    if how in ("int8", "uint8"):
        rng = np.random.default_rng(5)
        low, high = (0, 255) if make is gates else (-1, 1)
        channels = 1 if make is grey else 3
        samples = [rng.uniform(low, high, (1, HEIGHT, WIDTH, channels)).astype(np.float32) for _ in range(50)]
        samples += [np.full((1, HEIGHT, WIDTH, channels), v, np.float32) for v in (low, high)]
        c.representative_dataset = lambda: ([s] for s in samples)
        c.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if how == "uint8":
            c.inference_input_type = c.inference_output_type = tf.uint8
    with contextlib.redirect_stdout(io.StringIO()):
        return c.convert()


def outside(data):
    """The same network with its constants behind the flatbuffer, as in files of over 2 GB."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    blocks = [(b, bytes(b.data)) for b in model.buffers if b.data is not None and len(b.data) > 0]
    for turn in range(2):  # the first only tells how long the flatbuffer is
        place = turn and len(packed) + -len(packed) % 16
        behind = b""
        for buffer, block in blocks:
            buffer.data, buffer.offset, buffer.size = None, max(place, 2), len(block)
            block += bytes(-len(block) % 16)
            behind, place = behind + block, place + len(block)
        builder = flatbuffers.Builder(len(data))
        builder.Finish(model.Pack(builder), b"TFL3")
        packed = bytes(builder.Output())
    return packed + bytes(-len(packed) % 16) + behind


def table(b, fields):
    """A table of the flatbuffer, of offsets and bytes by their numbers."""
    b.StartObject(max(fields) + 1)
    for slot, (kind, value) in fields.items():
        b.PrependUOffsetTRelativeSlot(slot, value, 0) if kind == "offset" else b.PrependUint8Slot(slot, value, 0)
    return b.EndObject()


def vector(b, values, floats=False):
    b.StartVector(4, len(values), 4)
    for v in reversed(values):
        b.PrependFloat32(v) if floats else b.PrependUOffsetTRelative(v)
    return "offset", b.EndVector()


def labelled(data):
    """The same network with metadata (TensorFlow Lite's metadata_schema.fbs): a normalisation, and a file of labels behind it."""
    b = flatbuffers.Builder(500)
    normalization = table(b, {0: vector(b, [100.0], True), 1: vector(b, [50.0], True)})
    unit = table(b, {0: ("byte", 1), 1: ("offset", normalization)})
    file = table(b, {0: ("offset", b.CreateString("labels.txt")), 2: ("byte", 2)})
    i, o = table(b, {4: vector(b, [unit])}), table(b, {6: vector(b, [file])})
    graph = table(b, {2: vector(b, [i]), 3: vector(b, [o])})
    b.Finish(table(b, {3: vector(b, [graph])}), b"M001")
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    entry, buffer = schema.MetadataT(), schema.BufferT()
    entry.name, entry.buffer, buffer.data = "TFLITE_METADATA", len(model.buffers), np.frombuffer(bytes(b.Output()), np.uint8)
    model.metadata.append(entry)
    model.buffers.append(buffer)
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    out = io.BytesIO(bytes(builder.Output()))
    with zipfile.ZipFile(out, "a") as z:
        z.writestr(zipfile.ZipInfo("labels.txt"), "goose\ncrane\r\nnail\ncrane\nquill")
    return out.getvalue()


def run(net, pixels, mean, std):
    """Probabilities, or what else the network gives, of each picture."""
    net.allocate_tensors()
    i, o = net.get_input_details()[0], net.get_output_details()[0]
    rows = []
    for p in pixels:
        x = p if i["dtype"] == np.uint8 else (p - np.float32(mean)) / np.float32(std)
        x = x.transpose(2, 0, 1) if i["shape"][1] == 3 else x
        net.set_tensor(i["index"], x[None])
        net.invoke()
        y = net.get_tensor(o["index"]).reshape(-1).astype(np.float32)
        scale, zero = o["quantization"]
        rows.append((y - zero) * scale if scale else y)
    return rows


CASES = [("layers", layers, "float", "softmax", 1e-6), ("gates", gates, "float", "sigmoid", 1e-6), ("grey", grey, "float", "softmax", 1e-6),
         ("grey_outside", grey, "outside", "softmax", 1e-6), ("grey_labelled", grey, "labelled", "softmax", 1e-6),
         ("channels_first", channels_first, "float", "logits", 1e-5), ("layers_f16", layers, "f16", "softmax", 1e-6),
         ("gates_int8", gates, "int8", "sigmoid", 0.03), ("grey_uint8", grey, "uint8", "softmax", 0.03)]

lines = []
for name, make, how, output, tolerance in CASES:
    data = {"outside": outside, "labelled": labelled}[how](convert(make, "float")) if how in ("outside", "labelled") else convert(make, how)
    (HERE / f"tflite_{name}.tflite").write_bytes(data)
    channels = 1 if make is grey else 3
    mean, std = (0, 1) if make is gates else (100, 50) if how == "labelled" else (127.5, 127.5)
    rows = run(tf.lite.Interpreter(model_content=data), pictures(channels), mean, std)
    print(name, len(data), "bytes", np.round(rows[0], 3), flush=True)
    numbers = ", ".join("{" + ", ".join(f"{v:.8e}f" for v in row) + "}" for row in rows)
    lines.append(f'    {{"{name}", {channels}, TFLITE_{output.upper()}, {tolerance}f, {{{numbers}}}}},\n')

(HERE / "tflite.h").write_text(f"""/* SPDX-License-Identifier: Apache-2.0 */
/* Made by make_tflite.py: what TensorFlow Lite {tf.__version__} says of its networks. */
enum {{
    TFLITE_HEIGHT = {HEIGHT},
    TFLITE_WIDTH = {WIDTH},
    TFLITE_PICTURES = {PICTURES},
    TFLITE_CLASSES = {CLASSES},
    TFLITE_SOFTMAX = 0,
    TFLITE_SIGMOID,
    TFLITE_LOGITS
}};
static const struct {{
    const char *name;
    int channels, output;
    float tolerance;
    float expected[TFLITE_PICTURES][TFLITE_CLASSES];
}} golden_tflite[] = {{
{"".join(lines)}}};
""")
