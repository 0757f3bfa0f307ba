#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hyperparameter search: bad spaces are refused, trials are what they say they are, and a study that was killed, or that several
# processes work on, ends as it should. Usage: check_tune.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"
"$fovea" doctor | grep -q 'libsqlite3.* yes ' || { echo "libsqlite3 is not here"; exit 77; }

wait_for() { # PATTERN: some file of this name holds something
    for _ in $(seq 1200); do
        compgen -G "$1" >/dev/null && return
        sleep 0.05
    done
    complain "$1 did not come"
}

succeeds data demo digits --train 12 --test 4 --size 16 --seed 1
cat >net.yaml <<'END'
name: tiny
input: {height: 16, width: 16, channels: 3}
layers:
  - conv2d: {filters: &width 4, kernel: 3, padding: same, name: stem}
  - relu
  - conv2d: {filters: *width, kernel: 3, stride: 2}
  - global_average_pool2d
  - dense: {units: classes}
END
quick="--batch 32 --threads 1 --seed 1 --model net.yaml --augment none"

# What is refused leaves nothing behind
space() { # YAML TEXT [ARGUMENT...]
    printf '%s\n' "$1" >bad.yaml
    fails 1 "$2" tune digits --space bad.yaml --out no $quick "${@:3}"
}
space 'learning: [1, 2]' 'bad.yaml: learning: unknown option'
space 'weigth_decay: [0.1]' 'did you mean weight_decay?'
space 'lr: {type: float, low: 1, high: 0.1}' 'bad.yaml:1: lr: low: 1 is greater than high, 0.1'
space 'lr: {type: float, low: 0, high: 0.1, log: yes}' 'bad.yaml:1: lr: log: low must be greater than 0'
space 'lr: {type: float, low: 0.1, high: 1e6}' "lr: must be"
space 'epochs: {type: float, low: 1, high: 2.5}' "epochs: must be"
space 'optimizer: [adamw, sdg]' "not 'sdg'"
space 'window: [auto, bad]' 'bad'
space 'seed: [1, 2]' 'seed: is the same for all trials'
space 'val-split: [0.1, 0.2]' 'val-split: is the same for all trials'
space 'batch: [8, 16]' 'batch: is a dimension and an option of the command line'
space 'network.stem.width: [1, 2]' 'net.yaml: network.stem.width: there is no such value'
space 'network.layers[9].filters: [1, 2]' 'there is no such value'
space 'network.layers: [1, 2]' 'is not one value but a list'
space 'network.stem.filters: [4, many]' 'many'
cp net.yaml NET.YAML # also so called it is YAML, as for train
space 'network.stem.filters: [4, many]' 'many' --model NET.YAML
space 'network.stem.filters: [4, 8]' '--model must name the network' --model small_cnn
fails 1 'nothing.yaml' tune digits --space nothing.yaml --out no $quick
fails 1 'has no validation pictures' tune digits --val-split 0 --out no $quick
fails 2 'watched with' tune digits --watch --out no $quick
fails 2 'leave out --epochs' tune --resume no --epochs 3
fails 1 'holds no study' tune --resume no
[ -e no ] && complain "a search that was refused left a folder"

# A whole search: conditions, options, places in the network
cat >space.yaml <<'END'
lr: {type: float, low: 1e-4, high: 0.1, log: yes, default: 0.01}
optimizer: [adamw, sgd]
momentum: {type: float, low: 0.5, high: 0.95, when: {optimizer: sgd}}
network.stem.filters: {type: int, low: 4, high: 12, step: 4}
network.layers[1]: [relu, gelu]
END
succeeds tune digits --space space.yaml --trials 12 --epochs 4 --out study $quick
for file in study.db shared.yaml best.yaml report.html best/best.safetensors best/report.html trials/0001/report.html; do
    [ -s study/$file ] || complain "tune: there is no $file"
