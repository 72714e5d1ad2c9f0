/// \file
/// Who may send for a domain (RFC 7208), and for the name that each host says in HELO.

#include "core/mail/spf/record.hpp"

#include <algorithm>

#include "core/mail/spf/budget.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Domain;
using manifest::Host;
using manifest::Manifest;
namespace syntax = mail::spf;

constexpr keys::Key rows[] = {
    {.path = "domains.*.spf",
     .type = Type::mapping,
     .derived = "`v=spf1 mx ~all`; with `receive: none` the sending hosts are named instead of mx",
     .summary = "Who may send mail for the domain."},
    {.path = "domains.*.spf.mechanisms",
     .type = Type::string,
     .list = true,
     .derived = "`mx`, and `a:NAME` for each sending host that is no MX of the domain",
     .summary = "Mechanisms in order: SPF's own (`a`, `mx`, `ip4:192.0.2.0/24`), or a host's key.",
     .example = "[a, mx]"},
    {.path = "domains.*.spf.include",
     .type = Type::string,
     .list = true,
     .summary = "Domains whose senders may send for this one too: one `include:` each.",
     .example = "[_spf.google.com]"},
    {.path = "domains.*.spf.split",
     .type = Type::mapping,
     .summary =
         "Records of their own below the domain, each included: a name, and the mechanisms there."},
    {.path = "domains.*.spf.split.*",
     .type = Type::string,
     .list = true,
     .summary = "Mechanisms or host keys of the record at this name.",
     .example = "[mx1]"},
    {.path = "domains.*.spf.all",
     .type = Type::choice,
     .fallback = "softfail",
     .choices = "softfail|fail|neutral",
     .summary = "What receivers should make of every other sender: `~all`, `-all` or `?all`."},
    {.path = "domains.*.spf.max_lookups",
     .type = Type::integer,
     .fallback = "10",
     .minimum = 1,
     .maximum = 10,
     .summary = "How many of the ten DNS look-ups the record may spend before validate objects."},
    {.path = "domains.*.spf.text",
     .type = Type::mapping,
     .summary = "The records literally, by name: `@` is the domain. Replaces all keys above."},
    {.path = "domains.*.spf.text.*",
     .type = Type::string,
     .summary = "The whole record at this name.",
     .example = "\"v=spf1 mx ~all\""},
};

/// One SPF record that a domain asks for.
struct Asked {
  dns::Name name;
  std::string text;
  std::string reason;
  manifest::Place place;
  bool literal = false;  ///< the text itself stands at `place`
};

Host const* host_named(Manifest const& manifest, std::string const& word) {
  // `a` and `mx` stay SPF's, also where a host has such a key.
  return word == "a" || word == "mx" || word == "all" ? nullptr : manifest.host(word);
}

std::string mechanism(Manifest const& manifest, std::string const& word) {
  auto const* host = host_named(manifest, word);
  return host == nullptr ? word : "a:" + host->fqdn.display();
}

std::vector<std::string> default_mechanisms(Manifest const& manifest, Domain const& domain) {
  std::vector<std::string> words;
  bool const by_mx =
      records::receives(domain) && std::any_of(manifest.hosts.begin(), manifest.hosts.end(),
                                               [](Host const& host) { return host.mx; });
  if (by_mx) words.emplace_back("mx");
  for (auto const& host : manifest.hosts)
    if ((host.send || host.submit) && !(by_mx && host.mx))
      words.push_back("a:" + host.fqdn.display());
  return words;
}

std::string all_term(manifest::Section const& spf) {
  auto const word = spf.text("all");
  return word == "fail" ? "-all" : word == "neutral" ? "?all" : "~all";
}

std::string joined(std::vector<std::string> const& terms) {
  std::string text = "v=spf1";
  for (auto const& term : terms) text += " " + term;
  return text;
}

