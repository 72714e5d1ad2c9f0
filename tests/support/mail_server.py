"""Small mail servers on loopback, for who looks at how they greet.

    mail_server.py PORT_FILE [--greeting TEXT | --silent | --full] [--port PORT] [--name NAME]

Greets with TEXT and waits for the end of the connection; says nothing; or leaves its queue full, so that the kernel drops
what comes, as a filter would. The process is called NAME. Writes its port to PORT_FILE once it listens.
"""

import argparse
import os
import socket
import threading

parser = argparse.ArgumentParser()
parser.add_argument("port_file")
parser.add_argument("--greeting", default="220 mx.example.net ESMTP")
parser.add_argument("--silent", action="store_true")
parser.add_argument("--full", action="store_true")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--name")
options = parser.parse_args()
if options.name:
    with open("/proc/self/comm", "w") as comm:
        comm.write(options.name)


def serve(peer):
    with peer:
        if not options.silent:
            peer.sendall(options.greeting.encode() + b"\r\n")
        while peer.recv(512):
            pass


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", options.port))
server.listen(0 if options.full else 16)
address = server.getsockname()
waiting = []
if options.full:
    for _ in range(4):
        waiting.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(address)
with open(options.port_file + ".new", "w") as ready:
    ready.write(str(address[1]))
os.rename(options.port_file + ".new", options.port_file)
while True:
    if options.full:
        threading.Event().wait()
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
