#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes resnet20.h: logits of a CIFAR ResNet-20 in PyTorch, in double precision, with the weights of
weights/resnet20_cifar10.safetensors, for pictures that are a formula (written again in tests/test_zoo.c).

    python3 tests/golden/make_resnet20.py FOLDER_OF_REAL_DATA > tests/golden/resnet20.h
"""
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file

COUNT = 6


class Block(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.stride, self.more = stride, filters - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride != 1:  # option A
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more // 2))
        return F.relu(y + x)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(*[Block(16, 16, 1) for _ in range(3)])
        self.layer2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
        self.layer3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def picture(n):
    """Waves of another direction, period and colour in each picture; (32, 32, 3) of 0..255."""
    y, x, c = torch.meshgrid(torch.arange(32), torch.arange(32), torch.arange(3), indexing="ij")
    return (x * (n + 1) * 5 + y * (7 - n) * 3 + c * (40 + 13 * n) + (x * y * (n % 3 + 1)) // 4) % 256


def main():
    m = ResNet20().double().eval()
    state = {k: v.double() for k, v in load_file(sys.argv[1] + "/weights/resnet20_cifar10.safetensors").items()}
    missing, unexpected = m.load_state_dict(state, strict=False)
    assert not unexpected and all(k.endswith("num_batches_tracked") for k in missing)
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.double)
    std = torch.tensor([0.229, 0.224, 0.225], dtype=torch.double)
    x = torch.stack([picture(n) for n in range(COUNT)]).double() / 255
    with torch.no_grad():
        logits = m(((x - mean) / std).permute(0, 3, 1, 2))
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print(f"/* Made by make_resnet20.py with PyTorch {torch.__version__.split('+')[0]}. */")
    print(f"enum {{\n    GOLDEN_COUNT = {COUNT},\n    GOLDEN_CLASSES = 10\n}};")
    print("static const float golden_logits[GOLDEN_COUNT][GOLDEN_CLASSES] = {")
    for row in logits.tolist():
        print("    {" + ", ".join(f"{v:.7f}f" for v in row) + "},")
    print("};")


main()
