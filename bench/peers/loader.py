# SPDX-License-Identifier: Apache-2.0
"""bench_loader with PyTorch's DataLoader: reads lines "WHAT DATA SIDE CHANNELS BATCH PICTURES", answers each with
"SECONDS CPU PICTURES".

Usage: loader.py WORKERS

WHAT: "float" is the usual recipe (ImageFolder, RandomResizedCrop, RandomHorizontalFlip, ToTensor, Normalize), "crop" a leaner
one that stays in bytes (PILToTensor) and does not normalise. Workers are processes; they live on between answers.
"""
import os
import sys
import time

import torch
from torchvision import datasets, transforms

TICKS = os.sysconf("SC_CLK_TCK")


def make(what, data, side, batch, workers):
    steps = [transforms.RandomResizedCrop(side), transforms.RandomHorizontalFlip()]
    if what == "float":
        steps += [transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    else:
        steps += [transforms.PILToTensor()]
    folder = datasets.ImageFolder(data, transforms.Compose(steps))
    return torch.utils.data.DataLoader(folder, batch, shuffle=True, num_workers=workers, persistent_workers=True)


def processor_seconds():
    """Of this process and its children."""
    total = 0
    for pid in [os.getpid()] + [int(p) for p in open(f"/proc/self/task/{os.getpid()}/children").read().split()]:
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def batches(loader):
    while True:
        yield from loader


def main(workers):
    asked = None
    torch.set_num_threads(1)
    for line in sys.stdin:
        what, data, side, _, batch, pictures = line.split()
        if (what, data, side, batch) != asked:
            loader = make(what, data, int(side), int(batch), int(workers))
            stream = batches(loader)
            asked = (what, data, side, batch)
        for _ in range(1 + loader.prefetch_factor * loader.num_workers):  # what was made ready in between
            next(stream)
        start, cpu, count = time.perf_counter(), processor_seconds(), 0
        while count < int(pictures):
            count += len(next(stream)[0])
        print(time.perf_counter() - start, processor_seconds() - cpu, count, flush=True)


main(sys.argv[1])
