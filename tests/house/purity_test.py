#!/usr/bin/env python3
"""Pure code cannot reach the world: shown on the objects that were built, not on what the sources promise.

Called with the source and the binary directory. An object is pure when it calls nothing of WORLD, and nothing of ours
that lives in an object which is not pure. Virtual calls through an interface leave no symbol, so code that is handed a
door stays pure; that the door is handed in is the point.
"""

import fnmatch
import pathlib
import re
import subprocess
import sys
import tempfile

# Sources whose objects must be pure, and what each may do beside (a pattern of symbols, and why).
PURE = [
    ("core/result/*", None),
    ("core/secret/*", None),
    ("core/keys/*", None),
    ("core/json_text/*", None),
    ("core/digest/*", None),
    ("core/retry_after/*", None),
    ("core/dns/*", None),
    ("core/mail/*", None),
    ("core/clock/clock.cpp", None),
    ("core/files/working_directory.cpp", None),  # what a relative manifest is relative to
    ("core/base64/*", None),
    ("core/userdb/scrypt.cpp", r"RAND_bytes"),  # the salt of a new hash
    ("core/userdb/*", None),
    ("yaml/*", None),
    ("reconciler/engine/lanes.cpp", r"_ZNSt6thread15_M_start_thread"),  # lanes run in parallel; the doors are handed in
    ("reconciler/engine/*", None),
    ("reconciler/manifest/*", None),  # files come through the door files::Files
    ("reconciler/features/*", None),
    ("reconciler/kinds/*/spec*", None),
    ("reconciler/acme/*", None),  # HTTP, time and DNS are doors
    ("reconciler/doctor/*", None),  # DNS, machine and programs are doors
    ("reconciler/resolve/*", None),  # DNS is a door
    ("daemon/smtp/*", None),
    ("daemon/policy/*", None),
    ("daemon/conf/problem.cpp", None),
    ("daemon/control/answers.cpp", None),
    ("daemon/control/event.cpp", None),
    ("daemon/control/http.cpp", None),
    ("daemon/control/instruments.cpp", None),
    ("daemon/control/log_line.cpp", None),
    ("daemon/control/metrics.cpp", None),
    ("daemon/control/requests.cpp", None),
    ("daemon/control/shown.cpp", None),
    ("daemon/conf/problem.cpp", None),
    ("daemon/queue/item_id.cpp", None),
    ("daemon/queue/envelope.cpp", None),
    ("daemon/queue/item_id.cpp", None),
    ("daemon/queue/schedule.cpp", None),
    ("daemon/delivery/route.cpp", None),  # MX order
    ("reconciler/kinds/*_parts.cpp", None),
    ("reconciler/kinds/unit/failure.cpp", None),
    ("reconciler/kinds/unit/loaded.cpp", None),
    ("generated/laws_registry.cpp", None),
    ("generated/features_registry.cpp", None),
]
NOT_PROGRAM = re.compile(r"(_test|_fuzz|_twin)\.cpp$|/fake/|/conformance/|/tests/")

# What reaches the world: sockets, environment, clock, files, processes, chance, sleep, threads.
WORLD = re.compile(
    r"^(socket|socketpair|connect|bind|listen|accept4?|send(to|msg|mmsg)?|recv(from|msg|mmsg)?|poll|ppoll|select|epoll_\w+"
    r"|getaddrinfo|gethostby\w+|getifaddrs|gethostname|uname|res_n?\w*query|(secure_)?getenv|setenv|putenv"
    r"|time|clock_gettime|gettimeofday|ftime|localtime(_r)?|clock"
    r"|open(at)?(64)?|creat(64)?|fopen(64)?|freopen(64)?|fdopen|tmpfile(64)?|mkstemp\w*|rename(at2?)?|unlink(at)?|remove|rmdir"
    r"|mkdir(at)?|opendir|readdir(64)?|l?stat(64)?|fstat(64)?|fstatat(64)?|access|chmod|f?chown|fsync|fdatasync|ftruncate(64)?"
    r"|fork|vfork|exec\w+|posix_spawn\w*|system|popen|kill|wait(pid|id)?|flock"
    r"|rand|random|arc4random\w*|getrandom|getentropy|RAND_\w*bytes|EVP_PKEY_(Q_)?keygen|EVP_PKEY_generate"
    r"|sleep|usleep|nanosleep|clock_nanosleep|pthread_create|curl_\w+|sd_\w+"
    r"|_ZNSt6thread15_M_start_thread.*|_ZNSt6chrono3_V21[0-9](system|steady)_clock3nowEv|_ZNSt13random_device.*"
    r"|_ZNSt(13|14)basic_(filebuf|ifstream|ofstream|fstream).*|_ZNSt10filesystem(?!7__cxx114path).*)(@.*)?$")


