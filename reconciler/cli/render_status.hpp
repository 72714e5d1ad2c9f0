#pragma once
/// \file
/// What is applied, what is due and what waits, from the records alone: nobody is asked.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/cli/paper.hpp"
#include "reconciler/engine/inventory.hpp"
#include "reconciler/engine/kind.hpp"
#include "reconciler/features/feature.hpp"

namespace mailstack::cli {

struct StatusView {
  engine::Inventory const& inventory;
  std::vector<engine::Row const*> const& rows;  ///< of it, those that are asked for
  features::Compiled const& compiled;
  engine::Laws const& laws;
  std::set<std::string> const& lanes;  ///< that this applier applies
  std::string const& manifest_digest;  ///< of the manifest as it stands now
  std::string const& state;            ///< the state directory
  std::string const& applier;
};

/// How the manifest as it stands differs from what was applied, counted as a plan counts: for the
/// lanes that are ours; a removal and a creation of one sort at one place are one change.
struct Waiting {
  std::size_t added = 0;    ///< resources without a row
  std::size_t changed = 0;  ///< whose spec is another one than the applied
  std::size_t removed = 0;  ///< rows that nothing asks for; not those that the clock retires
};
Waiting count_waiting(StatusView const& view);

/// What the clock will do.
struct Due {
  std::optional<TimePoint> at;  ///< nullopt: when something else is in place
  std::string what;
};
/// By time, what waits for something else last: the features' own timeline, and what was applied
/// and leaves after its successor.
std::vector<Due> what_is_due(StatusView const& view);

std::string render_status(StatusView const& view, Paper const& paper);

}  // namespace mailstack::cli
