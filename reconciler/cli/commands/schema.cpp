#include "reconciler/cli/schema.hpp"

#include <ostream>

#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/commands/commands.hpp"

namespace mailstack::cli {

ExitCode commands_of::schema(Options const& /*options*/, Doors& doors) {
  doors.out << manifest_schema(all_keys());
  return ExitCode::done;
}

}  // namespace mailstack::cli
