#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""golden/weight_names.h for test_convert_weights.c: names of timm's and torchvision's tensors, and interpolated position embeddings."""
import os

import timm
import torch
import torchvision

here = os.path.dirname(os.path.abspath(__file__))
networks = [
    ("efficientnet_b0", timm.create_model("efficientnet_b0")),
    ("mobilenet_v2", timm.create_model("mobilenetv2_100")),
    ("regnet_y_400mf", timm.create_model("regnety_004")),
    ("convnext_tiny", timm.create_model("convnext_tiny")),
    ("mobilenet_v3_small", timm.create_model("mobilenetv3_small_100")),
    ("mobilenet_v3_large", timm.create_model("mobilenetv3_large_100")),
    ("vgg11_bn", timm.create_model("vgg11_bn")),
    ("vit_tiny_patch16_224", torchvision.models.VisionTransformer(224, 16, 12, 3, 192, 768)),
]


def grid(n, m):
    """(1, n * n, 2) as (1, m * m, 2): value k is (k * 37 % 101) / 10, counted behind the class token's two."""
    values = torch.tensor([(k * 37 % 101) / 10 for k in range(2 + n * n * 2)][2:])
    planes = values.reshape(1, n, n, 2).permute(0, 3, 1, 2)
    out = torch.nn.functional.interpolate(planes, size=(m, m), mode="bicubic", antialias=True, align_corners=False)
    return out.permute(0, 2, 3, 1).flatten().tolist()


with open(os.path.join(here, "weight_names.h"), "w") as out:
    out.write("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by make_weight_names.py. */\n/* clang-format off */\n")
    out.write("static const struct {\n    const char *network, *name;\n    long long count;\n} golden_names[] = {\n")
    for zoo, network in networks:
        for name, value in network.state_dict().items():
            if name.endswith("weight"):
                out.write(f'    {{"{zoo}", "{name}", {value.numel()}}},\n')
    out.write("};\n")
    for n, m in ((6, 4), (3, 4)):
        out.write(f"static const float golden_grid_{n}[] = {{{', '.join('%.9g' % v for v in grid(n, m))}}};\n")
