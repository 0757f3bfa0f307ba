#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page of train --watch and runs --watch: what it answers while a run grows, what it gives away of the disk (nothing else), and that
# signals end it as ever.
. "$(dirname "$0")/checking.sh"

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
"$fovea" doctor >out
grep -q 'libmicrohttpd.* yes ' out || { echo "libmicrohttpd is not here"; exit 77; }

succeeds data demo data --train 40 --test 1 --size 16
port=$(free_port)
"$fovea" train data --epochs 400 --patience 0 --batch 64 --model small_cnn --out 'runs/a b' --watch "$port" >out 2>err </dev/null &
process=$!
for _ in $(seq 600); do
    [ -e 'runs/a b/best.safetensors' ] && break
    sleep 0.05
done
grep -q "http://127.0.0.1:$port/" err || complain "train does not say where the page is: $(cat err)"

cat >ask.py <<'PYTHON'
import http.client, json, socket, sys, time, urllib.parse
port = int(sys.argv[1])
failed = []

def ask(path, method="GET", headers={}, body=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    c.request(method, path, body, headers)
    answer = c.getresponse()
    data = answer.read()
    c.close()
    return answer.status, answer.getheader("Content-Type"), data

def expect(what, got, wanted):
    if got != wanted:
        failed.append("%s: %r, not %r" % (what, got, wanted))

status, kind, page = ask("/")
expect("the page", (status, kind), (200, "text/html; charset=utf-8"))
for word in (b"http:", b"https:", b" src=\"", b"@import"):
    if word in page.replace(b"http://www.w3.org/2000/svg", b""):
        failed.append("the page asks elsewhere: %r" % word)
name = urllib.parse.quote("runs/a b", safe="")
runs = json.loads(ask("/api/runs")[2])
expect("the runs", [(r["run"], r["state"]) for r in runs], [("runs/a b", "running")])
for _ in range(200):  # the first mistakes come with the first epoch's end
    run = json.loads(ask("/api/run/" + name)[2])
    if run["rows"] and run["live"]["mistakes"]:
        break
    time.sleep(0.05)
expect("columns", run["columns"][:3], ["epoch", "seconds", "train/loss"])
live = run["live"]
expect("epochs", live["epochs"], 400)
if not (live["losses"] and 0 <= live["seconds_left"] and live["steps"] == 5 and live["state"] in ("training", "validating")):
    failed.append("state.json says: %r" % live)
first = live["mistakes"][0]
if first["label"] == first["predicted"] or not 0 < first["probability"] <= 1:
    failed.append("a mistake is none: %r" % first)
for picture in ("batch.png", first["file"]):
    status, kind, data = ask("/picture/%s/%s" % (name, picture))
    expect(picture, (status, kind, data[:8]), (200, "image/png", b"\x89PNG\r\n\x1a\n"))

# Nothing else of the disk.
for path in ("/picture/%s/args.yaml" % name, "/picture/%s/state.json" % name, "/picture/%s/..%%2fargs.yaml" % name,
             "/picture/%s/../args.yaml" % name, "/picture/data/batch.png", "/picture//etc/passwd", "/api/run/", "/api/run/data",
             "/api/run/%2e%2e", "/../../etc/passwd", "/picture/batch.png", "/picture/%s/mistake-0-0x.png" % name, "/favicon.ico",
             "/picture/%00/batch.png"):
    expect(path, ask(path)[0], 404)
expect("POST", ask("/", "POST", body=b"x" * 100)[0], 405)
expect("DELETE", ask("/api/runs", "DELETE")[0], 405)
expect("another name", ask("/api/runs", headers={"Host": "evil.example"})[0], 403)
expect("localhost", ask("/api/runs", headers={"Host": "localhost:%d" % port})[0], 200)
expect("a long path", ask("/" + "a" * 20000)[0], 404)
if ask("/", headers={"X": "a" * 60000})[0] not in (413, 431):
    failed.append("headers of 60000 bytes are taken")

# Rubbish, bodies without end, connections that say nothing: it goes on answering.
idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
for rubbish in (b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100000):
    s = socket.create_connection(("127.0.0.1", port))
    try:
        s.sendall(rubbish)
    except OSError:
        pass
    s.close()
expect("after rubbish", ask("/api/runs")[0], 200)
for s in idle:
    s.close()
print("\n".join(failed))
PYTHON
python3 ask.py "$port" >answers 2>&1 || complain "asking failed: $(tail -n 3 answers)"
[ -z "$(tr -d '\n' <answers)" ] || complain "$(cat answers)"

# From elsewhere it is not to be reached.
ss -ltn 2>/dev/null | grep ":$port " | grep -qv 127.0.0.1 && complain "the port is open to others"

# Another process must not train the same run; a port that is taken is no reason not to train.
"$fovea" train --resume 'runs/a b' >out 2>err2 && complain "two processes train one run"
grep -q 'another process trains' err2 || complain "two processes: $(cat err2)"
succeeds train data --epochs 1 --batch 64 --model small_cnn --out second --watch "$port"
grep -q 'warning: the run cannot be watched' err || complain "a port that is taken: $(cat err)"

kill -TERM $process
wait $process
status=$?
[ $status -eq 143 ] || complain "SIGTERM: status $status"
succeeds runs
grep -q '^a b  *interrupted' out || complain "after SIGTERM: $(cat out)"

port=$(free_port)
"$fovea" runs --watch "$port" second runs >out 2>err </dev/null &
process=$!
for _ in $(seq 200); do
    python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/')" 2>/dev/null && break
    sleep 0.05
done
python3 - "$port" <<'PYTHON' || complain "runs --watch: $(cat err)"
import json, sys, urllib.request
runs = json.load(urllib.request.urlopen("http://127.0.0.1:%s/api/runs" % sys.argv[1]))
assert [(r["run"], r["state"]) for r in runs] == [("runs/a b", "interrupted"), ("second", "finished")], runs
PYTHON
kill -TERM $process
wait $process || complain "runs --watch: SIGTERM: status $?"
exit $((failures > 0))
