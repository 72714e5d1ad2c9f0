#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/dkim_signing.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/cli/talk.hpp"

namespace mailstack::cli {

ExitCode commands_of::dkim_sign(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  if (doors.terminal.answers) talk.note("Reads a message; Ctrl-D ends it.");
  auto message = doors.read_input(options.most * 1024 * 1024);
  if (!message) {
    talk.error(message.error().what);
    return ExitCode::error;
  }
  auto const files = doors.files(options.root.empty() ? "" : absolute(options.root, doors));
  auto const conf = options.conf.empty()
                        ? features::facts_for(manifest::Daemon::chasquid).conf_directory
                        : absolute(options.conf, doors);
  auto const fields = dkim_signatures(*files, conf, std::move(*message), options.envelope_sender,
                                      doors.clock.now());
  if (!fields) {
    talk.error(fields.error().what);
    return ExitCode::error;
  }
  talk.result(*fields);
  return ExitCode::done;
}

}  // namespace mailstack::cli
