#!/usr/bin/env python3
"""Leaves out each row of the tables in daemon/smtp/commands.cpp, each need of each row, and each line `if (…) return …;` of the
session, and asks the dialogues.

Called with the source and the binary directory, in which dialogue_tests was built. Prints the matrix: what was left out,
and which dialogues failed. A mutation that no dialogue notices, or that does not compile, is an error. Nothing in the tree
is changed: only the mutated file is compiled anew, and linked in front of the library that holds the true one.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

TABLES = "daemon/smtp/commands.cpp"
GUARDED = [TABLES, "daemon/smtp/auth_exchange.cpp", "daemon/smtp/arguments.cpp", "daemon/smtp/proxy_line.cpp"]
ROW = re.compile(r'^    (CommandRow|ParameterRow|Check)\{"?(\w+)"?, ?(.*)\},$')
GUARD = re.compile(r"^ +if \(.*\) return\b.*;$")
WIDTH = 100


def instead(lines, number, *line):
    return "\n".join(lines[:number] + list(line) + lines[number + 1 :])


def guards(text):
    """Yields a name and the mutated text: one early return less."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if GUARD.match(line):
            yield line.strip()[:60], instead(lines, number)


def rows(text):
    """Yields a name and the mutated text: one row, or one need of a row, less."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        row = ROW.match(line)
        if not row:
            continue
        kind, name, rest = row.groups()
        yield f"{kind} {name}", instead(lines, number)
        if kind != "CommandRow":
            continue
        needs = rest.split(",")[0]
        for need in needs.split(" | "):
            if need == "0":
                continue
            left = " | ".join(one for one in needs.split(" | ") if one != need) or "0"
            yield f"{kind} {name} without `{need}`", instead(lines, number, line.replace(needs, left, 1))


def commands(source_root, build, source):
    """How `source` is compiled and how dialogue_tests is linked: as lists of words."""
    entries = json.loads((build / "compile_commands.json").read_text())
    compiled = next(e for e in entries if e["file"] == str(source_root / source))
    listed = subprocess.run(["ninja", "-C", build, "-t", "commands", "bin/dialogue_tests"],
                            check=True, capture_output=True, text=True).stdout
    linked = next(line for line in listed.splitlines() if "-o bin/dialogue_tests" in line)
    linked = linked.removeprefix(": && ").split(" && ")[0]
    compiler = shlex.split(compiled["command"])
    if "ccache" in compiler[0]:
        compiler = compiler[1:]
    return compiler, shlex.split(linked)


def failing(build, folder, index, text, compiler, linker):
    """Names of the dialogues that fail with `text` in the place of the source; None where it does not compile."""
    source, object_, program = (folder / f"{index}.{end}" for end in ("cpp", "o", "out"))
    source.write_text(text)
    words = compiler[: compiler.index("-o")] + ["-w", "-O0", "-o", str(object_), "-c", str(source)]
    if subprocess.run(words, cwd=build, capture_output=True).returncode:
        return None
    at = next(i for i, word in enumerate(linker) if word.endswith("libsmtp.a"))
    words = linker[:at] + [str(object_)] + linker[at:]
    words[words.index("-o") + 1] = str(program)
    if subprocess.run(words, cwd=build, capture_output=True).returncode:
        return None
    played = subprocess.run([program, "[.failing]"], capture_output=True, text=True, timeout=120)
    for path in (source, object_, program):
        path.unlink()
    if played.returncode:
        return ["(the program dies)"]
    return [line.removeprefix("fails: ") for line in played.stdout.splitlines() if line.startswith("fails: ")]


def main():
    source_root, build = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    folder = build / "mutate"
    folder.mkdir(exist_ok=True)
    jobs = []
    for source in GUARDED:
        text = (source_root / source).read_text()
        how = commands(source_root, build, source)
        jobs.append((f"{source}: nothing", text, how))
        found = list(rows(text) if source == TABLES else []) + list(guards(text))
        jobs += [(name, mutated, how) for name, mutated in found]
    left_out = len(jobs) - len(GUARDED)
    unnoticed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda job: failing(build, folder, job[0], job[1][1], *job[1][2]), enumerate(jobs))
        for (name, _, _), names in zip(jobs, results):
            shown = "DOES NOT COMPILE" if names is None else f"{len(names):4}  " + " ".join(names)
            print(f"{name:60} {shown[:WIDTH] + ('…' if len(shown) > WIDTH else '')}", flush=True)
            if name.endswith(": nothing") != (names == []):
                unnoticed.append(name)
    for name in unnoticed:
        print(f"no dialogue notices: {name}")
    print(f"{left_out} mutations, {len(unnoticed)} unnoticed")
    return 1 if unnoticed or left_out == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
