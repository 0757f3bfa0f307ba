# SPDX-License-Identifier: Apache-2.0
"""ResNet-20 on CIFAR-10 in PyTorch: the peer of bench/compare_recipe.

Usage: train_resnet20.py CIFAR10_TREE OUT.csv [--seeds 0,1,2] [--epochs 5] [--threads 2]

Writes `seed,epoch,seconds,train/loss,test/loss,test/accuracy` rows. The recipe: batch 128 (the last one of an epoch is
smaller), crops at random after 4 black pixels around and flips with p = 0.5, mean and std of the training pictures by channel,
SGD with momentum 0.9 and weight decay 5e-4 (weights only), rate 0.1 with a linear warm-up over 5 % of the steps, then
half a cosine to 0.
"""
import argparse
import math
import time

import numpy as np
import torch
import torch.nn.functional as F

import cifar
import nets

BATCH, RATE, WARMUP = 128, 0.1, 0.05


def augment(pixels, rng):
    """(n, 32, 32, 3) uint8: each picture moved by up to 4 pixels each way over black, and mirrored or not."""
    n = len(pixels)
    padded = np.zeros((n, 40, 40, 3), np.uint8)
    padded[:, 4:36, 4:36] = pixels
    y, x = rng.integers(0, 9, (2, n))
    rows = y[:, None] + np.arange(32)
    columns = x[:, None] + np.arange(32)
    mirrored = rng.random(n) < 0.5
    columns[mirrored] = columns[mirrored, ::-1]
    return padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def rate_at(step, steps):
    warmup = round(WARMUP * steps)
    if step < warmup:
        return RATE * (step + 1) / warmup
    return RATE / 2 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


def tensor(pixels, mean, std):
    """A normalised (n, 3, 32, 32) tensor that lies in memory as (n, 32, 32, 3)."""
    return ((torch.from_numpy(pixels).float() - mean) / std).permute(0, 3, 1, 2)


def test(net, pixels, labels, mean, std):
    net.eval()
    loss = right = 0
    with torch.no_grad():
        for i in range(0, len(labels), 500):
            target = torch.from_numpy(labels[i:i + 500])
            logits = net(tensor(pixels[i:i + 500], mean, std))
            loss += F.cross_entropy(logits, target, reduction="sum").item()
            right += (logits.argmax(1) == target).sum().item()
    net.train()
    return loss / len(labels), right / len(labels)


def train(train_set, test_set, seed, epochs, report):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pixels, labels = train_set
    mean = torch.tensor(pixels.mean((0, 1, 2)), dtype=torch.float32)
    std = torch.tensor(pixels.std((0, 1, 2)), dtype=torch.float32)
    net = nets.ResNet20()
    nets.initialize(net)
    net = net.to(memory_format=torch.channels_last)
    optimizer = nets.sgd(net, RATE)
    per_epoch = -(-len(labels) // BATCH)
    step = 0
    for epoch in range(1, epochs + 1):
        start, total = time.monotonic(), 0
        order = rng.permutation(len(labels))
        for i in range(0, len(order), BATCH):
            some = order[i:i + BATCH]
            for group in optimizer.param_groups:
                group["lr"] = rate_at(step, per_epoch * epochs)
            loss = F.cross_entropy(net(tensor(augment(pixels[some], rng), mean, std)), torch.from_numpy(labels[some]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(some)
            step += 1
        seconds = time.monotonic() - start
        report(seed, epoch, seconds, total / len(labels), *test(net, *test_set, mean, std))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tree")
    parser.add_argument("out")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train_set, test_set = cifar.load(arguments.tree, "train"), cifar.load(arguments.tree, "test")
    with open(arguments.out, "w") as out:
        print("seed,epoch,seconds,train/loss,test/loss,test/accuracy", file=out, flush=True)

        def report(seed, epoch, *values):
            print(seed, epoch, *(f"{v:.6g}" for v in values), sep=",", file=out, flush=True)

        for seed in arguments.seeds.split(","):
            train(train_set, test_set, int(seed), arguments.epochs, report)


if __name__ == "__main__":
    main()
