#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The recipes of examples/recipes train, with the options they name, a network of at most 800,000 parameters; and their space can be searched.
# Usage: check_recipes.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"
recipes=$source/examples/recipes

succeeds data demo digits --train 8 --test 2 --size 28 --seed 1
for recipe in mnist fashion_mnist; do
    succeeds train digits --config "$recipes/$recipe.yaml" --model "$recipes/residual28.yaml" --epochs 1 --threads 1 --out "$recipe"
    grep -q '</i>training<' "$recipe/report.html" || complain "$recipe: the report names no curve"
    grep -q '</i>validation<' "$recipe/report.html" && complain "$recipe: the report names a validation that there was not"
    parameters=$(sed -n 's/.*28x28x1, \([0-9]*\) parameters.*/\1/p' "$recipe/log.txt" out err | head -n 1)
    [ "${parameters:-0}" -gt 0 ] && [ "$parameters" -le 800000 ] || complain "$recipe: '$parameters' parameters"
    for line in 'val_split: 0' 'optimizer: muon' 'ema: 0.998'; do
        grep -qxF "$line" "$recipe/args.yaml" || complain "$recipe: args.yaml lacks '$line'"
    done
done
if "$fovea" doctor | grep -q 'libsqlite3.* yes '; then
    succeeds tune digits --space "$recipes/fashion_mnist_space.yaml" --trials 2 --epochs 1 --threads 1 --retrain=no --out study
    [ "$(find study/trials -name results.csv | wc -l)" -eq 2 ] || complain "the space was not tried twice"
fi
exit $((failures > 0))
