#pragma once
/// \file
/// Zones at a PowerDNS authoritative server, by its HTTP API (4.7 and later).

#include <span>
#include <vector>

#include "providers/dns_provider.hpp"
#include "providers/powerdns/api.hpp"
#include "providers/powerdns/convert.hpp"

namespace mailstack::powerdns {

/// One PowerDNS server.
///
/// list() is one request a zone. set() lists the zone again, compares, and sends what differs in as
/// few PATCHes as the server's body limit allows (2 MB: some 12,000 addresses); where that limit
/// is lower, a body is halved until it fits.
///
/// The window that stays: PowerDNS has no conditional write. Who edits one of the RRsets that we
/// are about to write after our listing was made (a few ms before the PATCH; 0.12 s with 10,000
/// RRsets) and before the PATCH ends is overwritten. Reading single RRsets (`rrset_name`,
/// `rrset_type`) would make that window smaller in large zones, but such an answer leaves out
/// disabled records, which our write would then delete for good, at any time and not in a window;
/// and from 40 changes on it takes longer than a listing of 10,000 RRsets.
///
/// Disabled records and comments of others stay with the RRset that we write; a removal takes the
/// comments along. RRsets that PowerDNS alone understands (ALIAS, LUA) are not listed and never
/// written: a change at one is a conflict.
///
/// A PATCH is one transaction, so of one set() whole PATCHes were applied or not.
class PowerDns final : public DnsProvider {
 public:
  PowerDns(Api::Account account, Http& http, Clock& clock);

  Result<std::vector<dns::RRset>> list(dns::Name const& zone) override;
  Result<> set(dns::Name const& zone, std::span<Change const> changes) override;
  [[nodiscard]] Limits limits() const override;

 private:
  Result<Listing> look(dns::Name const& zone);
  /// Sends `changes`, in halves where the server takes no body of that size.
  Result<> write(dns::Name const& zone, std::span<dns::RRset const> changes, Listing const& listing,
                 std::size_t max_size);

  Api api_;
};

}  // namespace mailstack::powerdns

namespace mailstack {
extern ProviderType const provider_powerdns;
}  // namespace mailstack
