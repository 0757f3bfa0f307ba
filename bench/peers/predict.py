# SPDX-License-Identifier: Apache-2.0
"""`fovea predict MODEL PICTURE` in PyTorch, for a ResNet-18.

Usage: predict.py MODEL.safetensors PICTURE
"""
import sys

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

import nets


def main(model, picture):
    net = nets.ResNet18()
    net.load_state_dict({k: v for k, v in load_file(model).items() if not k.startswith("fovea.")}, strict=False)
    net.eval()
    image = Image.open(picture).convert("RGB")
    scale = 256 / min(image.size)
    image = image.resize([round(side * scale) for side in image.size], Image.BILINEAR)
    left, top = (image.width - 224) // 2, (image.height - 224) // 2
    pixels = np.array(image.crop((left, top, left + 224, top + 224)))
    with torch.inference_mode():
        x = (torch.from_numpy(pixels).float() - 127.5) / 64
        probabilities = net(x.permute(2, 0, 1)[None]).softmax(1)[0]
    best = int(probabilities.argmax())
    print(picture, best, f"{probabilities[best]:.4f}", sep="\t")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
