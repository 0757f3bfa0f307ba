#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Cross-validation: the tables agree with each other, groups stay whole, and a run that was killed ends as one that was not. Usage:
# check_cv.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

succeeds data demo digits --train 12 --test 4 --size 16 --seed 1
quick="--batch 16 --threads 1 --seed 1"

# What is refused leaves nothing behind
fails 1 'class 0 has 12 pictures for training, too few for 13 folds' cv digits --folds 13 --out no $quick
fails 1 'needs groups' cv digits --leave-one-group-out --out no $quick
fails 2 'must be a whole number, 2..' cv digits --folds 1 --out no $quick
fails 2 '--out DIR' cv digits $quick
fails 2 'there are 3 folds, not 4' cv digits --folds 3 --fold 4 --out no $quick
fails 2 'leave out --folds' cv digits --folds 3 --leave-one-group-out --out no $quick
[ -e no ] && complain "a cross-validation that was refused left a folder"

# The tables agree with each other
succeeds cv digits --folds 3 --epochs 2 --out whole $quick
for file in args.yaml predictions.csv results.csv summary.csv report.html confusion.png fold-3/best.safetensors fold-3/report.html; do
    [ -s whole/$file ] || complain "cv: there is no $file"
done
grep -q 'interval is Student' out || complain "cv: does not say what the interval is"
fails 1 'holds a run already' cv digits --folds 3 --out whole $quick
fails 1 'is a cross-validation' train --resume whole
fails 1 'is no cross-validation' cv --resume whole/fold-1
python '
import csv, glob, math
rows = list(csv.DictReader(open("whole/predictions.csv")))
assert list(rows[0]) == ["file", "label", "predicted", "probability", "fold"]
assert sorted(r["file"] for r in rows) == sorted(glob.glob("'"$work"'/digits/train/*/*")), "not every picture once"
assert all(r["file"].split("/")[-2] == r["label"] for r in rows)
folds = {int(r["fold"]): r for r in csv.DictReader(open("whole/results.csv"))}
summary = {r["score"]: r for r in csv.DictReader(open("whole/summary.csv"))}
assert sorted(folds) == [1, 2, 3]

def f1(rows):
    scores = []
    for c in map(str, range(10)):
        hit = sum(r["label"] == r["predicted"] == c for r in rows)
        all = sum((r["label"] == c) + (r["predicted"] == c) for r in rows)
        scores += [2 * hit / all] if all else []
    return sum(scores) / len(scores)

def accuracy(rows):
    return sum(r["label"] == r["predicted"] for r in rows) / len(rows)

for k, row in folds.items():
    mine = [r for r in rows if int(r["fold"]) == k]
    assert len(mine) == int(row["images"]) == 40
    for c in map(str, range(10)):
        assert sum(r["label"] == c for r in mine) == 4
    assert abs(accuracy(mine) - float(row["accuracy"])) < 1e-8
    assert abs(f1(mine) - float(row["macro_f1"])) < 1e-8
for name, pooled in ("accuracy", accuracy(rows)), ("macro_f1", f1(rows)):
    values, s = [float(r[name]) for r in folds.values()], summary[name]
    mean = sum(values) / 3
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / 2)
    reach = 4.302652729749462 * deviation / math.sqrt(3)
    for key, wanted in ("mean", mean), ("deviation", deviation), ("low", mean - reach), ("high", mean + reach), ("out_of_fold", pooled):
        assert abs(float(s[key]) - wanted) < 1e-8, (name, key)
    assert float(s["out_of_fold_low"]) <= pooled <= float(s["out_of_fold_high"])
' "cv: the tables do not agree"

# The ensemble is that of eval, and a fold is what its own run says
succeeds eval whole/fold-1/best.safetensors,whole/fold-2/best.safetensors,whole/fold-3/best.safetensors digits --json ensemble.json
python '
import csv, json
s = {r["score"]: r for r in csv.DictReader(open("whole/summary.csv"))}
e = json.load(open("ensemble.json"))
assert e["images"] == 40 and abs(float(s["log_loss"]["ensemble"]) - e["log_loss"]) < 1e-6
' "cv: the ensemble is not that of eval"

# Killed and resumed, from another folder: the same predictions; what is finished is not trained again
"$fovea" cv digits --folds 3 --epochs 2 --out killed $quick >out 2>err &
process=$!
for _ in $(seq 600); do
    [ -s killed/fold-2/last.safetensors ] && break
    sleep 0.05
done
kill -9 $process
wait $process 2>/dev/null
[ -s killed/report.html ] && complain "cv: the kill came too late"
[ -s killed/fold-1/report.html ] || complain "cv: the kill came too early"
before=$(stat -c %Y%i killed/fold-1/best.safetensors)
mkdir elsewhere
(cd elsewhere && "$fovea" cv --resume ../killed >../out 2>../err </dev/null) || complain "cv --resume: $(tail -n 1 err)"
grep -q '^fold 1 of 3' out && complain "cv --resume: trained a finished fold again"
[ "$before" = "$(stat -c %Y%i killed/fold-1/best.safetensors)" ] || complain "cv --resume: wrote a finished fold's model"
cmp -s whole/predictions.csv killed/predictions.csv || complain "cv --resume: other predictions than without the kill"
cmp -s whole/summary.csv killed/summary.csv || complain "cv --resume: another summary than without the kill"
succeeds cv --resume killed
grep -q 'nothing to do' err || complain "cv --resume: of a finished one does something"

