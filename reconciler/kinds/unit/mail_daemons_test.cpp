/// \file
/// mailstackd, which says itself what it has loaded, and how it takes the place of chasquid.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "reconciler/kinds/unit/reported.hpp"
#include "reconciler/kinds/unit/spec.hpp"
#include "reconciler/kinds/version_parts.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_unit(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using engine::Action;
using Words = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

constexpr char const* name = "mailstackd.service";
constexpr char const* tree = "/etc/mailstackd";

world::UnitState unit_state(std::string active, std::string enabled = "disabled") {
  world::UnitState state;
  state.load = "loaded";
  state.active = std::move(active);
  state.enabled = std::move(enabled);
  state.can_reload = true;
  return state;
}

/// A tree with a configuration, a domain with a key, and users; the daemon has loaded all of it.
struct Bench : support::KindBench {
  std::unique_ptr<engine::Kind> made;
  std::map<std::string, std::string> has;  ///< content that the daemon has in use, by path
  nlohmann::json problems = nlohmann::json::array();
  bool obeys = true;  ///< a reload makes it read the tree

  Bench() {
    inputs.runtime_directory = "/run/mailstack";
    for (auto const* path : {"/run", "/etc/mailstackd/domains/wac.tax"})
      REQUIRE(files.make_directory(path, {0755, {}, {}}));
    write("mailstackd.yaml", "one");
    write("domains/wac.tax/users", "i");
    write("domains/wac.tax/dkim:s1.pem", "key");
    read_tree();
    systemd.units[name] = unit_state("inactive");
    systemd.begin(systemd.units[name]);
    control.answer = [this](std::string const& request) -> Result<std::string> {
      CHECK(request == R"({"do":"status"})");
      nlohmann::json digests = nlohmann::json::object();
      if (obeys && !systemd.calls.empty() && systemd.calls.back() == at("reload")) read_tree();
      for (auto const& [path, content] : has) digests[path] = digest::sha256(content);
      return nlohmann::json{{"digests", digests}, {"problems", problems}}.dump();
    };
    made = make_unit(inputs, doors());
  }
  static std::string at(std::string const& verb) { return verb + " " + name; }
  void write(std::string const& path, std::string_view content) {
    REQUIRE(files.write(std::string(tree) + "/" + path, content, {}));
  }
  void read_tree() {
    has.clear();
    for (auto const* path :
         {"mailstackd.yaml", "domains/wac.tax/users", "domains/wac.tax/dkim:s1.pem"})
      if (auto const content = files.read(std::string(tree) + "/" + path)) has[path] = *content;
  }
  engine::Resource wish() {
    auto const path = std::string(tree) + "/mailstackd.yaml";
    auto const folder = std::string(tree) + "/domains/wac.tax";
    auto const there = [](std::string const& what) {
      unit::File file = engine::Item(format_presence(what));
      file.presence = true;
      return file;
    };
    return unit::unit("mx1", name,
                      {.enabled = std::nullopt,
                       .active = true,
                       .files = {},
                       .loads = {engine::Item(format_version(path, *files.read(path))),
                                 there(folder), there(folder + "/dkim:s1.pem")},
                       .reload = unit::Reload::reload,
                       .trial = {"mailstackd", "check"},
                       .asks = "/run/mailstackd/control",
                       .tree = tree});
  }
  Words reasons() {
    return made->laws()
        .diff(wish().spec, look(*made, {wish()}).desired.front(), clock.now())
        .reasons;
  }
  Result<> apply_one() {
    systemd.time += 10s;
    systemd.calls.clear();
    auto const results = apply(*made, {wish()});
    return results.empty() ? Result<>{} : results.front();
  }
};

/// Two sockets and a service of chasquid that run, and those of mailstackd that shall.
struct Takeover : support::KindBench {
  std::unique_ptr<engine::Kind> made = make_unit(inputs, doors());
  Takeover() {
    for (auto const* one : {"chasquid-smtp.socket", "chasquid-submission.socket"}) {
      systemd.units[one] = unit_state("active", "enabled");
      systemd.units[one].triggers = {"chasquid.service"};
    }
    systemd.units["chasquid.service"] = unit_state("active", "enabled");
    for (auto const* one : {"mailstackd-smtp.socket", "mailstackd-submission.socket"})
      systemd.units[one] = unit_state("inactive", "enabled");
  }
  static engine::Resource wish(std::string const& unit_name) {
    return unit::unit("mx1", unit_name, {.active = true, .trial = {"mailstackd", "check"}});
  }
  /// The sockets of mailstackd, each with the one that it displaces.
  std::vector<Result<>> take_over() {
    std::vector<engine::Step> steps;
    for (auto const* rest : {"-smtp.socket", "-submission.socket"}) {
      auto const comes = wish(std::string("mailstackd") + rest);
      auto const goes = wish(std::string("chasquid") + rest);
      engine::Step step{
          comes.address, Action::update, comes.spec, look(*made, {comes}).desired[0], {}};
      step.displaces.push_back({goes.address, Action::remove, goes.spec, {}, {}});
      steps.push_back(std::move(step));
    }
    systemd.calls.clear();
    return made->put("host/mx1", steps);
  }
};

}  // namespace

