#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a running `fovea serve` everything it answers, and compares with what `fovea predict --json --top N` said:

    serve_client.py PORT MODEL EXPECTED.jsonl PICTURE...

Prints a line for everything that is wrong.
"""
import base64
import http.client
import json
import socket
import sys
import threading
import urllib.parse

port, model, expected_file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
pictures = [open(f, "rb").read() for f in sys.argv[4:]]
expected = [json.loads(line) for line in open(expected_file)]
classes = sorted(entry["class"] for entry in expected[0]["top"])


def ask(path, body=None, headers={}, method=None, connection=None):
    c = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    c.request(method or ("GET" if body is None else "POST"), path, body, headers)
    answer = c.getresponse()
    data = answer.read()
    if not connection:
        c.close()
    return answer, data


def said(path, body=None, **more):
    answer, data = ask(path, json.dumps(body) if isinstance(body, dict) else body, **more)
    return answer.status, json.loads(data)


def expect(what, got, wanted):
    if got != wanted:
        print("%s: %.300r, not %.300r" % (what, got, wanted))


def refused(what, status, path, body=None, **more):
    answer, data = ask(path, json.dumps(body) if isinstance(body, dict) else body, **more)
    expect(what, answer.status, status)
    try:
        error = json.loads(data)["error"]
        if not error or "\n" in error:
            print("%s: the error is %r" % (what, error))
    except (ValueError, KeyError, TypeError):
        print("%s: answers %.200r" % (what, data))


def near(what, got, entry):
    """A row of probabilities, in the order of classes, against predict's. Batches may round otherwise."""
    wanted = {e["class"]: e["probability"] for e in entry["top"]}
    if len(got) != len(wanted) or any(abs(p - wanted[c]) > 1e-5 for p, c in zip(got, classes)):
        print("%s: %r, not %r" % (what, got, wanted))


def form(parts, boundary="xyz"):
    body = b"".join(b'--%s\r\nContent-Disposition: form-data; name="p"; filename="%s"\r\n\r\n%s\r\n'
                    % (boundary.encode(), name.encode(), data) for name, data in parts)
    return body + b"--%s--\r\n" % boundary.encode(), {"Content-Type": "multipart/form-data; boundary=" + boundary}


encoded = [base64.b64encode(p).decode() for p in pictures]
v1, v2 = "/v1/models/" + model, "/v2/models/" + model

# ---- what there is ----
for path in ("/healthz", "/v2/health/live", "/v2/health/ready"):
    expect(path, ask(path)[0].status, 200)
expect("names", model in said("/v1/models")[1]["models"], True)
status, body = said(v1)
expect("status", (status, body["model_version_status"][0]["state"]), (200, "AVAILABLE"))
status, body = said(v1 + "/metadata")
signature = body["metadata"]["signature_def"]["signature_def"]["serving_default"]
sides = [int(d["size"]) for d in signature["inputs"]["image"]["tensor_shape"]["dim"]]
expect("classes", signature["outputs"]["probabilities"]["tensor_shape"]["dim"][1]["size"], str(len(classes)))
expect("server", said("/v2")[1]["name"], "fovea")
status, body = said(v2)
expect("inputs", (body["inputs"][0]["name"], body["inputs"][0]["shape"]), ("image", sides))
expect("ready", said(v2 + "/ready"), (200, {"name": model, "ready": True}))
expect("of a version", said(v2 + "/versions/1/ready")[0], 200)
for path in (v1 + "/versions/77", v2 + "/versions/77", "/v1/models/none", "/v2/models/none/ready", "/none", "/v1/models/",
             "/../etc/passwd", v1 + "/versions/x", v1 + "/versions/99999999999999999999"):
    refused(path, 404, path)
answer, page = ask("/")
expect("page", (answer.status, answer.getheader("Content-Type")), (200, "text/html; charset=utf-8"))
for word in (b"http:", b"https:", b"//", b"@import"):
    if word in page + ask("/page.css")[1]:
        print("the page asks elsewhere: %r" % word)
policy = answer.getheader("Content-Security-Policy")
if "unsafe" in policy or "default-src 'none'" not in policy:
    print("the page's policy is loose: " + policy)

# ---- pictures, in every form ----
for i, picture in enumerate(pictures):
    status, body = said("/classify?model=%s&top=3" % model, picture)
    expect("classify", (status, body.get("class"), len(body.get("top", []))), (200, expected[i]["class"], 3))
    expect("classify", (body.get("model"), body.get("version")), (model, 1))
