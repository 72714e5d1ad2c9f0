#pragma once
/// \file
/// What the daemon calls itself.

#include <string_view>

#include "core/result/result.hpp"
#include "daemon/conf/problem.hpp"

namespace mailstack::conf {

/// Whether others can look up such a name: letters, digits and hyphens between dots, in U- or
/// A-labels. Fails with invalid. The check of every name in mailstackd.yaml.
Result<> check_host_name(std::string_view name);

/// A warning where `hostname`, or the machine's name that stands in for it, has no dot or is not
/// such a name: receivers refuse it in EHLO (RFC 5321 2.3.5 asks for a domain that resolves).
void note_host_name(Settings const& settings, Problems& problems);

}  // namespace mailstack::conf
