/// \file
/// Keys with which mail is signed (RFC 6376, RFC 8463), their records, and how one follows another.
///
/// A period's selector is published before the period begins, signs once its record was seen for
/// long enough, and its record stays until the mail that it signed has arrived (`retire_after`).
/// Each host has keys of its own: no private key travels. The lineage `dkim/DOMAIN/ALGORITHM/HOST`
/// ties them together; the signing copy heads it.

#include <algorithm>
#include <map>

#include "core/mail/dkim/key_record.hpp"
#include "core/text/listed.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/features/rotation/rotation.hpp"
#include "reconciler/kinds/dkim_key/spec.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Domain;
using manifest::Host;
using manifest::Manifest;
using std::chrono::days;
using std::chrono::hours;

constexpr keys::Key rows[] = {
    {.path = "domains.*.dkim",
     .type = Type::mapping,
     .summary = "Keys with which mail of the domain is signed."},
    {.path = "domains.*.dkim.algorithms",
     .type = Type::choice,
     .list = true,
     .fallback = "[rsa2048, ed25519]",
     .choices = "rsa2048|rsa3072|rsa4096|ed25519",
     .summary =
         "One key each; every mail is signed with all of them. An empty list signs nothing."},
    {.path = "domains.*.dkim.selector",
     .type = Type::string,
     .fallback = "\"{yyyymm}{a}\"",
     .summary =
         "Name of the key in the DNS. With {yyyymm} or {yyyymmdd} (start of the period) keys "
         "rotate; {a} is the algorithm, {host} the host, added where several hosts send. "
         "Without variables the key stays.",
     .example = "g19"},
    {.path = "domains.*.dkim.rotate",
     .type = Type::duration,
     .fallback = "180d",
     .minimum = 86400,
     .summary = "How long one key signs, where the selector holds a date."},
    {.path = "domains.*.dkim.retire_after",
     .type = Type::duration,
     .fallback = "14d",
     .minimum = 86400,
     .summary = "How long the record of a key stays after the key has stopped signing."},
};

constexpr Duration publish_ahead = days(14);
constexpr Duration shortest_wait = hours(1);

/// What all keys of one domain have in common.
struct Plan {
  Domain const& domain;
  std::vector<std::string> algorithms;
  std::string pattern;  ///< with {host} where several hosts send
  Duration retire_after;
  bool rotates = false;
  std::string schedule;  ///< of what rotates
  rotation::Period current;
  rotation::Period next;
  bool next_due = false;  ///< near enough to be published
};

std::vector<Host const*> senders(Manifest const& manifest) {
  std::vector<Host const*> hosts;
  for (auto const& host : manifest.hosts)
    if (host.send) hosts.push_back(&host);
  return hosts;
}

std::string pattern_of(Domain const& domain, std::size_t hosts) {
  auto pattern = domain.section.section("dkim").text("selector");
  if (hosts > 1 && pattern.find("{host}") == pattern.npos) pattern += "-{host}";
  return pattern;
}

/// How long before its period a key is published: two weeks, or half a short period.
Duration ahead(Duration rotate) { return std::min(publish_ahead, rotate / 2); }

Plan plan_of(Domain const& domain, std::size_t hosts, TimePoint now) {
  auto const dkim = domain.section.section("dkim");
  Plan plan{domain,
            dkim.texts("algorithms"),
            pattern_of(domain, hosts),
            dkim.duration("retire_after"),
            false,
            {},
            {now, now},
            {now, now},
            false};
  plan.rotates = rotation::rotates(plan.pattern);
  if (!plan.rotates) return plan;
  auto const rotate = dkim.duration("rotate");
  plan.schedule = plan.pattern + " every " + format(rotate);
  auto const jitter = rotation::jitter_of(domain.name.text(), rotate);
  plan.current = rotation::period_at(now, rotate, jitter);
  plan.next = rotation::period_at(plan.current.end, rotate, jitter);
  plan.next_due = now >= plan.next.start - ahead(rotate);
  return plan;
}

manifest::Place place_of(Domain const& domain) {
  auto const dkim = domain.section.section("dkim");
  for (auto const* key : {"selector", "algorithms"})
    if (dkim.origin(key) == manifest::Origin::manifest) return dkim.place(key);
  return domain.place;
}

/// One key on one host.
struct Key {
  Host const& host;
  std::string algorithm;
  std::string selector;
  dns::Name name;  ///< of its record
  std::string lineage;
};

