#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""golden/timm.h for test_convert_weights.c: the tensors and logits, in double precision, of timm's networks whose batch norms have another
epsilon than the zoo's, for weights and pictures that are formulas (formulas.py).

    python3 tests/golden/make_timm.py
"""
import os

import timm
import torch

from formulas import c_rows, normalised, pictures, weights

CLASSES, PICTURES, HEIGHT, WIDTH = 5, 2, 96, 80
NETWORKS = [("mobilenet_v3_small", "mobilenetv3_small_100"), ("mobilenet_v3_large", "mobilenetv3_large_100")]

here = os.path.dirname(os.path.abspath(__file__))
tensors, logits = [], []
for zoo, name in NETWORKS:
    m = timm.create_model(name, num_classes=CLASSES).double().eval()
    with torch.no_grad():
        for key, value in m.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                u = weights(key, *value.shape)
                norm = value.dim() == 1 and key.endswith("weight")  # and variances are small: where epsilons count
                value.copy_(u / 256 if key.endswith("running_var") else u / 16 if norm else u)
                sides = [*value.shape, 0, 0, 0, 0][:4]
                tensors.append(f'    {{"{zoo}", "{key}", {value.dim()}, {{{", ".join(map(str, sides))}}}}},')
        y = m(normalised(pictures(PICTURES, HEIGHT, WIDTH, 3)))
    logits.append(f'    {{"{zoo}", {c_rows(y)}}},')
with open(os.path.join(here, "timm.h"), "w") as out:
    out.write(f"/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by make_timm.py with timm {timm.__version__}. */\n/* clang-format off */\n")
    out.write(f"enum {{ TIMM_CLASSES = {CLASSES}, TIMM_PICTURES = {PICTURES}, TIMM_HEIGHT = {HEIGHT}, TIMM_WIDTH = {WIDTH} }};\n")
    out.write("static const struct {\n    const char *network, *name;\n    int rank;\n    int64_t shape[4];\n} timm_tensors[] = {\n")
    out.write("\n".join(tensors) + "\n};\nstatic const struct {\n    const char *network;\n")
    out.write("    float logits[TIMM_PICTURES][TIMM_CLASSES];\n} timm_networks[] = {\n" + "\n".join(logits) + "\n};\n")
