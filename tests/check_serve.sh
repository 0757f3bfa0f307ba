#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fovea serve: all that it answers (serve_client.py), versions and files that change while it serves, keys, TLS, limits of time, the log, and
# that it ends well.
. "$(dirname "$0")/checking.sh"
"$fovea" doctor >out
grep -q 'libmicrohttpd.* yes ' out || { echo "libmicrohttpd is not here"; exit 77; }

# start ARGUMENTS...: sets $process and $port.
start() {
    "$fovea" serve --port 0 --threads 2 "$@" >served 2>log </dev/null &
    process=$!
    for _ in $(seq 400); do
        port=$(sed -n 's|^serving .*:\([0-9]*\)/$|\1|p' log)
        [ -n "$port" ] && return
        kill -0 $process 2>/dev/null || break
        sleep 0.05
    done
    complain "serve $*: does not start: $(cat log)"
}
stop() {
    kill -TERM $process
    wait $process || complain "SIGTERM: status $?: $(tail -n 1 log)"
}
# said WORDS: waits until the log has them.
said() {
    for _ in $(seq 200); do
        grep -q -- "$1" log && return
        sleep 0.05
    done
    complain "the log does not say '$1': $(cat log)"
}
ask() { # PATH [FILE]: the answer's body; its status in $work/status
    python3 - "$port" "$@" <<'PYTHON'
import http.client, sys
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
body = open(sys.argv[3], "rb").read() if len(sys.argv) > 3 else None
c.request("POST" if body else "GET", sys.argv[2], body)
a = c.getresponse()
print(a.status, a.read().decode(errors="replace"))
PYTHON
}

