/// \file
/// Which certificate authorities may issue for a domain (RFC 8659).
///
/// `auto` names the issuers of the certificates that mailstack manages. It manages none yet, so
/// `auto` publishes nothing: a record that names nobody would stop the certificates that others
/// renew.

#include "core/dns/rrset.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Domain;
using manifest::Manifest;

constexpr keys::Key rows[] = {
    {.path = "domains.*.caa",
     .type = Type::string,
     .list = true,
     .fallback = "auto",
     .summary = "`auto` (nothing is derived), "
                "`off`, or the values of the CAA records.",
     .example = "['0 issue \"letsencrypt.org\"', '0 iodef \"mailto:security@example.org\"']"},
};

bool word_only(std::vector<std::string> const& values) {
  return values.size() == 1 && (values.front() == "auto" || values.front() == "off");
}

void compile(Manifest const& manifest, Facts const& /*facts*/, TimePoint /*now*/, Compiled& out) {
  for (auto const& domain : manifest.domains) {
    if (domain.absent) continue;
    auto const values = domain.section.texts("caa");
    if (word_only(values)) continue;
    for (auto const& value : values) {
      auto canonical = dns::canonical_rdata(dns::type::caa, value, domain.name);
      if (!canonical) continue;  // check() has said why
      records::publish(
          manifest, out,
          {domain.name, dns::type::caa, std::move(*canonical), records::asked_by(domain),
           "it says who may issue certificates for " + domain.name.display(),
           domain.section.place("caa").at});
    }
  }
}

constexpr manifest::Code codes[] = {
    {"caa-syntax", "A CAA value that does not parse",
     "RFC 8659 4: flags, tag and a quoted value.\n\n"
     "Wrong:  caa: [letsencrypt.org]\n"
     "Right:  caa: ['0 issue \"letsencrypt.org\"']"},
};

void check_values(Domain const& domain, manifest::Diagnostics& diagnostics) {
  auto const values = domain.section.texts("caa");
  if (word_only(values)) return;
  for (auto const& value : values) {
    auto const canonical = dns::canonical_rdata(dns::type::caa, value, domain.name);
    if (canonical) continue;
    auto& problem = diagnostics.error(
        "caa-syntax", domain.section.place("caa"),
        "CAA of " + domain.name.display() + ": '" + value + "': " + canonical.error().what);
    problem.cause = "RFC 8659 4: a value is flags, a tag and a quoted text";
    problem.remedy = "write it as '0 issue \"letsencrypt.org\"', or say auto or off";
  }
}

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  for (auto const& domain : manifest.domains)
    if (!domain.absent) check_values(domain, diagnostics);
}

}  // namespace

extern Feature const feature_caa;
Feature const feature_caa{"caa", rows, codes, check, compile};

}  // namespace mailstack::features
