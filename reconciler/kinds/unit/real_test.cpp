/// \file
/// The kind `unit` with its files, on a real systemd.

#include <catch2/catch.hpp>

#include <filesystem>
#include <thread>

#include "core/files/disk_files.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"
#include "reconciler/world/clock/system_clock.hpp"
#include "reconciler/world/process/child_process.hpp"
#include "reconciler/world/systemd/system_bus.hpp"
#include "tests/support/kind_bench.hpp"
#include "tests/support/systemd_instance.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_unit(Inputs const&, Doors const&);
std::unique_ptr<engine::Kind> make_conf_file(Inputs const&, Doors const&);
}  // namespace mailstack::kinds

using namespace mailstack;
using namespace mailstack::kinds;
using engine::Action;
using Reasons = std::vector<std::string>;
using Standing = engine::Observation::Standing;

namespace {

/// A host with a real systemd, and the engine's way of working in short.
struct Host {
  support::SystemdInstance instance;
  files::DiskFiles files{instance.root()};
  world::SystemClock clock;
  world::SystemBus systemd{std::make_unique<world::ChildProcess>(), instance.bus()};
  support::FakeDnsQuery dns;
  support::FakeSecrets secrets;
  Inputs inputs;
  support::NoProgress progress;
  std::unique_ptr<engine::Kind> units, conf_files;

  Host() {
    inputs.runtime_directory = "/run/mailstack";
    Doors const doors{files, clock, dns, secrets, systemd};
    units = make_unit(inputs, doors);
    conf_files = make_conf_file(inputs, doors);
  }

  engine::Observation look(engine::Kind& kind, engine::Resource const& resource) {
    std::vector<engine::Resource const*> const wished{&resource};
    return kind.observe({"host/mx1", wished, {}}, progress).desired.front();
  }

  Result<> apply(engine::Kind& kind, engine::Resource const& resource) {
    auto const seen = look(kind, resource);
    if (seen.standing == Standing::blind) return fail(ErrorCode::unavailable, seen.blind_reason);
    auto const verdict = kind.laws().diff(resource.spec, seen, clock.now());
    if (verdict.action == Action::none) return {};
    std::vector<engine::Step> const steps{
        {resource.address, verdict.action, resource.spec, seen, {}}};
    return kind.put("host/mx1", steps).front();
  }

  /// Writes the file and gives its version, as a reference would.
  engine::Item write(std::string const& path, std::string const& content) {
    auto const file = conf_file::file("mx1", path, content, "0644", "");
    REQUIRE(apply(*conf_files, file));
    auto const outputs = conf_files->laws().outputs(file.spec, look(*conf_files, file));
    return outputs.text("version");
  }

  Reasons reasons(engine::Resource const& resource) {
    return units->laws().diff(resource.spec, look(*units, resource), clock.now()).reasons;
  }
};

bool skipped() {
  auto const why = support::SystemdInstance::missing();
  if (!why.empty()) WARN("skipped: " << why);
  return !why.empty();
}

constexpr char const* daemon_unit =
    "[Service]\nType=notify\nNotifyAccess=all\n"
    "ExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep 1000'\n"
    "ExecReload=/bin/grep -q good /etc/x.conf\n"
    "[Install]\nWantedBy=multi-user.target\n";

}  // namespace

TEST_CASE("unit, real: from a file to a running unit, and every reload is a diff", "[unit][real]") {
  if (skipped()) return;
  Host host;
  auto const unit_file = host.write("/etc/systemd/system/x.service", daemon_unit);
  auto conf = host.write("/etc/x.conf", "good 1\n");
  std::vector<unit::File> files{unit_file};
  auto const wish = [&] {
    return unit::unit("mx1", "x.service",
                      {.enabled = true,
                       .active = true,
                       .files = files,
                       .loads = {conf},
                       .reload = unit::Reload::reload});
  };
  auto const applied = [&] {
    auto const done = host.apply(*host.units, wish());
    if (!done) FAIL_CHECK(done.error().what);
    return done && host.reasons(wish()).empty();
  };
  CHECK(host.reasons(wish()) == Reasons{"disabled → enabled", "inactive → active"});
  REQUIRE(applied());
  CHECK(std::filesystem::is_symlink(host.instance.root() +
                                    "/etc/systemd/system/multi-user.target.wants/x.service"));
  auto const first = host.systemd.state("x.service").value();

  conf = host.write("/etc/x.conf", "good 2\n");
  CHECK(host.reasons(wish()) == Reasons{"reload to load x.conf"});
  REQUIRE(applied());
  CHECK(host.systemd.state("x.service")->invocation == first.invocation);

  // The daemon refuses it: still due, however often one looks, until the file is mended.
  conf = host.write("/etc/x.conf", "bad\n");
  auto const refused = host.apply(*host.units, wish());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find("reload of x.service failed: it ended with status 1") !=
        std::string::npos);
  CHECK(refused.error().what.find("goes on with what it had loaded") != std::string::npos);
  CHECK(host.reasons(wish()) == Reasons{"reload to load x.conf"});
  conf = host.write("/etc/x.conf", "good 3\n");
  CHECK(host.reasons(wish()) == Reasons{"reload to load x.conf"});
  REQUIRE(applied());

  // A person restarts it after an edit: nothing is left to do.
  conf = host.write("/etc/x.conf", "good 4\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  REQUIRE(host.systemd.run("x.service", world::Job::restart, std::chrono::seconds(30)));
  CHECK(host.reasons(wish()).empty());

  files.push_back(
      host.write("/etc/systemd/system/x.service.d/10-mailstack.conf", "[Service]\nNice=7\n"));
  CHECK(host.reasons(wish()) == Reasons{"restart to load 10-mailstack.conf"});
  REQUIRE(applied());
  auto const last = host.systemd.state("x.service").value();
  CHECK(last.invocation != first.invocation);
  CHECK_FALSE(last.needs_daemon_reload);

  auto const seen = host.look(*host.units, wish());
  std::vector<engine::Step> const steps{{wish().address, Action::remove, wish().spec, seen, {}}};
  REQUIRE(host.units->remove("host/mx1", steps).front());
  CHECK(host.systemd.state("x.service")->active == "inactive");
  CHECK(host.systemd.state("x.service")->enabled == "disabled");
}

