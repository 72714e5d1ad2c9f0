#include <algorithm>

#include "reconciler/engine/plan.hpp"
#include "reconciler/engine/view.hpp"

namespace mailstack::engine {

namespace {

/// Neighbours that nobody of ours claims.
std::vector<Address> foreign(View const& view, Observation const& seen) {
  std::vector<Address> all;
  for (auto const& neighbour : seen.neighbours)
    if (view.row(neighbour) == nullptr && !view.desired(neighbour)) all.push_back(neighbour);
  return all;
}

std::vector<Address> appeared(std::vector<Address> const& now, std::vector<Address> const& before) {
  std::vector<Address> all;
  for (auto const& address : now)
    if (std::find(before.begin(), before.end(), address) == before.end()) all.push_back(address);
  return all;
}

/// What time alone asks for is as it was left.
bool in_place(Verdict const& verdict) { return verdict.action == Action::none || verdict.by_clock; }

/// What one look changes in a row; absent where it changes nothing.
std::optional<Row> noted(View const& view, PlanInput const& input, std::size_t index,
                         std::optional<TimePoint> previous) {
  auto const& row = *input.rows[index];
  auto const sight = view.sight(index);
  auto const verdict = view.drift(row, sight);
  if (!verdict) return std::nullopt;
  auto const& seen = *sight.observed;
  auto const neighbours = foreign(view, seen);
  // Nearly every row, so it is not copied to find that out.
  if (in_place(*verdict) && row.same_since && !row.departure && !row.orphaned_since &&
      sight.desired && neighbours == row.neighbours)
    return std::nullopt;
  Row next = row;
  if (in_place(*verdict)) {
    if (!next.same_since) next.same_since = input.world.at;
    next.departure.reset();
  } else if (!next.departure && next.same_since) {
    next.departure = Departure{previous.value_or(*row.same_since), input.world.at, seen.state,
                               appeared(neighbours, row.neighbours)};
    next.same_since.reset();
  } else {
    next.same_since.reset();
  }
  // While ours is missing the neighbours stay as they were before it went: what appeared later is
  // no replacement.
  if (!next.departure) next.neighbours = neighbours;
  if (sight.desired)
    next.orphaned_since.reset();
  else if (!next.orphaned_since)
    next.orphaned_since = input.world.at;
  return next == row ? std::nullopt : std::optional(std::move(next));
}

}  // namespace

bool note_look(Inventory& inventory, PlanInput const& input, std::optional<TimePoint> previous) {
  View const view(input);
  std::vector<Row> changed;
  for (std::size_t i = 0; i < input.rows.size(); ++i)
    if (input.lanes.contains(input.rows[i]->lane))
      if (auto next = noted(view, input, i, previous)) changed.push_back(*std::move(next));
  for (auto& row : changed) inventory.put(std::move(row));
  if (!changed.empty()) inventory.looked_at = input.world.at;
  return !changed.empty();
}

std::vector<Drift> find_drift(PlanInput const& input) {
  View const view(input);
  std::vector<Drift> all;
  for (auto const* row : input.rows) {
    if (!input.lanes.contains(row->lane)) continue;
    auto verdict = view.drift(*row);
    // A row without a same look yet was never seen in place: nothing could have changed it.
    if (!verdict || in_place(*verdict) || !row->departure) continue;
    auto const& seen = *view.observed(row->address);
    // What a kind says of an absent thing (where a copy stands) is not what stands in its place.
    bool const present = seen.standing == Observation::Standing::present;
    all.push_back({row, view.applied(*row), present ? seen.state : Fields{},
                   std::move(verdict->drift), row->departure->seen, row->departure->missed,
                   row->departure->replacements});
  }
  return all;
}

}  // namespace mailstack::engine
