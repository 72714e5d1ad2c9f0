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
  session.compile();
  StatusView const view{session.inventory(), session.compiled(), session.manifest().digest,
                        session.state(), session.applier().name};
  if (options.json)
    talk.document(status_json(view));
  else
    talk.result(render_status(view, talk.paper()));
  return exit_code(session.happened);
}

}  // namespace mailstack::cli
