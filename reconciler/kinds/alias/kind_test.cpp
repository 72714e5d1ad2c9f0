#include "reconciler/kinds/alias/spec.hpp"

#include <catch2/catch.hpp>

#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_alias(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using engine::Action;
using engine::Observation;
using Standing = engine::Observation::Standing;

namespace {

constexpr char const* path = "/etc/chasquid/domains/wac.tax/aliases";

engine::Resource wish(std::string const& name, std::vector<std::string> const& to) {
  return alias::alias("mx1", "wac.tax", name, to, path, "chasquid");
}

struct Bench : support::KindBench {
  Bench() { REQUIRE(files.make_directory("/etc/chasquid/domains/wac.tax", {0755, {}, {}})); }
  std::unique_ptr<engine::Kind> kind() { return make_alias(inputs, doors()); }
  void write(std::string_view content) {
    REQUIRE(files.write(path, content, {0640, "root", "chasquid"}));
  }
};

bool all_done(std::vector<Result<>> const& results) {
  for (auto const& result : results)
    if (!result) FAIL_CHECK(result.error().what);
  return !results.empty();
}

std::string const by_hand = "# who gets what\nteam: eve@example.net\n\nlist: a, b\nold: x\n*: y\n";

}  // namespace

TEST_CASE("alias: recipients are wished as the daemon reads them", "[alias]") {
  CHECK(wish("team", {"i", "Bob@Example.NET"}).spec.texts("to") ==
        std::vector<std::string>{"i@wac.tax", "bob@example.net"});
  CHECK(wish("log", {"| /bin/ingest A,b"}).spec.texts("to") ==
        std::vector<std::string>{"| /bin/ingest A,b"});
  CHECK(wish("*", {"*@Other.example"}).spec.texts("to") ==
        std::vector<std::string>{"*@other.example"});
  CHECK(wish("Team", {"i"}).address.text() == "alias/mx1/wac.tax/team");
}

TEST_CASE("alias: differences and their reasons", "[alias]") {
  auto const& laws = alias::laws();
  auto const team = wish("team", {"i", "bob@example.net"});
  auto const live = [](std::vector<engine::Item> to, std::string group) {
    return Observation::of({{"to", std::move(to)}, {"group", std::move(group)}});
  };
  CHECK(laws.diff(team.spec, Observation::missing(), {}).action == Action::create);
  CHECK(laws.diff(team.spec, live({"i@wac.tax", "bob@example.net"}, "chasquid"), {}).action ==
        Action::none);
  auto const order = laws.diff(team.spec, live({"bob@example.net", "i@wac.tax"}, "chasquid"), {});
  CHECK(order.action == Action::update);
  CHECK(order.reasons ==
        std::vector<std::string>{"to bob@example.net, i@wac.tax → i@wac.tax, bob@example.net"});
  auto const closed = laws.diff(team.spec, live({"i@wac.tax", "bob@example.net"}, "root"), {});
  CHECK(closed.reasons == std::vector<std::string>{"group root → chasquid"});
  CHECK(laws.describe(team.address, team.spec) ==
        "alias team@wac.tax → i@wac.tax, bob@example.net");
}

TEST_CASE("alias: foreign lines and comments are kept", "[alias]") {
  Bench bench;
  bench.write(by_hand);
  auto const kind = bench.kind();
  support::Resources const wished{wish("team", {"i"}), wish("*", {"me@example.net"}),
                                  wish("abuse", {"i"})};
  auto const look = bench.look(*kind, wished);
  REQUIRE(look.strangers.size() == 2);
  CHECK(look.strangers[0].address.text() == "alias/mx1/wac.tax/list");
  CHECK(look.strangers[0].state.texts("to") == std::vector<std::string>{"a@wac.tax", "b@wac.tax"});
  auto const before = bench.files.changes();
  CHECK(all_done(bench.apply(*kind, wished)));
  CHECK(bench.files.changes() - before == 1);
  CHECK(bench.files.read(path).value() ==
        "# who gets what\nteam: i@wac.tax\n\nlist: a, b\nold: x\n*: me@example.net\nabuse: "
        "i@wac.tax\n");
  CHECK(bench.plan(*kind, wished).empty());
  CHECK(all_done(kind->remove("host/mx1", std::vector{bench.removal(*kind, wished[0])})));
  CHECK(bench.files.read(path).value() ==
        "# who gets what\n\nlist: a, b\nold: x\n*: me@example.net\nabuse: i@wac.tax\n");
}

