#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes crops.h beside this file: what torchvision's RandomResizedCrop draws, in figures.

    python3 tests/golden/make_crops.py
"""
import math
import os

import torch
from torchvision.transforms import RandomResizedCrop

DRAWS = 100_000
# Height, width, scale, ratio; the third seldom fits, the last never.
CASES = [(300, 500, (0.08, 1.0), (3 / 4, 4 / 3)), (224, 224, (0.08, 1.0), (3 / 4, 4 / 3)), (40, 200, (0.2, 1.0), (3 / 4, 4 / 3)),
         (333, 250, (0.5, 0.9), (0.5, 2.0)), (10, 200, (0.9, 1.0), (0.5, 0.5))]

torch.manual_seed(0)
rows = []
for height, width, scale, ratio in CASES:
    picture = torch.empty(3, height, width)
    drawn = []
    for _ in range(DRAWS):
        top, left, h, w = RandomResizedCrop.get_params(picture, list(scale), list(ratio))
        drawn.append((h * w / (height * width), math.log(w / h), (top + h / 2) / height, (left + w / 2) / width))
    columns = torch.tensor(drawn, dtype=torch.float64)
    figures = [x for pair in zip(columns.mean(0).tolist(), columns.std(0).tolist()) for x in pair]
    rows.append("    {%d, %d, {%rf, %rf}, {%rf, %rf}, {%s}},\n" % (
        height, width, *scale, *ratio, ", ".join(f"{x:.6f}" for x in figures)))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "crops.h"), "w") as out:
    out.write("""/* SPDX-License-Identifier: Apache-2.0 */
/* Made by make_crops.py: %d draws of torchvision's RandomResizedCrop.get_params each. */
enum {
    CROP_DRAWS = %d
};
static const struct {
    int64_t height, width;
    float scale[2], ratio[2];
    /* mean and deviation of: share of the area, log(width / height), the middle's place from top and from left (0..1) */
    double figures[8];
} crops[] = {
%s};
""" % (DRAWS, DRAWS, "".join(rows)))
