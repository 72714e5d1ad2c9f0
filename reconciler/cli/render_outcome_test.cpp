#include "reconciler/cli/render_outcome.hpp"

#include <catch2/catch.hpp>

#include "reconciler/cli/plan_counts.hpp"
#include "reconciler/kinds/kinds.hpp"

using namespace mailstack;
using namespace mailstack::cli;
using engine::Confirmation;
using engine::StepResult;
using Ending = engine::StepResult::Outcome;

namespace {

StepResult step(std::string const& name, Ending ending, std::string message = {}) {
  StepResult result;
  result.address = {"dns_record", name};
  result.description = "A " + name;
  result.outcome = ending;
  result.message = std::move(message);
  return result;
}

engine::Plan plan_of(std::vector<std::pair<std::string, std::string>> const& lanes) {
  engine::Plan plan;
  for (auto const& [name, lane] : lanes) {
    plan.items.emplace_back();
    plan.items.back().address = {"dns_record", name};
    plan.items.back().lane = lane;
  }
  return plan;
}

ExitCode code_of(engine::Outcome const& outcome, engine::Plan const& plan = {}) {
  Happenings happened;
  note_outcome(outcome, plan, happened);
  return exit_code(happened);
}

}  // namespace

TEST_CASE("render_outcome: an authority that refuses is away from here, a disk is not", "[cli]") {
  engine::Plan plan = plan_of({{"a", "host/mx1"}});
  engine::Outcome outcome;
  outcome.steps = {step("a", Ending::failed)};
  plan.items[0].address = outcome.steps[0].address = {"certificate", "mx1/example.org"};
  CHECK(code_of(outcome, plan) == ExitCode::error);
  plan.items[0].spec.set("directory", "https://ca.example/dir");
  CHECK(code_of(outcome, plan) == ExitCode::unreachable);
  outcome.steps.push_back(step("b", Ending::applied));
  CHECK(code_of(outcome, plan) == ExitCode::partly);
}

TEST_CASE("render_outcome: all well is one line", "[cli]") {
  engine::Outcome outcome;
  outcome.steps = {step("a", Ending::applied), step("b", Ending::applied)};
  CHECK(render_outcome(outcome, {}, {}) == "Applied: 2 done, 0 failed, 0 skipped.\n");
}

TEST_CASE("render_outcome: what chasquid reads at its start alone asks for a restart", "[cli]") {
  struct {
    engine::Address address;
    Ending ending;
    bool restart;
  } const cases[] = {
      {{"conf_file", "mx1/etc/chasquid/chasquid.conf"}, Ending::applied, true},
      {{"domain_folder", "mx1/etc/chasquid/domains/example.org"}, Ending::applied, true},
      {{"dkim_key", "mx1/example.org/202606e/signing"}, Ending::applied, true},
      {{"dkim_key", "mx1/example.org/202606e/signing"}, Ending::failed, false},
      {{"dkim_key", "mx1/example.org/202606e/waiting"}, Ending::applied, false},
      {{"certificate", "mx1/example.org"}, Ending::applied, true},
      {{"user", "mx1/example.org/i"}, Ending::applied, false},
      {{"alias", "mx1/example.org/*"}, Ending::applied, false},
      {{"dns_record", "a"}, Ending::applied, false},
  };
  for (auto const& row : cases) {
    INFO(row.address.text());
    engine::Outcome outcome;
    outcome.steps = {step("a", Ending::applied), step("b", row.ending)};
    outcome.steps[1].address = row.address;
    CHECK(render_restart(outcome, {}) ==
          (row.restart
               ? "chasquid reads its configuration, certificates, DKIM keys and domains when it "
                 "starts: restart it (systemctl restart chasquid).\n"
               : ""));
    engine::Plan managed;
    managed.items.emplace_back().address = {"unit", "mx1/chasquid.service"};
    CHECK(render_restart(outcome, managed).empty());
  }
}

TEST_CASE("render_outcome: the same trouble is said once, with what it hit", "[cli]") {
  engine::Outcome outcome;
  for (int i = 0; i < 7; ++i)
    outcome.steps.push_back(step(std::to_string(i), Ending::failed, "503 from ns1"));
  outcome.steps.push_back(step("x", Ending::conflict, "the world moved"));
  auto const text = render_outcome(outcome, {}, {});
  CHECK(text.find("failed: 503 from ns1\n  ! A 0\n") != std::string::npos);
  CHECK(text.find("503", text.find("503") + 1) == std::string::npos);
  CHECK(text.find("and 2 more") != std::string::npos);
  CHECK(text.find("conflict: the world moved\n  ! A x\n") != std::string::npos);
  CHECK(text.find("7 failed, 0 skipped, 1 conflict.") != std::string::npos);
}

