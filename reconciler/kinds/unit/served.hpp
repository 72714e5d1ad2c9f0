#pragma once
/// \file
/// Which certificates the ports of a running unit show.

#include <string>
#include <vector>

#include "reconciler/engine/resource.hpp"
#include "reconciler/world/tls_peer.hpp"

namespace mailstack::kinds::unit {

/// The field `served` of the state: a line for each of `spec`'s ports that does not show one of its
/// `leaves`. Empty where they all do, where the spec says no ports, and while a leaf is not known
/// (its certificate is issued in this run). Asks one port after the other.
std::vector<engine::Item> served_wrong(world::TlsPeer& peer, engine::Fields const& spec);

}  // namespace mailstack::kinds::unit
