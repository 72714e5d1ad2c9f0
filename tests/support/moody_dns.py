"""A name server that is wrong about challenges for as long as a file says so: forwards questions over UDP to a real one.

    moody_dns.py PORT_FILE UPSTREAM_PORT MOOD_FILE

MOOD_FILE holds `absent` (NXDOMAIN for every challenge) or `wrong` (another TXT than was published); where it is not there,
all is forwarded. Writes its own port to PORT_FILE.
"""

import os
import socket
import sys
import threading

path, upstream, mood_file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
with open(path + ".new", "w") as file:
    file.write(str(server.getsockname()[1]))
os.rename(path + ".new", path)


def mood():
    try:
        with open(mood_file) as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def forward(question, peer):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.settimeout(5)
        other.sendto(question, ("127.0.0.1", upstream))
        try:
            server.sendto(other.recv(65535), peer)
        except TimeoutError:
            pass


while True:
    question, peer = server.recvfrom(65535)
    end = question.find(b"\0", 12) + 5
    if end < 18:
        continue  # no question: somebody else on this machine tries ports
    now = mood() if b"\x0f_acme-challenge" in question.lower() else ""
    if now == "absent":
        # The question alone, as a response: QR, AA, RCODE 3; without the additional section.
        server.sendto(question[:2] + b"\x84\x03\0\1\0\0\0\0\0\0" + question[12:end], peer)
    elif now == "wrong" and question[end - 4 : end - 2] == b"\0\x10":
        # One TXT record of one string, for the name of the question, for a minute.
        record = b"\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\x06\x05wrong"
        server.sendto(question[:2] + b"\x84\0\0\1\0\1\0\0\0\0" + question[12:end] + record, peer)
    else:
        threading.Thread(target=forward, args=(question, peer), daemon=True).start()
