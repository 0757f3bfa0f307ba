#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bad data, bad files and bad luck: one clear line, a status that is not zero, and nothing that was there before is lost.
# Usage: check_bad_input.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# run ARGUMENTS...: output in out and err, the status in $status; a command that hangs is killed.
run() {
    timeout -s KILL 60 "$fovea" "$@" >out 2>err </dev/null
    status=$?
}

# fails PATTERN ARGUMENTS...: status 1 and a last line on standard error that matches.
fails() {
    local pattern=$1
    shift
    run "$@"
    [ $status -eq 1 ] || complain "fovea $*: status $status, not 1"
    [ -s out ] && complain "fovea $*: wrote to standard output"
    [ "$(grep -c '^fovea: ' err)" -eq 1 ] || complain "fovea $*: not one line of error: $(cat err)"
    LC_ALL=C grep -aqE -- "^fovea: .*$pattern" err || complain "fovea $*: '$(tail -n 1 err)' does not match '$pattern'"
}

# succeeds ARGUMENTS...: status 0.
succeeds() {
    run "$@"
    [ $status -eq 0 ] || complain "fovea $*: status $status: $(tail -n 1 err)"
}

cat >tiny.yaml <<'END'
input: {height: 12, width: 12}
layers:
  - conv2d: {filters: 4, kernel: 3, stride: 2, padding: same, activation: relu}
  - global_average_pool2d
  - dense: {units: classes}
END
tiny='--model tiny.yaml --epochs 1 --threads 2 --engine reference'
succeeds data demo digits --train 6 --test 2 --size 16 --seed 1
picture=$(find digits/test/3 -type f | sort | head -n 1)

# train_tiny DATA OUT OPTIONS...: one epoch of a tiny network.
train_tiny() {
    local data=$1 out=$2
    shift 2
    # shellcheck disable=SC2086
    succeeds train "$data" $tiny --out "$out" "$@"
}
train_tiny digits good
model=good/best.safetensors

