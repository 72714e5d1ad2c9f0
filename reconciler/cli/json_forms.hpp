#pragma once
/// \file
/// The JSON that commands print with `--format json`. schemas/ says what stands where.

#include <string>
#include <vector>

#include "reconciler/cli/render_drift.hpp"
#include "reconciler/cli/render_plan.hpp"
#include "reconciler/cli/render_status.hpp"
#include "reconciler/engine/execute.hpp"
#include "reconciler/engine/journal.hpp"

namespace mailstack::cli {

/// schemas/plan.schema.json. Items that are as they should be and carry no note are left out unless
/// `whole`; the summary counts them.
std::string plan_json(PlanView const& view, bool whole);

/// `{version, run, exit_code, interrupted, recording_error, steps: [{address, description, outcome,
/// code, message, served, answers}]}`
std::string outcome_json(engine::Outcome const& outcome, std::string const& run, int exit_code);

/// `{version, looked_at, last_applied_at, changes: [{kind, zone, name, type, before, after}]}`.
/// `zone` and `type` are null for what stands in no zone; `after` is null for what is gone.
std::string drift_json(DriftView const& view, TimePoint looked_at);

/// `{version, records: [...]}`: the members of engine::Record that are set.
std::string history_json(std::vector<engine::Record> const& records);

/// `{version, applier, applied_at, revision, resources, not_as_applied, waiting: {added, changed,
/// removed}, due: [{at, what}]}`
std::string status_json(StatusView const& view);

}  // namespace mailstack::cli