std::vector<Asked> structured(Manifest const& manifest, Domain const& domain,
                              manifest::Section const& spf) {
  std::vector<std::string> terms;
  if (spf.present("mechanisms"))
    for (auto const& word : spf.texts("mechanisms")) terms.push_back(mechanism(manifest, word));
  else
    terms = default_mechanisms(manifest, domain);
  std::vector<Asked> parts;
  if (auto const* split = spf.node("split"); split != nullptr) {
    for (auto const& entry : split->entries) {
      auto const name = records::below(entry.key, domain.name);
      if (!name) continue;
      std::vector<std::string> inner;
      for (auto const& word : spf.section("split").texts(entry.key))
        inner.push_back(mechanism(manifest, word));
      inner.push_back(all_term(spf));
      parts.push_back({*name, joined(inner), "SPF of " + domain.name.display() + " includes it",
                       entry.value.place});
      terms.push_back("include:" + name->display());
    }
  }
  for (auto const& name : spf.texts("include")) terms.push_back("include:" + name);
  terms.push_back(all_term(spf));
  auto const place = spf.present("mechanisms") ? spf.place("mechanisms")
                     : spf.present("include")  ? spf.place("include")
                                               : domain.place;
  parts.insert(parts.begin(),
               Asked{domain.name, joined(terms),
                     "it says who may send mail as " + domain.name.display(), place});
  return parts;
}

std::vector<Asked> asked(Manifest const& manifest, Domain const& domain) {
  if (domain.absent) return {};
  if (domain.sends_no_mail)
    return {{domain.name, "v=spf1 -all", domain.name.display() + " sends no mail", domain.place}};
  auto const spf = domain.section.section("spf");
  auto const* text = spf.node("text");
  if (text == nullptr) return structured(manifest, domain, spf);
  std::vector<Asked> out;
  for (auto const& entry : text->entries) {
    auto const name = records::below(entry.key, domain.name);
    if (!name) continue;
    out.push_back({*name, entry.value.scalar,
                   *name == domain.name ? "it says who may send mail as " + domain.name.display()
                                        : "SPF of " + domain.name.display() + " includes it",
                   entry.value.place, true});
  }
  return out;
}

bool spf_in_records(Manifest const& manifest, dns::Name const& name) {
  auto const* zone = manifest.zone_of(name);
  if (zone == nullptr) return false;
  return std::any_of(zone->records.begin(), zone->records.end(),
                     [&](manifest::ZoneRecord const& record) {
                       if (record.name != name) return false;
                       if (record.type == dns::type::cname) return true;
                       if (record.type != dns::type::txt) return false;
                       auto const octets = dns::txt_octets(record.value);
                       return octets && syntax::is_record(*octets);
                     });
}

/// Bounces have an empty sender, so receivers check the HELO name (RFC 7208 2.4).
void helo(Manifest const& manifest, std::vector<dns::Name> const& taken, Host const& host,
          Compiled& out) {
  bool const own = std::binary_search(taken.begin(), taken.end(), host.fqdn);
  if (own || spf_in_records(manifest, host.fqdn) || !(host.send || host.mx || host.submit)) return;
  records::publish(
      manifest, out,
      {host.fqdn, dns::type::txt, dns::txt_value("v=spf1 a -all"), records::asked_by(host),
       "receivers check the HELO name of host " + host.key + " for bounces", host.place.at});
}

void compile(Manifest const& manifest, Facts const& /*facts*/, TimePoint /*now*/, Compiled& out) {
  std::vector<dns::Name> taken;
  for (auto const& domain : manifest.domains) {
    for (auto& record : asked(manifest, domain)) {
      taken.push_back(record.name);
      records::publish(manifest, out,
                       {record.name, dns::type::txt, dns::txt_value(record.text),
                        records::asked_by(domain), record.reason, record.place.at});
    }
  }
  std::sort(taken.begin(), taken.end());
  for (auto const& host : manifest.hosts) helo(manifest, taken, host, out);
}

