#include "reconciler/cli/lock.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <optional>

#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using cli::Lock;

TEST_CASE("lock: the second one is refused and told who holds it", "[cli]") {
  support::TemporaryDirectory directory;
  auto const state = directory.path() + "/a/state";
  {
    auto const first = Lock::take(state, "apply, since 2026-11-24T16:12:23Z");
    REQUIRE(first);
    auto const second = Lock::take(state, "plan");
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::conflict);
    CHECK(second.error().what.find("apply, since 2026-11-24T16:12:23Z, pid " +
                                   std::to_string(::getpid())) != std::string::npos);
    struct stat st {};
    REQUIRE(::stat(state.c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0700);
  }
  CHECK(Lock::take(state, "plan"));
}

TEST_CASE("lock: it goes with its process, however that ends", "[cli]") {
  support::TemporaryDirectory directory;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  auto const child = ::fork();
  if (child == 0) {
    auto const held = Lock::take(directory.path(), "child");
    (void)!::write(ready[1], held ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 'n';
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  CHECK_FALSE(Lock::take(directory.path(), "parent"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(Lock::take(directory.path(), "parent"));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("lock: a state directory that cannot be made names --state", "[cli]") {
  auto const none = Lock::take("/dev/null/state", "plan");
  REQUIRE_FALSE(none);
  CHECK(none.error().what.find("--state") != std::string::npos);
}
