#pragma once
/// \file
/// From the manifest to what the kinds need: zones with their providers opened, passwords.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "providers/dns_provider.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace mailstack::cli {

struct Wiring {
  kinds::Inputs inputs;
  /// Who is sent a credential: (`dns.providers.ns1`, `http://127.0.0.1:8081`).
  std::vector<std::pair<std::string, std::string>> origins;
};

/// Zones that the manifest does not name any more, though records of ours stand in them: what holds
/// each, by the provider's key. Without that they could be neither seen nor removed.
using LeftZones = std::map<dns::Name, std::string>;

/// Opens each provider of `lanes` once and says for each of its zones how it is reached. One that
/// cannot be opened (a credential that is missing) makes its zones blind and stops nothing else.
Wiring wire(manifest::Manifest const& manifest, std::set<std::string> const& lanes,
            ProviderDoors const& doors, world::Secrets& secrets, LeftZones const& left = {});

}  // namespace mailstack::cli