constexpr manifest::Code codes[] = {
    {"spf-syntax", "An SPF record that does not parse",
     "RFC 7208 4.6: one mistake anywhere makes the whole record a permerror, and receivers treat "
     "the domain as if it had none, or worse.\n\n"
     "Wrong:  v=spf1 ipv4:192.0.2.1 ~all\n"
     "Right:  v=spf1 ip4:192.0.2.1 ~all"},
    {"spf-questionable", "An SPF term that is legal but does not do what it seems to",
     "Terms behind `all` are never reached, unknown modifiers are ignored, `ptr` should not be "
     "used "
     "(RFC 7208 5.5), and `+all` lets everybody send as you."},
    {"spf-too-many-lookups", "An SPF record spends more than ten DNS look-ups",
     "RFC 7208 4.6.4: include, a, mx, ptr, exists and redirect cost one look-up each, in included "
     "records too. The eleventh makes the record a permerror.\n\n"
     "Offline mailstack follows the includes that this manifest publishes. Others are unknown, so "
     "the count is 'at least'. Replace `a:` of hosts with stable addresses by `ip4:`/`ip6:`, and "
     "drop includes of services that no longer send for you."},
    {"spf-lookups-unknown", "The number of SPF look-ups is known only as 'at least'",
     "An include names a record that others publish. What it costs can change on any day, so leave "
     "room below ten. `domains.D.spf.max_lookups` makes validate object earlier."},
    {"spf-too-many-voids", "An SPF record meets more than two empty answers",
     "RFC 7208 4.6.4: names that do not exist, or have no record of the type asked for, count as "
     "void. The third makes the record a permerror.\n\nRemove terms whose names are gone."},
    {"spf-broken-chain", "An SPF record leads to one that cannot be evaluated",
     "An include or redirect of a name without an SPF record, with two of them, with one that does "
     "not parse, or of a name that leads back, is a permerror (RFC 7208 5.2, 6.1)."},
    {"spf-twice", "Two SPF records at one name",
     "RFC 7208 4.5: more than one `v=spf1` at a name is a permerror.\n\n"
     "mailstack derives one for each domain. Write your own under `domains.D.spf` "
     "(`text:` takes it literally) instead of under `records:`."},
    {"spf-name", "A name below the domain that cannot be one",
     "The keys of `spf.text` and `spf.split` are names relative to the domain; `@` is the domain "
     "itself.\n\n"
     "Wrong:  text: {\"_spf..x\": \"v=spf1 -all\"}\n"
     "Right:  text: {_spf: \"v=spf1 -all\"}"},
    {"spf-of-parked", "An SPF record for a domain that sends no mail",
     "`mail: none` publishes `v=spf1 -all`: nobody sends for the domain. Remove one of the two."},
};

std::string chain_text(std::vector<std::string> const& chain) {
  std::string text;
  for (auto const& name : chain) text += (text.empty() ? "" : " → ") + name;
  return text;
}

/// `example.org: a, mx; example.org → _spf.example.org: a:smtp.example.org`
std::string spending(std::vector<syntax::Spender> const& spenders) {
  std::string text;
  std::vector<std::string> const* last = nullptr;
  for (auto const& spender : spenders) {
    if (last == nullptr || *last != spender.chain)
      text += (text.empty() ? "" : "; ") + chain_text(spender.chain) + ": ";
    else
      text += ", ";
    text += spender.term;
    last = &spender.chain;
  }
  return text;
}

/// Where in the manifest a record's text stands, as far as that is known.
struct Origin {
  manifest::Place place;
  bool literal = false;
  unsigned limit = syntax::lookup_limit;
  Domain const* domain = nullptr;
};

/// The very words where they stand literally, else the item of a list that became the term.
manifest::Place place_of(Origin const& origin, std::string const& text,
                         mail::Mistake const& mistake) {
  auto place = origin.place;
  if (origin.literal) {
    place.at.column += static_cast<unsigned>(mistake.offset) + 1;  // the opening quote
    place.octets = static_cast<unsigned>(mistake.length);
    return place;
  }
  if (origin.domain == nullptr) return place;
  auto const term = text.substr(mistake.offset, mistake.length);
  for (auto const* key : {"mechanisms", "include"}) {
    auto const* node = origin.domain->section.section("spf").node(key);
    if (node == nullptr) continue;
    for (auto const& item : node->items)
      if (item.scalar == term || "include:" + item.scalar == term) return item.place;
  }
  return place;
}

/// A bare word may be the key of a host that was left out because of an error of its own.
bool may_be_host(Manifest const& manifest, std::string_view term) {
  return manifest.left_out.hosts && term.find_first_of(":/=") == std::string_view::npos;
}

