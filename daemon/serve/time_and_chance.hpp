#pragma once
/// \file
/// What the daemon asks the system for: the time, and numbers that cannot be foreseen.

#include <string>

#include "core/clock/clock.hpp"
#include "core/secret/secret.hpp"
#include "daemon/policy/limits.hpp"

namespace mailstack::serve {

/// By the wall.
TimePoint now();

/// By a clock that nobody sets.
policy::Instant steady();

/// In [0, 1).
double chance();

/// A key of 32 octets that lives as long as the process.
Secret<std::string> process_key();

}  // namespace mailstack::serve
