#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The shared library exports exactly the functions of tests/symbols.txt, and they are those that the public headers declare.
set -euo pipefail
build=$(realpath "$1") source=$(realpath "$2")
exported=$(nm -D --defined-only "$build/libfovea.so" | awk '{print $3}' | grep -v '^_\(init\|fini\)$' | sort)
if ! diff -u "$source/tests/symbols.txt" <(echo "$exported"); then
    echo "the exported symbols changed; when that is meant, write the new list to tests/symbols.txt"
    exit 1
fi
declared=$(cat "$source"/include/fovea/*.h | tr '\n' ' ' | grep -oE 'FV_API [^;]*;' | grep -oE 'fv_[a-z0-9_]+ *\(' | tr -d ' (' |
    awk '!seen[$0]++' | sort)
diff -u <(echo "$declared") "$source/tests/symbols.txt" || { echo "declared and exported functions differ"; exit 1; }