TEST_CASE("unit, real: a timer and a socket", "[unit][real]") {
  if (skipped()) return;
  Host host;
  host.write("/etc/systemd/system/x.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n");
  auto const timer =
      host.write("/etc/systemd/system/x.timer",
                 "[Timer]\nOnCalendar=*-*-* 03:00\nOnActiveSec=1ms\nAccuracySec=1ms\n"
                 "[Install]\nWantedBy=timers.target\n");
  auto const wish =
      unit::unit("mx1", "x.timer", {.enabled = true, .active = true, .files = {timer}});
  REQUIRE(host.apply(*host.units, wish));
  CHECK(host.reasons(wish).empty());
  auto state = host.systemd.state("x.timer").value();
  for (int i = 0; i < 100 && !(state.last_trigger && state.next_elapse); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    state = host.systemd.state("x.timer").value();
  }
  CHECK(state.last_trigger);
  CHECK(state.next_elapse > state.last_trigger);

  host.write("/etc/systemd/system/y.service", "[Service]\nExecStart=/bin/sleep 1000\n");
  host.write("/etc/systemd/system/y.socket", "[Socket]\nListenStream=127.0.0.1:2525\n");
  auto const socket = unit::unit("mx1", "y.socket", {.active = true});
  REQUIRE(host.apply(*host.units, socket));
  CHECK(host.systemd.state("y.socket")->listens == Reasons{"127.0.0.1:2525"});
  CHECK(host.reasons(socket).empty());
  REQUIRE(host.systemd.run("y.service", world::Job::start, std::chrono::seconds(30)));
  auto const moved =
      host.write("/etc/systemd/system/y.socket", "[Socket]\nListenStream=127.0.0.1:2526\n");
  auto const again = unit::unit("mx1", "y.socket", {.active = true, .files = {moved}});
  CHECK(host.reasons(again).back() == "restart to load y.socket");
  REQUIRE(host.apply(*host.units, again));
  CHECK(host.systemd.state("y.socket")->listens == Reasons{"127.0.0.1:2526"});
  CHECK(host.systemd.state("y.service")->active == "active");

  // Nothing to enable: said, not repeated for ever without a word.
  auto const bare = host.apply(*host.units, unit::unit("mx1", "y.service", {.enabled = true}));
  REQUIRE_FALSE(bare);
  CHECK(bare.error().what.find("has no [Install] section") != std::string::npos);
}

TEST_CASE("unit, real: five failures, each with its cause and its last lines", "[unit][real]") {
  if (skipped()) return;
  Host host;
  host.write("/etc/key.pem", "secret");
  REQUIRE(host.files.write("/etc/key.pem", "secret", {0600, "root", "root"}));
  host.write("/etc/systemd/system/holder.service", "[Service]\nExecStart=/bin/sleep 1000\n");
  host.write("/etc/systemd/system/holder.socket", "[Socket]\nListenStream=127.0.0.1:2525\n");
  host.write("/etc/systemd/system/taken.service", "[Service]\nExecStart=/bin/sleep 1000\n");
  REQUIRE(host.apply(*host.units, unit::unit("mx1", "holder.socket", {.active = true})));
  struct {
    char const* name;
    char const* file;
    Reasons says;
  } const cases[] = {
      {"exec.service",
       "[Service]\nExecStart=/usr/bin/no-such-daemon\n",
       {"/usr/bin/no-such-daemon cannot be executed (203/EXEC): install it",
        "its last lines: ", "No such file or directory"}},
      {"taken.socket",
       "[Socket]\nListenStream=127.0.0.1:2525\n",
       {"port 2525 is taken: `ss -Hltnp 'sport = :2525'` names the process",
        "its last lines: ", "Address already in use"}},
      {"key.service",
       "[Service]\nUser=nobody\nExecStart=/bin/cat /etc/key.pem\n",
       {"its user nobody may not read /etc/key.pem: set owner, group and mode",
        "its last lines: ", "/bin/cat: /etc/key.pem: Permission denied"}},
      {"conf.service",
       "[Service]\nRestart=always\nRestartSec=60\n"
       "ExecStart=/bin/sh -c 'echo \"config: /etc/x.conf:3: unknown field hots\" >&2; exit 1'\n",
       {"it refuses its configuration /etc/x.conf: correct what the last lines name",
        "its last lines: ", "unknown field hots"}},
      {"slow.service",
       "[Service]\nType=notify\nTimeoutStartSec=1\nExecStart=/bin/sh -c 'echo waiting; sleep "
       "1000'\n",
       {"it did not say in time that it is ready",
        "raise TimeoutStartSec=", "its last lines: ", "waiting"}},
  };
  for (auto const& row : cases) {
    auto const file = host.write(std::string("/etc/systemd/system/") + row.name, row.file);
    auto const wish = unit::unit("mx1", row.name, {.active = true, .files = {file}});
    auto const done = host.apply(*host.units, wish);
    REQUIRE_FALSE(done);
    INFO(done.error().what);
    for (auto const& words : row.says) CHECK(done.error().what.find(words) != std::string::npos);
    CHECK(done.error().what.find('\n') == std::string::npos);
    auto const again = host.reasons(wish);
    REQUIRE(again.size() == 1);
    CHECK(again.front().ends_with(" → active"));
  }
}
