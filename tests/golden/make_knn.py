# SPDX-License-Identifier: Apache-2.0
"""Makes knn.h: votes and predictions of scikit-learn's KNeighborsClassifier(metric="cosine").

/path/to/python tests/golden/make_knn.py > tests/golden/knn.h"""
import numpy as np
import sklearn
from sklearn.neighbors import KNeighborsClassifier

ROWS, FEATURES, CLASSES, PICTURES = 60, 8, 4, 24
rng = np.random.default_rng(5)
centres = rng.integers(40, 216, (CLASSES, FEATURES))


def pictures(n):
    labels = rng.integers(0, CLASSES, n)
    return labels, np.clip(centres[labels] + rng.integers(-60, 61, (n, FEATURES)), 0, 255)


labels, rows = pictures(ROWS)
_, queries = pictures(PICTURES)


def array(name, values, kind):
    print(f"static const {kind} {name}[] = {{{', '.join(str(int(v)) for v in np.asarray(values).ravel())}}};")


print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Made by make_knn.py with scikit-learn {sklearn.__version__}. */")
print("#include <stdint.h>\n")
print(f"enum {{ GOLDEN_ROWS = {ROWS}, GOLDEN_FEATURES = {FEATURES}, GOLDEN_CLASSES = {CLASSES}, GOLDEN_PICTURES = {PICTURES} }};")
array("golden_rows", rows, "uint8_t")
array("golden_labels", labels, "int32_t")
array("golden_pictures", queries, "uint8_t")
for k in (1, 5, 10):
    model = KNeighborsClassifier(k, metric="cosine", algorithm="brute").fit(rows.astype(float), labels)
    array(f"golden_votes_{k}", np.rint(k * model.predict_proba(queries.astype(float))), "int32_t")
    array(f"golden_predicted_{k}", model.predict(queries.astype(float)), "int32_t")
