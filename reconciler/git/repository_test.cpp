#include "reconciler/git/repository.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/files/disk_files.hpp"
#include "reconciler/git/guard.hpp"
#include "reconciler/world/process/child_process.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using git::Repository;

namespace {

/// A repository as a person has it: a manifest, one commit.
struct Fixture {
  support::TemporaryDirectory directory;
  world::ChildProcess process;
  files::DiskFiles files;
  std::string path = directory.path();

  std::string git(std::vector<std::string> arguments) {
    std::vector<std::string> argv{"git", "-c", "user.name=p", "-c", "user.email=p@example.org"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto const done = process.run({argv, path, {}, {}, {}});
    REQUIRE(done);
    INFO(done->errors);
    REQUIRE(done->status == 0);
    return done->output.substr(0, done->output.find('\n'));
  }
  void write(std::string const& name, std::string const& content) {
    std::ofstream(path + "/" + name) << content;
  }
  std::string commit(std::string const& content) {
    write("mailstack.yaml", content);
    git({"add", "mailstack.yaml"});
    git({"commit", "-q", "-m", content});
    return git({"rev-parse", "HEAD"});
  }
  Repository open() {
    auto found = Repository::find(process, files, path);
    REQUIRE(found);
    REQUIRE(*found);
    return **std::move(found);
  }
};

std::string private_key() {
  // Put together here, so that no scanner takes this file for a key.
  return std::string("-----BEGIN ") + "PRIVATE KEY-----\nMIIE\n";
}

}  // namespace

TEST_CASE("git: outside of a repository there is none, and that is no error", "[git]") {
  Fixture f;
  auto const found = Repository::find(f.process, f.files, f.path);
  REQUIRE(found);
  CHECK_FALSE(*found);
}

TEST_CASE("regression: the remedy for git's ownership names the repository's top", "[git]") {
  struct Refusing final : world::Process {
    Result<world::Finished> run(world::Command const&) override {
      return world::Finished{
          128, "", "fatal: detected dubious ownership in repository at '/srv/r'\nTo add an ..."};
    }
  } process;
  files::DiskFiles files;
  auto const found = Repository::find(process, files, "/srv/r/mail");
  REQUIRE_FALSE(found);
  CHECK(found.error().what.starts_with("git refuses /srv/r: "));
  CHECK(found.error().what.ends_with(" --add safe.directory /srv/r"));
  CHECK(found.error().what.find("as root") == std::string::npos);
}

TEST_CASE("git: revision and changes of the manifest", "[git]") {
  Fixture f;
  REQUIRE(Repository::create(f.process, f.path));
  auto repository = f.open();
  CHECK(repository.revision()->empty());
  auto const id = f.commit("one");
  CHECK(*repository.revision() == id);
  CHECK_FALSE(*repository.changed({f.path + "/mailstack.yaml"}));
  f.write("other", "not ours");
  CHECK_FALSE(*repository.changed({f.path + "/mailstack.yaml"}));
  f.write("mailstack.yaml", "two");
  CHECK(*repository.changed({f.path + "/mailstack.yaml"}));
}

TEST_CASE("git: who descends from whom, and an unknown commit is no ancestor", "[git]") {
  Fixture f;
  REQUIRE(Repository::create(f.process, f.path));
  auto const first = f.commit("one"), second = f.commit("two");
  auto repository = f.open();
  CHECK(*repository.descends(second, first));
  CHECK(*repository.descends(second, second));
  CHECK_FALSE(*repository.descends(first, second));
  CHECK_FALSE(*repository.descends(second, "0123456789012345678901234567890123456789"));
}

TEST_CASE("git: publish adds a child commit and touches nothing of the people's", "[git]") {
  Fixture f;
  REQUIRE(Repository::create(f.process, f.path));
  auto const head = f.commit("one");
  f.write("mailstack.yaml", "half typed");
  auto const index = *f.files.read(f.path + "/.git/index");
  auto repository = f.open();
  auto const first = repository.publish("mx1", {{"inventory.jsonl", "{}\n"}}, "apply run-1");
  REQUIRE(first);
  auto const second = repository.publish(
      "mx1", {{"conf/etc/x", "a\nb\n"}, {"inventory.jsonl", "{\"a\":1}\n"}, {"empty", ""}},
      "apply run-2");
  REQUIRE(second);
  CHECK(*repository.read("mx1", "conf/etc/x") == "a\nb\n");
  CHECK(repository.read("mx1", "empty")->empty());
  CHECK(repository.read("mx1", "nothing").error().code == ErrorCode::not_found);
  CHECK(*repository.descends(*second, *first));
  auto const log = repository.log("mx1", 10);
  REQUIRE(log);
  REQUIRE(log->size() == 2);
  CHECK(log->front().subject == "apply run-2");
  CHECK(f.git({"rev-parse", "HEAD"}) == head);
  CHECK(*f.files.read(f.path + "/.git/index") == index);
  CHECK(*f.files.read(f.path + "/mailstack.yaml") == "half typed");
  for (auto const& entry : std::filesystem::directory_iterator(f.path + "/.git"))
    CHECK(entry.path().filename().string().find("mailstack") == std::string::npos);
}

TEST_CASE("git: a tree holds exactly the contents; the same contents make no commit", "[git]") {
  Fixture f;
  REQUIRE(Repository::create(f.process, f.path));
  auto repository = f.open();
  auto const first = repository.publish("mx1", {{"a", "1"}, {"b", "2"}}, "one");
  REQUIRE(first);
  CHECK(*repository.publish("mx1", {{"a", "1"}, {"b", "2"}}, "again") == *first);
  REQUIRE(repository.publish("mx1", {{"a", "1"}}, "without b"));
  CHECK(repository.read("mx1", "b").error().code == ErrorCode::not_found);
}

TEST_CASE("git: a secret is not committed, and the message does not show it", "[git]") {
  Fixture f;
  REQUIRE(Repository::create(f.process, f.path));
  auto repository = f.open();
  auto const refused = repository.publish("mx1", {{"key", private_key()}}, "one");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().what.find("MIIE") == std::string::npos);
  CHECK(repository.log("mx1", 1)->empty());
}