succeeds data demo data --train 40 --test 1 --size 24
succeeds train data --epochs 1 --batch 64 --model small_cnn --threads 2 --out run
succeeds train data --epochs 1 --batch 64 --model small_cnn --threads 2 --seed 9 --out other
mapfile -t pictures < <(ls data/test/*/* | head -6)
"$fovea" predict run/best.safetensors "${pictures[@]}" --json --top 10 >expected || complain "predict fails"
mkdir -p versions/1 versions/3
cp run/best.safetensors digits.safetensors
cp run/best.safetensors versions/1/model.safetensors
cp other/best.safetensors versions/3/any.safetensors

start digits.safetensors "two=versions" --max-batch 4 --max-delay 3 --max-body 2M --max-pictures 20 --access-log access
wrong=$(python3 "$source/tests/serve_client.py" "$port" digits expected "${pictures[@]}" 2>&1) || complain "asking fails"
[ -z "$wrong" ] || complain "$wrong"

python3 - "$port" <<'PYTHON'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
s.sendall(b"G\xffT /healthz\"%0a HTTP/1.1\r\nHost: localhost\r\n\r\n")
s.recv(12)
PYTHON

# ---- versions ----
grep -q '"version":3' <<<"$(ask '/classify?model=two' "${pictures[0]}")" || complain "the latest version is not served"
grep -q '^200 .*"2".*\|^404' <<<"$(ask /v1/models/two/versions/2)" || complain "version 2 is not there"
mkdir versions/4.new && cp run/best.safetensors versions/4.new/model.safetensors && mv versions/4.new versions/4
said 'version 4 loaded'
grep -q '"version":4' <<<"$(ask '/classify?model=two' "${pictures[0]}")" || complain "version 4 is not served"
cp other/best.safetensors versions/4/other && rm versions/4/model.safetensors && mv versions/4/other versions/4/renamed.safetensors
said 'version 4 loaded anew from .*renamed\|version 4 loaded from .*renamed'
rm -r versions/4
said 'version 4 is gone'
grep -q '"version":3' <<<"$(ask '/classify?model=two' "${pictures[0]}")" || complain "version 3 is not served again"

# ---- a file that changes, well and badly ----
before=$(ask '/classify?model=digits' "${pictures[0]}")
head -c 20000 other/best.safetensors >digits.safetensors
said 'version 1 cannot be loaded and the old one stays'
[ "$(ask '/classify?model=digits' "${pictures[0]}")" = "$before" ] || complain "a broken file changes the answer"
rm digits.safetensors
sleep 1.2
[ "$(ask '/classify?model=digits' "${pictures[0]}")" = "$before" ] || complain "a file that is gone changes the answer"
cp other/best.safetensors digits.safetensors
said 'digits: version 1 loaded anew'
[ "$(ask '/classify?model=digits' "${pictures[0]}")" != "$before" ] || complain "the new file is not served"
grep -q 'loads_total{model="digits",version="1",result="failed"} 1' <<<"$(ask /metrics)" || complain "the failed load is not counted"
stop
python3 - access <<'PYTHON' || complain "the access log: $(head -n 3 access)"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) > 300, len(lines)
one = [l for l in lines if l["path"] == "/classify" and l["status"] == 200][0]
assert one["model"] == "digits" and one["version"] == 1 and one["method"] == "POST" and one["remote"] == "127.0.0.1", one
strange = [l for l in lines if l["method"] is None]  # no request goes without a line, and no name makes two
assert len(strange) == 1 and strange[0]["path"] == '/healthz"\n' and strange[0]["status"] in (404, 405), strange
assert one["received"] > 50 and one["sent"] > 50 and 0 < one["seconds"] < 10 and one["time"].endswith("Z"), one
PYTHON

# ---- abuse, briefly; bench/serve_abuse without --brief does it at length ----
hostile=${FOVEA_TEST_DATA:-$source/../shared/data}/hostile
python3 "$source/bench/serve_abuse" --brief --fovea "$fovea" --model run/best.safetensors --other other/best.safetensors \
    --hostile "$hostile" "${pictures[@]}" >abuse 2>&1 || complain "abuse: $(tail -n 5 abuse)"

# ---- limits of time, and the end ----
start run/best.safetensors --time-limit 1 --queue 2 --threads 1
python3 - "$port" "${pictures[0]}" "$process" <<'PYTHON' || complain "slow ones"
import os, signal, socket, sys, time
port, picture, process = int(sys.argv[1]), open(sys.argv[2], "rb").read(), int(sys.argv[3])
def connect():
    return socket.create_connection(("127.0.0.1", port), timeout=10)
def post(s, body):
    s.sendall(b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(picture) + body)
# Who announces much and sends little does not take the room of those who send.
idle = []
for _ in range(20):
    idle.append(connect())
    idle[-1].sendall(b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\nx" % (16 << 20))
time.sleep(0.2)
whole = connect()
post(whole, picture)
assert whole.recv(12) == b"HTTP/1.1 200", "bodies that are only announced take the room"
slow = connect()
post(slow, picture[:10])
begun = time.time()
try:  # a byte now and then does not keep it open
    for i in range(10, 70):
        slow.sendall(picture[i:i + 1])
        time.sleep(0.1)
    assert False, "a slow sender is waited for"
except OSError:
    assert 0.8 < time.time() - begun < 4, time.time() - begun
silent = connect()
post(silent, picture[:10])
assert silent.recv(12) == b"HTTP/1.1 408", "a silent sender is not told"
whole = connect()
whole.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
assert b'requests_total{code="408"} ' in b"".join(iter(lambda: whole.recv(65536), b"")), "the late are not counted"
# What has begun when the signal comes is answered.
half = connect()
post(half, picture[:-1])
time.sleep(0.2)
os.kill(process, signal.SIGTERM)
time.sleep(0.2)
half.sendall(picture[-1:])
assert half.recv(12) == b"HTTP/1.1 200"
try:
    connect()
    assert False, "it still takes connections"
except OSError:
    pass
PYTHON
wait $process || complain "SIGTERM: status $?"

# ---- keys and TLS ----
printf '# ours\nabcdefghijklmnop-1\n  second-key-0123456 # of a friend\n' >keys
tls=()
if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
        -addext subjectAltName=IP:127.0.0.1 2>/dev/null
    tls=(--tls-cert cert.pem --tls-key key.pem)
fi
start run/best.safetensors --keys keys "${tls[@]}"
python3 - "$port" "${pictures[0]}" ${tls:+cert.pem} <<'PYTHON' || complain "keys"
import http.client, ssl, sys
def status(key, path="/classify", method="POST"):
    if len(sys.argv) > 3:
        c = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=ssl.create_default_context(cafile=sys.argv[3]), timeout=20)
    else:
        c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
    c.request(method, path, open(sys.argv[2], "rb").read() if method == "POST" else None, {"Authorization": key} if key else {})
    a = c.getresponse()
    a.read()
    return a.status
for key in (None, "Bearer", "Bearer ", "Bearer abcdefghijklmnop-", "Bearer abcdefghijklmnop-12", "Basic abcdefghijklmnop-1", "Bearer # ours"):
    assert status(key) == 401, key
    assert status(key, "/metrics", "GET") == 401, key
    assert status(key, "/v1/models", "GET") == 401, key
for key in ("Bearer abcdefghijklmnop-1", "bearer second-key-0123456"):
    assert status(key) == 200, key
for path in ("/", "/healthz", "/v2/health/ready"):
    assert status(None, path, "GET") == 200, path
PYTHON
stop

# ---- what cannot be ----
fails() {
    local words=$1
    shift
    "$fovea" serve "$@" >out 2>err </dev/null && complain "serve $* succeeds"
    grep -q -- "$words" err || complain "serve $*: $(cat err)"
}
fails 'none.safetensors' none.safetensors
fails 'both are called' run/best.safetensors other/best.safetensors
fails 'holds no version' run
fails 'is no IPv4' run/best.safetensors --host nowhere.example --port 0
fails 'given together' run/best.safetensors --tls-cert keys --port 0
echo short >short
fails 'at least 16' run/best.safetensors --keys short --port 0
printf '#\n' >empty
fails 'holds no key' run/best.safetensors --keys empty --port 0
start a=run/best.safetensors b=other/best.safetensors --host 0.0.0.0
grep -q 'warning: others can reach' log || complain "no warning without keys: $(cat log)"
fails 'the port is taken\|in use' run/best.safetensors --host 0.0.0.0 --port "$port"
stop
start run/best.safetensors --host 127.0.0.2
python3 - "$port" <<'PYTHON' || complain "a local address of another name"
import http.client, sys
for name, status in (("127.0.0.2", 200), ("LocalHost", 200), ("127.0.0.3", 403), ("127.0.0.2.evil.example", 403)):
    c = http.client.HTTPConnection("127.0.0.2", int(sys.argv[1]), timeout=20)
    c.request("GET", "/healthz", headers={"Host": name})
    assert c.getresponse().status == status, name
PYTHON
stop
exit $((failures > 0))
