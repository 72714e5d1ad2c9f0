/// \file
/// What receivers should do with mail that only claims to be from a domain (RFC 9989), and where
/// reports go.

#include <algorithm>

#include "core/mail/address/address.hpp"
#include "core/mail/dmarc/record.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/features/reports/reports.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Domain;
using manifest::Manifest;
namespace syntax = mail::dmarc;

constexpr keys::Key rows[] = {
    {.path = "domains.*.dmarc",
     .type = Type::mapping,
     .derived = "`v=DMARC1; p=none`; with `mail: none` p=reject",
     .summary = "What receivers should do with mail that fails authentication."},
    {.path = "domains.*.dmarc.policy",
     .type = Type::choice,
     .fallback = "none",
     .derived = "none; reject with `mail: none`",
     .choices = "none|quarantine|reject|off",
     .summary = "`p=`; `off` publishes no record."},
    {.path = "domains.*.dmarc.sp",
     .type = Type::choice,
     .choices = "none|quarantine|reject",
     .summary = "`sp=`: the policy of subdomains without a record of their own."},
    {.path = "domains.*.dmarc.np",
     .type = Type::choice,
     .choices = "none|quarantine|reject",
     .summary = "`np=`: the policy of subdomains that do not exist (RFC 9989)."},
    {.path = "domains.*.dmarc.adkim",
     .type = Type::choice,
     .fallback = "relaxed",
     .choices = "relaxed|strict",
     .summary =
         "Whether the DKIM domain must equal the From domain (strict) or share its organisation."},
    {.path = "domains.*.dmarc.aspf",
     .type = Type::choice,
     .fallback = "relaxed",
     .choices = "relaxed|strict",
     .summary = "The same for the domain that SPF checked."},
    {.path = "domains.*.dmarc.fo",
     .type = Type::choice,
     .list = true,
     .choices = "0|1|d|s",
     .summary = "`fo=`: when a failure report is wanted.",
     .example = "[1]"},
    {.path = "domains.*.dmarc.testing",
     .type = Type::boolean,
     .fallback = "false",
     .summary = "`t=y`: receivers apply one step less than the policy says (RFC 9989)."},
    {.path = "domains.*.dmarc.rua",
     .type = Type::address,
     .list = true,
     .summary = "Where aggregate reports go.",
     .example = "[dmarc@example.org]"},
    {.path = "domains.*.dmarc.ruf",
     .type = Type::address,
     .list = true,
     .summary = "Where failure reports go.",
     .example = "[dmarc@example.org]"},
    {.path = "domains.*.dmarc.text",
     .type = Type::string,
     .summary = "The whole record literally. Replaces all keys above.",
     .example = "\"v=DMARC1; p=none\""},
};

std::vector<std::string> mailto(std::vector<std::string> addresses) {
  for (auto& address : addresses) {
    auto const parsed = mail::parse_address(address);
    address = "mailto:" + (parsed ? parsed->text() : address);
  }
  return addresses;
}

/// Nothing where the manifest wants no record.
std::optional<std::string> record_text(Domain const& domain) {
  auto const dmarc = domain.section.section("dmarc");
  // What `defaults:` says about ordinary domains is not meant for a parked one.
  bool const parked = domain.sends_no_mail && dmarc.origin("policy") != manifest::Origin::manifest;
  if (dmarc.present("text") && (!parked || dmarc.origin("text") == manifest::Origin::manifest))
    return dmarc.text("text");
  if (!parked && dmarc.text("policy") == "off") return std::nullopt;
  syntax::Record record;
  record.policy = parked
                      ? syntax::Policy::reject
                      : syntax::parse_policy(dmarc.text("policy")).value_or(syntax::Policy::none);
  record.subdomain_policy = syntax::parse_policy(dmarc.text("sp"));
  record.nonexistent_policy = syntax::parse_policy(dmarc.text("np"));
  if (dmarc.text("adkim") == "strict") record.dkim_alignment = syntax::Alignment::strict;
  if (dmarc.text("aspf") == "strict") record.spf_alignment = syntax::Alignment::strict;
  record.failure_options = dmarc.texts("fo");
  record.testing = dmarc.flag("testing");
  record.aggregate = mailto(dmarc.texts("rua"));
  record.failure = mailto(dmarc.texts("ruf"));
  return syntax::format(record);
}

