#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What train's options for the optimizer do, and that a resumed run has them. Usage: check_recipe.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

refuses() {
    local pattern=$1
    shift
    "$fovea" train digits "$@" --out refused >out 2>err </dev/null
    [ $? -eq 2 ] || complain "train $*: not a usage error"
    grep -q -- "$pattern" err || complain "train $*: '$(cat err)' does not match '$pattern'"
    [ -e refused ] && complain "train $*: left a run folder behind"
}

kept() {
    grep -qxF -- "$2" "$1/args.yaml" || complain "$1/args.yaml has not '$2': $(grep "^${2%%:*}:" "$1/args.yaml")"
}

cat >tiny.yaml <<'END'
input: {height: 12, width: 12}
layers:
  - conv2d: {filters: 8, kernel: 3, stride: 2, padding: same}
  - batch_norm: {activation: relu}
  - spatial_dropout: {rate: 0.2}
  - global_average_pool2d
  - dense: {units: classes}
END
tiny='--model tiny.yaml --threads 1 --batch 8 --patience 0'
succeeds data demo digits --train 8 --test 2 --size 16 --seed 1

# Every optimizer trains, with defaults of its own
for row in 'adagrad 0.01 0' 'nadam 0.002 0' 'lion 0.0001 0.1' 'lamb 0.001 0.01' 'muon 0.02 0.01'; do
    read -r name lr decay <<<"$row"
    # shellcheck disable=SC2086
    succeeds train digits $tiny --epochs 1 --optimizer "$name" --out "$name"
    kept "$name" "optimizer: $name"
    kept "$name" "lr: $lr"
    kept "$name" "weight_decay: $decay"
done
kept muon 'momentum: 0.95'
refuses "did you mean 'lamb'" --optimizer lamp
refuses '--clip-norm, --clip-value: give one' --clip-norm 1 --clip-value 1
refuses '--accumulate' --accumulate 0
refuses '--ema' --ema 1
refuses '--l2' --l2 -1

# Interrupted, most likely between two updates, and gone on with: as if in one piece
options="$tiny --epochs 8 --accumulate 4 --ema 0.95 --clip-norm 1 --l1 0.0001 --l2 0.0001"
# shellcheck disable=SC2086
succeeds train digits $options --out one
for line in 'accumulate: 4' 'ema: 0.95' 'clip_norm: 1' 'l1: 0.0001' 'l2: 0.0001'; do
    kept one "$line"
done
grep -q '4 batches of 8 pictures make an update' err || complain "accumulation is not told: $(cat err)"
grep -q 'their running average, of decay 0.95' err || complain "the average is not told: $(cat err)"
grep -q 'running average of the weights' one/report.html || complain "the report does not tell of the average"
grep -q 'running average of the weights' muon/report.html && complain "the report tells of an average that is none"
# shellcheck disable=SC2086
"$fovea" train digits $options --out parts >out 2>err </dev/null &
process=$!
for _ in $(seq 600); do
    grep -q '^epoch 1/8' err && break
    sleep 0.01
done
kill -INT $process
wait $process
code=$?
[ $code -eq 130 ] || [ $code -eq 0 ] || complain "interrupted: status $code"
succeeds train --resume parts
cut -d, -f1,3-7 one/results.csv >a
cut -d, -f1,3-7 parts/results.csv >b
cmp -s a b || complain "a resumed run differs: $(diff a b)"

# The average is what is evaluated
succeeds eval one/best.safetensors digits
[ $failures -eq 0 ]
