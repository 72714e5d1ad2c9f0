#pragma once
/// \file
/// The contract between mailstack and whoever hosts DNS zones.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/dns/rrset.hpp"
#include "core/files/files.hpp"
#include "core/http.hpp"
#include "core/keys/key.hpp"
#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack {

/// One RRset as it was seen and as it should be; no values means that it does not exist. Both sides
/// carry name and type.
struct Change {
  dns::RRset before;
  dns::RRset after;
};

/// What a host cannot store or how it behaves, so that the plan says it before the API does.
struct Limits {
  bool atomic = false;          ///< set() applies all of its changes or none
  unsigned parallel_reads = 1;  ///< how many list() calls of one account may overlap
  bool written_is_served =
      false;  ///< the store is what is served; there is no name server to ask after a write
};

/// One account at one DNS host.
///
/// The unit of change is the RRset: all values of one type at one name. Hosts whose API edits
/// single records hide that inside their own folder. Every implementation passes
/// providers/conformance/. set() calls on one zone never overlap; list() calls may overlap up to
/// limits().parallel_reads. Names are absolute and lower case in both directions; values are in
/// canonical presentation form, sorted.
class DnsProvider {
 public:
  virtual ~DnsProvider() = default;

  /// Returns every RRset of `zone`, including those that mailstack does not own, but not SOA and
  /// not what a signer makes (RRSIG, NSEC, NSEC3, NSEC3PARAM, DNSKEY, CDS, CDNSKEY at a signed
  /// zone). Sorted by name and type. Fails with not_found when the account does not hold the zone.
  virtual Result<std::vector<dns::RRset>> list(dns::Name const& zone) = 0;

  /// Turns each change's `before` into its `after`; an `after` without values removes. Already so:
  /// success. What is touched is read again right before the write. Fails with conflict, and leaves
  /// that RRset alone, when what is live is neither. A batch that the host refuses fails with
  /// invalid. Not atomic unless limits().atomic: after an error any subset may have been applied,
  /// and list() tells which.
  virtual Result<> set(dns::Name const& zone, std::span<Change const> changes) = 0;

  [[nodiscard]] virtual Limits limits() const = 0;
};

/// What a provider is opened with: the keys of its own fragment, checked against it, secrets
/// resolved.
struct ProviderSettings {
  std::map<std::string, std::string, std::less<>> text;  ///< key → value, defaults filled in
  std::map<std::string, Secret<std::string>, std::less<>> secrets;  ///< keys of type secret
  std::string base_directory;  ///< absolute; relative paths of the manifest start here
};

/// What a provider may use of the world. Outlives the provider.
struct ProviderDoors {
  Http& http;
  files::Files& files;
  Clock& clock;
};

/// What a provider folder exports as `ProviderType const provider_<folder>`; CMake collects them
/// into provider_types().
struct ProviderType {
  std::string_view name;     ///< `powerdns`: the value of `type:`
  std::string_view summary;  ///< one line for the reference
  std::span<keys::Key const>
      keys;  ///< without `type`, `applier`; paths relative to the provider's mapping
  Result<std::unique_ptr<DnsProvider>> (*open)(ProviderSettings const& settings,
                                               ProviderDoors const& doors);
};

/// All providers that this program was built with, sorted by name.
std::span<ProviderType const* const> provider_types();

}  // namespace mailstack
