#!/usr/bin/env python3
"""The golden notices (core/mail/dsn/golden/) say to Python's parser of mail what they are meant to say.

Called with the source directory.
"""

import email
import email.policy
import pathlib
import sys

# name: type of the status part, type of the third part (or None), actions, codes
EXPECTED = {
    "failed": ("message/delivery-status", "message/rfc822", ["failed", "failed"], ["5.1.1", "5.2.2"]),
    "expired": ("message/delivery-status", "message/rfc822", ["failed"], ["4.4.7"]),
    "delayed": ("message/delivery-status", "text/rfc822-headers", ["delayed"], ["4.2.0"]),
    "removed": ("message/delivery-status", None, ["failed"], ["5.0.0"]),
    "utf8": ("message/global-delivery-status", "message/global", ["failed"], ["5.1.1"]),
    "ours": ("message/delivery-status", "message/rfc822", ["failed"], ["5.1.1"]),
}


def groups_of(part):
    """The groups of fields of a status part; the parser does not know the global kind."""
    if part.get_content_type() == "message/delivery-status":
        return part.get_payload()
    text = part.get_payload(decode=True) or str(part.get_payload(0)).encode("utf-8", "surrogateescape")
    blocks = text.decode("utf-8").replace("\r\n", "\n").strip("\n").split("\n\n")
    return [email.message_from_string(block, policy=email.policy.SMTPUTF8) for block in blocks]


def problems_of(octets, expected):
    status_type, third_type, actions, codes = expected
    message = email.message_from_bytes(octets, policy=email.policy.SMTPUTF8)
    defects = [repr(defect) for part in message.walk() for defect in part.defects]
    if defects:
        yield f"defects: {defects}"
    if message.get_content_type() != "multipart/report" or message.get_param("report-type") != "delivery-status":
        yield f"is {message['content-type']}"
        return
    parts = message.get_payload()
    types = [part.get_content_type() for part in parts]
    if types != ["text/plain", status_type] + ([third_type] if third_type else []):
        yield f"parts {types}"
        return
    groups = groups_of(parts[1])
    if not str(groups[0]["Reporting-MTA"]).startswith("dns;"):
        yield "no Reporting-MTA"
    if [str(group["Action"]) for group in groups[1:]] != actions:
        yield f"actions {[group['Action'] for group in groups[1:]]}"
    if [str(group["Status"]) for group in groups[1:]] != codes:
        yield f"codes {[group['Status'] for group in groups[1:]]}"
    if third_type == "message/rfc822" and parts[2].get_payload(0).get_payload().strip() != "body":
        yield "the message in it is another one"
    if message["Date"].datetime is None or not message["From"].addresses:
        yield "Date or From does not parse"


def main():
    folder = pathlib.Path(sys.argv[1]) / "core/mail/dsn/golden"
    found = []
    for name, expected in EXPECTED.items():
        octets = (folder / f"{name}.eml").read_bytes()
        found += [f"{name}: {problem}" for problem in problems_of(octets, expected)]
        # The check sees what is planted.
        if not list(problems_of(octets.replace(b"\r\nAction: ", b"\r\nX-Action: "), expected)):
            found.append(f"{name}: the check is blind")
    if {path.stem for path in folder.glob("*.eml")} != set(EXPECTED):
        found.append("a golden message is not looked at")
    for line in found:
        print(line)
    print(f"{len(EXPECTED)} notices, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
