#include <catch2/catch.hpp>

#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"
#include "reconciler/kinds/version_parts.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_unit(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using engine::Action;
using engine::Observation;
using Reasons = std::vector<std::string>;
using Standing = engine::Observation::Standing;
using namespace std::chrono_literals;

namespace {

constexpr char const* name = "chasquid.service";
constexpr char const* conf = "/etc/chasquid.conf";
constexpr char const* drop_in = "/etc/10-mailstack.conf";

struct Bench : support::KindBench {
  std::unique_ptr<engine::Kind> made;
  unit::Reload how = unit::Reload::reload;

  Bench() {
    inputs.runtime_directory = "/run/mailstack";
    REQUIRE(files.make_directory("/etc", {0755, {}, {}}));
    REQUIRE(files.make_directory("/run", {0755, {}, {}}));
    write(conf, "one");
    write(drop_in, "one");
    world::UnitState state;
    state.load = "loaded";
    state.active = "inactive";
    state.enabled = "disabled";
    state.type = "notify";
    state.can_reload = true;
    systemd.units[name] = state;
    made = make_unit(inputs, doors());
  }
  void write(std::string const& path, std::string const& content) {
    pass(10s);
    files.set_time(systemd.time);
    REQUIRE(files.write(path, content, {}));
    pass(10s);
  }
  void pass(std::chrono::seconds span) { systemd.time += span; }
  world::UnitState& state() { return systemd.units.at(name); }
  engine::Item version(std::string const& path) { return format_version(path, *files.read(path)); }
  engine::Resource wish() {
    return unit::unit("mx1", name,
                      {.enabled = true,
                       .active = true,
                       .files = {version(drop_in)},
                       .loads = {version(conf)},
                       .reload = how,
                       .because = "sessions may be cut"});
  }
  Result<> apply_one() {
    pass(10s);
    systemd.calls.clear();
    auto const results = apply(*made, {wish()});
    return results.empty() ? Result<>{} : results.front();
  }
  engine::Verdict verdict() {
    auto const seen = look(*made, {wish()}).desired.front();
    return made->laws().diff(wish().spec, seen, clock.now());
  }
  Reasons calls() { return systemd.calls; }
};

std::string const at = std::string(" ") + name;

}  // namespace

TEST_CASE("unit: an address is a host and a name", "[unit]") {
  auto const one = unit::unit("mx1", "a@b.service", {});
  CHECK(one.address.text() == "unit/mx1/a@b.service");
  CHECK(one.lane == "host/mx1");
  CHECK(unit::name_of(one.address) == "a@b.service");
  CHECK(unit::name_of({"unit", "mx1/a/b.service"}).empty());
  CHECK(unit::name_of({"unit", "mx1"}).empty());
  CHECK(unit::name_of({"alias", "mx1/a.service"}).empty());
  CHECK(unit::laws().describe(one.address, {}) == "unit a@b.service");
}

TEST_CASE("unit: enabled and started, with one daemon-reload; the second plan is empty", "[unit]") {
  Bench bench;
  CHECK(bench.verdict().reasons == Reasons{"disabled → enabled", "inactive → active"});
  REQUIRE(bench.apply_one());
  CHECK(bench.calls() == Reasons{"enable" + at, "daemon-reload", "start" + at});
  CHECK(bench.verdict().action == Action::none);
  CHECK(bench.plan(*bench.made, {bench.wish()}).empty());
}