manifest::Place place_of(Domain const& domain) {
  auto const dmarc = domain.section.section("dmarc");
  for (auto const* key : {"text", "policy", "rua"})
    if (dmarc.present(key)) return dmarc.place(key);
  return domain.place;
}

/// The domains of one record's report addresses, each once.
std::vector<mail::Address> report_addresses(std::string const& text) {
  auto const parsed = syntax::parse(text).record;
  std::vector<mail::Address> addresses;
  for (auto const* list : {&parsed.aggregate, &parsed.failure}) {
    for (auto const& uri : *list) {
      auto address = mail::parse_address(syntax::mail_address(uri));
      if (address && std::find(addresses.begin(), addresses.end(), *address) == addresses.end())
        addresses.push_back(std::move(*address));
    }
  }
  return addresses;
}

/// RFC 9990 (before: RFC 7489 7.1): whoever takes reports about another organisation's mail must
/// say so in the DNS.
void consent(Manifest const& manifest, Domain const& domain, std::string const& text,
             Compiled& out) {
  std::vector<dns::Name> asked;
  for (auto const& address : report_addresses(text)) {
    if (reports::same_organisation(manifest, domain.name, address.domain)) continue;
    if (std::find(asked.begin(), asked.end(), address.domain) != asked.end()) continue;
    asked.push_back(address.domain);
    auto const name = records::below(domain.name.display() + "._report._dmarc", address.domain);
    if (!name) continue;
    records::publish(
        manifest, out,
        {*name, dns::type::txt, dns::txt_value("v=DMARC1"), records::asked_by(domain),
         address.domain.display() + " takes the DMARC reports about " + domain.name.display(),
         place_of(domain).at, address.domain});
  }
}

void compile(Manifest const& manifest, Facts const& /*facts*/, TimePoint /*now*/, Compiled& out) {
  for (auto const& domain : manifest.domains) {
    if (domain.absent) continue;
    auto const text = record_text(domain);
    auto const name = records::below("_dmarc", domain.name);
    if (!text || !name) continue;
    records::publish(manifest, out,
                     {*name, dns::type::txt, dns::txt_value(*text), records::asked_by(domain),
                      "it tells receivers what to do with mail that only claims to be from " +
                          domain.name.display(),
                      place_of(domain).at});
    consent(manifest, domain, *text, out);
  }
}

constexpr manifest::Code codes[] = {
    {"dmarc-syntax", "A DMARC record that receivers ignore",
     "RFC 9989 (before: RFC 7489 6.3): the record begins with `v=DMARC1`, has `p=none`, "
     "`quarantine` or `reject`, and each tag once.\n\n"
     "Wrong:  v=DMARC1; p=quarantined\n"
     "Right:  v=DMARC1; p=quarantine"},
    {"dmarc-questionable", "A DMARC tag that does not do what it seems to",
     "`p=` should stand right after `v=`. `pct`, `rf`, `ri` and size limits (`!10m`) are gone "
     "since "
     "RFC 9989. Unknown tags are ignored."},
    {"dmarc-twice", "Two DMARC records at one name",
     "Receivers that find two records use none.\n\n"
     "mailstack derives one for each domain. Write your own under `domains.D.dmarc` (`text:` takes "
     "it literally) instead of under `records:`."},
    {"dmarc-report-elsewhere", "DMARC reports go to another organisation",
     "Receivers send reports there only where the other side agrees: a TXT `v=DMARC1` at "
     "`D._report._dmarc.THERE` (RFC 9990; before: RFC 7489 7.1).\n\n"
     "Where this manifest holds that zone too, mailstack publishes it. Else the plan lists it as "
     "owed by the owner."},
    {"report-address-unreceived", "Reports go to an address that nobody receives",
     "The address lies in a domain of this manifest, but is neither a user nor an alias there, and "
     "the domain has no catch-all. The reports would bounce.\n\nAdd an alias or a catch_all."},
    {"derived-name-too-long", "A derived name would be longer than DNS allows",
     "A name has at most 255 octets on the wire (RFC 1035 2.3.4). Below very long domains there is "
     "no room for `_dmarc` or a DKIM selector, so the record cannot exist."},
};

