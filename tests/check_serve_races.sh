#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A build with the thread sanitizer: fovea serve under load, reloads and hostile requests, on the reference engine (that sanitizer does not
# see how OpenMP's threads wait for each other, which is also why other verbs run without reports here).
. "$(dirname "$0")/checking.sh"
grep -q __tsan_init "$fovea" || { echo "this build has no thread sanitizer (-DFOVEA_SANITIZE=thread)"; exit 77; }
printf '#!/bin/sh\nTSAN_OPTIONS=report_bugs=0 exec %s "$@"\n' "$fovea" >quiet
printf '#!/bin/sh\nTSAN_OPTIONS=log_path=%s/race exec %s "$@"\n' "$work" "$fovea" >watched
chmod +x quiet watched
./quiet data demo data --train 20 --test 1 --size 24 2>/dev/null
for seed in 1 2; do
    ./quiet train data --epochs 1 --batch 64 --model small_cnn --threads 1 --seed $seed --out run$seed >err 2>&1 || complain "train: $(tail -n 1 err)"
done
mapfile -t pictures < <(ls data/test/*/* | head -4)
hostile=${FOVEA_TEST_DATA:-$source/../shared/data}/hostile
python3 "$source/bench/serve_abuse" --brief --fovea ./quiet --server ./watched --engine reference --model run1/best.safetensors \
    --other run2/best.safetensors --hostile "$hostile" "${pictures[@]}" >abuse 2>&1 || complain "$(tail -n 5 abuse)"
for report in race.*; do
    [ -e "$report" ] && complain "$(head -n 60 "$report")"
done
exit $((failures > 0))