TEST_CASE("unit: what it loads decides whether a reload is due", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  bench.write(conf, "two");
  SECTION("by a reload") {
    CHECK(bench.verdict().reasons == Reasons{"reload to load chasquid.conf (sessions may be cut)"});
    REQUIRE(bench.apply_one());
    CHECK(bench.calls() == Reasons{"reload" + at});
    CHECK(bench.verdict().action == Action::none);
  }
  SECTION("by a restart") {
    bench.how = unit::Reload::restart;
    CHECK(bench.verdict().reasons ==
          Reasons{"restart to load chasquid.conf (sessions may be cut)"});
    REQUIRE(bench.apply_one());
    CHECK(bench.calls() == Reasons{"restart" + at});
  }
  SECTION("by itself") {
    bench.how = unit::Reload::none;
    CHECK(bench.verdict().action == Action::none);
  }
  SECTION("a reload that fails is still due, and says why") {
    bench.systemd.failing[name] = {.lines = {"chasquid.conf:3: parse error"}};
    auto const done = bench.apply_one();
    REQUIRE_FALSE(done);
    CHECK(done.error().what.find("it refuses its configuration") != std::string::npos);
    CHECK(done.error().what.find("goes on with what it had loaded") != std::string::npos);
    CHECK(bench.verdict().reasons == Reasons{"reload to load chasquid.conf (sessions may be cut)"});
    bench.systemd.failing.clear();
    REQUIRE(bench.apply_one());
    CHECK(bench.verdict().action == Action::none);
  }
  SECTION("a restart by hand counts") {
    bench.systemd.begin(bench.state());
    CHECK(bench.verdict().action == Action::none);
  }
  SECTION("a reload by hand counts, unless only a start loads it") {
    bench.state().changed = bench.systemd.time;
    CHECK(bench.verdict().action == Action::none);
    bench.how = unit::Reload::restart;
    CHECK(bench.verdict().action == Action::update);
  }
  SECTION("a reload by hand that failed does not") {
    bench.state().changed = bench.systemd.time;
    bench.state().reload_result = "exit-code";
    CHECK(bench.verdict().action == Action::update);
  }
  SECTION("after a reload by hand, what we had noted is void") {
    bench.state().changed = bench.systemd.time;
    bench.write(conf, "one");
    CHECK(bench.verdict().action == Action::update);
  }
  SECTION("back to what it has loaded: nothing is due") {
    bench.write(conf, "one");
    CHECK(bench.verdict().action == Action::none);
  }
}

TEST_CASE("unit: a file written while it started counts as not loaded", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  REQUIRE(bench.files.remove("/run/mailstack/units/" + std::string(name)));
  CHECK(bench.verdict().action == Action::none);
  bench.files.set_time(*bench.state().started + 200ms);
  REQUIRE(bench.files.write(conf, "two", {}));
  bench.state().activated = bench.state().changed = *bench.state().started + 3s;
  CHECK(bench.verdict().action == Action::update);
}

TEST_CASE("unit: a changed drop-in means daemon-reload and restart", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  bench.write(drop_in, "two");
  CHECK(bench.verdict().reasons ==
        Reasons{"restart to load 10-mailstack.conf (sessions may be cut)"});
  REQUIRE(bench.apply_one());
  CHECK(bench.calls() == Reasons{"daemon-reload", "restart" + at});
  CHECK(bench.verdict().action == Action::none);
  // Somebody else changed another file of it, and it is not ours to restart for that.
  bench.state().needs_daemon_reload = true;
  CHECK(bench.verdict().reasons == Reasons{"needs daemon-reload"});
  REQUIRE(bench.apply_one());
  CHECK(bench.calls() == Reasons{"daemon-reload"});
}

TEST_CASE("unit: a restart by hand without daemon-reload does not load a drop-in", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  bench.write(drop_in, "two");
  bench.state().needs_daemon_reload = true;
  bench.systemd.begin(bench.state());
  CHECK(bench.verdict().reasons ==
        Reasons{"needs daemon-reload", "restart to load 10-mailstack.conf (sessions may be cut)"});
}

TEST_CASE("unit: before a socket restarts, its service makes room", "[unit]") {
  Bench bench;
  auto& socket = bench.systemd.units["chasquid.socket"] = bench.state();
  socket.type = "";
  socket.triggers = {name};
  bench.systemd.begin(bench.state());
  bench.systemd.begin(socket);
  bench.write(drop_in, "two");
  auto const wish =
      unit::unit("mx1", "chasquid.socket", {.active = true, .files = {bench.version(drop_in)}});
  REQUIRE(bench.apply(*bench.made, {wish}).at(0));
  CHECK(bench.calls() ==
        Reasons{"daemon-reload", "stop" + at, "restart chasquid.socket", "start" + at});
}

