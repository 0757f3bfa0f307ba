#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The examples run, and learn something: on the drawn digits, and on MNIST where it is there.
set -euo pipefail
build=$(realpath "$1") source=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/fovea" data demo "$work/digits" --train 60 --test 5 2>/dev/null
picture=$(ls "$work"/digits/test/3/* | head -1)
line=$("$build/examples/my_pictures" "$work/digits" "$work/m.safetensors" "$picture" 12)
echo "$line"
[ -s "$work/m.safetensors" ]
grep -q "^$picture: 3 (" <<<"$line"
"$build/examples/classify" "$work/m.safetensors" "$picture" | tee "$work/c.txt"
grep -q "^$picture	3	0" "$work/c.txt"
"$build/fovea" data demo "$work/few" --train 20 --test 2 --seed 5 2>/dev/null
"$build/fovea" train "$work/digits" --size 28 --channels 1 --epochs 16 --out "$work/first" >"$work/train.txt" 2>&1
"$build/examples/transfer" "$work/few" small_cnn "$work/first/best.safetensors" "$work/t.safetensors" 4 | tee "$work/t.txt"
[ -s "$work/t.safetensors" ]
grep -q '^epoch 2, head:' "$work/t.txt"
accuracy=$(sed -n 's/^epoch 4, thawed: validation accuracy \([0-9.]*\) .*/\1/p' "$work/t.txt")
awk -v a="$accuracy" 'BEGIN { exit !(a >= 70) }'
data=${FOVEA_TEST_DATA:-$source/../shared/data}
if [ ! -r "$data/mnist/train-images-idx3-ubyte.gz" ]; then
    echo "MNIST is missing in $data: examples/mnist was not run"
    exit 0
fi
"$build/examples/mnist" "$data/mnist" 1 | tee "$work/mnist.txt"
accuracy=$(sed -n 's/^test: 10000 pictures, accuracy \([0-9.]*\) .*/\1/p' "$work/mnist.txt")
# One epoch of this network reaches 98 % in Keras.
awk -v a="$accuracy" 'BEGIN { exit !(a >= 97.5) }'
