#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file server for tests, with the habits of good and bad ones: serve.py FOLDER PORT_FILE

/plain/NAME   ranges, ETag, If-Range
/cut/NAME     the connection ends after half of what was asked for
/slow/NAME    64 KiB, then a pause of 0.2 s, and so on
/norange/NAME no ranges: always the whole file, cut short the first time
/moved/NAME   a redirect to /plain/NAME
/loop/NAME    a redirect to itself
/status/NNN   that status
What was asked for is appended to PORT_FILE.log, a line a request: path, range.
"""
import http.server
import os
import sys
import time
import zlib

folder, port_file = sys.argv[1:]
seen = set()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with open(port_file + ".log", "a") as log:
            log.write("%s %s\n" % (self.path, self.headers.get("Range", "-")))
        _, habit, name = self.path.split("?")[0].split("/", 2)
        if habit == "moved":
            return self.answer(302, [("Location", "/plain/" + name)])
        if habit == "loop":
            return self.answer(302, [("Location", self.path)])
        if habit == "status":
            return self.answer(int(name), body=b"no")
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            return self.answer(404, body=b"no")
        with open(path, "rb") as f:
            data = f.read()
        self.send_file(habit, name, data)

    def send_file(self, habit, name, data):
        tag = '"%08x"' % zlib.crc32(data)
        first, asked = 0, self.headers.get("Range", "")
        if asked.startswith("bytes=") and habit != "norange" and self.headers.get("If-Range", tag) == tag:
            first = int(asked[6:].split("-")[0])
        if first > len(data):
            return self.answer(416)
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (first, len(data) - 1, len(data)))
        if habit != "norange":
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        data = data[first:]
        if habit == "cut" or (habit == "norange" and name not in seen):
            seen.add(name)
            self.wfile.write(data[: (len(data) + 1) // 2])
            self.wfile.flush()
            self.close_connection = True
            return
        step = 1 << 16 if habit == "slow" else len(data) or 1
        for i in range(0, len(data), step):
            self.wfile.write(data[i : i + step])
            self.wfile.flush()
            if habit == "slow":
                time.sleep(0.2)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):  # tests end their side at any moment
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, address)


server = Server(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(port_file + ".new", "w") as out:
    out.write("%d" % server.server_address[1])
os.rename(port_file + ".new", port_file)
server.serve_forever()
