#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small ONNX files, and the logits that ONNX Runtime gives for them: golden/onnx/ and golden/onnx.h.

    python3 tests/golden/make_onnx.py

Networks of torchvision and timm with a few channels and random weights, by both of PyTorch's exporters (_dyn: the newer one, _ts: the
one by TorchScript), and graphs written by hand for what other writers do. The pictures are formulas.pictures, (p - 127.5) / 127.5
unless the graph normalises itself. bench/peers/onnx_networks.py does the same with networks of full size.
"""
import functools
import logging
import os
import warnings

import numpy as np
import onnx
import onnxruntime
import timm.models.vision_transformer as timm_vit
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as tv
from onnx import TensorProto, helper, numpy_helper
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.efficientnet import MBConvConfig
from torchvision.models.mobilenetv3 import InvertedResidualConfig
from torchvision.models.regnet import BlockParams, RegNet

import formulas

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "onnx")
PICTURES, SIDE, CLASSES = 3, 32, 5


class Basic(nn.Module):
    """A ResNet of two blocks, the second with a shortcut."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        block = tv.resnet.BasicBlock
        self.layer1 = nn.Sequential(block(8, 8))
        down = nn.Sequential(nn.Conv2d(8, 12, 1, 2, bias=False), nn.BatchNorm2d(12))
        self.layer2 = nn.Sequential(block(8, 12, 2, down))
        self.fc = nn.Linear(12, CLASSES)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        return self.fc(self.layer2(self.layer1(x)).mean((2, 3)))


class Written(nn.Module):
    """Functions and norms written out, as older exporters do; it normalises its input, of 0..1, and ends with a softmax."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 6, 3, 2), nn.Conv2d(6, 6, 3, 2, 1), nn.Conv2d(6, 12, 3, groups=3)
        self.gain, self.shift, self.scale = (nn.Parameter(torch.rand(12) + 0.5) for _ in range(3))
        self.fc = nn.Linear(12 * 3 * 3, CLASSES)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1))

    def forward(self, x):
        x = self.a((x - self.mean) / self.std)
        x = x * 0.5 * (1.0 + torch.erf(x / 1.4142135623730951))
        x = self.b(x)
        x = x * torch.clamp(x + 3, 0, 6) / 6
        x = 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))
        x = F.avg_pool2d(self.c(F.leaky_relu(x, 0.2)), 3, 2, ceil_mode=True)
        x = x * torch.sigmoid(x) + torch.clamp(x, 0, 6)
        x = x.permute(0, 2, 3, 1)
        centred = x - x.mean(-1, keepdim=True)
        x = centred / torch.sqrt((centred ** 2).mean(-1, keepdim=True) + 1e-5) * self.gain + self.shift
        x = (F.hardsigmoid(x) * self.scale + 0.25).permute(0, 3, 1, 2)
        return torch.softmax(self.fc(x.flatten(1)), -1)


class Branches(nn.Module):
    """Concatenation, ceil mode, padding, parts of channels, and a part of the picture."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2)
        self.left, self.right = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 6, 3, padding=1, dilation=1)
        self.bn = nn.BatchNorm2d(14)
        self.conv = nn.Conv2d(14, CLASSES, 1)

    def forward(self, x):
        x = F.max_pool2d(F.relu6(self.stem(F.pad(x, (0, 1, 0, 1)))), 3, 2, ceil_mode=True)
        a, b = x.chunk(2, 1)
        x = torch.cat([self.left(a), self.right(b), a + 0.5 * b], 1)
        x = F.silu(self.bn(x))[:, :, 1:, :-1]
        return F.adaptive_avg_pool2d(torch.tanh(self.conv(x)), 1).flatten(1)


def mobilenet_v3():
    c = functools.partial(InvertedResidualConfig, width_mult=1.0)
    blocks = [c(8, 3, 8, 8, True, "RE", 2, 1), c(8, 5, 16, 12, True, "HS", 2, 1), c(12, 5, 16, 12, False, "HS", 1, 1)]
    m = tv.MobileNetV3(blocks, last_channel=16, num_classes=CLASSES)
    return m


def efficientnet():
    blocks = [MBConvConfig(1, 3, 1, 8, 8, 1, 1.0, 1.0), MBConvConfig(2, 5, 2, 8, 12, 2, 1.0, 1.0)]
    return tv.EfficientNet(blocks, dropout=0.2, num_classes=CLASSES, last_channel=24)


def convnext():
    return tv.ConvNeXt([CNBlockConfig(8, 12, 1), CNBlockConfig(12, None, 1)], layer_scale=0.5, num_classes=CLASSES)