body, headers = form([("a.png", pictures[0]), ("bad.png", b"x" * 50), ("ü.png", pictures[1])])
status, body = said("/classify?model=" + model, body, headers=headers)
expect("form", [p.get("class", "error" in p) for p in body["predictions"]], [expected[0]["class"], True, expected[1]["class"]])
expect("names", [p["file"] for p in body["predictions"]], ["a.png", "bad.png", "ü.png"])
for wrap in (lambda e: {"b64": e}, lambda e: {"image": {"b64": e}}):
    status, body = said(v1 + ":predict", {"instances": [wrap(e) for e in encoded]})
    expect("instances", status, 200)
    for i, row in enumerate(body["predictions"]):
        near("instances", row, expected[i])
for inputs in ([{"b64": encoded[0]}], {"image": [{"b64": encoded[0]}]}):
    near("inputs", said(v1 + "/versions/1:predict", {"inputs": inputs})[1]["outputs"][0], expected[0])
status, body = said(v1 + ":classify", {"examples": [{"image": {"b64": e}} for e in encoded]})
for i, row in enumerate(body["results"]):
    near("examples", [p for _, p in row], expected[i])
    expect("labels", [c for c, _ in row], classes)
infer = {"id": "7", "inputs": [{"name": "image", "datatype": "BYTES", "shape": [len(encoded)], "data": encoded}]}
status, body = said(v2 + "/infer", infer)
expect("infer", (status, body["id"], body["model_version"]), (200, "7", "1"))
outputs = {o["name"]: o for o in body["outputs"]}
expect("shape", outputs["probabilities"]["shape"], [len(encoded), len(classes)])
expect("class", outputs["class"]["data"], [e["class"] for e in expected])
for i in range(len(encoded)):
    near("infer", outputs["probabilities"]["data"][i * len(classes):(i + 1) * len(classes)], expected[i])
status, body = said(v2 + "/versions/1/infer", dict(infer, outputs=[{"name": "class"}]))
expect("one output", [o["name"] for o in body["outputs"]], ["class"])

# ---- tensors: the same numbers give the same answer in every form ----
_, height, width, channels = sides
flat = [(i * i + 7 * i) % 256 for i in range(height * width * channels)]
rows = [[flat[(y * width + x) * channels:(y * width + x + 1) * channels] for x in range(width)] for y in range(height)]
one = said(v1 + ":predict", {"instances": [rows]})[1]["predictions"][0]
expect("two", said(v1 + ":predict", {"inputs": {"image": [rows, rows]}})[1]["outputs"], [one, one])
for kind in ("UINT8", "FP32"):
    for data in (flat, [rows]):
        tensor = {"name": "image", "datatype": kind, "shape": [1, height, width, channels], "data": data}
        status, body = said(v2 + "/infer", {"inputs": [tensor], "outputs": [{"name": "probabilities"}]})
        expect(kind, body.get("outputs", [{}])[0].get("data"), one)

# ---- heat maps ----
answer, data = ask("/classify?explain=gradcam&model=" + model, pictures[0])
expect("heat map", (answer.status, answer.getheader("Content-Type"), data[:4]), (200, "image/png", b"\x89PNG"))
status, body = said("/classify?explain=gradcam", pictures[0], headers={"Accept": "application/json"})
expect("in JSON", base64.b64decode(body["explanation"])[:4], b"\x89PNG")

