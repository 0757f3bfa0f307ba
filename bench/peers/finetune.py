# SPDX-License-Identifier: Apache-2.0
"""MobileNetV2 fine-tuned in torchvision as fovea's defaults do it: the peer of bench/transfer.

Usage: finetune.py SPLIT WEIGHTS.safetensors --seed N [--threads 2]

SPLIT has train/CLASS and val/CLASS. Prints one line: best and last validation accuracy and seconds. The recipe: 8 epochs of a new head
on the frozen backbone, then 8 of everything; AdamW (weight decay 0.01, weights only), rates 3e-3 and 1e-4, each phase with a linear
warm-up over 5 % of its steps and half a cosine; batch 32; batch norms in evaluation mode; random resized crops (35..100 % of the
area), mirroring, colour jitter; validation on the middle 224 of 256 pixels. Pictures are (x - 128) / 128, as the weights expect.
"""
import argparse
import math
import time

import safetensors.torch
import torch
import torch.nn.functional as F
import torchvision
from torchvision import transforms as T

EPOCHS, BATCH, RATES = 8, 32, (3e-3, 1e-4)
NORMALISE = [T.ToTensor(), T.Normalize([128 / 255] * 3, [128 / 255] * 3)]


def loaders(split):
    train = T.Compose([T.RandomResizedCrop(224, scale=(0.35, 1)), T.RandomHorizontalFlip(),
                       T.ColorJitter(0.2, 0.2, 0.2)] + NORMALISE)
    val = T.Compose([T.Resize(256), T.CenterCrop(224)] + NORMALISE)
    data = [torchvision.datasets.ImageFolder(f"{split}/{part}", t) for part, t in (("train", train), ("val", val))]
    return (torch.utils.data.DataLoader(data[0], BATCH, shuffle=True, num_workers=1),
            torch.utils.data.DataLoader(data[1], 64, num_workers=1), len(data[0].classes))


def rate_at(base, step, steps):
    warmup = max(1, round(0.05 * steps))
    if step < warmup:
        return base * (step + 1) / warmup
    return base / 2 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


def optimizer(net):
    weights = [p for p in net.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in net.parameters() if p.requires_grad and p.ndim <= 1]
    return torch.optim.AdamW([{"params": weights, "weight_decay": 0.01}, {"params": others, "weight_decay": 0}])


def accuracy(net, loader):
    net.eval()
    with torch.no_grad():
        right = [(net(x).argmax(1) == y).float() for x, y in loader]
    return torch.cat(right).mean().item()


def phase(net, data, val, base, history):
    update, steps, step = optimizer(net), EPOCHS * len(data), 0
    for _ in range(EPOCHS):
        net.eval()                # batch norms keep their statistics
        net.classifier[0].train()  # dropout is on
        for x, y in data:
            for group in update.param_groups:
                group["lr"] = rate_at(base, step, steps)
            update.zero_grad()
            F.cross_entropy(net(x), y).backward()
            update.step()
            step += 1
        history.append(accuracy(net, val))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("split")
    p.add_argument("weights")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    began = time.time()
    data, val, classes = loaders(a.split)
    net = torchvision.models.mobilenet_v2()
    missing = net.load_state_dict(safetensors.torch.load_file(a.weights), strict=False)
    assert all("num_batches" in k for k in missing.missing_keys) and not missing.unexpected_keys, missing
    net.classifier[1] = torch.nn.Linear(net.last_channel, classes)
    history = []
    for thawed, base in enumerate(RATES):
        for name, q in net.named_parameters():
            q.requires_grad = bool(thawed) or name.startswith("classifier.1")
        phase(net, data, val, base, history)
    print(f"{max(history):.4f} {history[-1]:.4f} {time.time() - began:.1f}", flush=True)


if __name__ == "__main__":
    main()
