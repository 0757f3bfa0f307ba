#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes schedules.h: learning rates of PyTorch's schedulers. Usage: make_schedules.py > schedules.h"""
import torch
from torch.optim import lr_scheduler as s

STEPS, WARMUP, BASE = 40, 8, 0.1


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)


def rates(make, steps=STEPS):
    o = optimizer()
    scheduler, out = make(o), []
    for _ in range(steps):
        out.append(o.param_groups[0]["lr"])
        o.step()
        scheduler.step()
    return out


def warm(make):
    """Linear warm-up to the base rate at its last step, then the scheduler."""
    rise = lambda o: s.LinearLR(o, start_factor=1 / WARMUP, end_factor=1, total_iters=WARMUP - 1)
    return rates(rise, WARMUP) + rates(make, STEPS - WARMUP)


def plateau(values, patience):
    o = optimizer()
    scheduler = s.ReduceLROnPlateau(o, mode="max", factor=0.1, patience=patience - 1, threshold=0)
    out = []
    for v in values:
        scheduler.step(v)
        out.append(o.param_groups[0]["lr"] / BASE)
    return out


def emit(name, values):
    rows = [", ".join(f"{v:.17g}" for v in values[i:i + 4]) for i in range(0, len(values), 4)]
    print(f"static const double {name}[] = {{\n    " + ",\n    ".join(rows) + "};")


VALUES = [0.5, 0.6, 0.6, 0.55, 0.7, 0.7, 0.69, 0.68, 0.65, 0.71, 0.1, 0.2, 0.3, 0.4, 0.72]
print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Made by make_schedules.py with PyTorch {torch.__version__.split('+')[0]}. */")
print(f"enum {{\n    GOLDEN_STEPS = {STEPS},\n    GOLDEN_WARMUP = {WARMUP}\n}};")
emit("golden_cosine", warm(lambda o: s.CosineAnnealingLR(o, STEPS - WARMUP)))
emit("golden_linear", warm(lambda o: s.LinearLR(o, 1, 1e-12, STEPS - WARMUP)))
emit("golden_constant", warm(lambda o: s.ConstantLR(o, 1, 1)))
emit("golden_step", rates(lambda o: s.MultiStepLR(o, [20, 30], 0.1)))
emit("golden_onecycle", rates(lambda o: s.OneCycleLR(o, BASE, STEPS)))
emit("golden_monitored", VALUES)
emit("golden_plateau", plateau(VALUES, 3))
