#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fovea data pack, info and check: packs are read by tar, by Python and as WebDataset groups them, training takes them; what the
# verbs print.
# Usage: check_data_verbs.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# expect STATUS PATTERN ARGUMENTS...: the exit status, and a line of either stream that matches.
expect() {
    local wanted=$1 pattern=$2
    shift 2
    timeout -s KILL 60 "$fovea" "$@" >out 2>err </dev/null
    local status=$?
    [ $status -eq "$wanted" ] || complain "fovea $*: status $status, not $wanted: $(tail -n 1 err)"
    cat out err | LC_ALL=C grep -aqE -- "$pattern" || complain "fovea $*: no line matches '$pattern': $(cat out err)"
}

expect 0 '^digits$' data demo digits --train 12 --test 4 --size 16
cp digits/train/3/00000.png digits/test/3/again.png

# Packs
expect 0 '^161 pictures in 5 shards, .* MB; 0 encoded anew$' data pack digits -o pack --shard-pictures 40 --seed 5
[ "$(cat out)" = pack ] || complain "data pack does not print where the pack is"
[ "$(ls pack | wc -l)" -eq 11 ] || complain "the pack holds $(ls pack)"
expect 0 'pack' data pack digits -o pack2 --shard-pictures 40 --seed 5 --threads 1
diff -r pack pack2 || complain "the same seed gave another pack"
expect 1 'pack: exists and is not an empty folder' data pack digits -o pack
diff -r pack pack2 || complain "a pack was changed"
expect 2 '-o DIR' data pack digits
expect 1 'nowhere' data pack nowhere -o pack3
expect 2 '--size' data pack digits -o pack3 --size 0
(
    ulimit -f 20
    timeout 60 "$fovea" data pack digits -o pack3 >out 2>err
)
grep -q 'train-000000.tar: cannot be written' err || complain "a full disk: $(cat err)"
ls -d pack3* >/dev/null 2>&1 && complain "a full disk left $(ls -d pack3*)"

mkdir unpacked && tar -xf pack/test-000000.tar -C unpacked 2>err || complain "tar cannot unpack a shard"
[ -s err ] && complain "tar says: $(cat err)"
[ "$(ls unpacked | wc -l)" -eq 80 ] || complain "tar unpacks $(ls unpacked | wc -l) files"
for cls in unpacked/*.cls; do
    picture=$(ls "${cls%.cls}".*g)
    name=$(sed -n "$(($(cat "$cls") + 1))p" pack/classes.txt) file=${picture##*/}
    cmp -s "$picture" "digits/test/$name/${file#*-}" || complain "$picture is not digits/test/$name/${file#*-}"
done

if command -v python3 >/dev/null; then
    python3 - <<'END' || complain "Python reads something else"
import glob, tarfile
groups = {}
for shard in sorted(glob.glob("pack/*.tar")):
    index = open(shard[:-4] + ".idx").read().split("\n")
    head = index[0].split()
    assert head[0] == "v1.2" and int(head[1]) == (len(index) - 2) // 2, head
    archive, data = tarfile.open(shard), open(shard, "rb").read()
    members = archive.getmembers()
    for k, m in enumerate(members):
        assert m.isreg() and m.mtime == 0 and m.uid == 0
        key, ending = m.name.split(".", 1)
        groups.setdefault(key, {})[ending] = archive.extractfile(m).read()
        # The index as DALI reads it: ending, place, size, name.
        line = index[1 + k // 2].split()[4 * (k % 2):4 * (k % 2) + 4]
        assert line == [ending, str(m.offset_data), str(m.size), m.name], (line, m.name)
        assert data[m.offset_data:m.offset_data + m.size] == groups[key][ending]
assert len(groups) == 161
assert all(len(g) == 2 and 0 <= int(g["cls"]) < 10 for g in groups.values())
END
fi

# What a pack is trained from is what the folder holds.
cat >tiny.yaml <<'END'
input: {height: 12, width: 12}
layers:
  - conv2d: {filters: 4, kernel: 3, stride: 2, padding: same, activation: relu}
  - global_average_pool2d
  - dense: {units: classes}
END
expect 0 '^10 classes; 100 training, 20 validation, 41 test pictures$' \
    train pack --model tiny.yaml --epochs 1 --batch 16 --out run --engine reference
expect 0 'images +41' eval run/best.safetensors pack
loss=$(grep -E 'loss|accuracy' out)
expect 0 'images +41' eval run/best.safetensors digits
[ "$(grep -E 'loss|accuracy' out)" = "$loss" ] || complain "the pack's test pictures are others than the folder's"
expect 0 '^161 pictures in 2 shards.*; 161 encoded anew' data pack digits -o small --size 8
expect 0 '^  height +8$' data info small

# Info
expect 0 '^digits: 161 pictures, 10 classes, typically 16x16 pixels, colour$' data info digits
expect 0 '^  formats +PNG [0-9]+, JPEG [0-9]+$' data info digits
expect 0 '^  bytes +[0-9]+ B to [0-9]+ B, median [0-9]+ B; all pictures [0-9]+ kB$' data info digits
expect 0 '"shorter_side_bins"' data info digits --json
if command -v python3 >/dev/null; then
    python3 -c '
import json
j = json.load(open("out"))
assert j["pictures"] == {"all": 161, "train": 120, "test": 41} and j["sample"]["readable"] == 161
assert sum(b["pictures"] for b in j["sample"]["shorter_side_bins"]) == 161
assert sum(c["all"] for c in j["classes"]) == 161 and not j["multi_label"]' || complain "data info --json: $(cat out)"
fi
expect 2 'ends in .png' data info digits --sheet digits/train/3/00000.jpg
for class in $(seq 100 150); do
    mkdir -p "many/$class" && cp digits/train/3/00000.png "many/$class"
done
expect 0 '^… 31 classes between the largest and the smallest; --json lists all$' data info many
[ "$(wc -l <out)" -lt 40 ] || complain "data info prints $(wc -l <out) lines for 51 classes"
expect 0 '^digits: ' data info digits --sheet sheet.png
if [ -s sheet.png ]; then
    [ "$(head -c 4 sheet.png | tail -c 3)" = PNG ] || complain "the sheet is no PNG"
fi

# Check
expect 1 '^in two parts +1$' data check digits
expect 1 'digits/test/3/again.png \(test\) is the same as digits/train/3/00000.png \(train\)' data check digits
rm digits/test/3/again.png
expect 0 '^cannot be read +0$' data check digits
cp digits/train/3/00000.png digits/train/4/odd.png
expect 1 'odd.png \(4\) is the same as digits/train/3/00000.png \(3\)' data check digits
rm digits/train/4/odd.png
cp digits/train/3/00000.png digits/train/3/twice.png
expect 0 'twice.png is the same as' data check digits
echo broken >digits/train/3/broken.jpg
expect 1 'broken.jpg: not a picture' data check digits
expect 1 '"unreadable": \[' data check digits --json
expect 1 '^very small +16[0-9]$' data check digits --min-size 17
exit $((failures > 0))
