#pragma once
/// \file
/// What the process may do is made as little as the conf tree allows, before it hears from anybody.

#include <string>
#include <vector>

#include "core/result/result.hpp"
#include "daemon/net/listener.hpp"

namespace mailstack::serve {

/// To be called once, before there are threads. Where root has started it and `user` is given:
/// binds what is listened on, makes the directories of state, spool and control socket where they
/// are missing, and becomes that account. Then, unless `seccomp` says otherwise, refuse_calls().
/// Returns what was bound. A tree that cannot be read changes nothing: who opens the daemon says
/// so.
Result<std::vector<net::Bound>> confine(std::string const& directory);

}  // namespace mailstack::serve
