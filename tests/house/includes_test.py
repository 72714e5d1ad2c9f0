#!/usr/bin/env python3
"""Who may include whom (docs/architecture.md), as a table, and a proof that the table bites.

Called with the source directory. Looks at every .hpp and .cpp of the tree: our own includes by folder, and heavy
headers of others by the few places that may pay for them.
"""

import fnmatch
import pathlib
import re
import sys
import tempfile

# The doors of reconciler/world that others may see. What implements them (the adapters) is known to main.cpp alone.
DOORS = ["reconciler/world/control_socket.hpp", "reconciler/world/dns_query.hpp", "reconciler/world/machine.hpp", "reconciler/world/mail_sender.hpp", "reconciler/world/process.hpp",
         "reconciler/world/secrets.hpp", "reconciler/world/systemd.hpp", "reconciler/world/tls_peer.hpp"]

# The first row whose pattern matches a file says what it may include beside its own folder. `*` crosses folders.
RULES = [
    # Tests, twins and fuzz harnesses may build what the program builds, as main.cpp may.
    (["*_test.cpp", "*_test.hpp", "*_twin.[ch]pp", "*_fuzz.cpp", "*/conformance/*", "*/fake/*", "tests/*"], ["*"]),
    (["core/*"], ["core/*"]),
    (["yaml/*"], ["core/*", "yaml/*"]),
    (["providers/*"], ["core/*", "providers/dns_provider.hpp", "providers/ptr_provider.hpp"]),
    (["reconciler/engine/*"], ["core/*", "reconciler/engine/*"]),
    (["reconciler/manifest/*"],
     ["core/*", "yaml/*", "reconciler/manifest/*", "reconciler/engine/resource.hpp", "reconciler/engine/fields.hpp",
      "reconciler/world/secrets.hpp"]),
    (["reconciler/features/*"],
     ["core/*", "reconciler/features/*", "reconciler/manifest/*", "reconciler/engine/resource.hpp",
      "reconciler/engine/by_address.hpp", "reconciler/kinds/*/spec.hpp"]),
    # The pure half of a kind: nothing that could reach the world.
    (["reconciler/kinds/*/spec*.[ch]pp", "reconciler/kinds/*_parts.[ch]pp"],
     ["core/*", "reconciler/engine/*", "reconciler/kinds/*_parts.hpp"]),
    (["reconciler/kinds/*"],
     ["core/*", "reconciler/engine/*", "reconciler/kinds/*.hpp", "providers/dns_provider.hpp",
      "providers/ptr_provider.hpp", "reconciler/acme/*", "reconciler/resolve/*"] + DOORS),
    # Who publishes the challenges, and whose HTTP and clock it is, is handed in.
    (["reconciler/acme/*"], ["core/*", "reconciler/acme/*"]),
    (["reconciler/resolve/*"], ["core/*", "reconciler/world/dns_query.hpp"]),
    (["reconciler/doctor/*"],
     ["core/*", "reconciler/doctor/*", "reconciler/resolve/*", "reconciler/world/dns_query.hpp",
      "reconciler/world/machine.hpp", "reconciler/world/process.hpp"]),
    (["reconciler/git/*"], ["core/*", "reconciler/git/*", "reconciler/world/process.hpp"]),
    (["reconciler/world/*"], ["core/*", "reconciler/world/*"]),
    (["daemon/smtp/*"], ["core/*", "daemon/smtp/*"]),
    (["daemon/conf/*"], ["core/*", "yaml/*", "daemon/conf/*", "daemon/smtp/server_session.hpp"]),
    (["daemon/policy/*"],
     ["core/*", "daemon/policy/*", "daemon/conf/*.hpp", "daemon/smtp/*.hpp", "daemon/queue/envelope.hpp"]),
    (["daemon/queue/*"], ["core/*", "daemon/queue/*", "daemon/smtp/reply.hpp", "daemon/delivery/courier.hpp"]),
    (["daemon/net/*"], ["core/*", "daemon/net/*"]),
    (["daemon/delivery/*"],
     ["core/*", "daemon/delivery/*", "daemon/conf/*.hpp", "daemon/policy/*.hpp", "daemon/queue/*.hpp",
      "daemon/smtp/*.hpp", "daemon/net/*.hpp"]),
    (["daemon/control/*"],
     ["core/*", "daemon/control/*", "daemon/conf/*.hpp", "daemon/queue/*.hpp", "daemon/smtp/server_session.hpp"]),
    # What a person types: talks to a daemon, and does not hold one.
    (["daemon/cli/*"], ["core/*", "daemon/cli/*", "daemon/control/*.hpp", "daemon/conf/*.hpp", "daemon/queue/spool.hpp"]),
    (["daemon/serve/*", "daemon/main.cpp"], ["core/*", "daemon/*"]),
    (["reconciler/cli/*"],
     ["core/*", "reconciler/cli/*", "providers/dns_provider.hpp", "providers/ptr_provider.hpp",
      "reconciler/engine/*", "reconciler/manifest/*", "reconciler/features/*", "reconciler/kinds/kinds.hpp", "reconciler/kinds/*/spec.hpp",
      "reconciler/git/*", "reconciler/doctor/*"] + DOORS),
    (["reconciler/main.cpp"], ["core/*", "providers/dns_provider.hpp", "reconciler/*"]),
]

