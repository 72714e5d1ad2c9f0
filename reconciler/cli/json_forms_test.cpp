#include "reconciler/cli/json_forms.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "reconciler/kinds/dns_record/spec.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/user/spec.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/source_tree.hpp"

using namespace mailstack;
using namespace mailstack::cli;
using engine::Action;
using engine::PlanItem;
using engine::Standing;
using Json = nlohmann::json;

namespace {

PlanItem item_of(engine::Resource const& resource, Standing standing, Action action) {
  PlanItem item;
  item.address = resource.address;
  item.spec = item.wish = resource.spec;
  item.lane = "provider/local";
  item.group = "example.org";
  item.reason = "host mx1 receives mail for example.org";
  item.source = {"mailstack.yaml", 9, 3};
  item.standing = standing;
  item.action = action;
  item.description = "as the test says";
  return item;
}

engine::Resource record(std::string const& value) {
  auto const zone = *dns::Name::parse("example.org");
  return kinds::dns_record::record(zone, zone, dns::type::a, value, 300);
}

/// One item of every standing and action, and everything around it.
engine::Plan full_plan() {
  engine::Plan plan;
  plan.now = *parse_time("2026-11-24T16:12:23Z");
  for (auto standing : {Standing::same, Standing::change, Standing::later, Standing::elsewhere,
                        Standing::blind, Standing::conflict})
    for (auto action : {Action::none, Action::create, Action::update, Action::remove})
      plan.items.push_back(
          item_of(record("203.0.113." + std::to_string(plan.items.size())), standing, action));
  auto& rich = plan.items[5];
  rich.reasons = {"ttl 60 → 300"};
  rich.notes = {"a note with \x1b and \xff"};
  rich.hazards = {engine::Hazard::mx, engine::Hazard::deletes};
  rich.not_before = plan.now;
  rich.follows = rich.displaces = {plan.items[1].address};
  rich.observed.state = rich.spec;
  plan.items[0].adopted = true;
  plan.items[3].forgotten = true;
  plan.items[7].source = {};
  engine::Stranger stranger;
  stranger.address = record("192.0.2.1").address;
  stranger.state = record("192.0.2.1").spec;
  stranger.group = "example.org";
  plan.kept = {stranger};
  plan.pending = {"A example.org 203.0.113.1"};
  plan.clock_hazard = "the clock stands before the last run";
  return plan;
}

std::string schema() {
  std::ifstream file(support::in_source("schemas/plan.schema.json"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("plan_json: every form of an item fits the schema", "[cli]") {
  auto const plan = full_plan();
  features::Compiled compiled;
  compiled.unmanaged = {"certificates"};
  compiled.timeline = {{plan.now, "the next key"}};
  compiled.owed.emplace_back();
  compiled.owed[0].who = "the owner of example.net";
  PlanView const view{.plan = plan, .laws = kinds::all_laws(), .compiled = &compiled};
  for (bool whole : {false, true}) {
    auto const violations = support::schema_violations(schema(), plan_json(view, whole));
    CAPTURE(violations);
    CHECK(violations.empty());
  }
  CHECK(support::schema_violations(schema(), "{}").size() == 13);
  auto broken = Json::parse(plan_json(view, true));
  broken["items"][0]["standing"] = "odd";
  broken["items"][1].erase("lane");
  broken["summary"]["add"] = -1;
  CHECK(support::schema_violations(schema(), broken.dump()).size() == 3);
}

TEST_CASE("plan_json: what is plainly the same is counted and left out", "[cli]") {
  engine::Plan plan;
  plan.items = {item_of(record("203.0.113.1"), Standing::same, Action::none)};
  PlanView const view{.plan = plan, .laws = kinds::all_laws()};
  auto const brief = Json::parse(plan_json(view, false));
  CHECK(brief["items"].empty());
  CHECK(brief["summary"]["same"] == 1);
  CHECK(Json::parse(plan_json(view, true))["items"].size() == 1);
}

TEST_CASE("plan_json: nothing that was derived from a password", "[cli]") {
  engine::Plan plan;
  plan.items = {item_of(kinds::user::user({.host = "mx1",
                                           .domain = "example.org",
                                           .name = "i",
                                           .path = "/etc/x",
                                           .state = "active",
                                           .hash_digest = "0123456789abcdef",
                                           .secret = {},
                                           .group = "chasquid"}),
                        Standing::change, Action::update)};
  plan.items[0].observed.state = {{"hash_digest", std::string("fedcba9876543210")}};
  auto const text = plan_json({.plan = plan, .laws = kinds::all_laws()}, false);
  CHECK(text.find("0123456789abcdef") == std::string::npos);
  CHECK(text.find("fedcba9876543210") == std::string::npos);
  CHECK(text.find("<scrypt>") != std::string::npos);
}

TEST_CASE("drift_json: exactly the members that were decided", "[cli]") {
  engine::Row row;
  row.address = record("203.0.113.80").address;
  auto const stranger = record("203.0.113.99");
  engine::Drift gone;
  gone.row = &row;
  gone.before = record("203.0.113.80").spec;
  auto replaced = gone;
  replaced.replacements = {stranger.address};
  engine::World world;
  world.strangers.emplace_back();
  world.strangers[0].address = stranger.address;
  world.strangers[0].state = stranger.spec;
  std::vector<engine::Drift> const drift{gone, replaced};
  auto const now = *parse_time("2026-11-24T16:12:23Z");
  auto const json = Json::parse(drift_json({drift, kinds::all_laws(), world, now}, now));
  CHECK(json.size() == 4);
  CHECK(json["version"] == 1);
  CHECK(json["looked_at"] == "2026-11-24T16:12:23Z");
  CHECK(json["last_applied_at"] == "2026-11-24T16:12:23Z");
  auto const& change = json["changes"][0];
  CHECK(change.size() == 6);
  CHECK(change["kind"] == "dns_record");
  CHECK(change["zone"] == "example.org");
  CHECK(change["name"] == "example.org");
  CHECK(change["type"] == "A");
  CHECK(change["before"]["value"] == "203.0.113.80");
  CHECK(change["after"].is_null());
  CHECK(json["changes"][1]["after"]["value"] == "203.0.113.99");
  auto const before = Json::parse(drift_json({drift, kinds::all_laws(), world, {}}, now));
  CHECK(before["last_applied_at"].is_null());
}

TEST_CASE("outcome_json: each step with what became of it and what servers said", "[cli]") {
  engine::Outcome outcome;
  outcome.steps.emplace_back();
  outcome.steps[0].address = record("203.0.113.80").address;
  outcome.steps[0].outcome = engine::StepResult::Outcome::failed;
  outcome.steps[0].code = ErrorCode::unavailable;
  outcome.steps[0].message = "500";
  outcome.steps.push_back(outcome.steps[0]);
  outcome.steps[1].outcome = engine::StepResult::Outcome::applied;
  outcome.steps[1].confirmation = {engine::Confirmation::Standing::pending,
                                   {"192.0.2.53:53 answered nothing"}};
  auto const json = Json::parse(outcome_json(outcome, "run-1", 6));
  CHECK(json["exit_code"] == 6);
  CHECK(json["steps"][0]["code"] == "unavailable");
  CHECK(json["steps"][1]["code"].is_null());
  CHECK(json["steps"][1]["served"] == "pending");
  CHECK(json["steps"][1]["answers"][0] == "192.0.2.53:53 answered nothing");
  CHECK(json["recording_error"].is_null());
}

TEST_CASE("doctor_json: checks in their order; what there is nothing to say of is null", "[cli]") {
  doctor::Findings const findings{
      {"clock", doctor::Verdict::unknown, "is the clock synchronised", "adjtimex", "it hides", ""},
      {"outbound", doctor::Verdict::problem, "port 25", "refused", "blocked", "ask"},
      {"outbound", doctor::Verdict::ok, "port 25", "220 \xff", "", ""}};
  auto const json = Json::parse(doctor_json("mx1", findings));
  CHECK(json["version"] == 1);
  CHECK(json["host"] == "mx1");
  CHECK(json["checks"].size() == 3);
  CHECK(json["checks"][0] == Json{{"check", "outbound"},
                                  {"verdict", "problem"},
                                  {"asked", "port 25"},
                                  {"answered", "refused"},
                                  {"cause", "blocked"},
                                  {"remedy", "ask"}});
  CHECK(json["checks"][1]["cause"].is_null());
  CHECK(json["checks"][1]["answered"] == "220 \xef\xbf\xbd");
  CHECK(json["checks"][2]["check"] == "clock");
  CHECK(json["checks"][2]["remedy"].is_null());
}
