#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The command's main job from end to end on a small drawn data set: train, resume, eval, predict, explain, info.
# Usage: check_command_run.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

succeeds data demo digits --train 40 --test 10 --size 28 --seed 1
[ "$(find digits/train -type f | wc -l)" -eq 400 ] || complain "data demo: not 400 training pictures"
[ "$(find digits/test -type f | wc -l)" -eq 100 ] || complain "data demo: not 100 test pictures"
succeeds data info digits
grep -qE '^3 +50 +' out || complain "data info: class 3 has not 50 pictures"
succeeds data split digits --anew -o split.csv --val 0.2 --test 0.1 --seed 3
grep -qE '^3 +50 +35 +10 +5$' out || complain "data split: class 3 is not split into 35, 10 and 5"
succeeds data info split.csv
grep -qE '^3 +50 +35 +10 +5$' out || complain "data info: a written split is not read as it was"
succeeds data split split.csv -o split --format link
[ "$(find split/test -type f | wc -l)" -eq 50 ] || complain "data split: not 50 test pictures were linked"
"$fovea" data split digits -o split >out 2>err && complain "data split: wrote over what was there"

# A run
options='--epochs 3 --batch 32 --seed 1 --threads 2 --patience 0'
# shellcheck disable=SC2086
succeeds train digits $options
run=runs/digits-1
for file in args.yaml results.csv best.safetensors last.safetensors report.html; do
    [ -s $run/$file ] || complain "$run/$file is missing"
done
grep -q auto $run/args.yaml && complain "args.yaml leaves something at auto"
for key in model size epochs batch lr optimizer weight_decay loss schedule warmup augment seed threads engine data out; do
    grep -q "^$key: ." $run/args.yaml || complain "args.yaml lacks $key"
done
head -n 1 $run/results.csv | grep -q '^epoch,seconds,train/loss,train/accuracy,val/loss,val/accuracy,lr' ||
    complain "results.csv: columns are $(head -n 1 $run/results.csv)"
[ "$(wc -l <$run/results.csv)" -eq 4 ] || complain "results.csv has not 3 rows"
grep -q 'best epoch .*accuracy' out || complain "train: no summary"
grep -q "best epoch .*mAP" out && complain "train: tells of a mAP that nothing measured: $(grep "best epoch" out)"
grep -q 'waiting for data' out || complain "train: no share of waiting"
[ "$(grep -c '^epoch [123]/3 ' err)" -eq 3 ] || complain "train: not a line an epoch off a terminal"
grep -q $'\r' err && complain "train: draws a bar where there is no terminal"

# Finished runs, fresh folders, folders in use
"$fovea" train --resume $run >out 2>err || complain "--resume of a finished run: status $?"
grep -q 'nothing to do' err || complain "--resume of a finished run: '$(cat err)'"
"$fovea" train digits --out $run >out 2>err && complain "--out of a run that is there: status 0"
grep -q 'holds a run already' err || complain "--out of a run that is there: '$(cat err)'"
printf 'epochs: 1\nbatch: 50\nmodel: small_cnn\n' >short.yaml
succeeds train digits --config short.yaml --batch 64 --threads 2
[ -d runs/digits-2 ] || complain "a second run is not runs/digits-2"
grep -q '^batch: 64' runs/digits-2/args.yaml || complain "a flag does not win over --config"
grep -q '^epochs: 1$' runs/digits-2/args.yaml || complain "--config is not followed"

# The bar, where there is a terminal
if command -v script >/dev/null; then
    script -qec "stty cols 120; '$fovea' train digits --epochs 1 --threads 2 --out drawn" typescript >/dev/null 2>&1 </dev/null ||
        complain "train on a terminal: status $?"
    tr '\r' '\n' <typescript | grep -qE '\[=* *\].*loss .*accuracy .*images/s' || complain "train on a terminal: no bar"
    tr '\r' '\n' <typescript | grep '^\[=* *\]' | awk 'length > 125 { exit 1 }' || complain "train on a terminal: the bar is wider than it"
fi

# A signal saves; the resumed run ends as the one that was never stopped
for signal in INT:130 TERM:143; do
    name=stopped-${signal%:*}
    # shellcheck disable=SC2086
    "$fovea" train digits $options --out $name >out 2>err </dev/null &
    process=$!
    for _ in $(seq 600); do
        grep -q '^epoch 1/3' err && break
        sleep 0.05
    done
    kill -s "${signal%:*}" $process
    wait $process
    status=$?
    [ $status -eq "${signal#*:}" ] || complain "SIG${signal%:*}: status $status"
    grep -q "train --resume $name" err || complain "SIG${signal%:*}: does not say how to resume"
    [ -s $name/last.safetensors ] || complain "SIG${signal%:*}: no last.safetensors"
    succeeds train --resume $name
    cut -d, -f1,3-7 $name/results.csv >resumed
    cut -d, -f1,3-7 $run/results.csv | cmp -s - resumed ||
        complain "SIG${signal%:*}: the resumed run differs from the whole one"
    cmp -s $name/best.safetensors $run/best.safetensors || complain "SIG${signal%:*}: the resumed model differs"
done

