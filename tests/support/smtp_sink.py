#!/usr/bin/env python3
"""A server that takes every mail and keeps it: smtp_sink.py ADDRESS PORT DIRECTORY [PEM].

Each message becomes DIRECTORY/N.eml (octets as they came, dots unstuffed) and DIRECTORY/N.envelope (JSON: helo, from, to,
peer, tls), the envelope last. With PEM, a file with certificate and key, it offers STARTTLS; with `broken` in its place it
offers it and cannot do it. It runs until it is killed.
"""

import json
import os
import socketserver
import ssl
import sys
import threading

count = 0
lock = threading.Lock()


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 sink.invalid ESMTP")
        helo, sender, recipients, self.tls = "", "", [], False
        while line := self.rfile.readline().decode(errors="replace").rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                helo = line[5:]
                if len(sys.argv) > 4 and not self.tls and verb == "EHLO":
                    self.say("250-sink.invalid\r\n250-STARTTLS\r\n250-SMTPUTF8\r\n250 8BITMIME")
                else:
                    self.say("250-sink.invalid\r\n250-SMTPUTF8\r\n250 8BITMIME" if verb == "EHLO" else "250 sink.invalid")
            elif verb == "STARTTLS" and len(sys.argv) > 4:
                self.say("220 go on")
                if not self.start_tls():
                    return
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

    def start_tls(self):
        if sys.argv[4] == "broken":
            self.wfile.write(b"this is no TLS\r\n")
            return False
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[4])
        self.request = context.wrap_socket(self.request, server_side=True)
        self.setup()
        self.tls = True
        return True

    def read_message(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def keep(self, helo, sender, recipients, octets):
        global count
        with lock:
            count += 1
            name = os.path.join(sys.argv[3], str(count))
        with open(name + ".eml", "wb") as file:
            file.write(octets)
        envelope = {"helo": helo, "from": sender, "to": recipients, "peer": self.client_address[0],
                    "tls": self.tls}
        with open(name + ".part", "w") as file:
            json.dump(envelope, file)
        os.rename(name + ".part", name + ".envelope")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


os.makedirs(sys.argv[3], exist_ok=True)
Server((sys.argv[1], int(sys.argv[2])), Session).serve_forever()