# Headers of others that cost seconds to compile, or whose exceptions must be caught where they are included: only here,
# and only in a .cpp, or in a .hpp of a folder that is named as a whole.
HEAVY = [
    (r"yaml-cpp/", ["yaml/*.cpp"]),
    (r"curl/", ["reconciler/world/*.cpp"]),
    (r"ldns/", ["core/dns/*", "reconciler/world/*.cpp"]),
    (r"sdbus-c\+\+/", ["reconciler/world/systemd/*.cpp"]),
    (r"CLI/", ["reconciler/cli/*.cpp", "daemon/cli/*.cpp"]),
    (r"openssl/", ["core/*.cpp", "core/x509/handles.hpp", "reconciler/kinds/*.cpp", "reconciler/acme/*.cpp",
                    "reconciler/world/tls_peer/*.cpp", "daemon/net/*.cpp", "tests/support/csr.cpp", "tests/bench/*.cpp"]),
    (r"^event2/", ["daemon/net/*.cpp", "daemon/net/event_loop.hpp"]),
    (r"seccomp\.h", ["daemon/serve/call_filter.cpp"]),
    (r"unbound\.h", ["daemon/net/*.cpp"]),
    (r"nlohmann/json\.hpp", ["core/*.cpp", "providers/*.cpp", "reconciler/*.cpp", "daemon/*.cpp", "tests/*.cpp", "tests/golden/run.hpp"]),
    (r"simdjson\.h", ["providers/powerdns/convert.cpp", "reconciler/engine/*.cpp", "reconciler/engine/fields_json.hpp",
                      "reconciler/acme/messages.cpp"]),
    (r"fmt/", ["*.cpp"]),
    (r"catch2/", ["*_test.cpp", "providers/conformance/*", "tests/*"]),
    (r"regex$", []),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)
FOLDERS = ["core", "yaml", "providers", "reconciler", "daemon", "tests"]


def matches(path, patterns):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def allowed(path, ours):
    """Says whether the file `path` may include our header `ours`; None when no row covers the file."""
    for patterns, permitted in RULES:
        if matches(path, patterns):
            same_folder = str(pathlib.PurePath(path).parent) == str(pathlib.PurePath(ours).parent)
            return same_folder or matches(ours, permitted)
    return None


def violations(root):
    found, seen = [], 0
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*.[ch]pp")):
            path = file.relative_to(root).as_posix()
            seen += 1
            for match in INCLUDE.finditer(file.read_text()):
                ours, theirs = match.groups()
                line = file.read_text()[: match.start()].count("\n") + 1
                if ours is not None:
                    verdict = allowed(path, ours)
                    if not (root / ours).exists() and not ours.startswith("generated/"):
                        found.append(f'{path}:{line}: "{ours}" is not a path from the root of the tree')
                    elif verdict is None:
                        found.append(f"{path}:{line}: no row of the table covers this folder")
                    elif not verdict:
                        found.append(f"{path}:{line}: may not include {ours}")
                else:
                    for pattern, places in HEAVY:
                        if re.match(pattern, theirs) and not matches(path, places):
                            found.append(f"{path}:{line}: <{theirs}> is heavy; only {' '.join(places) or 'nobody'} may")
    return found, seen