void check_syntax(Manifest const& manifest, PublishedRecord const& record, Origin const& origin,
                  std::string const& text, syntax::Parsed const& parsed,
                  manifest::Diagnostics& diagnostics) {
  for (auto const& mistake : parsed.mistakes) {
    if (!origin.literal && may_be_host(manifest, text.substr(mistake.offset, mistake.length)))
      continue;
    auto const place = place_of(origin, text, mistake);
    auto& problem =
        mistake.fatal
            ? diagnostics.error("spf-syntax", place,
                                "SPF of " + record.name.display() + ": " + mistake.what)
            : diagnostics.warning("spf-questionable", place,
                                  "SPF of " + record.name.display() + ": " + mistake.what);
    problem.cause = mistake.fatal ? "RFC 7208 4.6: a mistake anywhere makes the record a permerror"
                                  : "receivers follow RFC 7208, whatever was meant";
    problem.remedy = "mend what is marked; the record is \"" + text + "\"";
  }
}

void check_lookups(PublishedRecord const& record, Origin const& origin,
                   syntax::Budget const& budget, manifest::Diagnostics& diagnostics) {
  auto const count = budget.lookups.size();
  std::string const at_least = budget.at_least() ? "at least " : "";
  auto const name = record.name.display();
  if (count > origin.limit) {
    auto& problem =
        diagnostics.error("spf-too-many-lookups", origin.place,
                          "SPF of " + name + " spends " + at_least + std::to_string(count) +
                              " look-ups, and " + std::to_string(origin.limit) + " are allowed");
    problem.cause = spending(budget.lookups);
    problem.remedy = origin.limit < syntax::lookup_limit
                         ? "drop a term, write addresses as ip4: and ip6:, or raise spf.max_lookups"
                         : "drop a term, or write addresses as ip4: and ip6:, which cost nothing";
  } else if (budget.at_least()) {
    auto& problem =
        diagnostics.information("spf-lookups-unknown", origin.place,
                                "SPF of " + name + " spends at least " + std::to_string(count) +
                                    " of " + std::to_string(syntax::lookup_limit) + " look-ups");
    problem.cause = spending(budget.lookups) + "; not counted: what " + spending(budget.open) +
                    " adds, which others publish";
  }
  if (budget.voids.size() > syntax::void_limit) {
    auto& problem =
        diagnostics.error("spf-too-many-voids", origin.place,
                          "SPF of " + name + " meets " + std::to_string(budget.voids.size()) +
                              " empty answers, and 2 are allowed");
    problem.cause = spending(budget.voids);
    problem.remedy = "remove the terms whose names have no record";
  }
}

void check_faults(PublishedRecord const& record, Origin const& origin, syntax::Budget const& budget,
                  manifest::Diagnostics& diagnostics) {
  for (auto const& fault : budget.faults) {
    auto const message = "SPF of " + record.name.display() + ": " + fault.term + " " + fault.what;
    auto& problem = fault.certain ? diagnostics.error("spf-broken-chain", origin.place, message)
                                  : diagnostics.warning("spf-broken-chain", origin.place, message);
    problem.cause = "RFC 7208 5.2: that is a permerror (" + chain_text(fault.chain) + ")";
    problem.remedy = "publish a record there, or take the term out";
  }
}

void check_twice(Published const& published, dns::Name const& name, Origin const& origin,
                 manifest::Diagnostics& diagnostics) {
  PublishedRecord const* first = nullptr;
  for (auto const* record : published.at(name, dns::type::txt)) {
    auto const octets = dns::txt_octets(record->value);
    if (!octets || !syntax::is_record(*octets)) continue;
    if (first == nullptr) {
      first = record;
      continue;
    }
    if (record->value == first->value) continue;
    auto& problem = diagnostics.error("spf-twice", record->declared ? record->place : origin.place,
                                      name.display() + " would have two SPF records");
    problem.cause =
        "RFC 7208 4.5: more than one is a permerror; " + first->value + " and " + record->value;
    problem.remedy =
        "write the one record under domains." + name.display() + ".spf (text: takes it literally)";
    problem.related.emplace_back(first->place, "the other one comes from here");
  }
}

