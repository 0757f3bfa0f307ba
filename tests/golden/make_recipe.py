#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes recipe.h: ten training steps with the parts of a recipe beside the optimizer's formula, in PyTorch and timm: which tensors they are for,
and in what order they come. Usage: make_recipe.py > recipe.h

The network, the pictures and the labels are make_train.py's.
"""
import contextlib
import io

import torch
from torch import nn
from torch.nn import functional as F

with contextlib.redirect_stdout(io.StringIO()):  # importing one writes train.h, the other may complain
    from make_train import CLASSES, N, STEPS, Net, pictures
    import timm.optim
    from timm.utils import ModelEmaV3


def groups_of(net, decay):
    weights = [net.conv1.weight, net.conv2.weight, net.fc.weight]
    rest = [net.conv2.bias, net.bn1.weight, net.bn1.bias, net.fc.bias]
    return [{"params": weights, "weight_decay": decay}, {"params": rest, "weight_decay": 0}]


class Muon:
    """PyTorch's Muon for the convolutions, whose weights it is shown as matrices, and AdamW for the rest."""

    def __init__(self, net, rate, decay):
        self.shown = [(p, nn.Parameter(p.data.view(len(p), -1))) for p in (net.conv1.weight, net.conv2.weight)]
        self.matrices = torch.optim.Muon([m for _, m in self.shown], rate, decay, 0.95)
        rest = [net.conv2.bias, net.bn1.weight, net.bn1.bias, net.fc.bias]
        groups = [{"params": [net.fc.weight], "weight_decay": decay}, {"params": rest, "weight_decay": 0}]
        self.rest = torch.optim.AdamW(groups, rate * 0.015, (0.9, 0.95), 1e-10)

    def step(self):
        half = torch.bfloat16
        torch.bfloat16 = torch.float64  # what PyTorch iterates in
        for p, matrix in self.shown:
            matrix.grad = p.grad.view(len(p), -1)
        self.matrices.step()
        torch.bfloat16 = half
        self.rest.step()


def print_list(name, values):
    rows = [", ".join(f"{v:.9g}" for v in values[i:i + 5]) for i in range(0, len(values), 5)]
    print(f"static const float golden_{name}[] = {{\n    " + ",\n    ".join(rows) + "};")


def run(name, make, penalty=None, clip=None, ema=None):
    """penalty(weights) is added to the loss that is differentiated, not to the one reported; clip(parameters) works on gradients."""
    net = Net()
    o, norms = make(net), []
    average = ModelEmaV3(net, decay=ema, use_warmup=True) if ema else None
    x, y, out = pictures(), torch.arange(N) % CLASSES, []
    mask = torch.ones(N)
    mask[-2:] = 0
    for step in range(STEPS):
        value = (F.cross_entropy(net(x), y, reduction="none") * mask).sum() / mask.sum()
        out.append(value.item())
        if penalty:
            value = value + sum(penalty(w) for w in (net.conv1.weight, net.conv2.weight, net.fc.weight))
        net.zero_grad()
        value.backward()
        if clip:
            norms.append(clip(net.parameters()))
        o.step()
        if ema:
            average.update(net, step=step + 1)
    print_list(name, out)
    if clip and norms[0] is not None:
        print_list(name + "_norm", [n.item() for n in norms])
    if ema:
        for key in ("bn1.running_mean", "bn1.weight", "fc.weight"):
            print_list(name + "_" + key.replace(".", "_"), average.module.state_dict()[key].flatten().tolist())


def sgd(net):
    return torch.optim.SGD(groups_of(net, 0.02), 0.05, momentum=0.9)


print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Made by make_recipe.py with PyTorch {torch.__version__.split('+')[0]} and timm {timm.__version__}. */")
run("adagrad", lambda net: torch.optim.Adagrad(groups_of(net, 0.05), 0.02, eps=1e-10))
run("nadam", lambda net: torch.optim.NAdam(groups_of(net, 0.05), 0.01))
run("lion", lambda net: timm.optim.Lion(groups_of(net, 0.1), 0.002, (0.9, 0.99), foreach=False))
run("lamb", lambda net: timm.optim.Lamb(groups_of(net, 0.05), 0.02, max_grad_norm=None, foreach=False))
run("muon", lambda net: Muon(net, 0.02, 0.05))
run("penalties", sgd, penalty=lambda w: 0.003 * w.abs().sum() + 0.01 * (w * w).sum())
run("clip_norm", sgd, clip=lambda p: nn.utils.clip_grad_norm_(p, 0.25), penalty=lambda w: 0.01 * (w * w).sum())
run("clip_value", sgd, clip=lambda p: nn.utils.clip_grad_value_(p, 0.02))
run("ema", sgd, ema=0.7)
