#pragma once
/// \file
/// The exit code of a run: one pure function, so that every command means the same by a number.

namespace mailstack::cli {

/// What the numbers mean. The words are those of `--help`.
enum class ExitCode {
  done = 0,
  error = 1,          ///< a defect of ours, or a local file that cannot be read or written
  pending = 2,        ///< changes pending: `plan --detailed-exitcode`, `drift`
  invalid = 3,        ///< manifest or usage invalid, not supported yet, no terminal and no --yes
  unreachable = 4,    ///< provider, network or authentication; anything of ours that is blind
  refused = 5,        ///< a hazard, a conflict, a missing --adopt, or the prompt declined
  partly = 6,         ///< partly applied, or applied but not recorded: run again
  locked = 7,         ///< another run holds the lock
  not_served = 8,     ///< applied (the API shows it), a name server does not serve it yet
  stale = 9,          ///< the plan or the checkout is stale
  interrupted = 130,  ///< SIGINT, after the batch under way was finished
};

/// Everything that happened in one run, as far as the exit code is concerned.
struct Happenings {
  bool interrupted = false;
  bool invalid = false;
  bool locked = false;
  bool stale = false;
  bool refused = false;
  bool applied = false;       ///< at least one step was written and seen
  bool failed_away = false;   ///< a step failed at a provider or on the network
  bool failed_here = false;   ///< a step failed on this machine (disk full, read-only file system)
  bool not_recorded = false;  ///< journal, inventory or branch could not be written
  bool blind = false;         ///< something of ours cannot be seen (a blind check does not count)
  bool not_served = false;
  bool pending = false;  ///< changes pending, and the command reports them by its code
  bool error = false;    ///< anything else that went wrong
};

/// An interruption stands above all, since what else would have happened is not known. Then the
/// first of 3, 7, 9, 5, 6, 4, 8; then 1, so that an error is never reported as the harmless 2.
/// `failed_*` and `not_recorded` are 6 where something was applied; else 4 for what failed away
/// from here and 1 for what failed here.
ExitCode exit_code(Happenings const& happened);

}  // namespace mailstack::cli
