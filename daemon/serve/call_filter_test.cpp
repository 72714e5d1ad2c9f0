#include "daemon/serve/call_filter.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <functional>
#include <thread>

#include "daemon/delivery/program.hpp"

namespace mailstack::serve {
namespace {

/// What `look` returns in a process of its own, where calls are refused.
int in_confinement(std::function<int()> const& look) {
  auto const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(refuse_calls() ? look() : 99);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int error_of(long result) { return result < 0 ? errno : 0; }

/// What a shell says to `command`.
policy::ProgramEnd shell(std::string const& command) {
  delivery::Program program;
  program.argv = {"/bin/sh", "-c", command};
  program.environment = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin"};
  program.limit = std::chrono::seconds(20);
  return delivery::run_program(program).end;
}

TEST_CASE("call filter: what no mail needs is refused, to root too", "[serve]") {
  CHECK(in_confinement([] { return error_of(::unshare(CLONE_NEWUSER)); }) == EPERM);
  CHECK(in_confinement([] { return error_of(::mount("none", "/", "", MS_REMOUNT, "")); }) == EPERM);
  CHECK(in_confinement([] { return error_of(::syscall(SYS_bpf, 0, nullptr, 0)); }) == EPERM);
  CHECK(in_confinement([] { return error_of(::syscall(SYS_keyctl, 0, 0, 0, 0, 0)); }) == EPERM);
  CHECK(in_confinement([] {
          return error_of(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, 0, 0, 0));
        }) == EPERM);
  CHECK(in_confinement([] { return error_of(::syscall(SYS_clone3, nullptr, 0)); }) == ENOSYS);
  CHECK(in_confinement([] { return error_of(::socket(AF_PACKET, SOCK_RAW, 0)); }) == EAFNOSUPPORT);
  CHECK(in_confinement([] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }) == 1);
}

TEST_CASE("call filter: threads, sockets and programs work, and inherit it", "[serve]") {
  CHECK(in_confinement([] {
          int error = -1;
          std::thread([&] { error = error_of(::unshare(CLONE_NEWNS)); }).join();
          return error;
        }) == EPERM);
  for (int const family : {AF_UNIX, AF_INET, AF_NETLINK})
    CHECK(in_confinement([=] {
            return error_of(::socket(family, family == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0));
          }) == 0);
  CHECK(in_confinement([] { return shell("cat </dev/null | sort && exit 7").code; }) == 7);
  CHECK(in_confinement([] { return shell("unshare -r true 2>/dev/null || exit 7").code; }) == 7);
}

}  // namespace
}  // namespace mailstack::serve