# Evaluation
model=$run/best.safetensors
succeeds eval $model digits --json scores.json --csv rows.csv
grep -qE '^accuracy +0\.[0-9]+ .*95 % interval' out || complain "eval: no accuracy"
grep -q 'confusion matrix' out || complain "eval: no confusion matrix"
python '
import csv, json
s = json.load(open("scores.json"))
for key in ("model", "data", "images", "loss", "accuracy", "top5", "macro", "weighted", "classes", "confusion", "ece"):
    assert key in s, key
rows = list(csv.DictReader(open("rows.csv")))
assert list(rows[0]) == ["file", "label", "predicted", "probability"], rows[0]
assert len(rows) == s["images"] == 100 == sum(map(sum, s["confusion"]))
right = sum(r["label"] == r["predicted"] for r in rows) / len(rows)
assert abs(right - s["accuracy"]) < 1e-9, (right, s["accuracy"])
names = [c["name"] for c in s["classes"]]
assert names == [str(d) for d in range(10)], names
for i, c in enumerate(s["classes"]):
    assert c["support"] == sum(s["confusion"][i]) == 10
    hit, said = s["confusion"][i][i], sum(row[i] for row in s["confusion"])
    precision = hit / said if said else 0
    assert abs(c["precision"] - precision) < 1e-6 and abs(c["recall"] - hit / 10) < 1e-6
    assert 0 <= c["auc"] <= 1
for r in rows:
    assert "/test/" + r["label"] + "/" in r["file"], r
' "eval: JSON and CSV do not agree"
succeeds eval $model digits --split all --json -
python 'import json; assert json.load(open("out"))["images"] == 500' "eval --split all --json -"

# Prediction
picture=$(find digits/test/3 -type f | sort | head -n 1)
succeeds predict $model "$picture" --top 3
awk -F'\t' 'NF != 7 || $3 < $5 || $5 < $7 { exit 1 }' out || complain "predict --top 3: $(cat out)"
expected=$(cut -f2- out)
"$fovea" predict $model - --top 3 <"$picture" >out 2>err || complain "predict -: status $?"
[ "$(cut -f2- out)" = "$expected" ] || complain "predict -: differs from the file"
succeeds predict $model digits/test --json
python '
import json
lines = [json.loads(line) for line in open("out")]
assert len(lines) == 100
for line in lines:
    assert set(line) == {"file", "class", "probability", "top"} and 0 <= line["probability"] <= 1
    assert line["top"] == [{"class": line["class"], "probability": line["probability"]}]
files = [line["file"] for line in lines]
assert files == sorted(files)
rows = {r.split(",")[0].split("/test/")[1]: r.split(",")[2] for r in open("rows.csv").read().split("\n")[1:] if r}
for line in lines:
    assert rows[line["file"].split("/test/")[1]] == line["class"], line
' "predict --json differs from eval"
head -c 60 "$picture" >cut.png
"$fovea" predict $model cut.png "$picture" no-such.png >out 2>err
[ $? -eq 1 ] || complain "predict with bad pictures: status is not 1"
[ "$(wc -l <out)" -eq 1 ] || complain "predict with bad pictures: the good one is missing"
[ "$(wc -l <err)" -eq 2 ] || complain "predict with bad pictures: not a line each"

# Explanation
succeeds explain $model "$picture" -o why --class 3
stem=$(basename "$picture")
overlay=why/${stem%.*}-gradcam.png
python "
import struct
side = lambda path: struct.unpack('>8s8x2I', open(path, 'rb').read(24))  # a PNG's signature; IHDR's width and height
(sign, w, h), (_, pw, ph) = side('$overlay'), side('$picture')
assert sign == b'\x89PNG\r\n\x1a\n' and w * ph == h * pw and w >= pw, (w, h, pw, ph)
" "explain: the overlay is not a picture of the same shape"
"$fovea" explain $model "$picture" -o why --class nine >out 2>err && complain "explain --class nine: status 0"

# The model file
succeeds info $model --verify
grep -q 'largest difference' out || complain "info --verify: says no difference"
succeeds info $model --json
python '
import json
m = json.load(open("out"))
assert m["preprocess"]["height"] == m["preprocess"]["width"] == 28 and len(m["classes"]) == 10
assert sum(l["parameters"] for l in m["layers"]) == m["parameters"]' "info --json"
head -c 5000 $model >short.safetensors
"$fovea" info short.safetensors >out 2>err && complain "info of a truncated model: status 0"
[ "$(wc -l <err)" -eq 1 ] || complain "info of a truncated model: not one line"

# Bad data does not lose what is there
cp -r digits/train/3 three && mkdir -p spoilt && cp -r digits/train/1 digits/train/2 spoilt
for i in 1 2 3; do head -c 50 "$picture" >spoilt/1/bad$i.png; done
"$fovea" train spoilt --epochs 1 --threads 2 --out skipped >out 2>err || complain "corrupt pictures: status $?: $(tail -n 1 err)"
[ "$(grep -c 'bad[123].png' skipped/log.txt)" -eq 3 ] || complain "corrupt pictures are not listed"
"$fovea" train spoilt --epochs 1 --threads 2 --on-error fail --out failed >out 2>err && complain "--on-error fail: status 0"
grep -qE 'fovea: .*bad[123].png' err || complain "--on-error fail: '$(tail -n 1 err)'"

[ $failures -eq 0 ] && echo "the command's main job: all as it should be"
exit $((failures > 0))