# What is no regular file is refused at once; links that lead in a circle end
mkdir -p odd/a odd/b
cp digits/train/1/* odd/a
cp digits/train/2/* odd/b
ln -s nowhere odd/a/dangling.png
mkdir odd/a/folder.png odd/empty
mkfifo odd/a/pipe.jpg pipe.safetensors
ln -s . odd/loop
ln -s .. odd/a/up
ln -s self odd/self
echo text >odd/b/text.png
: >odd/b/empty.jpg
fails 'pipe.jpg: is a pipe' predict $model odd/a/pipe.jpg
fails '/dev/zero: is a pipe or a device' predict $model /dev/zero
fails 'pipe.safetensors: is a pipe' predict pipe.safetensors "$picture"
run predict $model odd
[ $status -eq 1 ] || complain "predict of a folder with bad pictures: status $status"
[ "$(wc -l <out)" -eq 12 ] || complain "predict of a folder with links in a circle: $(wc -l <out) pictures, not 12"
train_tiny odd odd-run
for name in 'odd/empty: no pictures' 'odd/loop: is a link' 'odd/a/up: a link' 'text.png: not a picture' 'empty.jpg'; do
    grep -q "$name" err || complain "train: does not warn '$name': $(cat err)"
done
python 'import json
m = json.loads(open("odd-run/best.safetensors", "rb").read()[8:].split(b"\"fovea.classes\":\"")[1].split(b"]")[0].replace(b"\\", b"") + b"]")
assert m == ["a", "b"], m' "links and empty folders became classes"
succeeds eval odd-run/best.safetensors odd
grep -q 'left out: odd/b/text.png' err || complain "eval: does not name what it skipped"
grep -qE '^skipped +2 pictures' out || complain "eval: does not count what it skipped"
# shellcheck disable=SC2086
fails 'odd/b/(text.png|empty.jpg): ' train odd $tiny --out odd-failed --on-error fail

# Many bad pictures: all in log.txt, some on the terminal
for i in $(seq 20); do echo text >odd/a/bad$i.png; done
train_tiny odd many-run --val-split 0
[ "$(grep -c 'left out: .*bad[0-9]*.png' many-run/log.txt)" -eq 20 ] || complain "log.txt does not list all bad pictures"
grep -q 'more; log.txt in the run folder has all' err || complain "train: prints all bad pictures, or hides the rest"

# One and two pictures a class, a batch larger than the data, batches of one
mkdir -p few/a few/b
cp digits/train/1/00000.* few/a
cp digits/train/2/00000.* few/b
train_tiny few few-1 --batch 1
grep -q '^warning: too few pictures for a validation part' err || complain 'train: silent about having no validation pictures'
train_tiny few few-2 --batch 60000
cp digits/train/1/00001.* few/a
train_tiny few few-3
mkdir none && mkdir none/a none/b
# shellcheck disable=SC2086
fails 'none: no class folders' train none $tiny --out none-run
for class in a b; do for i in 1 2; do echo text >none/$class/$i.png; done; done
# shellcheck disable=SC2086
fails 'can be read.*none/' train none $tiny --out none-run

# --out never writes over what is there
mkdir taken && echo precious >taken/best.safetensors
# shellcheck disable=SC2086
fails 'taken holds other files' train digits $tiny --out taken
[ "$(cat taken/best.safetensors)" = precious ] || complain "--out overwrote a file"

# IDX and CIFAR files, cut short or with a label that cannot be
python '
import os, struct
os.makedirs("idx"); os.makedirs("cifar")
open("idx/train-images-idx3-ubyte", "wb").write(struct.pack(">4I", 0x803, 40, 12, 12) + bytes(range(144)) * 40)
open("idx/train-labels-idx1-ubyte", "wb").write(struct.pack(">2I", 0x801, 40) + bytes([0, 1] * 20))
open("cifar/data_batch_1.bin", "wb").write(b"".join(bytes([i % 2]) + bytes([i]) * 3072 for i in range(20)))
open("cifar/test_batch.bin", "wb").write(bytes([1]) + bytes(3072))
' "making IDX and CIFAR files"
train_tiny idx idx-run
train_tiny cifar cifar-run
cp -r idx idx-label && printf '\xc8' | dd of=idx-label/train-labels-idx1-ubyte bs=1 seek=20 conv=notrunc status=none
cp -r idx idx-short && truncate -s 500 idx-short/train-images-idx3-ubyte
cp -r cifar cifar-label && printf '\x0a' | dd of=cifar-label/data_batch_1.bin bs=1 seek=3073 conv=notrunc status=none
cp -r cifar cifar-short && truncate -s 5000 cifar-short/data_batch_1.bin
# shellcheck disable=SC2086
{
    fails 'train-labels-idx1-ubyte: record 12: label 200' train idx-label $tiny --out bad-run
    fails 'train-images-idx3-ubyte: truncated' train idx-short $tiny --out bad-run
    fails 'data_batch_1.bin: record 1: label 10' train cifar-label $tiny --out bad-run
    fails 'data_batch_1.bin: truncated' train cifar-short $tiny --out bad-run
}

# Networks
sed 's/kernel: 3, stride: 2, padding: same/kernel: 40/' tiny.yaml >large.yaml
sed 's/filters/fitlers/' tiny.yaml >option.yaml
sed 's/global_average_pool2d/globl_average_pool2d/' tiny.yaml >layer.yaml
fails 'large.yaml.*conv2d_1.*40.*fit' train digits --model large.yaml --out bad-run
fails 'option.yaml:3: .*fitlers.*filters' train digits --model option.yaml --out bad-run
fails 'layer.yaml:4: .*globl_average_pool2d.*global_average_pool2d' train digits --model layer.yaml --out bad-run
fails 'small_cnn with an input of 1x1: layer max_pool2d' train digits --model small_cnn --size 1 --out bad-run
[ -e bad-run ] && complain "a run folder was made for what cannot be trained"
train_tiny digits oblong --size 7x5

# Model files, cut short and doctored
python '
import json, struct
b = open("good/best.safetensors", "rb").read()
n, = struct.unpack("<Q", b[:8])
def write(name, change):
    h = json.loads(b[8:8 + n]); body = bytearray(b[8 + n:]); change(h, body)
    j = json.dumps(h).encode(); open(name + ".safetensors", "wb").write(struct.pack("<Q", len(j)) + j + body)
def put(key, value): return lambda h, body: h["__metadata__"].__setitem__(key, value)
write("twins", put("fovea.classes", json.dumps(["x"] * 10)))
write("fewer", put("fovea.classes", json.dumps(["x"])))
write("network", put("fovea.network", "{}"))
write("unprepared", lambda h, body: h["__metadata__"].pop("fovea.preprocess"))
write("shape", lambda h, body: h["dense_1.weight"].__setitem__("shape", [2**40, 2**40]))
def poison(h, body):
    at = h["dense_1.weight"]["data_offsets"][0]; body[at:at + 4] = struct.pack("<f", float("nan"))
write("nan", poison)
for cut in (0, 7, 100, 8 + n, len(b) - 1): open("cut%d.safetensors" % cut, "wb").write(b[:cut])
' "doctoring a model"
for bad in twins fewer network unprepared shape nan cut0 cut7 cut100 cut[0-9][0-9][0-9][0-9]; do
    bad=$(echo $bad.safetensors)
    for file in $bad; do
        fails "$file: " predict "$file" "$picture"
        fails "$file: " info "$file" --verify
    done
done
fails 'dense_1.weight: 1 of its values' eval nan.safetensors digits
fails 'dense_1.weight: 1 of its values' explain nan.safetensors "$picture" -o why
fails 'dense_1.weight: 1 of its values' train digits --model nan.safetensors --out bad-run
# shellcheck disable=SC2086
fails 'cut100.safetensors: ' train digits $tiny --weights cut100.safetensors --out bad-run
[ -e why ] || [ -e bad-run ] && complain "a folder was made for a model that cannot be read"

# A disk that is full: what was there stays, nothing half written is left
cp good/best.safetensors before
(ulimit -f 2 && "$fovea" explain $model "$picture" -o full) >out 2>err
[ $? -eq 1 ] || complain "a file over the limit: status is not 1"
grep -q 'gradcam.png: cannot be written: File too large' err || complain "a file over the limit: '$(cat err)'"
[ -z "$(ls full)" ] || complain "a file over the limit: left $(ls full)"
# shellcheck disable=SC2086
(ulimit -f 4 && "$fovea" train digits $tiny --out full-run) >out 2>err
[ $? -eq 1 ] || complain "training over the limit: status is not 1"
grep -q 'cannot be written: File too large' err || complain "training over the limit: '$(cat err)'"
[ -z "$(find full-run -name '*.part')" ] || complain "training over the limit: left a part"
"$fovea" eval $model digits --csv no-such/folder.csv --json no-such/folder.json >out 2>err && complain "eval without its files: status 0"
grep -q '^accuracy' out || complain "eval: the numbers are lost when a file cannot be written"
[ "$(grep -c 'no-such/folder' err)" -eq 2 ] || complain "eval without its files: '$(cat err)'"
if [ -w /dev/full ]; then
    for words in "predict $model $picture" "eval $model digits" "eval $model digits --json -" "info $model"; do
        # shellcheck disable=SC2086
        "$fovea" $words >/dev/full 2>err && complain "$words to a full disk: status 0"
        [ "$(wc -l <err)" -eq 1 ] || complain "$words to a full disk: '$(cat err)'"
    done
fi
# Closed streams: messages must not go into files that are written then
# shellcheck disable=SC2086
"$fovea" train digits $tiny --out closed <&- >&- 2>&- && complain "training with closed streams: status 0"
succeeds info closed/best.safetensors --verify
cmp -s closed/best.safetensors good/best.safetensors || complain "closed streams change the model"
"$fovea" predict $model digits/test 2>err | head -n 1 >out
[ -s err ] && complain "predict into a closed pipe: '$(cat err)'"

# A loss that is not a number keeps the best epoch
"$fovea" train digits --model tiny.yaml --engine reference --threads 2 --epochs 40 --optimizer sgd --lr 1000 --schedule constant \
    --warmup 0 --patience 0 --out diverged >out 2>err </dev/null
[ $? -eq 1 ] || complain "a loss that is not a number: status is not 1"
grep -qE '^fovea: the (training|validation) loss became infinite or not a number in epoch' err || complain "divergence: '$(tail -n 2 err)'"
if grep -q ' best$' err; then
    grep -q 'best model so far is in diverged/best.safetensors' err || complain "divergence: does not say what was kept"
    succeeds info diverged/best.safetensors --verify
fi

# Killed outright, then resumed: the same as never killed
slow='--model tiny.yaml --threads 2 --engine reference --epochs 6 --batch 4 --patience 0'
# shellcheck disable=SC2086
succeeds train digits $slow --out whole
for wait in 'epoch 2/6' 'run folder'; do
    rm -rf killed err
    # shellcheck disable=SC2086
    "$fovea" train digits $slow --out killed >out 2>err </dev/null &
    process=$!
    for _ in $(seq 600); do
        grep -qs "$wait" err && break
        sleep 0.02
    done
    kill -s KILL $process
    wait $process 2>/dev/null
    succeeds train --resume killed
    cut -d, -f1,3-7 whole/results.csv >expected
    cut -d, -f1,3-7 killed/results.csv | cmp -s - expected || complain "killed after '$wait' and resumed: other results"
    cmp -s killed/best.safetensors whole/best.safetensors || complain "killed after '$wait' and resumed: another model"
done

# Classes go by name: a test folder that lacks one and has another
mkdir -p other/train other/test
cp -r digits/train/1 digits/train/2 digits/train/3 other/train
cp -r digits/test/3 other/test && cp -r digits/test/1 other/test/0unknown
train_tiny other other-run
succeeds eval other-run/best.safetensors other --json other.json
succeeds eval other-run/best.safetensors other/test --csv other.csv
python '
import csv, json
s = json.load(open("other.json"))
assert [c["name"] for c in s["classes"]] == ["1", "2", "3"] and s["images"] == 2 and s["unknown"] == 2, s
assert sum(s["confusion"][0]) == sum(s["confusion"][1]) == 0 and sum(s["confusion"][2]) == 2, s["confusion"]
assert {r["label"] for r in csv.DictReader(open("other.csv"))} == {"3"}' "a test folder with other classes shifts the metrics"

# Names
tab=$'tab\tand\nline'
mkdir -p names/'<b>bold & "x"' names/'-dash' "names/$tab" names/ünïcödé "names/$(printf 'n%.0s' $(seq 200))"
i=0
for folder in names/*; do
    i=$((i + 1))
    cp digits/train/$i/* "$folder"
    cp "$picture" "$folder/-a <i> b.png"
done
train_tiny names names-run
grep -q '<b>bold' names-run/report.html && complain "report.html: a class name is not escaped"
grep -q '&lt;b&gt;bold &amp; &quot;x&quot;' names-run/report.html || complain "report.html: a class name is missing"
succeeds eval names-run/best.safetensors names --json names.json --csv names.csv
succeeds predict names-run/best.safetensors names --json
python '
import csv, json, os
names = sorted(os.listdir("names"), key=os.fsencode)
assert [c["name"] for c in json.load(open("names.json"))["classes"]] == names
rows = list(csv.DictReader(open("names.csv", newline="")))
assert len(rows) == 35 and {r["label"] for r in rows} == set(names), rows[:3]
assert all(os.path.isfile(r["file"]) for r in rows)
assert all(json.loads(line)["class"] in names for line in open("out"))' "names with odd characters"
mkdir -p latin/a "latin/$(printf 'caf\351')"
for folder in latin/*; do cp digits/train/1/* "$folder"; done
# shellcheck disable=SC2086
fails 'its name is not UTF-8' train latin $tiny --out latin-run
[ -e latin-run ] && complain "a run folder was made for classes that cannot be saved"
cp "$picture" ./-x.png
succeeds predict names-run/best.safetensors -- -x.png
fails '-: nothing on standard input' predict $model -

# Grey and colour pictures, a picture that claims to be huge, a thousand classes of two
python '
import os, struct, zlib
def png(path, w, h, kind, rows):
    def chunk(name, data): return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", w, h, 8, kind, 0, 0, 0)) +
                           chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
for c in range(1000):
    os.makedirs("thousand/%d" % c); os.makedirs("mixed/%d" % c) if c < 2 else None
    for i in range(2): png("thousand/%d/%d.png" % (c, i), 4, 4, 0, bytes([0, c % 256, c // 4, i, c % 7]) * 4)
for c in range(2):
    for i in range(6): png("mixed/%d/%d.png" % (c, i), 4, 4, 2 * (i % 2), (b"\0" + bytes(4 * (1 + 2 * (i % 2)))) * 4)
png("huge.png", 2**31 - 1, 2**31 - 1, 2, b"")' "making pictures"
fails 'huge.png: ' predict $model huge.png
train_tiny mixed mixed-run
train_tiny thousand thousand-run --size 4
grep -qE '1000 classes' err || complain "a thousand classes: '$(cat err)'"
succeeds eval thousand-run/best.safetensors thousand
grep -q 'most frequent mistakes' out || complain "a thousand classes: no list of mistakes"

# Numbers do not follow the locale; no home is needed; any folder will do
succeeds predict $model "$picture"
cp out expected
(cd / && env -u HOME LC_ALL=de_DE.UTF-8 "$fovea" predict "$work/$model" "$work/$picture") 2>&1 | cut -f2- >out
cut -f2- expected | cmp -s - out || complain "another locale, folder and no home: '$(cat out)'"

cmp -s good/best.safetensors before || complain "an earlier model was changed"
[ $failures -eq 0 ] && echo "bad input: all as it should be"
exit $((failures > 0))