def regnet():
    p = BlockParams(depths=[1, 1], widths=[8, 16], group_widths=[4, 8], bottleneck_multipliers=[1.0, 1.0], strides=[2, 2],
                    se_ratio=0.25)
    return RegNet(p, num_classes=CLASSES, stem_width=8)


def vit():
    return timm_vit.VisionTransformer(img_size=SIDE, patch_size=8, embed_dim=12, depth=1, num_heads=3, mlp_ratio=2,
                                      num_classes=CLASSES)


# By which exporters: the committed files must stay small.
NETWORKS = {
    "resnet": (Basic, "dyn", "ts"),
    "mobilenet_v3": (mobilenet_v3, "dyn", "ts"),
    "efficientnet": (efficientnet, "dyn", "ts"),
    "vit": (vit, "dyn", "ts"),
    "torchvision_vit": (lambda: tv.VisionTransformer(SIDE, 8, 1, 2, 12, 24, num_classes=CLASSES), "dyn"),
    "convnext": (convnext, "dyn"),
    "regnet": (regnet, "ts"),
    "shufflenet": (lambda: tv.ShuffleNetV2([2, 1, 1], [8, 12, 16, 16, 24], num_classes=CLASSES), "ts"),
    "densenet": (lambda: tv.DenseNet(4, (3, 2), 8, num_classes=CLASSES), "dyn"),
    "written": (Written, "dyn", "ts"),
    "branches": (Branches, "dyn", "ts"),
}


def randomise(m, seed):
    """Weights of which every part matters to the logits."""
    g = torch.Generator().manual_seed(seed)
    for name, p in list(m.named_parameters()) + list(m.named_buffers()):
        if not p.is_floating_point() or name in ("mean", "std"):
            continue
        noise = torch.rand(p.shape, generator=g) * 2 - 1
        if name.endswith("running_var"):
            p.data = 1 + 0.4 * noise
        elif p.dim() in (2, 4):
            p.data = noise * (6 / max(1, p.numel() / p.shape[0])) ** 0.5
        elif name.endswith(("bias", "mean", "shift")):
            p.data = 0.2 * noise
        else:
            p.data = 1 + 0.3 * noise
    return m.eval()


def export(name, m, newer, **options):
    path = os.path.join(folder, f"{name}_{'dyn' if newer else 'ts'}.onnx")
    x = torch.zeros(1, 3, SIDE, SIDE)
    if newer:
        torch.onnx.export(m, (x,), path, dynamo=True, verbose=False, **{"external_data": False, **options})
        strip(path)
    else:
        torch.onnx.export(m, (x,), path, dynamo=False, input_names=["image"], dynamic_axes={"image": {0: "batch"}}, **options)
    return path


def strip(path):
    """Takes away where in Python each node came from: most of a small file."""
    m = onnx.load(path, load_external_data=False)
    for n in m.graph.node:
        del n.metadata_props[:]
    for v in list(m.graph.value_info) + list(m.graph.input) + list(m.graph.output):
        del v.metadata_props[:]
    del m.graph.metadata_props[:], m.graph.value_info[:]
    onnx.save(m, path)


def build(name, nodes, tensors, input_shape, properties=None, opset=17):
    """A graph written by hand."""
    initializers = [t if isinstance(t, TensorProto) else numpy_helper.from_array(t, k) for k, t in tensors.items()]
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("image", TensorProto.FLOAT, input_shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])], initializers)
    m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9, producer_name="make_onnx.py")
    if properties:
        helper.set_model_props(m, properties)
    path = os.path.join(folder, name + ".onnx")
    onnx.checker.check_model(m)
    onnx.save(m, path)
    return path


def random(*shape, seed=1, scale=1.0, dtype=np.float32):
    return (np.random.default_rng(seed).uniform(-1, 1, shape) * scale).astype(dtype)