std::vector<std::pair<dns::Name, Origin>> origins(Manifest const& manifest) {
  std::vector<std::pair<dns::Name, Origin>> all;
  for (auto const& domain : manifest.domains) {
    if (domain.absent) continue;
    auto const limit =
        domain.sends_no_mail
            ? syntax::lookup_limit
            : static_cast<unsigned>(domain.section.section("spf").number("max_lookups"));
    for (auto const& record : asked(manifest, domain))
      all.push_back({record.name, {record.place, record.literal, limit, &domain}});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](auto const& a, auto const& b) { return a.first < b.first; });
  return all;
}

void check_record(Manifest const& manifest, Published const& published,
                  PublishedRecord const& record, Origin const& origin, std::string const& text,
                  manifest::Diagnostics& diagnostics) {
  auto const parsed = syntax::parse(text);
  check_syntax(manifest, record, origin, text, parsed, diagnostics);
  auto const budget = syntax::spend(
      parsed.record, record.name,
      [&](dns::Name const& name, dns::Type type) { return published.known(name, type); });
  check_lookups(record, origin, budget, diagnostics);
  check_faults(record, origin, budget, diagnostics);
}

void check_names(Domain const& domain, manifest::Diagnostics& diagnostics) {
  auto const spf = domain.section.section("spf");
  for (auto const* key : {"text", "split"}) {
    auto const* node = spf.node(key);
    if (node == nullptr) continue;
    for (auto const& entry : node->entries) {
      auto const name = dns::Name::parse(entry.key, domain.name);
      if (name && name->within(domain.name)) continue;
      auto& problem =
          diagnostics.error("spf-name", entry.key_place,
                            "'" + entry.key + "' is no name at or below " + domain.name.display());
      problem.cause = name ? "it lies elsewhere" : name.error().what;
      problem.remedy = "write it relative to the domain, such as _spf, or @ for the domain itself";
    }
  }
}

void check_parked(Domain const& domain, manifest::Diagnostics& diagnostics) {
  auto const spf = domain.section.section("spf");
  for (auto const* key : {"text", "mechanisms", "include", "split", "all"}) {
    if (spf.origin(key) != manifest::Origin::manifest) continue;
    auto& problem = diagnostics.error("spf-of-parked", spf.place(key),
                                      domain.name.display() + " sends no mail, and says who may");
    problem.cause = "`mail: none` publishes v=spf1 -all";
    problem.remedy = "remove spf, or `mail: none`";
    return;
  }
}

/// What asked for the record of the name; `otherwise` where nothing did.
Origin origin_of(std::vector<std::pair<dns::Name, Origin>> const& known, dns::Name const& name,
                 Origin const& otherwise) {
  auto const found = std::lower_bound(
      known.begin(), known.end(), name,
      [](auto const& entry, dns::Name const& wanted) { return entry.first < wanted; });
  return found != known.end() && found->first == name ? found->second : otherwise;
}

void check(Manifest const& manifest, Published const& published,
           manifest::Diagnostics& diagnostics) {
  for (auto const& domain : manifest.domains) {
    if (domain.absent) continue;
    check_names(domain, diagnostics);
    if (domain.sends_no_mail) check_parked(domain, diagnostics);
  }
  auto const known_origins = origins(manifest);
  std::vector<dns::Name> seen;
  for (auto const& record : published.all()) {
    if (record.type != dns::type::txt) continue;
    auto const octets = dns::txt_octets(record.value);
    if (!octets) continue;
    auto origin = Origin{record.place};
    if (!record.declared) origin = origin_of(known_origins, record.name, origin);
    if (!syntax::is_record(*octets)) {
      // A text that was asked for as SPF and is none must not pass as some other TXT.
      if (origin.literal)
        check_syntax(manifest, record, origin, *octets, syntax::parse(*octets), diagnostics);
      continue;
    }
    check_record(manifest, published, record, origin, *octets, diagnostics);
    seen.push_back(record.name);
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  for (auto const& name : seen)
    check_twice(published, name, origin_of(known_origins, name, {}), diagnostics);
}

}  // namespace

extern Feature const feature_spf;
Feature const feature_spf{"spf", rows, codes, check, compile};

}  // namespace mailstack::features
