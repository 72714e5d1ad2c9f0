#pragma once
/// \file
/// How many connections the system lets us have.

namespace mailstack::serve {

/// Raises the soft limit of open descriptors (RLIMIT_NOFILE, 1,024 by default) to the hard one:
/// each session is a descriptor, and nothing here uses select(2).
void raise_descriptor_limit();

}  // namespace mailstack::serve
