#!/usr/bin/env python3
"""What big_queue_bench.sh does over SMTP.

  queue_mail.py fill PORT FROM TO       messages FROM to TO of 4 KiB, each to a domain of its own, over kept connections
  queue_mail.py beside PORT COMMAND...  prints the seconds that COMMAND takes, and the longest that a new connection waited for its
                                        greeting meanwhile and in the second before, in milliseconds
  queue_mail.py forget DIRECTORY        takes the files below it out of the system's cache
"""
import concurrent.futures
import os
import socket
import subprocess
import sys
import time

CONNECTIONS = 16
BODY = "".join("%-70s\r\n" % ("line %d of a message" % i) for i in range(53))


def greeting(port):
    """Seconds until a new connection is greeted; None where it is not."""
    begun = time.time()
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as peer:
            if not peer.recv(512).startswith(b"220"):
                return None
            peer.sendall(b"QUIT\r\n")
            return time.time() - begun
    except OSError:
        return None


def send(port, numbers):
    with socket.create_connection(("127.0.0.1", port)) as peer:
        replies = peer.makefile("rb")

        def expect(code):
            while True:
                line = replies.readline()
                if line[3:4] != b"-":
                    break
            if not line.startswith(code):
                raise RuntimeError("%r in place of %r" % (line, code))

        expect(b"220")
        peer.sendall(b"EHLO client.example\r\n")
        expect(b"250")
        for number in numbers:
            peer.sendall(
                ("MAIL FROM:<somebody.with.a.name@x.example>\r\nRCPT TO:<user%d@domain%d.example>\r\nDATA\r\n" % (number, number)).encode()
            )
            for code in (b"250", b"250", b"354"):
                expect(code)
            peer.sendall(("Subject: %d\r\nMessage-ID: <%d@x.example>\r\n\r\n%s.\r\n" % (number, number, BODY)).encode())
            expect(b"250")
        peer.sendall(b"QUIT\r\n")


def fill(port, first, last):
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        shares = [pool.submit(send, port, range(first + i, last, CONNECTIONS)) for i in range(CONNECTIONS)]
        for share in shares:
            share.result()


def longest_until(port, over):
    longest = 0.0
    while not over():
        longest = max(longest, greeting(port) or 10.0)
        time.sleep(0.001)
    return longest * 1000


def beside(port, command):
    calm_until = time.time() + 1
    calm = longest_until(port, lambda: time.time() > calm_until)
    begun = time.time()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        longest = longest_until(port, lambda: running.poll() is not None)
        if running.returncode != 0:
            sys.exit("%s: exit code %d" % (command, running.returncode))
    print("%.2f %.1f %.1f" % (time.time() - begun, longest, calm))


def forget(directory):
    os.sync()
    for folder, _, leaves in os.walk(directory):
        for leaf in leaves:
            file = os.open(os.path.join(folder, leaf), os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def main(words):
    if words[0] == "fill":
        fill(*map(int, words[1:4]))
    elif words[0] == "beside":
        beside(int(words[1]), words[2:])
    elif words[0] == "forget":
        forget(words[1])


if __name__ == "__main__":
    main(sys.argv[1:])