void check_syntax(Domain const& domain, std::string const& text,
                  manifest::Diagnostics& diagnostics) {
  auto const dmarc = domain.section.section("dmarc");
  bool const literal = dmarc.present("text");
  for (auto const& mistake : syntax::parse(text).mistakes) {
    auto place = place_of(domain);
    if (literal) {
      place.at.column += static_cast<unsigned>(mistake.offset) + 1;  // the opening quote
      place.octets = static_cast<unsigned>(mistake.length);
    }
    auto const message = "DMARC of " + domain.name.display() + ": " + mistake.what;
    auto& problem = mistake.fatal ? diagnostics.error("dmarc-syntax", place, message)
                                  : diagnostics.warning("dmarc-questionable", place, message);
    problem.cause = mistake.fatal ? "receivers ignore the record as a whole"
                                  : "RFC 9989 replaced RFC 7489 in 2026";
    problem.remedy = "mend what is marked; the record is \"" + text + "\"";
  }
}

void check_reports(Manifest const& manifest, Domain const& domain, std::string const& text,
                   manifest::Diagnostics& diagnostics) {
  for (auto const& address : report_addresses(text)) {
    reports::check_received(manifest, domain, address, "DMARC", place_of(domain), diagnostics);
    if (reports::same_organisation(manifest, domain.name, address.domain)) continue;
    auto const* zone = manifest.zone_of(address.domain);
    if (zone != nullptr && !zone->provider.empty()) continue;  // published by us
    auto& problem = diagnostics.information("dmarc-report-elsewhere", place_of(domain),
                                            "reports about " + domain.name.display() + " go to " +
                                                address.text() + ", another organisation");
    problem.cause =
        "receivers send them only where " + address.domain.display() + " agrees in the DNS";
    problem.remedy = "its owner must publish " + domain.name.display() + "._report._dmarc." +
                     address.domain.display() + " TXT \"v=DMARC1\"";
  }
}

void check_twice(Published const& published, Domain const& domain, dns::Name const& name,
                 manifest::Diagnostics& diagnostics) {
  PublishedRecord const* declared = nullptr;
  bool derived = false;
  for (auto const* record : published.at(name, dns::type::txt)) {
    auto const octets = dns::txt_octets(record->value);
    if (!octets || !syntax::is_record(*octets)) continue;
    if (record->declared)
      declared = record;
    else
      derived = true;
  }
  if (declared == nullptr || !derived) return;
  auto& problem = diagnostics.error("dmarc-twice", declared->place,
                                    name.display() + " would have two DMARC records");
  problem.cause = "receivers that find two use none";
  problem.remedy = "move this one to domains." + domain.name.display() +
                   ".dmarc.text, or say `dmarc: {policy: off}` there";
  problem.related.emplace_back(place_of(domain), "the other one comes from here");
}

/// A record that stands in `records:`, for a name that is no domain of the manifest.
void check_declared(PublishedRecord const& record, manifest::Diagnostics& diagnostics) {
  if (!record.name.text().starts_with("_dmarc.")) return;
  auto const text = dns::txt_octets(record.value);
  if (!text || !syntax::is_record(*text)) return;
  for (auto const& mistake : syntax::parse(*text).mistakes) {
    auto const message = record.name.display() + ": " + mistake.what;
    auto& problem = mistake.fatal
                        ? diagnostics.error("dmarc-syntax", record.place, message)
                        : diagnostics.warning("dmarc-questionable", record.place, message);
    problem.cause = mistake.fatal ? "receivers ignore the record as a whole"
                                  : "RFC 9989 replaced RFC 7489 in 2026";
    problem.remedy = "mend what is marked; the record is \"" + *text + "\"";
  }
}

void check(Manifest const& manifest, Published const& published,
           manifest::Diagnostics& diagnostics) {
  for (auto const& record : published.all())
    if (record.declared && record.type == dns::type::txt) check_declared(record, diagnostics);
  for (auto const& domain : manifest.domains) {
    if (domain.absent) continue;
    auto const name = records::below("_dmarc", domain.name);
    if (!name) {
      auto& problem =
          diagnostics.error("derived-name-too-long", domain.place,
                            "there is no room for _dmarc below " + domain.name.display());
      problem.cause = "a name has at most 255 octets (RFC 1035 2.3.4)";
      problem.remedy = "use a shorter domain for mail";
      continue;
    }
    auto const text = record_text(domain);
    if (!text) continue;
    check_syntax(domain, *text, diagnostics);
    check_reports(manifest, domain, *text, diagnostics);
    check_twice(published, domain, *name, diagnostics);
  }
}

}  // namespace

extern Feature const feature_dmarc;
Feature const feature_dmarc{"dmarc", rows, codes, check, compile};

}  // namespace mailstack::features
