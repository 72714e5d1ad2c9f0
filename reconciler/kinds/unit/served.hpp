#pragma once
/// \file
/// Which certificates the ports of a running unit show.

#include <string>
#include <vector>

#include "reconciler/engine/resource.hpp"
#include "reconciler/world/tls_peer.hpp"

namespace mailstack::kinds::unit {

/// The field `served` of the state: what each of `spec`'s ports shows, `PORT FINGERPRINT` or
/// `PORT ! why nothing`. Asks one port after the other.
std::vector<engine::Item> look_at_ports(world::TlsPeer& peer, engine::Fields const& spec);

}  // namespace mailstack::kinds::unit
