#pragma once
/// \file
/// What an apply did, as text for a person.

#include <string>

#include "reconciler/cli/exit_code.hpp"
#include "reconciler/cli/paper.hpp"
#include "reconciler/engine/execute.hpp"

namespace mailstack::cli {

/// How many steps ended how. A removal that went in the write of its successor is part of that one,
/// as in the plan.
struct OutcomeCounts {
  std::size_t applied = 0, failed = 0, skipped = 0, conflict = 0, interrupted = 0;
  std::size_t served = 0;   ///< applied, and every name server that was asked shows it
  std::size_t pending = 0;  ///< applied, and a name server does not show it yet
  std::size_t unknown = 0;  ///< applied, and no name server could be asked
};
OutcomeCounts count_outcome(engine::Outcome const& outcome, engine::Plan const& plan);

/// Steps that did not go well first, with why; then name servers that do not serve yet or did not
/// answer, with their answers (all answers with `-v`); then one line:
/// `Applied: 12 done, 0 failed, 0 skipped. 10 served by the zone's name servers.`
std::string render_outcome(engine::Outcome const& outcome, engine::Plan const& plan,
                           Paper const& paper);

/// The line that says so where a running chasquid does not notice by itself what was written: its
/// configuration, a key that signs, the folder of a domain. Empty where it notices all, and where
/// its unit is managed, so that a restart is a step like any other.
std::string render_restart(engine::Outcome const& outcome, engine::Plan const& plan);

/// Adds to `happened` what the outcome means for the exit code. A failure in a provider's lane is
/// one away from here; one in a host's lane is here.
void note_outcome(engine::Outcome const& outcome, engine::Plan const& plan, Happenings& happened);

}  // namespace mailstack::cli
