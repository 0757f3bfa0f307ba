# SPDX-License-Identifier: Apache-2.0
"""bench_step in PyTorch: reads lines "NETWORK train|infer BATCH RUNS", answers each with the seconds of every run.

Usage: step.py THREADS [nchw|nhwc]

nchw is PyTorch's default layout, nhwc channels_last. The same work as bench_step: uint8 pictures in the layout's order,
normalised in the step; forward, backward and SGD with momentum and weight decay; or forward alone without gradients.
"""
import sys
import time

import torch
import torch.nn.functional as F

import nets

WARM_UP = 3


def prepare(network, mode, batch, last):
    make, side, channels = nets.ZOO[network]
    torch.manual_seed(0)
    net = make()
    nets.initialize(net)
    if last:
        net = net.to(memory_format=torch.channels_last)
    net.train(mode == "train")
    classes = 1000 if network == "resnet18" else 10
    shape = (batch, side, side, channels) if last else (batch, channels, side, side)
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8)
    labels = torch.randint(0, classes, (batch,))
    optimizer = nets.sgd(net, rate=1e-3)

    def forward():
        x = (pixels.float() - 127.5) / 64
        return net(x.permute(0, 3, 1, 2) if last else x)

    def train():
        loss = F.cross_entropy(forward(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    def infer():
        with torch.inference_mode():
            return forward()

    run = train if mode == "train" else infer
    for _ in range(WARM_UP):
        run()
    return run


def main(threads, layout="nchw"):
    torch.set_num_threads(int(threads))
    asked, run = None, None
    for line in sys.stdin:
        network, mode, batch, runs = line.split()
        if (network, mode, batch) != asked:
            asked, run = (network, mode, batch), None
            run = prepare(network, mode, int(batch), layout == "nhwc")
        seconds = []
        for _ in range(int(runs)):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        print(*(f"{s:.6g}" for s in seconds), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
