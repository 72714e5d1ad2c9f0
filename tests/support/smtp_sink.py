#!/usr/bin/env python3
"""A server that takes every mail and keeps it: smtp_sink.py ADDRESS PORT DIRECTORY.

Each message becomes DIRECTORY/N.eml (octets as they came, dots unstuffed) and DIRECTORY/N.envelope (JSON: helo, from, to,
peer), the envelope last. It runs until it is killed.
"""

import json
import os
import socketserver
import sys
import threading

count = 0
lock = threading.Lock()


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 sink.invalid ESMTP")
        helo, sender, recipients = "", "", []
        while line := self.rfile.readline().decode(errors="replace").rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                helo = line[5:]
                self.say("250-sink.invalid\r\n250 8BITMIME" if verb == "EHLO" else "250 sink.invalid")
            elif line.upper().startswith("MAIL FROM:"):
                sender, recipients = line[10:].split(">")[0].strip(" <"), []
                self.say("250 ok")
            elif line.upper().startswith("RCPT TO:"):
                recipients.append(line[8:].split(">")[0].strip(" <"))
                self.say("250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                self.keep(helo, sender, recipients, self.read_message())
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok" if verb in ("RSET", "NOOP") else "502 no")

    def read_message(self):
        octets = b""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            octets += line[1:] if line.startswith(b".") else line
        return octets

    def keep(self, helo, sender, recipients, octets):
        global count
        with lock:
            count += 1
            name = os.path.join(sys.argv[3], str(count))
        with open(name + ".eml", "wb") as file:
            file.write(octets)
        envelope = {"helo": helo, "from": sender, "to": recipients, "peer": self.client_address[0]}
        with open(name + ".part", "w") as file:
            json.dump(envelope, file)
        os.rename(name + ".part", name + ".envelope")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


os.makedirs(sys.argv[3], exist_ok=True)
Server((sys.argv[1], int(sys.argv[2])), Session).serve_forever()
