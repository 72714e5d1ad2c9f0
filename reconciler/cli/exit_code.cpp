#include "reconciler/cli/exit_code.hpp"

namespace mailstack::cli {

ExitCode exit_code(Happenings const& happened) {
  bool const failed = happened.failed_away || happened.failed_here || happened.not_recorded;
  if (happened.interrupted) return ExitCode::interrupted;
  if (happened.invalid) return ExitCode::invalid;
  if (happened.locked) return ExitCode::locked;
  if (happened.stale) return ExitCode::stale;
  if (happened.refused) return ExitCode::refused;
  if (failed && happened.applied) return ExitCode::partly;
  if (happened.failed_away || happened.blind) return ExitCode::unreachable;
  if (happened.not_served) return ExitCode::not_served;
  if (failed || happened.error) return ExitCode::error;
  if (happened.pending) return ExitCode::pending;
  return ExitCode::done;
}

}  // namespace mailstack::cli
