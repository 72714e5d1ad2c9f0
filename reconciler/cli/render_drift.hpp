#pragma once
/// \file
/// What the world changed against what was last applied, as text for a person.

#include <optional>
#include <string>
#include <vector>

#include "reconciler/cli/beside_ours.hpp"
#include "reconciler/cli/paper.hpp"
#include "reconciler/engine/plan.hpp"

namespace mailstack::cli {

struct DriftView {
  std::vector<engine::Drift> const& drift;
  engine::Laws const& laws;
  engine::World const& world;  ///< for what stands there instead
  std::optional<TimePoint> applied_at;
  std::vector<BesideOurs> beside = {};    ///< noted, and no drift: what is added is foreign (law 6)
  std::vector<std::string> waiting = {};  ///< what of it `reconcile` puts back later, and why
};

/// What stands in the place of what went: the state that was seen, else that of the first
/// replacement that is still there; empty where nothing does.
engine::Fields standing_instead(engine::Drift const& one, engine::World const& world);

/// By domain, each with `-` (gone) or `~` (changed), the difference marked, and the two looks
/// between which it happened; then what is not ours and stands beside ours. Ends with `Drift: 2
/// changes since …`.
std::string render_drift(DriftView const& view, Paper const& paper);

}  // namespace mailstack::cli
