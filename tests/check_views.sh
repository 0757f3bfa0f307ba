#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How pictures come to the network: --crop-pct and --interpolation of train, --tta of eval and predict.
# Usage: check_views.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# fails STATUS PATTERN ARGUMENTS...
fails() {
    local wanted=$1 pattern=$2 status
    shift 2
    "$fovea" "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq "$wanted" ] || complain "fovea $*: status $status, not $wanted"
    grep -qE -- "$pattern" err || complain "fovea $*: '$(tail -n 1 err)' does not match '$pattern'"
}

# number KEY: of the JSON in out
number() {
    python3 -c "import json; print(json.load(open('out'))['$1'])"
}

succeeds data demo digits --train 20 --test 10 --size 20 --seed 1
succeeds train digits --epochs 1 --threads 2 --out run --crop-pct 0.875 --interpolation bicubic
grep -q '^crop_pct: 0.875' run/args.yaml || complain "args.yaml lacks crop_pct"
grep -q '^interpolation: bicubic' run/args.yaml || complain "args.yaml lacks interpolation"
model=run/best.safetensors
succeeds info $model --json
python3 -c "
import json
p = json.load(open('out'))['preprocess']
assert p['crop_fraction'] == 0.875 and p['interpolation'] == 'bicubic', p" || complain "the model does not keep crop_pct and interpolation"
succeeds train digits --epochs 1 --threads 2 --out again --model $model
grep -q '^crop_pct: 0.875' again/args.yaml || complain "a model that is continued from loses its crop_pct"
fails 1 'crop-pct: only --resize-mode crop' train digits --epochs 1 --crop-pct 0.9 --resize-mode letterbox
fails 2 '0.01\.\.1' train digits --crop-pct 1.5

# Views are averaged, and how many is said.
succeeds eval $model digits --json -
plain=$(number loss)
succeeds eval $model digits --json - --tta 1
[ "$(number loss)" = "$plain" ] || complain "--tta 1 is not the plain evaluation"
succeeds eval $model digits --json - --tta five-crop --threads 1
crops=$(number loss)
[ "$(number views)" -eq 5 ] || complain "--tta five-crop has not 5 views"
[ "$crops" != "$plain" ] || complain "--tta five-crop changes nothing"
succeeds eval $model digits --json - --tta five-crop --threads 4
[ "$(number loss)" = "$crops" ] || complain "--tta depends on the threads"
succeeds eval $model digits --tta flip
grep -q '^views  *2 of each picture' out || complain "eval does not say that it averages views"
fails 1 "tta: must be none, flip, five-crop" eval $model digits --tta flop
picture=digits/test/3/00000.png

# predict and eval give a picture the same probabilities.
succeeds eval $model digits --tta 5 --csv rows.csv
want=$(awk -F, '$1 ~ /test\/3\/00000.png$/ { printf "%s %.4f", $3, $4 }' rows.csv)
succeeds predict $model $picture --tta 5
[ "$(cut -f 2,3 out | tr '\t' ' ')" = "$want" ] || complain "predict --tta says $(cat out), eval $want"
"$fovea" predict $model - --tta 5 <$picture >out 2>err || complain "predict - --tta: status $?"
[ "$(cut -f 2,3 out | tr '\t' ' ')" = "$want" ] || complain "predict - --tta says $(cat out), eval $want"
fails 1 "tta: must be" predict $model $picture --tta 0
exit $((failures > 0))