def keras():
    """As tf2onnx writes Keras's networks: pictures last, transposes around convolutions, TensorFlow's padding, a flatten of (H, W, C)."""
    n = helper.make_node
    nodes = [
        n("Sub", ["image", "half"], ["s"], "model/rescaling/sub"),
        n("Mul", ["s", "unit"], ["r"], "model/rescaling/mul"),
        n("Transpose", ["r"], ["t"], perm=[0, 3, 1, 2]),
        n("Conv", ["t", "model/stem/Conv2D/ReadVariableOp:0"], ["c"], "model/stem/Conv2D", auto_pad="SAME_UPPER", strides=[2, 2],
          kernel_shape=[3, 3]),
        n("BatchNormalization", ["c", "gamma", "beta", "mu", "var"], ["n"], epsilon=1e-3),
        n("Transpose", ["n"], ["u"], perm=[0, 2, 3, 1]),
        n("Clip", ["u", "zero", "six"], ["a"]),
        n("Pad", ["a", "pads"], ["p"]),
        n("Transpose", ["p"], ["q"], perm=[0, 3, 1, 2]),
        n("MaxPool", ["q"], ["m"], kernel_shape=[3, 3], strides=[4, 4]),
        n("Transpose", ["m"], ["v"], perm=[0, 2, 3, 1]),
        n("Shape", ["v"], ["shape"]),
        n("Gather", ["shape", "first"], ["batch"], axis=0),
        n("Concat", ["batch", "rest"], ["flat_shape"], axis=0),
        n("Reshape", ["v", "flat_shape"], ["f"]),
        n("MatMul", ["f", "model/fc/MatMul/ReadVariableOp:0"], ["d"], "model/fc/MatMul"),
        n("Add", ["d", "bias"], ["logits"], "model/fc/BiasAdd"),
    ]
    tensors = {
        "half": np.float32(127.5), "unit": np.float32(1 / 127.5), "zero": np.float32(0), "six": np.float32(6),
        "model/stem/Conv2D/ReadVariableOp:0": random(6, 3, 3, 3, seed=2, scale=0.5), "gamma": random(6, seed=3) + 1,
        "beta": random(6, seed=4), "mu": random(6, seed=5, scale=0.2), "var": random(6, seed=6, scale=0.4) + 1,
        "pads": np.array([0, 0, 0, 0, 0, 1, 2, 0]), "first": np.array([0]), "rest": np.array([-1]),
        "model/fc/MatMul/ReadVariableOp:0": random(4 * 4 * 6, CLASSES, seed=7, scale=0.2), "bias": random(CLASSES, seed=8)}
    return build("keras", nodes, tensors, ["batch", SIDE, SIDE, 3])


def halves():
    """16-bit weights, number lists in the file, a picture size that is left open, and what Ultralytics keeps beside the graph."""
    n = helper.make_node
    w = random(4, 3, 5, 5, seed=9, scale=0.3)
    tensors = {
        "conv.weight": helper.make_tensor("conv.weight", TensorProto.FLOAT16, w.shape, w.astype(np.float16).flatten()),
        "conv.bias": helper.make_tensor("conv.bias", TensorProto.DOUBLE, [4], [0.5, -0.25, 0, 1]),
        "head.weight": helper.make_tensor("head.weight", TensorProto.FLOAT, [CLASSES, 4], random(CLASSES, 4, seed=10).flatten()),
        "head.bias": helper.make_tensor("head.bias", TensorProto.BFLOAT16, [CLASSES], [1, -1, 0.5, 0, 2])}
    nodes = [n("Cast", ["conv.weight"], ["w"], to=1), n("Cast", ["conv.bias"], ["b"], to=1), n("Cast", ["head.bias"], ["hb"], to=1),
             n("Conv", ["image", "w", "b"], ["c"], strides=[3, 3]), n("Mul", ["c", "s"], ["m"]), n("Sigmoid", ["c"], ["s"]),
             n("GlobalAveragePool", ["m"], ["g"]), n("Flatten", ["g"], ["f"]), n("Dropout", ["f"], ["d"]),
             n("Gemm", ["d", "head.weight", "hb"], ["l"], transB=1), n("Softmax", ["l"], ["logits"])]
    nodes[4], nodes[5] = nodes[5], nodes[4]
    names = "{0: 'tench', 1: \"jack-o'-lantern\", 2: 'a, b', 3: 'caf\\'e', 4: 'last'}"
    return build("halves", nodes, tensors, ["batch", 3, "height", "width"], {"author": "Ultralytics", "names": names}, 17)


def attention():
    """Queries, keys and values by layers of their own, the scale on the scores, means of the tokens as the end."""
    n = helper.make_node
    nodes = [n("Conv", ["image", "patch.weight", "patch.bias"], ["c"], kernel_shape=[8, 8], strides=[8, 8]),
             n("Reshape", ["c", "tokens"], ["r"]), n("Transpose", ["r"], ["x"], perm=[0, 2, 1])]
    tensors = {"patch.weight": random(12, 3, 8, 8, seed=11, scale=0.1), "patch.bias": random(12, seed=12),
               "tokens": np.array([0, 12, -1]), "split": np.array([0, 0, 3, 4]), "join": np.array([0, 0, 12]),
               "root": np.float32(2)}
    for k, part in enumerate("qkv"):
        tensors[f"{part}.weight"] = random(12, 12, seed=13 + k)
        tensors[f"{part}.bias"] = random(12, seed=17 + k)
        nodes += [n("MatMul", ["x", f"{part}.weight"], [part + "m"]), n("Add", [f"{part}.bias", part + "m"], [part + "a"]),
                  n("Reshape", [part + "a", "split"], [part + "r"]),
                  n("Transpose", [part + "r"], [part + "t"], perm=[0, 2, 3, 1] if part == "k" else [0, 2, 1, 3])]
    tensors.update({"out.weight": random(12, 12, seed=20), "head.weight": random(12, CLASSES, seed=21)})
    nodes += [n("MatMul", ["qt", "kt"], ["scores"]), n("Div", ["scores", "root"], ["scaled"]), n("Softmax", ["scaled"], ["p"], axis=-1),
              n("MatMul", ["p", "vt"], ["y"]), n("Transpose", ["y"], ["z"], perm=[0, 2, 1, 3]), n("Reshape", ["z", "join"], ["j"]),
              n("MatMul", ["j", "out.weight"], ["o"]), n("Add", ["x", "o"], ["sum"]),
              n("ReduceMean", ["sum"], ["mean"], axes=[1], keepdims=0), n("MatMul", ["mean", "head.weight"], ["logits"])]
    return build("attention", nodes, tensors, [1, 3, SIDE, SIDE])


