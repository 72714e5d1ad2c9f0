#pragma once
/// \file
/// The commands of the program: one file each beside this header.

#include <span>
#include <string_view>

#include "reconciler/cli/doors.hpp"
#include "reconciler/cli/exit_code.hpp"
#include "reconciler/cli/options.hpp"

namespace mailstack::cli {

/// A command prints what it has to say and returns the code of its end; it never throws.
struct Command {
  std::string_view name;
  ExitCode (*run)(Options const& options, Doors& doors);
};

std::span<Command const> commands();

namespace commands_of {
ExitCode init(Options const& options, Doors& doors);
ExitCode validate(Options const& options, Doors& doors);
ExitCode plan(Options const& options, Doors& doors);
ExitCode apply(Options const& options, Doors& doors);
ExitCode reconcile(Options const& options, Doors& doors);
ExitCode drift(Options const& options, Doors& doors);
ExitCode doctor(Options const& options, Doors& doors);
ExitCode check(Options const& options, Doors& doors);
ExitCode guide(Options const& options, Doors& doors);
ExitCode status(Options const& options, Doors& doors);
ExitCode records(Options const& options, Doors& doors);
ExitCode history(Options const& options, Doors& doors);
ExitCode user(Options const& options, Doors& doors);
ExitCode alias(Options const& options, Doors& doors);
ExitCode explain(Options const& options, Doors& doors);
ExitCode schema(Options const& options, Doors& doors);
ExitCode dkim_sign(Options const& options, Doors& doors);
ExitCode version(Options const& options, Doors& doors);
}  // namespace commands_of

/// `0.1.0`
std::string_view program_version();

/// argv → exit code: parses, finds the command, runs it.
int run(int argc, char const* const* argv, Doors& doors);

}  // namespace mailstack::cli
