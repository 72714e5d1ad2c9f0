"""200 messages of the kinds that mail servers stumble over; always the same ones.

    mail_corpus.py DIRECTORY [COUNT]     writes NNN.eml and index.json; with COUNT, that many spread over all

A message is what stands between DATA and the end of data, dots not stuffed, lines ended by CRLF. index.json holds for each
`number`, `name`, `from`, `to` (m007@there.example; the number is found in it again) and `traits`, by which a peer says what
it cannot carry:

    8bit      octets above 127 in the body            utf8      UTF-8 in the header section (RFC 6532)
    address   UTF-8 in the envelope (RFC 6531)        domain    a U-label in the envelope
    nul       NUL in the body                         control   other control characters in the body
    long      lines of more than 998 octets           unended   the last line has no CRLF: what brings it adds one
    bodiless  no empty line ends the header section   plain     no header section
    big       20 MiB                                  blank     blank lines at its end
    incomplete  no Date or no Message-ID              bcc       a Bcc field

Without DIRECTORY it is a module: messages() gives them one by one.
"""

import json
import os
import random
import sys
from base64 import encodebytes

SENDER = "alice@example.org"
FILL = b"The quick brown fox jumps over the lazy dog, 1234567890 times.\r\n"
LETTERS = bytes(range(0x21, 0x7F))


def header(name, more=b"", subject=None):
    return (b"From: Alice <alice@example.org>\r\nTo: bob@there.example\r\nSubject: " + (subject or name.encode()) +
            b"\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\nMessage-ID: <" + name.replace(" ", "-").encode() +
            b"@example.org>\r\n" + more)


def lines(*all_lines):
    return b"".join(line + b"\r\n" for line in all_lines)


def dots():
    """Dots where a line begins, and where a buffer might."""
    for count in (1, 2, 3, 4, 63, 64, 998):
        yield f"a line of {count} dots", lines(b"before", b"." * count, b"after")
    yield "a first line of one dot", lines(b".", b"after")
    yield "a last line of one dot", lines(b"before", b".")
    yield "a last line of two dots", lines(b"before", b"..")
    yield "only dots", lines(*[b"."] * 1000)
    yield "a stair of dots", lines(*(b"." * count for count in range(1, 200)))
    yield "a dot and a blank", lines(b". ", b" .", b".\t", b". .")
    yield "a dot and an empty line", lines(b".", b"", b".", b"", b"")
    yield "commands after a dot", lines(b".", b"QUIT", b".", b"RSET", b"MAIL FROM:<eve@evil.example>", b"DATA", b".x", b"..")
    for edge in (1024, 2048, 4096, 8192, 16384, 32768, 65536):
        for shift in (-3, -2, -1, 0, 1):
            # The dot is the octet edge + shift of the body.
            whole, rest = divmod(edge + shift - 2, len(FILL))
            yield f"a dot at {edge}{shift:+}", FILL * whole + lines(b"x" * rest, b".", b"..end")


def cut(text, width):
    """Lines of `width` octets of `text`."""
    return lines(*(text[at : at + width] for at in range(0, len(text), width)))


