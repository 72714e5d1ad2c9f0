#!/usr/bin/env python3
"""Brings the messages of mail_corpus.py to a server, and compares what arrived with what was sent.

    peer_mail.py list CORPUS [--without TRAIT]...              `FILE FROM TO` for each, between tabs
    peer_mail.py run CORPUS [--without TRAIT]... -- WORD...    runs the command for each, eight at once, with the message as its
                                                               input; {number}, {from} and {to} are replaced. Exits 1 when one fails
    peer_mail.py send CORPUS ADDRESS:PORT [--user NAME]        each as it is, octet by octet; with a user under TLS, with the
                      [--without TRAIT]...                     password `secret`. Exits 1 when one is refused
    peer_mail.py compare CORPUS ARRIVED [--without TRAIT]...   ARRIVED is what smtp_sink.py kept; waits for the last one
                      [--adds FIELD]... [--changed NAME=TRAIT,...]... [--seconds N]

What arrives must be what was sent, with nothing but header fields of the names in --adds on top, and Date and Message-ID
below its own fields where they were missing. NAMEs of changes that a known program makes, each for messages with one of the
TRAITs (`*`: for all), stand in `CHANGES` below.
"""

import argparse
import json
import os
import re
import smtplib
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

SHOWN = 10  # of what is wrong


def without_bcc(octets):
    return re.sub(rb"(?m)^Bcc:.*\r\n(?:[ \t].*\r\n)*", b"", octets)


def folded(octets):
    """As Postfix does it: a line of 998 octets, then others of which the first is a blank."""
    pieces = lambda line: [line[:998]] + [b" " + line[at : at + 997] for at in range(998, len(line), 997)]
    return b"\r\n".join(piece for line in octets.split(b"\r\n") for piece in pieces(line))


# What stands between sent and arrived, by name. `ended` holds for all: SMTP ends each line.
CHANGES = {
    "ended": lambda octets: octets if octets.endswith(b"\r\n") else octets + b"\r\n",
    "empty line": lambda octets: octets if b"\r\n\r\n" in octets or octets.startswith(b"\r\n") else octets + b"\r\n",
    "bcc": without_bcc,
    "folded": folded,
    "backslash n": lambda octets: octets.replace(rb"\n", b"\r\n"),
}


def read_index(corpus, without):
    with open(os.path.join(corpus, "index.json")) as file:
        return [entry for entry in json.load(file) if not set(entry["traits"]) & set(without)]


def octets_of(corpus, entry):
    with open(os.path.join(corpus, f"{entry['number']:03}.eml"), "rb") as file:
        return file.read()


def connect(options):
    host, port = options.place.rsplit(":", 1)
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
    server, refused = connect(options), []
    for entry in read_index(options.corpus, options.without):
        reply = send_one(server, entry, octets_of(options.corpus, entry))
        if reply:
            refused.append(f"refused: {entry['number']:03} {entry['name']}: {reply[0]} {reply[1].decode(errors='replace')}")
    server.quit()
    print(*refused[:SHOWN], sep="\n")
    return len(refused)


def run_one(options, entry):
    """What the command says when it fails, or None."""
    file = os.path.join(options.corpus, f"{entry['number']:03}.eml")
    words = [word.format(number=f"{entry['number']:03}", **{"from": entry["from"], "to": entry["to"]}) for word in options.words]
    with open(file, "rb") as message:
        done = subprocess.run(words, stdin=message, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return f"{entry['number']:03} {entry['name']}: {done.stdout[-300:].decode(errors='replace')}" if done.returncode else None


def run(options):
    with ThreadPoolExecutor(8) as pool:
        failed = [said for said in pool.map(lambda entry: run_one(options, entry), read_index(options.corpus, options.without)) if said]
    print(*failed[:SHOWN], sep="\n")
    return len(failed)


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
    """Until so many are there, or none comes any more for so long."""
    last, until = 0, time.monotonic() + seconds
    while last < count and time.monotonic() < until:
        time.sleep(0.1)
        now = sum(name.endswith(".envelope") for name in os.listdir(directory))
        if now != last:
            last, until = now, time.monotonic() + seconds


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


def parted(sent, arrived):
    """Where they part, seen from the end."""
    at = next((i for i, (a, b) in enumerate(zip(reversed(sent), reversed(arrived))) if a != b), min(len(sent), len(arrived)))
    shown = lambda octets: octets[max(0, len(octets) - at - 60) : len(octets) - at + 20]
    return f"{len(sent)} octets went, {len(arrived)} came; they part {at} before the end: sent {shown(sent)!r}, came {shown(arrived)!r}"


def difference(options, entry, sent, arrived):
    """What is wrong with what arrived, or None."""
    fields, empty_line, body = sent.partition(b"\r\n" if sent.startswith(b"\r\n") else b"\r\n\r\n")
    fields, rest = (b"", sent) if sent.startswith(b"\r\n") else (fields + b"\r\n", empty_line[2:] + body)
    if not arrived.endswith(rest):
        return parted(sent, arrived)
    head = arrived[: len(arrived) - len(rest)]
    if {"incomplete", "plain"} & set(entry["traits"]):
        while (not fields or not head.endswith(fields)) and (last := re.search(rb"(?:Date|Message-ID): .*\r\n\Z", head)):
            head = head[: last.start()]
    if not head.endswith(fields):
        return parted(sent, arrived)
    wrong = foreign_fields(head[: len(head) - len(fields)], options.adds)
    return f"has {wrong} on top" if wrong else None


def compare(options):
    index = read_index(options.corpus, options.without)
    wait_for(options.place, len(index), options.seconds)
    found, wrong = arrivals(options.place), []
    for entry in index:
        came = found.pop(entry["number"], [])
        why = f"came {len(came)} times" if len(came) != 1 else None
        if not why:
            with open(came[0][0], "rb") as file:
                why = difference(options, entry, expected(options, entry, octets_of(options.corpus, entry)), file.read())
        if why:
            wrong.append(f"{entry['number']:03} {entry['name']}: {why}")
    wrong += [f"{number:03} came, and was not sent" for number in found]
    print(*wrong[:SHOWN], sep="\n")
    total = len(read_index(options.corpus, []))
    print(f"{len(index) - len(wrong)} of {total} messages arrived octet by octet; not brought: {total - len(index)}"
          + (f" ({', '.join(options.without)})" if options.without else ""))
    return len(wrong)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["list", "run", "send", "compare"])
    parser.add_argument("corpus")
    parser.add_argument("place", nargs="?")
    parser.add_argument("--user")
    parser.add_argument("--seconds", type=float, default=20)
    for word in ("without", "adds", "changed"):
        parser.add_argument("--" + word, action="append", default=[])
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options = parser.parse_args(sys.argv[1:end])
    options.words = sys.argv[end + 1 :]
    if options.command == "list":
        for entry in read_index(options.corpus, options.without):
            print(f"{options.corpus}/{entry['number']:03}.eml", entry["from"], entry["to"], sep="\t")
        return 0
    return 1 if {"run": run, "send": send, "compare": compare}[options.command](options) else 0


sys.exit(main())
