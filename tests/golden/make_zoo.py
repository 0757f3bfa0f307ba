#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes zoo.h: logits of the zoo's networks in PyTorch, torchvision and timm, in double precision, for pictures and weights
that are formulas (formulas.py).

    python3 tests/golden/make_zoo.py > tests/golden/zoo.h
"""
import sys

import timm
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as tv

from formulas import c_rows, normalised, pictures, weights

CLASSES, PICTURES = 5, 2


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.max_pool2d(F.relu(self.conv1(x)), 2))), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class CifarBlock(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)
        self.conv2, self.bn2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)
        self.stride, self.more = stride, filters - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride != 1:  # option A
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more // 2))
        return F.relu(y + x)


class CifarResNet(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        for stage, (inputs, filters) in enumerate(((16, 16), (16, 32), (32, 64)), 1):
            first = CifarBlock(inputs, filters, 1 if stage == 1 else 2)
            rest = [CifarBlock(filters, filters, 1) for _ in range(blocks - 1)]
            setattr(self, f"layer{stage}", nn.Sequential(first, *rest))
        self.linear = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class TinyBlock(nn.Module):
    """MLPerf Tiny's, in Keras: same padding, which puts the odd pixel after."""

    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, filters, 3, stride), nn.BatchNorm2d(filters, 1e-3)
        self.conv2, self.bn2 = nn.Conv2d(filters, filters, 3, 1, 1), nn.BatchNorm2d(filters, 1e-3)
        self.downsample = nn.Conv2d(inputs, filters, 1, stride) if stride != 1 else None

    def forward(self, x):
        before = 0 if self.downsample else 1
        y = F.relu(self.bn1(self.conv1(F.pad(x, (before, 1, before, 1)))))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (self.downsample(x) if self.downsample else x))


class TinyResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1), nn.BatchNorm2d(16, 1e-3)
        self.layer1 = nn.Sequential(TinyBlock(16, 16, 1))
        self.layer2, self.layer3 = nn.Sequential(TinyBlock(16, 32, 2)), nn.Sequential(TinyBlock(32, 64, 2))
        self.fc = nn.Linear(64, CLASSES)

    def forward(self, x):
        return self.fc(self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))).mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(filters), nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.convShortcut = nn.Conv2d(inputs, filters, 1, stride, bias=False) if inputs != filters else None

    def forward(self, x):
        y = F.relu(self.bn1(x))
        if self.convShortcut:
            x = self.convShortcut(y)
        return x + self.conv2(F.relu(self.bn2(self.conv1(y))))


