#include "reconciler/kinds/dns_record/zone_view.hpp"

#include <catch2/catch.hpp>

#include "reconciler/kinds/dns_record/changes.hpp"

using namespace mailstack;
using namespace mailstack::kinds;
using namespace mailstack::kinds::dns_record;
using Standing = engine::Observation::Standing;

namespace {

dns::Name const zone = *dns::Name::parse("example.org.");

dns::Name name(std::string const& relative) { return *dns::Name::parse(relative, zone); }

dns::RRset rrset(std::string const& owner, dns::Type type, std::vector<std::string> values,
                 std::uint32_t ttl = 300) {
  return {name(owner), type, ttl, std::move(values)};
}

std::string claim(std::string const& owner, dns::Type type, std::string const& slot) {
  return address({zone, name(owner), type, slot}).name;
}

engine::Fields wish(std::string const& value) {
  return {{"value", value}, {"ttl", std::int64_t{300}}};
}

engine::Step put(std::string const& owner, dns::Type type, std::string const& value,
                 std::int64_t ttl = 300) {
  engine::Step step;
  step.action = engine::Action::create;
  step.address = record(zone, name(owner), type, value, 300).address;
  step.spec = {{"value", value}, {"ttl", ttl}};
  return step;
}

engine::Step removal(std::string const& owner, dns::Type type, std::string const& value) {
  auto step = put(owner, type, value);
  step.action = engine::Action::remove;
  step.before = engine::Observation::of({{"value", value}});
  return step;
}

std::vector<PlannedChange> changes(ZoneView const& view, Claims const& claims,
                                   std::vector<engine::Step> const& steps) {
  std::vector<Result<>> results(steps.size());
  auto all = plan_changes(zone, view, claims, steps, results);
  for (auto const& result : results) CHECK(result);
  return all;
}

std::string const spf = "\"v=spf1 mx ~all\"";
std::string const other_spf = "\"v=spf1 -all\"";
std::string const site = "\"google-site-verification=abc\"";

}  // namespace

TEST_CASE("dns_record: a claim sees its own value, its TTL, and who shares the RRset",
          "[dns_record]") {
  ZoneView const view(zone, {rrset("@", dns::type::txt, {site, spf}, 60)});
  Claims const claims{claim("@", dns::type::txt, "spf")};
  auto const seen = view.observe({zone, zone, dns::type::txt, "spf"}, wish(spf), claims, {});
  REQUIRE(seen.standing == Standing::present);
  CHECK(seen.state.text("value") == spf);
  CHECK(seen.state.number("ttl") == 60);
  CHECK(seen.state.flag("shared"));
  CHECK(seen.neighbours.size() == 1);
}

TEST_CASE("dns_record: what is claimed by us, or purged, does not make an RRset shared",
          "[dns_record]") {
  ZoneView const view(zone, {rrset("@", dns::type::txt, {site, spf})});
  Place const place{zone, zone, dns::type::txt, "spf"};
  Claims const both{claim("@", dns::type::txt, "spf"), claim("@", dns::type::txt, site)};
  CHECK_FALSE(view.observe(place, wish(spf), both, {}).state.flag("shared"));
  ZoneAccess purging;
  purging.purge_all = true;
  Claims const one{claim("@", dns::type::txt, "spf")};
  CHECK_FALSE(view.observe(place, wish(spf), one, purging).state.flag("shared"));
  purging.ignore = {{"@", {dns::type::txt}, "*google*"}};
  CHECK(view.observe(place, wish(spf), one, purging).state.flag("shared"));
}

TEST_CASE(
    "dns_record: a second value in a slot that holds one is an occupant, whichever sorts first",
    "[dns_record]") {
  ZoneView const view(zone, {rrset("@", dns::type::txt, {other_spf, spf})});
  Place const place{zone, zone, dns::type::txt, "spf"};
  Claims const claims{claim("@", dns::type::txt, "spf")};
  for (auto const& [ours, theirs] : {std::pair(spf, other_spf), std::pair(other_spf, spf)}) {
    auto const seen = view.observe(place, wish(ours), claims, {});
    CHECK(seen.state.text("value") == ours);
    CHECK(seen.state.flag("doubled"));
    REQUIRE(seen.occupants.size() == 1);
    CHECK(seen.occupants[0].name == claim("@", dns::type::txt, theirs));
    auto const strangers =
        view.strangers(claims, {{}, {{claim("@", dns::type::txt, "spf"), ours}}}, {});
    REQUIRE(strangers.size() == 1);
    CHECK(strangers[0].state.text("value") == theirs);
  }
}

