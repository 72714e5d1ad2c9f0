#pragma once
/// \file
/// Where a derived record goes: into the zone that holds its name, or onto the list of what others
/// must publish.

#include <optional>
#include <string>
#include <string_view>

#include "core/dns/rrset.hpp"
#include "reconciler/features/feature.hpp"

namespace mailstack::features::records {

/// Who in the manifest wants something: its heading in the plan, and what is gone when it vanishes.
struct Asker {
  std::string group;
  bool of_domain = false;
};
Asker asked_by(manifest::Domain const& domain);
Asker asked_by(manifest::Host const& host);

/// One value that should be in the DNS, wherever its name is held.
struct Wish {
  dns::Name name;
  dns::Type type;
  std::string value;  ///< canonical rdata
  Asker asker;
  std::string reason;
  engine::Source source;
  dns::Name owner =
      {};  ///< who is asked where no zone of the manifest holds the name; root: the name itself
};

/// Adds the record to `out` with the zone's TTL, lane and hazards, and returns it for more (needs,
/// retirement); it may be changed until the next record is added. Where the zone has no provider,
/// or no zone holds the name, the record is owed by its owner, and nullptr is returned.
engine::Resource* publish(manifest::Manifest const& manifest, Compiled& out, Wish wish);

/// Sets what removing a record of `type` at `slot` endangers. Another value of an MX or NS is
/// another resource, so a change of them is a removal too; what changes in place is the TTL, which
/// endangers nobody.
void set_hazards(engine::Resource& resource, dns::Type type, std::string_view slot);

/// The lane of a zone: `provider/NAME`.
std::string lane(manifest::Zone const& zone);
/// `the owner of example.net`
std::string owner_of(dns::Name const& name);

/// `label.name`, or nothing where that is longer than a domain name may be (255 octets, RFC
/// 1035 2.3.4). check() of the feature says so; compile() leaves the record out.
std::optional<dns::Name> below(std::string_view label, dns::Name const& name);

/// The address of the host's first address record, for a record that is useless without it; nothing
/// where the host's zone is not ours.
std::optional<engine::Address> address_record(manifest::Manifest const& manifest,
                                              manifest::Host const& host);

/// True where the daemon runs on the host.
inline bool runs_daemon(manifest::Host const& host) { return host.mx || host.submit || host.send; }

/// True where the domain is there and takes part in mail at all.
inline bool live(manifest::Domain const& domain) { return !domain.absent; }
/// True where some domain takes part in mail, so that hosts run a daemon.
bool serves_mail(manifest::Manifest const& manifest);
/// A user whose mail stays on the host that it arrives at: no alias of that name sends it on. Empty
/// where there is none.
std::string kept_here(manifest::Manifest const& manifest);
/// True where mail for the domain arrives at our hosts.
inline bool receives(manifest::Domain const& domain) {
  return !domain.absent && !domain.sends_no_mail &&
         domain.receive != manifest::Domain::Receive::none;
}
/// True where mail of the domain leaves from our hosts.
inline bool sends(manifest::Domain const& domain) {
  return !domain.absent && !domain.sends_no_mail;
}

}  // namespace mailstack::features::records
