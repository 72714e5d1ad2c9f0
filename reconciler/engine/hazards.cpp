#include "reconciler/engine/hazards.hpp"

#include <algorithm>

namespace mailstack::engine {

namespace {

bool always_counts(Hazard hazard) {
  return hazard == Hazard::deletes || hazard == Hazard::purge || hazard == Hazard::domain ||
         hazard == Hazard::clock;
}

void tag(PlanInput const& input, PlanItem& item, Hazard hazard) {
  if (!always_counts(hazard) && !input.protect.contains(hazard)) return;
  if (std::find(item.hazards.begin(), item.hazards.end(), hazard) == item.hazards.end())
    item.hazards.push_back(hazard);
}

bool counts(PlanItem const& item) {
  return item.standing == Standing::change && item.cause == Cause::manifest;
}

void tag_by_features(PlanInput const& input, PlanItem& item) {
  auto own = std::exchange(item.hazards, {});
  for (auto hazard : own) tag(input, item, hazard);
  if (item.action == Action::update && item.resource != PlanItem::npos)
    for (auto hazard : input.resources[item.resource].on_change) tag(input, item, hazard);
  if (item.action != Action::remove) return;
  auto const* row = input.inventory.find(item.address);
  if (row == nullptr) return;
  for (auto hazard : row->on_remove) tag(input, item, hazard);
  if (!row->group.empty() && !input.groups.contains(row->group) &&
      !input.departing.contains(row->group))
    tag(input, item, Hazard::domain);
}

}  // namespace

std::optional<std::string> clock_hazard(std::optional<TimePoint> last_run, TimePoint now) {
  if (!last_run) return std::nullopt;
  auto const between = mailstack::format(*last_run) + " → " + mailstack::format(now);
  if (now + clock_back < *last_run) return "the clock stands before the last run: " + between;
  if (now > *last_run + clock_ahead)
    return "the clock stands more than 400 days after the last run: " + between;
  return std::nullopt;
}

void note_hazards(PlanInput const& input, Plan& plan) {
  long long removals = 0;
  for (auto& item : plan.items) {
    if (!counts(item)) continue;
    tag_by_features(input, item);
    // A value that its successor replaces in the same write is a change, not a deletion.
    removals += item.action == Action::remove && !item.displaced ? 1 : 0;
  }
  if (removals > input.max_deletes)
    for (auto& item : plan.items)
      if (counts(item) && item.action == Action::remove && !item.displaced)
        tag(input, item, Hazard::deletes);
  plan.clock_hazard = clock_hazard(input.last_run, input.now);
}

std::vector<Gate> closed_gates(Plan const& plan, std::set<Hazard> const& allowed) {
  std::vector<Gate> gates;
  for (auto hazard : plan.hazards()) {
    if (allowed.contains(hazard)) continue;
    Gate gate{hazard, {}};
    for (auto const& item : plan.items)
      if (item.standing == Standing::change &&
          std::find(item.hazards.begin(), item.hazards.end(), hazard) != item.hazards.end())
        gate.steps.push_back(item.description);
    if (hazard == Hazard::clock && plan.clock_hazard) gate.steps.push_back(*plan.clock_hazard);
    gates.push_back(std::move(gate));
  }
  return gates;
}

}  // namespace mailstack::engine