TEST_CASE("unit: a daemon says itself what it has loaded, and a difference is a reload", "[unit]") {
  Bench bench;
  CHECK(bench.reasons().empty());
  bench.write("mailstackd.yaml", "two");
  CHECK(bench.reasons() == Words{"reload to load mailstackd.yaml"});
  REQUIRE(bench.apply_one());
  CHECK(bench.systemd.calls == Words{Bench::at("reload")});
  CHECK(bench.reasons().empty());
}

TEST_CASE("unit: files that no resource names are compared as the daemon reports them", "[unit]") {
  Bench bench;
  bench.write("domains/wac.tax/users", "j");
  CHECK(bench.reasons() == Words{"reload to load domains/wac.tax/users"});
  auto const state = bench.look(*bench.made, {bench.wish()}).desired.front().state;
  CHECK(state.texts("stale") == Words{"domains/wac.tax/users"});
  REQUIRE(bench.apply_one());
  CHECK(bench.reasons().empty());
  // One that is gone is still in use, until it has noticed.
  bench.systemd.calls.clear();
  REQUIRE(bench.files.remove("/etc/mailstackd/domains/wac.tax/users"));
  CHECK(bench.reasons() == Words{"reload to forget /etc/mailstackd/domains/wac.tax/users"});
}

TEST_CASE("unit: a key that the daemon does not report is not loaded", "[unit]") {
  Bench bench;
  bench.has.erase("domains/wac.tax/dkim:s1.pem");
  CHECK(bench.reasons() == Words{"reload to load dkim:s1.pem"});
  bench.has.erase("domains/wac.tax/users");
  CHECK(bench.reasons() == Words{"reload to load wac.tax, dkim:s1.pem"});
}

TEST_CASE("unit: a file that the daemon refuses is an error in its own words", "[unit]") {
  Bench bench;
  bench.obeys = false;
  bench.problems = {"mailstackd.yaml: line 1: no key `two`"};
  bench.write("mailstackd.yaml", "two");
  auto const done = bench.apply_one();
  REQUIRE_FALSE(done);
  CHECK(done.error().what ==
        "mailstackd.service runs, but has not taken mailstackd.yaml: mailstackd.yaml: line 1: no "
        "key `two`");
  CHECK(bench.reasons() == Words{"reload to load mailstackd.yaml"});
}

TEST_CASE("unit: why a daemon has not taken a file is no warning of something else", "[unit]") {
  Bench bench;
  bench.obeys = false;
  nlohmann::json const other{
      {"path", "/etc/mailstackd/certs"}, {"severity", "warning"}, {"what", "expired"}};
  nlohmann::json const restart{{"path", "mailstackd.yaml"},
                               {"severity", "warning"},
                               {"what", "`listen` is not what it started with"},
                               {"restart", true}};
  nlohmann::json const error{{"path", "users"}, {"severity", "error"}, {"what", "no user"}};
  nlohmann::json const due{
      {"path", "/etc/mailstackd/mailstackd.yaml"}, {"severity", "error"}, {"what", "no key `two`"}};
  std::string const failed = "mailstackd.service runs, but has not taken mailstackd.yaml";
  struct {
    nlohmann::json problems;
    std::string why;
  } const cases[] = {
      {{other}, ""},
      {{other, restart}, ": mailstackd.yaml: `listen` is not what it started with"},
      {{other, restart, error}, ": users: no user"},
      {{other, error, due}, ": /etc/mailstackd/mailstackd.yaml: no key `two`"},
  };
  bench.write("mailstackd.yaml", "two");
  for (auto const& row : cases) {
    bench.problems = row.problems;
    auto const done = bench.apply_one();
    REQUIRE_FALSE(done);
    CHECK(done.error().what == failed + row.why);
  }
}

