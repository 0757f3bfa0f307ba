#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What eval adds: intervals, comparisons, ensembles. Usage: check_evaluation.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

python() {
    python3 -c "$1" || complain "$2"
}
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

[ $failures -eq 0 ] && echo "evaluations: all as they should be"
exit $((failures > 0))
