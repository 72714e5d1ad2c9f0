#include "reconciler/cli/render_plan.hpp"

#include <catch2/catch.hpp>
#include <chrono>

#include "reconciler/cli/word_diff.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/ptr/spec.hpp"

using namespace mailstack;
using namespace mailstack::cli;
using engine::Action;
using engine::PlanItem;
using engine::Standing;

namespace {

dns::Name name(std::string const& text) { return *dns::Name::parse(text); }

PlanItem record(std::string const& owner, dns::Type type, std::string value, Standing standing,
                Action action) {
  auto resource =
      kinds::dns_record::record(name("example.org"), name(owner), type, std::move(value), 300);
  PlanItem item;
  item.address = resource.address;
  item.wish = item.spec = resource.spec;
  item.group = "example.org";
  item.lane = "provider/local";
  item.reason = "host mx1 has this address";
  item.source = {"mailstack.yaml", 3, 1};
  item.standing = standing;
  item.action = action;
  item.description = kinds::dns_record::laws().describe(item.address, item.spec);
  return item;
}

PlanItem address(std::string const& ipv4, Standing standing, Action action) {
  return record("smtp.example.org", dns::type::a, ipv4, standing, action);
}

std::string text(engine::Plan const& plan, Paper const& paper = {}) {
  return render_plan({.plan = plan, .laws = kinds::all_laws()}, paper);
}

bool holds(std::string const& text, std::string const& part) {
  CAPTURE(text, part);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("render_plan: a plan without changes is its last line", "[cli]") {
  engine::Plan plan;
  plan.items = {address("203.0.113.10", Standing::same, Action::none)};
  CHECK(text(plan) == "Plan: 0 to add, 0 to change, 0 to remove; 1 same; 0 later; 0 blind.\n");
}

TEST_CASE("render_plan: each step has its sign, its reason and its line", "[cli]") {
  engine::Plan plan;
  plan.items = {
      address("203.0.113.10", Standing::change, Action::create),
      record("old.example.org", dns::type::a, "203.0.113.80", Standing::change, Action::remove)};
  plan.items[1].reasons = {"no longer in the manifest"};
  CHECK(text(plan) ==
        "example.org\n"
        "  + A smtp.example.org 203.0.113.10\n"
        "      host mx1 has this address (mailstack.yaml:3)\n"
        "  - A old.example.org 203.0.113.80\n"
        "      no longer in the manifest (mailstack.yaml:3)\n"
        "\n"
        "Plan: 1 to add, 0 to change, 1 to remove; 0 same; 0 later; 0 blind.\n");
}

TEST_CASE("render_plan: a value and its successor are one change", "[cli]") {
  engine::Plan plan;
  plan.items = {
      address("203.0.113.11", Standing::change, Action::create),
      record("www.example.org", dns::type::a, "203.0.113.80", Standing::change, Action::remove),
      address("203.0.113.10", Standing::change, Action::remove)};
  plan.items[0].displaces = {plan.items[2].address};
  plan.items[2].displaced = true;
  auto const said = text(plan);
  holds(said, "  ~ A smtp.example.org 203.0.113.[-10-]{+11+}\n");
  holds(said, "  - A www.example.org 203.0.113.80\n");
  holds(said, "Plan: 0 to add, 1 to change, 1 to remove;");
  CHECK(said.find("in the same write") == std::string::npos);
}

TEST_CASE("render_plan: another type at the name is no successor", "[cli]") {
  engine::Plan plan;
  plan.items = {address("203.0.113.11", Standing::change, Action::create),
                record("smtp.example.org", dns::type::cname, "a.example.net.", Standing::change,
                       Action::remove)};
  plan.items[0].displaces = {plan.items[1].address};
  auto const said = text(plan);
  holds(said, "  + A smtp.example.org 203.0.113.11\n");
  holds(said, "in the same write goes CNAME smtp.example.org a.example.net.\n");
  holds(said, "  - CNAME smtp.example.org a.example.net.\n");
}

TEST_CASE("render_plan: a change shows old and new with the difference marked", "[cli]") {
  engine::Plan plan;
  plan.items = {record("example.org", dns::type::txt, "\"v=spf1 mx ~all\"", Standing::change,
                       Action::update)};
  plan.items[0].reasons = {"\"v=spf1 mx ?all\" → \"v=spf1 mx ~all\"", "ttl 60 → 300"};
  plan.items[0].cause = engine::Cause::world;
  auto const said = text(plan);
  holds(said, "      \"v=spf1 mx [-?all-]{+~all+}\"\n");
  holds(said, "      ttl 60 → 300\n");
  holds(said, "      changed by hand\n");
}

TEST_CASE("render_plan: hazards name the words to type, and allowed ones are silent", "[cli]") {
  engine::Plan plan;
  plan.items = {record("example.org", dns::type::mx, "10 smtp.example.org.", Standing::change,
                       Action::remove)};
  plan.items[0].hazards = {engine::Hazard::mx};
  holds(text(plan), "Must be allowed by name\n  --allow mx  MX example.org 10 smtp.example.org.\n");
  auto const allowed =
      render_plan({.plan = plan, .laws = kinds::all_laws(), .allowed = {engine::Hazard::mx}}, {});
  CHECK(allowed.find("--allow") == std::string::npos);
}

TEST_CASE("render_plan: what is blind is said once a reason, with what it holds up", "[cli]") {
  engine::Plan plan;
  for (int i = 1; i <= 5; ++i)
    plan.items.push_back(address("203.0.113." + std::to_string(i), Standing::blind, Action::none));
  for (auto& item : plan.items) item.reasons = {"zone example.org: 401 Unauthorized"};
  auto const said = text(plan);
  holds(said,
        "Blind\n  ? zone example.org: 401 Unauthorized\n      5 resources are skipped: A "
        "smtp.example.org 203.0.113.1, ");
  holds(said, " and 2 more\n");
  holds(said, "5 blind.");
  auto const verbose = text(plan, {.verbose = true});
  holds(verbose, "203.0.113.5");
}

TEST_CASE("render_plan: a conflict stands at its place and names --adopt", "[cli]") {
  engine::Plan plan;
  plan.items = {record("example.org", dns::type::txt, "\"v=spf1 mx ~all\"", Standing::conflict,
                       Action::update)};
  plan.items[0].reasons = {"\"v=spf1 -all\" stands there"};
  auto const said = text(plan);
  holds(said, "  ! TXT example.org \"v=spf1 mx ~all\"\n      \"v=spf1 -all\" stands there\n");
  holds(said, "`--adopt` replaces it");
  holds(said, "0 blind; 1 conflict.");
}

TEST_CASE("render_plan: the timeline is in order, with the compiled one", "[cli]") {
  engine::Plan plan;
  plan.items = {address("203.0.113.10", Standing::later, Action::create)};
  plan.items[0].not_before = *parse_time("2026-12-02T00:00:00Z");
  features::Compiled compiled;
  compiled.timeline = {{*parse_time("2026-12-01T00:00:00Z"), "example.org: the next key"}};
  compiled.unmanaged = {"certificates", "units"};
  compiled.owed.emplace_back();
  compiled.owed[0].who = "the owner of example.net";
  compiled.owed[0].what = "publish MX 10 smtp.example.org.";
  auto const said =
      render_plan({.plan = plan, .laws = kinds::all_laws(), .compiled = &compiled}, {});
  holds(said,
        "Timeline\n"
        "  2026-12-01T00:00:00Z    example.org: the next key\n"
        "  2026-12-02T00:00:00Z  + A smtp.example.org 203.0.113.10\n");
  holds(said, "not managed here: certificates, units\n");
  holds(said, "the owner of example.net: publish MX 10 smtp.example.org.\n");
  holds(said, "1 later;");
}

TEST_CASE("render_plan: what others apply is counted, with the words that change that", "[cli]") {
  engine::Plan plan;
  plan.items.assign(3, address("203.0.113.10", Standing::elsewhere, Action::create));
  plan.items[0].lane = plan.items[1].lane = "host/mx1";
  plan.items[2].reasons = {"waits for a key, which is elsewhere"};
  auto const said = render_plan(
      {.plan = plan, .laws = kinds::all_laws(), .lane_remedies = {{"host/mx1", "--as mx1"}}}, {});
  holds(said, "elsewhere: 2 resources of host/mx1; --as mx1\n");
  holds(said, "elsewhere: 1 resource follows what others apply\n");
  holds(said, "3 elsewhere.");
}

TEST_CASE("render_plan: foreign records are counted by zone and a few are named", "[cli]") {
  engine::Plan plan;
  for (int i = 1; i <= 4; ++i) {
    auto item = address("192.0.2." + std::to_string(i), Standing::same, Action::none);
    engine::Stranger stranger;
    stranger.address = item.address;
    stranger.state = item.spec;
    stranger.group = "example.org";
    plan.kept.push_back(stranger);
  }
  holds(text(plan),
        "kept: 4 foreign records in example.org: A smtp.example.org 192.0.2.1, A smtp.example.org "
        "192.0.2.2, A smtp.example.org 192.0.2.3 and 1 more\n");
}

TEST_CASE("render_plan: a foreign value cannot steer the terminal", "[cli]") {
  engine::Plan plan;
  plan.items = {address("203.0.113.10", Standing::change, Action::create)};
  plan.items[0].description = "TXT example.org \x1b[2Jgone\xff";
  auto const said = text(plan);
  CHECK(said.find('\x1b') == std::string::npos);
  holds(said, "\\x1b[2Jgone\\xff");
}

TEST_CASE("render_plan: -v lists what is the same", "[cli]") {
  engine::Plan plan;
  plan.items = {address("203.0.113.10", Standing::same, Action::none)};
  holds(text(plan, {.verbose = true}), "  = A smtp.example.org 203.0.113.10\n");
  plan.items[0].adopted = true;
  holds(text(plan), "  = A smtp.example.org 203.0.113.10\n      is there already;");
  holds(text(plan), "1 same (1 adopted);");
}

TEST_CASE("render_plan: on a narrow terminal long values lose their middle", "[cli]") {
  engine::Plan plan;
  plan.items = {record("g19._domainkey.example.org", dns::type::txt,
                       "\"v=DKIM1; k=rsa; p=" + std::string(390, 'M') + "QAB\"", Standing::change,
                       Action::create)};
  auto const narrow = text(plan, {.width = 60});
  auto const first =
      narrow.substr(narrow.find("  +"), narrow.find('\n', narrow.find("  +")) - narrow.find("  +"));
  CHECK(columns(first) <= 60);
  holds(first, "…");
  holds(first, "QAB\"");
  holds(text(plan), std::string(390, 'M'));
}

TEST_CASE("render_plan: 15,000 items without change take milliseconds", "[cli]") {
  engine::Plan plan;
  plan.items.assign(15'000, address("203.0.113.10", Standing::same, Action::none));
  auto const start = std::chrono::steady_clock::now();
  auto const said = text(plan);
  auto const taken = std::chrono::steady_clock::now() - start;
  holds(said, "15000 same");
  // Five times what it takes on a slow machine with sanitizers.
  CHECK(taken < std::chrono::milliseconds(100));
}

TEST_CASE("word_diff: whole words are marked, and nothing in common is an arrow", "[cli]") {
  struct Case {
    std::string before, after, marked;
  };
  std::vector<Case> const cases{
      {"203.0.113.10", "203.0.113.11", "203.0.113.[-10-]{+11+}"},
      {"v=spf1 mx -all", "v=spf1 mx a -all", "v=spf1 mx {+a +}-all"},
      {"v=spf1 mx a -all", "v=spf1 mx -all", "v=spf1 mx [-a -]-all"},
      {"ttl 300", "3600", "ttl 300 → 3600"},
      {"", "new", " → new"},
      {"bücher ü", "bücher ö", "bücher [-ü-]{+ö+}"},
      {"p=none; a; b", "p=none; a; a; b", "p=none; a; {+a; +}b"},
  };
  for (auto const& one : cases) {
    CAPTURE(one.before, one.after);
    CHECK(mark_change(one.before, one.after, {}) == one.marked);
  }
}

TEST_CASE("paper: width counts what a terminal shows", "[cli]") {
  CHECK(columns("abc") == 3);
  CHECK(columns("日本") == 4);
  CHECK(columns("e\xcc\x81") == 1);
  Paper const paper{.width = 10};
  CHECK(paper.fit("short", 10) == "short");
  CHECK(columns(paper.fit("日本日本日本日本日本", 10)) <= 10);
  CHECK(paper.fit("abc", 0) == "abc");
}

TEST_CASE("render_plan: what is kept is called by its kind", "[cli]") {
  engine::Plan plan;
  for (auto const* local : {"old", "older"}) {
    engine::Stranger stranger;
    stranger.address = {"alias", std::string("mx1/example.org/") + local};
    stranger.group = "example.org";
    stranger.kept = true;
    plan.kept.push_back(stranger);
  }
  plan.kept.push_back(plan.kept.front());
  plan.kept.back().address.kind = "user";
  auto const said = text(plan);
  holds(said, "kept: 2 foreign aliases in example.org: alias old@example.org");
  holds(said, "kept: 1 foreign user in example.org: user old@example.org");
  CHECK(said.find("record") == std::string::npos);
}

TEST_CASE("render_plan: -q leaves what is wrong, and nothing else", "[cli]") {
  engine::Plan plan;
  plan.items = {
      address("203.0.113.10", Standing::change, Action::create),
      record("www.example.org", dns::type::a, "203.0.113.80", Standing::conflict, Action::update),
      record("x.example.org", dns::type::a, "203.0.113.81", Standing::blind, Action::none),
      record("y.example.org", dns::type::mx, "10 a.", Standing::change, Action::remove)};
  plan.items[2].reasons = {"zone example.org: the server is down"};
  plan.items[3].hazards = {engine::Hazard::mx};
  Paper quiet;
  quiet.quiet = true;
  auto const said = text(plan, quiet);
  holds(said, "! A www.example.org 203.0.113.80");
  holds(said, "zone example.org: the server is down");
  holds(said, "--allow mx");
  CHECK(said.find("smtp.example.org") == std::string::npos);
  CHECK(said.find("Plan:") == std::string::npos);
  plan.items.resize(1);
  CHECK(text(plan, quiet).empty());
}

TEST_CASE("render_plan: the timeline says what time will ask of a thing that is as it should be",
          "[cli]") {
  engine::Plan plan;
  plan.upcoming.emplace_back(*parse_time("2027-01-24T12:00:00Z"), "certificate wac.tax is renewed");
  holds(text(plan), "Timeline\n  2027-01-24T12:00:00Z    certificate wac.tax is renewed\n");
}

TEST_CASE("render_plan: the timeline names a key and does not print it", "[cli]") {
  engine::Plan plan;
  plan.items = {record("g19._domainkey.example.org", dns::type::txt,
                       "\"v=DKIM1; k=rsa; p=" + std::string(200, 'A') + "\"", Standing::later,
                       Action::remove)};
  auto const said = text(plan);
  holds(said, "TXT g19._domainkey.example.org …");
  CHECK(said.find("AAAA") == std::string::npos);
}

TEST_CASE("render_plan: what waits for something blind counts to its cause", "[cli]") {
  engine::Plan plan;
  plan.items = {
      record("x.example.org", dns::type::a, "203.0.113.81", Standing::blind, Action::none),
      record("y.example.org", dns::type::mx, "10 x.", Standing::blind, Action::none)};
  plan.items[0].observed.standing = engine::Observation::Standing::blind;
  plan.items[0].reasons = {"zone example.org: the server is down"};
  plan.items[1].needs = {plan.items[0].address};
  plan.items[1].reasons = {"waits for A x.example.org 203.0.113.81, which is blind"};
  auto const reasons = blind_reasons(plan);
  REQUIRE(reasons.size() == 1);
  CHECK(reasons.begin()->first == "zone example.org: the server is down");
  CHECK(reasons.begin()->second.size() == 2);
}

TEST_CASE("render_plan: what waits for apply is counted once, as a plan counts it", "[cli]") {
  engine::Plan plan;
  plan.mode = engine::Mode::reconcile;
  plan.pending = {"MX example.org 10 b.", "removal of MX example.org 10 a.",
                  "removal of A old.example.org 192.0.2.1"};
  plan.items = {record("example.org", dns::type::mx, "10 b.", Standing::later, Action::create)};
  CHECK(pending_changes(plan) ==
        std::vector<std::string>{"MX example.org 10 b.", "removal of A old.example.org 192.0.2.1"});
  auto const counts = count_plan(plan, pair_changes(plan, kinds::all_laws()));
  CHECK(counts.waiting == 2);
  CHECK(counts.later == 0);
  holds(text(plan), "2 waiting for apply");
}

TEST_CASE("regression: a PTR that is missing or wrong is not shown as it should be", "[cli]") {
  auto const resource = kinds::ptr::verify("mx1", "203.0.113.10", "smtp.example.org.");
  engine::Plan plan;
  plan.items.emplace_back();
  auto& item = plan.items.back();
  item.address = resource.address;
  item.wish = item.spec = resource.spec;
  item.group = "mx1";
  item.description = "PTR 203.0.113.10 → smtp.example.org";
  item.notes = {"has no PTR: set smtp.example.org at whoever rents out the address"};
  auto said = text(plan);
  holds(said, "  ! PTR 203.0.113.10 → smtp.example.org\n");
  holds(said, "0 same; 0 later; 0 blind; 1 PTR not right.\n");
  item.observed.state.set("names", std::vector<engine::Item>{std::string("smtp.example.org.")});
  item.notes = {"the PTR says other.example too: receivers may look at any of them"};
  said = text(plan);
  holds(said, "  = PTR 203.0.113.10 → smtp.example.org\n");
  holds(said, "1 same; 0 later; 0 blind.\n");
}
