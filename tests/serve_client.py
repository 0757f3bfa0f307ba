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
import struct
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

# ---- tensors as bytes behind the JSON (the extension binary_tensor_data) ----
def binary(kind, shape, data, size=None, length=None, outputs=None, more=b"", **root):
    """A request's body and headers."""
    tensor = {"name": "image", "datatype": kind, "shape": shape, "parameters": {"binary_data_size": len(data) if size is None else size}}
    text = json.dumps(dict(root, inputs=[tensor], **({"outputs": outputs} if outputs else {}))).encode()
    return text + data + more, {"Inference-Header-Content-Length": str(len(text) if length is None else length)}


def tensors(answer, data):
    """name: what it holds, by the bytes and the rules of the extension."""
    length = answer.getheader("Inference-Header-Content-Length")
    text, at, found = json.loads(data[:int(length or len(data))]), int(length or len(data)), {}
    for output in text.get("outputs", []):
        if "data" in output:
            found[output["name"]] = output["data"]
            continue
        part = data[at:at + output["parameters"]["binary_data_size"]]
        at += len(part)
        if output["datatype"] == "FP32":
            found[output["name"]] = list(struct.unpack("<%df" % (len(part) // 4), part))
        else:
            found[output["name"]], k = [], 0
            while k < len(part):
                n = struct.unpack_from("<I", part, k)[0]
                found[output["name"]].append(part[k + 4:k + 4 + n].decode())
                k += 4 + n
    expect("all bytes are some tensor's", at, len(data))
    return found


single = [struct.unpack("<f", struct.pack("<f", p))[0] for p in one]
shape = [1, height, width, channels]
numbers = {"UINT8": bytes(flat), "FP32": struct.pack("<%df" % len(flat), *flat)}
expect("extensions", said("/v2")[1]["extensions"], ["binary_tensor_data"])
for kind, data in numbers.items():
    body, headers = binary(kind, shape, data, outputs=[{"name": "probabilities"}])
    status, text = said(v2 + "/infer", body, headers=headers)
    expect("binary " + kind, (status, text.get("outputs", [{}])[0].get("data")), (200, one))
    body, headers = binary(kind, [2] + shape[1:], data * 2, outputs=[{"name": "probabilities", "parameters": {"binary_data": True}}])
    expect("binary %s, binary output" % kind, tensors(*ask(v2 + "/infer", body, headers=headers)), {"probabilities": single * 2})
elements = b"".join(struct.pack("<I", len(p)) + p for p in pictures)
body, headers = binary("BYTES", [len(pictures)], elements, parameters={"binary_data_output": True})
answer, data = ask(v2 + "/infer", body, headers=headers)
expect("binary answer", (answer.status, answer.getheader("Content-Type")), (200, "application/octet-stream"))
found = tensors(answer, data)
expect("binary classes", found["class"], [e["class"] for e in expected])
for i in range(len(pictures)):
    near("binary BYTES", found["probabilities"][i * len(classes):(i + 1) * len(classes)], expected[i])
body, headers = binary("BYTES", [len(pictures)], elements, parameters={"binary_data_output": True},
                       outputs=[{"name": "class", "parameters": {"binary_data": False}}, {"name": "probabilities"}])
found = tensors(*ask(v2 + "/infer", body, headers=headers))
expect("an output's own form", (found["class"], len(found["probabilities"])), ([e["class"] for e in expected], len(pictures) * len(classes)))
body = json.dumps({"inputs": [{"name": "image", "datatype": "UINT8", "shape": shape, "data": flat}], "parameters": {"binary_data_output": True},
                   "outputs": [{"name": "probabilities"}]}).encode()
expect("JSON in, bytes out", tensors(*ask(v2 + "/infer", body)), {"probabilities": single})
u8 = numbers["UINT8"]
for what, (body, headers) in {
        "a length beyond the body": binary("UINT8", shape, u8, length=10**6), "a length of 0": binary("UINT8", shape, u8, length=0),
        "a negative length": binary("UINT8", shape, u8, length=-1), "no length": binary("UINT8", shape, u8, length=""),
        "an enormous length": binary("UINT8", shape, u8, length=2**64 + 5), "a length with a tail": binary("UINT8", shape, u8, length="20x"),
        "a length in the middle": binary("UINT8", shape, u8, length=20), "a size too small": binary("UINT8", shape, u8, size=len(u8) - 1),
        "a size too large": binary("UINT8", shape, u8, size=len(u8) + 1), "a negative size": binary("UINT8", shape, u8, size=-1),
        "an enormous size": binary("UINT8", shape, u8, size=2**63 - 1), "a size over 64 bits": binary("UINT8", shape, u8, size=2**64),
        "a size that is text": binary("UINT8", shape, u8, size="5"), "a size with a fraction": binary("UINT8", shape, u8, size=len(u8) + 0.5),
        "more bytes": binary("UINT8", shape, u8, more=b"x"), "bytes of another shape": binary("UINT8", [2] + shape[1:], u8),
        "enormous shapes": binary("UINT8", [2**62] + shape[1:], u8), "FP32 of UINT8's size": binary("FP32", shape, u8),
        "NaN": binary("FP32", shape, struct.pack("<f", float("nan")) * len(flat)), "256": binary("FP32", shape, struct.pack("<f", 256) * len(flat)),
        "no bytes": binary("UINT8", shape, b""), "too many pictures": binary("UINT8", [21] + shape[1:], u8 * 21),
        "an element over the end": binary("BYTES", [1], struct.pack("<I", 9) + b"12345678"), "half a length": binary("BYTES", [1], b"\1\0"),
        "an enormous element": binary("BYTES", [1], struct.pack("<I", 2**32 - 1) + pictures[0]), "bytes behind": binary("BYTES", [1], elements),
        "too few elements": binary("BYTES", [len(pictures) + 1], elements), "no picture": binary("BYTES", [1], struct.pack("<I", 4) + b"abcd"),
        "an empty element": binary("BYTES", [1], bytes(4)), "a flag that is none": binary("UINT8", shape, u8, parameters={"binary_data_output": 1}),
        "an output's flag that is none": binary("UINT8", shape, u8, outputs=[{"name": "class", "parameters": {"binary_data": "yes"}}]),
        "no header": (binary("UINT8", shape, u8)[0], {}),
        "bytes of no tensor": (json.dumps({"inputs": [{"name": "image", "datatype": "UINT8", "shape": shape, "data": flat}]}).encode() + b"xx",
                               {"Inference-Header-Content-Length": str(len(json.dumps({"inputs": [{"name": "image", "datatype": "UINT8", "shape": shape, "data": flat}]})))})}.items():
    refused("binary: " + what, 400, v2 + "/infer", body, headers=headers)

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
