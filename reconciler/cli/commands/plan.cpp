#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/engine/hazards.hpp"

namespace mailstack::cli {

ExitCode commands_of::plan(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  auto const kept = std::make_shared<Session>(options, doors, talk);
  doors.kept = kept;
  auto& session = *kept;
  bool const ready = session.take_lock(false) && session.load(true) && session.open_state() &&
                     session.look(engine::Mode::apply);
  if (!ready) return exit_code(session.happened);
  session.warn_of_checkout();
  if (options.json)
    talk.document(plan_json(session.plan_view(), options.verbose));
  else
    talk.plan(session.plan_view());
  if (options.quiet && !options.json)
    talk.result(format_summary(
                    count_plan(session.plan(), pair_changes(session.plan(), kinds::all_laws()))) +
                "\n");
  // A plan lists hazards and conflicts; refusing is what an apply does. But what an apply would
  // refuse is not in order either.
  auto const& plan = session.plan();
  bool const settled = plan.changes() == 0 && !plan.has(engine::Standing::conflict) &&
                       engine::closed_gates(plan, options.allow).empty();
  session.happened.pending = options.detailed_exitcode && !settled;
  return exit_code(session.happened);
}

}  // namespace mailstack::cli
