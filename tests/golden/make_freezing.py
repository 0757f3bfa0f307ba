#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes freezing.h: ten training steps in PyTorch with frozen parameters, bn.eval() and learning rates by parameter group.
Usage: make_freezing.py > freezing.h

The network is make_train.py's; its batch norm has running statistics that are not those of the pictures.
"""
import contextlib
import io

import torch
from torch.nn import functional as F

with contextlib.redirect_stdout(io.StringIO()):  # importing it writes train.h
    from make_train import CLASSES, N, STEPS, Net, pictures


def run(name, frozen, make, fixed=True, scales=None, decay=0.1, rate=0.01):
    net = Net()
    net.bn1.running_mean = torch.tensor([0.1, -0.05, 0.2, 0.0])
    net.bn1.running_var = torch.tensor([0.25, 0.5, 1.0, 2.0])
    if fixed:
        net.bn1.eval()
    groups = []
    for key, p in net.named_parameters():
        p.requires_grad = not any(key.startswith(f) for f in frozen)
        weight = key.endswith("weight") and not key.startswith("bn1")
        scale = (scales or {}).get(key.split(".")[0], 1)
        if p.requires_grad:
            groups.append({"params": [p], "weight_decay": decay if weight else 0, "lr": rate * scale})
    o, x, y, out = make(groups), pictures(), torch.arange(N) % CLASSES, []
    mask = torch.ones(N)
    mask[-2:] = 0
    for _ in range(STEPS):
        value = (F.cross_entropy(net(x), y, reduction="none") * mask).sum() / mask.sum()
        out.append(value.item())
        o.zero_grad()
        value.backward()
        o.step()
    rows = [", ".join(f"{v:.9g}" for v in out[i:i + 5]) for i in range(0, STEPS, 5)]
    print(f"static const float golden_{name}[] = {{\n    " + ",\n    ".join(rows) + "};")


print("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by make_freezing.py with PyTorch", torch.__version__.split("+")[0] + ". */")
adamw = torch.optim.AdamW
run("kept", [], adamw)
run("stage", ["conv1", "bn1"], adamw)
run("norm", ["bn1"], adamw)
run("head", ["conv1", "bn1", "conv2"], adamw)
run("weights", ["conv1", "conv2.weight"], adamw, fixed=False)
run("scaled", [], lambda g: torch.optim.SGD(g, momentum=0.9), False, {"conv1": 0.25, "bn1": 0.25, "conv2": 0.5}, 0.02, 0.05)