# Ctrl-C
"$fovea" cv digits --folds 3 --epochs 500 --patience 0 --out stopped $quick >out 2>err &
process=$!
for _ in $(seq 600); do
    [ -s stopped/fold-1/last.safetensors ] && break
    sleep 0.05
done
kill -INT $process
wait $process
[ $? -eq 130 ] || complain "cv: SIGINT does not end it with 130"
grep -q 'fovea cv --resume stopped' err || complain "cv: SIGINT: does not say how to go on"

# One fold alone, then the others
succeeds cv digits --folds 3 --fold 2 --epochs 2 --out single $quick
grep -q '2 folds are left' out || complain "cv --fold: does not say what is left"
[ -e single/fold-1 ] && complain "cv --fold 2: trained fold 1"
succeeds cv --resume single
cmp -s whole/predictions.csv single/predictions.csv || complain "cv --fold: other predictions than all at once"

# Its network is found from any folder
cat >tiny.yaml <<'END'
input: {height: 16, width: 16, channels: 3}
layers: [conv2d: {filters: 4, kernel: 3}, global_average_pool2d, dense: {units: classes}]
END
succeeds cv digits --folds 2 --fold 1 --epochs 1 --model tiny.yaml --out own $quick
(cd elsewhere && "$fovea" cv --resume ../own >../out 2>../err </dev/null) || complain "cv --resume: of a network in YAML: $(tail -n 1 err)"

# Groups, each left out once; no validation part; no test part
{
    echo file,group
    (cd digits/train && find . -type f | sort | awk '{print substr($0, 3) ",g" NR % 4}')
} >groups.csv
succeeds cv digits/train --leave-one-group-out --keep-together groups.csv --epochs 1 --val-split 0 --out groups $quick
python '
import csv
group = {r["file"]: r["group"] for r in csv.DictReader(open("groups.csv"))}
rows = list(csv.DictReader(open("groups/predictions.csv")))
assert len(rows) == len({r["file"] for r in rows}) == 120
pairs = {(group["/".join(r["file"].split("/")[-2:])], r["fold"]) for r in rows}
assert len(pairs) == 4, pairs
assert all(r["ensemble"] == "" for r in csv.DictReader(open("groups/summary.csv")))
assert "val/loss" not in open("groups/fold-1/results.csv").readline() or ",," in open("groups/fold-1/results.csv").read()
' "cv --leave-one-group-out: groups are divided"

# Repeats: every picture once in each, divided differently, the first as without repeats
succeeds cv digits --folds 3 --repeats 2 --epochs 2 --out repeats $quick
python '
import csv
one = [tuple(r.values()) for r in csv.DictReader(open("whole/predictions.csv"))]
rows = list(csv.DictReader(open("repeats/predictions.csv")))
assert list(rows[0])[-2:] == ["fold", "repeat"] and len(rows) == 240
assert [tuple(r.values())[:-1] for r in rows if r["repeat"] == "1"] == one
first, second = ({r["file"]: r["fold"] for r in rows if r["repeat"] == n} for n in "12")
assert len(first) == len(second) == 120 and first != second
assert len(list(csv.DictReader(open("repeats/results.csv")))) == 6
' "cv --repeats: the predictions are not as they should be"

# Several classes a picture: each picture predicted once, by a fold that did not see it, and the scores are of these answers
python '
import glob
with open("several.csv", "w") as table:
    print("file,label", file=table)
    for path in sorted(glob.glob("digits/train/*/*")):
        digit = int(path.split("/")[2])
        names = [name for name, has in (("even", digit % 2 == 0), ("large", digit > 4), ("loop", digit in (0, 6, 8, 9))) if has]
        print(path + "," + "|".join(names), file=table)
' "several.csv"
succeeds cv several.csv --folds 3 --epochs 2 --out several $quick
python '
import csv
rows = list(csv.DictReader(open("several/predictions.csv")))
assert len(rows) == len({r["file"] for r in rows}) == 120
assert sum(r["label"] == "" for r in rows) == 24  # of 1 and 3
split = lambda names: set(names.split("|")) - {""}
exact = sum(split(r["label"]) == split(r["predicted"]) for r in rows) / 120
right = sum(3 - len(split(r["label"]) ^ split(r["predicted"])) for r in rows) / 360
scores = {r["score"]: r for r in csv.DictReader(open("several/summary.csv"))}
assert abs(float(scores["exact_match"]["out_of_fold"]) - exact) < 1e-6, exact
assert abs(float(scores["accuracy"]["out_of_fold"]) - right) < 1e-6, right
assert scores["kappa"]["mean"] == "" and len(list(csv.DictReader(open("several/results.csv")))) == 3
' "cv of several classes a picture: the tables do not agree"
[ "$(grep -c '<h1>' several/report.html)" -eq 1 ] || complain "cv of several classes a picture: no report"
exit $((failures > 0))
