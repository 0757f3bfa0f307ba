#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes ops.json: what PyTorch and timm compute, in double, for the rows of tests/test_ops_golden.c.

    python3 tests/golden/make_ops.py > tests/golden/ops.json

Each case has the inputs in the operation's order (null: absent), the gradient `seed` that arrives at its first output, the
outputs (null: not compared), and the gradients of the inputs (null: none). Pictures are (N, H, W, C). An optimizer's inputs hold one
block a step; its outputs are those after the last.
"""
import json

import numpy as np
import timm.optim
import torch
import torch.nn.functional as F
import torchvision
from sklearn.neighbors import KNeighborsClassifier

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(7)
cases = {}


def f32(x):
    """An attribute as the float that the library holds."""
    return float(np.float32(x))


def random(*shape, low=-2.0, high=2.0, digits=3):
    return torch.tensor(np.round(rng.uniform(low, high, shape), digits), requires_grad=True)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def numbers(x):
    if x is None:
        return None
    return [float(f"{v:.13g}") for v in torch.as_tensor(x).detach().double().reshape(-1).tolist()]


def record(name, inputs, outputs, seeded=True):
    """outputs[0] is differentiated: against a random seed, or by itself when it is a loss."""
    y, seed = outputs[0], None
    if seeded:
        seed = random(*y.shape).detach()
        (y * seed).sum().backward()
    else:
        y.backward()
    gradients = [x.grad if isinstance(x, torch.Tensor) and x.requires_grad else None for x in inputs]
    cases[name] = {
        "inputs": [numbers(x) for x in inputs],
        "seed": numbers(seed),
        "outputs": [numbers(x) for x in outputs],
        "gradients": [numbers(x) for x in gradients],
    }


def convolution(name, x, w, bias, stride, pad, dilation, groups, activation=lambda v: v):
    top, bottom, left, right = pad
    padded = F.pad(nchw(x), (left, right, top, bottom))
    y = activation(F.conv2d(padded, w, bias, stride=stride, dilation=dilation, groups=groups))
    record(name, [x, w, bias], [nhwc(y)])


def convolutions():
    convolution("conv uneven", random(2, 6, 5, 3), random(4, 3, 3, 3), random(4), 2, (0, 1, 1, 2), 1, 1)
    convolution("conv dilated groups", random(1, 6, 7, 4), random(6, 2, 3, 3), None, 1, (2, 2, 1, 2), 2, 2)
    convolution("conv depthwise relu", random(2, 5, 5, 3), random(3, 1, 3, 3), random(3), 2, (1, 1, 1, 1), 1, 3, F.relu)
    convolution("conv oblong", random(1, 4, 6, 2), random(3, 2, 1, 3), random(3), (2, 1), (0, 0, 2, 1), (1, 2), 1)
    x, w, b = random(2, 2, 3, 4), random(5, 24), random(5)
    record("dense of a picture", [x, w, b], [F.linear(nchw(x).flatten(1), w, b)])


def pools():
    x = random(2, 7, 6, 2, low=-1, high=1, digits=1)  # ties
    record("max pool", [x], [nhwc(F.max_pool2d(nchw(x), 3, 2, 1))])
    for name, count in (("average pool", False), ("average pool counting", True)):
        x = random(2, 5, 7, 2)
        record(name, [x], [nhwc(F.avg_pool2d(nchw(x), 3, 2, 1, count_include_pad=count))])
    x = random(2, 3, 4, 3)
    record("global average pool", [x], [nchw(x).mean((2, 3))])


def batch_norms():
    for name, shape in (("batch norm", (2, 3, 4, 3)), ("batch norm of features", (5, 3))):
        x, gamma, beta = random(*shape), random(3), random(3)
        mean, variance = random(3).detach(), random(3, low=0.5).detach()
        new_mean, new_variance = mean.clone(), variance.clone()
        picture = len(shape) == 4
        y = F.batch_norm(nchw(x) if picture else x, new_mean, new_variance, gamma, beta, True, f32(0.1), f32(1e-5))
        flat = x.reshape(-1, 3)
        record(name, [x, gamma, beta, mean, variance],
               [nhwc(y) if picture else y, flat.mean(0), flat.var(0, unbiased=False), None, new_mean, new_variance])
    x, gamma, beta = random(2, 2, 3, 3), random(3), random(3)
    mean, variance = random(3).detach(), random(3, low=0.5).detach()
    y = F.relu(F.batch_norm(nchw(x), mean, variance, gamma, beta, False, 0.0, f32(1e-3)))
    record("inference batch norm relu", [x, gamma, beta, mean, variance], [nhwc(y)])


def activations():
    for name, function in (("relu", F.relu), ("leaky relu", lambda v: F.leaky_relu(v, f32(0.01))), ("relu6", F.relu6),
                           ("gelu", F.gelu), ("silu", F.silu), ("hard swish", F.hardswish), ("sigmoid", torch.sigmoid),
                           ("tanh", torch.tanh), ("softmax", lambda v: F.softmax(v, -1))):
        x = random(3, 8, low=-8, high=8)
        record(name, [x], [function(x)])


def losses():
    weight = torch.tensor([1.0, 0.5, 0.0, 2.0])

    def weighted(values):
        return (values * weight).sum() / weight.sum()

    target = torch.tensor([3, 0, 1, 4])
    x = random(4, 5)
    record("cross-entropy", [x, target, weight],
           [weighted(F.cross_entropy(x, target, reduction="none", label_smoothing=f32(0.1))), F.softmax(x, -1)], False)
    soft = F.softmax(random(4, 5), -1).detach()
    x = random(4, 5)
    record("cross-entropy of probabilities", [x, soft, weight],
           [weighted(F.cross_entropy(x, soft, reduction="none", label_smoothing=f32(0.2))), F.softmax(x, -1)], False)
    x, labels = random(4, 3), torch.tensor([[0.0, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 1]])
    binary = F.binary_cross_entropy_with_logits(x, labels, reduction="none").mean(1)
    record("binary cross-entropy", [x, labels, weight], [weighted(binary), torch.sigmoid(x)], False)
    x, label = random(4, 1), torch.tensor([0, 1, 1, 0])
    smooth = (1 - f32(0.1)) * label.double() + f32(0.1) / 2
    binary = F.binary_cross_entropy_with_logits(x[:, 0], smooth, reduction="none")
    record("binary cross-entropy of one class", [x, label, weight], [weighted(binary), torch.sigmoid(x)], False)


STEPS, SIZE = 5, 6


def optimizer(name, make, inputs_of, outputs_of, shape=(SIZE,)):
    """inputs_of(p, gradients, rates): the operation's inputs; outputs_of(p, state): what it updated."""
    p, gradients = random(*shape), [random(*shape).detach() for _ in range(STEPS)]
    start, rates = p.detach().clone(), [f32(r) for r in (0.1, 0.1, 0.05, 0.05, 0.01)]
    o = make([p])
    for gradient, rate in zip(gradients, rates):
        o.param_groups[0]["lr"] = rate
        p.grad = gradient.clone()
        before = p.detach().clone()
        o.step()
    inputs = inputs_of(start, torch.cat(gradients), torch.tensor(rates))
    o.state[p]["last step"] = (before - p.detach()) / rates[-1]
    cases[name] = {"inputs": [numbers(x) for x in inputs], "seed": None, "gradients": [],
                   "outputs": [numbers(x) for x in outputs_of(p, o.state[p])]}


