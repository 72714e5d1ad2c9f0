#include "reconciler/cli/commands/commands.hpp"

#include <ostream>

namespace mailstack::cli {

std::string_view program_version() { return MAILSTACK_VERSION; }

ExitCode commands_of::version(Options const& options, Doors& doors) {
  if (options.json)
    doors.out << "{\"version\":\"" MAILSTACK_VERSION "\"}\n";
  else
    doors.out << "mailstack " MAILSTACK_VERSION "\n";
  return ExitCode::done;
}

}  // namespace mailstack::cli
