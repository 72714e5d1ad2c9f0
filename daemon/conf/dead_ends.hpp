#pragma once
/// \file
/// Lines of aliases files that do not do what they seem to say.

#include "core/userdb/resolve.hpp"
#include "daemon/conf/problem.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

/// Warns of a name that stands twice in a file (the last line counts, as with chasquid), of a
/// recipient in a domain of ours who gets no mail (nobody, disabled, only sends), saying whether
/// others are left or RCPT is refused, and of a command that cannot be run. Of a
/// domain whose users could not be read nothing is known, so nothing is said. `index` is of
/// `snapshot.mail`.
void note_dead_ends(Snapshot const& snapshot, userdb::NameIndex const& index, Problems& problems);

}  // namespace mailstack::conf
