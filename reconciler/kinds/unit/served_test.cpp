#include <catch2/catch.hpp>

#include "reconciler/kinds/unit/spec.hpp"
#include "reconciler/kinds/version_parts.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_unit(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using Reasons = std::vector<std::string>;
using Standing = engine::Observation::Standing;
using namespace std::chrono_literals;

namespace {

constexpr char const* name = "chasquid.service";
constexpr char const* conf = "/etc/chasquid.conf";
constexpr char const* folder = "/etc/domains/wac.tax";

/// A daemon on 25 and 465 that shows the certificate `aa` and should show `wanted`.
struct Bench : support::KindBench {
  std::unique_ptr<engine::Kind> made;
  std::string wanted = "aa";
  std::vector<unit::File> loads;

  Bench() {
    inputs.runtime_directory = "/run/mailstack";
    for (auto const* path : {"/etc", "/etc/domains", folder, "/run"})
      REQUIRE(files.make_directory(path, {0755, {}, {}}));
    REQUIRE(files.write(conf, "one", {}));
    loads = {version(conf, "one"), there(folder)};
    world::UnitState state;
    state.load = "loaded";
    state.active = "inactive";
    state.can_reload = true;
    systemd.units[name] = state;
    tls.shown = {{"127.0.0.1:25", "aa"}, {"127.0.0.1:465", "aa"}};
    made = make_unit(inputs, doors());
  }
  static unit::File version(char const* path, char const* content) {
    return engine::Item(format_version(path, content));
  }
  static unit::File there(char const* path) {
    unit::File file = engine::Item(format_presence(path));
    file.presence = true;
    return file;
  }
  engine::Resource wish() {
    return unit::unit("mx1", name,
                      {.active = true,
                       .loads = loads,
                       .trial = {"sh", "-c", "try"},
                       .trial_by = "/var/lib/chasquid",
                       .ports = {"starttls 127.0.0.1:25", "tls 127.0.0.1:465"},
                       .name = "smtp.wac.tax",
                       .leaves = {wanted}});
  }
  Result<> apply_one() {
    systemd.time += 10s;
    systemd.calls.clear();
    auto const results = apply(*made, {wish()});
    return results.empty() ? Result<>{} : results.front();
  }
  Reasons reasons() {
    return made->laws()
        .diff(wish().spec, look(*made, {wish()}).desired.front(), clock.now())
        .reasons;
  }
  Reasons calls() { return systemd.calls; }
};

std::string const at = std::string(" ") + name;

}  // namespace

TEST_CASE("unit: what its ports show is asked for by the host's name", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  CHECK(bench.reasons().empty());
  bench.tls.asked.clear();
  bench.reasons();
  CHECK(bench.tls.asked ==
        Reasons{"starttls 127.0.0.1:25 smtp.wac.tax", "tls 127.0.0.1:465 smtp.wac.tax"});
}

TEST_CASE("unit: a port that shows another certificate is a reason to restart, once", "[unit]") {
  Bench bench;
  bench.systemd.begin(bench.systemd.units[name]);
  bench.systemd.time += 10s;
  bench.wanted = "bb";
  bench.tls.shown.erase("127.0.0.1:465");
  CHECK(bench.reasons() ==
        Reasons{"restart: port 25 shows another certificate, port 465 shows no certificate "
                "(Connection refused)"});
  auto const done = bench.apply_one();
  CHECK(bench.calls() == Reasons{"restart" + at});
  REQUIRE_FALSE(done);
  CHECK(done.error().what.find("runs, but port 25 shows another certificate") != std::string::npos);
  // It has loaded all of it by now: a second restart would not change what it shows.
  auto const again = bench.apply_one();
  CHECK_FALSE(again);
  CHECK(bench.calls().empty());
  bench.tls.shown = {{"127.0.0.1:25", "bb"}, {"127.0.0.1:465", "bb"}};
  CHECK(bench.reasons().empty());
}

