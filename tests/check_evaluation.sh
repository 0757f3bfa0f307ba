#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Evaluations and what is made of them: intervals, comparisons, ensembles, groups, averages, calibration. Usage: check_evaluation.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

fails() { # TEXT ARGUMENT...: the command fails and says TEXT
    local text=$1
    shift
    "$fovea" "$@" >out 2>err && complain "$*: status 0"
    grep -qF -- "$text" err || complain "$*: says '$(tail -n 1 err)', not '$text'"
}

succeeds data demo digits --train 30 --test 15 --size 16 --seed 1
succeeds train digits --epochs 2 --batch 16 --seed 1 --threads 2 --out a
succeeds train digits --epochs 3 --batch 16 --seed 2 --threads 2 --out b
a=a/best.safetensors b=b/best.safetensors

# Scores
succeeds eval $a digits --top 2 --json scores.json --csv rows.csv
grep -q '^top-2 ' out || complain "eval --top 2: does not say it"
python '
import csv, json
s, rows = json.load(open("scores.json")), list(csv.DictReader(open("rows.csv")))
assert s["top_k"]["k"] == 2 and s["accuracy"] <= s["top_k"]["accuracy"] <= s["top5"] <= 1
n, c = len(rows), s["confusion"]
right = sum(r["label"] == r["predicted"] for r in rows) / n
chance = sum(sum(c[k]) * sum(row[k] for row in c) for k in range(10)) / n**2
assert abs(s["kappa"] - (right - chance) / (1 - chance)) < 1e-12
assert abs(s["balanced_accuracy"] - sum(k["recall"] for k in s["classes"]) / 10) < 1e-12
assert abs(s["log_loss"] - s["loss"]) < 1e-6 and 0 < s["brier"] < 2 and s["micro"] if "micro" in s else True
assert abs(s["macro"]["auc"] - sum(k["auc"] for k in s["classes"]) / 10) < 1e-12
' "eval --json: scores do not agree"

# Intervals: the same for the same seed, with the score inside
succeeds eval $a digits --bootstrap 300 --seed 5 --json one.json
succeeds eval $a digits --bootstrap 300 --seed 5 --threads 1 --json two.json
succeeds eval $a digits --bootstrap 300 --seed 6 --json three.json
python '
import json
one, two, three = (json.load(open(f"{n}.json")) for n in ("one", "two", "three"))
assert one == two and one["intervals"] != three["intervals"]
assert one["intervals"]["resamples"] == 300 and one["intervals"]["seed"] == 5
for name in ("accuracy", "balanced_accuracy", "kappa", "matthews", "log_loss", "brier"):
    low, high = one["intervals"][name]
    assert low < one[name] < high, name
' "eval --bootstrap: the intervals are not as they should be"

# Two models
succeeds eval $a digits --against $b --json against.json
grep -qE "(better by|equally often)" out || complain "eval --against: says no difference"
succeeds eval $b digits --json b.json
python '
import json
s, b = json.load(open("against.json")), json.load(open("b.json"))
c = s["against"]
assert c["model"] == "b/best.safetensors" and c["images"] == 150
assert abs(c["accuracy"][0] - s["accuracy"]) < 1e-12 and abs(c["accuracy"][1] - b["accuracy"]) < 1e-12
assert c["both_right"] + c["only_first"] + c["only_second"] + c["both_wrong"] == 150
assert c["interval"][0] <= c["difference"] <= c["interval"][1] and 0 <= c["p"] <= 1
' "eval --against: the comparison does not agree with the evaluations"

# Several models as one
succeeds eval $a,$a digits --json twice.json
succeeds eval $a,$b digits --json both.json
grep -q '^models *2' out || complain "eval A,B: does not say that there are two"
python '
import json
one, twice, both = (json.load(open(f"{n}.json")) for n in ("scores", "twice", "both"))
assert one["confusion"] == twice["confusion"] and abs(one["brier"] - twice["brier"]) < 1e-9
b = json.load(open("b.json"))
assert both["brier"] < (one["brier"] + b["brier"]) / 2  # convex
' "eval A,B: the mean of probabilities is not as it should be"
fails 'none.safetensors' eval $a,none.safetensors digits

# Groups of pictures
{
    echo file,ink,half
    find digits/test -type f | sort | awk -F/ '{ print $3 "/" $4 "," (NR % 2 ? "dark" : "light") "," (NR > 3 ? "most" : "few") }'
} >groups.csv
succeeds eval $a digits --groups groups.csv --json groups.json
grep -q '^few .*too few to judge' out || complain "eval --groups: a group of 3 pictures is judged"
grep -qE '^dark +75 ' out || complain "eval --groups: not 75 pictures are dark"
python '
import csv, json, math
s = json.load(open("groups.json"))["groups"]
of = {r["file"]: r for r in csv.DictReader(open("groups.csv"))}
rows = [(of["/".join(r["file"].split("/")[-2:])], r) for r in csv.DictReader(open("rows.csv"))]
assert list(s) == ["ink", "half"]
for column in s:
    for group in s[column]["groups"]:
        mine = [r for attributes, r in rows if attributes[column] == group["name"]]
        accuracy = sum(r["label"] == r["predicted"] for r in mine) / len(mine)
        assert group["images"] == len(mine) and abs(group["accuracy"]["value"] - accuracy) < 1e-12
        low, high = group["accuracy"]["interval"]
        assert low <= accuracy <= high and group["too_small"] == (len(mine) < 30)
        said = sum(r["predicted"] == "3" for r in mine) / len(mine)
        assert abs(group["classes"]["3"]["selection_rate"]["value"] - said) < 1e-12
