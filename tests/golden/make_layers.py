#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes layers.h: logits of small networks around one layer in PyTorch, in double precision, with weights and pictures that are
formulas (formulas.py). Each is a convolution, the layer as it is written in YAML,
and a dense layer of all its values.

    python3 tests/golden/make_layers.py > tests/golden/layers.h
"""
import torch
import torch.nn.functional as F

from formulas import c_rows, normalised, pictures, weights

PICTURES, HEIGHT, WIDTH, FILTERS, CLASSES = 2, 10, 7, 8, 3


def p(suffix, *shape):
    return weights("layer" + suffix, *shape)



def separable(x):
    x = F.conv2d(x, p(".depthwise.weight", 16, 1, 3, 3), stride=2, padding=1, groups=8)
    return F.relu(F.conv2d(x, p(".pointwise.weight", 6, 16, 1, 1), p(".bias", 6)))


def gate(units, activation, last):
    def layer(x):
        s = x.mean((2, 3), keepdim=True)
        s = activation(F.conv2d(s, p(".fc1.weight", units, 8, 1, 1), p(".fc1.bias", units)))
        return x * last(F.conv2d(s, p(".fc2.weight", 8, units, 1, 1), p(".fc2.bias", 8)))

    return layer


def layer_norm(x):
    return F.layer_norm(x.permute(0, 2, 3, 1), (8,), p(".weight", 8), p(".bias", 8), 1e-6).permute(0, 3, 1, 2)


def attention(bias):
    def layer(x):
        n, c, h, w = x.shape
        t = x.flatten(2).transpose(1, 2)
        qkv = F.linear(t, p(".qkv.weight", 3 * c, c), p(".qkv.bias", 3 * c) if bias else None)
        q, k, v = qkv.reshape(n, h * w, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, h * w, c)
        return F.linear(y, p(".proj.weight", c, c), p(".proj.bias", c)).transpose(1, 2).reshape(x.shape)

    return layer


def class_token(x):
    t = x.flatten(2).transpose(1, 2)
    t = torch.cat((p("", 1, 1, 8).expand(len(t), 1, 8), t), 1)
    return t.transpose(1, 2).unsqueeze(2)


def position(x):
    return x + p("", 1, HEIGHT * WIDTH, 8).transpose(1, 2).reshape(1, 8, HEIGHT, WIDTH)


def each_place(x):
    return F.gelu(F.linear(x.permute(0, 2, 3, 1), p(".weight", 5, 8), p(".bias", 5))).permute(0, 3, 1, 2)


ROWS = [
    ("separable_conv2d: {filters: 6, kernel: 3, stride: 2, padding: same, depth_multiplier: 2, activation: relu}", separable),
    ("squeeze_excitation: {units: 3}", gate(3, F.relu, torch.sigmoid)),
    ("squeeze_excitation: {activation: silu, gate: hard_sigmoid}", gate(1, F.silu, F.hardsigmoid)),
    ("layer_norm", layer_norm),
    ("group_norm: {groups: 4, activation: gelu_tanh}",
     lambda x: F.gelu(F.group_norm(x, 4, p(".weight", 8), p(".bias", 8)), approximate="tanh")),
    ("multi_head_attention: {heads: 2}", attention(True)),
    ("multi_head_attention: {heads: 2, use_bias: no}", attention(False)),
    ("class_token", class_token),
    ("position_embedding", position),
    ("layer_scale: {initial: 0.1}", lambda x: x * p("", 8, 1, 1)),
    ("stochastic_depth: {rate: 0.4}", lambda x: x),
    ("spatial_dropout: {rate: 0.4}", lambda x: x),
    ("crop2d: {crop: [1, 2, 0, 3]}", lambda x: x[:, :, 1:8, 0:4]),
    ("dense: {units: 5, each_place: yes, activation: gelu}", each_place),
    ("max_pool2d: {size: 3, stride: 2, ceil_mode: yes}", lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True)),
    ("max_pool2d: {size: 2, stride: 3, padding: explicit, pad: [1, 1, 1, 1], ceil_mode: yes}",
     lambda x: F.max_pool2d(x, 2, 3, 1, ceil_mode=True)),
    ("average_pool2d: {size: 3, stride: 2, padding: same, ceil_mode: yes}",
     lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False)),
    ("average_pool2d: {size: 3, stride: 2, padding: same, ceil_mode: yes, count_padding: yes}",
     lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=True)),
    ("average_pool2d: {size: 3, stride: 2, padding: same, count_padding: yes}", lambda x: F.avg_pool2d(x, 3, 2, 1)),
    ("global_max_pool2d", lambda x: x.amax((2, 3))),
    ("activation: {kind: hard_sigmoid}", F.hardsigmoid),
    ("channel_shuffle: {groups: 4}", lambda x: F.channel_shuffle(x, 4)),
    ("crop2d: {crop: [0, 1, 2, 0], channels: [3, 1]}", lambda x: x[:, 3:7, :-1, 2:]),
]


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print(f"/* Made by make_layers.py with PyTorch {torch.__version__.split('+')[0]}. */")
    print(f"enum {{\n    GOLDEN_PICTURES = {PICTURES},\n    GOLDEN_HEIGHT = {HEIGHT},\n    GOLDEN_WIDTH = {WIDTH},")
    print(f"    GOLDEN_FILTERS = {FILTERS},\n    GOLDEN_CLASSES = {CLASSES}\n}};")
    print("/* clang-format off */")
    print("static const struct {\n    const char *layer;\n    float logits[GOLDEN_PICTURES][GOLDEN_CLASSES];\n} golden[] = {")
    x = normalised(pictures(PICTURES, HEIGHT, WIDTH, 3))
    x = F.conv2d(x, weights("stem.weight", FILTERS, 3, 3, 3), weights("stem.bias", FILTERS), padding=1)
    for layer, function in ROWS:
        y = function(x)
        y = y if y.dim() == 2 else y.flatten(1)
        logits = F.linear(y, weights("head.weight", CLASSES, y.shape[1]), weights("head.bias", CLASSES))
        print(f'    {{"{layer}", {c_rows(logits)}}},')
    print("};")


main()
