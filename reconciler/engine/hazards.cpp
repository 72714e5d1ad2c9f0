#include "reconciler/engine/hazards.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

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
  auto const& named = row->of_domain ? input.domains : input.places;
  if (!row->group.empty() && !named.contains(row->group)) tag(input, item, Hazard::domain);
}

/// New values that take the place of old ones, each counted once.
class Successors {
 public:
  Successors(Laws const& laws, Plan const& plan) : laws_(laws) {
    for (auto const& item : plan.items)
      if (item.displaced) places_.try_emplace(place(item));
    for (auto const& item : plan.items)
      if (item.standing == Standing::change && item.action == Action::create)
        if (auto const found = places_.find(place(item)); found != places_.end())
          found->second.push_back(&item.address);
  }

  /// Takes one that is written with the removal `item`; false where none is left.
  bool take(PlanItem const& item) {
    auto const found = item.displaced ? places_.find(place(item)) : places_.end();
    if (found == places_.end()) return false;
    auto const& laws = *laws_.find(item.address.kind);
    auto& all = found->second;
    auto const one = std::find_if(all.begin(), all.end(), [&](Address const* other) {
      return laws.merges(item.address, *other) || laws.excludes(item.address, *other);
    });
    if (one == all.end()) return false;
    all.erase(one);
    return true;
  }

 private:
  [[nodiscard]] std::string place(PlanItem const& item) const {
    return item.lane + "\n" + laws_.find(item.address.kind)->place(item.address);
  }

  Laws const& laws_;
  std::unordered_map<std::string, std::vector<Address const*>> places_;
};

/// Removals that no new value makes up for: of ten values that one replaces, nine are deletions.
std::vector<PlanItem*> deletions(PlanInput const& input, Plan& plan) {
  Successors successors(input.laws, plan);
  std::vector<PlanItem*> all;
  for (auto& item : plan.items)
    if (counts(item) && item.action == Action::remove && !successors.take(item))
      all.push_back(&item);
  return all;
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
  for (auto& item : plan.items)
    if (counts(item)) tag_by_features(input, item);
  auto const deleted = deletions(input, plan);
  if (static_cast<long long>(deleted.size()) > input.max_deletes)
    for (auto* item : deleted) tag(input, *item, Hazard::deletes);
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
