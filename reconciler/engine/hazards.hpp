#pragma once
/// \file
/// What must be allowed by name before it happens. Pure: kinds and features tag, this counts and
/// gates.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/engine/plan.hpp"

namespace mailstack::engine {

/// How far the clock may stand before the last run, and how far behind it the last run may lie.
inline constexpr Duration clock_back{600};
inline constexpr Duration clock_ahead{400LL * 86400};

/// Tags the steps of `plan`: by the features' own tags (only those that `protect` names), `deletes`
/// on every removal where there are more than `max_deletes`, `domain` on what belongs to a domain
/// that merely vanished, and the clock. What the world or the clock caused is no hazard.
void note_hazards(PlanInput const& input, Plan& plan);

/// Why the clock is not to be believed: it stands before the last run, or far behind it. Absent
/// where it is, or where nothing ran yet.
std::optional<std::string> clock_hazard(std::optional<TimePoint> last_run, TimePoint now);

/// Hazards of the plan that `allowed` does not name, each with the steps that bring it.
struct Gate {
  Hazard hazard;
  std::vector<std::string> steps;  ///< descriptions
};
std::vector<Gate> closed_gates(Plan const& plan, std::set<Hazard> const& allowed);

}  // namespace mailstack::engine