std::optional<Key> key_of(Plan const& plan, Host const& host, std::string const& algorithm,
                          TimePoint start) {
  auto selector = rotation::fill(plan.pattern, {start, algorithm, host.key});
  if (!selector) return std::nullopt;
  auto name = records::below(*selector + "._domainkey", plan.domain.name);
  if (!name) return std::nullopt;
  return Key{host, algorithm, std::move(*selector), std::move(*name),
             "dkim/" + plan.domain.name.display() + "/" + algorithm + "/" + host.key};
}

void settle(engine::Resource& resource, Plan const& plan, Key const& key, Duration after) {
  resource.group = plan.domain.name.display();
  resource.of_domain = true;
  resource.source = place_of(plan.domain).at;
  resource.retirement = engine::Retirement{key.lineage, after};
  resource.schedule = plan.schedule;
}

engine::Resource waiting_key(Plan const& plan, Facts const& facts, Key const& key) {
  auto const domain = plan.domain.name.display();
  auto resource =
      kinds::dkim_key::waiting(key.host.key, domain, key.selector, key.algorithm,
                               facts.key_directory + "/" + domain + "/" + key.selector + ".pem");
  resource.lane = "host/" + key.host.key;
  resource.reason = "host " + key.host.key + " signs mail of " + domain + " with a key of its own";
  settle(resource, plan, key, plan.retire_after);
  return resource;
}

engine::Resource record(manifest::Zone const& zone, Plan const& plan, Key const& key,
                        engine::Resource const& waiting) {
  auto resource = kinds::dns_record::record(zone.name, key.name, dns::type::txt, "dkim",
                                            {waiting.address, "txt"}, zone.ttl);
  resource.lane = records::lane(zone);
  resource.reason = "receivers verify signatures of selector " + key.selector + " with it";
  records::set_hazards(resource, dns::type::txt, "dkim");
  settle(resource, plan, key, plan.retire_after);
  return resource;
}

engine::Resource signing_key(manifest::Zone const& zone, Plan const& plan, Facts const& facts,
                             Key const& key, engine::Resource const& waiting,
                             engine::Resource const& txt) {
  // Who asked for the name before it existed remembers that for up to a negative TTL (RFC 2308 5).
  auto const wait = std::max<Duration>(shortest_wait, Duration(2 * zone.ttl));
  auto resource = kinds::dkim_key::signing(
      waiting, {txt.address, "same_since"}, wait,
      facts.conf_directory + "/domains/" + plan.domain.unicode + "/dkim:" + key.selector + ".pem",
      facts.conf_group);
  resource.lane = "host/" + key.host.key;
  resource.reason = "the daemon signs with every key that it finds here";
  resource.on_remove = {engine::Hazard::dkim};
  settle(resource, plan, key, Duration(0));
  resource.heads = key.lineage;
  return resource;
}

/// Adds the key and its record; where `signs`, the copy that the daemon signs with too.
void add_key(Manifest const& manifest, Facts const& facts, Plan const& plan, Key const& key,
             bool signs, Compiled& out) {
  auto const waiting = waiting_key(plan, facts, key);
  out.resources.push_back(waiting);
  auto const* zone = manifest.zone_of(key.name);
  if (zone == nullptr || zone->provider.empty()) {
    // Nothing here sees that record, and an unpublished key must not sign.
    out.owed.push_back({records::owner_of(zone == nullptr ? plan.domain.name : zone->name),
                        "publish " + key.name.text() +
                            " TXT with the public key that `mailstack "
                            "records " +
                            plan.domain.name.display() + "` shows",
                        std::nullopt});
    out.unmanaged.emplace_back("DKIM signing where the zone is external");
    return;
  }
  auto const txt = record(*zone, plan, key, waiting);
  out.resources.push_back(txt);
  if (signs) out.resources.push_back(signing_key(*zone, plan, facts, key, waiting, txt));
}

void add_timeline(Plan const& plan, std::vector<std::string> const& selectors, Compiled& out) {
  if (!plan.rotates || selectors.empty()) return;
  auto const names = listed(selectors);
  auto const domain = plan.domain.name.display();
  auto const rotate = plan.next.end - plan.next.start;
  if (!plan.next_due)
    out.timeline.emplace_back(plan.next.start - ahead(rotate),
                              "DKIM of " + domain + ": " + names + " published ahead");
  out.timeline.emplace_back(plan.next.start,
                            "DKIM of " + domain + ": " + names +
                                (selectors.size() == 1 ? " begins to sign" : " begin to sign"));
}

