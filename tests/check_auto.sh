#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# train --lr find, --batch auto, --time: numbers before the first step. Usage: check_auto.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

cat >tiny.yaml <<'END'
input: {height: 12, width: 12}
layers:
  - conv2d: {filters: 8, kernel: 3, stride: 2, padding: same, activation: relu}
  - global_average_pool2d
  - dense: {units: classes}
END
tiny='--model tiny.yaml --threads 1'
succeeds data demo digits --train 12 --test 2 --size 16 --seed 1

# What is left open becomes numbers, each said in a line, and no word that stands for one is left
succeeds train digits --epochs 1 --threads 1 --out open
for line in 'model small_cnn (for an input of up to 64 pixels)' 'size 16x16, colour (as the pictures are)' \
    'batch 128 (for an input of up to 64 pixels)' "lr 0.001 (the optimizer's usual one)" 'loss categorical (a picture has one class)'; do
    grep -qxF "auto: $line" err || complain "not said: $line: $(grep auto err)"
done
[ "$(grep -c '^auto: ' err)" -eq 5 ] || complain "something else is said: $(grep auto err)"
grep -qE ": '?(auto|find)'?$" open/args.yaml && complain "args.yaml: $(grep -E 'auto|find' open/args.yaml)"
succeeds train --config open/args.yaml --out again
grep -q '^auto: ' err && complain "nothing was open: $(grep auto err)"
succeeds train digits --weights open/best.safetensors --threads 1 --out tuned
for line in 'epochs 16 (8 of them the head'"'"'s)' 'lr 1.6e-05, head-lr 0.003 (for pretrained layers, and few updates)'; do
    grep -qxF "auto: $line" err || complain "not said: $line: $(grep auto err)"
done

# A rate is found, and the run is the one that this rate, given, makes
# shellcheck disable=SC2086
succeeds train digits $tiny --epochs 2 --lr find --batch auto --accumulate 2 --out found
grep -q -- '--lr find: ' err || complain "the rate is not said: $(cat err)"
grep -q -- '--batch auto: 8,' err || complain "the batch is not said: $(cat err)"
grep -qE 'find|auto$' found/args.yaml && complain "args.yaml: $(grep -E 'find|auto$' found/args.yaml)"
[ -s found/lr-find.csv ] || complain "no lr-find.csv"
[ "$(head -c 4 found/lr-find.png | tail -c 3)" = PNG ] || complain "no lr-find.png"
lr=$(sed -n 's/^lr: //p' found/args.yaml)
# shellcheck disable=SC2086
succeeds train digits $tiny --epochs 2 --lr "$lr" --batch 8 --accumulate 2 --out given
cut -d, -f1,3-7 found/results.csv >a
cut -d, -f1,3-7 given/results.csv >b
cmp -s a b || complain "the run differs from one that was given --lr $lr: $(diff a b)"

# Of pretrained layers the rate is the second phase's; the head's is 30 times as large, however few updates there are
succeeds train digits --weights found/best.safetensors --epochs 2 --lr find --batch 16 --threads 1 --out tuned-found
grep -q -- "--lr find: .*; it is for all layers, after the head's epochs with --head-lr " err || complain "--weights --lr find: $(grep find err)"
python3 -c '
import re
a = dict(re.findall(r"^(lr|head_lr): (.*)", open("tuned-found/args.yaml").read(), re.M))
assert abs(float(a["head_lr"]) / float(a["lr"]) / 30 - 1) < 1e-3, a' || complain "--weights --lr find: the rate of the head"

# Where only the head is trained, by whichever option, there is one phase, and the rate is its
weights="--weights found/best.safetensors --epochs 2 --batch 16 --threads 1 --lr find"
# shellcheck disable=SC2086
succeeds train digits $weights --freeze backbone --out head-frozen
# shellcheck disable=SC2086
succeeds train digits $weights --head-epochs 2 --out head-epochs
grep -q -- '--lr find: .*; the head alone is trained' err || complain "--head-epochs --lr find: $(grep find err)"
python3 -c '
import re
a, b = (dict(re.findall(r"^(lr|head_lr): (.*)", open(f"head-{run}/args.yaml").read(), re.M)) for run in ("frozen", "epochs"))
assert a["lr"] == b["lr"] == b["head_lr"], (a, b)
rows = [[l.split(",")[2:6] for l in open(f"head-{run}/results.csv")] for run in ("frozen", "epochs")]
assert rows[0] == rows[1], rows' || complain "--lr find: the head alone is not trained as it should be"

# A time becomes epochs; --epochs is the most
# shellcheck disable=SC2086
succeeds train digits $tiny --patience 0 --time 1h --epochs 3 --out timed
grep -qxF 'epochs: 3' timed/args.yaml || complain "--time with --epochs: $(grep epochs timed/args.yaml)"
grep -q '^time' timed/args.yaml && complain "args.yaml still has a time"
# shellcheck disable=SC2086
succeeds train digits $tiny --time 1s --model small_cnn --size 32 --batch 4 --epochs 9 --out short
grep -q -- '--time: [1-9]' err || complain "--time 1s: $(cat err)"
for bad in 0 10x m -5s; do
    "$fovea" train digits --time $bad --out refused >out 2>err </dev/null
    [ $? -eq 2 ] || complain "--time $bad: not a usage error"
    [ -e refused ] && complain "--time $bad: left a folder behind"
done
"$fovea" train digits --lr fnd --out refused >out 2>err </dev/null
grep -q 'or find' err || complain "--lr fnd: $(cat err)"
# Nothing to find where a head is solved; behind it there is
for head in linear knn; do
    "$fovea" train digits --head $head --lr find --out refused >out 2>err </dev/null
    [ $? -eq 2 ] || complain "--head $head --lr find: not a usage error"
    grep -q 'has no learning rate' err || complain "--head $head --lr find: $(cat err)"
done
# shellcheck disable=SC2086
succeeds train digits $tiny --head linear --epochs 2 --lr find --out behind

[ $failures -eq 0 ]
