#!/usr/bin/env python3
"""Verifies every DKIM signature of a message by dkimpy, as a receiver would.

dkim_verify.py KEYS...: a message on standard input, KEYS are SELECTOR=FILE, the private keys whose public halves the
name servers would answer with; without any, the system's name server is asked (dig). Prints one line for each signature: `SELECTOR ALGORITHM good` or `… bad`. Line ends of
the message become CRLF, as chasquid sends it.
"""

import base64
import re
import subprocess
import sys

import dkim


def record(file):
    """The TXT record of the key in `file`, in the form in which mailstack publishes it."""
    der = subprocess.run(["openssl", "pkey", "-in", file, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    ed25519 = len(der) == 44  # RFC 8410: 12 octets, then the key
    public = base64.b64encode(der[12:] if ed25519 else der).decode()
    return f"v=DKIM1; k={'ed25519' if ed25519 else 'rsa'}; p={public}".encode()


def main():
    records = {}
    for word in sys.argv[1:]:
        selector, file = word.split("=", 1)
        records[selector] = record(file)
    message = re.sub(rb"(?<!\r)\n", b"\r\n", sys.stdin.buffer.read())

    def answer(name, timeout=5):
        if not records:
            shown = subprocess.run(["dig", "+short", name.decode(), "TXT"], check=True, capture_output=True, text=True).stdout
            return "".join(re.findall(r'"((?:[^"\\\\]|\\\\.)*)"', shown)).encode() or None
        return records[name.decode().split("._domainkey.")[0]]

    verifier = dkim.DKIM(message, minkey=1024)
    fields = [value for name, value in verifier.headers if name.lower() == b"dkim-signature"]
    for index, field in enumerate(fields):
        tags = dkim.util.parse_tag_value(field)
        try:
            good = verifier.verify(idx=index, dnsfunc=answer)
        except dkim.DKIMException as why:
            print(why, file=sys.stderr)
            good = False
        print(tags[b"s"].decode(), tags[b"a"].decode(), "good" if good else "bad")


if __name__ == "__main__":
    main()
