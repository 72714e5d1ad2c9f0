/// \file
/// Zones: those of `dns.zones` with their records, and those that follow from the domains.

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <sstream>
#include <unordered_set>

#include "core/dns/master_file.hpp"
#include "reconciler/manifest/build.hpp"
#include "reconciler/manifest/values.hpp"

namespace mailstack::manifest {

namespace {

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

void unknown_provider(Build& build, Place const& place, std::string const& word) {
  if (build.out.left_out.providers) return;
  std::vector<std::string_view> known{"external"};
  for (Provider const& provider : build.out.providers) known.push_back(provider.key);
  auto& error = build.diagnostics.error("unknown-provider", place,
                                        quoted(word) + " is not among `dns.providers`");
  error.cause = "a zone is held by an account of this manifest, or by somebody else";
  std::string_view const meant = nearest(word, known);
  error.remedy = meant.empty() ? "name one of them, or `external` for a zone of somebody else"
                               : "did you mean " + quoted(meant) + "?";
}

void choose_provider(Build& build, Section const& section, Node::Entry const& entry, Zone& zone) {
  std::string const word = section.text("provider");
  auto const& all = build.out.providers;
  if (word == "external") return;
  if (!word.empty()) {
    if (!build.out.provider(word)) unknown_provider(build, section.place("provider"), word);
    zone.provider = word;
    return;
  }
  if (all.size() == 1) {
    zone.provider = all.front().key;
    return;
  }
  if (build.out.left_out.providers || entry.value.lost) return;
  auto& error = build.diagnostics.error("zone-without-provider", entry.key_place,
                                        "nobody is said to hold the zone " + quoted(entry.key));
  error.cause = all.empty() ? "there is no `dns.providers`" : "there are several providers";
  error.remedy =
      all.empty() ? "add one, or `provider: external`" : "add `provider: " + all.front().key + "`";
}

/// The words of an ignore line with the column at which each starts (octets from 0).
std::vector<std::pair<std::string, std::size_t>> words(std::string const& text) {
  std::vector<std::pair<std::string, std::size_t>> all;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \t", at)) != std::string::npos;) {
    std::size_t const end = std::min(text.find_first_of(" \t", at), text.size());
    // The value glob is the rest of the line: TXT values hold spaces.
    std::size_t const take = all.size() == 2 ? text.size() : end;
    all.emplace_back(text.substr(at, take - at), at);
    at = take;
  }
  return all;
}

std::vector<dns::Type> ignored_types(Build& build, Node const& line, std::string const& text) {
  std::vector<dns::Type> all;
  std::istringstream types(text);
  for (std::string word; std::getline(types, word, ',');) {
    if (auto const type = dns::Type::parse(word)) {
      all.push_back(*type);
      continue;
    }
    auto& error =
        build.diagnostics.error("ignore-syntax", line.place, quoted(word) + " is no record type");
    error.cause = "the second word of an ignore line says which types";
    error.remedy = "NAME-GLOB [TYPES] [VALUE-GLOB], types with commas: `* A,AAAA`";
  }
  return all;
}

void take_ignore(Build& build, Section const& section, Zone& zone) {
  Node const* node = section.node("ignore");
  if (!node) return;
  std::vector<Node const*> lines;
  if (node->shape == Node::Shape::scalar) lines.push_back(node);
  for (Node const& item : node->items) lines.push_back(&item);
  for (Node const* line : lines) {
    auto const parts = words(line->scalar);
    if (parts.empty()) {
      auto& error = build.diagnostics.error("ignore-syntax", line->place,
                                            "an ignore line names what is ignored");
      error.cause = "this one is empty";
      error.remedy = "NAME-GLOB [TYPES] [VALUE-GLOB], for example `*.dev` or `@ CAA`";
      continue;
    }
    IgnorePattern pattern;
    pattern.name = parts[0].first;
    std::transform(pattern.name.begin(), pattern.name.end(), pattern.name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (parts.size() > 1 && parts[1].first != "*")
      pattern.types = ignored_types(build, *line, parts[1].first);
    if (parts.size() > 2 && parts[2].first != "*") pattern.value = parts[2].first;
    zone.ignore.push_back(std::move(pattern));
  }
}

void take_servers(Build& build, Section const& section, Zone& zone) {
  for (std::string const& text : section.texts("servers"))
    if (auto const endpoint = parse_endpoint(text, "53")) zone.servers.push_back(*endpoint);
  for (std::string const& server : zone.servers) {
    std::string_view host = std::string_view(server).substr(0, server.rfind(':'));
    bool const brackets = host.starts_with('[') && host.ends_with(']');
    if (brackets || parse_ipv4(host)) continue;
    auto& error = build.diagnostics.error("wrong-type", section.place("servers"),
                                          quoted(server) + " is no address of a name server");
    error.cause = "its name would have to be asked of the DNS that is being checked";
    error.remedy = "write an address: `192.0.2.53:53`, `[2001:db8::53]:53`";
  }
}

/// The place in the file of a place in the block's text. Only a literal block keeps its lines.
Place place_in(Node const& block, unsigned line, unsigned column, unsigned octets) {
  Place place = block.place;
  if (block.style != Node::Style::literal) return place;
  place.at.line += line == 0 ? 0 : line - 1;
  place.at.column += column == 0 ? 0 : column - 1;
  place.octets = octets;
  return place;
}

/// What every record must keep to whatever stands beside it.
bool acceptable(Build& build, Zone const& zone, ZoneRecord const& record) {
  if (!record.name.within(zone.name)) {
    auto& error = build.diagnostics.error(
        "record-outside-zone", record.place,
        quoted(record.name.display()) + " does not lie in the zone " + zone.name.display());
    error.cause = "each zone holds the records at and below its own name";
    error.remedy =
        "write it at its own zone; a name without a final dot is completed with the zone";
    return false;
  }
  using namespace dns::type;
  for (dns::Type made : {soa, rrsig, nsec, nsec3, nsec3param, dnskey, cds, cdnskey}) {
    if (record.type != made) continue;
    auto& error = build.diagnostics.error("record-not-ours", record.place,
                                          "a " + record.type.text() + " cannot stand here");
    error.cause = "the DNS host makes it";
    error.remedy = "remove the line";
    return false;
  }
  return true;
}

void check_cname(Build& build, ZoneRecord const& cname, ZoneRecord const& other) {
  auto& error = build.diagnostics.error("cname-beside-others", cname.place,
                                        "a CNAME cannot stand beside the " + other.type.text() +
                                            " of " + quoted(cname.name.display()));
  error.cause = "RFC 1034 3.6.2: an alias has no other data";
  error.remedy = "keep one of the two";
  error.related.emplace_back(other.place, "the " + other.type.text());
}

using Records = std::span<ZoneRecord const* const>;

void check_ttls(Build& build, Records at_name) {
  std::map<dns::Type, ZoneRecord const*> first;
  for (ZoneRecord const* record : at_name) {
    auto const [at, fresh] = first.emplace(record->type, record);
    if (fresh || at->second->ttl == record->ttl) continue;
    auto& error =
        build.diagnostics.error("ttl-differs", record->place,
                                "the " + record->type.text() + " records of " +
                                    quoted(record->name.display()) + " have different TTLs");
    error.cause = "RFC 2181 5.2: all records of one name and type share it";
    error.remedy = "write the same TTL in both lines";
    error.related.emplace_back(at->second->place, "ttl " + std::to_string(at->second->ttl));
  }
}

void check_alias(Build& build, Zone const& zone, Records at_name) {
  auto const is_cname = [](auto const* record) { return record->type == dns::type::cname; };
  auto const cname = std::find_if(at_name.begin(), at_name.end(), is_cname);
  if (cname == at_name.end()) return;
  if ((*cname)->name == zone.name) {
    auto& error = build.diagnostics.error("cname-at-apex", (*cname)->place,
                                          "a CNAME cannot stand at the zone itself");
    error.cause = "RFC 1034 3.6.2: SOA and NS stand there already";
    error.remedy = "write A and AAAA";
  }
  if (at_name.size() > 1) check_cname(build, **cname, *at_name[cname == at_name.begin() ? 1 : 0]);
}

/// Rules between the records of a zone, name by name.
void check_together(Build& build, Zone const& zone) {
  std::vector<ZoneRecord const*> all;
  all.reserve(zone.records.size());
  for (ZoneRecord const& record : zone.records) all.push_back(&record);
  auto const by_name = [](auto const* a, auto const* b) { return a->name < b->name; };
  if (!std::is_sorted(all.begin(), all.end(), by_name))
    std::stable_sort(all.begin(), all.end(), by_name);
  for (auto first = all.begin(); first != all.end();) {
    auto const last = std::find_if(first, all.end(),
                                   [&](auto const* one) { return one->name != (*first)->name; });
    if (last - first > 1) check_ttls(build, {first, last});
    check_alias(build, zone, {first, last});
    first = last;
  }
}

/// Records that are equal but for their TTL and place.
struct SameValue {
  std::size_t operator()(ZoneRecord const* record) const {
    auto const hash = std::hash<std::string>();
    return (hash(record->name.text()) * 31 + record->type.number()) * 31 + hash(record->value);
  }
  bool operator()(ZoneRecord const* a, ZoneRecord const* b) const {
    return a->name == b->name && a->type == b->type && a->value == b->value;
  }
};

void take_records(Build& build, Node const& block, Zone& zone) {
  auto const file = dns::parse_master(block.scalar, {zone.name, zone.ttl, false});
  for (dns::MasterProblem const& problem : file.problems) {
    auto& error = build.diagnostics.error(
        "record-syntax", place_in(block, problem.line, problem.column, problem.length),
        problem.message);
    error.cause = "the lines follow RFC 1035, 5.1";
    error.remedy = "write it as `NAME [TTL] [IN] TYPE DATA`, for example `www 300 IN A 192.0.2.1`";
  }
  zone.incomplete |= !file.problems.empty();
  zone.records.reserve(file.records.size());  // it must not grow: `seen` points into it
  std::unordered_set<ZoneRecord const*, SameValue, SameValue> seen;
  seen.reserve(file.records.size());
  for (dns::MasterRecord const& record : file.records) {
    ZoneRecord made{record.name, record.type, record.ttl, record.value,
                    place_in(block, record.line, record.column, record.length)};
    if (!acceptable(build, zone, made)) {
      zone.incomplete = true;
      continue;
    }
    if (seen.contains(&made)) {
      auto& twice =
          build.diagnostics.warning("record-twice", made.place, "this record stands here twice");
      twice.cause = "DNS holds each value once";
      twice.remedy = "remove one of the two lines";
      continue;
    }
    seen.insert(&zone.records.emplace_back(std::move(made)));
  }
  check_together(build, zone);
}

Zone::Purge purge_of(std::string const& word) {
  if (word == "none") return Zone::Purge::none;
  return word == "all" ? Zone::Purge::all : Zone::Purge::owned;
}

void add_zone(Build& build, Node::Entry const& entry, dns::Name const& name) {
  Section const section(build.table, "dns.zones.*", {&entry.value});
  Zone zone;
  zone.name = name;
  zone.declared = true;
  zone.place = entry.key_place;
  zone.incomplete = build.root.lost || entry.value.incomplete;
  choose_provider(build, section, entry, zone);
  zone.ttl = static_cast<std::uint32_t>(section.number("ttl"));
  zone.purge = purge_of(section.text("purge"));
  take_servers(build, section, zone);
  take_ignore(build, section, zone);
  if (Node const* block = section.node("records")) {
    zone.lists_records = block->scalar.find_first_not_of(" \t\r\n") != std::string::npos;
    build.record_blocks.emplace_back(build.out.zones.size(), block);
  }
  build.out.zones.push_back(std::move(zone));
}

}  // namespace

void build_zones(Build& build) {
  Node const* dns = build.root.find("dns");
  std::map<dns::Name, Place> seen;
  for (Node::Entry const& entry : Build::entries(dns ? dns->find("zones") : nullptr)) {
    auto const name = dns::Name::parse(entry.key);
    auto const legal = name ? name->check_labels() : Result<>(fail(name.error()));
    auto const known = name ? name->check_a_labels() : Result<>();
    if (!legal || !known || name->wildcard() || *name == dns::Name()) {
      auto& error = build.diagnostics.error("bad-domain", entry.key_place,
                                            quoted(entry.key) + " is no name of a zone");
      error.cause = !legal   ? legal.error().what
                    : !known ? known.error().what
                             : "it is no name of one place in the DNS";
      error.remedy = "write the zone as its DNS host names it: `example.org`";
      build.out.left_out.zones = true;
      continue;
    }
    auto const [first, fresh] = seen.emplace(*name, entry.key_place);
    if (!fresh) {
      auto& error =
          build.diagnostics.error("duplicate-name", entry.key_place,
                                  quoted(entry.key) + " names a zone that stands here already");
      error.cause = "case and the writing of umlauts do not make another name";
      error.remedy = "keep one of the two";
      error.related.emplace_back(first->second, "first here");
      continue;
    }
    add_zone(build, entry, *name);
  }
}

void build_records(Build& build) {
  for (auto const& [zone, block] : build.record_blocks)
    take_records(build, *block, build.out.zones[zone]);
}

void derive_zones(Build& build) {
  std::size_t const providers = build.out.providers.size();
  std::vector<Zone> derived;
  std::set<dns::Name> names;
  for (Domain const& domain : build.out.domains) {
    if (build.out.zone_of(domain.name) || !names.insert(domain.name).second) continue;
    auto const& left_out = build.out.left_out;
    if (providers > 1 && !left_out.providers && !left_out.zones) {
      auto& error = build.diagnostics.error(
          "zone-without-provider", domain.place,
          "nobody is said to hold the zone of " + quoted(domain.name.display()));
      error.cause = "there are several providers";
      error.remedy = "add `dns.zones: {" + domain.name.display() +
                     ": {provider: " + build.out.providers.front().key + "}}`";
      continue;
    }
    Zone zone;
    zone.name = domain.name;
    zone.place = domain.place;
    if (providers == 1) zone.provider = build.out.providers.front().key;
    derived.push_back(std::move(zone));
  }
  if (providers == 0 && !derived.empty() && !build.out.left_out.providers)
    build.diagnostics
        .information(
            "no-provider", derived.front().place,
            "no DNS provider is named: the plan says what the owner of each zone must publish")
        .remedy = "add `dns.providers:` so that it is published";
  for (Zone& zone : derived) build.out.zones.push_back(std::move(zone));
}

}  // namespace mailstack::manifest
