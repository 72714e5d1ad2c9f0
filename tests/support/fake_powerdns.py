#!/usr/bin/env python3
"""A PowerDNS of a few lines that misbehaves on request: for runs that must meet a slow or a picky server.

    fake_powerdns.py PORT_FILE [--slow SECONDS] [--silent] [--refuse TYPE] [--lag] [--log FILE]

Serves one zone of whatever name is asked for. Each PATCH takes SECONDS; one that holds an RRset of TYPE is refused
with 422 and changes nothing. With --silent no GET is ever answered. With --lag it answers DNS on the same port
number, and knows nothing of what was written: NXDOMAIN to every question. FILE gets a line a request: METHOD PATH.
The port is written to PORT_FILE once it listens.
"""

import argparse
import http.server
import json
import os
import socket
import threading
import time

options = argparse.ArgumentParser()
options.add_argument("port_file")
options.add_argument("--slow", type=float, default=0)
options.add_argument("--silent", action="store_true")
options.add_argument("--refuse", default="")
options.add_argument("--lag", action="store_true")
options.add_argument("--log")
options = options.parse_args()
rrsets = {}
lock = threading.Lock()


class Zone(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=None):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        if options.silent:
            self.log_message()
            threading.Event().wait()
        zone = self.path.split("?")[0].rsplit("/", 1)[-1]
        with lock:
            # Somebody else's record stands in every zone, so that a server that forgot ours is not an empty one.
            foreign = {"name": "_about." + zone, "type": "TXT", "ttl": 300, "comments": [],
                       "records": [{"content": '"a fake"', "disabled": False}]}
            self.answer(200, {"name": zone, "kind": "Native", "rrsets": [foreign, *rrsets.values()]})

    def do_PATCH(self):
        changes = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rrsets"]
        time.sleep(options.slow)
        if any(change["type"] == options.refuse for change in changes):
            self.answer(422, {"error": f"no {options.refuse} here"})
            return
        with lock:
            for change in changes:
                key = (change["name"], change["type"])
                rrsets.pop(key, None)
                if change["changetype"] == "REPLACE" and change["records"]:
                    rrsets[key] = {"comments": []} | {k: v for k, v in change.items() if k != "changetype"}
        self.answer(204)

    def log_message(self, *_):
        if options.log:
            with open(options.log, "a") as log:
                log.write(f"{self.command} {self.path}\n")


def answer_nothing(port):
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.bind(("127.0.0.1", port))
    while True:
        query, client = door.recvfrom(4096)
        end = query.index(b"\0", 12) + 5  # the name, type and class of the one question
        # QR and AA, the asker's RD, NXDOMAIN; one question, nothing else.
        header = query[:2] + bytes([0x84 | (query[2] & 1), 3]) + b"\0\1" + b"\0" * 6
        door.sendto(header + query[12:end], client)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Zone)
if options.lag:
    threading.Thread(target=answer_nothing, args=(server.server_port,), daemon=True).start()
with open(options.port_file + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(options.port_file + ".new", options.port_file)
server.serve_forever()
