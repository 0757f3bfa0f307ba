# SPDX-License-Identifier: Apache-2.0
"""Makes logistic.h: scikit-learn's LogisticRegression on standardised features, with and without sample weights and intercept.

/path/to/python tests/golden/logistic.py > tests/golden/logistic.h"""
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

N, D, K = 60, 7, 4
rng = np.random.default_rng(3)
labels = rng.integers(0, K, N)
x = (rng.normal(size=(K, D))[labels] + rng.normal(size=(N, D)) * 1.5).astype(np.float32)
x *= np.array([1, 30, 0.01, 1, 1, 5, 1], np.float32)
x += np.array([0, 100, 0, -3, 0, 0, 0], np.float32)
x[:, 6] = 2  # never changes
weights = rng.uniform(0.2, 2, N).astype(np.float32)


def fit(c, weighted, intercept):
    w = weights if weighted else None
    scaler = StandardScaler(with_mean=intercept).fit(x.astype(np.float64), sample_weight=w)
    model = LogisticRegression(C=c, tol=1e-12, max_iter=100000, fit_intercept=intercept)
    model.fit(scaler.transform(x.astype(np.float64)), labels, sample_weight=w)
    w = model.coef_ / scaler.scale_
    b = model.intercept_ - (w @ scaler.mean_ if intercept else 0)
    return w, b


def array(name, values, kind="float"):
    flat = np.asarray(values).ravel()
    print(f"static const {kind} {name}[] = {{{', '.join(str(v) if kind != 'float' else repr(float(v)) for v in flat)}}};")


print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Made by logistic.py with scikit-learn {sklearn.__version__}. */")
print(f"enum {{ GOLDEN_ROWS = {N}, GOLDEN_FEATURES = {D}, GOLDEN_CLASSES = {K} }};")
array("golden_rows", x)
array("golden_labels", labels, "int32_t")
array("golden_weights", weights)
for name, case in {"plain": (1.0, False, True), "weighted": (0.1, True, True), "centreless": (10.0, False, False)}.items():
    w, b = fit(*case)
    array(f"golden_{name}_w", w)
    array(f"golden_{name}_b", b)