dark, light = s["ink"]["groups"]
gap = s["ink"]["differences"]["accuracy"]
assert abs(gap["value"] - abs(dark["accuracy"]["value"] - light["accuracy"]["value"])) < 1e-12
assert s["half"]["differences"]["accuracy"] is None
' "eval --groups: the groups do not agree with the rows"
fails 'rows.png' eval $a digits --groups rows.png
printf 'file\n' >bare.csv
fails 'must name the columns' eval $a digits --groups bare.csv

# All of it in a report
succeeds eval $a digits --groups groups.csv --bootstrap 100 --report a
for words in '<h2>Scores</h2>' '<h2>Groups</h2>' 'too few to judge' '<td>balanced_accuracy</td>'; do
    grep -qF "$words" a/report.html || complain "eval --report: the page lacks $words"
done
succeeds eval $a digits --report a
grep -qF '<h2>Groups</h2>' a/report.html && complain "eval --report: groups that were not asked for"
fails 'results.csv' eval $a digits --report .

# Weights averaged: of one model and itself, the same
succeeds average $a $a $a -o soup.safetensors
succeeds eval soup.safetensors digits --json soup.json
python '
import json
one, soup = (json.load(open(f"{n}.json")) for n in ("scores", "soup"))
assert one["confusion"] == soup["confusion"] and abs(one["loss"] - soup["loss"]) < 1e-6
' "average: of a model and itself is another"
# With the statistics measured anew
succeeds average $a $a -o measured.safetensors --data digits --batch 16 --threads 2
grep -q 'statistics of batch norms were measured on ' err || complain "average --data: $(cat err)"
succeeds eval measured.safetensors digits
fails 'gone: ' average $a $a -o no.safetensors --data gone
fails 'says where to write' average $a $b
fails 'mean, std' average $a $b -o no.safetensors
succeeds train digits --model lenet5 --epochs 1 --batch 32 --threads 2 --out c
fails 'another network' average $a c/best.safetensors -o no.safetensors
[ -e no.safetensors ] && complain "average: an error leaves a file"

# Calibration
succeeds calibrate $a digits --split test
grep -qE '^temperature [0-9.]+$' out || complain "calibrate: says no temperature"
grep -q '^model       a/best-calibrated.safetensors$' out || complain "calibrate: another file: $(tail -n 1 out)"
fails 'is there already' calibrate $a digits
succeeds calibrate $a digits --split test -o a/best-calibrated.safetensors --json
cp out calibration.json
succeeds eval a/best-calibrated.safetensors digits --json after.json
succeeds info a/best-calibrated.safetensors --json
cp out info.json
python '
import json
c, s, before = json.load(open("calibration.json")), json.load(open("after.json")), json.load(open("scores.json"))
m = json.load(open("info.json"))
assert c["thresholds"] == [] and c["temperature"] != 1 and abs(m["temperature"] - c["temperature"]) < 1e-6
assert c["after"]["loss"] < c["before"]["loss"] and abs(c["before"]["loss"] - before["loss"]) < 1e-6
assert abs(s["loss"] - c["after"]["loss"]) < 1e-5 and s["confusion"] == before["confusion"]
' "calibrate: eval and info do not agree with it"

# Two classes: a threshold
mkdir two && cp -r digits/train/1 digits/train/7 two
succeeds train two --epochs 2 --batch 8 --threads 2 --out t
succeeds calibrate t/best.safetensors two -o two.safetensors
threshold=$(sed -nE 's/^threshold +([0-9.]+) +of 7$/\1/p' out)
[ -n "$threshold" ] || complain "calibrate of two classes: no threshold"
succeeds info two.safetensors
grep -q "^threshold   $threshold of 7" out || complain "info: does not show the threshold"
succeeds eval two.safetensors two --csv two.csv
succeeds predict two.safetensors two --top 2
python '
import csv
rows = {r["file"].split("/")[-2] + r["file"].split("/")[-1]: r["predicted"] for r in csv.DictReader(open("two.csv"))}
for line in open("out"):
    file, first = line.split("\t")[:2]
    assert rows[file.split("/")[-2] + file.split("/")[-1]] == first, line
' "predict and eval do not decide alike"

[ $failures -eq 0 ] && echo "evaluations: all as they should be"
exit $((failures > 0))
