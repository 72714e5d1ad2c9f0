"""A dialogue as a file (README.md beside this one), read for those who play it elsewhere."""

import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent
ANSWERS = {"auth", "sender", "recipient", "data", "keep", "hold", "answer"}
LETTERS = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


def unescape(text):
    out, i = b"", 0
    while i < len(text):
        if text[i : i + 1] != b"\\":
            out += text[i : i + 1]
            i += 1
        elif repeated := re.match(rb"\\\*(\d+)\{(.*?)\}", text[i:], re.S):
            out += int(repeated[1]) * unescape(repeated[2])
            i += repeated.end()
        elif text[i + 1 : i + 2] == b"x":
            out += bytes([int(text[i + 2 : i + 4], 16)])
            i += 4
        else:
            out += LETTERS[text[i + 1 : i + 2].decode()]
            i += 2
    return out


class Dialogue:
    """`steps` are pairs of the first word of a line and what follows, as octets."""

    def __init__(self, path):
        self.path, self.name = path, path.stem
        lines = path.read_bytes().split(b"\n")
        self.title = lines[0].decode()[2:] if lines[0].startswith(b"# ") else ""
        self.setup, self.steps = [], []
        for line in lines:
            if not line or line.startswith(b"#"):
                continue
            what, _, rest = line.partition(b" ")
            if what == b"setup":
                self.setup.append(rest.decode())
            else:
                self.steps.append((what.decode(), unescape(rest)))

    def said(self):
        """What the client says, in one piece."""
        return b"".join(text + (b"\r\n" if what == "C:" else b"") for what, text in self.steps if what in ("C:", "C-"))

    def replies(self):
        """Code and enhanced code of each reply line that is expected: `250 2.1.0`, `354`."""
        found = []
        for what, text in self.steps:
            if what == "S:":
                match = re.match(rb"(\d{3})[ -](\d\.\d+\.\d+)?", text)
                found.append((match[1] + (b" " + match[2] if match[2] else b"")).decode())
        return found


def load(folder=FOLDER):
    return [Dialogue(path) for path in sorted(folder.glob("*.txt"))]
