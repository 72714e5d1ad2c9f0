// One table of behaviours for the disk and for its twin.

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <memory>

#include "core/files/disk_files.hpp"
#include "core/files/memory_files.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::files {
namespace {

/// An empty file system of one make.
struct Make {
  std::string name;
  std::function<std::unique_ptr<Files>(std::string const& directory)> open;
};

std::vector<Make> makes() {
  return {{"disk", [](std::string const& root) { return std::make_unique<DiskFiles>(root); }},
          {"memory", [](std::string const&) { return std::make_unique<MemoryFiles>(); }}};
}

/// A behaviour: what is done, and the text that it must come to.
struct Behaviour {
  std::string name;
  std::function<std::string(Files&)> run;
  std::string expected;
};

std::string text(Result<> const& result) {
  return result ? "done" : std::string(format(result.error().code));
}
std::string text(Result<std::string> const& result) {
  return result ? *result : std::string(format(result.error().code));
}
std::string text(Result<std::vector<std::string>> const& result) {
  if (!result) return std::string(format(result.error().code));
  std::string all;
  for (auto const& name : *result) all += name + ",";
  return all;
}
std::string text(Result<Stat> const& result) {
  if (!result) return std::string(format(result.error().code));
  char mode[16];
  std::snprintf(mode, sizeof mode, "%04o", result->mode);
  return (result->directory ? "directory " : "file ") + std::string(mode) +
         (result->directory ? "" : " " + std::to_string(result->size));
}

/// The parts in the order in which they were done (a sum's operands have none).
std::string said(std::initializer_list<std::string> parts) {
  std::string all;
  for (auto const& part : parts) all += part;
  return all;
}

Attributes mode(unsigned bits) { return Attributes{bits, {}, {}}; }

std::vector<Behaviour> behaviours() {
  return {
      {"an absent file is not found", [](Files& f) { return text(f.read("/a")); }, "not_found"},
      {"an absent file has no stat", [](Files& f) { return text(f.stat("/a")); }, "not_found"},
      {"an absent directory has no list", [](Files& f) { return text(f.list("/a")); }, "not_found"},
      {"a written file is read back",
       [](Files& f) {
         return said({text(f.write("/a", "one", {})), text(f.read("/a"))});
       },
       "doneone"},
      {"an empty file is a file",
       [](Files& f) {
         return said({text(f.write("/a", "", {})), text(f.read("/a")), text(f.stat("/a"))});
       },
       "donefile 0644 0"},
      {"octets are kept as they are",
       [](Files& f) {
         std::string const octets("a\0b\xff\n", 5);
         (void)f.write("/a", octets, {});
         return f.read("/a") == octets ? "same" : "different";
       },
       "same"},
      {"a file larger than a page comes back whole",
       [](Files& f) {
         std::string const octets(300'001, 'x');
         (void)f.write("/a", octets, {});
         return f.read("/a") == octets ? "same" : "different";
       },
       "same"},
      {"the end of a file is what was added last",
       [](Files& f) {
         return said({text(f.write("/a", "one", {})), text(f.append("/a", "two")),
                      text(f.read_end("/a", 2)), text(f.read_end("/a", 100)),
                      text(f.read_end("/a", 0)), text(f.write("/b", "", {})),
                      text(f.read_end("/b", 1))});
       },
       "donedonewoonetwodone"},
      {"an absent file and a directory have no end",
       [](Files& f) {
         return said({text(f.read_end("/a", 1)), " ", text(f.make_directory("/d", mode(0755))), " ",
                      text(f.read_end("/d", 1))});
       },
       "not_found done conflict"},
      {"a second write replaces content and mode",
       [](Files& f) {
         (void)f.write("/a", "longer than two", mode(0644));
         return said(
             {text(f.write("/a", "two", mode(0600))), text(f.read("/a")), text(f.stat("/a"))});
       },
       "donetwofile 0600 3"},
      {"set-id bits of the mode are set",
       [](Files& f) {
         (void)f.write("/a", "x", mode(02640));
         return text(f.stat("/a"));
       },
       "file 2640 1"},
      {"no temporary file stays beside a written one",
       [](Files& f) {
         (void)f.write("/a", "x", {});
         return text(f.list("/"));
       },
       "a,"},
      {"a name of 255 octets can be written",
       [](Files& f) {
         std::string const name(255, 'n');
         (void)f.write("/" + name, "x", {});
         return f.list("/") == std::vector<std::string>{name} ? "written" : "missing";
       },
       "written"},
      {"a missing parent is not found",
       [](Files& f) {
         return said({text(f.write("/d/a", "x", {})), text(f.append("/d/a", "x"))});
       },
       "not_foundnot_found"},
      {"a file is no parent",
       [](Files& f) {
         (void)f.write("/a", "x", {});
         return said({text(f.write("/a/b", "x", {})), text(f.read("/a/b")), text(f.list("/a"))});
       },
       "not_foundnot_foundnot_found"},
      {"a directory is no file",
       [](Files& f) {
         (void)f.make_directory("/d", mode(0755));
         return said({text(f.write("/d", "x", {})), text(f.append("/d", "x")), text(f.read("/d")),
                      text(f.list("/"))});
       },
       "conflictconflictconflictd,"},
      {"a relative path is invalid",
       [](Files& f) {
         return said({text(f.read("a")), text(f.write("a", "x", {})), text(f.remove("")),
                      text(f.list("."))});
       },
       "invalidinvalidinvalidinvalid"},
      {"a path with .. is invalid",
       [](Files& f) {
         return said({text(f.read("/../etc/passwd")), text(f.write("/d/..", "x", {})),
                      text(f.move("/a", "/x/../b"))});
       },
       "invalidinvalidinvalid"},
      {"two dots inside a name are a name",
       [](Files& f) {
         (void)f.write("/a..b", "x", {});
         return text(f.read("/a..b"));
       },
       "x"},
      {"append creates with 0600 and adds",
       [](Files& f) {
         (void)f.append("/j", "one\n");
         (void)f.append("/j", "two\n");
         return said({text(f.read("/j")), text(f.stat("/j"))});
       },
       "one\ntwo\nfile 0600 8"},
      {"append keeps the mode of what is there",
       [](Files& f) {
         (void)f.write("/j", "one\n", mode(0640));
         (void)f.append("/j", "two\n");
         return text(f.stat("/j"));
       },
       "file 0640 8"},
      {"directories are made with their parents",
       [](Files& f) {
         return said({text(f.make_directory("/a/b/c", mode(0700))), " ", text(f.stat("/a")), " ",
                      text(f.stat("/a/b")), " ", text(f.stat("/a/b/c"))});
       },
       "done directory 0755 directory 0755 directory 0700"},
      {"a directory that exists gets the mode, and its parent keeps its own",
       [](Files& f) {
         (void)f.make_directory("/a", mode(0700));
         (void)f.make_directory("/a/b", mode(0700));
         (void)f.make_directory("/a/b", mode(0750));
         return said({text(f.stat("/a")), " ", text(f.stat("/a/b"))});
       },
       "directory 0700 directory 0750"},
      {"a final slash changes nothing",
       [](Files& f) {
         return said({text(f.make_directory("/a/b/", mode(0755))), text(f.stat("/a/b/")),
                      text(f.list("/a/"))});
       },
       "donedirectory 0755b,"},
      {"a file in the way of a directory is a conflict",
       [](Files& f) {
         (void)f.write("/a", "x", {});
         return said({text(f.make_directory("/a", {})), text(f.make_directory("/a/b/c", {})),
                      text(f.read("/a"))});
       },
       "conflictconflictx"},
      {"lists are sorted and of one level",
       [](Files& f) {
         (void)f.make_directory("/d/e", mode(0755));
         for (auto const* name : {"/d/b", "/d/a", "/d/e/x", "/d/e-1"}) (void)f.write(name, "", {});
         return said({text(f.list("/d")), text(f.list("/"))});
       },
       "a,b,e,e-1,d,"},
      {"move replaces a file",
       [](Files& f) {
         (void)f.make_directory("/d", mode(0755));
         (void)f.write("/a", "new", mode(0600));
         (void)f.write("/d/a", "old", mode(0644));
         return said({text(f.move("/a", "/d/a")), text(f.read("/d/a")), text(f.stat("/d/a")),
                      text(f.read("/a"))});
       },
       "donenewfile 0600 3not_found"},
      {"move takes a directory with all below it",
       [](Files& f) {
         (void)f.make_directory("/d/e", mode(0755));
         (void)f.write("/d/e/x", "x", {});
         (void)f.write("/dd", "beside", {});
         return said({text(f.move("/d", "/n")), text(f.read("/n/e/x")), text(f.list("/"))});
       },
       "donexdd,n,"},
      {"move of an absent file is not found", [](Files& f) { return text(f.move("/a", "/b")); },
       "not_found"},
      {"move to a missing parent is not found",
       [](Files& f) {
         (void)f.write("/a", "x", {});
         return said({text(f.move("/a", "/d/a")), text(f.read("/a"))});
       },
       "not_foundx"},
      {"move never replaces a directory by a file, a file by a directory, or a full directory",
       [](Files& f) {
         (void)f.make_directory("/d/e", mode(0755));
         (void)f.make_directory("/n", mode(0755));
         (void)f.write("/a", "x", {});
         return said(
             {text(f.move("/a", "/n")), text(f.move("/d", "/a")), text(f.move("/n", "/d"))});
       },
       "conflictconflictconflict"},
      {"a directory does not move into itself",
       [](Files& f) {
         (void)f.make_directory("/d", mode(0755));
         return said({text(f.move("/d", "/d/e")), text(f.list("/"))});
       },
       "invalidd,"},
      {"exchange swaps two directories with all that they hold, and two files",
       [](Files& f) {
         (void)f.make_directory("/d", mode(0750));
         (void)f.make_directory("/e/f", mode(0755));
         (void)f.write("/d/a", "1", {});
         (void)f.write("/e/b", "2", {});
         (void)f.write("/x", "3", {});
         return said({text(f.exchange("/d", "/e")), text(f.list("/d")), text(f.list("/e")),
                      text(f.read("/d/b")), text(f.stat("/e")), text(f.exchange("/x", "/d/b")),
                      text(f.read("/x"))});
       },
       "doneb,f,a,2directory 0750done2"},
      {"exchange needs both, and no directory goes into itself",
       [](Files& f) {
         (void)f.make_directory("/d/e", mode(0755));
         return said({text(f.exchange("/d", "/n")), text(f.exchange("/n", "/d")),
                      text(f.exchange("/d", "/d/e")), text(f.exchange("/d", "/d")),
                      text(f.list("/d"))});
       },
       "not_foundnot_foundinvaliddonee,"},
      {"remove of nothing succeeds",
       [](Files& f) {
         return said({text(f.remove("/a")), text(f.remove("/d/e/f"))});
       },
       "donedone"},
      {"remove takes a file and an empty directory",
       [](Files& f) {
         (void)f.make_directory("/d", mode(0755));
         (void)f.write("/d/a", "x", {});
         return said({text(f.remove("/d/a")), text(f.remove("/d")), text(f.list("/"))});
       },
       "donedone"},
      {"remove of a directory that is not empty is a conflict",
       [](Files& f) {
         (void)f.make_directory("/d", mode(0755));
         (void)f.write("/d/a", "x", {});
         (void)f.write("/d-1", "x", {});
         return said({text(f.remove("/d")), text(f.read("/d/a"))});
       },
       "conflictx"},
  };
}

}  // namespace

TEST_CASE("files: the disk and its twin behave alike", "[files]") {
  auto const make = GENERATE(from_range(makes()));
  auto const behaviour = GENERATE(from_range(behaviours()));
  support::TemporaryDirectory const directory;
  auto const files = make.open(directory.path());
  INFO(make.name << ": " << behaviour.name);
  CHECK(behaviour.run(*files) == behaviour.expected);
}

TEST_CASE("files: owner and group are set and reported by name", "[files]") {
  auto const make = GENERATE(from_range(makes()));
  support::TemporaryDirectory const directory;
  auto const files = make.open(directory.path());
  INFO(make.name);
  REQUIRE(files->make_directory("/etc", {}));
  REQUIRE(files->write("/etc/passwd", "root:x:0:0::/:/bin/sh\nmail:x:4321:8::/:/bin/sh\n", {}));
  REQUIRE(files->write("/etc/group", "root:x:0:\npostfix:x:4322:mail\n", {}));
  if (!files->sets_owners()) return;  // unprivileged: the next test shows what happens then
  REQUIRE(files->write("/key", "x", Attributes{0640, "mail", "postfix"}));
  REQUIRE(files->make_directory("/d/e", Attributes{0750, "mail", {}}));
  CHECK(files->stat("/key")->owner == "mail");
  CHECK(files->stat("/key")->group == "postfix");
  CHECK(files->stat("/d/e")->owner == "mail");
  CHECK(files->stat("/d/e")->group == "root");
  CHECK(files->stat("/d")->owner == "root");
}

TEST_CASE("files: every message names the path", "[files]") {
  auto const make = GENERATE(from_range(makes()));
  support::TemporaryDirectory const directory;
  auto const files = make.open(directory.path());
  INFO(make.name);
  CHECK(files->read("/no/such").error().what.find("/no/such") != std::string::npos);
  CHECK(files->write("/no/such", "", {}).error().what.find("/no/such") != std::string::npos);
  CHECK(files->move("/no/such", "/x").error().what.find("/no/such") != std::string::npos);
}

}  // namespace mailstack::files
