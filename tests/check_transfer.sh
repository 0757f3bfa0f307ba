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
# 4 updates in each of 8 epochs: 32/50 of 0.0001
kept two 'lr: 6.4e-05'
kept two 'head_lr: 0.003'
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
says 'features of the frozen layers: 6 a picture, without augmentation, computed once'
train --weights $weights --freeze backbone --epochs 2 --feature-views 0 --out anew
grep -q 'features of the frozen' err && complain "--feature-views 0 computes features once: $(cat err)"
export FOVEA_CACHE=$work/cache
train --weights $weights --freeze backbone --epochs 2 --cache disk --out computed
says "computed once in .* and kept in $work/cache/features/[0-9a-f]*\.features"
train --weights $weights --freeze backbone --epochs 2 --cache disk --out found
says 'features of the frozen layers: 6 a picture, without augmentation, found in '
for run in computed found; do
    cmp -s head/best.safetensors $run/best.safetensors || complain "--cache disk: $run is not as from memory"
done
train --weights $weights --head linear --out linear
kept linear 'epochs: 1'
kept linear 'head: linear'
says 'logistic regression on'
[ "$(wc -l <linear/results.csv)" = 2 ] || complain "a linear head takes more than an epoch"
# A convolution as the head: what follows the features gives way.
sed 's/  - global_average_pool2d//; s/  - dense: .*/  - conv2d: {filters: 10, kernel: 1, name: last}\n  - global_average_pool2d/' tiny.yaml >places.yaml
for head in linear knn; do
    succeeds train digits --model places.yaml --head $head --threads 2 --batch 16 --out places-$head
    says "does not end in a dense layer on flat features: .*, for --head $head"
    succeeds predict places-$head/best.safetensors digits/test/1
done
fails 1 'vote of neighbours, which has no gradient .* --head linear' explain places-knn/best.safetensors digits/test/1 -o overlays
train --weights $weights --head-epochs 1 --unfreeze-every 1 --epochs 3 --out gradual
kept gradual 'unfreeze_every: 1'
says 'epochs 2 to 2, thawed: '
says 'epochs 3 to 3, thawed: '
train --weights $weights --freeze 1 --epochs 2 --layer-decay 0.5 --out stage
kept stage "freeze: '1'"
kept stage 'layer_decay: 0.5'
train --weights $weights --epochs 2 --train-bn --out norms
kept norms 'head_epochs: 1'
says 'epochs 2 to 2, thawed: .*; 0 of 1 batch norms keep their statistics'

# What became of the weights is printed; what pictures are like for them is kept.
fails 1 'padding=tf is for networks of the zoo' train digits --model tiny.yaml --weights $weights --preprocess tf --out refused
# shellcheck disable=SC2086
succeeds train digits --weights $weights --preprocess 'tf mean=120 padding=same crop_pct=0.9' --epochs 2 --out prepared $tiny
grep -qx "matched    9 of the network's 9 tensors" out || complain "what matched is not printed: $(cat out)"
kept prepared "preprocess: 'tf mean=120 padding=same crop_pct=0.9'"
kept prepared 'crop_pct: 0.9'
succeeds info prepared/best.safetensors
grep -qE '^mean +120 120 120$' out && grep -qE '^std +127.5 127.5 127.5$' out || complain "--preprocess is not the model's: $(cat out)"
succeeds train --config prepared/args.yaml --out repeated
cmp -s prepared/best.safetensors repeated/best.safetensors || complain "args.yaml does not give the same preprocessing"
fails 2 'none of torch, tf, caffe' train digits --preprocess keras --out refused
# The zoo's padding, as TensorFlow's weights need it.
succeeds train digits --model small_cnn --preprocess tf --epochs 1 --batch 16 --out tensorflow
grep -q same_tf tensorflow/best.safetensors || complain "--preprocess tf does not pad as TensorFlow"

# Without --model the network is the file's: with its head for the same classes, with a new one for others.
succeeds train digits --weights $weights --epochs 1 --batch 16 --out same
says 'with its head for 10 classes'
succeeds data demo others --train 8 --test 2 --size 16 --seed 2
rm -r others/*/0 others/*/1
for part in others/train others/test; do mv $part/2 $part/two; done
succeeds train others --weights $weights --epochs 2 --batch 16 --out fewer
says 'with a new head for 8 classes'
succeeds eval fewer/best.safetensors others
for part in others/train others/test; do for c in 3 4 5 6 7 8 9; do mv $part/$c $part/x$c; done; done
fails 1 'use --weights first/best.safetensors to begin from it with a new head' train others --model $weights --out refused
fails 1 'size: .* takes 12x12, which cannot be changed' train others --weights $weights --size 16 --out refused
printf 'nothing' >nothing.bin
fails 1 'name the network that its tensors belong to (--model)' train others --weights nothing.bin --out refused

fails 1 'freeze: no tensor of .* has a name like .layer9.' train digits --model tiny.yaml --freeze 'layer9*' --out refused
fails 1 '2 stages before its head, not 3' train digits --model tiny.yaml --freeze 3 --out refused
fails 1 'head-epochs: there are 2 epochs, not 3' train digits --model tiny.yaml --epochs 2 --head-epochs 3 --out refused
[ -e refused ] && complain "a refused run left a folder behind"
exit $((failures > 0))
