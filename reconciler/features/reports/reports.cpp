#include "reconciler/features/reports/reports.hpp"

#include <algorithm>
#include <cctype>

namespace mailstack::features::reports {
namespace {

/// How the daemon compares: lower case, without what follows the first `+`, without dots (its
/// default suffix and drop characters).
std::string folded(std::string_view local) {
  std::string out;
  for (char const c : local.substr(0, local.find('+')))
    if (c != '.') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

bool same_organisation(manifest::Manifest const& manifest, dns::Name const& a, dns::Name const& b) {
  if (a.within(b) || b.within(a)) return true;
  auto const* zone = manifest.zone_of(a);
  return zone != nullptr && zone == manifest.zone_of(b);
}

bool refused(manifest::Manifest const& manifest, mail::Address const& address) {
  auto const* domain = manifest.domain(address.domain);
  if (domain == nullptr || domain->incomplete) return false;
  if (domain->absent || domain->sends_no_mail) return true;
  if (domain->receive == manifest::Domain::Receive::none) return false;
  auto const wanted = folded(address.local);
  auto const is_it = [&](auto const& entry) {
    return entry.name == "*" || folded(entry.name) == wanted;
  };
  return std::none_of(domain->aliases.begin(), domain->aliases.end(), is_it) &&
         std::none_of(domain->users.begin(), domain->users.end(), is_it);
}

void check_received(manifest::Manifest const& manifest, manifest::Domain const& about,
                    mail::Address const& address, std::string_view what,
                    manifest::Place const& place, manifest::Diagnostics& diagnostics) {
  if (!refused(manifest, address)) return;
  auto& problem = diagnostics.warning("report-address-unreceived", place,
                                      std::string(what) + " reports about " + about.name.display() +
                                          " go to " + address.text() + ", which nobody receives");
  problem.cause = address.domain.display() + " has no user, no alias and no catch_all for it";
  problem.remedy =
      "add the alias " + address.local + " or a catch_all to domains." + address.domain.display();
}

}  // namespace mailstack::features::reports
