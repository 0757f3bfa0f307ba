#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes augment_photos.bin and augment_draws.h beside this file: what torchvision's augmentations make of real photos.

    python3 tests/golden/augment_photos.py FOLDER_OF_REAL_DATA

augment_photos.bin, little-endian: a record is kind, photo, channels, step (4 x int32), arguments (6 x double), the length of the
policy and the policy in our language (int32 and bytes, kind POLICY only), the count of samples, and every step-th sample of the result.
Photos are the middle SIDE x SIDE of the file; for a crop the whole file.

augment_draws.h: of many random draws on the middle of a photo, the quantiles of how far the result is from it on average.
"""
import os
import random
import struct
import sys

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import autoaugment, v2
from torchvision.transforms import functional as F
from torchvision.transforms.v2 import functional as F2

HERE = os.path.dirname(os.path.abspath(__file__))
PHOTOS = ["n01443537_goldfish.JPEG", "n01614925_bald_eagle.JPEG", "n01484850_great_white_shark.JPEG"]
SIDE, STEP = 256, 331
POLICY, CROP, AUTO = range(3)
BILINEAR, NEAREST = InterpolationMode.BILINEAR, InterpolationMode.NEAREST
# What is drawn on, and how much of its border is left out: at it torchvision's elastic fades into the fill, where we repeat pixels.
DRAWN, BORDER = (80, 96), 4
DRAWS, QUANTILES = 2000, 19


def load(folder, k):
    return Image.open(os.path.join(folder, "photos/imagenet-samples", PHOTOS[k])).convert("RGB")


def middle(photo, height, width):
    left, top = (photo.width - width) // 2, (photo.height - height) // 2
    return photo.crop((left, top, left + width, top + height))


def tensor(picture):
    return F.pil_to_tensor(picture)


def on_tensor(function):
    return lambda im: F.to_pil_image(function(tensor(im)))


def affine(im, degrees=0, translate=(0, 0), scale=1.0, shear=(0, 0), interpolation=BILINEAR):
    return F.affine(im, degrees, list(translate), scale, list(shear), interpolation=interpolation, fill=0)


# Every augmentation whose parameters can be pinned, in our language, and torchvision's function.
POLICIES = [
    ("random_horizontal_flip: {p: 1}", F.hflip, True),
    ("random_vertical_flip: {p: 1}", F.vflip, True),
    ("random_rotation: {degrees: [23, 23]}", lambda im: F.rotate(im, 23, NEAREST), True),
    ("random_rotation: {degrees: [-61, -61], interpolation: bilinear, fill: 90}", lambda im: F.rotate(im, -61, BILINEAR, fill=[90] * len(im.getbands())), True),
    ("random_affine: {degrees: [20, 20], scale: [0.8, 0.8], shear: [9, 9], interpolation: bilinear}", lambda im: affine(im, 20, scale=0.8, shear=(9, 0)), True),
    ("random_affine: {scale: [1.4, 1.4], shear: [-7, -7, 12, 12]}", lambda im: affine(im, scale=1.4, shear=(-7, 12), interpolation=NEAREST), True),
    ("random_translation: {height_factor: [0.125, 0.125], width_factor: [-0.25, -0.25], fill_mode: constant}", lambda im: affine(im, translate=(-64, 32)), True),
    ("random_zoom: {height_factor: [0.25, 0.25], fill_mode: constant}", lambda im: affine(im, scale=0.8), True),
    ("color_jitter: {brightness: [1.37, 1.37]}", lambda im: F.adjust_brightness(im, np.float32(1.37)), True),
    ("color_jitter: {contrast: [0.61, 0.61]}", lambda im: F.adjust_contrast(im, np.float32(0.61)), True),
    ("color_jitter: {saturation: [1.8, 1.8]}", lambda im: F.adjust_saturation(im, np.float32(1.8)), False),
    ("color_jitter: {hue: [-0.13, -0.13]}", lambda im: F.adjust_hue(im, np.float32(-0.13)), False),
    ("random_grayscale: {p: 1}", lambda im: F.rgb_to_grayscale(im, 3), False),
    ("random_autocontrast: {p: 1}", F.autocontrast, True),
    ("random_equalize: {p: 1}", F.equalize, True),
    ("random_posterize: {bits: 3, p: 1}", lambda im: F.posterize(im, 3), True),
    ("random_solarize: {threshold: 100, p: 1}", lambda im: F.solarize(im, 100), True),
    ("random_invert: {p: 1}", F.invert, True),
    ("random_adjust_sharpness: {sharpness_factor: 3, p: 1}", lambda im: F.adjust_sharpness(im, 3), True),
    ("random_adjust_sharpness: {sharpness_factor: 0.2, p: 1}", lambda im: F.adjust_sharpness(im, np.float32(0.2)), True),
    ("gaussian_blur: {kernel_size: 9, sigma: [1.5, 1.5]}", on_tensor(lambda t: F2.gaussian_blur(t, 9, 1.5)), True),
    ("jpeg: {quality: [40, 40]}", on_tensor(lambda t: F2.jpeg(t, 40)), True),
]

SPACES = [(autoaugment.RandAugment(), 31, lambda t, bins, size: t._augmentation_space(bins, size)),
          (autoaugment.TrivialAugmentWide(), 31, lambda t, bins, size: t._augmentation_space(bins)),
          (autoaugment.AugMix(), 10, lambda t, bins, size: t._augmentation_space(bins, size))]
# In the order of auto_operation.
OPERATIONS = ["ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness", "Posterize",
              "Solarize", "AutoContrast", "Equalize", "Identity"]


def record(kind, photo, channels, arguments, policy, result):
    step = 37 if kind == CROP else STEP  # these are small
    samples = np.asarray(result).reshape(-1)[::step]
    arguments = list(arguments) + [0.0] * (6 - len(arguments))
    out = struct.pack("<4i6d", kind, photo, channels, step, *arguments)
    if kind == POLICY:
        out += struct.pack("<i", len(policy)) + policy.encode()
    return out + struct.pack("<i", len(samples)) + samples.tobytes()


def deterministic(folder):
    rng = random.Random(7)
    for k in range(len(PHOTOS)):
        whole = load(folder, k)
        photo = middle(whole, SIDE, SIDE)
        for policy, function, grey in POLICIES:
            yield record(POLICY, k, 3, [], "[" + policy + "]", function(photo))
            if grey and k == 0:
                yield record(POLICY, k, 1, [], "[" + policy + "]", function(photo.convert("L")))
        for _ in range(3):
            h, w = rng.randint(60, whole.height), rng.randint(60, whole.width)
            top, left = rng.randint(0, whole.height - h), rng.randint(0, whole.width - w)
            out = F.resized_crop(whole, top, left, h, w, [48, 48], BILINEAR, antialias=True)
            yield record(CROP, k, 3, [top, left, h, w, 48], None, out)
        for s, (transform, bins, space) in enumerate(SPACES):
            table = space(transform, bins, (SIDE, SIDE))
            for number, name in enumerate(OPERATIONS):
                if name not in table:
                    continue
                magnitudes, signed = table[name]
                index = rng.randint(1, bins - 1 if name != "Posterize" else bins // 2)  # Pillow refuses 0 bits
                magnitude = float(magnitudes[index]) if magnitudes.ndim > 0 else 0.0
                if signed and rng.random() < 0.5:
                    magnitude = -magnitude
                out = autoaugment._apply_op(photo, name, magnitude, interpolation=NEAREST, fill=[0, 0, 0])
                yield record(AUTO, k, 3, [s, number, index, bins, magnitude], None, out)


# In our language and as torchvision's transform, of Pillow's pictures, or of tensors where it has no others.
RANDOM = [
    ("random_rotation: {degrees: 25}", v2.RandomRotation(25), False),
    ("random_affine: {degrees: 20, translate: [0.1, 0.2], scale: [0.8, 1.2], shear: 10}", v2.RandomAffine(20, (0.1, 0.2), (0.8, 1.2), 10), False),
    ("random_perspective: {distortion_scale: 0.5, p: 1}", v2.RandomPerspective(0.5, p=1), False),
    ("random_crop: {padding: 8, padding_mode: reflect}", v2.RandomCrop(DRAWN, padding=8, padding_mode="reflect"), False),
    ("color_jitter: {brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1}", v2.ColorJitter(0.4, 0.4, 0.4, 0.1), False),
    ("gaussian_blur: {kernel_size: 5, sigma: [0.1, 2]}", v2.GaussianBlur(5, (0.1, 2.0)), True),
    ("jpeg: {quality: [5, 50]}", v2.JPEG((5, 50)), True),
    ("elastic_transform: {alpha: 50, sigma: 5}", v2.ElasticTransform(50.0, 5.0), True),
    ("random_erasing: {p: 1}", v2.RandomErasing(p=1), True),
    ("rand_augment", v2.RandAugment(), False),
    ("rand_augment: {num_ops: 3, magnitude: 20}", v2.RandAugment(num_ops=3, magnitude=20), False),
    ("trivial_augment_wide", v2.TrivialAugmentWide(), False),
    ("aug_mix", v2.AugMix(interpolation=BILINEAR), False),
    ("aug_mix: {severity: 8, mixture_width: 2, chain_depth: 2, alpha: 0.5}", v2.AugMix(8, 2, 2, 0.5, interpolation=BILINEAR), False),
]


def noisy(picture):
    noise = v2.GaussianNoise(0.0, 0.1)
    return (noise(tensor(picture).float() / 255) * 255).round().to(torch.uint8)


def quantiles(values):
    return np.quantile(values, np.arange(1, QUANTILES + 1) / (QUANTILES + 1), method="inverted_cdf")


def drawn(folder):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    photo = middle(load(folder, 0), *DRAWN)
    pixels = np.asarray(photo).astype(int)
    cases = [(policy, transform, on) for policy, transform, on in RANDOM] + [("gaussian_noise: {sigma: 0.1}", noisy, False)]
    for policy, transform, on in cases:
        values = []
        for _ in range(DRAWS):
            out = transform(tensor(photo) if on else photo)
            out = out.permute(1, 2, 0).numpy() if isinstance(out, torch.Tensor) else np.asarray(out)
            values.append(np.abs(out.astype(int) - pixels)[BORDER:-BORDER, BORDER:-BORDER].mean())
        print(policy, np.mean(values), flush=True)
        yield policy, quantiles(values)
    pair = torch.zeros(2, 3, *DRAWN)
    for name, kind in (("mixup", v2.MixUp), ("cutmix", v2.CutMix)):
        for alpha in (0.2, 1.0):
            transform = kind(alpha=alpha, num_classes=2)
            shares = [float(transform(pair, torch.tensor([0, 1]))[1][0][0]) for _ in range(DRAWS)]
            yield f"{name}: {{alpha: {alpha}}}", quantiles(shares)


def main():
    folder = sys.argv[1]
    records = list(deterministic(folder))
    with open(os.path.join(HERE, "augment_photos.bin"), "wb") as file:
        file.write(b"".join(records))
    print(len(records), os.path.getsize(file.name))
    rows = "".join('    {"[%s]",\n     {%s}},\n' % (policy, ", ".join("%.6g" % v for v in values)) for policy, values in drawn(folder))
    with open(os.path.join(HERE, "augment_draws.h"), "w") as out:
        out.write("""/* SPDX-License-Identifier: Apache-2.0 */
/* Made by augment_photos.py: %d draws of torchvision's each. */
enum {
    DRAWN = %d,
    QUANTILES = %d,
    BORDER = %d
};
static const struct {
    const char *policy;
    /* at 1/20, 2/20, ... 19/20: of the mean difference of the samples %d or more from the border; of mixup and cutmix, the share of the first picture */
    double quantiles[QUANTILES];
} draws[] = {
%s};
""" % (DRAWS, DRAWS, QUANTILES, BORDER, BORDER, rows))


main()
