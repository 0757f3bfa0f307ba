# SPDX-License-Identifier: Apache-2.0
"""The JPEG tree of CIFAR-10 (train/CLASS/*.jpg, test/CLASS/*.jpg) as arrays in memory."""
import os

import numpy as np
from PIL import Image


def load(tree, part):
    """Pictures (n, 32, 32, 3) uint8 and labels (n,) int64, in the order of the sorted paths: fovea's."""
    classes = sorted(os.listdir(os.path.join(tree, part)))
    paths = [(label, os.path.join(tree, part, name, file))
             for label, name in enumerate(classes)
             for file in sorted(os.listdir(os.path.join(tree, part, name)))]
    pixels = np.empty((len(paths), 32, 32, 3), np.uint8)
    for i, (_, path) in enumerate(paths):
        pixels[i] = np.asarray(Image.open(path).convert("RGB"))
    return pixels, np.array([label for label, _ in paths])
