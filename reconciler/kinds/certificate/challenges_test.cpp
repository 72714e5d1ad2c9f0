#include "reconciler/kinds/certificate/challenges.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds::certificate {
namespace {

constexpr char const* notes = "/var/lib/mailstack/certificates/example.org.challenges";
constexpr char const* server = "192.0.2.53:53";
constexpr char const* other_server = "192.0.2.54:53";

dns::Name name(std::string_view text) { return *dns::Name::parse(text); }

/// A host of one zone in memory, which can be told to fail.
class Host final : public DnsProvider {
 public:
  Result<std::vector<dns::RRset>> list(dns::Name const& /*zone*/) override {
    return std::vector<dns::RRset>(rrsets);
  }
  Result<> set(dns::Name const& /*zone*/, std::span<Change const> changes) override {
    if (down) return fail(ErrorCode::unavailable, "the API is down");
    for (auto const& change : changes) {
      std::erase_if(rrsets, [&](auto const& one) {
        return one.name == change.after.name && one.type == change.after.type;
      });
      if (!change.after.values.empty()) rrsets.push_back(change.after);
    }
    return {};
  }
  [[nodiscard]] Limits limits() const override { return {}; }

  std::vector<std::string> values(std::string_view at) const {
    for (auto const& one : rrsets)
      if (one.name == name(at) && one.type == dns::type::txt) return one.values;
    return {};
  }

  std::vector<dns::RRset> rrsets;
  bool down = false;
};

struct Fixture {
  support::KindBench bench;
  std::shared_ptr<Host> outer = std::make_shared<Host>();
  std::shared_ptr<Host> inner = std::make_shared<Host>();
  std::vector<std::string> said;
  std::vector<acme::Txt> const two{{name("_acme-challenge.example.org."), "apex"},
                                   {name("_acme-challenge.example.org."), "wildcard"}};

  Fixture() {
    bench.inputs.zones[name("example.org.")] = access(outer);
    bench.inputs.zones[name("sub.example.org.")] = access(inner);
  }
  static ZoneAccess access(std::shared_ptr<Host> host) {
    ZoneAccess access;
    access.lane = "provider/x";
    access.provider = std::move(host);
    access.servers = {server, other_server};
    return access;
  }
  ZoneChallenges challenges(Duration patience = Duration{60}) {
    auto doors = bench.doors();
    doors.announce = [this](std::string const& line) { said.push_back(line); };
    return {bench.inputs.zones, doors, notes, patience};
  }
};

TEST_CASE("challenges stand beside foreign values, and go alone", "[certificate]") {
  Fixture f;
  f.outer->rrsets = {{name("_acme-challenge.example.org."), dns::type::txt, 300, {"\"theirs\""}}};
  REQUIRE(f.challenges().publish(f.two));
  CHECK(f.outer->values("_acme-challenge.example.org.") ==
        std::vector<std::string>{"\"apex\"", "\"theirs\"", "\"wildcard\""});
  CHECK(ZoneChallenges::noted(f.bench.files, notes) == f.two);
  REQUIRE(f.challenges().publish(f.two));  // once is enough
  REQUIRE(f.challenges().withdraw(f.two));
  CHECK(f.outer->values("_acme-challenge.example.org.") == std::vector<std::string>{"\"theirs\""});
  CHECK(ZoneChallenges::noted(f.bench.files, notes).empty());
  REQUIRE(f.challenges().withdraw(f.two));
}

TEST_CASE("a name's challenge goes into the innermost zone that holds it", "[certificate]") {
  Fixture f;
  std::vector<acme::Txt> const values{{name("_acme-challenge.sub.example.org."), "a"},
                                      {name("_acme-challenge.example.org."), "b"}};
  REQUIRE(f.challenges().publish(values));
  CHECK(f.inner->rrsets.size() == 1);
  CHECK(f.outer->rrsets.size() == 1);
  auto const foreign =
      f.challenges().publish(std::vector<acme::Txt>{{name("_acme-challenge.example.net."), "c"}});
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code == ErrorCode::invalid);
  CHECK(foreign.error().what.find("dns.zones") != std::string::npos);
}

TEST_CASE("what a run that was cut off left is swept by the next one", "[certificate]") {
  Fixture f;
  REQUIRE(f.challenges().publish(f.two));
  f.outer->down = true;
  CHECK_FALSE(f.challenges().sweep());
  CHECK(ZoneChallenges::noted(f.bench.files, notes).size() == 2);
  f.outer->down = false;
  REQUIRE(f.challenges().sweep());
  CHECK(f.outer->rrsets.empty());
  CHECK_FALSE(f.bench.files.stat(notes));
}

TEST_CASE("the note is written before the value, and a damaged note counts for nothing",
          "[certificate]") {
  Fixture f;
  f.outer->down = true;
  CHECK_FALSE(f.challenges().publish(f.two));
  CHECK(ZoneChallenges::noted(f.bench.files, notes) == f.two);
  REQUIRE(f.bench.files.write(notes, "no line of ours", {0600, {}, {}}));
  CHECK(ZoneChallenges::noted(f.bench.files, notes).empty());
}

TEST_CASE(
    "nobody waits where all servers answer; else the laggard is named, at once and at the end",
    "[certificate]") {
  Fixture f;
  REQUIRE(f.challenges().publish(f.two));
  f.bench.dns.records[{"_acme-challenge.example.org.", dns::type::txt}] = {"\"apex\"",
                                                                           "\"wildcard\""};
  REQUIRE(f.challenges().await(f.two));
  CHECK(f.bench.clock.sleeps().empty());
  CHECK(f.said.empty());
  f.bench.dns.refusing = {other_server};
  auto const late = f.challenges(Duration{20}).await(f.two);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::unavailable);
  CHECK(late.error().what ==
        "not served everywhere after 20s: 192.0.2.54:53 answers for _acme-challenge.example.org: "
        "REFUSED");
  CHECK(f.said == std::vector<std::string>{"waits until 192.0.2.54:53 answers for "
                                           "_acme-challenge.example.org: REFUSED no more"});
}

TEST_CASE("a challenge's name that is a CNAME is refused before anything is written",
          "[certificate]") {
  Fixture f;
  f.outer->rrsets = {
      {name("_acme-challenge.example.org."), dns::type::cname, 300, {"elsewhere.example.net."}}};
  auto const refused = f.challenges().publish(f.two);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(f.outer->rrsets.size() == 1);
}

}  // namespace
}  // namespace mailstack::kinds::certificate