TEST_CASE("dns_record: a CNAME excludes all else, the null MX every other MX", "[dns_record]") {
  ZoneView const view(zone, {rrset("mail", dns::type::mx, {"0 ."}),
                             rrset("www", dns::type::cname, {"x.example.net."})});
  auto const seen =
      view.observe({zone, name("www"), dns::type::a, "192.0.2.1"}, wish("192.0.2.1"), {}, {});
  CHECK(seen.standing == Standing::absent);
  REQUIRE(seen.occupants.size() == 1);
  CHECK(seen.neighbours == seen.occupants);  // it may have come in the place of ours
  CHECK(view.observe({zone, name("mail"), dns::type::mx, "10 a."}, wish("10 a."), {}, {})
            .occupants.size() == 1);
  CHECK(
      view.observe({zone, name("mail"), dns::type::txt, spf}, wish(spf), {}, {}).occupants.empty());
}

TEST_CASE("dns_record: purge spares the apex NS, challenges and what is ignored", "[dns_record]") {
  ZoneView const view(zone, {rrset("@", dns::type::ns, {"ns1.example.net."}),
                             rrset("_acme-challenge", dns::type::txt, {"\"token\""}),
                             rrset("a.dev", dns::type::a, {"192.0.2.1"}),
                             rrset("old", dns::type::a, {"192.0.2.2"})});
  ZoneAccess access;
  access.purge_all = true;
  access.ignore = {{"*.dev", {}, ""}};
  std::vector<std::string> purged;
  for (auto const& stranger : view.strangers({}, {}, access))
    if (stranger.purge) purged.push_back(stranger.address.name);
  CHECK(purged == std::vector<std::string>{claim("old", dns::type::a, "192.0.2.2")});
}

TEST_CASE("dns_record: steps of one RRset become one change that keeps foreign values",
          "[dns_record]") {
  ZoneView const view(zone, {rrset("@", dns::type::txt, {site, other_spf}, 60)});
  auto step = put("@", dns::type::txt, spf);
  step.action = engine::Action::update;
  step.before = engine::Observation::of({{"value", other_spf}});
  auto const all = changes(view, {claim("@", dns::type::txt, "spf")}, {step});
  REQUIRE(all.size() == 1);
  CHECK(all[0].change.after.values == std::vector<std::string>{site, spf});
  CHECK(all[0].change.after.ttl == 60);  // the foreign value's
}

TEST_CASE("dns_record: a value and its successor, and what excludes it, are one write",
          "[dns_record]") {
  ZoneView const view(zone, {rrset("www", dns::type::a, {"192.0.2.1"}, 60),
                             rrset("www", dns::type::aaaa, {"2001:db8::1"})});
  auto step = put("www", dns::type::cname, "x.example.net.");
  step.displaces = {removal("www", dns::type::a, "192.0.2.1"),
                    removal("www", dns::type::aaaa, "2001:db8::1")};
  auto const all = changes(view, {}, {step});
  REQUIRE(all.size() == 3);
  for (auto const& one : all) CHECK(one.group == all[0].group);  // never torn apart
}

TEST_CASE("dns_record: a slot that moved since the plan is a conflict and is left alone",
          "[dns_record]") {
  ZoneView const view(zone, {rrset("@", dns::type::txt, {other_spf})});
  auto step = put("@", dns::type::txt, spf);
  std::vector<Result<>> results(1);
  CHECK(plan_changes(zone, view, {}, std::vector{step}, results).empty());
  REQUIRE_FALSE(results[0]);
  CHECK(results[0].error().code == ErrorCode::conflict);
}

TEST_CASE("dns_record: names at or below a delegation are answered elsewhere", "[dns_record]") {
  ZoneView const view(zone, {rrset("@", dns::type::ns, {"ns1.example.org."}),
                             rrset("sub", dns::type::ns, {"ns1.sub.example.org."})});
  CHECK(view.delegated(name("ns1.sub"), dns::type::a));
  CHECK(view.delegated(name("sub"), dns::type::ns));
  CHECK_FALSE(view.delegated(name("sub"), dns::type::ds));
  CHECK_FALSE(view.delegated(name("@"), dns::type::ns));
  CHECK_FALSE(view.delegated(name("ns1"), dns::type::a));
}