def types():
    """Tensors of every type, in every form: their k-th value is k - 3, or k where there are no negative numbers."""
    n = helper.make_node
    tensors = []
    for name, kind in [("f32", "FLOAT"), ("f16", "FLOAT16"), ("bf16", "BFLOAT16"), ("f64", "DOUBLE"), ("i8", "INT8"), ("u8", "UINT8"),
                       ("i16", "INT16"), ("i32", "INT32"), ("i64", "INT64"), ("bool", "BOOL")]:
        count = 2 if kind == "BOOL" else 6
        values = [k if kind in ("UINT8", "BOOL") else k - 3 for k in range(count)]
        made = helper.make_tensor(name + ".typed", getattr(TensorProto, kind), [2, count // 2], values)
        tensors += [made]
        raw = numpy_helper.to_array(made).tobytes()
        tensors += [helper.make_tensor(name + ".raw", getattr(TensorProto, kind), [count], raw, raw=True)]
    beside = TensorProto(name="beside", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "types.data"), ("offset", "8"), ("length", "16")):
        beside.external_data.add(key=key, value=value)
    with open(os.path.join(folder, "types.data"), "wb") as f:
        f.write(np.arange(-5, 5, dtype=np.float32).tobytes())
    graph = helper.make_graph([n("Identity", ["image"], ["logits"])], "types",
                              [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])],
                              [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3, 8, 8])], tensors + [beside])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), os.path.join(folder, "types.onnx"))


def run(path):
    """The logits; of a graph that ends with a softmax, their logarithms."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    pixels = formulas.pictures(PICTURES, SIDE, SIDE, 3).numpy()
    name = os.path.basename(path)
    x = pixels if name.startswith("keras") else pixels / 255 if name.startswith(("written", "halves")) else (pixels - 127.5) / 127.5
    x = x.astype(np.float32) if given.shape[-1] == 3 else x.transpose(0, 3, 1, 2).astype(np.float32)
    y = np.concatenate([session.run(None, {given.name: x[k:k + 1]})[0] for k in range(PICTURES)])
    return np.log(y) - np.log(y).mean(-1, keepdims=True) if name.startswith(("written", "halves")) else y


def main():
    os.makedirs(folder, exist_ok=True)
    rows = []
    for seed, (name, (make, *exporters)) in enumerate(NETWORKS.items()):
        m = randomise(make(), seed)
        rows += [export(name, m, exporter == "dyn") for exporter in exporters]
    m = randomise(Basic(), 99)
    rows.append(export("beside", m, True, external_data=True))
    rows.append(export("unfolded", m, False, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False))
    rows += [keras(), halves(), attention()]
    types()
    with open(os.path.join(here, "onnx.h"), "w") as f:
        f.write("/* SPDX-License-Identifier: Apache-2.0 */\n")
        f.write(f"/* Made by make_onnx.py with PyTorch {torch.__version__.split('+')[0]} and ONNX Runtime {onnxruntime.__version__}. */\n")
        f.write(f"enum {{\n    GOLDEN_PICTURES = {PICTURES},\n    GOLDEN_SIDE = {SIDE},\n    GOLDEN_CLASSES = {CLASSES}\n}};\n")
        f.write("/* clang-format off */\nstatic const struct {\n    const char *file;\n    float logits[GOLDEN_PICTURES][GOLDEN_CLASSES];\n"
                "} golden[] = {\n")
        for path in rows:
            logits = run(path)
            assert 0.02 < np.abs(logits).max() < 1e3 and np.ptp(logits, 0).max() > 1e-3 * np.abs(logits).max(), (path, logits)
            f.write(f'    {{"{os.path.basename(path)}", {formulas.c_rows(logits)}}},\n')
        f.write("};\n")


main()
