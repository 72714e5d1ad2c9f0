#pragma once
/// \file
/// Files and directories of the conf tree as the daemon's user can read them.

#include <string>
#include <vector>

#include "core/result/result.hpp"
#include "daemon/conf/problem.hpp"

namespace mailstack::conf {

/// The content of a regular file of at most 256 MiB; links are followed, as chasquid does. Fails
/// with not_found, denied, invalid (a directory, a pipe, too large) or unavailable.
Result<std::string> read_file(std::string const& path);

/// The names in a directory without those that start with a dot, sorted. Fails as read_file().
Result<std::vector<std::string>> list_directory(std::string const& path);

/// Whether `path` leads to a directory; also where it cannot be entered.
bool is_directory(std::string const& path);

/// Why read_file() or list_directory() failed, for a person: where permissions are missing it says
/// whose, and at which part of the path.
Problem unreadable(std::string const& path, Error const& error);

}  // namespace mailstack::conf
