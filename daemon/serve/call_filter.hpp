#pragma once
/// \file
/// The calls that neither the daemon nor a program that it starts may make (seccomp).

#include "core/result/result.hpp"

namespace mailstack::serve {

/// From now on, in this process, all its threads and every program that they start, calls that
/// debug, mount, load into the kernel, leave namespaces, set clocks or open devices of the network
/// fail with EPERM, and no program gains privileges from its setuid or setgid bit. For good:
/// nothing takes it back. A list of what is refused, not of what is allowed: the programs of an
/// administrator inherit it, and what they need nobody here knows (docs/decisions/0024). Fails with
/// unavailable where the kernel cannot filter; where a filter is there that allows no second one,
/// it stands for ours.
Result<> refuse_calls();

}  // namespace mailstack::serve
