"""Applies each patch of tests/laws/ to a copy of the tree and checks that exactly the named test fails.

A patch opens with `# test: NAME` (a Catch2 test case by its exact name, or `[tag]`) and `# law: …`, which says in words
what it breaks. Both are prose before the diff, which patch(1) skips.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

MAX_CHANGED_LINES = 10
NOT_RUN = "~[property]~[real]~[.]"
PRODUCTION = re.compile(r"^(core|providers|reconciler)/(?!.*(_test|_twin|_fuzz)\.).*\.[ch]pp$")


class Unfit(Exception):
    """A patch that proves nothing, and why."""


def run(*command, cwd, **options):
    return subprocess.run(command, cwd=cwd, text=True, capture_output=True, **options)


def copy_tree(root, copy):
    """Brings `copy` to the state of `root`; files that are equal keep their time, so that ninja stays quiet."""
    listed = run("git", "-c", f"safe.directory={root}", "ls-files", "-z", "-co", "--exclude-standard", cwd=root)
    if listed.returncode == 0:
        wanted = {name for name in listed.stdout.split("\0") if name and (root / name).is_file()}
    else:
        wanted = {path.relative_to(root).as_posix() for path in root.rglob("*")
                  if path.is_file() and path.relative_to(root).parts[0] not in ("build", ".git")}
    for name in wanted:
        source, target = root / name, copy / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            shutil.copymode(source, target)
    for path in list(copy.rglob("*")):
        name = path.relative_to(copy)
        if path.is_file() and name.parts[0] != "build" and name.as_posix() not in wanted:
            path.unlink()


def build(copy):
    done = run("cmake", "--preset", "dev", cwd=copy)
    if done.returncode == 0:
        done = run("cmake", "--build", "build", cwd=copy)
    if done.returncode != 0:
        raise Unfit("does not compile:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-25:]))


def failures(copy):
    """Runs every test program; returns {test name: (tags, how it failed)}."""
    failed, cases = {}, 0
    for program in sorted((copy / "build/bin").glob("*_tests")):
        done = run(str(program), NOT_RUN, "-r", "xml", cwd=copy / "build", timeout=600, errors="replace")
        try:
            tree = xml.fromstring(done.stdout)
        except xml.ParseError:
            raise Unfit(f"{program.name} died (exit {done.returncode}): a crash proves nothing") from None
        for case in tree.iter("TestCase"):
            cases += 1
            result = case.find("OverallResult")
            if result is None or result.get("success") != "true":
                crashed = next(case.iter("FatalErrorCondition"), None) is not None
                asserted = any(e.get("success") == "false" for e in case.iter("Expression")) or any(
                    True for _ in case.iter("Failure"))
                how = "crash" if crashed else "assertion" if asserted else "exception"
                failed[case.get("name")] = (case.get("tags") or "", how)
    if cases == 0:
        raise Unfit("there are no tests to run")
    return failed


def read_patch(path):
    text = path.read_text()
    head = dict(re.findall(r"^# (test|law): (.+)$", text, re.M))
    if not text.startswith("# test: ") or "law" not in head:
        raise Unfit("must open with `# test: NAME` and `# law: WORDS`")
    changed = [line for line in text.splitlines() if re.match(r"[+-](?![+-]{2} )", line)]
    if len(changed) > MAX_CHANGED_LINES:
        raise Unfit(f"changes {len(changed)} lines; at most {MAX_CHANGED_LINES} are a small mistake")
    for name in re.findall(r"^\+\+\+ b/(\S+)", text, re.M):
        if not PRODUCTION.match(name):
            raise Unfit(f"changes {name}, which is not production code")
    return head["test"].strip(), head["law"].strip()


def judge(wanted, failed):
    """Says what is wrong with this set of failures; None when exactly the wanted test and golden twins failed."""
    def is_wanted(name, tags):
        return wanted.lower() in tags.lower() if wanted.startswith("[") else name == wanted

    hits = {name for name, (tags, _) in failed.items() if is_wanted(name, tags)}
    if not hits:
        return f"`{wanted}` does not notice; failed: {', '.join(sorted(failed)) or 'nothing'}"
    for name in sorted(hits):
        if failed[name][1] != "assertion":
            return f"`{name}` fails by {failed[name][1]}, not by assertion"
    others = [name for name, (tags, _) in failed.items() if name not in hits and "[golden]" not in tags]
    return f"others fail too: {', '.join(sorted(others))}" if others else None


def prove(copy, patch):
    wanted, law = read_patch(patch)
    applied = run("patch", "-p1", "--no-backup-if-mismatch", "-i", str(patch), cwd=copy)
    if applied.returncode != 0:
        raise Unfit(f"does not apply:\n{applied.stdout}")
    build(copy)
    failed = failures(copy)
    complaint = judge(wanted, failed)
    if complaint:
        raise Unfit(complaint)
    twins = sum("[golden]" in tags for tags, _ in failed.values())
    return f"{law}\n     noticed by `{wanted}`" + (f" and {twins} golden plans" if twins else "")


def self_test():
    """The judge itself must be able to say no."""
    named, golden, other = ("[engine]", "assertion"), ("[golden]", "assertion"), ("[engine]", "assertion")
    assert judge("a", {"a": named}) is None
    assert judge("a", {"a": named, "g": golden}) is None
    assert judge("[engine]", {"a": named}) is None
    assert judge("a", {}) and judge("a", {"b": other}) and judge("a", {"a": named, "b": other})
    assert judge("a", {"a": ("", "crash")}) and judge("a", {"a": ("", "exception")})


def main():
    root, only = pathlib.Path(sys.argv[1]), sys.argv[2:]
    self_test()
    patches = [p for p in sorted((root / "tests/laws").glob("*.patch")) if not only or any(o in p.name for o in only)]
    if not patches:
        sys.exit("laws: no patch in tests/laws" + (f" has {' or '.join(only)} in its name" if only else ""))
    copy = root / "build/laws/tree"
    copy.mkdir(parents=True, exist_ok=True)
    copy_tree(root, copy)
    try:
        build(copy)
        failed = failures(copy)
    except Unfit as unfit:
        sys.exit(f"laws: the tree itself, unpatched: {unfit}")
    if failed:
        sys.exit(f"laws: the tree itself, unpatched, fails: {', '.join(sorted(failed))}")
    bad = 0
    for patch in patches:
        try:
            print(f"ok   {patch.stem}: {prove(copy, patch)}", flush=True)
        except Unfit as unfit:
            bad += 1
            print(f"FAIL {patch.stem}: {unfit}", flush=True)
        copy_tree(root, copy)
    print(f"{len(patches) - bad} of {len(patches)} laws are guarded")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
