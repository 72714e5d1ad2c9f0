#pragma once
/// \file
/// From argv to Options. The only file of the program that knows CLI11 is its source.

#include <optional>
#include <string>

#include "reconciler/cli/exit_code.hpp"
#include "reconciler/cli/options.hpp"

namespace mailstack::cli {

/// What became of a command line: options to run with, or what to say and the code to end with.
struct Parsed {
  Options options;
  std::optional<ExitCode> ended;
  std::string out;  ///< for standard output (`--help`)
  std::string err;  ///< for standard error
};

/// Commands, options and forms of the design that are not built are refused with
/// ExitCode::invalid and "not supported yet"; they are absent from `--help`.
Parsed parse_command_line(int argc, char const* const* argv);

}  // namespace mailstack::cli
