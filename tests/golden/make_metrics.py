#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes metrics.h: metrics of scikit-learn and SciPy on made-up predictions. Usage: make_metrics.py > metrics.h

Seven classes; class 5 occurs but is never predicted, class 6 neither occurs nor is predicted. Scores are quantised, so that
areas under curves meet ties; a tiny slope keeps the order of the classes of one picture strict.
"""
import warnings

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest
from sklearn import metrics

warnings.filterwarnings("ignore")
N, K = 60, 7
r = np.random.default_rng(5)
label = r.integers(0, 6, N)
logits = r.normal(size=(N, K)) + 1.2 * np.eye(K)[label]
logits = np.round(logits * 2) / 2 - 0.001 * np.arange(K)
logits[:, 5] -= 6
logits[:, 6] -= 9
logits = logits.astype(np.float32)
wide = logits.astype(np.float64)
p = np.exp(wide) / np.exp(wide).sum(1, keepdims=True)
p32 = p.astype(np.float32).astype(np.float64)
predicted = p32.argmax(1)
right = predicted == label
confidence = p32.max(1)

ece = 0
edges = np.linspace(0, 1, 16)
for low, high in zip(edges[:-1], edges[1:]):
    chosen = (confidence > low) & (confidence <= high)
    if chosen.any():
        ece += abs(right[chosen].mean() - confidence[chosen].mean()) * chosen.mean()

onehot = np.eye(K)[label]
sigmoid_loss = np.mean([metrics.log_loss(onehot[i], 1 / (1 + np.exp(-wide[i])), labels=[0, 1]) for i in range(N)])
interval = binomtest(int(right.sum()), N).proportion_ci(method="wilson")
each = metrics.precision_recall_fscore_support(label, predicted, labels=range(K), zero_division=0)
auc = [metrics.roc_auc_score(label == k, p32[:, k]) if (label == k).any() else np.nan for k in range(K)]
support = each[3]


def means(average):
    values = metrics.precision_recall_fscore_support(label, predicted, average=average, zero_division=0)[:3]
    weights = (support > 0).astype(float) if average == "macro" else support
    return [*values, np.average(auc[:6], weights=weights[:6])]


def emit(kind, name, values, dimensions="[]"):
    values = ["NAN" if v != v else f"{v:.9g}" for v in np.asarray(values).ravel()]
    rows = [", ".join(values[i:i + 7]) for i in range(0, len(values), 7)]
    print(f"static const {kind} {name}{dimensions} = {{\n    " + ",\n    ".join(rows) + "};")


print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Made by make_metrics.py with scikit-learn {sklearn.__version__} and SciPy {scipy.__version__}. */")
print(f"enum {{\n    GOLDEN_COUNT = {N},\n    GOLDEN_CLASSES = {K}\n}};")
emit("float", "golden_logits", logits)
emit("int32_t", "golden_labels", label)
emit("float", "golden_probabilities", p.astype(np.float32))
emit("int64_t", "golden_confusion", metrics.confusion_matrix(label, predicted, labels=range(K)))
emit("double", "golden_precision", each[0])
emit("double", "golden_recall", each[1])
emit("double", "golden_f1", each[2])
emit("int64_t", "golden_support", support)
emit("double", "golden_auc", auc)
emit("double", "golden_macro", means("macro"))
emit("double", "golden_weighted", means("weighted"))
emit("double", "golden_interval", [interval.low, interval.high])
for name, value in [("accuracy", right.mean()), ("top5", metrics.top_k_accuracy_score(label, p32, k=5, labels=range(K))),
                    ("ece", ece), ("loss", metrics.log_loss(label, p, labels=range(K))),
                    ("sigmoid_loss", sigmoid_loss),
                    ("map", np.mean([metrics.average_precision_score(label == k, p32[:, k]) for k in range(6)]))]:
    print(f"static const double golden_{name} = {value:.9g};")

# Several classes a picture: class 3 is never predicted, class 4 never there.
N, K = 40, 5
target = (r.random((N, K)) < [0.5, 0.3, 0.2, 0.3, 0]).astype(int)
logits = np.round((r.normal(size=(N, K)) + 1.5 * (2 * target - 1)) * 2) / 2 + 0.125
logits[:, 3] -= 9
logits = logits.astype(np.float32)
p32 = (1 / (1 + np.exp(-logits.astype(np.float64)))).astype(np.float32)
said = (p32 > 0.5).astype(int)
each = metrics.precision_recall_fscore_support(target, said, zero_division=0)
auc = [metrics.roc_auc_score(target[:, k], p32[:, k]) if target[:, k].any() else np.nan for k in range(K)]
macro, weighted = ([*metrics.precision_recall_fscore_support(target, said, average=a, zero_division=0)[:3],
                    metrics.roc_auc_score(target[:, :4], p32[:, :4], average=a)] for a in ("macro", "weighted"))
print(f"enum {{\n    GOLDEN_MULTI_COUNT = {N},\n    GOLDEN_MULTI_CLASSES = {K}\n}};")
emit("float", "golden_multi_logits", logits)
emit("unsigned char", "golden_multi_targets", target)
emit("double", "golden_multi_precision", each[0])
emit("double", "golden_multi_recall", each[1])
emit("double", "golden_multi_f1", each[2])
emit("int64_t", "golden_multi_support", each[3])
emit("double", "golden_multi_auc", auc)
emit("double", "golden_multi_macro", macro)
emit("double", "golden_multi_weighted", weighted)
wide = logits.astype(np.float64)
loss = np.mean([metrics.log_loss(target[i], 1 / (1 + np.exp(-wide[i])), labels=[0, 1]) for i in range(N)])
for name, value in [("accuracy", (said == target).mean()), ("exact", metrics.accuracy_score(target, said)), ("loss", loss),
                    ("map", metrics.average_precision_score(target[:, :4], p32[:, :4]))]:
    print(f"static const double golden_multi_{name} = {value:.9g};")
