#pragma once
/// \file
/// A question over a control socket, as a command line asks it: one line there, one line back.

#include <chrono>
#include <string>

#include "core/result/result.hpp"

namespace mailstack::daemon_cli {

/// Blocks while octets come, and for `limit` where none do. Fails with not_found where there is no
/// socket, with denied where it may not be used, else with unavailable; says which and what to do.
Result<std::string> unix_ask(std::string const& socket, std::string const& line,
                             std::chrono::seconds limit);

}  // namespace mailstack::daemon_cli
