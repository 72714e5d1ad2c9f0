#pragma once
/// \file
/// Where the running daemon of a conf tree answers, for those who ask it.

#include <string>

#include "daemon/conf/problem.hpp"

namespace mailstack::conf {

struct ControlSocket {
  std::string path;   ///< absolute; empty: it cannot be had, and `problems` say why
  Problems problems;  ///< errors of the settings; none: nothing was guessed
};

/// Reads the settings of the tree alone. A mistake in them is no reason not to find the daemon: it
/// runs with what was good before, and is asked exactly then. Where a file is not the mapping that
/// it should be, those of its lines that name `control_socket`, `state` or `spool` (`data_dir` in
/// chasquid.conf) are taken, each a line of its own without indentation.
///
/// Cannot be had: no tree, a file that cannot be read, such a line that says nothing.
ControlSocket find_control_socket(std::string const& directory);

}  // namespace mailstack::conf
