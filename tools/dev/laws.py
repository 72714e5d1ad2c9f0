"""Applies each patch of tests/laws/GROUP/ to a copy of the tree and checks that exactly the named test fails.

A patch opens with `# test: NAME` (a Catch2 test case by its exact name, or `[tag]`) and `# law: …`, which says in words
what it breaks. Both are prose before the diff, which patch(1) skips. With a line `# cases: N` the property test is asked,
and may look at so many cases. Each `# also: NAME` is a test of something else that stands on the law, and may fail, too.
Tests that take their group long (`slow` below) run where the patch says `# with: [tag]`, which names all of theirs.
"""

import concurrent.futures
import dataclasses
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

MAX_CHANGED_LINES = 10
PROPERTY = "property_tests"


@dataclasses.dataclass(frozen=True)
class Group:
    """Laws that stand in docs/architecture.md under numbers of their own."""
    laws: range
    programs: tuple
    folders: str  # of production code
    not_run: tuple
    slow: tuple = ()

    def is_production(self, name):
        return re.match(rf"({self.folders})/(?!.*(_test|_twin|_fuzz)\.).*\.[ch]pp$", name) is not None


GROUPS = {
    "engine": Group(laws=range(14), programs=("core_tests", "providers_tests", "reconciler_tests"),
                    folders="core|providers|reconciler", not_run=("[property]", "[real]", "[.]")),
    "daemon": Group(laws=range(1, 17), programs=("core_tests", "daemon_tests", "dialogue_tests"),
                    folders="core|daemon", not_run=("[.]",), slow=("[kill]", "[recorder]", "[crash]")),
}


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