done
grep -q '^best trial ' out || complain "tune: does not say which trial is the best"
grep -q "again       fovea train --config study/best.yaml --out again" out || complain "tune: does not print the command for the best"
python '
import csv, glob, re, sqlite3
db = sqlite3.connect("study/study.db")
trials = {n: (s, v) for n, s, v in db.execute("SELECT number, state, value FROM trials")}
assert sorted(trials) == list(range(1, 13)), trials
assert all(s in (2, 3) for s, v in trials.values()), trials
first = dict(db.execute("SELECT dimension, value FROM parameters WHERE trial = 1"))
assert first["lr"] == 0.01
pruned = 0
for n, (state, value) in trials.items():
    has = dict(db.execute("SELECT dimension, value FROM parameters WHERE trial = ?", (n,)))
    assert ("momentum" in has) == (has["optimizer"] == "sgd")
    args = dict(l.strip().split(": ", 1) for l in open(f"study/trials/{n:04}/args.yaml") if ": " in l)
    assert abs(float(args["lr"]) / has["lr"] - 1) < 1e-5 and args["optimizer"] == has["optimizer"]
    net = open(f"study/trials/{n:04}-network.yaml").read()
    assert "filters: &width %d," % has["network.stem.filters"] in net and "  - %s\n" % has["network.layers[1]"] in net
    reports = dict(db.execute("SELECT step, value FROM reports WHERE trial = ?", (n,)))
    rows = [float(r["val/accuracy"]) for r in csv.DictReader(open(f"study/trials/{n:04}/results.csv"))]
    assert all(abs(rows[s - 1] - v) < 1e-9 for s, v in reports.items())
    assert abs(value - max(reports.values())) < 1e-9
    assert len(reports) == 4 or (state == 3 and len(reports) in (1, 3)), (n, state, reports)
    pruned += state == 3
assert 0 < pruned < 12, pruned
' "tune: the study does not agree with its runs"

# The same again; its best run repeats what its trial was
succeeds tune digits --space space.yaml --trials 12 --epochs 4 --out again $quick --json
python '
import json, sqlite3
a, b = (sqlite3.connect(f"{s}/study.db") for s in ("study", "again"))
for table in "parameters", "reports":
    rows = [sorted(map(str, db.execute(f"SELECT * FROM {table}"))) for db in (a, b)]
    assert rows[0] == rows[1], table
j = json.load(open("out"))
assert j["study"] == "again" and j["monitor"] == "val/accuracy" and len(j["trials"]) == 12
assert set(j["importance"]) == {"lr", "optimizer", "momentum", "network.stem.filters", "network.layers[1]"}
best = max((t for t in j["trials"] if t["state"] == "complete"), key=lambda t: (t["value"], -t["trial"]))
assert best == j["best"], j["best"]
def results(folder):
    return [l.split(",")[2:] for l in open(folder + "/results.csv")]
assert results("again/best") == results("again/trials/%04d" % best["trial"])
' "tune: is not the same again"
grep -qxF "out: 'again/best'" again/best/args.yaml || complain "tune: the copied run names another folder"
grep -q '^again/best is a copy of the run of trial' err || complain "tune: trains once more what a trial has trained"
fails 1 'holds a study with other options' tune digits --space space.yaml --trials 12 --epochs 5 --out study $quick
fails 1 'of another space' tune digits --trials 12 --epochs 4 --out study $quick
succeeds tune --resume study --trials 13 --retrain=no
[ "$(grep -c '^trial 13:' err)" = 1 ] && [ "$(grep -c '^trial ' err)" = 1 ] || complain "tune --resume: does not add just one trial"

# A last training that is longer than the trials; the study keeps it
fails 2 'there is no last training' tune digits --out no $quick --retrain=no --retrain-epochs 6
fails 2 'must be at least 3' tune digits --out no $quick --epochs 4 --head-epochs 3 --retrain-epochs 2
succeeds tune digits --space space.yaml --trials 2 --epochs 2 --patience 0 --retrain-epochs 6 --out longer $quick
grep -q '^training with the values of trial' err || complain "tune --retrain-epochs: copies a shorter run"
longer() { # EPOCHS WHAT
    grep -qxF "epochs: $1" longer/best.yaml && grep -qxF "epochs: $1" longer/best/args.yaml &&
        [ "$(tail -n 1 longer/best/results.csv | cut -d, -f1)" = "$1" ] ||
        complain "tune $2: the last training has not $1 epochs"
}
longer 6 --retrain-epochs
grep -qxF 'epochs: 2' longer/trials/0001/args.yaml || complain "tune --retrain-epochs: the trials are longer, too"
succeeds tune --resume longer --trials 3
longer 6 --resume
succeeds tune --resume longer --retrain-epochs 3
longer 3 "--resume --retrain-epochs"

