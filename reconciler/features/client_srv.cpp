/// \file
/// How mail programs find the submission service of a domain (RFC 6186, RFC 8314 5.1).
///
/// Where mail is only forwarded there is no mailbox here, so IMAP and POP3 are said to be not
/// available: the target `.` (RFC 6186 3.4). Where mailboxes are local somebody else's IMAP server
/// may stand beside, so nothing is said about it.

#include <algorithm>
#include <array>

#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Domain;
using manifest::Host;
using manifest::Manifest;

constexpr keys::Key rows[] = {
    {.path = "domains.*.client_srv",
     .type = Type::choice,
     .fallback = "auto",
     .choices = "auto|off",
     .summary = "SRV records by which mail programs find the submission service: `auto` publishes "
                "them where a user of the domain can log in."},
};

struct Service {
  std::string_view label;
  unsigned priority;  ///< RFC 8314 5.1: TLS from the first octet is preferred
  unsigned port;
};
constexpr std::array<Service, 2> submission{{
    {"_submissions._tcp", 0, 465},
    {"_submission._tcp", 10, 587},
}};
constexpr std::array<std::string_view, 4> retrieval{"_imap._tcp", "_imaps._tcp", "_pop3._tcp",
                                                    "_pop3s._tcp"};

bool has_login(Domain const& domain) {
  return std::any_of(domain.users.begin(), domain.users.end(),
                     [](manifest::User const& user) { return user.password && !user.disabled; });
}

bool wanted(Manifest const& manifest, Domain const& domain) {
  return records::sends(domain) && has_login(domain) &&
         domain.section.text("client_srv") != "off" &&
         std::any_of(manifest.hosts.begin(), manifest.hosts.end(),
                     [](Host const& host) { return host.submit; });
}

void offer(Manifest const& manifest, Domain const& domain, Service const& service, Host const& host,
           Compiled& out) {
  auto const name = records::below(service.label, domain.name);
  if (!name) return;
  auto* resource = records::publish(
      manifest, out,
      {*name, dns::type::srv,
       std::to_string(service.priority) + " 1 " + std::to_string(service.port) + " " +
           host.fqdn.text(),
       records::asked_by(domain),
       "mail programs find where users of " + domain.name.display() + " submit mail",
       domain.place.at});
  if (resource == nullptr) return;
  if (auto address = records::address_record(manifest, host))
    kinds::dns_record::need(*resource, {std::move(*address), "value"});
}

void compile(Manifest const& manifest, Facts const& /*facts*/, TimePoint /*now*/, Compiled& out) {
  for (auto const& domain : manifest.domains) {
    if (!wanted(manifest, domain)) continue;
    for (auto const& service : submission)
      for (auto const& host : manifest.hosts)
        if (host.submit) offer(manifest, domain, service, host, out);
    if (domain.receive != Domain::Receive::forward) continue;
    for (auto const label : retrieval) {
      auto const name = records::below(label, domain.name);
      if (!name) continue;
      records::publish(
          manifest, out,
          {*name, dns::type::srv, "0 0 0 .", records::asked_by(domain),
           domain.name.display() + " forwards its mail and has no mailboxes", domain.place.at});
    }
  }
}

}  // namespace

extern Feature const feature_client_srv;
Feature const feature_client_srv{"client_srv", rows, {}, nullptr, compile};

}  // namespace mailstack::features
