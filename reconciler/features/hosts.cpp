/// \file
/// A host's own records: its address under its name, and the reverse names that receivers look at.

#include "core/dns/reach.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/ptr/spec.hpp"

namespace mailstack::features {
namespace {

using manifest::Host;
using manifest::Manifest;

void address(Manifest const& manifest, Host const& host, dns::Type type, std::string const& value,
             manifest::Place const& place, Compiled& out) {
  if (value.empty()) return;
  records::publish(
      manifest, out,
      {host.fqdn, type, value, records::asked_by(host), "host " + host.key + " is reached here",
       place.at.line == 0 ? host.place.at : place.at});
  if (host.ptr == Host::Ptr::none) return;
  auto resource = kinds::ptr::verify(host.key, value, host.fqdn.text());
  resource.group = host.key;
  resource.reason = "receivers refuse mail from an address whose reverse name is not the host's";
  resource.source = place.at.line == 0 ? host.place.at : place.at;
  out.resources.push_back(std::move(resource));
}

void compile(Manifest const& manifest, Facts const& /*facts*/, TimePoint /*now*/, Compiled& out) {
  for (auto const& host : manifest.hosts) {
    address(manifest, host, dns::type::a, host.ipv4, host.ipv4_place, out);
    address(manifest, host, dns::type::aaaa, host.ipv6, host.ipv6_place, out);
  }
}

constexpr manifest::Code codes[] = {
    {"host-in-no-zone", "A host's name lies in no zone of the manifest",
     "The host's address records are derived from `hosts:`, but no zone under `dns.zones` (and no "
     "domain) holds its name, so mailstack cannot publish them. The plan lists them as owed by "
     "whoever holds that zone.\n\n"
     "Add the zone under `dns.zones` with its provider, or with `provider: external` to say that "
     "somebody else looks after it."},
    {"host-without-address", "A host has neither ipv4 nor ipv6",
     "Without an address there is no A or AAAA record, and an MX that names the host leads "
     "nowhere.\n\nSet `ipv4:`, `ipv6:` or both."},
    {"address-not-public", "A host's address cannot be reached from elsewhere",
     "Private, shared, loopback and link-local addresses (RFC 6890) are right inside one network. "
     "In the DNS they send everybody else's mail to a machine of their own network, or nowhere.\n\n"
     "Write the address by which the Internet reaches the machine; behind a NAT that is the "
     "router's."},
};

void check_reachable(std::string const& address, manifest::Place const& place,
                     manifest::Diagnostics& diagnostics) {
  if (address.empty() || !dns::inside_one_network(address)) return;
  auto& problem = diagnostics.warning("address-not-public", place,
                                      address + " cannot be reached from other networks");
  problem.cause = "RFC 6890: it means another machine, or none, wherever else it is used";
  problem.remedy = "write the address by which the Internet reaches this host";
}

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  for (auto const& host : manifest.hosts) {
    check_reachable(host.ipv4, host.ipv4_place, diagnostics);
    check_reachable(host.ipv6, host.ipv6_place, diagnostics);
    if (host.ipv4.empty() && host.ipv6.empty() && !host.incomplete) {
      auto& problem = diagnostics.error("host-without-address", host.place,
                                        "host " + host.key + " has no address");
      problem.cause = "its name would resolve to nothing";
      problem.remedy = "add ipv4:, ipv6: or both";
    }
    auto const& left_out = manifest.left_out;
    if (manifest.zone_of(host.fqdn) == nullptr && !manifest.zones.empty() && !left_out.zones &&
        !left_out.domains) {
      auto& problem = diagnostics.information(
          "host-in-no-zone", host.place, "no zone of this manifest holds " + host.fqdn.display());
      problem.cause = "its address records can only be published by whoever holds that zone";
      problem.remedy = "declare the zone under dns.zones, or leave the record to its owner";
    }
  }
}

}  // namespace

extern Feature const feature_hosts;
Feature const feature_hosts{"hosts", {}, codes, check, compile};

}  // namespace mailstack::features