TEST_CASE("unit: a daemon that does not answer is judged by what was noted", "[unit]") {
  Bench bench;
  bench.write("mailstackd.yaml", "one and a half");
  REQUIRE(bench.apply_one());
  bench.control.answer = nullptr;
  CHECK(bench.reasons().empty());
  bench.write("mailstackd.yaml", "two");
  CHECK_FALSE(bench.reasons().empty());
  REQUIRE(bench.apply_one());
  CHECK(bench.reasons().empty());
  CHECK_FALSE(unit::parse_reported("{}"));
  CHECK_FALSE(unit::parse_reported("nonsense"));
  auto const told = unit::parse_reported(
      R"({"digests":{"a":"1"},"problems":[{"path":"b","what":"c"},"d"],"more":1})");
  REQUIRE(told);
  REQUIRE(told->problems.size() == 2);
  CHECK(told->problems[0].text == "b: c");
  CHECK(told->problems[1].text == "d");
  CHECK(told->problems[1].error);
}

TEST_CASE("unit: the two mail daemons exclude each other, unit by unit", "[unit]") {
  auto const address = [](std::string const& unit_name) {
    return unit::unit("mx1", unit_name, {}).address;
  };
  auto const& laws = unit::laws();
  CHECK(laws.excludes(address("mailstackd.service"), address("chasquid.service")));
  CHECK(laws.excludes(address("chasquid-smtp.socket"), address("mailstackd-smtp.socket")));
  CHECK_FALSE(laws.excludes(address("chasquid-smtp.socket"), address("mailstackd.service")));
  CHECK_FALSE(laws.excludes(address("nginx.service"), address("mailstackd.service")));
  CHECK_FALSE(laws.excludes(address("chasquid.service"), address("chasquid.service")));
  CHECK_FALSE(laws.excludes(unit::unit("mx2", "chasquid.service", {}).address,
                            address("mailstackd.service")));
  CHECK(laws.place(address("nginx.service")).empty());
}

TEST_CASE("unit: who holds the ports stands in the way", "[unit]") {
  Takeover bench;
  auto const occupants = [&](std::string const& unit_name) {
    return bench.look(*bench.made, {Takeover::wish(unit_name)}).desired.front().occupants;
  };
  REQUIRE(occupants("mailstackd-smtp.socket").size() == 1);
  CHECK(occupants("mailstackd-smtp.socket").front().text() == "unit/mx1/chasquid-smtp.socket");
  // One that would come back with the next start of the machine does, too.
  bench.systemd.units["chasquid-smtp.socket"].active = "inactive";
  CHECK(occupants("mailstackd-smtp.socket").size() == 1);
  bench.systemd.units["chasquid-smtp.socket"].enabled = "disabled";
  CHECK(occupants("mailstackd-smtp.socket").empty());
  bench.systemd.units.erase("chasquid-submission.socket");
  CHECK(occupants("mailstackd-submission.socket").empty());
}

TEST_CASE("unit: the old daemon is stopped as a whole before the new one gets its ports",
          "[unit]") {
  Takeover bench;
  for (auto const& done : bench.take_over()) CHECK(done);
  CHECK(bench.systemd.calls == Words{"disable chasquid-smtp.socket", "stop chasquid-smtp.socket",
                                     "stop chasquid.service", "disable chasquid-submission.socket",
                                     "stop chasquid-submission.socket", "daemon-reload",
                                     "start mailstackd-smtp.socket",
                                     "start mailstackd-submission.socket"});
}

TEST_CASE("unit: while the new daemon's trial fails the old one goes on", "[unit]") {
  Takeover bench;
  bench.process.finished = {1, {}, "mailstackd.yaml: no such key"};
  for (auto const& done : bench.take_over()) {
    REQUIRE_FALSE(done);
    CHECK(done.error().what.find("no such key") != std::string::npos);
  }
  CHECK(bench.systemd.calls.empty());
}

TEST_CASE("unit: where the new one does not start the old one comes back", "[unit]") {
  Takeover bench;
  bench.systemd.failing["mailstackd-smtp.socket"] = {};
  auto const done = bench.take_over();
  CHECK_FALSE(done[0]);
  CHECK(done[1]);
  CHECK(bench.systemd.units["chasquid-smtp.socket"].active == "active");
  CHECK(bench.systemd.units["chasquid-smtp.socket"].enabled == "enabled");
  CHECK(bench.systemd.units["chasquid.service"].active == "active");
  CHECK(bench.systemd.units["chasquid-submission.socket"].active == "inactive");
}
