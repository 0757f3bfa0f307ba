#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Milliseconds that torchvision takes for an augmentation of one 224 x 224 colour picture, one thread: the faster of its two
forms (PIL picture, 8-bit tensor).

    python3 bench/peers/augment.py
"""
import time

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import v2

torch.set_num_threads(1)
SIDE = 224
pixels = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
pixels = np.asarray(Image.fromarray(pixels[::8, ::8]).resize((SIDE, SIDE)))
picture, tensor = Image.fromarray(pixels), torch.from_numpy(pixels.transpose(2, 0, 1).copy())

OPS = {
    "random_horizontal_flip": v2.RandomHorizontalFlip(1.0),
    "random_vertical_flip": v2.RandomVerticalFlip(1.0),
    "random_crop": v2.RandomCrop(SIDE, padding=28),
    "random_rotation": v2.RandomRotation(15),
    "random_rotation bilinear": v2.RandomRotation(15, interpolation=v2.InterpolationMode.BILINEAR),
    "random_affine": v2.RandomAffine(15),
    "random_affine bilinear": v2.RandomAffine(15, interpolation=v2.InterpolationMode.BILINEAR),
    "random_perspective": v2.RandomPerspective(0.5, 1.0),
    "elastic_transform": v2.ElasticTransform(),
    "gaussian_blur": v2.GaussianBlur(13),
    "gaussian_noise": v2.GaussianNoise(),
    "jpeg": v2.JPEG((30, 95)),
    "random_erasing": v2.RandomErasing(1.0),
    "random_erasing pixel": v2.RandomErasing(1.0, value="random"),
    "random_resized_crop": v2.RandomResizedCrop(SIDE),
    "color_jitter": v2.ColorJitter(0.4, 0.4, 0.4, 0.1),
    "random_grayscale": v2.RandomGrayscale(1.0),
    "random_invert": v2.RandomInvert(1.0),
    "random_posterize": v2.RandomPosterize(4, 1.0),
    "random_solarize": v2.RandomSolarize(128, 1.0),
    "random_adjust_sharpness": v2.RandomAdjustSharpness(2, 1.0),
    "random_autocontrast": v2.RandomAutocontrast(1.0),
    "random_equalize": v2.RandomEqualize(1.0),
    "rand_augment": v2.RandAugment(),
    "trivial_augment_wide": v2.TrivialAugmentWide(),
    "auto_augment": v2.AutoAugment(),
    "aug_mix": v2.AugMix(),
}


def milliseconds(op, what, seconds=0.3):
    op(what)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        op(what)
        count += 1
    return (time.perf_counter() - start) / count * 1000


for name, op in OPS.items():
    times = []
    for what in (picture, tensor):
        try:
            times.append(milliseconds(op, what))
        except Exception:  # not every operation takes both
            pass
    print(f"{name:28s}{min(times):8.3f}", flush=True)
