/// \file
/// Where other servers report trouble with TLS towards us (RFC 8460).

#include "core/mail/address/address.hpp"
#include "core/mail/tls_rpt/record.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/features/reports/reports.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Domain;
using manifest::Manifest;
namespace syntax = mail::tls_rpt;

constexpr keys::Key rows[] = {
    {.path = "domains.*.tls_rpt",
     .type = Type::mapping,
     .derived = "reports go to postmaster of each domain that receives here",
     .summary = "Where other servers report failed TLS towards this domain (RFC 8460)."},
    {.path = "domains.*.tls_rpt.rua",
     .type = Type::string,
     .list = true,
     .derived = "postmaster@ the domain; nothing where mail is not received here",
     .summary = "Mail addresses or https URLs. An empty list publishes no record.",
     .example = "[tlsrpt@example.org]"},
};

bool is_url(std::string const& word) {
  return word.starts_with("https:") || word.starts_with("mailto:");
}

std::vector<std::string> reports_of(Domain const& domain) {
  if (domain.absent || domain.sends_no_mail) return {};
  auto const tls_rpt = domain.section.section("tls_rpt");
  bool const own = tls_rpt.origin("rua") == manifest::Origin::manifest;
  // Where mail is received elsewhere, the reports are about servers that are not ours.
  if (!records::receives(domain) && !own) return {};
  if (!tls_rpt.present("rua")) return {"mailto:postmaster@" + domain.name.display()};
  auto words = tls_rpt.texts("rua");
  for (auto& word : words) {
    if (is_url(word)) continue;
    auto const address = mail::parse_address(word);
    word = "mailto:" + (address ? address->text() : word);
  }
  return words;
}

manifest::Place place_of(Domain const& domain) {
  auto const tls_rpt = domain.section.section("tls_rpt");
  return tls_rpt.present("rua") ? tls_rpt.place("rua") : domain.place;
}

void compile(Manifest const& manifest, Facts const& /*facts*/, TimePoint /*now*/, Compiled& out) {
  for (auto const& domain : manifest.domains) {
    auto const reports = reports_of(domain);
    if (reports.empty()) continue;
    auto const name = records::below("_smtp._tls", domain.name);
    if (!name) continue;
    records::publish(manifest, out,
                     {*name, dns::type::txt, dns::txt_value(syntax::format({reports})),
                      records::asked_by(domain),
                      "other servers report failed TLS towards " + domain.name.display() + " here",
                      place_of(domain).at});
  }
}

constexpr manifest::Code codes[] = {
    {"tls-rpt-syntax", "A TLS-RPT record that reporters ignore",
     "RFC 8460 3: `rua` takes mail addresses and https URLs.\n\n"
     "Wrong:  rua: [\"http://example.org/reports\"]\n"
     "Right:  rua: [tlsrpt@example.org]"},
};

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  for (auto const& domain : manifest.domains) {
    auto const reports = reports_of(domain);
    if (reports.empty()) continue;
    auto const place = place_of(domain);
    for (auto const& mistake : syntax::parse(syntax::format({reports})).mistakes) {
      auto& problem = diagnostics.error(
          "tls-rpt-syntax", place, "TLS-RPT of " + domain.name.display() + ": " + mistake.what);
      problem.cause = "RFC 8460 3: reporters ignore a record that does not parse";
      problem.remedy = "write a mail address or an https URL";
    }
    for (auto const& uri : reports) {
      if (!uri.starts_with("mailto:")) continue;
      auto const address = mail::parse_address(uri.substr(7));
      if (address) {
        reports::check_received(manifest, domain, *address, "TLS", place, diagnostics);
        continue;
      }
      auto& problem = diagnostics.error("tls-rpt-syntax", place,
                                        "TLS-RPT of " + domain.name.display() + ": '" +
                                            uri.substr(7) + "': " + address.error().what);
      problem.cause = "RFC 8460 3: reports go to a mail address or an https URL";
      problem.remedy = "write NAME@DOMAIN";
    }
  }
}

}  // namespace

extern Feature const feature_tls_rpt;
Feature const feature_tls_rpt{"tls_rpt", rows, codes, check, compile};

}  // namespace mailstack::features
