#pragma once
/// \file
/// From the manifest to what the kinds need: zones with their providers opened, passwords.

#include <map>
#include <memory>
#include <optional>
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

/// A provider as it was opened, or why it could not be.
struct OpenedProvider {
  std::shared_ptr<DnsProvider> provider;
  std::string unavailable;
  std::optional<std::pair<std::string, std::string>> origin;  ///< of Wiring::origins
};
using OpenedProviders = std::map<std::string, OpenedProvider>;  // by key in the manifest

/// Opens the providers of `lanes` whose zones list records, and asks each for the first of those
/// zones: as many as it reads at a time, at most `parallelism`. Whatever else the manifest turns
/// out to mean, a look asks for them. Returns without waiting; what it returns must go before
/// `doors` do, and gives up what is still under way then.
OpenedProviders ask_ahead(manifest::Manifest const& manifest, std::set<std::string> const& lanes,
                          unsigned parallelism, ProviderDoors const& doors, std::string const& root,
                          world::Secrets& secrets);

/// Opens each provider of `lanes` that is not `opened` already, and says for each of its zones how
/// it is reached. One that cannot be opened (a credential that is missing) makes its zones blind
/// and stops nothing else. Absolute paths of a provider's settings lie below `root` (empty: the
/// host itself); relative ones start at the manifest.
Wiring wire(manifest::Manifest const& manifest, std::set<std::string> const& lanes,
            ProviderDoors const& doors, std::string const& root, world::Secrets& secrets,
            OpenedProviders opened = {}, LeftZones const& left = {});

}  // namespace mailstack::cli
