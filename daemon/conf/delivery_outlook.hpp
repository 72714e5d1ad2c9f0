#pragma once
/// \file
/// What of the settings for deliveries will not do what it says on this machine.

#include "daemon/conf/problem.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

/// Words that nothing replaces, in the path of a maildir (an error: it would be the name of a
/// folder) and in the arguments of the MDA; one maildir for all users; source addresses that no
/// interface has, of the daemon and of domains; a warning of a delay that comes after the bounce.
/// An interface may come later, so that all but the first are warnings.
void note_delivery(Snapshot const& snapshot, Problems& problems);

/// Warns of a maildir whose fixed beginning the user who serves cannot make, as far as modes tell.
void note_maildir_place(Settings const& settings, Problems& problems);

}  // namespace mailstack::conf
