#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes comparisons.h: McNemar's test by SciPy. Usage: make_comparisons.py > comparisons.h

Of b pictures that only the first model has right and c that only the second has: the p-value, exact below 25 of them.
"""
import scipy
from scipy.stats import binomtest, chi2

print("/* SPDX-License-Identifier: Apache-2.0 */")
print(f"/* Made by make_comparisons.py with SciPy {scipy.__version__}. */")
print("static const struct {\n    int only_first, only_second;\n    double p, statistic;\n} golden_comparisons[] = {")
rows = []
for b, c in [(0, 0), (1, 0), (0, 3), (3, 3), (2, 9), (12, 12), (7, 17), (0, 24), (12, 13), (25, 0), (10, 20), (40, 40), (30, 61), (5, 200)]:
    n = b + c
    if n < 25:
        rows.append(f"    {{{b}, {c}, {binomtest(b, n, 0.5).pvalue if n else 1:.17g}, NAN}}")
    else:
        statistic = max(0, abs(b - c) - 1)**2 / n
        rows.append(f"    {{{b}, {c}, {chi2.sf(statistic, 1):.17g}, {statistic:.17g}}}")
print(",\n".join(rows) + "};")