# One offence a row, and things that must stay legal.
OFFENCES = [
    ("core/dns/name.cpp", "reconciler/engine/kind.hpp"),
    ("core/dns/name.cpp", "providers/dns_provider.hpp"),
    ("providers/powerdns/api.cpp", "reconciler/engine/kind.hpp"),
    ("providers/powerdns/api.cpp", "providers/zonefile/file.hpp"),
    ("reconciler/engine/plan.cpp", "reconciler/kinds/kinds.hpp"),
    ("reconciler/engine/plan.cpp", "reconciler/manifest/manifest.hpp"),
    ("reconciler/manifest/load.cpp", "reconciler/engine/kind.hpp"),
    ("reconciler/features/spf.cpp", "reconciler/engine/kind.hpp"),
    ("reconciler/features/spf.cpp", "reconciler/kinds/kinds.hpp"),
    ("reconciler/features/spf.cpp", "reconciler/world/dns_query.hpp"),
    ("reconciler/kinds/ptr/spec.cpp", "reconciler/world/dns_query.hpp"),
    ("reconciler/kinds/ptr/spec.hpp", "reconciler/kinds/kinds.hpp"),
    ("reconciler/kinds/ptr/kind.cpp", "reconciler/world/curl_http.hpp"),
    ("reconciler/kinds/ptr/kind.cpp", "reconciler/manifest/manifest.hpp"),
    ("reconciler/git/branch.cpp", "reconciler/engine/kind.hpp"),
    ("reconciler/acme/client.cpp", "reconciler/world/curl_http.hpp"),
    ("reconciler/acme/issue.cpp", "providers/dns_provider.hpp"),
    ("reconciler/acme/order.cpp", "reconciler/engine/kind.hpp"),
    ("reconciler/resolve/resolve.cpp", "reconciler/engine/kind.hpp"),
    ("reconciler/doctor/examine.cpp", "reconciler/world/machine/local_machine.hpp"),
    ("reconciler/doctor/examine.cpp", "reconciler/manifest/manifest.hpp"),
    ("reconciler/kinds/ptr/spec.cpp", "reconciler/resolve/resolve.hpp"),
    ("daemon/smtp/server_session.cpp", "daemon/net/loop.hpp"),
    ("daemon/queue/queue.cpp", "daemon/net/loop.hpp"),
    ("daemon/policy/sender.cpp", "daemon/net/loop.hpp"),
    ("daemon/smtp/server_session.cpp", "<event2/event.h>"),
    ("daemon/serve/daemon.cpp", "reconciler/engine/kind.hpp"),
    ("daemon/control/requests.cpp", "daemon/net/loop.hpp"),
    ("daemon/cli/run.cpp", "daemon/queue/queue.hpp"),
    ("daemon/cli/run.cpp", "daemon/serve/daemon.hpp"),
    ("reconciler/cli/plan.cpp", "daemon/conf/settings.hpp"),
    ("reconciler/acme/client.cpp", "<simdjson.h>"),
    ("reconciler/world/curl_http.cpp", "reconciler/engine/kind.hpp"),
    ("reconciler/cli/plan.cpp", "reconciler/world/curl_http.hpp"),
    ("reconciler/cli/plan.cpp", "providers/zonefile/file.hpp"),
    ("reconciler/stray/file.cpp", "core/dns/name.hpp"),
    ("core/dns/name.hpp", "<yaml-cpp/yaml.h>"),
    ("providers/powerdns/api.cpp", "<curl/curl.h>"),
    ("reconciler/engine/plan.hpp", "<nlohmann/json.hpp>"),
    ("reconciler/engine/plan.cpp", "<ldns/ldns.h>"),
    ("reconciler/main.cpp", "<CLI/CLI.hpp>"),
    ("core/dns/name.hpp", "<fmt/format.h>"),
    ("reconciler/world/http/curl_http.cpp", "<sdbus-c++/sdbus-c++.h>"),
    ("core/dns/name.cpp", "<regex>"),
    ("core/dns/name.cpp", "core/dns/no_such_file.hpp"),
]
LEGAL = [
    ("reconciler/features/spf.cpp", "reconciler/kinds/ptr/spec.hpp"),
    ("reconciler/kinds/ptr/kind.cpp", "reconciler/world/dns_query.hpp"),
    ("reconciler/main.cpp", "reconciler/world/curl_http.hpp"),
    ("reconciler/engine/plan.cpp", "<nlohmann/json.hpp>"),
    ("providers/powerdns/api.cpp", "providers/powerdns/convert.hpp"),
]


def tree_of(root, cases):
    for path, included in cases:
        line = f"#include {included}\n" if included.startswith("<") else f'#include "{included}"\n'
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as stream:
            stream.write(line)
    for path, included in OFFENCES + LEGAL:
        if not included.startswith("<") and "no_such_file" not in included:
            file = root / included
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()


def self_test():
    """Returns what the check failed to see in a tree of offences, and what it saw in a legal one."""
    problems = []
    for case in OFFENCES:
        with tempfile.TemporaryDirectory() as name:
            tree_of(pathlib.Path(name), [case])
            if len(violations(pathlib.Path(name))[0]) != 1:
                problems.append(f"the check is blind for {case[0]} including {case[1]}")
    with tempfile.TemporaryDirectory() as name:
        tree_of(pathlib.Path(name), LEGAL)
        problems += [f"false alarm: {line}" for line in violations(pathlib.Path(name))[0]]
    return problems


def main():
    found, seen = violations(pathlib.Path(sys.argv[1]))
    problems = self_test() + found
    if seen == 0:
        problems.append("no source files found: wrong directory?")
    for line in problems:
        print(line)
    print(f"{seen} files, {len(found)} forbidden includes; {len(OFFENCES)} planted offences seen")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
