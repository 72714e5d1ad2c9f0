#include "reconciler/features/published/published.hpp"

#include <algorithm>
#include <set>

#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::features {
namespace {

bool same_record(PublishedRecord const& a, PublishedRecord const& b) {
  return a.type == b.type && a.ttl == b.ttl && a.value == b.value;
}

}  // namespace

Published::Published(manifest::Manifest const& manifest, Claims const& claims)
    : manifest_(manifest) {
  auto const& left_out = manifest.left_out;
  auto const incomplete = [](auto const& one) { return one.incomplete; };
  anything_left_out_ = left_out.hosts || left_out.zones || left_out.domains ||
                       std::any_of(manifest.hosts.begin(), manifest.hosts.end(), incomplete) ||
                       std::any_of(manifest.domains.begin(), manifest.domains.end(), incomplete);
  auto const& compiled = claims.compiled;
  by_name_.reserve(compiled.resources.size());
  auto const add = [&](PublishedRecord record) {
    auto const& kept = records_.emplace_back(std::move(record));
    auto& at_name = by_name_[kept.name.text()];
    if (at_name.empty()) names_.push_back(kept.name);
    at_name.push_back(&kept);
  };
  for (std::size_t i = 0; i < compiled.resources.size(); ++i) {
    auto const& resource = compiled.resources[i];
    if (resource.address.kind != kinds::dns_record::kind_name) continue;
    auto const place = kinds::dns_record::parse(resource.address);
    if (!place) continue;
    add({place->name,
         place->type,
         resource.spec.text("value"),
         static_cast<std::uint32_t>(resource.spec.number("ttl").value_or(0)),
         declares(*claims.owners[i]),
         resource.reason,
         {resource.source, 0}});
  }
  for (auto const& owed : compiled.owed)
    if (owed.record)
      for (auto const& value : owed.record->values)
        add({owed.record->name,
             owed.record->type,
             value,
             owed.record->ttl,
             owed.declared,
             owed.what,
             {}});
  for (auto& record : records_) {
    if (record.declared) continue;
    auto const& beside = at(record.name);
    record.declared = std::any_of(beside.begin(), beside.end(), [&](auto const* other) {
      return other->declared && same_record(*other, record);
    });
  }
}

std::vector<PublishedRecord const*> const& Published::at(dns::Name const& name) const {
  static std::vector<PublishedRecord const*> const none;
  auto const found = by_name_.find(name.text());
  return found == by_name_.end() ? none : found->second;
}

std::vector<PublishedRecord const*> Published::at(dns::Name const& name, dns::Type type) const {
  std::vector<PublishedRecord const*> found;
  for (auto const* record : at(name))
    if (record->type == type) found.push_back(record);
  return found;
}

mail::spf::Known Published::known(dns::Name const& name, dns::Type type) const {
  using Standing = mail::spf::Known::Standing;
  mail::spf::Known known;
  std::set<std::string> seen;
  for (auto const* record : at(name, type))
    if (seen.insert(record->value).second) known.values.push_back(record->value);
  if (!known.values.empty()) {
    known.standing = Standing::published;
    return known;
  }
  auto const* zone = manifest_.zone_of(name);
  if (zone == nullptr || zone->provider.empty()) return known;  // foreign
  if (zone->incomplete || anything_left_out_) return known;     // it may have been left out
  // An ignored record is somebody's who we do not ask, and a CNAME answers for another name.
  bool const ours_alone = zone->purge == manifest::Zone::Purge::all && zone->ignore.empty() &&
                          at(name, dns::type::cname).empty();
  known.standing = ours_alone ? Standing::absent : Standing::unlisted;
  return known;
}

}  // namespace mailstack::features
