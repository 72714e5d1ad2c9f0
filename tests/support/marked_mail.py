#!/usr/bin/env python3
"""Mail that can be counted: each message carries a line `X-Token: TOKEN` that no other has.

    marked_mail.py send PORT MARKS [--connections N] [--messages N] [--rate N] [--sender ADDRESS]
                                 [--recipient ADDRESS] [--until-refused]
    marked_mail.py take PORT_FILE MARKS [--defer SHARE] [--refuse SHARE]
    marked_mail.py count MARKS

`send` brings messages to 127.0.0.1:PORT, over N connections that begin anew whenever one breaks, until it is told to stop by
SIGTERM, N messages were acknowledged, or, where that is wanted, one was refused. One message in forty is of 300 KiB, the others of up to 6 KiB. It appends `kept TOKEN`
to MARKS after the 250 of a message. `take` is the other end: a server that appends `gone TOKEN` before its own 250, and answers
451 to the first delivery of a SHARE of the tokens, 550 to all of another (their bounces carry the token, too). Its port is
written to PORT_FILE. Marks are lines; where the name of MARKS ends in `.trace`, they have the form of disk_trace.hpp, so that
they stand among the calls that disk_recorder.c writes down. `count` says what became of all: exits with 1 where an acknowledged
message never came, with 2 where none was acknowledged.
"""

import argparse
import asyncio
import collections
import os
import re
import signal
import struct
import zlib

LABEL = re.compile(rb"^X-Token: (\S+)\r?$", re.MULTILINE)
MARK = 10  # DiskCall::Kind::mark


class Marks:
    """Appends one mark with one write: several processes share the file."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.traced = path.endswith(".trace")

    def add(self, text):
        octets = text.encode()
        if self.traced:
            octets = struct.pack("<8Q", MARK, 0, 0, 0, 0, 0, 0, len(octets)) + octets
        else:
            octets += b"\n"
        if os.write(self.file, octets) != len(octets):
            raise OSError("a mark was cut short")


class Refused(Exception):
    pass


class Sender:
    def __init__(self, options):
        self.options = options
        self.marks = Marks(options.marks)
        self.number = 0
        self.acknowledged = 0
        self.stopping = asyncio.Event()
        self.run = f"{os.getpid():x}"

    def message(self):
        self.number += 1
        token = f"{self.run}-{self.number}"
        size = 300_000 if self.number % 40 == 0 else self.number * 997 % 6000
        body = (b"x" * 70 + b"\r\n") * (size // 72 + 1)
        text = f"Subject: {self.number}\r\nFrom: {self.options.sender}\r\nX-Token: {token}\r\n\r\n"
        return token, text.encode() + body

    async def ask(self, reader, writer, octets, wanted):
        if octets:
            writer.write(octets)
            await writer.drain()
        while True:
            line = await asyncio.wait_for(reader.readline(), 20)
            if not line:
                raise ConnectionError("closed")
            if line[3:4] != b"-":
                break
        if line[:3] != wanted:
            raise Refused(line.decode(errors="replace"))

    async def session(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.options.port)
        try:
            await self.ask(reader, writer, b"", b"220")
            await self.ask(reader, writer, b"EHLO load.example\r\n", b"250")
            while not self.stopping.is_set():
                token, text = self.message()
                await self.ask(reader, writer, f"MAIL FROM:<{self.options.sender}>\r\n".encode(), b"250")
                await self.ask(reader, writer, f"RCPT TO:<{self.options.recipient}>\r\n".encode(), b"250")
                await self.ask(reader, writer, b"DATA\r\n", b"354")
                await self.ask(reader, writer, text + b".\r\n", b"250")
                self.marks.add(f"kept {token}")
                self.acknowledged += 1
                if self.options.messages and self.acknowledged >= self.options.messages:
                    self.stopping.set()
                if self.options.rate:
                    await asyncio.sleep(self.options.connections / self.options.rate)
        finally:
            writer.close()

    async def connection(self):
        while not self.stopping.is_set():
            try:
                await self.session()
            except Refused as why:
                print("refused:", str(why).strip(), flush=True)
                if self.options.until_refused:
                    self.stopping.set()
                await asyncio.sleep(0.1)
            except (OSError, asyncio.TimeoutError):
                await asyncio.sleep(0.01)

    async def all(self):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stopping.set)
        await asyncio.gather(*(self.connection() for _ in range(self.options.connections)))
        print(f"{self.acknowledged} acknowledged", flush=True)


class Taker:
    def __init__(self, options):
        self.options = options
        self.marks = Marks(options.marks)
        self.deferred = set()

    def share(self, token):
        """From 0 to 1, the same for the same token at any time."""
        return zlib.crc32(token.encode()) / 2**32

    def judge(self, octets):
        found = LABEL.search(octets)
        token = found[1].decode() if found else "none"
        bounce = b"multipart/report" in octets
        if not bounce and self.share(token) < self.options.refuse:
            return b"550 5.1.1 nobody\r\n"
        if not bounce and 1 - self.share(token) < self.options.defer and token not in self.deferred:
            self.deferred.add(token)
            return b"451 4.2.0 not now\r\n"
        self.marks.add(f"gone {token}")
        return b"250 2.0.0 taken\r\n"

    async def serve(self, reader, writer):
        try:
            writer.write(b"220 sink.example ESMTP\r\n")
            while line := (await reader.readline()).upper():
                if line.startswith(b"EHLO"):
                    writer.write(b"250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
                elif line.startswith(b"DATA"):
                    writer.write(b"354 go on\r\n")
                    await writer.drain()
                    octets = await reader.readuntil(b"\r\n.\r\n")
                    writer.write(self.judge(octets))
                elif line.startswith(b"QUIT"):
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 ok\r\n")
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def all(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 24)
        with open(self.options.port_file + ".new", "w") as ready:
            ready.write(str(server.sockets[0].getsockname()[1]))
        os.rename(self.options.port_file + ".new", self.options.port_file)
        async with server:
            await server.serve_forever()


def count(options):
    kept, gone = set(), collections.Counter()
    with open(options.marks) as file:
        for line in file:
            verb, token = line.split()
            if verb == "kept":
                kept.add(token)
            else:
                gone[token] += 1
    lost = [token for token in kept if token not in gone]
    twice = sum(times - 1 for times in gone.values())
    print(f"{len(kept)} acknowledged, {len(lost)} lost, {twice} came again, {len(set(gone) - kept)} came that nobody was told of", *lost[:5])
    return 2 if not kept else 1 if lost else 0


parser = argparse.ArgumentParser()
commands = parser.add_subparsers(dest="command", required=True)
send = commands.add_parser("send")
send.add_argument("port", type=int)
send.add_argument("marks")
send.add_argument("--connections", type=int, default=8)
send.add_argument("--messages", type=int, default=0)
send.add_argument("--rate", type=int, default=0, help="messages a second, over all connections; 0: as fast as it goes")
send.add_argument("--until-refused", action="store_true")
send.add_argument("--sender", default="a@sender.example")
send.add_argument("--recipient", default="b@sink.example")
take = commands.add_parser("take")
take.add_argument("port_file")
take.add_argument("marks")
take.add_argument("--defer", type=float, default=0)
take.add_argument("--refuse", type=float, default=0)
commands.add_parser("count").add_argument("marks")
given = parser.parse_args()
if given.command == "count":
    raise SystemExit(count(given))
asyncio.run((Sender(given) if given.command == "send" else Taker(given)).all())
