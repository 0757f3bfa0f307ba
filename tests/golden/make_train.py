#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes train.h: the losses of ten training steps in PyTorch, for each optimizer. Usage: make_train.py > train.h

Network, weights, pictures and labels are formulas, written again in test_train_step.c. Double precision: the oracle's rounding
does not matter. The convolution before the norm has no bias: its gradient would be zero but for rounding, which Adam blows up.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
N, SIZE, CLASSES, STEPS = 12, 8, 3, 10


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 6, 3, padding=1)
        self.fc = nn.Linear(6, CLASSES)
        filled = [self.conv1.weight, self.conv2.weight, self.conv2.bias, self.fc.weight, self.fc.bias]
        for k, p in enumerate(filled):
            values = [0.35 * math.sin(0.7 * i + k) for i in range(p.numel())]
            p.data = torch.tensor(values).to(torch.float32).double().reshape(p.shape)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        return self.fc(F.relu(self.conv2(x)).mean((2, 3)))


def pictures():
    x = torch.zeros(N, 3, SIZE, SIZE)
    for n in range(N):
        for h in range(SIZE):
            for w in range(SIZE):
                for c in range(3):
                    x[n, c, h, w] = (n * 37 + h * 11 + w * 5 + c * 29 + (n * h * w) % 7 * 9) % 256
    return (x - 127.5) / 127.5


def run(name, make, decay, loss):
    net = Net()
    weights = [net.conv1.weight, net.conv2.weight, net.fc.weight]
    rest = [net.conv2.bias, net.bn1.weight, net.bn1.bias, net.fc.bias]
    o = make([{"params": weights, "weight_decay": decay}, {"params": rest, "weight_decay": 0}])
    x, y, out = pictures(), torch.arange(N) % CLASSES, []
    mask = torch.ones(N)
    mask[-2:] = 0
    for _ in range(STEPS):
        value = (loss(net(x), y) * mask).sum() / mask.sum()
        out.append(value.item())
        o.zero_grad()
        value.backward()
        o.step()
    rows = [", ".join(f"{v:.9g}" for v in out[i:i + 5]) for i in range(0, STEPS, 5)]
    print(f"static const float golden_{name}[] = {{\n    " + ",\n    ".join(rows) + "};")
    mean = ", ".join(f"{v:.9g}" for v in net.bn1.running_mean.tolist())
    print(f"static const float golden_{name}_mean[] = {{{mean}}};")


def run_targets(name, targets, loss, right):
    """Ten steps of plain SGD with targets (N, CLASSES) and weights; also how much is right of the pictures that count."""
    net, losses, correct = Net(), [], []
    o = torch.optim.SGD(net.parameters(), 0.05)
    x = pictures()
    w = torch.tensor([0.5 + n % 3 for n in range(N)])
    w[-2:] = 0
    for _ in range(STEPS):
        z = net(x)
        value = (loss(z, targets) * w).sum() / w.sum()
        losses.append(value.item())
        correct.append((right(z, targets) * (w > 0)).sum().item())
        o.zero_grad()
        value.backward()
        o.step()
    for kind, values in (("", losses), ("_correct", correct)):
        rows = [", ".join(f"{v:.9g}" for v in values[i:i + 5]) for i in range(0, STEPS, 5)]
        print(f"static const float golden_{name}{kind}[] = {{\n    " + ",\n    ".join(rows) + "};")


def softmax(smoothing):
    return lambda z, y: F.cross_entropy(z, y, reduction="none", label_smoothing=smoothing)


def sigmoid(z, y):
    return F.binary_cross_entropy_with_logits(z, F.one_hot(y, CLASSES).double(), reduction="none").mean(1)


print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Made by make_train.py with PyTorch {torch.__version__.split('+')[0]}. */")
run("sgd", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True), 0.02, softmax(0))
run("sgd_plain", lambda p: torch.optim.SGD(p, 0.05), 0, sigmoid)
run("adam", lambda p: torch.optim.Adam(p, 0.01, betas=(0.8, 0.95), eps=1e-6), 0.05, softmax(0.1))
run("adamw", lambda p: torch.optim.AdamW(p, 0.01, eps=1e-8), 0.1, softmax(0))
run("rmsprop", lambda p: torch.optim.RMSprop(p, 0.002, alpha=0.9, eps=1e-7, momentum=0.5), 0.01, softmax(0))
run("rmsprop_plain", lambda p: torch.optim.RMSprop(p, 0.002, alpha=0.9, eps=1e-7), 0, softmax(0))

mixed = torch.tensor([[(1 - n % 5 / 4) * (n % 3 == k) + n % 5 / 4 * ((n + 1) % 3 == k) for k in range(CLASSES)] for n in range(N)])
several = torch.tensor([[float(n >> k & 1) for k in range(CLASSES)] for n in range(N)])
run_targets("soft", mixed, softmax(0.1), lambda z, t: t.gather(1, z.argmax(1, keepdim=True))[:, 0] == t.max(1).values)
run_targets("multi_label", several, lambda z, t: F.binary_cross_entropy_with_logits(z, 0.9 * t + 0.05, reduction="none").mean(1),
            lambda z, t: ((z > 0) == (t > 0.5)).double().mean(1))
