/// \file
/// What a zone holds beside mail: the `records:` of dns.zones, and the rules that all records of a
/// zone share.

#include <algorithm>
#include <iterator>

#include "core/dns/rrset.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::features {
namespace {

using manifest::Manifest;
using manifest::Zone;
using manifest::ZoneRecord;

void publish(Zone const& zone, ZoneRecord const& record, Compiled& out) {
  if (zone.provider.empty()) {
    out.owed.push_back(
        {records::owner_of(zone.name),
         "publish " + record.name.text() + " " + record.type.text() + " " + record.value,
         dns::RRset{record.name, record.type, record.ttl, {record.value}}, true});
    return;
  }
  auto resource =
      kinds::dns_record::record(zone.name, record.name, record.type, record.value, record.ttl);
  resource.lane = records::lane(zone);
  resource.group = zone.name.display();
  resource.reason = "the records of zone " + zone.name.display() + " list it";
  resource.source = record.place.at;
  records::set_hazards(resource, record.type,
                       kinds::dns_record::slot_of(record.name, record.type, record.value));
  out.resources.push_back(std::move(resource));
}

void compile(Manifest const& manifest, Facts const& /*facts*/, TimePoint /*now*/, Compiled& out) {
  for (auto const& zone : manifest.zones)
    for (auto const& record : zone.records) publish(zone, record, out);
}

constexpr manifest::Code codes[] = {
    {"cname-beside-others", "A CNAME shares its name with other records",
     "RFC 1034 3.6.2: a name that is an alias has no other records, so it cannot be a domain that "
     "receives mail, nor hold a TXT.\n\n"
     "Wrong:  example.org CNAME www.example.net   beside the MX of example.org\n"
     "Right:  example.org A 192.0.2.1"},
    {"cname-twice", "Two CNAMEs at one name",
     "RFC 1034 3.6.2: an alias has one target. Remove one of the two."},
    {"rrset-ttl-differs", "Records of one name and type have different TTLs",
     "RFC 2181 5.2: all records of an RRset have one TTL. Name servers pick one of them.\n\n"
     "Write the same TTL at each, or none (then it is the zone's)."},
};

void check_alias(Manifest const& manifest, Published const& published, dns::Name const& name,
                 manifest::Diagnostics& diagnostics) {
  auto const aliases = published.at(name, dns::type::cname);
  if (aliases.empty()) return;
  auto const& alias = *aliases.front();
  auto const* zone = manifest.zone_of(name);
  if (alias.declared && zone && zone->name == name) return;  // `cname-at-apex` says it
  for (auto const* record : published.at(name)) {
    if (record->type == dns::type::cname) {
      if (record->value == alias.value) continue;
      auto& problem = diagnostics.error("cname-twice", record->place,
                                        name.display() + " is an alias of two names");
      problem.cause = "RFC 1034 3.6.2: an alias has one target";
      problem.remedy = "remove one of the two CNAMEs";
      problem.related.emplace_back(alias.place, "the other CNAME");
      continue;
    }
    // What a zone's own records do to each other was said, with both lines, when they were read.
    if (alias.declared && record->declared) continue;
    auto& problem = diagnostics.error(
        "cname-beside-others", alias.place,
        name.display() + " is a CNAME, and has the record " + record->type.text() + " " +
            (record->value.empty() ? "of its DKIM key" : record->value) + " too");
    problem.cause = "RFC 1034 3.6.2: a name that is an alias has no other records";
    problem.remedy =
        "replace the CNAME by address records; the other record is needed: " + record->reason;
    problem.related.emplace_back(record->place, "the " + record->type.text() + " comes from here");
    return;
  }
}

void check_ttl(Published const& published, dns::Name const& name,
               manifest::Diagnostics& diagnostics) {
  auto const& all = published.at(name);
  std::vector<PublishedRecord const*> records;
  std::copy_if(all.begin(), all.end(), std::back_inserter(records), [&](auto const* record) {
    // A derived record that the zone lists too takes the TTL that stands there.
    return record->declared || std::none_of(all.begin(), all.end(), [&](auto const* other) {
             return other->declared && other->type == record->type && other->value == record->value;
           });
  });
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto const first = std::find_if(records.begin(), records.end(), [&](auto const* other) {
      return other->type == records[i]->type;
    });
    if (*first == records[i] || (*first)->ttl == records[i]->ttl) continue;
    if (records[i]->declared && (*first)->declared) continue;  // said when they were read
    auto const& odd = records[i]->declared || !(*first)->declared ? *records[i] : **first;
    auto& problem = diagnostics.error("rrset-ttl-differs", odd.place,
                                      records[i]->type.text() + " records of " + name.display() +
                                          " have the TTLs " + std::to_string((*first)->ttl) +
                                          " and " + std::to_string(records[i]->ttl));
    problem.cause = "RFC 2181 5.2: the records of one name and type have one TTL";
    problem.remedy = "write the same TTL at each, or none";
    return;
  }
}

void check(Manifest const& manifest, Published const& published,
           manifest::Diagnostics& diagnostics) {
  for (auto const& name : published.names()) {
    check_alias(manifest, published, name, diagnostics);
    check_ttl(published, name, diagnostics);
  }
}

}  // namespace

extern Feature const feature_zone_records;
Feature const feature_zone_records{"zone_records", {}, codes, check, compile};

}  // namespace mailstack::features
