/// \file
/// Who receives mail for a domain (RFC 5321 5.1), and that a parked one takes none (RFC 7505).

#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::features {
namespace {

using manifest::Domain;
using manifest::Manifest;

constexpr char const* null_mx = "0 .";

void null_exchanger(Manifest const& manifest, Domain const& domain, Compiled& out) {
  records::publish(manifest, out,
                   {domain.name, dns::type::mx, null_mx, records::asked_by(domain),
                    domain.name.display() + " takes no mail", domain.place.at});
}

void exchangers(Manifest const& manifest, Domain const& domain, Compiled& out) {
  for (auto const& host : manifest.hosts) {
    if (!host.mx) continue;
    auto* resource = records::publish(
        manifest, out,
        {domain.name, dns::type::mx, std::to_string(host.mx_priority) + " " + host.fqdn.text(),
         records::asked_by(domain),
         "host " + host.key + " receives mail for " + domain.name.display(), domain.place.at});
    if (resource == nullptr) continue;
    // An MX that leads nowhere bounces mail, so the address comes first.
    if (auto address = records::address_record(manifest, host))
      kinds::dns_record::need(*resource, {std::move(*address), "value"});
  }
}

void compile(Manifest const& manifest, Facts const& /*facts*/, TimePoint /*now*/, Compiled& out) {
  for (auto const& domain : manifest.domains) {
    if (domain.absent) continue;
    if (domain.sends_no_mail) null_exchanger(manifest, domain, out);
    if (records::receives(domain)) exchangers(manifest, domain, out);
  }
}

constexpr manifest::Code codes[] = {
    {"mx-target-is-alias", "An MX names a CNAME",
     "RFC 5321 5.1 and RFC 2181 10.3: the name in an MX has address records of its own. Many "
     "senders tolerate an alias there, some do not deliver.\n\n"
     "Wrong:  @ MX 10 mail      mail CNAME smtp.example.net.\n"
     "Right:  @ MX 10 smtp.example.net."},
    {"null-mx-beside-mx", "A null MX stands beside another MX",
     "RFC 7505 3: `0 .` says that the domain takes no mail at all, so it must be the only MX.\n\n"
     "Remove the other MX from `records:`, or the `mail: none` of the domain."},
    {"domain-without-host", "A domain receives mail, but no host has the role mx",
     "The MX of a domain names the hosts with the role `mx`. Without one there is nobody to "
     "receive.\n\nAdd a host, give one the role mx, or say `receive: none` (the MX is left alone) "
     "or `mail: none`."},
};

void check_targets(Published const& published, manifest::Diagnostics& diagnostics) {
  for (auto const& record : published.all()) {
    if (record.type != dns::type::mx || record.value == null_mx) continue;
    auto const target = dns::Name::parse(record.value.substr(record.value.find(' ') + 1));
    if (!target) continue;
    auto const aliases = published.at(*target, dns::type::cname);
    if (aliases.empty()) continue;
    auto& problem = diagnostics.error("mx-target-is-alias", record.place,
                                      "the MX of " + record.name.display() + " names " +
                                          target->display() + ", which is a CNAME");
    problem.cause = "RFC 5321 5.1: the name in an MX must have address records of its own";
    problem.remedy = "name " + aliases.front()->value + " in the MX, or give " + target->display() +
                     " an A record instead of the CNAME";
    problem.related.emplace_back(aliases.front()->place, "the CNAME");
  }
}

void check_null(Published const& published, manifest::Diagnostics& diagnostics) {
  for (auto const& record : published.all()) {
    if (record.type != dns::type::mx || record.value != null_mx) continue;
    for (auto const* other : published.at(record.name, dns::type::mx)) {
      if (other->value == null_mx) continue;
      auto& problem = diagnostics.error(
          "null-mx-beside-mx", other->place,
          record.name.display() + " has the MX " + other->value + " beside the null MX");
      problem.cause =
          "RFC 7505 3: the null MX says that the domain takes no mail, so it stands alone";
      problem.remedy = "remove this MX, or the `mail: none` of the domain";
      problem.related.emplace_back(record.place, "the null MX comes from here");
    }
  }
}

void check(Manifest const& manifest, Published const& published,
           manifest::Diagnostics& diagnostics) {
  bool any = manifest.left_out.hosts;
  for (auto const& host : manifest.hosts) any = any || host.mx || host.incomplete;
  for (auto const& domain : manifest.domains) {
    if (any || domain.incomplete || !records::receives(domain)) continue;
    auto& problem =
        diagnostics.warning("domain-without-host", domain.place,
                            domain.name.display() + " receives mail, but no host has the role mx");
    problem.cause = "nobody could be named in its MX";
    problem.remedy = "add a host with the role mx, or say `receive: none` or `mail: none`";
  }
  check_targets(published, diagnostics);
  check_null(published, diagnostics);
}

}  // namespace

extern Feature const feature_mx;
Feature const feature_mx{"mx", {}, codes, check, compile};

}  // namespace mailstack::features
