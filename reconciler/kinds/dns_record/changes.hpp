#pragma once
/// \file
/// Steps become changes of whole RRsets: (live − ours) ∪ claims. Pure.

#include <span>
#include <vector>

#include "providers/dns_provider.hpp"
#include "reconciler/kinds/dns_record/zone_view.hpp"

namespace mailstack::kinds::dns_record {

/// One RRset's change, and which steps wait for it. `group` counts the names: changes of one name
/// belong together.
struct PlannedChange {
  Change change;
  std::vector<std::size_t> steps;
  std::size_t group = 0;
};

/// Merges the steps of one zone. A step whose slot does not hold any more what the plan saw gets a
/// conflict in `results` and is left out. `results` has one entry a step.
std::vector<PlannedChange> plan_changes(dns::Name const& zone, ZoneView const& view,
                                        Claims const& claims, std::span<engine::Step const> steps,
                                        std::vector<Result<>>& results);

}  // namespace mailstack::kinds::dns_record
