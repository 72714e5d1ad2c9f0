#include "reconciler/manifest/manifest.hpp"

#include <algorithm>

namespace mailstack::manifest {

namespace {

template <class T>
T const* by_key(std::vector<T> const& all, std::string_view key) {
  auto const found =
      std::find_if(all.begin(), all.end(), [&](T const& one) { return one.key == key; });
  return found == all.end() ? nullptr : &*found;
}

template <class T>
void index(std::vector<T> const& all, std::unordered_map<std::string, std::size_t>& positions) {
  if (positions.size() == all.size()) return;
  positions.clear();
  for (std::size_t i = 0; i < all.size(); ++i) positions.emplace(all[i].name.text(), i);
}

}  // namespace

Host const* Manifest::host(std::string_view key) const { return by_key(hosts, key); }

Provider const* Manifest::provider(std::string_view key) const { return by_key(providers, key); }

Zone const* Manifest::zone_of(dns::Name const& name) const {
  index(zones, zone_index_);
  for (dns::Name at = name;; at = at.parent()) {
    auto const found = zone_index_.find(at.text());
    if (found != zone_index_.end()) return &zones[found->second];
    if (at == dns::Name()) return nullptr;
  }
}

Domain const* Manifest::domain(dns::Name const& name) const {
  index(domains, domain_index_);
  auto const found = domain_index_.find(name.text());
  return found == domain_index_.end() ? nullptr : &domains[found->second];
}

}  // namespace mailstack::manifest
