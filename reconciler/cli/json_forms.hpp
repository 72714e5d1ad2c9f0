#pragma once
/// \file
/// The JSON that commands print with `--format json`. schemas/ says what stands where.

#include <string>
#include <vector>

#include "reconciler/cli/alias_resolve.hpp"
#include "reconciler/cli/guide.hpp"
#include "reconciler/cli/render_drift.hpp"
#include "reconciler/cli/render_plan.hpp"
#include "reconciler/cli/render_status.hpp"
#include "reconciler/cli/user_check.hpp"
#include "reconciler/doctor/finding.hpp"
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
/// `beside: [{address, description, effect}]`, only where there are any, are foreign values beside
/// ours (beside_ours.hpp). `zone` and `type` are null for what stands in no zone; `after` is null
/// for what is gone.
std::string drift_json(DriftView const& view, TimePoint looked_at);

/// `{version, records: [...]}`: the members of engine::Record that are set.
std::string history_json(std::vector<engine::Record> const& records);

/// One record that a zone must hold.
struct RecordLine {
  dns::Name name;
  std::int64_t ttl = 0;
  std::string type;
  std::string value;  ///< empty: made by the first apply
};

/// `{version, domain, records: [{name, ttl, type, value}]}`; `value` is null where the first apply
/// makes it.
std::string records_json(std::string const& domain, std::vector<RecordLine> const& lines);

/// `{version, word, text}`
std::string explanation_json(std::string const& word, std::string const& text);

/// `{version, address, recipients, steps, problems}`
std::string alias_json(std::string const& address, AliasAnswer const& answer);

/// `{version, address, accepted, text}`
std::string user_check_json(std::string const& address, UserCheck const& check);

/// `{version, applier, applied_at, revision, modified, resources, not_as_applied, waiting: {added,
/// changed, removed}, due: [{at, what}]}`
std::string status_json(StatusView const& view);

/// `{version, host, checks: [{check, verdict, asked, answered, cause, remedy}]}`; `cause` and
/// `remedy` are null where there is nothing to say.
std::string doctor_json(std::string const& host, doctor::Findings const& findings,
                        std::vector<doctor::Title> const& titles = doctor::titles());
std::string guide_json(Guide const& guide);

}  // namespace mailstack::cli
