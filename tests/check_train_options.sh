#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What train's options for mixing, balance, channels and windows do, and that a resumed run has them. Usage: check_train_options.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# refuses PATTERN ARGUMENTS...: a usage error, and nothing is left behind.
refuses() {
    local pattern=$1
    shift
    "$fovea" "$@" --out refused >out 2>err </dev/null
    [ $? -eq 2 ] || complain "fovea $*: not a usage error"
    grep -q -- "$pattern" err || complain "fovea $*: '$(cat err)' does not match '$pattern'"
    [ -e refused ] && complain "fovea $*: left a run folder behind"
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
tiny='--model tiny.yaml --threads 2 --batch 16 --patience 0'
# shellcheck disable=SC2086
train() {
    succeeds train "$@" $tiny
}
succeeds data demo digits --train 8 --test 2 --size 16 --seed 1

# Policies: presets, files from anywhere, lists; as flags and in a configuration
mkdir elsewhere
echo '- random_rotation: {degrees: 10}' >elsewhere/policy.yaml
(cd elsewhere && "$fovea" train ../digits --model ../tiny.yaml --threads 2 --epochs 2 --augment policy.yaml --mixup 0.2 \
    --cutmix 1 --erase 0.25 --balance sampler --out ../whole >../out 2>../err </dev/null) || complain "a policy file: $(cat err)"
kept whole "augment: '$work/elsewhere/policy.yaml'"
for line in 'mixup: 0.2' 'cutmix: 1' 'erase: 0.25' 'balance: sampler'; do
    kept whole "$line"
done
grep -q 'random_rotation.*random_erasing: {p: 0.25}, mixup: {alpha: 0.2}, cutmix: {alpha: 1}' err || complain "the policy is not told: $(cat err)"
cat >config.yaml <<'END'
augment:
  - random_crop
  - color_jitter: {brightness: [0.1, 0.2]}
  - preset: light
epochs: 1
END
train digits --config config.yaml --out listed
grep -q 'augmentation: .random_crop, color_jitter: {brightness: .0.1,0.2.}, random_shift' err || complain "a list of --config: $(grep augmentation err)"
train digits --epochs 1 --augment '[random_crop: {p: 0.5}]' --out flag
kept flag "augment: '[random_crop: {p: 0.5}]'"
refuses "did you mean 'standard'" train digits --augment standrad
refuses "did you mean 'random_crop'" train digits --augment '[random_corp]'
refuses 'no.yaml: cannot be opened' train digits --augment no.yaml
refuses '--mixup' train digits --mixup -1
refuses '--erase' train digits --erase 2
refuses '--balance' train digits --balance more

# Interrupted while pictures are mixed, and gone on with from another folder: as if in one piece
for balance in sampler weights; do
    options="--model tiny.yaml --threads 2 --batch 16 --patience 0 --epochs 6 --mixup 0.4 --cutmix 1 --balance $balance"
    # shellcheck disable=SC2086
    succeeds train digits $options --augment elsewhere/policy.yaml --out one-$balance
    # shellcheck disable=SC2086
    "$fovea" train digits $options --augment elsewhere/policy.yaml --out parts-$balance >out 2>err </dev/null &
    process=$!
    for _ in $(seq 600); do
        grep -q '^epoch 1/6' err && break
        sleep 0.02
    done
    kill -INT $process
    wait $process
    code=$?
    [ $code -eq 130 ] || [ $code -eq 0 ] || complain "interrupted with --balance $balance: status $code"
    (cd elsewhere && "$fovea" train --resume ../parts-$balance >../out 2>../err </dev/null) || complain "--resume: $(cat err)"
    cut -d, -f1,3-7 one-$balance/results.csv >a
    cut -d, -f1,3-7 parts-$balance/results.csv >b
    cmp -s a b || complain "a resumed run with --balance $balance differs: $(diff a b)"
done

# Uneven classes
mkdir uneven
for i in 0 1; do cp -r "digits/train/$i" uneven/; done
find uneven/1 -type f | tail -n +2 | xargs rm
for i in $(seq 30); do cp "$(find uneven/0 -type f | head -n 1)" "uneven/0/more$i.png"; done
train uneven --epochs 1 --out u1
grep -q 'warning: .*--balance sampler' err || complain "uneven classes: no warning: $(cat err)"
train uneven --epochs 1 --out u2 --balance weights
grep -q 'warning: .*--balance sampler' err && complain "balanced classes: a warning"

# Channels
for channels in 1 3; do
    succeeds train digits --epochs 1 --threads 2 --model small_cnn --channels $channels --out channels$channels
    succeeds info channels$channels/best.safetensors
    colour=$([ $channels = 1 ] && echo grey || echo RGB)
    grep -qE "^input +16x16, $colour" out || complain "--channels $channels: $(head -n 5 out)"
    kept channels$channels "channels: $channels"
done
"$fovea" train digits --model channels1/best.safetensors --channels 3 --epochs 1 --out c >out 2>err </dev/null && complain "another number of channels: status 0"
grep -q -- '--channels: .*takes 1' err || complain "another number of channels: $(cat err)"

# Pictures of 12 bits in 16: a window is chosen, said and kept; and overridden
command -v python3 >/dev/null || { echo "python3 is needed to draw pictures of 16 bits"; exit 77; }
python3 - <<'END'
import os, struct, zlib

def png(path, rows):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    raw = b"".join(b"\0" + b"".join(struct.pack(">H", v) for v in row) for row in rows)
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 16, 0, 0, 0, 0)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))

