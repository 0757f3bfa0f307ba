#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# train's options for losses, weights of classes, teachers and what is monitored. Usage: check_train_losses.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# refuses PATTERN ARGUMENTS...: fails with that message, and leaves no run behind.
refuses() {
    local pattern=$1
    shift
    "$fovea" train "$@" --model tiny.yaml --threads 2 --out refused >out 2>err </dev/null && complain "train $*: status 0"
    grep -q -- "$pattern" err || complain "train $*: '$(cat err)' does not match '$pattern'"
    [ -e refused ] && complain "train $*: left a run folder behind"
}

kept() {
    grep -qxF -- "$2" "$1/args.yaml" || complain "$1/args.yaml has not '$2': $(grep "^${2%%:*}:" "$1/args.yaml")"
}

cat >tiny.yaml <<'END'
input: {height: 12, width: 12}
layers:
  - conv2d: {filters: 4, kernel: 3, stride: 2, padding: same, activation: relu}
  - global_average_pool2d
  - dense: {units: classes}
END
sed 's/12/16/g; s/filters: 4/filters: 16/' tiny.yaml >large.yaml
train() {
    succeeds train "$@" --threads 2 --batch 16 --patience 0
}
succeeds data demo digits --train 8 --test 2 --size 16 --seed 1

# Focal, weights
train digits --model tiny.yaml --epochs 1 --loss focal --class-weights '3=2,7=0.5' --out focal
for line in 'loss: focal' 'focal_gamma: 2' "class_weights: '3=2,7=0.5'" 'monitor: val/accuracy'; do
    kept focal "$line"
done
grep -q 'weights of classes (pictures): 0 1 (6), 1 1 (6), 2 1 (6), 3 2 (6)' err || complain "weights are not told: $(grep weights err)"
printf '"3": 2\n7: 0.5\n' >weights.yaml
train digits --model tiny.yaml --epochs 1 --loss focal --class-weights weights.yaml --out file
kept file "class_weights: '$work/weights.yaml'"
cut -d, -f3-6 focal/results.csv >a
cut -d, -f3-6 file/results.csv >b
cmp -s a b || complain "weights of a file are not those of the list"
train digits --model tiny.yaml --epochs 1 --balance effective --out effective
kept effective 'balance: effective'
refuses "no class '12'" digits --class-weights 12=1
refuses "is not CLASS=WEIGHT" digits --class-weights 1=2,3
refuses "'3'.*none" digits --class-weights 3=none
refuses 'none.yaml' digits --class-weights none.yaml
refuses 'exclude' digits --class-weights 1=2 --balance weights
refuses 'of sigmoids' digits --loss focal --focal-alpha 0.25

# A teacher with a larger input, from anywhere; the run goes on where it was interrupted
train digits --model large.yaml --epochs 2 --out teacher
mkdir elsewhere
(cd elsewhere && "$fovea" train ../digits --model ../tiny.yaml --threads 2 --batch 16 --epochs 3 --teacher ../teacher/best.safetensors \
    --out ../taught >../out 2>../err </dev/null) || complain "a teacher: $(cat err)"
for line in "teacher: '$work/teacher/best.safetensors'" 'distill_alpha: 0.9' 'distill_temperature: 4'; do
    kept taught "$line"
done
grep -q 'teacher .*(16x16x3, resized to): 0.9 of the loss, at temperature 4' err || complain "the teacher is not told: $(grep teacher err)"
"$fovea" train digits --model tiny.yaml --threads 2 --batch 16 --epochs 2000 --patience 0 --teacher teacher/best.safetensors --out stopped \
    >/dev/null 2>&1 </dev/null &
run=$!
for _ in $(seq 300); do
    [ -s stopped/last.safetensors ] && break
    sleep 0.1
done
kill -INT $run
wait $run
status=$?
[ $status -eq 130 ] || complain "a run with a teacher that SIGINT stops: status $status"
cp focal/best.safetensors teacher/best.safetensors
"$fovea" train --resume stopped >out 2>err </dev/null && complain "--resume with a changed teacher: status 0"
grep -q 'made with other options' err || complain "--resume with a changed teacher: $(cat err)"
refuses 'need a --teacher' digits --distill-alpha 0.5
refuses 'none.safetensors' digits --teacher none.safetensors
succeeds data demo others --train 4 --test 1 --size 16 --seed 1
mv others/train/3 others/train/three && mv others/test/3 others/test/three
"$fovea" train others --model tiny.yaml --teacher teacher/last.safetensors --out other >out 2>err </dev/null &&
    complain "a teacher of other classes: status 0"
grep -q "has a class '3'" err || complain "a teacher of other classes: $(cat err)"

# Several classes a picture: mAP is monitored, weights are of what a picture has
echo file,even,large >several.csv
for file in digits/train/*/*; do
    digit=${file%/*}
    digit=${digit##*/}
    echo "$file,$((digit % 2 == 0)),$((digit > 7))" >>several.csv
done
train several.csv --model tiny.yaml --epochs 2 --balance weights --out several
kept several 'monitor: val/map'
kept several 'loss: binary'
grep -q 'where a picture has the class: .*even 0.9688 (32), large 3.846 (13)' err || complain "positive weights are not told: $(grep class err)"
head -n 1 several/results.csv | grep -q ',val/f1,val/map$' || complain "results.csv: columns are $(head -n 1 several/results.csv)"
awk -F, 'NR > 1 && !($NF > 0 && $NF <= 1) { exit 1 }' several/results.csv || complain "val/map is $(tail -n 1 several/results.csv)"
grep -q 'best epoch .*mAP 0\.' out || complain "the best mAP is not told: $(cat out)"
refuses 'validation pictures' several.csv --val-split 0 --monitor val/map

exit $((failures > 0))
