#pragma once
/// \file
/// Why a job of a unit came to nothing, in words: from what systemd knows, and from the last lines
/// of the journal. Pure.

#include <string>
#include <vector>

#include "core/result/result.hpp"
#include "reconciler/world/systemd.hpp"

namespace mailstack::kinds::unit {

struct Facts {
  std::string unit;
  world::Job job = world::Job::start;
  world::UnitState state;  ///< after the job
};

/// `start of x.service failed: CAUSE: REMEDY; its last lines: a | b | c`. The code is invalid where
/// something on this host must be changed first, unavailable where trying again may help. Of
/// `lines` (oldest first) the last few are taken, cut and made printable.
///
/// What systemd knows for certain (a program that cannot be executed, a user that does not exist, a
/// timeout) goes before what the lines suggest (a port that is taken, a file that cannot be read, a
/// configuration that does not parse).
Error explain_failure(Facts const& facts, std::vector<std::string> const& lines);

}  // namespace mailstack::kinds::unit
