#pragma once
/// \file
/// What must go well before a unit is started with something new: the daemon's own word on its
/// configuration.

#include "core/result/result.hpp"
#include "reconciler/engine/resource.hpp"
#include "reconciler/world/process.hpp"

namespace mailstack::kinds::unit {

/// Runs the `trial` of `spec` as the owner of `trial_by`. Success where there is none, or nobody to
/// run it. Fails with invalid where the command does: with the last lines that it wrote, printable
/// and cut. `up`: the unit runs, and will go on doing so.
Result<> try_out(world::Process* process, engine::Fields const& spec, bool up);

}  // namespace mailstack::kinds::unit
