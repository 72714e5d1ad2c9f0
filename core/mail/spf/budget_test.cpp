#include "core/mail/spf/budget.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace mailstack;
using namespace mailstack::mail::spf;

namespace {

using Standing = Known::Standing;

/// A world in which example.org is ours alone, example.net is a zone that we share, and all else is
/// foreign.
class World {
 public:
  void publish(std::string const& name, dns::Type type, std::vector<std::string> values) {
    records_[{dns::Name::parse(name)->text(), type.number()}] = std::move(values);
  }
  void publish_spf(std::string const& name, std::string const& text) {
    publish(name, dns::type::txt, {dns::txt_value(text)});
  }

  Budget spend(std::string const& text) const {
    return mail::spf::spend(
        parse(text).record, *dns::Name::parse("example.org"),
        [this](dns::Name const& name, dns::Type type) { return known(name, type); });
  }

 private:
  Known known(dns::Name const& name, dns::Type type) const {
    auto const found = records_.find({name.text(), type.number()});
    if (found != records_.end()) return {Standing::published, found->second};
    if (name.within(*dns::Name::parse("example.org"))) return {Standing::absent, {}};
    if (name.within(*dns::Name::parse("example.net"))) return {Standing::unlisted, {}};
    return {Standing::foreign, {}};
  }
  std::map<std::pair<std::string, std::uint16_t>, std::vector<std::string>> records_;
};

std::string text(std::vector<Spender> const& spenders) {
  std::string out;
  for (auto const& spender : spenders) {
    out += out.empty() ? "" : "; ";
    for (auto const& name : spender.chain) out += name + " ";
    out += spender.term;
  }
  return out;
}

}  // namespace

TEST_CASE("spf budget: include, a, mx, ptr, exists and redirect cost one each", "[mail]") {
  World world;
  world.publish("example.org", dns::type::a, {"192.0.2.1"});
  world.publish("example.org", dns::type::mx, {"10 smtp.example.org."});
  CHECK(world.spend("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all").lookups.empty());
  auto const budget = world.spend("v=spf1 a mx ptr exists:%{i}.example.com -all");
  CHECK(text(budget.lookups) ==
        "example.org a; example.org mx; example.org ptr; example.org exists:%{i}.example.com");
  CHECK_FALSE(budget.at_least());
  CHECK(budget.voids.empty());
  CHECK(budget.faults.empty());
}

TEST_CASE("spf budget: the article's record spends at least five", "[mail]") {
  World world;
  world.publish("example.org", dns::type::a, {"192.0.2.1"});
  world.publish("example.org", dns::type::mx, {"10 smtp.example.org."});
  world.publish("smtp.example.org", dns::type::a, {"192.0.2.1"});
  world.publish_spf("_spf.example.org", "v=spf1 a:smtp.example.org ~all");
  auto const budget =
      world.spend("v=spf1 a mx include:_spf.example.org include:_spf.google.com ~all");
  CHECK(text(budget.lookups) ==
        "example.org a; example.org mx; example.org include:_spf.example.org; "
        "example.org _spf.example.org a:smtp.example.org; example.org include:_spf.google.com");
  CHECK(budget.at_least());
  CHECK(text(budget.open) == "example.org include:_spf.google.com");
}

TEST_CASE("spf budget: nothing behind all is counted, and redirect only without it", "[mail]") {
  World world;
  CHECK(world.spend("v=spf1 -all a mx include:b.example").lookups.empty());
  CHECK(world.spend("v=spf1 redirect=b.example -all").lookups.empty());
  CHECK(text(world.spend("v=spf1 redirect=b.example a:c.example").lookups) ==
        "example.org a:c.example; example.org redirect=b.example");
}

TEST_CASE("spf budget: a name with a macro stays open", "[mail]") {
  World world;
  auto const budget = world.spend("v=spf1 include:%{i}.example.org a:%{d} -all");
  CHECK(budget.lookups.size() == 2);
  CHECK(text(budget.open) == "example.org include:%{i}.example.org");
  CHECK(budget.voids.empty());
}

TEST_CASE("spf budget: void answers are counted where nobody else can have published", "[mail]") {
  World world;
  world.publish("v6.example.org", dns::type::aaaa, {"2001:db8::1"});
  auto const budget = world.spend(
      "v=spf1 a:gone.example.org mx:gone.example.org a:gone.example.net a:v6.example.org "
      "a:gone.example.com exists:gone.example.org -all");
  CHECK(text(budget.voids) ==
        "example.org a:gone.example.org; example.org mx:gone.example.org; "
        "example.org exists:gone.example.org");
}

TEST_CASE("spf budget: chains that cannot be evaluated", "[mail]") {
  World world;
  world.publish_spf("loop.example.org", "v=spf1 include:example.org -all");
  world.publish_spf("bad.example.org", "v=spf1 ipv4:192.0.2.1 mx:example.com -all");
  world.publish("two.example.org", dns::type::txt, {"\"v=spf1 -all\"", "\"v=spf1 ~all\""});
  world.publish("other.example.org", dns::type::txt, {"\"hello\""});
  struct Case {
    char const* record;
    char const* what;
    bool certain;
  };
  for (auto const& [record, what, certain] : {
           Case{"v=spf1 include:loop.example.org -all",
                "leads back to example.org, so every evaluation is a permerror", true},
           Case{"v=spf1 include:bad.example.org -all",
                "names bad.example.org, whose SPF record does not parse", true},
           Case{"v=spf1 include:two.example.org -all",
                "names two.example.org, which has two SPF records", true},
           Case{"v=spf1 include:other.example.org -all",
                "names other.example.org, where the manifest publishes no SPF record", true},
           Case{"v=spf1 redirect=gone.example.org",
                "names gone.example.org, where the manifest publishes no SPF record", true},
           Case{"v=spf1 include:gone.example.net -all",
                "names gone.example.net, where the manifest publishes no SPF record", false},
       }) {
    INFO(record);
    auto const budget = world.spend(record);
    REQUIRE(budget.faults.size() == 1);
    CHECK(budget.faults[0].what == what);
    CHECK(budget.faults[0].certain == certain);
  }
  // What is right of a broken record still costs.
  CHECK(world.spend("v=spf1 include:bad.example.org -all").lookups.size() == 2);
}

TEST_CASE("spf budget: more than ten MX names are a permerror", "[mail]") {
  World world;
  std::vector<std::string> values;
  values.reserve(11);
  for (int i = 0; i < 11; ++i)
    values.push_back(std::to_string(i) + " m" + std::to_string(i) + ".example.org.");
  world.publish("example.org", dns::type::mx, values);
  REQUIRE(world.spend("v=spf1 mx -all").faults.size() == 1);
  values.pop_back();
  world.publish("example.org", dns::type::mx, values);
  CHECK(world.spend("v=spf1 mx -all").faults.empty());
}

TEST_CASE("spf budget: a tree of includes that fans out ends", "[mail]") {
  World world;
  for (int level = 0; level < 8; ++level) {
    std::string record = "v=spf1";
    for (int i = 0; i < 10; ++i)
      record += " include:l" + std::to_string(level + 1) + ".example.org";
    world.publish_spf("l" + std::to_string(level) + ".example.org", record + " -all");
  }
  auto const budget = world.spend("v=spf1 include:l0.example.org -all");
  CHECK(budget.lookups.size() > lookup_limit);
  CHECK(budget.lookups.size() < 200);
}
