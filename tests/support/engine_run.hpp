#pragma once
/// \file
/// One run of the whole engine over kinds whose doors a test holds: nothing but what those doors
/// keep outlives it, as with a process.

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "reconciler/engine/execute.hpp"
#include "reconciler/engine/inventory.hpp"
#include "reconciler/engine/observe.hpp"
#include "reconciler/engine/plan.hpp"
#include "reconciler/kinds/kinds.hpp"

namespace mailstack::support {

struct EngineRun {
  std::vector<std::string> due;       ///< `ADDRESS: reasons`
  std::vector<std::string> failures;  ///< `ADDRESS: why`, of what was tried and not applied
};

/// Plans for the host mx1; with `act` carries out what is due. The state is in `/state`. All
/// happens in this thread, so that what a door throws ends the run there and then.
inline EngineRun run_engine(kinds::Inputs const& inputs, kinds::Doors const& doors,
                            std::vector<engine::Resource> const& resources,
                            engine::Progress& progress, bool act) {
  constexpr char const* inventory_file = "/state/inventory.jsonl";
  auto const owned = kinds::make_kinds(inputs, doors);
  engine::Kinds kinds;
  for (auto const& kind : owned) kinds.add(*kind, kind->laws().name());
  auto inventory = engine::load_inventory(doors.files, inventory_file);
  REQUIRE(inventory);
  auto const rows = inventory->rows();
  std::set<std::string> const lanes{"host/mx1"};
  auto const world = engine::observe(kinds, resources, rows, lanes, 1, doors.clock.now(), progress);
  engine::PlanInput input{.laws = kinds::all_laws(),
                          .resources = resources,
                          .rows = rows,
                          .inventory = *inventory,
                          .world = world,
                          .now = doors.clock.now()};
  input.lanes = lanes;
  engine::note_look(*inventory, input, std::nullopt);
  auto const plan = engine::make_plan(input);
  EngineRun ran;
  for (auto const& item : plan.items) {
    if (item.standing != engine::Standing::change) continue;
    ran.due.push_back(item.address.text() + ":");
    for (auto const& reason : item.reasons) ran.due.back() += " " + reason;
  }
  if (!act) return ran;
  auto journal = engine::Journal::open(doors.files, "/state/journal.jsonl");
  REQUIRE(journal);
  auto const outcome =
      engine::execute({.kinds = kinds,
                       .plan = plan,
                       .planned_from = input,
                       .inventory = *inventory,
                       .journal = *journal,
                       .run = "r",
                       .parallelism = 1,
                       .wait = Duration(0),
                       .now = [&] { return doors.clock.now(); },
                       .store =
                           [&](engine::Inventory const& now) {
                             return engine::store_inventory(doors.files, inventory_file, now);
                           },
                       .interrupted = {},
                       .progress = progress});
  for (auto const& step : outcome.steps)
    if (step.outcome != engine::StepResult::Outcome::applied)
      ran.failures.push_back(step.address.text() + ": " + step.message);
  return ran;
}

}  // namespace mailstack::support