def optimizers():
    zero, times = torch.zeros(SIZE), torch.arange(1.0, STEPS + 1)
    decay, momentum = f32(0.01), f32(0.9)
    optimizer("sgd", lambda p: torch.optim.SGD(p, 0.1, weight_decay=decay), lambda p, g, r: [p, g, None, r], lambda p, s: [p])
    for name, nesterov in (("sgd momentum", False), ("sgd nesterov", True)):
        optimizer(name, lambda p: torch.optim.SGD(p, 0.1, momentum=momentum, nesterov=nesterov, weight_decay=decay),
                  lambda p, g, r: [p, g, zero, r], lambda p, s: [p, s["momentum_buffer"]])
    betas = (f32(0.9), f32(0.999))
    for name, kind in (("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)):
        optimizer(name, lambda p: kind(p, 0.1, betas=betas, eps=f32(1e-8), weight_decay=decay),
                  lambda p, g, r: [p, g, zero, zero, r, times], lambda p, s: [p, s["exp_avg"], s["exp_avg_sq"]])
    optimizer("rmsprop", lambda p: torch.optim.RMSprop(p, 0.1, alpha=f32(0.99), eps=f32(1e-7), weight_decay=decay),
              lambda p, g, r: [p, g, zero, None, r], lambda p, s: [p, s["square_avg"]])
    optimizer("rmsprop momentum", lambda p: torch.optim.RMSprop(p, 0.1, alpha=f32(0.99), eps=f32(1e-7), momentum=momentum),
              lambda p, g, r: [p, g, zero, zero, r], lambda p, s: [p, s["square_avg"], s["momentum_buffer"]])


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011) of one counter of four words."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def dropout():
    x, step, rate, stream = random(2, 3, 3, 3), [12345, -77], f32(0.3), 7
    words = [philox((i // 4, 0, stream, 0), [w & 0xFFFFFFFF for w in step])[i % 4] for i in range(x.numel())]
    keep = torch.tensor([float((w >> 8) * 2.0**-24 >= rate) for w in words]).reshape(x.shape)
    record("dropout", [x, torch.tensor(step)], [x * keep / (1 - rate)])


def moves():
    """What moves, broadcasts or counts."""
    a, b = random(2, 1, 3, 2), random(1, 2, 1, 2)
    record("add", [a, b], [a + b])
    a, b = random(2, 1, 3, 2), random(1, 2, 1, 2)
    record("multiply", [a, b], [a * b])
    x = random(2, 2, 3, 2).detach()
    cases["reduce sum"] = {"inputs": [numbers(x)], "seed": None, "gradients": [], "outputs": [numbers(x.sum((1, 3)))]}
    parts = [random(2, 2, 1, k) for k in (1, 3, 2)]
    record("concat", parts, [torch.cat(parts, -1)])
    x = random(1, 2, 3, 2)
    record("pad", [x], [F.pad(x, (1, 0, 0, 2, 1, 2))])
    x = random(1, 5, 4, 3)
    record("crop", [x], [x[:, 1:3, 0:2, 1:3]])
    x = random(2, 2, 3, 2)
    record("flatten", [x], [nchw(x).flatten(1)])
    x = random(2, 12)
    record("unflatten", [x], [nhwc(x.reshape(2, 2, 2, 3))])
    pixels = torch.tensor(rng.integers(0, 256, (1, 2, 3, 3)))
    mean, std = (torch.tensor([f32(v) for v in t]) for t in ((123.7, 116.3, 103.5), (58.4, 57.1, 57.4)))
    for name, order in (("normalize", [0, 1, 2]), ("normalize reversed", [2, 1, 0])):
        cases[name] = {"inputs": [numbers(pixels)], "seed": None, "gradients": [],
                       "outputs": [numbers((pixels[..., order] - mean) / std)]}
    logits, target, weight = random(8, 3, digits=0).detach(), torch.arange(8) % 3, torch.arange(8.0) / 4
    first = torch.tensor(logits.numpy().argmax(1))  # the first of equal ones
    count = (weight * (first == target)).sum()
    cases["correct"] = {"inputs": [numbers(logits), numbers(target), numbers(weight)], "seed": None, "gradients": [],
                        "outputs": [numbers(count)]}


def fold():
    w, b, gamma, beta, mean = random(3, 2, 3, 3), random(3), random(3), random(3), random(3).detach()
    variance, x = random(3, low=0.5).detach(), random(1, 2, 4, 4)
    scale = gamma / torch.sqrt(variance + f32(1e-5))
    folded_w, folded_b = w * scale[:, None, None, None], (b - mean) * scale + beta
    separate = F.batch_norm(F.conv2d(x, w, b), mean, variance, gamma, beta, False, 0.0, f32(1e-5))
    assert torch.allclose(F.conv2d(x, folded_w, folded_b), separate)
    cases["fold batch norm"] = {"inputs": [numbers(v) for v in (w, b, gamma, beta, mean, variance)], "seed": None,
                                "gradients": [], "outputs": [numbers(folded_w), numbers(folded_b)]}


def soft_targets():
    """Targets between 0 and 1: of mixed pictures, and of several labels a picture."""
    first, second = torch.tensor([0, 3, 5, 1, 1]), torch.tensor([4, 3, 2, 0, 5])
    share, weight = torch.tensor([0.25, 0.5, 0.875, 1.0, 0.5])[:, None], torch.tensor([1.0, 0.5, 0.0, 2.0, 1.0])
    mixed = share * F.one_hot(first, 6) + (1 - share) * F.one_hot(second, 6)
    x = random(5, 6)
    loss = F.cross_entropy(x, mixed, reduction="none", label_smoothing=f32(0.1))
    record("cross-entropy of mixed labels", [x, mixed, weight], [(loss * weight).sum() / weight.sum(), F.softmax(x, -1)],
           False)
    x, several = random(5, 6), (mixed + F.one_hot((first + 1) % 6, 6)).clamp(max=1)
    smooth = (1 - f32(0.1)) * several + f32(0.1) / 2
    loss = F.binary_cross_entropy_with_logits(x, smooth, reduction="none").mean(1)
    record("binary cross-entropy of mixed labels", [x, several, weight],
           [(loss * weight).sum() / weight.sum(), torch.sigmoid(x)], False)
    logits, weight = random(8, 4).detach(), torch.arange(8.0) / 4
    soft = F.softmax(3 * random(8, 4), -1).detach()
    count = (weight * (logits.argmax(1) == soft.argmax(1))).sum()
    cases["correct of probabilities"] = {"inputs": [numbers(logits), numbers(soft), numbers(weight)], "seed": None,
                                         "gradients": [], "outputs": [numbers(count)]}
    labels = torch.tensor(rng.integers(0, 2, (8, 4)))
    shares = ((torch.sigmoid(logits) > 0.5) == labels).double().mean(1)  # Keras's binary_accuracy
    cases["correct of several labels"] = {"inputs": [numbers(logits), numbers(labels), numbers(weight)], "seed": None,
                                          "gradients": [], "outputs": [numbers((weight * shares).sum())]}


def transformers():
    """What transformers and the networks since 2019 brought."""
    def hard_sigmoid(v):  # F.hardsigmoid's gradient has its 1 / 6 in single precision
        return (v / 6 + 0.5).clamp(0, 1)

    for name, function in (("hard sigmoid", hard_sigmoid), ("gelu tanh", lambda v: F.gelu(v, approximate="tanh"))):
        x = random(3, 8, low=-8, high=8)
        record(name, [x], [function(x)])
    x, w, b = random(2, 2, 3, 4), random(5, 4), random(5)
    record("dense of each place", [x, w, b], [F.linear(x, w, b)])
    x, gamma, beta = random(2, 2, 3, 6), random(6), random(6)
    record("group norm", [x, gamma, beta], [nhwc(F.group_norm(nchw(x), 3, gamma, beta, f32(1e-5)))])
    x, gamma, beta = random(2, 2, 3, 6), random(6), random(6)
    record("layer norm", [x, gamma, beta], [F.layer_norm(x, (6,), gamma, beta, f32(1e-6))])
    x = random(2, 2, 3, 24)
    q, k, v = x.reshape(2, 6, 3, 2, 4).permute(2, 0, 3, 1, 4)
    record("attention", [x], [F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(2, 2, 3, 8)])
    x, step, rate = random(9, 1, 2, 2), [12345, -77], f32(0.3)
    words = [philox((n // 4, 0, 7, 0), [w & 0xFFFFFFFF for w in step])[n % 4] for n in range(9)]
    keep = torch.tensor([float((w >> 8) * 2.0**-24 >= rate) for w in words])
    record("stochastic depth", [x, torch.tensor(step)], [x * keep[:, None, None, None] / (1 - rate)])
    x = random(2, 2, 3, 4)
    record("reshape", [x], [x.reshape(2, 1, 6, 4)])
    x = random(2, 2, 3, 6)
    record("shuffle", [x], [nhwc(F.channel_shuffle(nchw(x), 2))])



def more_optimizers():
    """Adagrad, NAdam, Lion, LAMB and Muon."""
    zero, times, decay = torch.zeros(SIZE), torch.arange(1.0, STEPS + 1), f32(0.01)
    betas = (f32(0.9), f32(0.999))
    for name, decoupled in (("nadam", False), ("nadam decoupled", True)):
        optimizer(name, lambda p: torch.optim.NAdam(p, 0.1, betas, f32(1e-8), decay, decoupled_weight_decay=decoupled),
                  lambda p, g, r: [p, g, zero, zero, r, times], lambda p, s: [p, s["exp_avg"], s["exp_avg_sq"]])
    optimizer("adagrad", lambda p: torch.optim.Adagrad(p, 0.1, weight_decay=decay, eps=f32(1e-10)),
              lambda p, g, r: [p, g, zero, r], lambda p, s: [p, s["sum"]])
    optimizer("lion", lambda p: timm.optim.Lion(p, 0.1, (f32(0.9), f32(0.99)), decay, foreach=False),
              lambda p, g, r: [p, g, zero, r], lambda p, s: [p, s["exp_avg"]])
    for name, value in (("lamb", decay), ("lamb of a bias", 0)):
        optimizer(name, lambda p: timm.optim.Lamb(p, 0.1, betas=betas, eps=f32(1e-6), weight_decay=value,
                                                  max_grad_norm=None, foreach=False),
                  lambda p, g, r: [p, g, zero, zero, r, times], lambda p, s: [p, s["exp_avg"], s["exp_avg_sq"]])
    half = torch.bfloat16
    torch.bfloat16 = torch.float64  # what PyTorch's Muon iterates in; the iteration's roundings are no part of it
    for name, shape in (("muon wide", (3, 5)), ("muon high", (6, 2)), ("muon convolution", (3, 6))):
        optimizer(name, lambda p: torch.optim.Muon(p, 0.1, 0, f32(0.95)),
                  lambda p, g, r: [g, torch.zeros(shape)], lambda p, s: [s["last step"], s["momentum_buffer"]], shape)
    torch.bfloat16 = half
    optimizer("sgd decoupled", lambda p: timm.optim.SGDW(p, 0.1, momentum=f32(0.9), weight_decay=decay),
              lambda p, g, r: [p, g, zero, r], lambda p, s: [p, s["momentum_buffer"]])


def gradient_rules():
    """Clipping, penalties, and running averages."""
    x, total = random(3, 7).detach(), random(1, low=0).detach()
    cases["square sum"] = {"inputs": [numbers(x), numbers(total)], "seed": None, "gradients": [],
                           "outputs": [numbers(total + (x * x).sum())]}
    for name, size in (("clip factor", 1.0), ("clip factor of small gradients", 0.01)):
        p = random(6)
        p.grad = size * random(6).detach()
        before = p.grad.clone()
        norm = torch.nn.utils.clip_grad_norm_([p], 0.5, foreach=False)
        cases[name] = {"inputs": [numbers((before * before).sum())], "seed": None, "gradients": [],
                       "outputs": [numbers((p.grad / before)[0]), numbers(norm)]}
    factors, zero = torch.tensor([0.5, 1.0, 0.25, 0.125, 0.75]), torch.zeros(SIZE)

    class Clipped(torch.optim.AdamW):
        def step(self):
            p = self.param_groups[0]["params"][0]
            p.grad *= factors[int(self.state[p]["step"]) if self.state[p] else 0]
            super().step()

    optimizer("adamw clipped",
              lambda p: Clipped(p, 0.1, (f32(0.9), f32(0.999)), f32(1e-8), weight_decay=f32(0.01)),
              lambda p, g, r: [p, g, zero, zero, r, torch.arange(1.0, STEPS + 1), factors],
              lambda p, s: [p, s["exp_avg"], s["exp_avg_sq"]])
    for name, limit in (("penalties", None), ("penalties and a limit", 0.75)):
        p, g = random(8), random(8).detach()
        ((g * p).sum() + 0.25 * p.abs().sum() + 0.25 * (p * p).sum()).backward()
        if limit:
            torch.nn.utils.clip_grad_value_([p], limit)
        cases[name] = {"inputs": [numbers(g), numbers(p)], "seed": None, "gradients": [], "outputs": [numbers(p.grad)]}
    average, values, shares = random(SIZE).detach(), random(STEPS, SIZE).detach(), random(STEPS, low=0.0, high=1.0).detach()
    start = average.clone()
    for x, share in zip(values, shares):
        average.lerp_(x, share)
    cases["average"] = {"inputs": [numbers(start), numbers(values), numbers(shares)], "seed": None, "gradients": [],
                        "outputs": [numbers(average)]}
    x, step, rate = random(3, 2, 2, 5), [12345, -77], f32(0.3)
    words = [philox((i // 4, 0, 7, 0), [w & 0xFFFFFFFF for w in step])[i % 4] for i in range(15)]
    keep = torch.tensor([float((w >> 8) * 2.0**-24 >= rate) for w in words]).reshape(3, 1, 1, 5)
    record("spatial dropout", [x, torch.tensor(step)], [x * keep / (1 - rate)])
def focal(x, target, gamma):
    """Lin et al. 2017 for a softmax, of any distribution over the classes."""
    log_p = F.log_softmax(x, -1)
    return (-target * (1 - log_p.exp()) ** gamma * log_p).sum(-1)


def taught(x, teacher, temperature, binary):
    """Hinton et al. 2015: T^2 KL(teacher || student) at temperature T."""
    if binary:
        both = [(teacher, F.logsigmoid(x / temperature)), (1 - teacher, F.logsigmoid(-x / temperature))]
        return temperature**2 * sum(F.kl_div(log_p, q, reduction="none") for q, log_p in both).mean(-1)
    return temperature**2 * F.kl_div(F.log_softmax(x / temperature, -1), teacher, reduction="none").sum(-1)


def other_losses():
    """Focal losses, positive weights, and what a teacher adds."""
    weight, target = torch.tensor([0.5, 1.0, 0.0, 2.0]), torch.tensor([3, 0, 1, 4])

    def mean(loss):
        return (loss * weight).sum() / weight.sum()

    one_hot = F.one_hot(target, 5).double()
    x = random(4, 5)
    record("softmax loss", [x, target, weight], [mean(F.cross_entropy(x, target, reduction="none")), None], False)
    x = random(4, 5)
    record("focal", [x, target, weight], [mean(focal(x, one_hot, 2)), None], False)
    x, soft = random(4, 5), F.softmax(random(4, 5), -1).detach()
    smooth = (1 - f32(0.1)) * soft + f32(0.1) / 5
    record("focal of probabilities", [x, soft, weight], [mean(focal(x, smooth, 0.5)), None], False)
    x = torch.tensor([[1e4, -1e4, 0, 1, 2], [-1e4, 1e4, 1e4, 0, 0], [1, 2, 3, 4, 5], [0, 0, 0, 0, 1e4]], requires_grad=True)
    record("focal of huge logits", [x, target, weight], [mean(focal(x, one_hot, 2)), None], False)
    x, teacher = random(4, 5), F.softmax(random(4, 5) / 4, -1).detach()
    hard = F.cross_entropy(x, target, reduction="none", label_smoothing=f32(0.1))
    record("teacher", [x, target, weight, teacher], [mean(0.25 * hard + 0.75 * taught(x, teacher, 4, False)), None], False)

    labels = torch.tensor([[0.0, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 1]])
    x, positive = random(4, 3), torch.tensor([0.5, 3.0, 12.0])
    loss = F.binary_cross_entropy_with_logits(x, labels, reduction="none", pos_weight=positive)
    record("positive weights", [x, labels, weight, None, positive], [mean(loss.mean(-1)), None], False)
    x = random(4, 3)
    loss = torchvision.ops.sigmoid_focal_loss(x, labels, alpha=0.25, gamma=2)
    record("sigmoid focal", [x, labels, weight], [mean(loss.mean(-1)), None], False)
    x, shares = random(4, 3), torch.tensor(np.round(rng.uniform(0, 1, (4, 3)), 3))
    smooth = (1 - f32(0.1)) * shares + f32(0.1) / 2
    ones = torch.ones(4, 3)
    loss = sum(s * torchvision.ops.sigmoid_focal_loss(x, t, alpha=-1, gamma=1.5)
               for s, t in ((smooth, ones), (1 - smooth, 0 * ones)))
    record("sigmoid focal of mixed labels", [x, shares, weight], [mean(loss.mean(-1)), None], False)
    x = torch.tensor([[1e4, -1e4, 1e4], [-1e4, -1e4, 1e4], [1, 2, 3], [1e4, 0, -1e4]], requires_grad=True)
    record("sigmoid loss of huge logits", [x, labels, weight, None, positive],
           [mean(F.binary_cross_entropy_with_logits(x, labels, reduction="none", pos_weight=positive).mean(-1)), None],
           False)
    x, label, teacher = random(4, 1), torch.tensor([0, 1, 1, 0]), torch.sigmoid(random(4, 1) / 3).detach()
    hard = F.binary_cross_entropy_with_logits(x[:, 0], label.double(), reduction="none")
    record("teacher of one class", [x, label, weight, teacher], [mean(0.5 * hard + 0.5 * taught(x, teacher, 3, True)), None],
           False)
    x = random(4, 5)
    smooth = (1 - f32(0.1)) * one_hot + f32(0.1) / 2
    loss = F.binary_cross_entropy_with_logits(x, smooth, reduction="none").mean(-1)
    record("binary cross-entropy of classes", [x, target, weight], [mean(loss), torch.sigmoid(x)], False)


def vote():
    """scikit-learn's neighbours by distances of 10 - score; one voter more is of all classes."""
    scores, labels = random(5, 40).detach(), torch.tensor(rng.integers(0, 4, 40))
    model = KNeighborsClassifier(3, metric="precomputed").fit(np.zeros((40, 40)), labels.numpy())
    shares = model.predict_proba(10 - scores.numpy())
    cases["vote"] = {"inputs": [numbers(scores), numbers(labels), [3.0]], "seed": None, "gradients": [],
                     "outputs": [numbers(np.log((3 * shares + 1 / 4) / 4))]}


def fake_quantize():
    """PyTorch computes in f32 here: no x is near a half, and products with these scales are exact."""
    for name, scale, zero, low, high in (("uint8", 5 / 256, 131, 0, 255), ("int8", 3 / 256, -9, -128, 127), ("of 4 bits", 77 / 256, 2, -7, 7)):
        whole = rng.integers(low - zero - 20, high - zero + 20, (3, 20)) + rng.uniform(-0.4, 0.4, (3, 20))
        x = torch.tensor(whole * scale, requires_grad=True)
        y = torch.fake_quantize_per_tensor_affine(x, scale, zero, low, high)
        record("fake quantize " + name, [x, torch.tensor([scale]), torch.tensor([float(zero)])], [y])


convolutions()
pools()
batch_norms()
activations()
losses()
optimizers()
dropout()
moves()
fold()
soft_targets()
transformers()
rng = np.random.default_rng(8)
more_optimizers()
gradient_rules()
rng = np.random.default_rng(9)
other_losses()
rng = np.random.default_rng(10)
vote()
rng = np.random.default_rng(11)
fake_quantize()
print(json.dumps(cases, indent=None, separators=(",", ":")).replace('},"', '},\n"'))
