#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fovea train --weights: its two phases, what --freeze makes of them, and that args.yaml says all of it. Usage: check_transfer.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

kept() {
    grep -qxF -- "$2" "$1/args.yaml" || complain "$1/args.yaml has not '$2': $(grep "^${2%%:*}:" "$1/args.yaml")"
}
says() {
    grep -q -- "$1" err || complain "'$1' is not said: $(cat err)"
}
# fails STATUS PATTERN ARGUMENTS...
fails() {
    local status=$1 pattern=$2
    shift 2
    "$fovea" "$@" >out 2>err </dev/null
    local got=$?
    [ $got -eq "$status" ] || complain "fovea $*: status $got, not $status"
    says "$pattern"
}

cat >tiny.yaml <<'END'
input: {height: 12, width: 12}
layers:
  - conv2d: {filters: 4, kernel: 3, stride: 2, padding: same, use_bias: false, name: conv1}
  - batch_norm: {activation: relu, name: bn1}
  - conv2d: {filters: 6, kernel: 3, padding: same, activation: relu, name: conv2}
  - global_average_pool2d
  - dense: {units: classes, name: fc}
END
tiny='--model tiny.yaml --threads 2 --batch 16'
# shellcheck disable=SC2086
train() {
    succeeds train digits "$@" $tiny
}
succeeds data demo digits --train 8 --test 2 --size 16 --seed 1
train --epochs 2 --out first
for line in "freeze: 'none'" 'head_epochs: 0' 'layer_decay: 1' 'lr: 0.001' 'head_lr: 0.001'; do
    kept first "$line"
done
weights=first/best.safetensors

train --weights $weights --out two --patience 0
for line in 'epochs: 16' "freeze: 'none'" 'head_epochs: 8' 'layer_decay: 1'; do
    kept two "$line"
done
says 'epochs 1 to 8, head: 70 of .* parameters are trained, .*; 1 of 1 batch norms keep their statistics'
says 'epochs 9 to 16, thawed: .*; 1 of 1 batch norms keep their statistics'
says '^.*epoch 8/16 head  loss'
says '^.*epoch 9/16 thawed  loss'
[ "$(cut -d, -f1 two/results.csv | tr '\n' ' ')" = "epoch $(seq -s ' ' 1 16) " ] || complain "epochs are not numbered from 1 to 16"
# The same once more from what args.yaml says
succeeds train --config two/args.yaml --out again
cmp -s two/best.safetensors again/best.safetensors || complain "args.yaml does not give the same run"

train --weights $weights --freeze backbone --epochs 2 --out head
kept head 'head_epochs: 0'
kept head "freeze: 'backbone'"
says '70 of .* parameters are trained, .*; 1 of 1 batch norms'
grep -q 'epoch 2/2  loss' err || complain "one phase has a name: $(cat err)"
train --weights $weights --freeze 1 --epochs 2 --layer-decay 0.5 --out stage
kept stage "freeze: '1'"
kept stage 'layer_decay: 0.5'
train --weights $weights --epochs 2 --train-bn --out norms
kept norms 'head_epochs: 1'
says 'epochs 2 to 2, thawed: .*; 0 of 1 batch norms keep their statistics'
fails 1 'freeze: no tensor of .* has a name like .layer9.' train digits --model tiny.yaml --freeze 'layer9*' --out refused
fails 1 '2 stages before its head, not 3' train digits --model tiny.yaml --freeze 3 --out refused
fails 1 'head-epochs: there are 2 epochs, not 3' train digits --model tiny.yaml --epochs 2 --head-epochs 3 --out refused
[ -e refused ] && complain "a refused run left a folder behind"
exit $((failures > 0))