TEST_CASE("unit: one that failed is started again, its start limit forgotten", "[unit]") {
  Bench bench;
  bench.systemd.failing[name] = {.main_status = 203};
  CHECK_FALSE(bench.apply_one());
  CHECK(bench.verdict().reasons == Reasons{"failed → active"});
  bench.systemd.failing.clear();
  REQUIRE(bench.apply_one());
  // What a unit that is down was last read from is not known: systemd reads it again.
  CHECK(bench.calls() == Reasons{"daemon-reload", "reset-failed" + at, "start" + at});
}

TEST_CASE("unit: a process that ends right after its start has failed", "[unit]") {
  Bench bench;
  bench.state().type = "simple";
  bench.systemd.failing[name] = {.main_status = 203, .after_job = true};
  auto const done = bench.apply_one();
  REQUIRE_FALSE(done);
  CHECK(done.error().what.find("203/EXEC") != std::string::npos);
}

TEST_CASE("unit: stopped and disabled where that is asked", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  auto const off = unit::unit("mx1", name, {.enabled = false, .active = false});
  bench.systemd.calls.clear();
  REQUIRE(bench.apply(*bench.made, {off}).at(0));
  CHECK(bench.calls() == Reasons{"disable" + at, "daemon-reload", "stop" + at});
  CHECK(bench.plan(*bench.made, {off}).empty());
}

TEST_CASE("unit: removing takes back what was asked, and only that", "[unit]") {
  Bench bench;
  REQUIRE(bench.apply_one());
  auto const step = bench.removal(*bench.made, bench.wish());
  REQUIRE(bench.made->remove("host/mx1", std::vector{step}).at(0));
  CHECK(bench.state().active == "inactive");
  CHECK(bench.state().enabled == "disabled");
  CHECK(bench.look(*bench.made, {}, {bench.wish()}).owned.front().standing == Standing::absent);
  REQUIRE(bench.made->remove("host/mx1", std::vector{step}).at(0));

  // nginx was only told of a certificate.
  auto const foreign = unit::unit("mx1", name, {.loads = {bench.version(conf)}});
  bench.systemd.begin(bench.state());
  CHECK(bench.look(*bench.made, {}, {foreign}).owned.front().standing == Standing::absent);
}

TEST_CASE("unit: what cannot be had says so", "[unit]") {
  Bench bench;
  SECTION("no systemd: blind, asked once") {
    bench.systemd.missing = "systemd does not run here";
    auto const seen = bench.look(*bench.made, {bench.wish(), bench.wish()});
    for (auto const& one : seen.desired) {
      CHECK(one.standing == Standing::blind);
      CHECK(one.blind_reason.find("systemd does not run here") != std::string::npos);
    }
  }
  SECTION("no such unit: absent, and no start without it") {
    bench.systemd.units.clear();
    CHECK(bench.look(*bench.made, {bench.wish()}).desired[0].standing == Standing::absent);
    CHECK(bench.apply_one().error().code == ErrorCode::not_found);
  }
  SECTION("not allowed") {
    bench.systemd.refused["start" + at] = {ErrorCode::denied, "Access denied"};
    CHECK(bench.apply_one().error() ==
          Error{ErrorCode::denied, name + std::string(": Access denied")});
  }
  SECTION("a daemon-reload that fails starts nothing") {
    bench.systemd.refused["daemon-reload"] = {ErrorCode::unavailable, "no answer"};
    CHECK(bench.apply_one().error().what == "daemon-reload: no answer");
    CHECK(bench.calls() == Reasons{"enable" + at, "daemon-reload"});
  }
}

TEST_CASE("unit: files are referred to by what they hold", "[unit]") {
  auto const file = conf_file::file("mx1", conf, "one", "0640", "");
  auto const item = unit::version_of(file);
  auto const wish = unit::unit("mx1", name, {.active = true, .loads = {item}});
  auto const live =
      Observation::of({{"active", std::string("active")}, {"enabled", std::string("enabled")}});
  CHECK(unit::laws().diff(wish.spec, live, {}).reasons == Reasons{"restart to load chasquid.conf"});
  auto const output = conf_file::laws().outputs(
      file.spec, Observation::of({{"path", std::string(conf)}, {"content", std::string("one")}}));
  CHECK(output.text("version") == format_version(conf, "one"));
  CHECK(std::get<engine::Reference>(item) == engine::Reference{file.address, "version"});
}