TEST_CASE("git: hooks and monitors of the repository do not run", "[git]") {
  Fixture f;
  REQUIRE(Repository::create(f.process, f.path));
  f.commit("one");
  auto const trap = f.path + "/ran";
  for (auto const* hook : {"reference-transaction", "post-commit", "post-index-change"}) {
    auto const at = f.path + "/.git/hooks/" + hook;
    std::filesystem::create_directories(f.path + "/.git/hooks");
    std::ofstream(at) << "#!/bin/sh\ntouch " << trap << "\n";
    ::chmod(at.c_str(), 0755);
  }
  f.process.run({{"git", "config", "core.fsmonitor", "touch " + trap}, f.path, {}, {}, {}});
  auto repository = f.open();
  REQUIRE(repository.changed({f.path + "/mailstack.yaml"}));
  REQUIRE(repository.publish("mx1", {{"a", "1"}}, "one"));
  CHECK_FALSE(std::filesystem::exists(trap));
}

TEST_CASE("git: a leftover of a killed run does not stop the next one", "[git]") {
  Fixture f;
  REQUIRE(Repository::create(f.process, f.path));
  f.write(".git/mailstack-mx1.index.lock", "");
  f.write(".git/mailstack-mx1.index", "rubbish");
  CHECK(f.open().publish("mx1", {{"a", "1"}}, "one"));
}

TEST_CASE("git: root works in a user's repository as that user", "[git]") {
  if (::geteuid() != 0) return;  // only root can become somebody else
  constexpr uid_t nobody = 65534;
  Fixture f;
  REQUIRE(Repository::create(f.process, f.path));
  f.commit("one");
  auto const give = [&](std::string const& path) {
    REQUIRE(::lchown(path.c_str(), nobody, nobody) == 0);
  };
  give(f.path);
  for (auto const& entry : std::filesystem::recursive_directory_iterator(f.path))
    give(entry.path());
  REQUIRE(f.open().publish("mx1", {{"a", "1"}}, "one"));
  for (auto const& entry : std::filesystem::recursive_directory_iterator(f.path)) {
    struct stat st {};
    REQUIRE(::lstat(entry.path().c_str(), &st) == 0);
    CAPTURE(entry.path());
    CHECK(st.st_uid == nobody);
  }
}

TEST_CASE("git: names of appliers become names of branches", "[git]") {
  CHECK(git::branch_of("mx1") == "refs/heads/mailstack/mx1");
  CHECK(git::branch_of("smtp.example.org") == "refs/heads/mailstack/smtp.example.org");
  CHECK(git::branch_of("a b~c^d:e..f") == "refs/heads/mailstack/a-b-c-d-e.-f");
  CHECK(git::branch_of("x.lock") == "refs/heads/mailstack/x-lock");
  CHECK(git::branch_of(".") == "refs/heads/mailstack/-");
}

TEST_CASE("guard: what must not travel is named, and what only looks alike passes", "[git]") {
  struct Case {
    std::string content;
    bool secret;
  };
  std::string const key(43, 'A');
  std::vector<Case> const cases{
      {private_key(), true},
      {std::string("-----BEGIN ") + "RSA PRIVATE KEY-----\n", true},
      {"{\"content\":\"" + std::string("-----BEGIN ") + "EC PRIVATE KEY-----\\nMII\"}", true},
      {"-----BEGIN PUBLIC KEY-----\nMII\n", false},
      {"-----BEGIN CERTIFICATE-----\n says nothing of a PRIVATE KEY", false},
      {"$scrypt$ln=14,r=8,p=1$c2FsdA$" + key, true},
      {"{\"hash\":\"$6$" + key + "\"}", true},
      {"$2b$10$" + key, true},
      {"$y$j9T$" + key, true},
      {"costs $6$ a month", false},
      {"password: <scrypt>", false},
      {"users: {\n  scrypt: {\n    logN: 14", true},
      {"scrypt {logN: 14}", true},
      {"plain: { password: \"x\" }", true},
      {"explain: {a: b}", false},
      {"scrypt: <hidden>", false},
      {"v=spf1 mx ~all", false},
      {"", false},
  };
  for (auto const& one : cases) {
    CAPTURE(one.content);
    CHECK(git::secret_in(one.content).has_value() == one.secret);
  }
}
