#include "reconciler/cli/render_drift.hpp"

#include <catch2/catch.hpp>

#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"
#include "reconciler/kinds/kinds.hpp"

using namespace mailstack;
using namespace mailstack::cli;

namespace {

engine::Resource record(std::string const& value, std::uint32_t ttl = 300) {
  auto const zone = *dns::Name::parse("example.org");
  return kinds::dns_record::record(zone, zone, dns::type::a, value, ttl);
}

struct Fixture {
  engine::Row row;
  engine::Drift one;
  engine::World world;

  Fixture() {
    row.address = record("203.0.113.80").address;
    row.group = "example.org";
    one.row = &row;
    one.before = record("203.0.113.80").spec;
    one.seen = *parse_time("2026-11-24T16:00:00Z");
    one.missed = *parse_time("2026-11-24T16:10:00Z");
  }
  std::string text(std::vector<engine::Drift> const& drift) const {
    return render_drift({drift, kinds::all_laws(), world, *parse_time("2026-11-24T15:00:00Z")}, {});
  }
};

}  // namespace

TEST_CASE("render_drift: what is gone, and between which looks", "[cli]") {
  Fixture const f;
  CHECK(f.text({f.one}) ==
        "example.org\n"
        "  - A example.org 203.0.113.80 is gone\n"
        "      between 2026-11-24T16:00:00Z and 2026-11-24T16:10:00Z\n"
        "\n"
        "Drift: 1 change since the last apply (2026-11-24T15:00:00Z).\n"
        "`mailstack reconcile --yes` puts back what was applied.\n");
}

TEST_CASE("render_drift: what stands in its place is shown as the change it is", "[cli]") {
  Fixture f;
  f.one.replacements = {record("203.0.113.99").address};
  f.world.strangers.emplace_back();
  f.world.strangers[0].address = f.one.replacements[0];
  f.world.strangers[0].state = record("203.0.113.99").spec;
  CHECK(f.text({f.one}).find("  ~ A example.org 203.0.113.[-80-]{+99+}\n") != std::string::npos);
}

TEST_CASE("render_drift: a change beside the value is said in words", "[cli]") {
  Fixture f;
  f.one.after = record("203.0.113.80", 60).spec;
  f.one.reasons = {"ttl 300 → 60"};
  CHECK(f.text({f.one}).find("  ~ A example.org 203.0.113.80\n      ttl 300 → 60\n") !=
        std::string::npos);
}

TEST_CASE("render_drift: no line ends with a blank", "[cli]") {
  Fixture f;
  f.row.address = {"user", "mx1/example.org/app"};
  f.one.before = {{"state", "active"}};
  f.one.after = {{"state", "active"}, {"mode", "0666"}};
  f.one.reasons = {"mode 0640 → 0666"};
  auto const text = f.text({f.one});
  INFO(text);
  CHECK(text.find("~ user app@example.org") != std::string::npos);
  CHECK(text.find(" \n") == std::string::npos);
}

TEST_CASE("render_drift: none, and none before the first apply", "[cli]") {
  Fixture const f;
  CHECK(f.text({}) == "Drift: 0 changes since the last apply (2026-11-24T15:00:00Z).\n");
  std::vector<engine::Drift> const none;
  CHECK(render_drift({none, kinds::all_laws(), f.world, {}}, {}).find("nothing was applied yet") !=
        std::string::npos);
}

TEST_CASE("regression: no line of drift ends in a blank", "[cli]") {
  Fixture f;
  f.row.address = {kinds::conf_file::kind_name, "mx1/chasquid"};
  f.one.before = {{"path", std::string("/etc/chasquid/chasquid.conf")}};
  f.one.after = f.one.before;
  f.one.reasons = {"mode 0640 → 0666"};
  CHECK(f.text({f.one}).find(" \n") == std::string::npos);
}
