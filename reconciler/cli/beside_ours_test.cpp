#include "reconciler/cli/beside_ours.hpp"

#include <catch2/catch.hpp>

#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/render_drift.hpp"
#include "reconciler/cli/render_plan.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"
#include "reconciler/kinds/kinds.hpp"

using namespace mailstack;
using namespace mailstack::cli;
using engine::Action;
using engine::Standing;

namespace {

dns::Name name(std::string const& text) { return *dns::Name::parse(text); }

engine::Resource record(std::string const& owner, dns::Type type, std::string value) {
  return kinds::dns_record::record(name("example.org"), name(owner), type, std::move(value), 300);
}

struct Fixture {
  engine::Plan plan;

  void want(std::string const& owner, dns::Type type, std::string value,
            Action action = Action::none) {
    auto const resource = record(owner, type, std::move(value));
    engine::PlanItem item;
    item.address = resource.address;
    item.spec = item.wish = resource.spec;
    item.group = "example.org";
    item.action = action;
    item.standing = action == Action::none ? Standing::same : Standing::change;
    item.description = kinds::dns_record::laws().describe(item.address, item.spec);
    plan.items.push_back(item);
  }
  void find(std::string const& owner, dns::Type type, std::string value) {
    auto const resource = record(owner, type, std::move(value));
    engine::Stranger stranger;
    stranger.address = resource.address;
    stranger.state = resource.spec;
    stranger.group = "example.org";
    plan.kept.push_back(stranger);
  }
  [[nodiscard]] std::vector<std::string> said() const {
    std::vector<std::string> lines;
    for (auto const& one : stand_beside_ours(plan, kinds::all_laws())) lines.push_back(say(one));
    return lines;
  }
  [[nodiscard]] std::string text() const {
    return render_plan({.plan = plan, .laws = kinds::all_laws()}, {});
  }
};

}  // namespace

TEST_CASE("regression: a foreign MX beside ours is said by itself in the plan", "[cli]") {
  Fixture f;
  f.want("example.org", dns::type::mx, "10 smtp.example.org.");
  for (auto const* host : {"a", "b", "c", "d", "e"})
    f.find("example.org", dns::type::txt, "\"" + std::string(host) + "\"");
  f.find("example.org", dns::type::mx, "1 evil.example.");
  CHECK(f.text() ==
        "kept: 5 foreign records in example.org: TXT example.org \"a\", TXT example.org \"b\", TXT "
        "example.org \"c\" and 2 more\n"
        "\n"
        "! MX example.org 1 evil.example. is not ours and stands beside ours: mail goes there too\n"
        "      mailstack removes nothing that it did not put there: remove it at the provider, or "
        "write it into `records:` of the zone to have it kept so.\n"
        "\n"
        "Plan: 0 to add, 0 to change, 0 to remove; 1 same; 0 later; 0 blind.\n");
}

TEST_CASE("beside_ours: which values take part in what ours are for", "[cli]") {
  Fixture f;
  f.want("smtp.example.org", dns::type::a, "203.0.113.10");
  f.want("_submission._tcp.example.org", dns::type::srv, "0 1 587 smtp.example.org.");
  f.want("example.org", dns::type::txt, "\"v=spf1 mx -all\"");
  f.want("old.example.org", dns::type::a, "203.0.113.80", Action::remove);
  f.find("smtp.example.org", dns::type::a, "192.0.2.66");
  f.find("smtp.example.org", dns::type::aaaa, "2001:db8::66");
  f.find("_submission._tcp.example.org", dns::type::srv, "0 1 587 evil.example.");
  f.find("example.org", dns::type::txt, "\"proof of ownership\"");
  f.find("example.org", dns::type::mx, "1 aspmx.l.google.com.");  // we want none there
  f.find("www.example.org", dns::type::a, "192.0.2.80");
  f.find("old.example.org", dns::type::a, "192.0.2.81");
  std::string const beside = " is not ours and stands beside ours: ";
  CHECK(f.said() == std::vector<std::string>{
                        "A smtp.example.org 192.0.2.66" + beside + "connections go there too",
                        "AAAA smtp.example.org 2001:db8::66" + beside + "connections go there too",
                        "SRV _submission._tcp.example.org 0 1 587 evil.example." + beside +
                            "mail programs go there too"});
}

TEST_CASE("regression: drift notes a foreign MX beside ours, without counting it", "[cli]") {
  Fixture f;
  f.want("example.org", dns::type::mx, "10 smtp.example.org.");
  f.find("example.org", dns::type::mx, "1 evil.example.");
  engine::World const world;
  std::vector<engine::Drift> const none;
  DriftView const view{none, kinds::all_laws(), world, *parse_time("2026-11-24T15:00:00Z"),
                       stand_beside_ours(f.plan, kinds::all_laws())};
  auto const text = render_drift(view, {});
  CHECK(
      text.starts_with("! MX example.org 1 evil.example. is not ours and stands beside ours: "
                       "mail goes there too\n"));
  CHECK(text.find("Drift: 0 changes since the last apply") != std::string::npos);
  CHECK(drift_json(view, {}).find("\"effect\": \"mail goes there too\"") != std::string::npos);
  // What took the place of ours is told as the change it is.
  CHECK(stand_beside_ours(f.plan, kinds::all_laws(), {f.plan.kept[0].address}).empty());
}