def symbols(objects):
    """Returns what each object needs and what it gives, by nm."""
    needs = {path: set() for path in objects}
    gives = {path: set() for path in objects}
    output = subprocess.run(["nm", "--format=posix", "-A", *map(str, objects)], check=True, capture_output=True, text=True).stdout
    by_text = {str(path): path for path in objects}
    for line in output.splitlines():
        place, _, rest = line.partition(": ")
        name, sort = rest.split()[:2]
        if sort in "Uw":
            needs[by_text[place]].add(name.split("@")[0])
        elif sort.isupper() or sort in "uvV":
            gives[by_text[place]].add(name)
    return needs, gives


def source_of(path, build):
    """build/CMakeFiles/core.dir/core/dns/name.cpp.o is core/dns/name.cpp."""
    return path.relative_to(build / "CMakeFiles").as_posix().split(".dir/", 1)[1].removesuffix(".o")


def row_of(source):
    for pattern, licence in PURE:
        if fnmatch.fnmatchcase(source, pattern):
            return pattern, licence
    return None


def offences(needs, gives, source_names):
    """All reasons why an object that must be pure is not."""
    giver = {}
    for path, names in gives.items():
        for name in names:
            giver.setdefault(name, set()).add(path)
    found = []
    for path in sorted(needs):
        row = row_of(source_names[path])
        if row is None:
            continue
        for name in sorted(needs[path]):
            if WORLD.match(name) and not (row[1] and re.match(row[1], name)):
                found.append(f"{source_names[path]}: calls {name}")
            givers = giver.get(name, set())
            if givers and path not in givers and all(row_of(source_names[other]) is None for other in givers):
                found.append(f"{source_names[path]}: calls {demangled(name)} of {source_names[min(givers)]}, which is not pure")
    return found


def demangled(name):
    return subprocess.run(["c++filt", name], capture_output=True, text=True).stdout.strip()


def check(source_root, build):
    objects = [path for path in (build / "CMakeFiles").glob("*.dir/**/*.cpp.o")
               if not NOT_PROGRAM.search(source_of(path, build)) and not re.search(r"_tests?\.dir/", path.as_posix())]
    names = {path: source_of(path, build) for path in objects}
    # An object whose source is gone is left over from an earlier build.
    objects = [path for path in objects if (source_root / names[path]).exists() or (build / names[path]).exists()]
    needs, gives = symbols(objects)
    found = offences(needs, gives, names)
    built, pure = set(names.values()), 0
    for folder in ["core", "yaml", "providers", "reconciler", "daemon"]:
        for file in sorted((source_root / folder).rglob("*.cpp")):
            source = file.relative_to(source_root).as_posix()
            if row_of(source) and not NOT_PROGRAM.search(source):
                pure += 1
                if source not in built:
                    found.append(f"{source}: must be pure, but no object of it was built")
    return found, pure


PLANTED = r"""
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <random>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
extern "C" int ours();
long %s() {
  long sum = ::socket(1, 1, 0) + ::connect(0, nullptr, 0) + ::time(nullptr) + ::open("/x", O_RDONLY) + ::getpid() + ours();
  sum += std::getenv("X") != nullptr;
  timespec now;
  sum += ::clock_gettime(CLOCK_REALTIME, &now);
  sum += std::chrono::system_clock::now().time_since_epoch().count() + std::chrono::steady_clock::now().time_since_epoch().count();
  std::ifstream stream("/x");
  sum += std::random_device{}() + std::filesystem::exists("/x");
  std::thread([] {}).join();
  return sum + (std::fopen("/x", "r") != nullptr) + ::unlink("/x") + ::fsync(0);
}
"""
MUST_SEE = ["socket", "connect", "time", "open", "getenv", "clock_gettime", "system_clock3now", "steady_clock3now", "ifstream",
            "random_device", "filesystem", "_M_start_thread", "fopen", "unlink", "fsync", "ours of reconciler/world/x.cpp"]


def self_test():
    """Compiles an object that does everything forbidden and one that gives `ours` from an impure folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "pure.cpp").write_text(PLANTED % "planted")
        (folder / "impure.cpp").write_text('extern "C" int ours();\nint ours() { return 1; }\n')
        for stem in ["pure", "impure"]:
            subprocess.run(["g++", "-std=c++20", "-c", f"{stem}.cpp", "-o", f"{stem}.o"], cwd=folder, check=True)
        names = {folder / "pure.o": "core/dns/planted.cpp", folder / "impure.o": "reconciler/world/x.cpp"}
        needs, gives = symbols(names)
        found = offences(needs, gives, names)
    blind = [word for word in MUST_SEE if not any(word in line for line in found)]
    innocent = [line for line in found if "getpid" in line]
    return [f"the check is blind for {word}" for word in blind] + [f"false alarm: {line}" for line in innocent]


def main():
    source_root, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    found, pure = check(source_root, build)
    problems = self_test() + found
    if pure == 0:
        problems.append("no pure object found: wrong directory?")
    for line in problems:
        print(line)
    print(f"{pure} objects must be pure, {len(found)} offences; {len(MUST_SEE)} planted calls seen")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
