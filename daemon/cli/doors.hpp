#pragma once
/// \file
/// How the command line reaches the world.

#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "core/clock/clock.hpp"
#include "core/files/files.hpp"
#include "core/result/result.hpp"

namespace mailstack::daemon_cli {

struct Doors {
  std::ostream& out;
  std::ostream& err;
  std::string version;
  files::Files& files;
  std::string working_directory;  ///< what relative paths start at
  std::function<TimePoint()> now;
  /// Runs the daemon on the conf tree in a directory (absolute); its exit code.
  std::function<int(std::string const& directory)> serve;
  /// Sends a line (without its end) to a control socket and returns the line that comes back. Fails
  /// with not_found, denied or unavailable where nobody answers within `limit`.
  std::function<Result<std::string>(std::string const& socket, std::string const& line,
                                    std::chrono::seconds limit)>
      ask;
  /// All of standard input; fails with invalid where it is longer than `most` octets.
  std::function<Result<std::string>(std::size_t most)> read_input;
  /// The next line of it, without its end; nullopt at the end.
  std::function<std::optional<std::string>()> read_line;
};

}  // namespace mailstack::daemon_cli