TEST_CASE("unit: while its certificate is being issued, ports are not judged", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  auto wish = bench.wish();
  wish.spec.set("leaves", std::vector<engine::Item>{
                              engine::Reference{{"certificate", "mx1/x"}, "fingerprint"}});
  auto const reasons = [&] {
    auto const seen = bench.look(*bench.made, {wish}).desired.front();
    return bench.made->laws().diff(wish.spec, seen, bench.clock.now()).reasons;
  };
  CHECK(reasons().empty());
  // Nor where none is to be had; a port that does not answer is one all the same.
  wish.spec.set("leaves", std::vector<engine::Item>{std::string()});
  CHECK(reasons().empty());
  bench.tls.shown.erase("127.0.0.1:25");
  CHECK(reasons() == Reasons{"restart: port 25 shows no certificate (Connection refused)"});
}

TEST_CASE("unit: what does not pass its trial is not started, and what runs goes on", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  REQUIRE(bench.process.ran.size() == 1);
  CHECK(bench.process.ran[0].argv == Reasons{"sh", "-c", "try"});
  CHECK(bench.process.ran[0].run_as_owner_of == "/var/lib/chasquid");
  bench.process.finished = {1, "starting\n\nprivkey.pem: permission denied\x01\n", ""};
  REQUIRE(bench.files.write(conf, "two", {}));
  bench.loads[0] = Bench::version(conf, "two");
  auto const done = bench.apply_one();
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::invalid);
  CHECK(
      done.error().what.find("goes on with what it had loaded: starting | privkey.pem: permission "
                             "denied ") != std::string::npos);
  CHECK(bench.calls().empty());
  CHECK(bench.reasons() == Reasons{"restart to load chasquid.conf"});
}

TEST_CASE("unit: what it has loaded and should not have any more is a difference", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  bench.loads.pop_back();
  CHECK(bench.reasons() == Reasons{std::string("restart to forget ") + folder});
  REQUIRE(bench.apply_one());
  CHECK(bench.calls() == Reasons{"restart" + at});
  CHECK(bench.reasons().empty());
}

TEST_CASE("unit: a folder counts as loaded if it was there before the start, whatever came into it",
          "[unit]") {
  Bench bench;
  bench.systemd.time += 10s;
  bench.systemd.begin(bench.systemd.units[name]);
  bench.systemd.time += 10s;
  bench.files.set_time(bench.systemd.time);
  REQUIRE(bench.files.write(std::string(folder) + "/users", "x", {}));
  CHECK(bench.reasons().empty());
  REQUIRE(bench.files.make_directory("/etc/domains/late.example", {0755, {}, {}}));
  bench.loads.push_back(Bench::there("/etc/domains/late.example"));
  // The folder that holds both has changed since: which of them it knew cannot be told any more.
  CHECK_FALSE(bench.reasons().empty());
}

TEST_CASE("unit: one whose package is missing says how to get it", "[unit]") {
  Bench bench;
  bench.systemd.units.clear();
  auto wish = bench.wish();
  wish.spec.set("package", std::string("chasquid"));
  auto const seen = bench.look(*bench.made, {wish}).desired.front();
  CHECK(bench.made->laws().diff(wish.spec, seen, {}).reasons ==
        Reasons{
            "it is not installed: `apt-get install -o Dpkg::Options::=--force-confold chasquid`"});
  auto const done = bench.apply(*bench.made, {wish}).at(0);
  REQUIRE_FALSE(done);
  CHECK(done.error().what ==
        "there is no chasquid.service: `apt-get install -o Dpkg::Options::=--force-confold "
        "chasquid` brings it");
  // One that is only told of a certificate is no less missed.
  auto const foreign = unit::unit("mx1", "nginx.service", {.loads = bench.loads});
  CHECK(bench.apply(*bench.made, {foreign}).at(0).error().code == ErrorCode::not_found);
}

TEST_CASE("unit: where units are to be left alone, ours are released and go on", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  bench.inputs.units_left_alone = true;
  auto const kind = make_unit(bench.inputs, bench.doors());
  CHECK(bench.look(*kind, {}, {bench.wish()}).owned.front().released);
  CHECK(bench.systemd.units[name].active == "active");
}

