#pragma once
/// \file
/// Whether a certificate is for the name that the daemon is called by.

#include "daemon/conf/problem.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

/// Whether `pattern` of a certificate is `name`, or the same with `*` for its first label
/// (RFC 6125 6.4.3). Both in lower case.
bool covers(std::string_view pattern, std::string_view name);

/// A warning where there are certificates and none names `hostname`: clients that verify go away.
void note_certificate_names(Snapshot const& snapshot, Problems& problems);

}  // namespace mailstack::conf
