#pragma once
/// \file
/// The commands that a running daemon answers.

#include "daemon/cli/doors.hpp"
#include "daemon/cli/exit_code.hpp"
#include "daemon/cli/options.hpp"

namespace mailstack::daemon_cli {

/// `queue …`, `status`, `reload`, `stop`, `metrics`.
ExitCode ask_daemon(Options const& options, Doors const& doors);

}  // namespace mailstack::daemon_cli
