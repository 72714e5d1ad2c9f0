#pragma once
/// \file
/// What is typed behind `mailstackd`.

#include "daemon/cli/doors.hpp"

namespace mailstack::daemon_cli {

/// Runs the daemon where no command is named, else the command. Returns the exit code of the
/// process (exit_code.hpp). Does not throw.
int run(int argc, char const* const* argv, Doors doors);

}  // namespace mailstack::daemon_cli