TEST_CASE("alias: the daemon is told once a batch; that nobody listens is no failure", "[alias]") {
  Bench bench;
  auto const kind = bench.kind();
  support::Resources wished{wish("team", {"i"}), wish("abuse", {"i"})};
  CHECK(all_done(bench.apply(*kind, wished)));
  CHECK(bench.control.asked.empty());
  for (auto& one : wished) one.spec.set("to", std::vector<engine::Item>{"eve@example.net"});
  for (auto& one : wished) one.spec.set("tells", std::string("/run/mailstackd/control"));
  CHECK(all_done(bench.apply(*kind, wished)));
  CHECK(bench.control.asked ==
        std::vector<std::string>{R"(/run/mailstackd/control {"do":"reload"})"});
}

TEST_CASE("alias: an equal line is adopted in its own spelling", "[alias]") {
  Bench bench;
  bench.write("Team:   I,bob@example.net ,\n");
  CHECK(bench.plan(*bench.kind(), {wish("team", {"i", "bob@example.net"})}).empty());
}

TEST_CASE("alias: a new file is for the daemon's group", "[alias]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {wish("postmaster", {"i"})})));
  CHECK(bench.files.stat(path)->mode == 0640);
  CHECK(bench.files.stat(path)->group == "chasquid");
}

TEST_CASE("alias: a foreign edit between plan and write is a conflict of that line alone",
          "[alias]") {
  Bench bench;
  bench.write(by_hand);
  auto const kind = bench.kind();
  auto const steps = bench.plan(*kind, {wish("team", {"i"}), wish("abuse", {"i"})});
  bench.write(by_hand + "team: carol@example.net\nlater: z\n");
  auto const results = kind->put("host/mx1", steps);
  REQUIRE_FALSE(results[0]);
  CHECK(results[0].error().code == ErrorCode::conflict);
  CHECK(results[1]);
  CHECK(bench.files.read(path).value() ==
        by_hand + "team: carol@example.net\nlater: z\nabuse: i@wac.tax\n");
}

TEST_CASE("alias: steps applied twice are success; what cannot be said is invalid", "[alias]") {
  Bench bench;
  auto const kind = bench.kind();
  auto const steps = bench.plan(*kind, {wish("team", {"i"})});
  CHECK(all_done(kind->put("host/mx1", steps)));
  CHECK(all_done(kind->put("host/mx1", steps)));
  auto const results = bench.apply(*kind, {wish("two words", {"i"}), wish("ok", {"i"})});
  REQUIRE(results.size() == 2);
  REQUIRE_FALSE(results[0]);
  CHECK(results[0].error().code == ErrorCode::invalid);
  CHECK(results[1]);
  CHECK(bench.files.read(path).value() == "team: i@wac.tax\nok: i@wac.tax\n");
}

TEST_CASE("alias: a file that cannot be read is blind", "[alias]") {
  Bench bench;
  bench.write(by_hand);
  bench.files.set_unreadable("/etc/chasquid");
  CHECK(bench.look(*bench.kind(), {wish("team", {"i"})}).desired[0].standing == Standing::blind);
}

// A line that stops a current chasquid was told by `alias resolve` alone; plan and drift were
// silent.
TEST_CASE("alias: a line that does not parse makes the file blind, and nothing is written",
          "[alias]") {
  for (auto const& [line, what] :
       {std::pair{"garbage", "no ':' between name and recipients"},
        std::pair{"::::", "no name before ':'"}, std::pair{"\x01\xff\x02", "no ':' between"},
        std::pair{"x:", "no recipients after ':'"}}) {
    INFO(line);
    Bench bench;
    auto const kind = bench.kind();
    bench.write(by_hand);
    auto const steps = bench.plan(*kind, {wish("team", {"i"})});
    auto const broken = by_hand + line + "\n";
    bench.write(broken);
    auto const look = bench.look(*kind, {wish("team", {"i"})}, {wish("old", {"x"})});
    for (auto const& seen : {look.desired[0], look.owned[0]}) {
      REQUIRE(seen.standing == Standing::blind);
      CHECK(seen.blind_reason.starts_with(std::string(path) + ":7: " + what));
      CHECK(seen.blind_reason.find("mend the line or remove it") != std::string::npos);
    }
    REQUIRE(steps.size() == 1);
    CHECK_FALSE(kind->put("host/mx1", steps)[0]);
    CHECK(bench.files.read(path).value() == broken);
  }
}

TEST_CASE("alias: a file that somebody opened to all is seen and closed", "[alias]") {
  Bench bench;
  auto const kind = bench.kind();
  REQUIRE(bench.files.write(path, by_hand, {0666, "root", "chasquid"}));
  auto const wished = wish("list", {"a", "b"});
  auto const look = bench.look(*kind, {}, {wished});
  CHECK(kind->laws().diff(wished.spec, look.owned[0], {}).reasons ==
        std::vector<std::string>{"mode 0666 → 0640"});
  CHECK(all_done(bench.apply(*kind, {wished})));
  CHECK(bench.files.stat(path)->mode == 0640);
  CHECK(bench.files.read(path).value() == by_hand);
  CHECK(bench.plan(*kind, {wished}).empty());
}