def octets():
    every = bytes(octet for octet in range(256) if octet not in (0, 10, 13))
    yield "latin-1", lines("Grüße aus Köln, naïve façade".encode("latin-1")), "8bit"
    yield "utf-8", lines("Grüße, 你好, Привет, 🎉".encode()), "8bit"
    yield "utf-8 that is broken", lines(b"\xc3", b"\xe4\xbd", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xae"), "8bit"
    yield "utf-16", "é中\U0001f389".encode("utf-16-be").replace(b"\0", b"\1").replace(b"\n", b"n").replace(b"\r", b"r") + b"\r\n", "8bit control"
    yield "every high octet", cut(bytes(range(128, 256)) * 8, 76), "8bit"
    yield "every octet but NUL", lines(every), "8bit control"
    yield "every octet but NUL, many times", cut(every * 64, 500), "8bit control"
    yield "high octets of 64 KiB", cut(bytes(range(128, 256)) * 512, 998), "8bit"
    yield "next line and separators", lines("a\u0085b\u2028c\u2029d".encode(), b"\x85", b"\xa0"), "8bit"
    yield "full-width dots", lines("．".encode(), "。".encode(), b"\xae", b"."), "8bit"
    yield "0xff alone", lines(b"\xff", b"\xff\xf4\xff\xfd\x06"), "8bit"
    yield "control characters", lines(*(bytes([octet]) + b"x" for octet in range(1, 32) if octet not in (10, 13))), "control"
    yield "form feed, vertical tab, escape", lines(b"\x0c", b"a\x0bb", b"\x1b[31mred\x1b[0m", b"\x08\x7f"), "control"
    yield "end of file of old", lines(b"before", b"\x1a", b"\x04", b"after"), "control"
    yield "one NUL", lines(b"a\0b"), "nul"
    yield "a line of NUL", lines(b"\0" * 70), "nul"
    yield "NUL at the line's ends", lines(b"\0a", b"a\0", b"\0", b"\0."), "nul"
    yield "NUL and high octets", lines(b"\xff\0\xfe\0", bytes(range(128, 256)) + b"\0"), "nul 8bit"
    yield "4 KiB of NUL", cut(b"\0" * 4096, 512), "nul"


def long_lines():
    for size in (72, 78, 79, 254, 255, 256, 510, 511, 512, 513, 990, 996, 997, 998):
        yield f"a line of {size} octets", lines(b"x" * size, b"after")
    yield "lines of 998 octets", lines(*[bytes([65 + at % 26]) * 998 for at in range(200)])
    yield "998 high octets", lines(*[b"\xe4" * 998] * 3), "8bit"
    yield "998 blanks", lines(b" " * 998, b"x")
    yield "998 tabs and a dot", lines(b"\t" * 997 + b".", b".")
    yield "998 octets that begin with a dot", lines(b"." + b"x" * 997, b".." + b"y" * 996)
    for size in (999, 1000, 2047, 2048, 2049, 8192, 70000):
        yield f"a line of {size} octets", lines(b"y" * size, b"after"), "long"
    yield "a long line that begins with a dot", lines(b"." * 5000, b"."), "long"


def ends():
    yield "no body", b""
    yield "one empty line", b"\r\n", "blank"
    for count in (2, 3, 10, 1000):
        yield f"{count} empty lines", b"\r\n" * count, "blank"
        yield f"text and {count} empty lines", b"text\r\n" + b"\r\n" * count, "blank"
    yield "lines of blanks at the end", lines(b"text", b" ", b"\t", b"  ", b""), "blank"
    yield "blanks at the ends of lines", lines(b"text ", b"text\t", b"text \t ", b" text", b"\ttext", b"a  b\t\tc")
    yield "one octet", b"x\r\n"
    yield "a blank as body", b" \r\n"
    yield "no end of the last line", b"first\r\nlast", "unended"
    yield "one octet without an end", b"x", "unended"
    yield "a dot without an end", b"first\r\n.", "unended"
    yield "a last line of 998 octets without an end", b"x" * 998, "unended"


def texts():
    yield "From_ in the body", lines(b"From alice@example.org Thu Nov 26 12:00:00 2026", b">From there", b"", b"From here")
    yield "From_ first", lines(b"From the start")
    yield "a header section in the body", lines(b"Subject: another", b"Bcc: eve@evil.example", b"", b"text")
    yield "a body like a reply", lines(b"250 2.0.0 ok", b"354 go on", b"221 bye", b"421")
    yield "percent and dollar", lines(b"%s %d %n %x %%", b"$HOME ${sender} $(id) `id`", b"\\r\\n \\x00 \\")
    yield "markup", lines(b"<html><body>&nbsp;<!-- -->", b"]]>", b"'\"`;--")
    yield "quoted-printable by hand", lines(b"=3D=20=", b"=", b"==", b"a=0D=0A")
    yield "uuencode", lines(b"begin 644 file", b"M" + b"=" * 60, b"`", b"end")
    yield "PGP armour", lines(b"-----BEGIN PGP MESSAGE-----", b"", b"- ----- dash", b"-----END PGP MESSAGE-----")
    yield "signature mark", lines(b"text", b"-- ", b"Alice")
    yield "BDAT and chunks", lines(b"BDAT 10 LAST", b"0", b"a", b"1234567890")


def mime():
    binary = random.Random(1).randbytes(5000)
    coded = encodebytes(binary).replace(b"\n", b"\r\n")
    mixed = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n'
    for encoding in (b"7bit", b"8bit", b"quoted-printable", b"base64"):
        body = coded if encoding == b"base64" else lines("Grüße".encode()) if encoding == b"8bit" else lines(b"plain=3D")
        yield f"text, {encoding.decode()}", body, "8bit" if encoding == b"8bit" else "", b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + b"\r\n"
    yield "an attachment", lines(b"preamble", b"--b", b"", b"text", b"--b", b"Content-Type: application/octet-stream", b"Content-Transfer-Encoding: base64", b"") + coded + lines(b"--b--", b"epilogue"), "", mixed
    yield "no last boundary", lines(b"--b", b"", b"text"), "", mixed
    yield "an empty part", lines(b"--b", b"--b", b"", b"--b--"), "", mixed
    yield "blanks after boundaries", lines(b"--b \t", b"", b"text", b"--b-- "), "", mixed
    yield "parts in parts", lines(*[part for depth in range(30) for part in (b"--b" + b"b" * depth, b"Content-Type: multipart/mixed; boundary=b" + b"b" * (depth + 1), b"")]), "", mixed
    yield "a message in a message", lines(b"Content-Type: text/plain", b"Subject: inner", b"", b".", b"inner"), "", b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n"
    yield "a signed message", lines(b"--b", b"Content-Type: text/plain", b"", b"text  ", b"", b"--b", b"Content-Type: application/pgp-signature", b"", b"-----BEGIN PGP SIGNATURE-----", b"--b--"), "", b'MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol="application/pgp-signature"; boundary="b"\r\n'
    yield "a report", lines(b"--b", b"Content-Type: message/delivery-status", b"", b"Reporting-MTA: dns; mx.example.org", b"", b"--b--"), "", b'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n'
    yield "alternatives", lines(b"--b", b"Content-Type: text/plain", b"", b"text", b"--b", b"Content-Type: text/html; charset=utf-8", b"Content-Transfer-Encoding: 8bit", b"", "<b>Grüße</b>".encode(), b"--b--"), "8bit", b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b"\r\n'
    yield "binary declared", lines(b"x" * 900, b"\xff" * 90), "8bit", b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"


def fields():
    body = lines(b"text")
    folded = b"".join(b"\r\n " + b"word%d" % at for at in range(400))
    yield "a field of 400 lines", body, "", b"X-Folded:" + folded + b"\r\n"
    yield "folded with tabs", body, "", b"X-Tabs: a\r\n\tb\r\n\t\tc\r\n \t d\r\n"
    yield "a subject in three lines", body, "", b"Comments: one\r\n two\r\n three\r\n"
    yield "a field of 998 octets", body, "", b"X-Long: " + b"x" * 990 + b"\r\n"
    yield "folded lines of 998 octets", body, "", b"X-Long: " + b"x" * 990 + b"\r\n " + b"y" * 997 + b"\r\n " + b"z" * 997 + b"\r\n"
    yield "an empty field", body, "", b"X-Empty:\r\nX-Blank: \r\nX-Tab:\t\r\n"
    yield "no blank after the colon", body, "", b"X-Tight:value\r\nX-Colons::::\r\n"
    yield "blanks round a value", body, "", b"X-Wide:    value   \t \r\n"
    yield "100 references", body, "", b"References:" + b"".join(b"\r\n <%d.%d@example.org>" % (at, at * 7) for at in range(100)) + b"\r\n"
    yield "200 recipients in To", body, "", b"Cc:" + b",".join(b"\r\n user%d@example.net" % at for at in range(200)) + b"\r\n"
    yield "twenty Received fields", body, "", b"".join(b"Received: from a%d.example by b%d.example; Thu, 26 Nov 2026 11:00:00 +0000\r\n" % (at, at) for at in range(20))
    yield "60 KiB of fields", body, "", b"".join(b"X-Many-%d: " % at + b"v" * 300 + b"\r\n" for at in range(190))
    yield "a mailing list", body, "", b"List-Id: <l.example.org>\r\nList-Unsubscribe: <https://example.org/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nPrecedence: list\r\n"
    yield "somebody's signature", body, "", b"DKIM-Signature: v=1; a=rsa-sha256; d=elsewhere.example; s=x; h=from; bh=AAAA; b=AAAA\r\n"
    yield "somebody's verdict", body, "", b"Authentication-Results: mx.elsewhere.example; spf=pass\r\nReceived-SPF: pass\r\n"
    yield "encoded words", body, "", b"X-Word: =?utf-8?B?R3LDvMOfZQ==?= =?utf-8?Q?_K=C3=B6ln?=\r\n"
    yield "names in capitals", body, "", b"MIME-VERSION: 1.0\r\ncOnTeNt-TyPe: text/plain\r\nx_under.score!: 1\r\n"
    yield "a group of addresses", body, "", b"Reply-To: Friends: a@example.net, \"b c\"@example.net, <d@[192.0.2.1]>;\r\n"
    yield "comments", body, "", b"Reply-To: (a (nested) comment) a@example.net (another)\r\n"
    yield "an old Return-Path elsewhere", body, "", b"X-Return-Path: <x@example.net>\r\nDelivered-To: other@example.net\r\n"
    yield "resent", body, "", b"Resent-From: carol@example.org\r\nResent-To: dave@example.net\r\nResent-Date: Thu, 26 Nov 2026 13:00:00 +0000\r\n"
    yield "a field twice", body, "", b"Keywords: a\r\nKeywords: b\r\nX-Same: 1\r\nX-Same: 1\r\n"


def utf8():
    body = lines("Grüße".encode())
    yield "a subject in UTF-8", body, "8bit utf8", "Comments: Grüße aus 北京 🎉\r\n".encode()
    yield "a name in UTF-8", body, "8bit utf8", "Reply-To: Jürgen Groß <j@example.net>\r\n".encode()
    yield "a field that folds UTF-8", body, "8bit utf8", "Comments: Grüße\r\n Grüße\r\n\tGrüße\r\n".encode()
    yield "998 octets of UTF-8 in a field", body, "8bit utf8", b"Comments: " + "ü".encode() * 494 + b"\r\n"
    yield "an address in UTF-8 in Reply-To", body, "8bit utf8", "Reply-To: jürgen@bücher.example\r\n".encode()
    yield "ASCII text with a UTF-8 header section", lines(b"text"), "utf8", "Comments: é\r\n".encode()
    for local in ("grüße", "用户", "почта", "ｆｕｌｌ", "a.b+ü"):
        yield f"to {local}", body, "8bit utf8 address", "Comments: é\r\n".encode(), None, "m%03d" + local + "@there.example"
    yield "to a U-label", body, "8bit utf8 address domain", "Comments: é\r\n".encode(), None, "m%03d@bücher.example"
    yield "from an address in UTF-8", body, "8bit utf8 address", b"", "ålice@example.org", None
    yield "from and to in UTF-8", body, "8bit utf8 address", b"", "ålice@example.org", "m%03dü@there.example"
    yield "ASCII content, UTF-8 envelope", lines(b"text"), "address", b"", None, "m%03dé@there.example"


def whole():
    """Those whose header section is not as usual."""
    yield "header section without an empty line", header("bodiless"), "bodiless"
    yield "header section, its last line without an end", header("bodiless 2") + b"X-Last: x", "bodiless unended"
    yield "no header section", b"\r\n" + lines(b"only a body", b"."), "plain"
    yield "no header section and no body", b"\r\n", "plain"
    yield "no Date", b"From: alice@example.org\r\nMessage-ID: <no-date@example.org>\r\n\r\ntext\r\n", "incomplete"
    yield "no Message-ID", b"From: alice@example.org\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\n\r\ntext\r\n", "incomplete"
    yield "a From alone", b"From: alice@example.org\r\n\r\n.\r\n", "incomplete"
    yield "a Bcc", header("bcc", b"Bcc: secret@example.net,\r\n more@example.net\r\nX-After: 1\r\n") + b"\r\ntext\r\n", "bcc"


def sizes():
    for size in (4096, 65535, 65536, 65537, 262144, 1048576):
        text = FILL * (size // len(FILL) + 1)
        yield f"{size} octets", text[: size - 2].rstrip(b"\r\n").ljust(size - 2, b"x") + b"\r\n"
    yield "100,000 short lines", lines(*[b"%d" % (at % 10) for at in range(100000)])
    yield "20 MiB", cut(encodebytes(random.Random(2).randbytes(3 << 18)).replace(b"\n", b"") * 20, 76)[: 20 << 20].rstrip(b"\r\n") + b"\r\n", "big"


def mixtures(chance):
    """Lines drawn from all that is above."""
    pieces = [b"", b".", b"..", b"text", b" ", b"\t", b"From x", b"x" * 998, b"-- ", b"=", b"." + b"y" * 400, b"\xe4\xf6", "ü".encode()]
    while True:
        body = lines(*(chance.choice(pieces) if chance.random() < 0.7 else bytes(chance.choices(LETTERS, k=chance.randrange(1, 200))) for _ in range(chance.randrange(1, 400))))
        yield "a mixture", body, "8bit" + (" blank" if body.endswith(b"\r\n\r\n") else "")


def shaped():
    for group in (dots, octets, long_lines, ends, texts, mime, fields, utf8, sizes):
        for name, body, *rest in group():
            traits, more, sender, recipient = (*rest, *("", b"", None, None)[len(rest) :])
            yield name, header(name.encode("ascii", "replace").decode().replace("?", "u"), more) + b"\r\n" + body, traits, sender, recipient
    for name, octets_, traits in whole():
        yield name, octets_, traits, None, None
    for number, (name, body, traits) in enumerate(mixtures(random.Random(3))):
        yield f"{name} {number}", header(f"mixture {number}") + b"\r\n" + body, traits, None, None


def messages(count=200):
    """Each as a dict as in index.json, with its `octets`."""
    every = [made for made, _ in zip(shaped(), range(200))]
    for at in range(count):
        number = at * len(every) // count
        name, octets_, traits, sender, recipient = every[number]
        yield {"number": number, "name": name, "from": sender or SENDER, "to": (recipient or "m%03d@there.example") % number,
               "traits": traits.split(), "octets": octets_}


def main():
    index = []
    for message in messages(*map(int, sys.argv[2:])):
        with open(os.path.join(sys.argv[1], f"{message['number']:03}.eml"), "wb") as file:
            file.write(message.pop("octets"))
        index.append(message)
    with open(os.path.join(sys.argv[1], "index.json"), "w") as file:
        json.dump(index, file)


if __name__ == "__main__":
    main()
