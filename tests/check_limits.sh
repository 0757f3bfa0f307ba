#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --max-pixels and --max-bytes of every verb that reads pictures.
# Usage: check_limits.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# refuses TEXT ARGUMENTS...: a status that is no signal's, and a message with TEXT in it.
refuses() {
    local text=$1 status
    shift
    "$fovea" "$@" >out 2>err </dev/null
    status=$?
    { [ $status -gt 0 ] && [ $status -lt 128 ]; } || complain "fovea $*: status $status"
    grep -qe "$text" err || complain "fovea $*: '$(tail -n 1 err)' lacks '$text'"
}

succeeds data demo digits --train 4 --test 2 --size 28 --seed 1 # pictures of 784 pixels
succeeds train digits --model small_cnn --epochs 1 --threads 2 --out run --max-pixels 784
grep -q '^max_pixels: 784$' run/args.yaml || complain "args.yaml lacks max_pixels"
grep -q '^max_bytes: 1G$' run/args.yaml || complain "args.yaml lacks max_bytes"
picture=$(find digits/test -type f | head -n 1)

for option in '--max-pixels 783' '--max-bytes 40'; do
    rm -rf refused failed
    # shellcheck disable=SC2086
    {
        refuses "${option% *}" train digits --model small_cnn --epochs 1 --threads 2 --out refused $option
        refuses "${option% *}" train digits --model small_cnn --epochs 1 --threads 2 --out failed $option --on-error fail
        refuses "${option% *}" eval run/best.safetensors digits $option --on-error fail
        refuses "${option% *}" predict run/best.safetensors "$picture" $option
        refuses "${picture##*/}" predict run/best.safetensors "$picture" $option
        refuses "${option% *}" explain run/best.safetensors "$picture" -o why $option
    }
done
refuses --max-bytes data info digits --max-bytes 40
"$fovea" predict run/best.safetensors - --max-bytes 40 >out 2>err <"$picture" && complain "standard input has no limit"
grep -q -e --max-bytes err || complain "standard input: '$(cat err)'"
"$fovea" predict run/best.safetensors - --max-pixels 783 >out 2>err <"$picture" && complain "standard input: pixels have no limit"

for option in '--max-pixels 784' '--max-pixels 1K' '--max-bytes 1M' '--max-bytes 2g'; do
    # shellcheck disable=SC2086
    {
        succeeds predict run/best.safetensors "$picture" $option
        succeeds eval run/best.safetensors digits $option
        succeeds data info digits $option
    }
done
refuses max-pixels predict run/best.safetensors "$picture" --max-pixels 0
refuses max-pixels predict run/best.safetensors "$picture" --max-pixels 1MB

[ $failures -eq 0 ]
