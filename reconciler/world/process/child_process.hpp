#pragma once
/// \file
/// The adapter of Process to fork and exec.

#include "reconciler/world/process.hpp"

namespace mailstack::world {

/// Runs programs as children of ours. PATH is ours without its relative entries; the environment is
/// PATH, HOME, LANG=C.UTF-8 and what the command adds. The child has no other descriptors than its
/// three, default signals, and with run_as_owner_of the user, groups and HOME of the path's owner.
/// The owner of a path whose last component is a symbolic link is the link's. Only root can drop to
/// another user; everyone else stays. Safe to call from several threads.
class ChildProcess final : public Process {
 public:
  Result<Finished> run(Command const& command) override;
};

}  // namespace mailstack::world
