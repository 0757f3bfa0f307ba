#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs that were killed end as if they had not been; damaged checkpoints and changed data. Usage: check_resume.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# A few kills; bench/kill without further options makes fifty.
"$source/bench/kill" "$fovea" --kills 4 --seed 2 --kinds ema,mixup >out 2>&1 || complain "bench/kill: $(cat out)"

cat >tiny.yaml <<'END'
input: {height: 12, width: 12}
layers:
  - conv2d: {filters: 4, kernel: 3, stride: 2, padding: same, activation: relu}
  - global_average_pool2d
  - dense: {units: classes}
END
tiny='--model tiny.yaml --threads 2 --engine reference --epochs 2 --batch 8 --patience 0'
succeeds data demo digits --train 6 --test 2 --size 16 --seed 1

# Which checkpoints stay: of those after steps 2, 4, 6, 7, 8, 10, 12 and 14 the last three
# shellcheck disable=SC2086
succeeds train digits $tiny --out whole --checkpoint-every 2 --keep-checkpoints 3
[ "$(cd whole && echo last*)" = 'last-10.safetensors last-12.safetensors last.safetensors' ] ||
    complain "--keep-checkpoints 3: there are $(cd whole && echo last*)"
# shellcheck disable=SC2086
succeeds train digits $tiny --out minutes --checkpoint-every 0.0000001m --keep-checkpoints 100
[ "$(find minutes -name 'last-*' | wc -l)" -eq 13 ] || complain "--checkpoint-every 0.0000001m: $(find minutes -name 'last-*' | wc -l) files"
cmp -s minutes/best.safetensors whole/best.safetensors || complain "checkpoints change the result"
for wrong in 0 -1 x 5s 1.5 m 0m nan inf; do
    "$fovea" train digits --checkpoint-every=$wrong --out wrong >out 2>err
    [ $? -eq 2 ] || complain "--checkpoint-every $wrong: is not refused as usage"
    grep -q 'checkpoint-every' err || complain "--checkpoint-every $wrong: $(cat err)"
done

# reopen RUN: a copy of the finished run that is not finished.
reopen() {
    rm -rf "$1" && cp -r whole "$1" && rm "$1/report.html"
    sed "s,whole,$1," whole/args.yaml >"$1/args.yaml"
}
same() {
    cut -d, -f1,3- whole/results.csv >expected
    cut -d, -f1,3- "$1/results.csv" | cmp -s - expected || complain "$1: other results"
    cmp -s "$1/best.safetensors" whole/best.safetensors || complain "$1: another model"
}
# flip FILE: one bit in the middle of it
flip() {
    local at=$(($(stat -c %s "$1") / 2)) byte
    byte=$(od -An -tu1 -j $at -N 1 "$1")
    # shellcheck disable=SC2059
    printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek=$at conv=notrunc status=none
}

# Damage: cut short, empty, a bit flipped
for damage in 'truncate -s 1000' 'truncate -s 0' flip; do
    reopen hurt
    cp hurt/last-10.safetensors hurt/last-999999.safetensors.backup
    cp hurt/last-10.safetensors hurt/last-3.safetensors # is not the run's own
    $damage hurt/last.safetensors
    succeeds train --resume hurt
    grep -q 'goes on from hurt/last-12.safetensors' err || complain "$damage: $(cat err)"
    same hurt
    [ "$(cd hurt && echo last*)" = 'last-10.safetensors last-12.safetensors last-3.safetensors last-999999.safetensors.backup last.safetensors' ] ||
        complain "$damage: there are $(cd hurt && echo last*)"
done
reopen hurt
flip hurt/last.safetensors && flip hurt/last-12.safetensors
succeeds train --resume hurt
grep -q 'goes on from hurt/last-10.safetensors' err || complain "two damaged: $(cat err)"
same hurt
reopen hurt
rm hurt/last-*
flip hurt/last.safetensors
"$fovea" train --resume hurt >out 2>err && complain "a damaged checkpoint: status 0"
grep -q 'hurt/last.safetensors: is damaged.*no earlier checkpoint' err || complain "a damaged checkpoint: $(cat err)"

# What a killed process left is swept away, and nothing else
reopen swept
cp swept/last-10.safetensors swept/last.safetensors
touch swept/last.safetensors.123.part swept/best.safetensors.9.part swept/results.csv.7.part swept/last.safetensors.mine.part swept/a.7.part
succeeds train --resume swept
[ "$(cd swept && echo *.part)" = 'a.7.part last.safetensors.mine.part' ] || complain "temporary files: $(cd swept && echo *.part)"
same swept

# Other data
refuses() {
    reopen other
    cp other/last-10.safetensors other/last.safetensors
    rm other/last-*
    sed "s,/digits',/changed'," other/args.yaml >args && mv args other/args.yaml
    cp other/last.safetensors before
    "$fovea" train --resume other >out 2>err && complain "other data ($1): status 0"
    grep -q "$1" err || complain "other data ($1): $(cat err)"
    cmp -s before other/last.safetensors || complain "other data ($1): the checkpoint was written"
}
change() {
    rm -rf changed && cp -r digits changed
}
change
reopen moved
cp moved/last-10.safetensors moved/last.safetensors
sed "s,/digits',/changed'," moved/args.yaml >args && mv args moved/args.yaml
succeeds train --resume moved # the same pictures elsewhere
same moved
grep -q "/changed'\$" moved/args.yaml || complain "args.yaml was not changed: $(grep digits moved/args.yaml)"
first=$(find digits/train/3 -type f | sort | head -n 1)
rm "changed/${first#digits/}" && refuses 'training data .* there were 50 pictures, now there are 49'
change
mv "changed/${first#digits/}" changed/train/4/ && refuses 'began with: .*'
change
for file in changed/train/*/*; do echo >>"$file"; done
refuses 'of as many pictures some have other names, sizes'
change
mv changed/train/9 changed/train/nine && mv changed/test/9 changed/test/nine && refuses 'the classes have other names'
change
rm -r changed/train/9 changed/test/9 && refuses 'there were 10 classes, now there are 9'

[ $failures -eq 0 ] && echo "resuming: all as it should be"
exit $((failures > 0))
