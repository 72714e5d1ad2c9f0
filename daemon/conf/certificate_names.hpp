#pragma once
/// \file
/// Whether a certificate is for the name that the daemon is called by.

#include "daemon/conf/problem.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

/// A warning where there are certificates and none names `hostname`: clients that verify go away.
void note_certificate_names(Snapshot const& snapshot, Problems& problems);

}  // namespace mailstack::conf
