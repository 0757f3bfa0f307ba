# SPDX-License-Identifier: Apache-2.0
"""The zoo's networks in PyTorch, with fovea's names of tensors and its initial weights."""
import math

import torch
import torch.nn.functional as F
from torch import nn


class SmallCNN(nn.Module):
    """small_cnn for 28x28x1: four convolutions with batch norm in three blocks, a pool each, a hidden layer, dropout."""

    def __init__(self, classes=10):
        super().__init__()
        layers, inputs = [], 1
        for block in ((32,), (64, 64), (128,)):
            for filters in block:
                layers += [nn.Conv2d(inputs, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
                inputs = filters
            layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 3 * 3, 128), nn.ReLU(), nn.Linear(128, classes))

    def forward(self, x):
        return self.layers(x)


class BlockA(nn.Module):
    """Two 3x3 convolutions; a shortcut that subsamples and pads with zero channels (option A of He et al. 2015)."""

    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.stride, self.missing = stride, filters - inputs

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.missing:
            before = self.missing // 2
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, before, self.missing - before))
        return F.relu(x + y)


class ResNet20(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(BlockA(16, 16, 1), BlockA(16, 16, 1), BlockA(16, 16, 1))
        self.layer2 = nn.Sequential(BlockA(16, 32, 2), BlockA(32, 32, 1), BlockA(32, 32, 1))
        self.layer3 = nn.Sequential(BlockA(32, 64, 2), BlockA(64, 64, 1), BlockA(64, 64, 1))
        self.linear = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


class Block(nn.Module):
    """Two 3x3 convolutions; a 1x1 convolution where the shortcut changes shape."""

    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += self.downsample(x) if self.downsample else x
        return F.relu(y, inplace=True)


class ResNet18(nn.Module):
    """torchvision's resnet18, tensor names included."""

    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x)), inplace=True), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


# By the zoo's names: the class, and the input's side and channels.
ZOO = {"small_cnn": (SmallCNN, 28, 1), "resnet20": (ResNet20, 32, 3), "resnet18": (ResNet18, 224, 3)}


def initialize(net):
    """fovea's defaults: He normal (fan in) for convolutions, Glorot uniform and zero for dense layers."""
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            fan_in = m.weight[0].numel()
            nn.init.normal_(m.weight, 0, math.sqrt(2 / fan_in))
        elif isinstance(m, nn.Linear):
            nn.init.xavier_uniform_(m.weight)
        if isinstance(m, (nn.Conv2d, nn.Linear)) and m.bias is not None:
            nn.init.zeros_(m.bias)


def sgd(net, rate=0.1, momentum=0.9, decay=5e-4):
    """Weight decay on the weights of convolutions and dense layers only."""
    weights = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() <= 1]
    return torch.optim.SGD([{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}],
                           lr=rate, momentum=momentum)