TEST_CASE("render_outcome: name servers that lag are named with their answers", "[cli]") {
  engine::Outcome outcome;
  outcome.steps = {step("a", Ending::applied), step("b", Ending::applied)};
  outcome.steps[0].confirmation = {Confirmation::Standing::pending, {"192.0.2.53 answered none"}};
  outcome.steps[1].confirmation = {Confirmation::Standing::confirmed, {"192.0.2.53 answered b"}};
  auto const text = render_outcome(outcome, {}, {});
  CHECK(text.find("not served yet: A a\n      192.0.2.53 answered none\n") != std::string::npos);
  CHECK(text.find("answered b") == std::string::npos);
  CHECK(text.find("1 served by the zone's name servers. 1 not served yet.") != std::string::npos);
  CHECK(render_outcome(outcome, {}, {.verbose = true}).find("answered b") != std::string::npos);
}

TEST_CASE("render_outcome: a removal in the write of its successor is not counted", "[cli]") {
  engine::Outcome outcome;
  std::string const place = "example.org./www.example.org./A/";
  outcome.steps = {step(place + "203.0.113.11", Ending::applied),
                   step(place + "203.0.113.10", Ending::applied)};
  auto plan = plan_of(
      {{place + "203.0.113.11", "provider/local"}, {place + "203.0.113.10", "provider/local"}});
  for (auto& item : plan.items) {
    item.standing = engine::Standing::change;
    item.description = "A www.example.org " + item.address.name.substr(place.size());
  }
  plan.items[0].action = engine::Action::create;
  plan.items[1].action = engine::Action::remove;
  plan.items[1].displaced = true;
  CHECK(count_outcome(outcome, plan).applied == 1);
}

TEST_CASE("render_outcome: what an outcome means for the exit code", "[cli]") {
  auto const plan = plan_of({{"a", "provider/ns1"}, {"b", "provider/ns1"}, {"h", "host/mx1"}});
  engine::Outcome outcome;
  outcome.steps = {step("a", Ending::applied)};
  CHECK(code_of(outcome, plan) == ExitCode::done);
  outcome.steps[0].confirmation.standing = Confirmation::Standing::unknown;
  CHECK(code_of(outcome, plan) == ExitCode::done);
  outcome.steps[0].confirmation.standing = Confirmation::Standing::pending;
  CHECK(code_of(outcome, plan) == ExitCode::not_served);
  outcome.steps.push_back(step("b", Ending::failed));
  CHECK(code_of(outcome, plan) == ExitCode::partly);
  outcome.steps = {step("b", Ending::failed), step("a", Ending::skipped)};
  CHECK(code_of(outcome, plan) == ExitCode::unreachable);
  outcome.steps = {step("h", Ending::failed)};
  CHECK(code_of(outcome, plan) == ExitCode::error);
  outcome.steps = {step("a", Ending::applied), step("b", Ending::conflict)};
  CHECK(code_of(outcome, plan) == ExitCode::refused);
  outcome.steps = {step("a", Ending::applied), step("b", Ending::interrupted)};
  CHECK(code_of(outcome, plan) == ExitCode::interrupted);
  outcome.steps = {step("a", Ending::applied)};
  outcome.recording_error = "disk full";
  CHECK(code_of(outcome, plan) == ExitCode::partly);
  CHECK(render_outcome(outcome, plan, {}).find("not recorded: disk full") != std::string::npos);
}

TEST_CASE("regression: what the plan counts as a removal of its own is counted as done", "[cli]") {
  auto const address = [](std::string const& value) {
    return engine::Address{"dns_record", "example.org./example.org./TXT/" + value};
  };
  engine::Plan plan;
  plan.items.resize(3);
  for (auto& item : plan.items) item.standing = engine::Standing::change;
  plan.items[0].action = plan.items[1].action = engine::Action::update;
  plan.items[0].address = address("spf");
  plan.items[1].address = address("dmarc");
  plan.items[2].action = engine::Action::remove;  // the second SPF, written with the first
  plan.items[2].address = address("\"v=spf1 -all\"");
  plan.items[2].displaced = true;
  engine::Outcome outcome;
  for (auto const& item : plan.items) {
    outcome.steps.push_back(step("x", Ending::applied));
    outcome.steps.back().address = item.address;
  }
  CHECK(format_summary(count_plan(plan, pair_changes(plan, kinds::all_laws())))
            .starts_with("Plan: 0 to add, 2 to change, 1 to remove;"));
  CHECK(render_outcome(outcome, plan, {}).starts_with("Applied: 3 done,"));
}
