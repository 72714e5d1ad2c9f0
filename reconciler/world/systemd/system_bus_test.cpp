#include "reconciler/world/systemd/system_bus.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "reconciler/world/process/child_process.hpp"
#include "tests/support/systemd_instance.hpp"

namespace mailstack::world {

using support::SystemdInstance;
using namespace std::chrono_literals;

TEST_CASE("systemd: the root of a system follows from its bus", "[world][systemd]") {
  struct {
    char const* address;
    char const* root;
  } const cases[] = {
      {"", "/"},
      {"unix:path=/run/dbus/system_bus_socket", "/"},
      {"unix:path=/var/run/dbus/system_bus_socket,guid=00", "/"},
      {"unix:path=/srv/x/run/dbus/system_bus_socket", "/srv/x"},
      {"unix:path=/tmp/elsewhere", ""},
      {"tcp:host=127.0.0.1,port=1", ""},
  };
  for (auto const& row : cases) CHECK(root_of_bus(row.address) == row.root);
}

TEST_CASE("systemd: a unit's object is its escaped name", "[world][systemd]") {
  CHECK(object_path("a1-b@x.service") == "/org/freedesktop/systemd1/unit/a1_2db_40x_2eservice");
  CHECK(object_path("9p.mount") == "/org/freedesktop/systemd1/unit/_39p_2emount");
}

TEST_CASE("systemd: without a bus everything is unavailable, and says so", "[world][systemd]") {
  SystemBus bus(std::make_unique<ChildProcess>(),
                "unix:path=/nonexistent/run/dbus/system_bus_socket");
  auto const version = bus.version();
  REQUIRE_FALSE(version);
  CHECK(version.error().code == ErrorCode::unavailable);
  CHECK(version.error().what.find("No such file or directory") != std::string::npos);
  CHECK(bus.state("x.service").error().code == ErrorCode::unavailable);
  CHECK(bus.run("x.service", Job::start, 1s).error().code == ErrorCode::unavailable);
  CHECK(bus.journal("x.service", {}, 3).empty());
}

TEST_CASE("systemd: units of a real one", "[world][systemd][real]") {
  if (auto const why = SystemdInstance::missing(); !why.empty()) {
    WARN("skipped: " << why);
    return;
  }
  SystemdInstance system;
  SystemBus bus(std::make_unique<ChildProcess>(), system.bus());
  REQUIRE(bus.version());
  CHECK(bus.version()->starts_with("2"));

  SECTION("written, enabled, started, stopped") {
    CHECK(bus.state("a.service")->load == "not-found");
    CHECK(bus.run("a.service", Job::start, 5s).error().code == ErrorCode::not_found);
    CHECK(bus.enable("a.service").error().code == ErrorCode::not_found);
    system.write("/etc/systemd/system/a.service",
                 "[Service]\nType=notify\nNotifyAccess=all\n"
                 "ExecStart=/bin/sh -c 'systemd-notify --ready --status=serving; exec sleep 1000'\n"
                 "ExecReload=/bin/true\n[Install]\nWantedBy=multi-user.target\n");
    REQUIRE(bus.daemon_reload());
    REQUIRE(bus.enable("a.service"));
    REQUIRE(bus.daemon_reload());
    REQUIRE(bus.run("a.service", Job::start, 20s));
    auto const state = bus.state("a.service").value();
    CHECK(state.load == "loaded");
    CHECK(state.active == "active");
    CHECK(state.sub == "running");
    CHECK(state.enabled == "enabled");
    CHECK(state.status_text == "serving");
    CHECK(state.main_pid > 1);
    CHECK(state.can_reload);
    CHECK(state.started);
    CHECK(state.invocation.size() == 32);
    REQUIRE(bus.run("a.service", Job::reload, 20s));
    CHECK(bus.state("a.service")->invocation == state.invocation);
    CHECK(bus.state("a.service")->changed > state.changed);
    REQUIRE(bus.run("a.service", Job::restart, 20s));
    CHECK(bus.state("a.service")->invocation != state.invocation);

    // The first file of a new folder of drop-ins is not noticed by systemd itself.
    auto const* drop_in = "/etc/systemd/system/a.service.d/10-mailstack.conf";
    system.write(drop_in, "[Service]\nNice=5\n");
    REQUIRE(bus.daemon_reload());
    CHECK_FALSE(bus.state("a.service")->needs_daemon_reload);
    system.write(drop_in, "[Service]\nNice=6\nUser=nobody\n");
    CHECK(bus.state("a.service")->needs_daemon_reload);
    REQUIRE(bus.daemon_reload());
    CHECK_FALSE(bus.state("a.service")->needs_daemon_reload);
    CHECK(bus.state("a.service")->user == "nobody");

    REQUIRE(bus.disable("a.service"));
    REQUIRE(bus.disable("a.service"));
    REQUIRE(bus.run("a.service", Job::stop, 20s));
    REQUIRE(bus.daemon_reload());
    CHECK(bus.state("a.service")->active == "inactive");
    CHECK(bus.state("a.service")->enabled == "disabled");
  }

  SECTION("gone in the middle of a job: unavailable, soon, and again afterwards") {
    system.write("/etc/systemd/system/slow.service",
                 "[Service]\nType=notify\nExecStart=/bin/sleep 1000\n");
    REQUIRE(bus.daemon_reload());
    std::thread end([&] {
      std::this_thread::sleep_for(300ms);
      system.stop();
    });
    auto const begun = std::chrono::steady_clock::now();
    auto const done = bus.run("slow.service", Job::start, 120s);
    CHECK(std::chrono::steady_clock::now() - begun < 60s);
    end.join();
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::unavailable);
    CHECK(bus.state("slow.service").error().code == ErrorCode::unavailable);
    CHECK(bus.daemon_reload().error().code == ErrorCode::unavailable);
  }

  SECTION("a system that stands still: unavailable after the timeout") {
    SystemBus hasty(std::make_unique<ChildProcess>(), system.bus(), 300ms);
    REQUIRE(hasty.version());
    system.freeze(true);
    auto const begun = std::chrono::steady_clock::now();
    auto const state = hasty.state("x.service");
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    system.freeze(false);
    REQUIRE_FALSE(state);
    CHECK(state.error().code == ErrorCode::unavailable);
    CHECK(bus.state("x.service"));
  }

  SECTION("who is not root may look, and is denied to change anything") {
    REQUIRE(::chmod(system.root().c_str(), 0755) == 0);
    pid_t const child = ::fork();
    if (child == 0) {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(9);
      SystemBus theirs(std::make_unique<ChildProcess>(), system.bus());
      auto const done = theirs.run("dbus.service", Job::stop, 5s);
      bool const denied = !done && done.error().code == ErrorCode::denied;
      ::_exit(theirs.state("dbus.service") && denied ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }

  SECTION("a job that takes longer than one waits") {
    system.write("/etc/systemd/system/slow.service",
                 "[Service]\nType=notify\nExecStart=/bin/sleep 1000\n");
    REQUIRE(bus.daemon_reload());
    auto const done = bus.run("slow.service", Job::start, 200ms);
    REQUIRE_FALSE(done);
    CHECK(done.error() == Error{ErrorCode::unavailable, "start of slow.service: is still running"});
    CHECK(bus.state("slow.service")->active == "activating");
  }
}

}  // namespace mailstack::world