# ---- what is wrong ----
refused("no picture", 400, "/classify", b"nothing")
refused("empty", 400, "/classify", b"")
refused("half a picture", 400, "/classify", pictures[0][:len(pictures[0]) // 2])
refused("top", 400, "/classify?top=0", pictures[0])
refused("explain", 400, "/classify?explain=magic", pictures[0])
refused("model", 404, "/classify?model=none", pictures[0])
refused("GET", 405, "/classify")
refused("POST", 405, "/metrics", b"x")
refused("PUT", 405, v1 + ":predict", b"x", method="PUT")
refused("a form without end", 400, "/classify", form([("a", pictures[0])])[0][:-20], headers=form([])[1])
refused("a form without boundary", 400, "/classify", b"x", headers={"Content-Type": "multipart/form-data"})
refused("an empty form", 400, "/classify", form([])[0], headers=form([])[1])
for path in (v1 + ":predict", v1 + ":classify", v2 + "/infer"):
    for text in (b"", b"x", b"[]", b"3", b"{", b"{}", b'{"instances":', b"[" * 100000, b'{"a":' * 100000, b'{"instances":[NaN]}',
                 b'{"instances":[1e999]}', b'{"instances":"x","instances":"y"}', b'{"instances":[[[["\xff"]]]]}', b"\0" * 50,
                 b'{"instances":[' + b"0," * 400000 + b"0]}", b'{"inputs":[{"name":"image","datatype":"UINT8","shape":[1],"data":[]}]}'):
        refused("%s %.40r" % (path, text), 400, path, text)
bad_rows = [row[:-1] for row in rows]
for instance in ([], [1], bad_rows, rows[:-1], [[[c + 300 for c in p] for p in r] for r in rows], [[[-1] * channels] * width] * height,
                 [[["a"] * channels] * width] * height, [[[None] * channels] * width] * height, {"b64": 7}, {"b64": "%%%%"},
                 {"b64": "AAAA"}, {"b64": encoded[0][:-9]}, {"b64": encoded[0], "x": 1}, {"image": {"image": []}}, None, True, "x"):
    refused("instance %.60r" % (instance,), 400, v1 + ":predict", {"instances": [instance]})
refused("both", 400, v1 + ":predict", {"instances": [rows], "inputs": [rows]})
refused("too many", 400, v1 + ":predict", {"instances": [{"b64": encoded[0]}] * 1000})
tensor = {"name": "image", "datatype": "UINT8", "shape": [1, height, width, channels], "data": flat}
for change in ({"name": "x"}, {"name": None}, {"datatype": "INT64"}, {"datatype": None}, {"shape": [1]}, {"shape": [2, height, width, channels]},
               {"shape": [10**12, height, width, channels]}, {"shape": [0, height, width, channels]}, {"shape": [-1, height, width, channels]},
               {"shape": "x"}, {"shape": [1, height, width, channels + 0.5]}, {"data": flat[:-1]}, {"data": flat[:-1] + [256]}, {"data": {}},
               {"data": [[flat]]}, {"datatype": "BYTES", "shape": [1], "data": [1]}, {"datatype": "BYTES", "shape": [2], "data": ["AA=="]}):
    refused("infer %.60r" % (change,), 400, v2 + "/infer", {"inputs": [dict(tensor, **change)]})
refused("outputs", 400, v2 + "/infer", {"inputs": [tensor], "outputs": [{"name": "x"}]})
refused("id", 400, v2 + "/infer", {"id": 4, "inputs": [tensor]})
expect("another name", ask("/healthz", headers={"Host": "evil.example"})[0].status, 403)
refused("too large", 413, "/classify", b"x" * (3 << 20))
s = socket.create_connection(("127.0.0.1", port))
s.sendall(b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n")
expect("announced", s.recv(12), b"HTTP/1.1 413")
s.close()
s = socket.create_connection(("127.0.0.1", port))  # in chunks, and without a length
s.sendall(b"POST /classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
for at in range(0, len(pictures[0]), 100):
    piece = pictures[0][at:at + 100]
    s.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
s.sendall(b"0\r\n\r\n")
expect("chunks", s.recv(12), b"HTTP/1.1 200")
s.close()

# ---- many at once, over connections that stay ----
def flood(wrong):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for k in range(40):
        i = k % len(pictures)
        answer, data = ask("/classify?top=%d" % len(classes), pictures[i], connection=c)
        got = {e["class"]: e["probability"] for e in json.loads(data)["top"]}
        if answer.status != 200 or any(abs(got[e["class"]] - e["probability"]) > 1e-5 for e in expected[i]["top"]):
            wrong.append(data)
    c.close()


wrong = []
threads = [threading.Thread(target=flood, args=(wrong,)) for _ in range(16)]
for t in threads:
    t.start()
for t in threads:
    t.join()
expect("many at once", wrong, [])

metrics = ask("/metrics")[1].decode()
for word in ('fovea_requests_total{model="%s",version="1",code="200"} ' % model, "fovea_queue_depth 0\n", "fovea_request_seconds_bucket",
             'fovea_batch_pictures_count{model="%s",version="1"} ' % model, 'code="413"'):
    if word not in metrics:
        print("/metrics lacks %r" % word)
