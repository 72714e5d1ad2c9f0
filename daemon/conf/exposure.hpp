#pragma once
/// \file
/// What of a tree is open to everybody, so that it is said before strangers find it.

#include <string>

#include "daemon/conf/problem.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

/// Whether a network holds strangers: an IPv4 prefix of less than 8 bits, also as IPv6 writes it
/// (::ffff:0.0.0.0/96), or an IPv6 prefix of less than 8 bits but for the private fc00::/7.
bool holds_strangers(Network const& network);

/// Errors, for which these settings are not used: strangers in `trusted_networks`; strangers who
/// may say by PROXY to come from there. A network of one's own has a prefix to name.
void refuse_open_relay(Settings const& settings, std::string const& directory, Problems& problems);

/// Warnings: strangers as `proxies`, a monitoring port on every address, private keys that every
/// account of the machine may read. A key below a directory that others cannot enter is private
/// whatever its mode.
void note_exposure(Snapshot const& snapshot, Problems& problems);

}  // namespace mailstack::conf
