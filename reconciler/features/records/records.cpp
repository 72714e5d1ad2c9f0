#include "reconciler/features/records/records.hpp"

#include <algorithm>
#include <utility>

#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::features::records {

namespace dns_record = kinds::dns_record;

Asker asked_by(manifest::Domain const& domain) { return {domain.name.display(), true}; }
Asker asked_by(manifest::Host const& host) { return {host.key, false}; }

bool serves_mail(manifest::Manifest const& manifest) {
  return std::any_of(manifest.domains.begin(), manifest.domains.end(),
                     [](auto const& domain) { return sends(domain); });
}

std::string kept_here(manifest::Manifest const& manifest) {
  for (auto const& domain : manifest.domains) {
    if (!receives(domain)) continue;
    for (auto const& user : domain.users) {
      bool const goes_on = std::any_of(domain.aliases.begin(), domain.aliases.end(),
                                       [&](auto const& alias) { return alias.name == user.name; });
      if (user.receive && !goes_on) return user.name + "@" + domain.unicode;
    }
  }
  return {};
}

engine::Resource* publish(manifest::Manifest const& manifest, Compiled& out, Wish wish) {
  auto const* zone = manifest.zone_of(wish.name);
  if (zone == nullptr || zone->provider.empty()) {
    dns::RRset const record{
        wish.name, wish.type, zone == nullptr ? 0 : zone->ttl, {std::move(wish.value)}};
    auto const& holder = zone != nullptr             ? zone->name
                         : wish.owner == dns::Name() ? wish.name
                                                     : wish.owner;
    out.owed.push_back({owner_of(holder),
                        "publish " + wish.name.text() + " " + wish.type.text() + " " +
                            record.values.front() + " (" + wish.reason + ")",
                        record});
    return nullptr;
  }
  auto const slot = dns_record::slot_of(wish.name, wish.type, wish.value);
  auto resource =
      dns_record::record(zone->name, wish.name, wish.type, std::move(wish.value), zone->ttl);
  resource.lane = lane(*zone);
  resource.group = std::move(wish.asker.group);
  resource.of_domain = wish.asker.of_domain;
  resource.reason = std::move(wish.reason);
  resource.source = std::move(wish.source);
  set_hazards(resource, wish.type, slot);
  out.resources.push_back(std::move(resource));
  return &out.resources.back();
}

void set_hazards(engine::Resource& resource, dns::Type type, std::string_view slot) {
  using engine::Hazard;
  if (type == dns::type::mx) resource.on_remove = {Hazard::mx};
  if (type == dns::type::ns) resource.on_remove = {Hazard::ns};
  if (type == dns::type::tlsa) resource.on_remove = {Hazard::tlsa};
  if (slot == "spf") resource.on_remove = {Hazard::spf};
  if (slot == "dkim") resource.on_remove = {Hazard::dkim};
}

std::string lane(manifest::Zone const& zone) { return "provider/" + zone.provider; }

std::string owner_of(dns::Name const& name) { return "the owner of " + name.display(); }

std::optional<dns::Name> below(std::string_view label, dns::Name const& name) {
  auto parsed = dns::Name::parse(label, name);
  if (!parsed) return std::nullopt;
  return std::move(*parsed);
}

std::optional<engine::Address> address_record(manifest::Manifest const& manifest,
                                              manifest::Host const& host) {
  auto const* zone = manifest.zone_of(host.fqdn);
  if (zone == nullptr || zone->provider.empty()) return std::nullopt;
  if (!host.ipv4.empty())
    return dns_record::address({zone->name, host.fqdn, dns::type::a, host.ipv4});
  if (!host.ipv6.empty())
    return dns_record::address({zone->name, host.fqdn, dns::type::aaaa, host.ipv6});
  return std::nullopt;
}

}  // namespace mailstack::features::records
