#!/usr/bin/env python3
"""Clients that a mail server meets and did not ask for. Each prints what came of it.

    rude_client.py idle PORT COUNT [tls]     COUNT connections that say EHLO and no more, kept until SIGTERM; prints `N open`, of those that were
                                             greeted; ends early where nobody has time for more
    rude_client.py trickle PORT SECONDS N    N times EHLO, one octet in SECONDS; until the server ends it: how long, and its last line
    rude_client.py garbage PORT KIND OCTETS  OCTETS of a KIND, over as many connections as it takes; the last line of each end:
                                             line (one without an end), binary, headers (a message of nothing else), body
                                             (a message too large), deaf (commands, no answer is read)
"""

import collections
import os
import select
import signal
import socket
import ssl
import sys
import threading
import time

PIECE = 1 << 16


def connect(port):
    return socket.create_connection(("127.0.0.1", port), 30)


def idle(port, count, tls=None):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    wanted, kept = iter(range(int(count))), []

    def come():
        for _ in wanted:
            client = socket.socket()
            client.settimeout(60 if tls else 2)
            try:
                client.connect(("127.0.0.1", port))
                client = context.wrap_socket(client) if tls else client
                if client.recv(100).startswith(b"220"):
                    client.sendall(b"EHLO idle.example\r\n")
                    client.recv(1000)
                    kept.append(client)
            except OSError:  # the backlog holds it, nobody greets: enough of them
                crowded.append(client)
                break

    crowded = []
    comers = [threading.Thread(target=come) for _ in range(16 if tls else 4)]
    for comer in comers:
        comer.start()
    for comer in comers:
        comer.join()
    print(f"{len(kept)} open", flush=True)
    signal.sigwait({signal.SIGTERM})


def last_line(client):
    """All that is still said."""
    said = b""
    try:
        while octets := client.recv(PIECE):
            said = (said + octets)[-1000:]
    except OSError:
        pass
    lines = said.decode(errors="replace").splitlines()
    return lines[-1] if lines else "nothing"


def trickle(port, seconds, count):
    ends = []

    def one():
        begun, said = time.monotonic(), b""
        client = connect(port)
        try:
            while octets := client.recv(1000):
                said += octets
                for octet in b"EHLO " + b"a" * 1000:
                    if b"421" in said or select.select([client], [], [], float(seconds))[0]:
                        break
                    client.sendall(bytes([octet]))
        except OSError:
            pass
        ends.append((time.monotonic() - begun, said.decode().splitlines()[-1] if said else "nothing"))

    clients = [threading.Thread(target=one) for _ in range(int(count))]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    for spent, line in sorted(ends):
        print(f"{spent:.1f} s: {line}")


STARTS = {
    "headers": b"EHLO rude.example\r\nMAIL FROM:<a@rude.example>\r\nRCPT TO:<b@sink.example>\r\nDATA\r\n",
    "body": b"EHLO rude.example\r\nMAIL FROM:<a@rude.example>\r\nRCPT TO:<b@sink.example>\r\nDATA\r\n",
}


def piece(kind):
    if kind == "line":
        return b"NOOP " + b"x" * PIECE
    if kind == "binary":
        return os.urandom(PIECE)
    if kind == "headers":
        return b"X-Field: of a message that has nothing else\r\n" * (PIECE // 45)
    if kind == "body":
        return b"\r\n" + (b"y" * 998 + b"\r\n") * (PIECE // 1000)
    return b"NOOP\r\nVRFY somebody\r\n" * (PIECE // 21)


def garbage(port, kind, octets):
    left, ends, stuck = int(octets), collections.Counter(), 0
    while left > 0 and not stuck:
        client = connect(port)
        client.settimeout(30)
        try:
            client.sendall(STARTS.get(kind, b"EHLO rude.example\r\n"))
            if kind in STARTS:
                time.sleep(0.2)  # not before DATA was answered
            while left > 0:
                octets_now = piece(kind)
                client.sendall(octets_now)
                left -= len(octets_now)
            client.sendall(b"\r\n.\r\n")
            client.shutdown(socket.SHUT_WR)
        except TimeoutError:
            stuck = 1
        except OSError:
            left -= PIECE  # what the kernel took and the server did not read
        ends["it is not read any more" if stuck else last_line(client)] += 1
        client.close()
    print("; ".join(f"{line} ({times} times)" for line, times in ends.most_common(3)))


{"idle": idle, "trickle": trickle, "garbage": garbage}[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])
