#pragma once
/// \file
/// A plan as text for a person.
///
/// Grouped by domain, zone and host. A step is one line with its sign and one below it with why it
/// is there and which manifest line asked for it:
///
///     example.org
///       + MX example.org 10 smtp.example.org.
///           host mx1 receives mail for example.org (mailstack.yaml:9)
///       ~ A smtp.example.org 203.0.113.[-10-]{+11+}
///           host mx1 has this address (mailstack.yaml:3)
///
/// Signs: `+` create, `~` change, `-` remove, `=` as it is but worth a word (adopted, notes; all of
/// them with `-v`), `!` conflict, a PTR that is not right, or a foreign value beside ours
/// (beside_ours.hpp), `?` blind. A removal and a creation of one sort at one place (a value slot
/// that changes) are one `~` for the reader, and count as one change.

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/cli/paper.hpp"
#include "reconciler/cli/plan_counts.hpp"
#include "reconciler/engine/plan.hpp"
#include "reconciler/features/feature.hpp"

namespace mailstack::cli {

/// What stands around the plan. Everything outlives the call.
struct PlanView {
  engine::Plan const& plan;
  engine::Laws const& laws;
  features::Compiled const* compiled = nullptr;  ///< owed lines, timeline, what is not managed
  /// Who gets which credential: (`dns.providers.ns1`, `http://127.0.0.1:8081`).
  std::vector<std::pair<std::string, std::string>> origins = {};
  /// Lanes of others and how to become their applier: `host/mx1` → `--as mx1`.
  std::vector<std::pair<std::string, std::string>> lane_remedies = {};
  std::set<engine::Hazard> allowed = {};  ///< by `--allow`
};

/// The whole plan, ended by the summary line. A plan without changes costs one pass over its items
/// and prints the summary alone.
std::string render_plan(PlanView const& view, Paper const& paper);

}  // namespace mailstack::cli
