#!/usr/bin/env python3
"""A mail server that does no more than show its certificate: tls_server.py PORT CHAIN KEY HABIT.

HABIT: tls (from the first octet), starttls, refuse (454 to STARTTLS), silent (no greeting), chatter (greets without end),
http (speaks something else), plain (no TLS after STARTTLS),
gone (resets the connection right after the handshake).
"""

import socket
import ssl
import struct
import sys
import time

port, chain, key, habit = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(chain, key)


def serve(client):
    if habit == "tls":
        context.wrap_socket(client, server_side=True).recv(100)
        return
    if habit == "gone":  # after the handshake, without a word
        done = context.wrap_socket(client, server_side=True)
        done.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        done.close()
        return
    if habit == "silent":
        time.sleep(60)
    if habit == "http":
        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        return
    if habit == "chatter":
        while True:
            client.sendall(b"220-" + b"x" * 400 + b"\r\n")
    client.sendall(b"220-two lines\r\n220 of greeting\r\n")
    client.recv(1000)
    client.sendall(b"250-here\r\n250 STARTTLS\r\n")
    client.recv(1000)
    if habit == "refuse":
        client.sendall(b"454 4.7.0 no\r\n")
        return
    client.sendall(b"220 go on\r\n")
    if habit == "plain":
        client.sendall(b"no TLS here\r\n")
        client.recv(1000)
        return
    context.wrap_socket(client, server_side=True).recv(100)


listener = socket.create_server(("127.0.0.1", port))
while True:
    one, _ = listener.accept()
    try:
        serve(one)
    except OSError:
        pass
    one.close()