for c in range(2):
    os.makedirs(f"deep/c{c}")
    for i in range(12):
        png(f"deep/c{c}/{i}.png", [[100 + (37 * (x + y * (1 + c)) + 11 * i) % 3900 for x in range(12)] for y in range(12)])
END
train deep --epochs 1 --out deep1
grep -qE 'values from 1[0-9][0-9] to 1[0-9]{3}, of 0 to 65535' err || complain "no window is told: $(cat err)"
grep -qE "^window: '1[0-9][0-9]\.\.1[0-9]{3}'" deep1/args.yaml || complain "no window is kept: $(grep window deep1/args.yaml)"
grep -aq 'window_range' deep1/best.safetensors || complain "the model has no window"
grep -q 'values of the training pictures: 1[0-9][0-9]\.' err || complain "mean and deviation are not those of the window: $(grep values err)"
train deep --epochs 1 --out deep2 --window full
kept deep2 "window: 'full'"
grep -qE 'values of the training pictures: [0-9]\.[0-9]' err || complain "--window full: $(grep values err)"
train deep --epochs 1 --out deep3 --window 0..4095
kept deep3 "window: '0..4095'"
train deep --epochs 1 --out deep4 --window auto --ignore-profile
kept deep4 "window: 'auto'"
kept deep4 'ignore_profile: yes'
refuses '--window' train deep --window 5..2
refuses '--window' train deep --window 1..x

# Several classes a picture
python3 - <<'END'
import random
random.seed(1)
import os
files = sorted(os.path.join(r, f) for r, _, fs in os.walk("digits/train") for f in fs)
with open("several.csv", "w") as out:
    out.write("file,even,large,round\n")
    for f in files:
        d = int(f.split(os.sep)[-2])
        out.write(f"{f},{int(d % 2 == 0)},{int(d > 4)},{int(d in (0, 6, 8, 9))}\n")
END
train several.csv --epochs 2 --mixup 0.2 --test several.csv --out several
grep -q '^test .*of 80 pictures, .* with all of them right' out || complain "test of several classes: $(cat out)"
kept several 'loss: binary'
succeeds eval several/best.safetensors several.csv --json several.json --csv rows.csv
grep -q 'exact match' out || complain "eval of several classes: $(cat out)"
grep -q 'confusion' out && complain "eval of several classes: a confusion matrix"
python3 - <<'END' || complain "several.json or rows.csv is not right"
import csv, json
e = json.load(open("several.json"))
rows = list(csv.DictReader(open("rows.csv")))
truth = {r["file"].split("digits/")[1]: r for r in csv.DictReader(open("several.csv"))}
names = [c["name"] for c in e["classes"]]
assert names == ["even", "large", "round"], names
assert e["confusion"] is None and e["images"] == len(rows) == 80
right = exact = 0
for r in rows:
    said = set(filter(None, r["predicted"].split("|")))
    true = set(filter(None, r["label"].split("|")))
    assert true == {n for n in names if truth[r["file"].split("digits/")[1]][n] == "1"}, r
    right += sum((n in said) == (n in true) for n in names)
    exact += said == true
assert abs(right / 240 - e["accuracy"]) < 1e-6 and abs(exact / 80 - e["exact_match"]) < 1e-6
END
succeeds predict several/best.safetensors "$(find digits/test -type f | sort | head -n 1)" --top 3
grep -qwi 'nan' out several/report.html && complain "NAN is written"
"$fovea" train several.csv --model tiny.yaml --loss categorical --epochs 1 --threads 2 --out s >out 2>err </dev/null && complain "a softmax for several classes: status 0"
grep -q 'several classes' err || complain "a softmax for several classes: $(cat err)"

# What a network's file leaves open is as the pictures are; what it says stays
sed 1d tiny.yaml >open.yaml
sed 's/, width: 12/, width: 12, channels: 3/' tiny.yaml >colour.yaml
python3 - <<'END'
import os, random, struct
os.mkdir("grey")
random.seed(1)
for part, n in ("train", 40), ("t10k", 10):
    open(f"grey/{part}-images-idx3-ubyte", "wb").write(struct.pack(">4I", 0x803, n, 14, 10) + random.randbytes(n * 140))
    open(f"grey/{part}-labels-idx1-ubyte", "wb").write(struct.pack(">2I", 0x801, n) + bytes(i % 2 for i in range(n)))
END
opened() { # RUN SIZE CHANNELS ARGUMENTS...
    succeeds train "${@:4}" --threads 1 --epochs 1 --out "$1"
    kept "$1" "size: '$2'"
    kept "$1" "channels: $3"
}
opened open-colour 16x16 3 digits --model open.yaml
opened open-grey 14x10 1 grey --model open.yaml
opened open-sized 12x12 3 grey --model open.yaml --size 12 --channels 3
opened open-half 12x12 1 grey --model tiny.yaml
opened open-none 12x12 3 grey --model colour.yaml
succeeds tune grey --model open.yaml --threads 1 --trials 1 --epochs 1 --retrain=no --out open-tuned

[ $failures -eq 0 ]
