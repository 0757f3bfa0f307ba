#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Event files read by TensorBoard's own package (FOVEA_TEST_PYTHON names a Python that has it; else python3): a whole run, and one that
# was killed in the middle and resumed.
. "$(dirname "$0")/checking.sh"
python=${FOVEA_TEST_PYTHON:-python3}
"$python" -c 'import tensorboard' 2>/dev/null || { echo "TensorBoard's Python package is not installed"; exit 77; }

succeeds data demo data --train 40 --test 1 --size 16
flags=(--epochs 3 --batch 64 --model small_cnn --seed 1)
succeeds train data "${flags[@]}" --out whole
steps=$(( ($(find data/train -name '*.png' | wc -l) + 63) / 64 ))
"$python" "$source/tests/events.py" whole 3 "$steps" >out 2>err || complain "whole: $(tail -n 1 err)"

"$fovea" train data "${flags[@]}" --out cut >/dev/null 2>&1 &
until [ -e cut/best.safetensors ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
# What a kill can leave: half of a record.
printf 'half' >>cut/events.out.tfevents.001.fovea
succeeds train --resume cut
[ -e cut/events.out.tfevents.002.fovea ] || complain "a resumed run has no second event file"
"$python" "$source/tests/events.py" cut 3 "$steps" >out 2>err || complain "cut: $(tail -n 1 err)"
exit $((failures > 0))
