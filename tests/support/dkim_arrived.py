#!/usr/bin/env python3
"""Verifies our signatures on all that smtp_sink.py kept, by dkimpy and by OpenDKIM (opendkim-testmsg, which asks the system's
name server).

    dkim_arrived.py ARRIVED DOMAIN KEYS...

KEYS are as in dkim_verify.py. Each message must have one good signature of DOMAIN by each of them. Each signature is looked at
in a message from which all others were taken, so that none stands in for another. What has no From cannot be signed
(RFC 6376 5.4). Prints how many were good, by whom. Exits 1 when one is bad or missing.
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import dkim

import dkim_verify


def signatures(message):
    """(tags, the message with this signature alone) for each."""
    head, end, body = message.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    ours = [field for field in fields if field.lower().startswith(b"dkim-signature:")]
    for one in ours:
        kept = [field for field in fields if field is one or field not in ours]
        yield dkim.util.parse_tag_value(one.split(b":", 1)[1]), b"\r\n".join(kept) + end + body


def by_dkimpy(message, records):
    try:
        return dkim.verify(message, dnsfunc=lambda name, timeout=5: records[name.decode().split("._domainkey.")[0]])
    except dkim.DKIMException as why:
        return why


def by_opendkim(message):
    done = subprocess.run(["opendkim-testmsg"], input=message, capture_output=True, check=False)
    return True if done.returncode == 0 else done.stderr.decode(errors="replace").strip() or False


def verify(path, options, records):
    """What is wrong, and how many were good, by algorithm and verifier."""
    with open(path, "rb") as file:
        message = file.read()
    wrong, good, seen = [], [], set()
    for tags, alone in signatures(message):
        if tags[b"d"].decode() != options.domain:
            continue
        algorithm = tags[b"a"].decode()
        seen.add(tags[b"s"].decode())
        verdicts = {"dkimpy": by_dkimpy(alone, records), "OpenDKIM": by_opendkim(alone)}
        for verifier, verdict in verdicts.items():
            if verdict is True:
                good.append(f"{algorithm} by {verifier}")
            else:
                wrong.append(f"{os.path.basename(path)}: {algorithm} by {verifier}: {verdict}")
    if re.search(rb"(?im)^from:", message.partition(b"\r\n\r\n")[0]):
        wrong += [f"{os.path.basename(path)}: no signature by {selector}" for selector in set(records) - seen]
    return wrong, good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("arrived")
    parser.add_argument("domain")
    parser.add_argument("keys", nargs="+")
    options = parser.parse_args()
    records = {word.split("=", 1)[0]: dkim_verify.record(word.split("=", 1)[1]) for word in options.keys}
    paths = sorted(os.path.join(options.arrived, name) for name in os.listdir(options.arrived) if name.endswith(".eml"))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda path: verify(path, options, records), paths))
    wrong = [line for lines, _ in results for line in lines]
    good = [line for _, lines in results for line in lines]
    print(*wrong[:10], sep="\n")
    print("good signatures: " + ", ".join(f"{good.count(what)} {what}" for what in sorted(set(good))))
    return 1 if wrong or not paths else 0


sys.exit(main())