void add_keys(Manifest const& manifest, Facts const& facts, Plan const& plan,
              std::vector<Host const*> const& hosts, Compiled& out) {
  std::vector<std::string> coming;
  for (auto const* host : hosts) {
    for (auto const& algorithm : plan.algorithms) {
      if (auto key = key_of(plan, *host, algorithm, plan.current.start))
        add_key(manifest, facts, plan, *key, true, out);
      if (!plan.rotates) continue;
      auto const key = key_of(plan, *host, algorithm, plan.next.start);
      if (!key) continue;
      coming.push_back(key->selector);
      if (plan.next_due) add_key(manifest, facts, plan, *key, false, out);
    }
  }
  add_timeline(plan, coming, out);
}

void compile(Manifest const& manifest, Facts const& facts, TimePoint now, Compiled& out) {
  auto const hosts = senders(manifest);
  if (hosts.empty()) return;
  for (auto const& domain : manifest.domains)
    if (records::sends(domain))
      add_keys(manifest, facts, plan_of(domain, hosts.size(), now), hosts, out);
}

constexpr manifest::Code codes[] = {
    {"dkim-selector-clash", "Two DKIM keys would share one selector",
     "Each algorithm (and each sending host) has a key of its own, and each key a selector of its "
     "own.\n\n"
     "Wrong:  dkim: {algorithms: [rsa2048, ed25519], selector: g19}\n"
     "Right:  dkim: {algorithms: [rsa2048], selector: g19}\n"
     "Right:  dkim: {selector: \"g19{a}\"}"},
    {"dkim-selector-invalid", "A DKIM selector that cannot be a name",
     "RFC 6376 3.1: a selector is one or more DNS labels of letters, digits and hyphens. The "
     "variables are {yyyymm}, {yyyymmdd}, {a} and {host}."},
    {"dkim-period-too-short", "A DKIM selector would come twice",
     "A selector must never name two keys. {yyyymm} needs periods of at least 31 days, {yyyymmdd} "
     "of at least one.\n\n"
     "Wrong:  dkim: {selector: \"{yyyymm}{a}\", rotate: 14d}\n"
     "Right:  dkim: {selector: \"{yyyymmdd}{a}\", rotate: 14d}"},
    {"dkim-rotate-unused", "`rotate` is set, but the selector holds no date",
     "A selector without {yyyymm} or {yyyymmdd} names one key for good, so nothing rotates."},
    {"dkim-key-large", "A DKIM record that does not fit one small DNS answer",
     "The record of an RSA key of 3072 bits or more is longer than 512 octets. Answers then come "
     "with EDNS or over TCP, which some old receivers do not ask for. rsa2048 beside ed25519 is "
     "what works everywhere (RFC 8301, RFC 8463)."},
    {"dkim-key-weak", "A DKIM record with a key that receivers do not trust",
     "RFC 8301 3.2: RSA keys under 1024 bits are not verified, and signers use at least 2048."},
    {"dkim-record-syntax", "A DKIM record that does not parse",
     "RFC 6376 3.6.1: `v=DKIM1; k=rsa; p=…`, where p is the base64 of the public key."},
};

void check_selectors(Plan const& plan, std::vector<Host const*> const& hosts,
                     manifest::Diagnostics& diagnostics) {
  auto const place = place_of(plan.domain);
  auto const domain = plan.domain.name.display();
  auto const about = "the DKIM selector of " + domain + ": ";
  std::map<std::string, std::string> seen;
  for (auto const* host : hosts) {
    for (auto const& algorithm : plan.algorithms) {
      auto const selector =
          rotation::fill(plan.pattern, {plan.current.start, algorithm, host->key});
      std::string fault;
      if (!selector)
        fault = selector.error().what;
      else if (selector->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") !=
               selector->npos)
        fault = "'" + *selector + "' holds more than lower-case letters, digits and hyphens";
      else if (!records::below(*selector + "._domainkey", plan.domain.name))
        fault = "'" + *selector + "._domainkey." + domain + "' is longer than a name may be";
      if (!fault.empty()) {
        auto& problem = diagnostics.error("dkim-selector-invalid", place, about + fault);
        problem.cause = "RFC 6376 3.1: a selector is a part of a domain name";
        problem.remedy = "use letters, digits, hyphens and the variables, such as \"{yyyymm}{a}\"";
        return;
      }
      auto const [other, added] = seen.emplace(*selector, algorithm + " on " + host->key);
      if (added) continue;
      auto& problem =
          diagnostics.error("dkim-selector-clash", place,
                            "two DKIM keys of " + domain + " would have the selector " + *selector);
      problem.cause = other->second + ", and " + algorithm + " on " + host->key;
      problem.remedy = "write {a} into the selector (" +
                       plan.domain.section.section("dkim").text("selector") +
                       "{a}), or name one algorithm";
      return;
    }
  }
}

