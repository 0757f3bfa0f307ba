#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes calibration.h: temperatures by SciPy and thresholds by scikit-learn. Usage: make_calibration.py > calibration.h

Logits are 2.5 times too large for their labels. The best F1 of each class and a threshold that reaches it come from
precision_recall_curve, whose thresholds are met where a probability equals them.
"""
import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax
from sklearn.metrics import precision_recall_curve

r = np.random.default_rng(3)
N, K = 60, 4


def temperature(loss):
    return np.exp(minimize_scalar(lambda t: loss(np.exp(t)), bounds=(np.log(0.05), np.log(20)), method="bounded",
                                  options={"xatol": 1e-12}).x)


def emit(kind, name, values, digits=9):
    words = [f"{v:.{digits}g}" for v in np.asarray(values).ravel()]
    rows = [", ".join(words[i:i + 8]) for i in range(0, len(words), 8)]
    print(f"static const {kind} {name}[] = {{\n    " + ",\n    ".join(rows) + "};")


def softmax_loss(z, label):
    return lambda t: -log_softmax(z / t, 1)[np.arange(len(z)), label].mean()


def sigmoid_loss(z, truth):
    return lambda t: (np.logaddexp(0, z / t) - truth * z / t).mean()


def best_f1(truth, p):
    precision, recall, _ = precision_recall_curve(truth, p)
    return (2 * precision * recall / np.maximum(precision + recall, 1e-300)).max()


z = r.normal(size=(N, K)) * 1.5
label = (np.exp(z) / np.exp(z).sum(1, keepdims=True)).cumsum(1)
label = (label < r.random((N, 1))).sum(1)
z = (2.5 * z).astype(np.float32)
print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Made by make_calibration.py with SciPy {scipy.__version__} and scikit-learn {sklearn.__version__}. */")
print(f"enum {{\n    CALIBRATION_COUNT = {N},\n    CALIBRATION_CLASSES = {K}\n}};")
emit("float", "softmax_logits", z)
emit("int32_t", "softmax_labels", label)
print(f"static const double softmax_temperature = {temperature(softmax_loss(z.astype(float), label)):.12g};")

z = np.round(r.normal(size=(N, K)) * 8) / 8 - [0, 0.5, 1, 1.5]
truth = (expit(1.5 * z) > r.random((N, K))).astype(int)
z = (2.5 * z).astype(np.float32)
emit("float", "sigmoid_logits", z)
emit("unsigned char", "sigmoid_truth", truth)
print(f"static const double sigmoid_temperature = {temperature(sigmoid_loss(z.astype(float), truth)):.12g};")
emit("double", "sigmoid_best_f1", [best_f1(truth[:, k], z[:, k]) for k in range(K)], 17)
print(f"static const double first_output_temperature = {temperature(sigmoid_loss(z[:, 0].astype(float), truth[:, 0])):.12g};")
