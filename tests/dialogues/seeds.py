#!/usr/bin/env python3
"""Writes the seeds of the harness server_session anew: `seeds.py FOLDER`, one file for each dialogue (its format stands in
daemon/smtp/server_session_fuzz.cpp)."""

import pathlib
import sys
import zlib

sys.dont_write_bytecode = True
from dialogue import load  # noqa: E402

SERVICES = {"smtp": 0, "submission": 2, "submissions": 3}
MOST = 16384  # octets: longer ones teach the fuzzer nothing


def seed(one):
    flags = 0
    for line in one.setup:
        key, value = line.split()[:2]
        flags |= {"service": SERVICES.get(value, 0), "normalise": 4, "proxy": 8, "tls": 16, "limit": 32}.get(key, 0)
    said = b"".join(b"\x01" if what == "T" else text + (b"\r\n" if what == "C:" else b"")
                    for what, text in one.steps if what in ("C:", "C-", "T"))
    # Most of what chance says with these is yes.
    return bytes([flags]) + zlib.crc32(one.name.encode()).to_bytes(4, "big") + said


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for one in load():
        octets = seed(one)
        if len(octets) <= MOST:
            (folder / one.name).write_bytes(octets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
