#pragma once
/// \file
/// Lines of aliases files that do not do what they seem to say.

#include <functional>
#include <string>

#include "core/result/result.hpp"
#include "core/userdb/resolve.hpp"
#include "daemon/conf/problem.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

/// Warns of a name that stands twice in a file (the last line counts, as with chasquid), of a
/// recipient in a domain of ours who gets no mail (nobody, disabled, only sends), saying whether
/// others are left or RCPT is refused, of one that is no address, of a name that only the catch-all
/// takes and that nobody can be called, of loops, and of a command that cannot be run. Of a domain
/// whose users are not known nothing is said of who is there, nor of loops by way of it, and
/// nothing at all of aliases that are no longer those of their file. `index` is of `snapshot.mail`.
void note_dead_ends(Snapshot const& snapshot, userdb::NameIndex const& index, Problems& problems);

/// Where mail for an address goes. An alias may have thousands of recipients, and asking takes as
/// long as it is: it is asked once.
using Resolve = std::function<Result<userdb::Resolution>(std::string const& address)>;

/// The same, with `resolve` for what userdb::resolve() says of the snapshot.
void note_dead_ends(Snapshot const& snapshot, userdb::NameIndex const& index,
                    Resolve const& resolve, Problems& problems);

}  // namespace mailstack::conf
