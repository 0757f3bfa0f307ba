#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fovea export: what it prints and refuses, what stays of a failure, and that an export is imported as the model that it was.
. "$(dirname "$0")/checking.sh"

# refuses STATUS WORDS ARGUMENTS...: fails, in one line of error, and leaves no file.
refuses() {
    fails "$@"
    [ "$(wc -l <err)" -eq 1 ] || complain "fovea $*: $(wc -l <err) lines of error"
    [ -z "$(ls -A folder)" ] || complain "fovea $*: left $(ls -A folder)"
}

succeeds data demo digits --train 20 --test 2 --size 16
succeeds train digits --model small_cnn --epochs 1 --seed 1 --out run
model=run/best.safetensors
mkdir folder empty

refuses 2 "-o must name" export $model --to onnx
refuses 1 "there are onnx" export $model --to pytorch -o folder/x.pt
refuses 1 "its ending is that of no format" export $model -o folder/x.pt
refuses 1 "there is no such folder" export $model -o folder/none/x.onnx
refuses 1 "is a folder" export $model --to onnx -o folder
refuses 1 "missing.safetensors" export missing.safetensors -o folder/x.onnx
refuses 1 "nothing.png" export $model -o folder/x.onnx --check nothing.png
refuses 1 "has no pictures" export $model -o folder/x.onnx --check empty
refuses 2 "--preprocess" export $model -o folder/x.onnx --preprocess around
refuses 1 "a prefix is for" export $model -o folder/x.onnx --prefix net
refuses 1 "a prefix is for" export $model -o folder/x.tflite --prefix net
(ulimit -f 16 && "$fovea" export $model -o folder/x.onnx) >out 2>err && complain "a file over the limit: status 0"
[ -z "$(ls -A folder)" ] || complain "a file over the limit: left $(ls -A folder)"
[ "$(wc -l <err)" -eq 1 ] || complain "a file over the limit: '$(cat err)'"
if [ "$(id -u)" -ne 0 ]; then
    chmod a-w folder
    refuses 1 "cannot be" export $model -o folder/x.onnx
    chmod u+w folder
fi

# What a killed export leaves goes with the next one to the same place; what belongs to a living process stays.
dead=$(sh -c 'echo $$')
mkdir killed.onnx.export.$dead.partial killed.onnx.export.$$.partial
echo half >killed.onnx.export.$dead.partial/killed.onnx
succeeds export $model -o killed.onnx
[ ! -e killed.onnx.export.$dead.partial ] || complain "export: what a dead process left is still there"
[ -d killed.onnx.export.$$.partial ] || complain "export: removed what a living process writes"
rmdir killed.onnx.export.$$.partial

for format in onnx tflite; do
    succeeds export $model --to $format -o net.$format --check digits/test
    grep -qE "^net.$format: run with fovea's own [A-Za-z]+ import on 20 pictures, no probability differs by more than [0-9.e-]+$" out ||
        complain "export: $(cat out)"
    succeeds export $model -o pixels.$format --preprocess inside
    for file in net pixels; do
        succeeds import $file.$format -o again.safetensors
        succeeds predict $model digits/test/*/*.png --top 10 --json
        mv out first
        succeeds predict again.safetensors digits/test/*/*.png --top 10 --json
        python3 - first out <<'END' || complain "$file.$format: imported, it predicts something else"
import json, sys
rows = [[json.loads(line) for line in open(name)] for name in sys.argv[1:]]
for a, b in zip(*rows):
    p, q = ({t["class"]: t["probability"] for t in row["top"]} for row in (a, b))
    assert p.keys() == q.keys() and all(abs(p[k] - q[k]) < 1e-5 for k in p), (a, b)
assert len(rows[0]) == len(rows[1]) == 20
END
    done
    # What is there already is replaced, and the same model gives the same bytes.
    cp net.$format before
    succeeds export $model -o net.$format
    cmp -s before net.$format || complain "net.$format: written again, it is another file"
    succeeds export $model -o .hidden.$format
    [ -s .hidden.$format ] || complain "export: .hidden.$format is not there"
    [ -z "$(find . -name '*.partial*')" ] || complain "export: left $(find . -name '*.partial*')"
done
exit $((failures > 0))
