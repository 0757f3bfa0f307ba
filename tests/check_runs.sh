#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fovea runs: lists, sorts and compares run folders that are written here; a hostile one is a line, not a failure.
. "$(dirname "$0")/checking.sh"

header=epoch,seconds,train/loss,train/accuracy,val/loss,val/accuracy,lr
make_run() { # NAME LR ACCURACY LOSS
    mkdir -p "runs/$1"
    printf 'lr: %s\nmodel: small_cnn\ndata: photos\nepochs: 2\nout: runs/%s\n' "$2" "$1" >"runs/$1/args.yaml"
    printf '%s\n1,1.5,1,0.5,1,0.4,%s\n2,1.5,0.5,0.75,%s,%s,%s\n' "$header" "$2" "$4" "$3" "$2" >"runs/$1/results.csv"
}
order() { # the first column below the header
    awk 'NR > 1 { printf "%s ", $1 }' out
}
make_run a-2 0.1 0.75 0.5
make_run a-10 0.01 0.875 0.75
make_run b-1 0.001 0.625 0.25
touch runs/b-1/report.html
mkdir runs/bad runs/no-run
printf '\001\002\033[2J' >runs/bad/results.csv

succeeds runs
[ "$(order)" = "a-2 a-10 b-1 bad " ] || complain "order by name: $(order)"
grep -qE '^b-1 +finished +small_cnn +photos +2/2 +2 +62.50 % +0.2500 +3.0$' out || complain "b-1: $(grep b-1 out)"
grep -qE '^a-2 +interrupted ' out || complain "a-2: $(grep a-2 out)"
[ "$(grep -c unreadable err)" -eq 1 ] || complain "bad is not a line of its own: $(cat err)"
grep -q $'\033' out err && complain "the terminal is steered"
succeeds runs --sort val/accuracy
[ "$(order)" = "a-10 a-2 b-1 bad " ] || complain "order by accuracy: $(order)"
succeeds runs --sort loss
[ "$(order)" = "b-1 a-2 a-10 bad " ] || complain "order by loss: $(order)"
succeeds runs --sort lr --reverse runs/a-2 runs/a-10/ runs/b-1
[ "$(order)" = "b-1 a-10 a-2 " ] || complain "order by an option: $(order)"
"$fovea" runs --sort nothing >out 2>err && complain "--sort nothing: status 0"
grep -q 'no run has such a column' err || complain "--sort nothing: $(cat err)"
succeeds runs --json
python3 - <<'PYTHON' || complain "--json: $(head -c 300 out)"
import json
runs = json.load(open("out"))
assert [r["run"] for r in runs] == ["runs/a-2", "runs/a-10", "runs/b-1", "runs/bad"], runs
assert runs[1]["best"]["val/accuracy"] == 0.875 and runs[1]["options"]["lr"] == "0.01" and runs[1]["seconds"] == 3
assert runs[3]["state"] == "unreadable" and runs[3]["problem"]
PYTHON
succeeds runs --compare runs/a-2 runs/b-1
grep -qE '^lr +0.1 +0.001$' out || complain "--compare: $(cat out)"
grep -q '^out' out && complain "--compare shows the folders' names as options"
succeeds runs --html page.html
grep -q '<svg' page.html || complain "--html: no curves"
"$fovea" runs runs/no-run >out 2>err && complain "a folder without runs: status 0"
"$fovea" runs nowhere >out 2>err && complain "no such folder: status 0"
exit $((failures > 0))
