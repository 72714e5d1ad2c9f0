#!/usr/bin/env python3
"""Plays the dialogues over TCP, those in which policy says nothing special.

  over_tcp.py HOST:PORT [--service smtp|submission|submissions] [NAME...]
      against a server that runs: those that need no other set-up than the service
  over_tcp.py --server PROGRAM [NAME...]
      starts `PROGRAM --config DIR` once for each set-up and plays its dialogues

Prints what failed and how many were played. Exit code 1 where one failed, or none was played.
"""

import argparse
import collections
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from dialogue import ANSWERS, load  # noqa: E402

PATIENCE = 10  # seconds for one reply
NOT_OVER_TCP = ANSWERS | {"timeout", "stop"}
# What a dialogue's set-up is in mailstackd.yaml; the service is a listener, and limits are called as they are.
IN_YAML = {"normalise yes": "line_ends: normalise", "proxy yes": "proxies: [127.0.0.1/32]"}

# Lower ones are refused in mailstackd.yaml: good for dialogues, and for nobody's mail.
LOWEST = {"message": 1024, "header": 1024, "auth_line": 12288}


class Different(Exception):
    pass


def playable(one):
    words = [line.split() for line in one.setup]
    low = any(key == "limit" and int(rest[1]) < LOWEST.get(rest[0], 0) for key, *rest in words)
    keys = {key for key, *_ in words}
    return not low and not keys & {"early", "auth-on-smtp", "tcp"} and not any(what in NOT_OVER_TCP for what, _ in one.steps)


def service_of(setup):
    return next((line.split()[1] for line in setup if line.startswith("service ")), "smtp")


class Connection:
    def __init__(self, address, service):
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.buffer = b""
        if service == "submissions":
            self.handshake()

    def handshake(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname="mx.example")
        self.buffer = b""

    def line(self):
        while b"\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise Different("the connection was closed")
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def ended(self):
        try:
            return not self.buffer and not self.socket.recv(1)
        except (ConnectionResetError, ssl.SSLError):
            return True


def expect(connection, wanted):
    line = connection.line()
    start = wanted[:-1] if wanted.endswith(b"*") else None
    if start is not None:
        while line[3:4] == b"-" and line[:3] == start[:3]:
            line = connection.line()
    if not (line == wanted if start is None else line.startswith(start)):
        raise Different(f"wanted {wanted.decode()!r}, the server said {line.decode('latin-1')!r}")


def play(one, address):
    connection = Connection(address, service_of(one.setup))
    said = b""
    for what, text in one.steps:
        if what in ("C:", "C-"):
            said += text + (b"\r\n" if what == "C:" else b"")
            continue
        if said:
            try:
                connection.socket.sendall(said)
            except OSError:
                pass  # closed already: what it said before is what counts
            said = b""
        if what == "S:":
            expect(connection, text)
        elif what == "T":
            connection.handshake()
        elif what == "X" and not connection.ended():
            raise Different("the connection was not closed")
    connection.socket.close()


def play_all(dialogues, address):
    failed = 0
    for one in dialogues:
        try:
            play(one, address)
        except (Different, OSError) as error:
            print(f"{one.name}: {error}")
            failed += 1
    return failed


# ---- a server of our own for each set-up ----


def write_tree(folder, setup, port):
    """A conf tree for `setup`: every address of d.example is taken, u@d.example logs in with `secret`."""
    for domain in ("d.example", "xn--bcher-kva.example"):
        (folder / "domains" / domain).mkdir(parents=True)
        (folder / "domains" / domain / "aliases").write_text("*: u@d.example\n" if domain != "d.example" else "*: sink@else.example\n")
    (folder / "domains/d.example/users").write_text('users: { key: "u" value: { plain: { password: "secret" } } }\n')
    lines = [f"listen: [{{address: '127.0.0.1:{port}', service: {service_of(setup)}}}]", f"spool: {folder}/queue",
             f"state: {folder}", f"control_socket: {folder}/control", "delivery: {port: 9}",
             "dns: {servers: ['127.0.0.1:9'], timeout: 100ms, attempts: 1}"]
    limits = {"per_address": 1000, "per_address_rate": 100000, "per_address_errors": 100000}
    for line in setup:
        words = line.split()
        if words[0] == "limit":
            limits[words[1]] = words[2]
        elif line in IN_YAML:
            lines.append(IN_YAML[line])
    if "message" in limits:
        limits.setdefault("header", limits["message"])  # which must not be more
    lines.append("limits: {" + ", ".join(f"{name}: {value}" for name, value in limits.items()) + "}")
    (folder / "mailstackd.yaml").write_text("\n".join(lines) + "\n")
    (folder / "chasquid.conf").write_text('hostname: "mx.example"\nmail_log_path: "<stderr>"\n')
    if "tls no" not in setup:
        certificate = folder / "certs/mx.example"
        certificate.mkdir(parents=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=mx.example", "-addext", "subjectAltName=DNS:mx.example", "-keyout", certificate / "privkey.pem",
                        "-out", certificate / "fullchain.pem"], check=True, capture_output=True)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listening(address, server):
    for _ in range(100):
        if server.poll() is not None:
            return False
        try:
            socket.create_connection(address, timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def with_server(program, setup, dialogues):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dialogues-"))
    address = ("127.0.0.1", free_port())
    write_tree(folder, setup, address[1])
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen([program, "--config", str(folder)], stdout=log, stderr=log)
        try:
            if not listening(address, server):
                print(f"the server did not start for {list(setup)}:\n{(folder / 'log').read_text()[-2000:]}")
                return len(dialogues)
            return play_all(dialogues, address)
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--server")
    parser.add_argument("--service", default="smtp", choices=["smtp", "submission", "submissions"])
    arguments = parser.parse_args()
    names = arguments.words if arguments.server else arguments.words[1:]
    if not arguments.server and not arguments.words:
        parser.error("HOST:PORT or --server")
    dialogues = [one for one in load() if playable(one) and (not names or one.name in names)]
    if arguments.server:
        groups = collections.defaultdict(list)
        for one in dialogues:
            groups[tuple(sorted(one.setup))].append(one)
        failed = sum(with_server(arguments.server, setup, group) for setup, group in sorted(groups.items()))
    else:
        host, _, port = arguments.words[0].rpartition(":")
        dialogues = [one for one in dialogues
                     if service_of(one.setup) == arguments.service and len(one.setup) == (arguments.service != "smtp")]
        failed = play_all(dialogues, (host.strip("[]"), int(port)))
    print(f"{len(dialogues)} dialogues over TCP, {failed} failed")
    return 1 if failed or not dialogues else 0


if __name__ == "__main__":
    sys.exit(main())
