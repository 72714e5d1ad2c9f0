#include <map>

#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/render_status.hpp"
#include "reconciler/cli/session.hpp"

namespace mailstack::cli {

ExitCode commands_of::status(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  Session session(options, doors, talk);
  if (!session.load() || !session.open_state()) return exit_code(session.happened);
  if (!session.compile_selected()) return exit_code(session.happened);
  session.warn_of_checkout();
  StatusView const view{.inventory = session.inventory(),
                        .rows = session.rows(),
                        .compiled = session.compiled(),
                        .laws = kinds::all_laws(),
                        .lanes = session.applier().lanes,
                        .manifest_digest = session.manifest().digest,
                        .state = session.state(),
                        .applier = session.applier().name};
  if (options.json)
    talk.document(status_json(view));
  else
    talk.result(render_status(view, talk.paper()));
  return exit_code(session.happened);
}

}  // namespace mailstack::cli
