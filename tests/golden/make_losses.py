# SPDX-License-Identifier: Apache-2.0
"""Writes losses.h: the losses of the first steps of ResNet-20 on CIFAR-10 in PyTorch, which test_losses compares with.

Usage: make_losses.py INITIAL.safetensors CIFAR10_TREE

INITIAL.safetensors holds the first weights (`test_losses --initial FILE` writes it); CIFAR10_TREE has train/CLASS/NNNN.jpg.
Picture i of the training pictures is NNNN = i % 5000 of class i / 5000. The batches are 128 pictures each in the order of
the Fisher-Yates shuffle of 0..49999 by the Philox stream (seed 20, epoch 0, index 0), as core/random.h has it. No
augmentation; ImageNet's mean and std; SGD with rate 0.001, momentum 0.9 and weight decay 5e-4 on convolution and dense weights.

golden_mixed_losses: the same with picture i of a batch mixed with picture i - 1 (the first with the last), of which i % 5 quarters
remain, rounded half up to 8 bits; targets likewise, with a label smoothing of 0.1.

golden_small_losses: as golden_losses, with batches of 8, the first pictures of the order: for an engine of plain loops.

Computed in double precision, so that the numbers are the recipe's and no program's rounding; the losses in single
precision are printed beside them. The rate is so low because the first steps at a high one are chaotic: at 0.1 PyTorch's own
single precision is 1.5e-3 from its double at step 3 and 7e-2 at step 13, which no program can be told from.
"""
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../bench/peers"))
import nets

BATCH, STEPS, MIXED_STEPS, SEED, PICTURES = 128, 20, 3, 20, 50000
SMALL_BATCH, SMALL_STEPS = 8, 3
CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
MEAN = np.array([0.485, 0.456, 0.406]) * 255
STD = np.array([0.229, 0.224, 0.225]) * 255


def philox(seed):
    """32-bit numbers of Philox4x32-10 with counter (block, 0, 0, 0)."""
    mask, block = 0xFFFFFFFF, 0
    while True:
        c, k = [block, 0, 0, 0], [seed & mask, seed >> 32]
        for _ in range(10):
            p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & mask, (p0 >> 32) ^ c[3] ^ k[1], p0 & mask]
            k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
        yield from c
        block += 1


def shuffled(n, seed):
    numbers, order = philox(seed), list(range(n))
    for i in range(n - 1, 0, -1):
        while True:
            x = next(numbers) << 32 | next(numbers)
            if x >= 2**64 % (i + 1):
                break
        j = x % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def mixed(pixels, labels):
    shares = (np.arange(BATCH) % 5 / 4)
    x, t = pixels.reshape(-1, BATCH, *pixels.shape[1:]).astype(float), F.one_hot(labels, 10).numpy().reshape(-1, BATCH, 10)
    s = shares.reshape(1, BATCH, 1, 1, 1)
    x = np.floor(s * x + (1 - s) * np.roll(x, 1, axis=1) + 0.5)
    s = shares.reshape(1, BATCH, 1)
    t = s * t + (1 - s) * np.roll(t, 1, axis=1)
    return x.reshape(pixels.shape), torch.from_numpy(t.reshape(-1, 10))


def losses(initial, pixels, labels, dtype, steps=STEPS, smoothing=0.0, batch=BATCH):
    net = nets.ResNet20().to(dtype)
    missing, unexpected = net.load_state_dict({k: v.to(dtype) for k, v in initial.items()
                                                if not k.startswith("fovea.")}, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
    optimizer = nets.sgd(net, rate=0.001, momentum=0.9, decay=5e-4)
    found = []
    for step in range(steps):
        some = slice(step * batch, (step + 1) * batch)
        x = torch.from_numpy((pixels[some] - MEAN) / STD).to(dtype).permute(0, 3, 1, 2)
        target = labels[some].to(dtype) if labels.dim() == 2 else labels[some]
        loss = F.cross_entropy(net(x), target, label_smoothing=smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def main(initial, tree):
    order = shuffled(PICTURES, SEED)[:STEPS * BATCH]
    paths = [os.path.join(tree, "train", CLASSES[i // 5000], f"{i % 5000:04}.jpg") for i in order]
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])
    labels = torch.tensor([i // 5000 for i in order])
    weights = load_file(initial)
    double = losses(weights, pixels, labels, torch.float64)
    single = losses(weights, pixels, labels, torch.float32)
    mixed_double = losses(weights, *mixed(pixels, labels), torch.float64, MIXED_STEPS, 0.1)
    mixed_single = losses(weights, *mixed(pixels, labels), torch.float32, MIXED_STEPS, 0.1)
    small = [losses(weights, pixels, labels, dtype, SMALL_STEPS, batch=SMALL_BATCH) for dtype in (torch.float64, torch.float32)]
    for d, s in zip(double + mixed_double + small[0], single + mixed_single + small[1]):
        print(f"{d:.9f} {s:.9f} {s / d - 1:+.1e}")
    with open(os.path.join(HERE, "losses.h"), "w") as out:
        print("/* SPDX-License-Identifier: Apache-2.0 */", file=out)
        print("/* Made by make_losses.py, which describes them. */", file=out)
        print("#ifndef GOLDEN_LOSSES_H\n#define GOLDEN_LOSSES_H\n\n#include <stdint.h>\n", file=out)
        print("/* The first pictures of the order, to check the shuffle. */", file=out)
        print(f"static const int64_t golden_order[] = {{{', '.join(map(str, order[:8]))}}};\n", file=out)
        for name, values in (("", double), ("mixed_", mixed_double), ("small_", small[0])):
            print(f"static const double golden_{name}losses[] = {{", file=out)
            for i in range(0, len(values), 7):
                print("    " + " ".join(f"{d:.9f}," for d in values[i:i + 7]), file=out)
            print("};", file=out)
        print("\n#endif", file=out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
