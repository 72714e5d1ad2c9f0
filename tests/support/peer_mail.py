#!/usr/bin/env python3
"""Brings the messages of mail_corpus.py to a server, and compares what arrived with what was sent.

    peer_mail.py list CORPUS [--without TRAIT]...              `FILE FROM TO` for each, between tabs
    peer_mail.py send CORPUS ADDRESS:PORT [--user NAME]        each as it is, octet by octet; with a user under TLS, with the
                      [--without TRAIT]...                     password `secret`. Exits 1 when one is refused
    peer_mail.py compare CORPUS ARRIVED [--without TRAIT]...   ARRIVED is what smtp_sink.py kept; waits for the last one
                      [--adds FIELD]... [--changed NAME=TRAIT,...]... [--seconds N]

What arrives must end in what was sent; before it may stand header fields of the names in --adds. NAMEs of changes that a
known program makes, each for messages with one of the TRAITs (`*`: for all), stand in `CHANGES` below.
"""

import argparse
import json
import os
import re
import smtplib
import ssl
import sys
import time


def without_bcc(octets):
    return re.sub(rb"(?m)^Bcc:.*\r\n(?:[ \t].*\r\n)*", b"", octets)


# What stands between sent and arrived, by name. `unended` holds for all: SMTP ends each line.
CHANGES = {
    "ended": lambda octets: octets if octets.endswith(b"\r\n") else octets + b"\r\n",
    "empty line": lambda octets: octets if b"\r\n\r\n" in octets or octets.startswith(b"\r\n") else octets + b"\r\n",
    "bcc": without_bcc,
}


def read_index(corpus, without):
    with open(os.path.join(corpus, "index.json")) as file:
        return [entry for entry in json.load(file) if not set(entry["traits"]) & set(without)]


def octets_of(corpus, entry):
    with open(os.path.join(corpus, f"{entry['number']:03}.eml"), "rb") as file:
        return file.read()


def connect(options):
    host, port = options.server.rsplit(":", 1)
    server = smtplib.SMTP(host, int(port), local_hostname="injector.example", timeout=120)
    if options.user:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        server.starttls(context=context)
        server.login(options.user, "secret")
    server.ehlo()
    return server


def send_one(server, entry, octets):
    """The first reply that refuses the message, or None."""
    parameters = [f"SIZE={len(octets)}", "BODY=8BITMIME"]
    if {"utf8", "address", "domain"} & set(entry["traits"]):
        parameters.append("SMTPUTF8")
    server.command_encoding = "utf-8"
    for command in (f"MAIL FROM:<{entry['from']}> " + " ".join(parameters), f"RCPT TO:<{entry['to']}>"):
        reply = server.docmd(command)
        if reply[0] // 100 != 2:
            server.rset()
            return reply
    try:
        reply = server.data(octets)
    except smtplib.SMTPDataError as error:
        reply = (error.smtp_code, error.smtp_error)
    return None if reply[0] // 100 == 2 else reply


def send(options):
    server, refused = connect(options), 0
    for entry in read_index(options.corpus, options.without):
        reply = send_one(server, entry, octets_of(options.corpus, entry))
        if reply:
            refused += 1
            print(f"refused: {entry['number']:03} {entry['name']}: {reply[0]} {reply[1].decode(errors='replace')}")
    server.quit()
    return refused


def arrivals(directory):
    """What came, by the number in the recipient's name."""
    found = {}
    for name in os.listdir(directory):
        if name.endswith(".envelope"):
            with open(os.path.join(directory, name)) as file:
                envelope = json.load(file)
            number = re.match(r"m(\d{3})", envelope["to"][0])
            if number:
                found.setdefault(int(number[1]), []).append((os.path.join(directory, name[:-9] + ".eml"), envelope))
    return found


def wait_for(directory, count, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until and sum(name.endswith(".envelope") for name in os.listdir(directory)) < count:
        time.sleep(0.1)


def expected(options, entry, octets):
    octets = CHANGES["ended"](octets)
    for change in options.changed:
        name, traits = change.split("=")
        if traits == "*" or set(traits.split(",")) & set(entry["traits"]):
            octets = CHANGES[name](octets)
    return octets


def foreign_fields(added, allowed):
    """The names of header fields in `added` that nobody announced; what is no field, too."""
    fields = re.split(rb"\r\n(?![ \t])", added)
    names = [field.split(b":")[0].decode(errors="replace") if b":" in field else repr(field[:60]) for field in fields if field]
    return [name for name in names if name.lower() not in {word.lower() for word in allowed}]


def difference(options, entry, sent, arrived):
    """What is wrong with what arrived, or None."""
    if arrived.endswith(sent):
        wrong = foreign_fields(arrived[: len(arrived) - len(sent)], options.adds)
        return f"has {wrong} on top" if wrong else None
    at = next((i for i, (a, b) in enumerate(zip(reversed(sent), reversed(arrived))) if a != b), min(len(sent), len(arrived)))
    return (f"{len(sent)} octets went, {len(arrived)} came; they part {at} octets before the end: sent "
            f"{sent[max(0, len(sent) - at - 60) : len(sent) - at + 20]!r}, came {arrived[max(0, len(arrived) - at - 60) : len(arrived) - at + 20]!r}")


def compare(options):
    index = read_index(options.corpus, options.without)
    wait_for(options.arrived, len(index), options.seconds)
    found, wrong = arrivals(options.arrived), 0
    for entry in index:
        came = found.pop(entry["number"], [])
        why = f"came {len(came)} times" if len(came) != 1 else None
        if not why:
            with open(came[0][0], "rb") as file:
                why = difference(options, entry, expected(options, entry, octets_of(options.corpus, entry)), file.read())
        if why:
            wrong += 1
            print(f"WRONG: {entry['number']:03} {entry['name']}: {why}")
    wrong += len(found)
    for number in found:
        print(f"WRONG: {number:03} came, and was not sent")
    total = len(read_index(options.corpus, []))
    print(f"{len(index) - wrong} of {total} messages arrived octet by octet; not brought: {total - len(index)}"
          + (f" ({', '.join(options.without)})" if options.without else ""))
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["list", "send", "compare"])
    parser.add_argument("corpus")
    parser.add_argument("place", nargs="?")
    parser.add_argument("--user")
    parser.add_argument("--seconds", type=float, default=30)
    for word in ("without", "adds", "changed"):
        parser.add_argument("--" + word, action="append", default=[])
    options = parser.parse_args()
    options.server = options.arrived = options.place
    if options.command == "list":
        for entry in read_index(options.corpus, options.without):
            print(f"{options.corpus}/{entry['number']:03}.eml", entry["from"], entry["to"], sep="\t")
        return 0
    return 1 if {"send": send, "compare": compare}[options.command](options) else 0


sys.exit(main())
