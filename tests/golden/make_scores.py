#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes scores.h: scikit-learn's scores of made-up predictions, a case a struct. Usage: make_scores.py > scores.h

Probabilities are single precision; scikit-learn gets them as doubles, and log_loss with its clipping at 2^-52. Of equal
probabilities the first class is predicted (numpy's argmax). top_k_accuracy_score prefers the last of equal ones and is computed by
hand, as are macro means over the classes that are there and the calibration error.
"""
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

warnings.filterwarnings("ignore")
SCORES = ["accuracy", "balanced_accuracy", "top_k", "exact_match", "kappa", "matthews", "macro_precision", "macro_recall", "macro_f1",
          "weighted_f1", "micro_f1", "macro_auc", "weighted_auc", "macro_average_precision", "weighted_average_precision", "log_loss",
          "brier", "ece", "hamming_loss"]
NAN = float("nan")


def ece(confidence, right):
    total, edges = 0, np.linspace(0, 1, 16)
    for low, high in zip(edges[:-1], edges[1:]):
        chosen = (confidence > low) & (confidence <= high) if low > 0 else confidence <= high
        if chosen.any():
            total += abs(right[chosen].mean() - confidence[chosen].mean()) * chosen.mean()
    return total


def areas(truth, p):
    auc, ap = [], []
    for k in range(truth.shape[1]):
        t = truth[:, k]
        auc.append(m.roc_auc_score(t, p[:, k]) if 0 < t.sum() < len(t) else NAN)
        ap.append(m.average_precision_score(t, p[:, k]) if t.sum() else NAN)
    return np.array(auc), np.array(ap)


def mean(values, weights):
    there = ~np.isnan(values) & (weights > 0)
    return np.average(values[there], weights=weights[there]) if there.any() else NAN


def prf(truth, said, average):
    if average == "micro" and truth.ndim == 1:  # labels that nobody has do not change it
        return m.precision_recall_fscore_support(truth, said, average="micro", zero_division=0)[:3]
    return m.precision_recall_fscore_support(truth, said, average=average, zero_division=0)[:3]


def single(label, p, k):
    n, classes = p.shape
    said = p.argmax(1)
    truth = np.eye(classes)[label]
    each = m.precision_recall_fscore_support(label, said, labels=range(classes), zero_division=0)
    auc, ap = areas(truth, p)
    counted = ((each[3] > 0) | np.isin(np.arange(classes), said)).astype(float)
    before = [(p[i] > p[i, label[i]]).sum() + (p[i, :label[i]] == p[i, label[i]]).sum() for i in range(n)]
    macro, weighted, micro = (prf(label, said, a) for a in ("macro", "weighted", "micro"))
    values = [m.accuracy_score(label, said), m.balanced_accuracy_score(label, said), (np.array(before) < k).mean(),
              m.accuracy_score(label, said), m.cohen_kappa_score(label, said), m.matthews_corrcoef(label, said),
              *macro, weighted[2], micro[2], mean(auc, counted), mean(auc, each[3]), mean(ap, counted), mean(ap, each[3]),
              m.log_loss(label, p, labels=range(classes)),
              m.brier_score_loss(label, p, labels=list(range(classes)), scale_by_half=False),
              ece(p.max(1), said == label), m.hamming_loss(label, said)]
    return truth, values, each, auc, ap


def multi(truth, p):
    said = (p > 0.5).astype(int)
    each = m.precision_recall_fscore_support(truth, said, zero_division=0)
    auc, ap = areas(truth, p)
    ones = np.ones(truth.shape[1])
    macro, weighted, micro = (prf(truth, said, a) for a in ("macro", "weighted", "micro"))
    flat, flat_p = truth.ravel(), p.ravel()
    values = [(said == truth).mean(), NAN, NAN, m.accuracy_score(truth, said), NAN, NAN, *macro, weighted[2], micro[2],
              mean(auc, ones), mean(auc, each[3]), mean(ap, ones), mean(ap, each[3]),
              m.log_loss(flat, flat_p, labels=[0, 1]), m.brier_score_loss(flat, flat_p), ece(flat_p, flat == 1),
              m.hamming_loss(truth, said)]
    return values, each, auc, ap


def softmax(x):
    x = x - x.max(1, keepdims=True)
    return (np.exp(x) / np.exp(x).sum(1, keepdims=True)).astype(np.float32).astype(np.float64)


def emit(kind, name, values, digits=17):
    words = ["NAN" if v != v else f"{v:.{digits}g}" for v in np.asarray(values).ravel()]
    rows = [", ".join(words[i:i + 8]) for i in range(0, len(words), 8)]
    print(f"static const {kind} {name}[] = {{\n    " + ",\n    ".join(rows) + "};")


cases = []


def case(name, p, label=None, truth=None, k=2):
    n, classes = p.shape
    if truth is None:
        truth, values, each, auc, ap = single(label, p, k)
    else:
        values, each, auc, ap = multi(truth, p)
    emit("float", f"{name}_p", p, 9)
    emit("unsigned char", f"{name}_truth", truth.astype(int))
    emit("double", f"{name}_values", values)
    emit("double", f"{name}_classes", np.stack([each[0], each[1], each[2], auc, ap], 1))
    cases.append(f'{{"{name}", {n}, {classes}, {k}, {int(label is None)}, {name}_p, {name}_truth, {name}_values, {name}_classes}}')


r = np.random.default_rng(11)
print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Made by make_scores.py with scikit-learn {sklearn.__version__}. */")
# Class 4 occurs but is never predicted, class 5 neither occurs nor is predicted; scores are quantised, so that many are equal.
label = r.integers(0, 5, 50)
logits = np.round((r.normal(size=(50, 6)) + 1.5 * np.eye(6)[label]) * 2) / 2 - [0, 0, 0, 0, 6, 9]
case("ties", softmax(logits), label)
# Class 2 is predicted but does not occur.
label = r.integers(0, 2, 20)
case("unseen", softmax(r.normal(size=(20, 3)) + [0, 0, 0.5]), label, k=1)
label = r.integers(0, 3, 30)
case("perfect", np.eye(3)[label], label)
case("constant", np.tile([0.25, 0.5, 0.25], (30, 1)), label)
case("all_equal", np.full((30, 4), 0.25), r.integers(0, 4, 30))
case("random", softmax(3 * r.normal(size=(40, 4))), r.integers(0, 4, 40))
case("two_classes", softmax(r.normal(size=(40, 2)) + 1.5 * np.eye(2)[(label2 := r.integers(0, 2, 40))]), label2, k=1)
case("one_picture", np.array([[0.125, 0.625, 0.25]]), np.array([1]))
case("one_mistake", np.array([[0.125, 0.625, 0.25]]), np.array([0]))
case("one_class", softmax(r.normal(size=(10, 1)) * [[1, 0]] + [[4, 0]]), np.zeros(10, int))
truth = (r.random((40, 5)) < [0.5, 0.3, 0.2, 0.3, 0]).astype(int)
logits = np.round((r.normal(size=(40, 5)) + 1.5 * (2 * truth - 1)) * 2) / 2 + 0.125 - [0, 0, 0, 9, 0]
case("multi", (1 / (1 + np.exp(-logits))).astype(np.float32).astype(np.float64), truth=truth)
case("multi_perfect", truth.astype(float), truth=truth)
case("multi_one", np.array([[0.25, 0.75]]), truth=np.array([[0, 1]]))
print("static const score_case score_cases[] = {\n    " + ",\n    ".join(cases) + "};")
print(f"static const char *const score_names[] = {{" + ", ".join(f'"{s}"' for s in SCORES) + "};")