# The default space begins with the rates of train, also for a head alone
for freeze in none:0.0001 backbone:0.003; do
    succeeds tune digits --weights study/best/best.safetensors --freeze ${freeze%:*} --augment none --trials 1 --epochs 1 --retrain=no \
        --threads 1 --out head-${freeze%:*}
    python "
import sqlite3
db = sqlite3.connect('head-${freeze%:*}/study.db')
assert db.execute('SELECT value FROM parameters WHERE dimension = ?', ('lr',)).fetchall() == [(${freeze#*:},)]
" "tune --weights --freeze ${freeze%:*}: does not begin with the usual rate"
done

# Killed, and gone on with from another folder: the trial's process goes with the command's, and the study ends as the other one
"$fovea" tune digits --space space.yaml --trials 12 --epochs 4 --out killed $quick >out 2>err &
process=$!
wait_for 'killed/trials/0003/results.csv'
kill -9 $process
wait $process 2>/dev/null
mkdir elsewhere
(cd elsewhere && "$fovea" tune --resume ../killed --threads 1 >../out 2>../err </dev/null) || complain "tune --resume: $(tail -n 1 err)"
grep -q '^trial 1:' err && complain "tune --resume: runs a finished trial again"
python '
import sqlite3
a, b = (sqlite3.connect(f"{s}/study.db") for s in ("again", "killed"))
for sql in "SELECT * FROM parameters", "SELECT * FROM reports", "SELECT number, state, value FROM trials":
    rows = [sorted(map(str, db.execute(sql))) for db in (a, b)]
    assert rows[0] == rows[1], sql
assert b.execute("SELECT max(attempt) FROM trials").fetchone()[0] == 2
' "tune --resume: the study is another one"

# A trial that is killed is run again
"$fovea" tune digits --trials 2 --epochs 40 --patience 0 --pruner none --retrain=no --out hurt $quick >out 2>err &
process=$!
wait_for 'hurt/trials/0001/results.csv'
kill -9 "$(pgrep -P $process)"
wait $process || complain "tune: does not outlive its trial"
python '
import csv, sqlite3
db = sqlite3.connect("hurt/study.db")
assert db.execute("SELECT number, state, attempt FROM trials").fetchall() == [(1, 2, 2), (2, 2, 1)]
assert [int(r["epoch"]) for r in csv.DictReader(open("hurt/trials/0001/results.csv"))] == list(range(1, 41))
' "tune: a trial that was killed"

# Also where another place has found that there is nothing more to do
"$fovea" tune digits --trials 1 --jobs 2 --epochs 40 --patience 0 --pruner none --retrain=no --out last $quick >out 2>err &
process=$!
wait_for 'last/trials/0001/results.csv'
kill -9 "$(pgrep -P $process)"
wait $process || complain "tune: does not outlive its last trial: $(tail -n 1 err)"
python 'import sqlite3; assert sqlite3.connect("last/study.db").execute("SELECT number, state, attempt FROM trials").fetchall() == [(1, 2, 2)]' \
    "tune: the last trial, that was killed, is not run again"

# A trial that another process has taken for dead, and whose process ends: the search ends, too
"$fovea" tune digits --trials 2 --epochs 5000 --patience 0 --pruner none --retrain=no --out lost $quick >out 2>err &
process=$!
wait_for 'lost/trials/0001/results.csv'
python "
import os, signal, sqlite3, time
for _ in range(100): # what is stopped in the middle of a transaction keeps the file locked
    os.kill($process, signal.SIGSTOP)
    db = sqlite3.connect('lost/study.db', timeout=0)
    try:
        db.execute('UPDATE trials SET host = ?', ('elsewhere',))
        db.commit()
        break
    except sqlite3.OperationalError:
        db.close()
        os.kill($process, signal.SIGCONT)
        time.sleep(0.01)
os.kill($(pgrep -P $process), signal.SIGKILL)
time.sleep(0.5) # it has ended before anybody asks
os.kill($process, signal.SIGCONT)
" "tune: a trial cannot be taken away"
for _ in $(seq 600); do
    kill -0 $process 2>/dev/null || break
    sleep 0.05
done
kill -9 $process 2>/dev/null
wait $process
[ $? -eq 1 ] || complain "tune: does not end where its trial is another's"
grep -q 'trial 1 is not, or no longer, this process' err || complain "tune: does not say that its trial is another's: $(tail -n 1 err)"

# Ctrl-C
"$fovea" tune digits --trials 3 --epochs 500 --patience 0 --out stopped $quick >out 2>err &
process=$!
wait_for 'stopped/trials/0001/results.csv'
kill -INT $process
wait $process
[ $? -eq 130 ] || complain "tune: SIGINT does not end it with 130"
grep -q 'fovea tune --resume stopped' err || complain "tune: SIGINT: does not say how to go on"
[ -s stopped/trials/0001/last.safetensors ] || complain "tune: SIGINT: the trial kept nothing"
python 'import sqlite3; assert sqlite3.connect("stopped/study.db").execute("SELECT attempt FROM trials").fetchall() == [(1,)]' \
    "tune: SIGINT counts as a death"

# Two processes with two jobs each
join="tune digits --trials 9 --epochs 3 --out shared --jobs 2 $quick"
"$fovea" $join >out1 2>err1 &
first=$!
"$fovea" $join >out2 2>err2 &
second=$!
wait $first || complain "tune: one of two processes: $(tail -n 1 err1)"
wait $second || complain "tune: one of two processes: $(tail -n 1 err2)"
[ "$(cat err1 err2 | grep '^trial ' | sed 's/:.*//' | sort | uniq -c | awk '{print $1}' | sort -u)" = 1 ] ||
    complain "tune: two processes ran the same trial"
[ "$(cat err1 err2 | grep -c '^trial ')" = 9 ] || complain "tune: two processes: not 9 trials"
[ -s shared/best/best.safetensors ] || complain "tune: two processes: there is no model"

# A time: what runs at its end is stopped, and counts with what it reached
begin=$(date +%s.%N)
succeeds tune digits --time 5s --epochs 100000 --patience 0 --retrain=no --out timed $quick
python "
import sqlite3, time
taken = time.time() - $begin
assert 4.5 < taken < 8, taken # a process has to begin and to end
trials = sqlite3.connect('timed/study.db').execute('SELECT state, message FROM trials').fetchall()
assert trials[-1] == (3, 'the time was over'), trials
" "tune --time: does not hold"
fails 1 'give --trials or --time' tune --resume timed
succeeds tune digits --time 6s --trials 1 --epochs 20 --out both $quick
[ -s both/best/report.html ] || complain "tune --time: there is no model"

# The program of the page
awk '/^```c$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$source/docs/tuning.md" >search.c
gcc -std=c17 -Wpedantic -Wall -Wextra -Werror -I"$source/include" search.c -o search -L"$build" -lfovea -Wl,-rpath,"$build" &&
    awk -v found="$(./search)" 'BEGIN { exit !(found != "" && found < 0.5) }' || complain "docs/tuning.md: its program finds no minimum"

# What is wrong with everything is said after three trials
echo 'lr: [0.1]' >one.yaml
fails 1 'the first 3 trials have all failed' tune digits --trials 9 --space one.yaml --out failed $quick --size 16x16 --head-epochs 1 --freeze 99
printf 'garbage, garbage, garbage, garbage, garbage, garbage' >study/study.db
fails 1 'study/study.db: is no study' tune --resume study
exit $((failures > 0))