class WideResNet(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.conv1, inputs = nn.Conv2d(3, 16, 3, 1, 1, bias=False), 16
        for stage, filters in enumerate((16 * width, 32 * width, 64 * width), 1):
            blocks = []
            for i in range((depth - 4) // 6):
                blocks.append(WideBlock(inputs, filters, 2 if stage > 1 and i == 0 else 1))
                inputs = filters
            module = nn.Module()
            module.layer = nn.Sequential(*blocks)
            setattr(self, f"block{stage}", module)
        self.bn1, self.fc = nn.BatchNorm2d(inputs), nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = self.block3.layer(self.block2.layer(self.block1.layer(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


class AirbenchGroup(nn.Module):
    def __init__(self, inputs, filters):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(inputs, filters, 3, padding="same", bias=False), nn.BatchNorm2d(filters, eps=1e-12)
        self.conv2, self.norm2 = nn.Conv2d(filters, filters, 3, padding="same", bias=False), nn.BatchNorm2d(filters, eps=1e-12)

    def forward(self, x):
        x = F.gelu(self.norm1(F.max_pool2d(self.conv1(x), 2)))
        return F.gelu(self.norm2(self.conv2(x)))


class Airbench(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 24, 2), nn.GELU(), AirbenchGroup(24, 64), AirbenchGroup(64, 256), AirbenchGroup(256, 256),
                         nn.MaxPool2d(3), nn.Flatten(), nn.Linear(256, CLASSES, bias=False))

    def forward(self, x):
        return super().forward(x) / 9


def small_resnet():
    """The form that resnet18 has for small pictures."""
    m = tv.resnet18(num_classes=CLASSES)
    m.conv1, m.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
    return m


def small_vgg():
    m = tv.vgg11_bn(num_classes=CLASSES)
    m.avgpool = nn.AdaptiveAvgPool2d(1)
    m.classifier = nn.Sequential(*[nn.Identity() for _ in range(6)], nn.Linear(512, CLASSES))
    return m


def small_densenet():
    m = tv.DenseNet(12, (16, 16, 16), 24, num_classes=CLASSES)
    m.features.conv0 = nn.Conv2d(3, 24, 3, 1, 1, bias=False)
    for name in ("norm0", "relu0", "pool0"):
        delattr(m.features, name)
    return m


def of(make, *arguments, **options):
    return lambda: make(*arguments, num_classes=CLASSES, **options)


ROWS = [
    ("lenet5", LeNet, 28, 28, 1),
    ("resnet8", TinyResNet, 32, 32, 3),
    ("resnet32", lambda: CifarResNet(5), 32, 32, 3),
    ("resnet44", lambda: CifarResNet(7), 32, 32, 3),
    ("resnet56", lambda: CifarResNet(9), 32, 32, 3),
    ("wide_resnet16_4", lambda: WideResNet(16, 4), 32, 32, 3),
    ("wide_resnet22_2", lambda: WideResNet(22, 2), 32, 32, 3),
    ("wide_resnet10_1", lambda: WideResNet(10, 1), 32, 32, 3),
    ("airbench94", Airbench, 32, 32, 3),
    ("resnet18", of(tv.resnet18), 96, 80, 3),
    ("resnet18", small_resnet, 40, 32, 3),
    ("resnet34", of(tv.resnet34), 96, 80, 3),
    ("resnet50", of(tv.resnet50), 96, 80, 3),
    ("resnet101", of(tv.resnet101), 80, 80, 3),
    ("densenet121", of(tv.densenet121), 96, 80, 3),
    ("densenet_bc100_12", small_densenet, 32, 32, 3),
    ("vgg11", of(tv.vgg11), 224, 224, 3),
    ("vgg11_bn", small_vgg, 32, 32, 3),
    ("squeezenet1_1", of(tv.squeezenet1_1), 95, 80, 3),
    ("mobilenet_v1", of(timm.create_model, "mobilenetv1_100"), 96, 80, 3),
    ("mobilenet_v1_125", of(timm.create_model, "mobilenetv1_125"), 96, 80, 3),
    ("mobilenet_v1_033", of(timm.models.efficientnet._gen_mobilenet_v1, "mobilenetv1_033", 0.33), 96, 80, 3),
    ("mobilenet_v2_075", of(tv.mobilenet_v2, width_mult=0.75), 96, 80, 3),
    ("mobilenet_v2_140", of(tv.mobilenet_v2, width_mult=1.4), 96, 80, 3),
    ("mobilenet_v2", of(tv.mobilenet_v2), 96, 80, 3),
    ("mobilenet_v3_small", of(tv.mobilenet_v3_small), 96, 80, 3),
    ("mobilenet_v3_large", of(tv.mobilenet_v3_large), 96, 80, 3),
    ("mobilenetv4_conv_small", of(timm.create_model, "mobilenetv4_conv_small"), 96, 80, 3),
    ("efficientnet_b0", of(tv.efficientnet_b0), 96, 80, 3),
    ("efficientnet_b1", of(tv.efficientnet_b1), 96, 80, 3),
    ("efficientnet_b2", of(tv.efficientnet_b2), 96, 80, 3),
    ("efficientnet_b3", of(tv.efficientnet_b3), 96, 80, 3),
    ("regnet_y_400mf", of(tv.regnet_y_400mf), 96, 80, 3),
    ("convnext_tiny", of(tv.convnext_tiny), 96, 64, 3),
    ("vit_tiny_patch16_224", of(timm.create_model, "vit_tiny_patch16_224", img_size=(96, 80)), 96, 80, 3),
    ("deit_small_patch16_224", of(timm.create_model, "deit_small_patch16_224", img_size=(96, 64)), 96, 64, 3),
    ("deit_tiny_distilled_patch16_224",
     of(timm.create_model, "deit_tiny_distilled_patch16_224", img_size=(96, 80)), 96, 80, 3),
]


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print(f"/* Made by make_zoo.py with PyTorch {torch.__version__.split('+')[0]} and timm {timm.__version__}. */")
    print(f"enum {{\n    GOLDEN_PICTURES = {PICTURES},\n    GOLDEN_CLASSES = {CLASSES}\n}};")
    print("/* clang-format off */")
    print("static const struct {\n    const char *name;\n    int height, width, channels, tensors;\n    long long parameters;")
    print("    float logits[GOLDEN_PICTURES][GOLDEN_CLASSES];\n} golden[] = {")
    for name, make, height, width, channels in ROWS:
        m = make().double().eval()
        state = {k: v for k, v in m.state_dict().items() if not k.endswith("num_batches_tracked")}
        with torch.no_grad():
            for k, v in state.items():
                v.copy_(weights(k, *v.shape))
            x = pictures(PICTURES, height, width, channels)
            logits, other = m(normalised(x)), m(normalised(x.roll(1, 1)))
        change = ((logits - other).abs().max() / logits.abs().max()).item()
        print(name, f"changes by {change:.2g} when its pictures are moved", logits.tolist()[0], file=sys.stderr)
        assert change > 2e-3 and torch.isfinite(logits).all()
        parameters = sum(p.numel() for p in m.parameters())
        print(f'    {{"{name}", {height}, {width}, {channels}, {len(state)}, {parameters}, {c_rows(logits)}}},')
    print("};")


main()
