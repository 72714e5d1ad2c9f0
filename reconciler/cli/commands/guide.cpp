#include "reconciler/cli/guide.hpp"

#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/session.hpp"

namespace mailstack::cli {

ExitCode commands_of::guide(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  Session session(options, doors, talk);
  if (!session.load() || !session.open_state() || !session.compile_selected())
    return exit_code(session.happened);
  Applied const applied{.wanted = session.compiled().resources,
                        .inventory = session.inventory(),
                        .here = session.applier().host};
  auto const guide = guide_gmail(session.manifest(), applied, options.words.front());
  if (!guide) {
    talk.error(guide.error().what);
    return guide.error().code == ErrorCode::invalid ? ExitCode::invalid : ExitCode::error;
  }
  if (options.json)
    talk.document(guide_json(*guide));
  else
    talk.result(render_guide(*guide));
  return guide->lacks.empty() ? ExitCode::done : ExitCode::error;
}

}  // namespace mailstack::cli
