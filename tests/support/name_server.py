"""A small name server over UDP on loopback: answers from a file with lines `NAME TYPE VALUE`, and NXDOMAIN for a name
without any.

    name_server.py PORT_FILE RECORDS_FILE [PORT]

TYPE is A, AAAA, MX (`10 name`), PTR, CNAME or TXT (all of the line, cut into strings by us). Writes its port to PORT_FILE once it listens.
"""

import os
import socket
import struct
import sys

TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}


def wire_name(text):
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def wire_value(kind, text):
    if kind == "A":
        return socket.inet_aton(text)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, text)
    if kind == "TXT":
        octets = text.encode()
        parts = [octets[at : at + 255] for at in range(0, len(octets), 255)]
        return b"".join(bytes([len(part)]) + part for part in parts)
    if kind == "MX":
        preference, name = text.split()
        return struct.pack("!H", int(preference)) + wire_name(name)
    return wire_name(text)


def records(path):
    with open(path) as file:
        for line in file:
            if line.strip():
                name, kind, value = line.strip().split(None, 2)
                yield wire_name(name.lower()), TYPES[kind], wire_value(kind, value)


def answer(packet, known):
    end = packet.index(b"\0", 12) + 1
    name, (kind,) = packet[12:end].lower(), struct.unpack("!H", packet[end : end + 2])
    values = [value for owner, of, value in known if owner == name and of == kind]
    code = 0 if any(owner == name for owner, _, _ in known) else 3
    head = packet[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(values), 0, 0)
    body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(value)) + value for value in values)
    return head + packet[12 : end + 4] + body


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[3]) if len(sys.argv) > 3 else 0))
with open(sys.argv[1] + ".new", "w") as ready:
    ready.write(str(server.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    question, peer = server.recvfrom(65535)
    try:
        server.sendto(answer(question, list(records(sys.argv[2]))), peer)
    except (ValueError, struct.error):
        pass  # no question: somebody's stray packet
