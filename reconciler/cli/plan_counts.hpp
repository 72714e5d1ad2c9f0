#pragma once
/// \file
/// What the last line of a plan counts, and what of it a person sees as one change.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/engine/plan.hpp"

namespace mailstack::cli {

/// `A smtp.example.org`: sort and name of a thing, which its description starts with.
std::string_view subject(std::string_view description);

/// What the last line counts. A pair that reads as one change is counted as one.
struct PlanCounts {
  std::size_t add = 0;
  std::size_t change = 0;
  std::size_t remove = 0;
  std::size_t same = 0;     ///< adopted ones among them
  std::size_t adopted = 0;  ///< come under our care
  std::size_t forgotten = 0;
  std::size_t later = 0;
  std::size_t waiting = 0;  ///< reconcile: what a new manifest asks, left to `apply`
  std::size_t elsewhere = 0;
  std::size_t blind = 0;
  std::size_t conflict = 0;
  std::size_t ptr = 0;  ///< PTRs that are missing or wrong: whoever rents out the address sets them
};

/// Creation and removal that a person sees as one change: for each item the index of its partner,
/// or PlanItem::npos.
std::vector<std::size_t> pair_changes(engine::Plan const& plan, engine::Laws const& laws);

/// What makes a creation and a removal one change: both stand in one place and are of one sort and
/// name. Empty where the kind has no places.
std::string change_key(engine::Laws const& laws, engine::Address const& address,
                       std::string_view description);

/// Plan::pending as a person counts it: the removal of what something new of its sort and name
/// replaces is no change of its own.
std::vector<std::string> pending_changes(engine::Plan const& plan);

/// Named by pending_changes(), so not among what the clock brings.
bool waits_for_apply(engine::Plan const& plan, engine::PlanItem const& item);

/// What cannot be seen, by reason, with the descriptions of what depends on it. What waits for
/// something blind counts to the reason of that.
std::map<std::string, std::vector<std::string>> blind_reasons(engine::Plan const& plan);

/// A PTR that was seen and is not the host's name. Nothing of ours can change it.
bool wrong_ptr(engine::PlanItem const& item);

PlanCounts count_plan(engine::Plan const& plan, std::vector<std::size_t> const& partners);

/// `Plan: 12 to add, 1 to change, 0 to remove; 3 same; 1 later; 0 blind.`
std::string format_summary(PlanCounts const& counts);

}  // namespace mailstack::cli