def build(copy, programs):
    done = run("cmake", "--preset", "dev", cwd=copy)
    if done.returncode == 0:
        done = run("cmake", "--build", "build", "--target", *programs, cwd=copy)
    if done.returncode != 0:
        raise Unfit("does not compile:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-25:]))


def digests(copy, programs):
    return {name: hashlib.sha256((copy / "build/bin" / name).read_bytes()).hexdigest() for name in programs}


def run_tests(copy, program, left_out, cases):
    """The property test stops at the first case that fails."""
    chosen = ["-a"] if cases else ["".join("~" + tag for tag in left_out)]
    return run(str(program), *chosen, "-r", "xml", cwd=copy / "build", timeout=3600 if cases else 600, errors="replace",
               env=os.environ | {"MAILSTACK_PROPERTY_CASES": str(cases)})


def failures(copy, programs, left_out, cases=0):
    """Runs these test programs; returns {test name: (tags, how it failed)}."""
    failed, seen = {}, 0
    for program in programs:
        try:
            done = run_tests(copy, program, left_out, cases)
            tree = xml.fromstring(done.stdout)
        except subprocess.TimeoutExpired:
            raise Unfit(f"{program.name} does not end") from None
        except xml.ParseError:
            raise Unfit(f"{program.name} died (exit {done.returncode}): a crash proves nothing") from None
        for case in tree.iter("TestCase"):
            seen += 1
            result = case.find("OverallResult")
            if result is None or result.get("success") != "true":
                crashed = next(case.iter("FatalErrorCondition"), None) is not None
                asserted = any(e.get("success") == "false" for e in case.iter("Expression")) or any(
                    True for _ in case.iter("Failure"))
                how = "crash" if crashed else "assertion" if asserted else "exception"
                failed[case.get("name")] = (case.get("tags") or "", how)
    if seen == 0:
        raise Unfit("there are no tests to run")
    return failed


@dataclasses.dataclass(frozen=True)
class Mistake:
    test: str
    law: str
    cases: int
    also: frozenset
    slow: frozenset


def read_patch(path, group):
    text = path.read_text()
    head = dict(re.findall(r"^# (test|law|cases): (.+)$", text, re.M))
    if not text.startswith("# test: ") or "law" not in head:
        raise Unfit("must open with `# test: NAME` and `# law: WORDS`")
    changed = [line for line in text.splitlines() if re.match(r"[+-](?![+-]{2} )", line)]
    if len(changed) > MAX_CHANGED_LINES:
        raise Unfit(f"changes {len(changed)} lines; at most {MAX_CHANGED_LINES} are a small mistake")
    for name in re.findall(r"^\+\+\+ b/(\S+)", text, re.M):
        if not group.is_production(name):
            raise Unfit(f"changes {name}, which is not production code")

    def all_of(word):
        return frozenset(found.strip() for found in re.findall(rf"^# {word}: (.+)$", text, re.M))

    if unknown := all_of("with") - set(group.slow):
        raise Unfit(f"asks for {', '.join(sorted(unknown))}, which is always run or never")
    return Mistake(head["test"].strip(), head["law"].strip(), int(head.get("cases", 0)), all_of("also"), all_of("with"))


def number_of(patch):
    """Of the law that it breaks; None where it names none."""
    found = re.search(r"^# law: (\d+) ", patch.read_text(), re.M)
    return int(found[1]) if found else None


def judge(wanted, failed, also=frozenset()):
    """Says what is wrong with this set of failures; None when exactly the wanted test, golden twins and `also` failed."""
    def is_wanted(name, tags):
        return wanted.lower() in tags.lower() if wanted.startswith("[") else name == wanted

    # Whatever crashes ends its program, and with it the tests that have not run yet.
    crashed = sorted(name for name, (_, how) in failed.items() if how == "crash")
    if crashed:
        return f"a crash proves nothing: {', '.join(crashed)}"
    hits = {name for name, (tags, _) in failed.items() if is_wanted(name, tags)}
    if not hits:
        return f"`{wanted}` does not notice; failed: {', '.join(sorted(failed)) or 'nothing'}"
    for name in sorted(hits):
        if failed[name][1] != "assertion":
            return f"`{name}` fails by {failed[name][1]}, not by assertion"
    others = [name for name, (tags, _) in failed.items() if name not in hits | also and "[golden]" not in tags]
    return f"others fail too: {', '.join(sorted(others))}" if others else None


def apply(copy, patch, *options):
    # Without fuzz: a mistake at another place proves something else, or nothing.
    return run("patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", *options, "-i", str(patch), cwd=copy)


def make(copy, patch, group, unpatched):
    """Builds the patched tree; returns the programs that differ, kept aside: those that are equal need not run."""
    mistake = read_patch(patch, group)
    tried = apply(copy, patch, "--dry-run")
    if tried.returncode != 0:
        raise Unfit(f"does not apply:\n{tried.stdout}")
    apply(copy, patch)
    try:
        build(copy, [PROPERTY] if mistake.cases else group.programs)
        differ = [PROPERTY] if mistake.cases else [
            name for name, digest in digests(copy, group.programs).items() if digest != unpatched[name]]
        if not differ:
            raise Unfit("changes nothing that is tested")
        place = copy.parent / "programs" / patch.stem
        place.mkdir(parents=True, exist_ok=True)
        return mistake, [pathlib.Path(shutil.copy(copy / "build/bin" / name, place)) for name in differ]
    finally:
        apply(copy, patch, "-R")


def prove(copy, group, mistake, programs):
    left_out = group.not_run + tuple(tag for tag in group.slow if tag not in mistake.slow)
    failed = failures(copy, programs, left_out, mistake.cases)
    shutil.rmtree(programs[0].parent)
    complaint = judge(mistake.test, failed, mistake.also)
    if complaint:
        raise Unfit(complaint)
    twins = sum("[golden]" in tags for tags, _ in failed.values())
    return (f"{mistake.law}\n     noticed by `{mistake.test}`" +
            (f" within {mistake.cases} cases" if mistake.cases else "") +
            (f" and {twins} golden plans" if twins else ""))


def refuse(unfit):
    raise unfit


def self_test():
    """The judge itself must be able to say no."""
    named, golden, other = ("[engine]", "assertion"), ("[golden]", "assertion"), ("[engine]", "assertion")
    assert judge("a", {"a": named}) is None
    assert judge("a", {"a": named, "g": golden}) is None
    assert judge("[engine]", {"a": named}) is None
    assert judge("a", {}) and judge("a", {"b": other}) and judge("a", {"a": named, "b": other})
    assert judge("a", {"a": named, "b": other}, {"b"}) is None and judge("a", {"b": other}, {"b"})
    assert judge("a", {"a": ("", "crash")}) and judge("a", {"a": ("", "exception")})
    assert judge("a", {"a": named, "g": ("[golden]", "crash")})


def prove_group(copy, name, only):
    """Prints what became of each patch; returns how many are bad."""
    group = GROUPS[name]
    patches = [p for p in sorted((copy / "tests/laws" / name).glob("*.patch"))
               if not only or any(o in p.name for o in only)]
    unguarded = set(group.laws) - {number_of(patch) for patch in patches}
    if unguarded and not only:
        sys.exit(f"laws: no patch breaks law {', '.join(map(str, sorted(unguarded)))} of the {name}")
    if not patches:
        return 0
    began = time.monotonic()
    try:
        build(copy, group.programs)
        unpatched = digests(copy, group.programs)
        failed = failures(copy, [copy / "build/bin" / program for program in group.programs], group.not_run)
    except Unfit as unfit:
        sys.exit(f"laws: the tree itself, unpatched: {unfit}")
    if failed:
        sys.exit(f"laws: the tree itself, unpatched, fails: {', '.join(sorted(failed))}")
    print(f"{name}: the tree itself: built and tested in {time.monotonic() - began:.0f} s", flush=True)

    bad = []

    def tell(patch, promise):
        try:
            print(f"ok   {patch.stem}: {promise()}", flush=True)
        except Unfit as unfit:
            bad.append(patch.stem)
            print(f"FAIL {patch.stem}: {unfit}", flush=True)

    # One patch is built while the tests of the one before run.
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as tester:
        told = []
        for patch in patches:
            try:
                made = make(copy, patch, group, unpatched)
            except Unfit as unfit:
                told.append(tester.submit(tell, patch, functools.partial(refuse, unfit)))
            else:
                told.append(tester.submit(tell, patch, functools.partial(prove, copy, group, *made)))
        for one in told:
            one.result()
    print(f"{name}: {len(patches) - len(bad)} of {len(patches)} mistakes are noticed; {time.monotonic() - began:.0f} s")
    return len(bad)


def main():
    root, words = pathlib.Path(sys.argv[1]), sys.argv[2:]
    names = [words.pop(0)] if words and words[0] in GROUPS else list(GROUPS)
    self_test()
    copy = root / "build/laws/tree"
    copy.mkdir(parents=True, exist_ok=True)
    copy_tree(root, copy)
    if words and not any(word in p.name for word in words for name in names
                         for p in (copy / "tests/laws" / name).glob("*.patch")):
        sys.exit(f"laws: no patch has {' or '.join(words)} in its name")
    sys.exit(1 if sum(prove_group(copy, name, words) for name in names) else 0)


if __name__ == "__main__":
    main()
