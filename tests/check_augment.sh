#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fovea data augment: the same sheet for the same seed whatever the threads, and what is said of the preset.
# Usage: check_augment.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# sheet NAME OPTIONS...: draws NAME.png; output in out and err.
sheet() {
    local name=$1
    shift
    "$fovea" data augment digits -o "$name.png" "$@" >out 2>err </dev/null || complain "data augment $*: status $?: $(tail -n 1 err)"
    [ "$(cat out)" = "$name.png" ] || complain "data augment $*: printed '$(cat out)'"
}

# fails STATUS PATTERN ARGUMENTS...
fails() {
    local wanted=$1 pattern=$2 status
    shift 2
    "$fovea" data augment "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq "$wanted" ] || complain "data augment $*: status $status, not $wanted"
    grep -qE -- "$pattern" err || complain "data augment $*: '$(tail -n 1 err)' does not match '$pattern'"
}

"$fovea" data demo digits --train 8 --test 2 --size 24 --seed 1 >out 2>err || complain "data demo: $(cat err)"
if ! "$fovea" data augment digits -o try.png >out 2>err && grep -q cairo err; then
    echo "no cairo to draw with: $(cat err)"
    exit 77
fi
for preset in none light standard strong; do
    sheet one --augment $preset --seed 3 --threads 1
    sheet eight --augment $preset --seed 3 --threads 8
    sheet other --augment $preset --seed 4 --threads 8
    cmp -s one.png eight.png || complain "$preset: the sheet depends on the threads"
    if [ $preset = none ]; then
        grep -q '^augmentation: none$' err || complain "none: said '$(cat err)'"
    else
        cmp -s one.png other.png && complain "$preset: the sheet does not depend on the seed"
        grep -qE "^augmentation: \[.*\] \($preset, for digits and letters\)$" err || complain "$preset: said '$(cat err)'"
        grep -q flip err && complain "$preset: digits are mirrored"
    fi
done

# What is said can be given: the pictures are the same, the head lacks the preset's name.
words=$(sed -n 's/^augmentation: \(\[.*\]\) (.*/\1/p' err)
sheet given --augment "$words" --seed 4
grep -qF "augmentation: $words" err || complain "the policy that is said reads as another: $(cat err)"

# training says the same
"$fovea" train digits --augment strong --epochs 1 --out run >out 2>err || complain "train: $(tail -n 1 err)"
grep -qF "augmentation: $words (strong, for digits and letters)" err || complain "train does not say its augmentation"
sheet model --model run/best.safetensors --rows 2 --columns 3 --size 24x24 --erase 1 --cutmix 1
grep -q 'random_erasing: {p: 1}, cutmix' err || complain "--erase and --cutmix: said '$(cat err)'"

fails 2 'needs -o' digits
fails 1 "did you mean 'strong'" digits --augment strnog -o x.png
fails 1 'no such folder' nowhere -o x.png
fails 1 '--size' digits --size 0 -o x.png
fails 2 '1\.\.64' digits --rows 65 -o x.png
[ -e x.png ] && complain "a sheet is written in spite of errors"
exit $((failures > 0))
