#pragma once
/// \file
/// Where reports about mail go (DMARC's rua and ruf, TLS-RPT's rua), and whether anybody receives
/// them.

#include <string>
#include <string_view>

#include "core/mail/address/address.hpp"
#include "reconciler/manifest/diagnostic.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace mailstack::features::reports {

/// True where one name is at or below the other, or both lie in one zone of the manifest. Without a
/// list of public suffixes this errs to the safe side: two siblings in zones of their own count as
/// strangers, and one consent record too many is published.
bool same_organisation(manifest::Manifest const& manifest, dns::Name const& a, dns::Name const& b);

/// True where a domain of the manifest would refuse mail to `address`; false for domains that are
/// not ours or whose mail is received elsewhere.
bool refused(manifest::Manifest const& manifest, mail::Address const& address);

/// Warns with `report-address-unreceived` where refused().
void check_received(manifest::Manifest const& manifest, manifest::Domain const& about,
                    mail::Address const& address, std::string_view what,
                    manifest::Place const& place, manifest::Diagnostics& diagnostics);

}  // namespace mailstack::features::reports
