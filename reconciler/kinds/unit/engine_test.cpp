/// \file
/// Units and their files through the whole engine: one follows the other.

#include <catch2/catch.hpp>

#include "reconciler/kinds/certificate/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/domain_folder/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"
#include "tests/support/engine_run.hpp"
#include "tests/support/kind_bench.hpp"

using namespace mailstack;
using namespace mailstack::kinds;
using Texts = std::vector<std::string>;

namespace {

/// A host whose resources a test sets, planned and applied as the program does it.
struct Host : support::KindBench {
  std::vector<engine::Resource> resources;
  std::vector<std::string> failures;  ///< of the last apply()

  Host() {
    inputs.runtime_directory = "/run/mailstack";
    for (auto const* path : {"/etc", "/run", "/state"})
      REQUIRE(files.make_directory(path, {0755, {}, {}}));
  }

  /// A daemon with a unit file and a configuration of ours.
  void want(std::string const& configuration) {
    auto const unit_file =
        conf_file::file("mx1", "/etc/x.service", "[Service]\nExecStart=/x\n", "0644", "");
    auto const conf = conf_file::file("mx1", "/etc/x.conf", configuration, "0644", "");
    auto const daemon = unit::unit("mx1", "x.service",
                                   {.enabled = true,
                                    .active = true,
                                    .files = {unit::version_of(unit_file)},
                                    .loads = {unit::version_of(conf)},
                                    .reload = unit::Reload::reload});
    resources = {daemon, conf, unit_file};
  }

  /// What is due, `ADDRESS: reasons`; with `act` it is done.
  Texts run(bool act) {
    systemd.time += std::chrono::seconds(10);
    files.set_time(systemd.time);
    systemd.time += std::chrono::seconds(1);
    if (act) systemd.calls.clear();
    auto ran = support::run_engine(inputs, doors(), resources, progress, act);
    if (act) failures = std::move(ran.failures);
    return std::move(ran.due);
  }
};

/// systemd finds the unit file that was written, as it does after a daemon-reload.
void install(Host& host) {
  world::UnitState state;
  state.load = "loaded";
  state.active = "inactive";
  state.enabled = "disabled";
  state.type = "notify";
  state.can_reload = true;
  host.systemd.units["x.service"] = state;
}

}  // namespace

TEST_CASE("unit: follows its files through plan and apply, and a failed reload is still due",
          "[unit]") {
  Host host;
  host.want("one\n");
  CHECK(host.run(false).size() == 3);
  // Somebody enabled and started it before: what is as it should be becomes ours without --adopt.
  install(host);
  auto& state = host.systemd.units.at("x.service");
  state.enabled = "enabled";
  host.systemd.begin(state);
  host.run(true);
  CHECK(host.files.read("/etc/x.conf").value() == "one\n");
  host.systemd.begin(state);
  host.run(true);
  CHECK(host.run(false).empty());

  host.want("two\n");
  CHECK(host.run(true) == Texts{"unit/mx1/x.service: reload to load x.conf",
                                "conf_file/mx1/etc/x.conf: - one + two"});
  CHECK(host.failures.empty());
  CHECK(host.systemd.calls == Texts{"reload x.service"});
  CHECK(host.run(false).empty());

  host.want("three\n");
  host.systemd.failing["x.service"] = {.lines = {"x.conf:1: unknown option three"}};
  host.run(true);
  REQUIRE(host.failures.size() == 1);
  CHECK(host.failures[0].starts_with("unit/mx1/x.service: reload of x.service failed"));
  CHECK(host.files.read("/etc/x.conf").value() == "three\n");
  Texts const due{"unit/mx1/x.service: reload to load x.conf"};
  CHECK(host.run(false) == due);
  CHECK(host.run(false) == due);
  host.systemd.failing.clear();
  CHECK(host.run(true) == due);
  CHECK(host.run(false).empty());
}

TEST_CASE("unit: a file that cannot be written starts nothing", "[unit]") {
  Host host;
  host.want("one\n");
  host.files.set_read_only("/etc/x.conf");
  host.run(true);
  CHECK(host.systemd.calls.empty());
  CHECK(host.failures.size() == 2);
}

TEST_CASE(
    "regression: unit: one that somebody restarted has loaded its certificates and folders, too",
    "[unit]") {
  Host host;
  install(host);
  auto const conf = conf_file::file("mx1", "/etc/x.conf", "one\n", "0644", "");
  auto const folder = domain_folder::folder("mx1", "/etc/domains/example.org");
  auto const pair = certificate::certificate(
      "mx1", "web", {{"www.example.org"}, {"here", "local-ca"}, "/etc/certs/web", "", "/state/ca"});
  auto const daemon = unit::unit(
      "mx1", "x.service",
      {.enabled = true,
       .active = true,
       .loads = {unit::version_of(conf),
                 unit::File(folder, "/etc/domains/example.org", "domain example.org", true),
                 unit::File(pair, "/etc/certs/web/fullchain.pem", "certificate web", false)}});
  host.resources = {daemon, conf, folder, pair};
  host.run(true);
  CHECK(host.failures.empty());
  CHECK(host.run(false).empty());
  SECTION("by hand") { host.systemd.begin(host.systemd.units.at("x.service")); }
  SECTION("by a start of the machine, with which the notes went") {
    REQUIRE(host.files.remove("/run/mailstack/units/x.service"));
    host.systemd.begin(host.systemd.units.at("x.service"));
  }
  CHECK(host.run(false).empty());
  // What changes afterwards is due again, by its path and not only by a note.
  REQUIRE(host.files.remove("/etc/certs/web/privkey.pem"));
  CHECK(host.run(true).size() == 2);
  CHECK(host.failures.empty());
  CHECK(host.systemd.calls == Texts{"restart x.service"});
  CHECK(host.run(false).empty());
}