TEST_CASE("unit: starting takes nothing from anybody, stopping may", "[unit]") {
  auto const live = engine::Observation::of(
      {{"active", std::string("active")}, {"enabled", std::string("disabled")}});
  auto const laws = [&](unit::Wish const& wish) {
    return unit::laws().diff(unit::unit("mx1", name, wish).spec, live, {});
  };
  CHECK(laws({.enabled = true, .active = true}).loses_nothing);
  CHECK_FALSE(laws({.active = false}).loses_nothing);
}

TEST_CASE("unit: regression: a certificate whose note is gone is known by its file", "[unit]") {
  Bench bench;
  engine::Resource certificate;
  certificate.address = {"certificate", "mx1/web"};
  auto wish = unit::unit(
      "mx1", name,
      {.active = true, .loads = {unit::File(certificate, conf, "certificate web", false)}});
  bench.systemd.time += 10s;
  bench.systemd.begin(bench.systemd.units[name]);
  // As it is observed, the spec still refers to it.
  auto const seen = bench.look(*bench.made, {wish}).desired.front();
  CHECK(seen.state.texts("loads") == Reasons{format_version(conf, "one")});
  CHECK(unit::pending(wish.spec, seen.state, "loads").load == Reasons{"certificate web"});
  wish.spec.set("loads", std::vector<engine::Item>{format_version(conf, "one")});
  CHECK(unit::pending(wish.spec, seen.state, "loads").empty());
}

TEST_CASE(
    "unit: regression: as it is observed the leaves are still references, and a wrong one shows",
    "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  auto wish = bench.wish();
  wish.spec.set("leaves", std::vector<engine::Item>{
                              engine::Reference{{"certificate", "mx1/x"}, "fingerprint"}});
  auto const seen = bench.look(*bench.made, {wish}).desired.front();
  wish.spec.set("leaves", std::vector<engine::Item>{std::string("bb")});
  CHECK(bench.made->laws().diff(wish.spec, seen, {}).reasons ==
        Reasons{"restart: port 25 shows another certificate, port 465 shows another certificate"});
}

TEST_CASE("unit: who looks at a socket does not start its service", "[unit]") {
  Bench bench;
  auto& socket = bench.systemd.units["chasquid-smtp.socket"] = bench.systemd.units[name];
  socket.triggers = {name};
  bench.systemd.begin(socket);
  auto const wish = unit::unit("mx1", "chasquid-smtp.socket",
                               {.active = true, .ports = {"starttls 127.0.0.1:25"}});
  bench.look(*bench.made, {wish});
  CHECK(bench.tls.asked.empty());
  bench.systemd.begin(bench.systemd.units[name]);
  bench.tls.shown.clear();
  auto const seen = bench.look(*bench.made, {wish}).desired.front();
  CHECK(bench.made->laws().diff(wish.spec, seen, {}).reasons ==
        Reasons{"restart: port 25 shows no certificate (Connection refused)"});
}

TEST_CASE("unit: a service that leaves has its sockets stopped first", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  bench.systemd.units["a.socket"] = bench.systemd.units[name];
  auto wish = bench.wish();
  wish.spec.set("needs", std::vector<engine::Item>{std::string("a.socket")});
  bench.systemd.calls.clear();
  auto step = bench.removal(*bench.made, wish);
  REQUIRE(bench.made->remove("host/mx1", std::vector{step}).at(0));
  CHECK(bench.calls() == Reasons{"stop a.socket", "stop" + at, "daemon-reload"});
}

TEST_CASE("unit: a service that does not come back after its socket's restart is a failure",
          "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  auto& socket = bench.systemd.units["a.socket"] = bench.systemd.units[name];
  socket.triggers = {name};
  REQUIRE(bench.files.write("/etc/drop-in", "x", {}));
  bench.systemd.failing[name] = {.main_status = 203};
  auto const wish = unit::unit("mx1", "a.socket",
                               {.active = true, .files = {Bench::version("/etc/drop-in", "y")}});
  auto const done = bench.apply(*bench.made, {wish}).at(0);
  REQUIRE_FALSE(done);
  INFO(done.error().what);
  CHECK(done.error().what.find("after the restart of a.socket") != std::string::npos);
  CHECK(done.error().what.find("203/EXEC") != std::string::npos);
}
