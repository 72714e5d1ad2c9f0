#include "reconciler/world/process/child_process.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/temporary_directory.hpp"

namespace mailstack::world {
namespace {

Command shell(std::string script) {
  return Command{{"/bin/sh", "-c", std::move(script)}, {}, {}, {}, {}};
}

}  // namespace

TEST_CASE("process: status, output and errors come back apart", "[world]") {
  ChildProcess process;
  auto const finished = process.run(shell("echo out; echo err >&2; exit 3"));
  REQUIRE(finished);
  CHECK(finished->status == 3);
  CHECK(finished->output == "out\n");
  CHECK(finished->errors == "err\n");
}

TEST_CASE("process: no shell sees the arguments", "[world]") {
  ChildProcess process;
  auto const finished =
      process.run(Command{{"printf", "%s|", "a b", "$HOME", "*", ";id"}, {}, {}, {}, {}});
  REQUIRE(finished);
  CHECK(finished->output == "a b|$HOME|*|;id|");
}

TEST_CASE("process: more than a pipe holds goes in and comes out", "[world]") {
  ChildProcess process;
  auto command = shell("cat; cat /dev/null >&2");
  command.input = std::string(3'000'000, 'x');
  auto const finished = process.run(command);
  REQUIRE(finished);
  CHECK(finished->output == command.input);
}

TEST_CASE("process: a program that does not read its input is no error", "[world]") {
  ChildProcess process;
  auto command = shell("exec <&-; sleep 0.05; echo done");
  command.input = std::string(3'000'000, 'x');
  auto const finished = process.run(command);
  REQUIRE(finished);
  CHECK(finished->status == 0);
  CHECK(finished->output == "done\n");
}

TEST_CASE("process: a signal is 128 and its number", "[world]") {
  ChildProcess process;
  auto const finished = process.run(shell("kill -9 $$"));
  REQUIRE(finished);
  CHECK(finished->status == 137);
}

TEST_CASE("process: a missing program is not found, a bad one cannot be started", "[world]") {
  ChildProcess process;
  auto const missing = process.run(Command{{"mailstack-no-such-program"}, {}, {}, {}, {}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().what.find("install") != std::string::npos);
  support::TemporaryDirectory const directory;
  std::ofstream(directory.path() + "/text") << "no program";
  REQUIRE(::chmod((directory.path() + "/text").c_str(), 0755) == 0);
  auto const bad = process.run(Command{{directory.path() + "/text"}, {}, {}, {}, {}});
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == ErrorCode::unavailable);
  auto const nowhere = process.run(Command{{"true"}, "/no/such/directory", {}, {}, {}});
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().what.find("/no/such/directory") != std::string::npos);
  CHECK(process.run(Command{}).error().code == ErrorCode::invalid);
}

TEST_CASE("process: the environment is minimal and what the command adds", "[world]") {
  ::setenv("MAILSTACK_TEST_SECRET", "leaked", 1);
  ChildProcess process;
  Command command{{"env"}, {}, {}, {{"GIT_INDEX_FILE", "x y"}}, {}};
  auto const finished = process.run(command);
  ::unsetenv("MAILSTACK_TEST_SECRET");
  REQUIRE(finished);
  CHECK(finished->output.find("leaked") == std::string::npos);
  CHECK(finished->output.find("GIT_INDEX_FILE=x y\n") != std::string::npos);
  CHECK(finished->output.find("LANG=C.UTF-8\n") != std::string::npos);
}

TEST_CASE("process: the child has three descriptors and runs where it is told", "[world]") {
  support::TemporaryDirectory const directory;
  std::ifstream const kept_open("/dev/null");
  ChildProcess process;
  auto command = shell("ls /proc/$$/fd; pwd");
  command.directory = directory.path();
  auto const finished = process.run(command);
  REQUIRE(finished);
  CHECK(finished->output == "0\n1\n2\n" + directory.path() + "\n");
}

TEST_CASE("process: relative entries of PATH are not searched", "[world]") {
  support::TemporaryDirectory const directory;
  std::ofstream(directory.path() + "/mailstack-planted") << "#!/bin/sh\necho planted\n";
  REQUIRE(::chmod((directory.path() + "/mailstack-planted").c_str(), 0755) == 0);
  std::string const before = std::getenv("PATH");
  ::setenv("PATH", (".:" + before + "::").c_str(), 1);
  auto const here = std::filesystem::current_path().string();
  REQUIRE(::chdir(directory.path().c_str()) == 0);
  ChildProcess process;
  auto const found = process.run(Command{{"mailstack-planted"}, {}, {}, {}, {}});
  REQUIRE(::chdir(here.c_str()) == 0);
  ::setenv("PATH", before.c_str(), 1);
  REQUIRE_FALSE(found);
  CHECK(found.error().code == ErrorCode::not_found);
}

TEST_CASE("process: root drops to the owner of a path, its groups and its home", "[world]") {
  if (::geteuid() != 0) return;
  support::TemporaryDirectory const directory;
  REQUIRE(::chown(directory.path().c_str(), 65534, 65534) == 0);
  ChildProcess process;
  auto command = shell("id -u; id -G; echo $HOME; touch mine");
  command.directory = directory.path();
  command.run_as_owner_of = directory.path();
  auto const finished = process.run(command);
  REQUIRE(finished);
  CHECK(finished->output == "65534\n65534\n/nonexistent\n");
  CHECK(finished->status == 0);
  struct stat status {};
  REQUIRE(::stat((directory.path() + "/mine").c_str(), &status) == 0);
  CHECK(status.st_uid == 65534);
  command.run_as_owner_of = "/no/such/path";
  CHECK(process.run(command).error().code == ErrorCode::not_found);
}

TEST_CASE("process: several threads at once", "[world]") {
  ChildProcess process;
  std::vector<std::string> outputs(8);
  std::vector<std::thread> threads;
  threads.reserve(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    threads.emplace_back([&, i] {
      auto command = shell("cat");
      command.input = std::string(100'000, static_cast<char>('a' + i));
      outputs[i] = process.run(command).value_or(Finished{}).output;
    });
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < outputs.size(); ++i)
    CHECK(outputs[i] == std::string(100'000, static_cast<char>('a' + i)));
}

}  // namespace mailstack::world
