"""A name server that lags: forwards questions over UDP to a real one, and answers NXDOMAIN for challenges until SECONDS
have passed since the first of them.

    held_back_dns.py PORT_FILE UPSTREAM_PORT SECONDS

Writes its own port to PORT_FILE.
"""

import os
import socket
import sys
import threading
import time

path, upstream, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
with open(path + ".new", "w") as file:
    file.write(str(server.getsockname()[1]))
os.rename(path + ".new", path)
first = None


def answer(question, peer):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.settimeout(5)
        other.sendto(question, ("127.0.0.1", upstream))
        try:
            server.sendto(other.recv(65535), peer)
        except TimeoutError:
            pass


while True:
    question, peer = server.recvfrom(65535)
    if b"\x0f_acme-challenge" in question.lower():
        first = first or time.monotonic()
        if time.monotonic() < first + seconds:
            # The question alone, as a response: QR, AA, RCODE 3; without the additional section.
            end = question.index(b"\0", 12) + 5
            server.sendto(question[:2] + b"\x84\x03\0\1\0\0\0\0\0\0" + question[12:end], peer)
            continue
    threading.Thread(target=answer, args=(question, peer), daemon=True).start()
