#include "core/text/listed.hpp"
#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/render_drift.hpp"
#include "reconciler/cli/session.hpp"

namespace mailstack::cli {

namespace {

/// Which of the changes a reconcile now would leave for later.
std::vector<std::string> waiting(std::vector<engine::Drift> const& drift,
                                 engine::Plan const& plan) {
  std::vector<std::string> all;
  for (auto const& one : drift)
    for (auto const& item : plan.items) {
      if (item.address != one.row->address || item.standing != engine::Standing::later) continue;
      auto text = item.description + " comes back ";
      text += item.not_before ? "at " + format(*item.not_before) : std::string("later");
      if (!item.reasons.empty()) text += ": " + listed(item.reasons, "; ");
      all.push_back(std::move(text));
    }
  return all;
}

}  // namespace

ExitCode commands_of::drift(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  auto const kept = std::make_shared<Session>(options, doors, talk);
  doors.kept = kept;
  auto& session = *kept;
  bool const ready = session.take_lock(false) && session.load(true) && session.open_state() &&
                     session.look(engine::Mode::reconcile);
  if (!ready) return exit_code(session.happened);
  auto const drift = engine::find_drift(session.plan_input());
  std::set<engine::Address> told;
  for (auto const& one : drift) told.insert(one.replacements.begin(), one.replacements.end());
  DriftView const view{drift,
                       kinds::all_laws(),
                       session.world(),
                       session.inventory().applied_at,
                       stand_beside_ours(session.plan(), kinds::all_laws(), told),
                       waiting(drift, session.plan())};
  if (options.json)
    talk.document(drift_json(view, session.now()));
  else
    talk.result(render_drift(view, talk.paper()));
  if (auto const& jumped = session.plan().clock_hazard)
    talk.warning(*jumped + ": this look was not kept. Set the clock right; if it is right, " +
                 "`mailstack reconcile --yes --allow clock` goes on from now");
  for (auto const& [reason, things] : blind_reasons(session.plan()))
    talk.warning("not seen: " + reason + "; " + count(things.size(), "resource") +
                 (things.size() == 1 ? " depends" : " depend") + " on it");
  session.happened.pending = !drift.empty();
  return exit_code(session.happened);
}

}  // namespace mailstack::cli
