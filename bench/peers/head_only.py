# SPDX-License-Identifier: Apache-2.0
"""A new head on torchvision's mobilenet_v2, everything else frozen, as PyTorch's transfer-learning tutorial has it: a DataLoader with random
crops and mirror images, the backbone in eval mode without gradients, validation after every epoch.

head_only.py PHOTOS WEIGHTS [EPOCHS [THREADS]] prints the best validation accuracy. The split is the same part of each class as fovea's, drawn otherwise."""
import random
import sys

import torch
import torchvision
from safetensors.torch import load_file
from torchvision import transforms

VALIDATION, BATCH, RATE = 0.25, 32, 3e-3


def split(data):
    parts = ([], [])
    for c in range(len(data.classes)):
        indices = [i for i, label in enumerate(data.targets) if label == c]
        random.Random(c).shuffle(indices)
        validation = round(len(indices) * VALIDATION)
        parts[0].extend(indices[validation:])
        parts[1].extend(indices[:validation])
    return parts


def main(photos, weights, epochs=16, threads=2):
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    tail = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    train = torchvision.datasets.ImageFolder(photos, transforms.Compose(
        [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), *tail]))
    plain = torchvision.datasets.ImageFolder(photos, transforms.Compose(
        [transforms.Resize(256), transforms.CenterCrop(224), *tail]))
    parts = split(plain)
    load = {"batch_size": BATCH, "num_workers": threads, "persistent_workers": True}
    batches = torch.utils.data.DataLoader(torch.utils.data.Subset(train, parts[0]), shuffle=True, **load)
    validation = torch.utils.data.DataLoader(torch.utils.data.Subset(plain, parts[1]), **load)
    net = torchvision.models.mobilenet_v2(weights=None)
    net.load_state_dict(load_file(weights), strict=False)
    for p in net.parameters():
        p.requires_grad = False
    net.classifier[1] = torch.nn.Linear(net.last_channel, len(plain.classes))
    optimizer = torch.optim.AdamW(net.classifier.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(batches))
    loss = torch.nn.CrossEntropyLoss()
    best = 0
    for _ in range(epochs):
        net.eval()
        net.classifier.train()
        for x, y in batches:
            optimizer.zero_grad()
            loss(net(x), y).backward()
            optimizer.step()
            schedule.step()
        net.eval()
        with torch.inference_mode():
            right = sum((net(x).argmax(1) == y).sum().item() for x, y in validation)
        best = max(best, right / len(parts[1]))
    print(f"{100 * best:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
