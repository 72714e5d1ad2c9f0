#!/usr/bin/env python3
"""What holds for the dialogues as files, and that docs/smtp.md, the replies and the limits of the code, and the dialogues
know of each other. Called with the source directory."""

import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True
root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root / "tests/dialogues"))
from dialogue import Dialogue, load  # noqa: E402

WANTED = 200
LIMITS = "daemon/smtp/server_session.hpp"


def rows(text, heading):
    """The rows of the table below `heading` in docs/smtp.md, as lists of cells without backticks."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    found = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
             for line in section.splitlines() if line.startswith("|")]
    return found[2:]


def twins(dialogues):
    seen, found = {}, []
    for one in dialogues:
        key = (one.said(), tuple(one.replies()))
        if key in seen:
            found.append(f"{one.name} and {seen[key]} say the same and hear the same")
        seen[key] = one.name
    return found


def untitled(dialogues):
    titles = {}
    found = [f"{one.name}: the first line does not name the clause or the attack" for one in dialogues
             if not re.match(r"\S.{10,}", one.title)]
    for one in dialogues:
        if one.title in titles:
            found.append(f"{one.name} and {titles[one.title]} have one title")
        titles[one.title] = one.name
    return found


def replies_of_code(root):
    """Code and enhanced code of each reply that the session has of its own accord."""
    text = (root / "daemon/smtp/replies.hpp").read_text()
    return {f"{code} {enhanced}".strip() for code, enhanced in re.findall(r'Fixed \w+\{(\d+), "([\d.]*)"', text)}


def limits_of_code(root):
    """Names and defaults of smtp::Limits."""
    struct = (root / LIMITS).read_text().split("struct Limits {", 1)[1].split("};", 1)[0]
    found = re.findall(r"std::size_t (\w+) = ([^;]+);", struct)
    return {name: eval(value.replace("U", "").replace("L", "")) for name, value in found}  # products of numbers


def documented(dialogues, document, root):
    heard = {reply for one in dialogues for reply in one.replies()}
    set_up = {line.split()[1] for one in dialogues for line in one.setup if line.startswith("limit ")}
    names = {one.name for one in dialogues}
    listed = {row[0] for row in rows(document, "Replies")}
    limits = {row[0]: row for row in rows(document, "Limits")}
    found = [f"docs/smtp.md: no dialogue hears {reply}" for reply in sorted(listed - heard)]
    found += [f"docs/smtp.md does not list {reply}, which the session says" for reply in sorted(replies_of_code(root) - listed)]
    for name, default in limits_of_code(root).items():
        if name not in limits:
            found.append(f"docs/smtp.md does not list the limit {name}")
        elif limits[name][1].replace(",", "") != str(default):
            found.append(f"docs/smtp.md: the default of {name} is {default}, not {limits[name][1]}")
        if name not in set_up:
            found.append(f"no dialogue sets the limit {name}")
    found += [f"docs/smtp.md lists the limit {name}, which {LIMITS} has not" for name in limits.keys() - limits_of_code(root).keys()]
    for row in rows(document, "Clauses"):
        for word in re.findall(r"[\w/.]+\.[ch]pp|[a-z0-9][a-z0-9-]*\*?", row[-1] + " " + row[-2]):
            if "/" in word and not (root / word).exists():
                found.append(f"docs/smtp.md names {word}, which is not there")
            if "/" not in word and not any(name == word or (word.endswith("*") and name.startswith(word[:-1])) for name in names):
                found.append(f"docs/smtp.md names the dialogue {word}, which is not there")
    return found


def self_test():
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "a.txt"
        path.write_text("S: 220 *\nC: \\x41\\*2{b}\nS: 250 2.0.0 *\n")
        one = Dialogue(path)
    if one.said() != b"Abb\r\n" or one.replies() != ["220", "250 2.0.0"]:
        return ["a dialogue is read wrongly"]
    missed = [] if untitled([one]) else ["a missing title is not noticed"]
    return missed + ([] if twins([one, one]) else ["twins are not noticed"])


def main():
    dialogues = load(root / "tests/dialogues")
    document = (root / "docs/smtp.md").read_text()
    problems = self_test() + twins(dialogues) + untitled(dialogues) + documented(dialogues, document, root)
    if len(dialogues) < WANTED:
        problems.append(f"{len(dialogues)} dialogues, {WANTED} are wanted")
    for line in problems:
        print(line)
    print(f"{len(dialogues)} dialogues, {len({reply for one in dialogues for reply in one.replies()})} different replies")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
