#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes points.h: scikit-learn's roc_curve, precision_recall_curve and calibration_curve of a small case with ties and an absent class."""
import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

images, classes = 60, 4
rng = np.random.default_rng(7)
label = rng.integers(0, 3, images)  # class 3 has no picture
p = rng.dirichlet(np.ones(classes), images)
p[np.arange(images), label] += 0.4
p = np.round(p / p.sum(1, keepdims=True) * 32) / 32  # ties
p = p.astype(np.float32)
predicted = p.argmax(1)
sure = p.max(1)
edges = np.float64(sure) * 15 % 1 == 0
assert not edges[sure < 1].any()  # bins are closed on the other side in scikit-learn

def show(name, kind, values, form):
    print(f"static const {kind} {name}[] = {{{', '.join(form % v for v in values)}}};")

print("/* SPDX-License-Identifier: Apache-2.0 */\n/* Written by make_points.py. */\nenum {POINT_IMAGES = %d, POINT_CLASSES = %d};" % (images, classes))
show("point_label", "int32_t", label, "%d")
show("point_predicted", "int32_t", predicted, "%d")
show("point_probabilities", "float", p.ravel(), "%.9ff")
for k in range(3):
    fpr, tpr, _ = roc_curve(label == k, p[:, k], drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(label == k, p[:, k])
    show(f"roc_x{k}", "double", fpr, "%.17g")
    show(f"roc_y{k}", "double", tpr, "%.17g")
    show(f"recall{k}", "double", recall[::-1], "%.17g")
    show(f"precision{k}", "double", precision[::-1], "%.17g")
truth, confidence = calibration_curve(label == predicted, sure, n_bins=15)
show("bin_accuracy", "double", truth, "%.17g")
show("bin_confidence", "double", confidence, "%.17g")