void check_period(Plan const& plan, manifest::Diagnostics& diagnostics) {
  auto const dkim = plan.domain.section.section("dkim");
  auto const domain = plan.domain.name.display();
  if (!plan.rotates) {
    if (dkim.origin("rotate") != manifest::Origin::manifest || plan.domain.incomplete) return;
    auto& problem = diagnostics.warning("dkim-rotate-unused", dkim.place("rotate"),
                                        "DKIM keys of " + domain + " do not rotate");
    problem.cause = "the selector '" + dkim.text("selector") + "' holds no date";
    problem.remedy = "write {yyyymm} into the selector, or drop rotate";
    return;
  }
  auto const shortest = rotation::shortest_period(plan.pattern);
  if (dkim.duration("rotate") >= shortest || plan.domain.incomplete) return;
  auto& problem = diagnostics.error(
      "dkim-period-too-short",
      dkim.present("rotate") ? dkim.place("rotate") : place_of(plan.domain),
      "DKIM keys of " + domain + " would rotate every " + format(dkim.duration("rotate")) +
          ", and two of them would share a selector");
  problem.cause =
      "the selector '" + dkim.text("selector") + "' stays the same for up to " + format(shortest);
  problem.remedy = "rotate after " + format(shortest) + " or later, or write {yyyymmdd}";
}

void check_size(Plan const& plan, manifest::Diagnostics& diagnostics) {
  for (auto const& algorithm : plan.algorithms) {
    if (algorithm != "rsa3072" && algorithm != "rsa4096") continue;
    auto& problem =
        diagnostics.information("dkim-key-large", place_of(plan.domain),
                                "the DKIM record of an " + algorithm + " key has about " +
                                    (algorithm == "rsa3072" ? "580" : "750") + " octets");
    problem.cause =
        "it does not fit a DNS answer of 512 octets, and some receivers ask for no more";
    problem.remedy = "rsa2048 beside ed25519 is understood everywhere";
  }
}

void check_declared(PublishedRecord const& record, manifest::Diagnostics& diagnostics) {
  auto const octets = dns::txt_octets(record.value);
  if (!octets || !mail::dkim::is_record(*octets)) return;
  auto const parsed = mail::dkim::parse(*octets);
  if (!parsed) {
    auto& problem =
        diagnostics.error("dkim-record-syntax", record.place,
                          "DKIM record " + record.name.display() + ": " + parsed.error().what);
    problem.cause = "receivers cannot verify with it (RFC 6376 3.6.1)";
    problem.remedy = "write it as v=DKIM1; k=rsa; p=KEY";
    return;
  }
  auto const bits = mail::dkim::rsa_bits(*parsed);
  if (!bits || *bits >= 2048) return;
  auto const message = "DKIM record " + record.name.display() + " holds an RSA key of " +
                       std::to_string(*bits) + " bits";
  auto& problem = *bits < 1024 ? diagnostics.error("dkim-key-weak", record.place, message)
                               : diagnostics.warning("dkim-key-weak", record.place, message);
  problem.cause = *bits < 1024 ? "RFC 8301 3.2: receivers do not verify with less than 1024 bits"
                               : "RFC 8301 3.2: signers use at least 2048 bits";
  problem.remedy = "make a new key of 2048 bits under a new selector";
}

void check(Manifest const& manifest, Published const& published,
           manifest::Diagnostics& diagnostics) {
  auto const hosts = senders(manifest);
  for (auto const& domain : manifest.domains) {
    if (!records::sends(domain) || hosts.empty()) continue;
    auto const plan = plan_of(domain, hosts.size(), TimePoint{});
    if (plan.algorithms.empty()) continue;
    check_selectors(plan, hosts, diagnostics);
    check_period(plan, diagnostics);
    check_size(plan, diagnostics);
  }
  for (auto const& record : published.all())
    if (record.declared && record.type == dns::type::txt) check_declared(record, diagnostics);
}

}  // namespace

extern Feature const feature_dkim;
Feature const feature_dkim{"dkim", rows, codes, check, compile};

}  // namespace mailstack::features
