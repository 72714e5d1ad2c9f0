#include "reconciler/kinds/dns_record/zone_view.hpp"

#include <algorithm>

#include "core/glob/glob.hpp"
#include "reconciler/engine/plan.hpp"

namespace mailstack::kinds::dns_record {

namespace {

using engine::Observation;

constexpr std::string_view null_mx = "0 .";

bool ignored(ZoneAccess const& access, std::string const& relative, dns::Type type,
             std::string const& value) {
  return std::any_of(access.ignore.begin(), access.ignore.end(), [&](Ignore const& pattern) {
    return glob::matches(pattern.name, relative) &&
           (pattern.types.empty() ||
            std::find(pattern.types.begin(), pattern.types.end(), type) != pattern.types.end()) &&
           (pattern.value.empty() || glob::matches(pattern.value, value));
  });
}

}  // namespace

ZoneView::ZoneView(dns::Name zone, std::vector<dns::RRset> listing)
    : zone_(std::move(zone)), listing_(std::move(listing)) {
  auto const before = [](dns::RRset const& a, dns::RRset const& b) {
    return std::tie(a.name, a.type) < std::tie(b.name, b.type);
  };
  if (!std::is_sorted(listing_.begin(), listing_.end(), before))
    std::sort(listing_.begin(), listing_.end(), before);
  names_.reserve(listing_.size());
  for (std::size_t i = 0; i < listing_.size(); ++i) {
    auto const [entry, fresh] = names_.try_emplace(listing_[i].name.text(), i, i + 1);
    if (!fresh) entry->second.second = i + 1;
    if (listing_[i].type == dns::type::ns && listing_[i].name != zone_)
      cuts_.insert(listing_[i].name);
  }
}

dns::RRset const* ZoneView::find(dns::Name const& name, dns::Type type) const {
  auto const range = names_.find(name.text());
  if (range == names_.end()) return nullptr;
  for (auto i = range->second.first; i < range->second.second; ++i)
    if (listing_[i].type == type) return &listing_[i];
  return nullptr;
}

std::string ZoneView::value_in(Place const& place, std::string_view preferred) const {
  auto const* rrset = find(place.name, place.type);
  std::string found;
  if (rrset == nullptr) return found;
  for (auto const& value : rrset->values) {
    if (value != place.slot && slot_of(place.name, place.type, value) != place.slot) continue;
    if (found.empty() || value == preferred) found = value;
  }
  return found;
}

engine::Address ZoneView::address_of(dns::RRset const& rrset, std::string const& value) const {
  return address({zone_, rrset.name, rrset.type, slot_of(rrset.name, rrset.type, value)});
}

/// RFC 1034 3.6.2: a CNAME stands alone. RFC 7505 3: so does the null MX among MX.
std::vector<engine::Address> ZoneView::occupants(Place const& place) const {
  std::vector<engine::Address> all;
  auto const range = names_.find(place.name.text());
  if (range == names_.end()) return all;
  for (auto i = range->second.first; i < range->second.second; ++i) {
    auto const& rrset = listing_[i];
    for (auto const& value : rrset.values) {
      bool const excludes =
          place.type == dns::type::mx && rrset.type == dns::type::mx
              ? value != place.slot && (value == null_mx || place.slot == null_mx)
              : (place.type == dns::type::cname) != (rrset.type == dns::type::cname);
      if (excludes) all.push_back(address_of(rrset, value));
    }
  }
  return all;
}

/// Challenges are leases of whoever validates just now; the zone's own NS are its delegation.
bool ZoneView::purged(dns::RRset const& rrset, std::string const& value,
                      ZoneAccess const& access) const {
  if (!access.purge_all) return false;
  bool const apex_ns = rrset.type == dns::type::ns && rrset.name == zone_;
  bool const challenge =
      rrset.type == dns::type::txt && rrset.name.text().starts_with("_acme-challenge.");
  return !apex_ns && !challenge &&
         !ignored(access, rrset.name.relative_to(zone_), rrset.type, value);
}

Observation ZoneView::observe(Place const& place, engine::Fields const& wish, Claims const& claims,
                              ZoneAccess const& access) const {
  Observation seen;
  seen.occupants = occupants(place);
  // What excludes ours may have come in its place, as a value beside it may.
  for (auto const& occupant : seen.occupants)
    if (!claims.contains(occupant.name)) seen.neighbours.push_back(occupant);
  auto const* rrset = find(place.name, place.type);
  if (rrset == nullptr) return seen;
  auto const ours = value_in(place, wish.text("value"));
  bool shared = false, doubled = false;
  for (auto const& value : rrset->values) {
    if (value == ours) continue;
    auto neighbour = address_of(*rrset, value);
    if (slot_of(place.name, place.type, value) == place.slot) {
      // The slot holds one value; another one is named by itself, and must go.
      neighbour = address({zone_, place.name, place.type, value});
      seen.occupants.push_back(neighbour);
      doubled = true;
    }
    if (claims.contains(neighbour.name)) continue;
    shared |= !purged(*rrset, value, access);
    seen.neighbours.push_back(std::move(neighbour));
  }
  if (ours.empty()) return seen;
  seen.standing = Observation::Standing::present;
  // Nearly every record is as it should be: one text for both is megabytes in a large zone.
  if (wish.entries().size() == 2 && wish.text("value") == ours && wish.number("ttl") == rrset->ttl)
    seen.state = wish;
  else
    seen.state = {{"value", ours}, {"ttl", std::int64_t{rrset->ttl}}};
  if (doubled) seen.state.set("doubled", true);
  if (shared && !doubled) seen.state.set("shared", true);
  return seen;
}

void ZoneView::account(Place const& place, engine::Address const& address, Observation const& seen,
                       Accounted& accounted) const {
  if (seen.standing != Observation::Standing::present) return;
  accounted.sole.resize(listing_.size());
  auto const* rrset = find(place.name, place.type);
  // A claim may name the value itself where its sort has a slot of its own.
  if (rrset != nullptr && rrset->values.size() == 1 &&
      slot_of(place.name, place.type, rrset->values.front()) == place.slot)
    accounted.sole[static_cast<std::size_t>(rrset - listing_.data())] = true;
  else
    accounted.meant.emplace(address.name, seen.state.text("value"));
}

std::vector<engine::Stranger> ZoneView::strangers(Claims const& claims, Accounted const& accounted,
                                                  ZoneAccess const& access) const {
  std::vector<engine::Stranger> all;
  for (std::size_t i = 0; i < listing_.size(); ++i) {
    if (i < accounted.sole.size() && accounted.sole[i]) continue;
    auto const& rrset = listing_[i];
    for (auto const& value : rrset.values) {
      auto place = address_of(rrset, value);
      if (claims.contains(place.name)) {
        auto const ours = accounted.meant.find(place.name);
        if (ours == accounted.meant.end() || ours->second == value) continue;
        place = address({zone_, rrset.name, rrset.type, value});
      }
      engine::Stranger stranger;
      stranger.address = std::move(place);
      stranger.state = {{"value", value}, {"ttl", std::int64_t{rrset.ttl}}};
      stranger.group = zone_.display();
      stranger.purge = purged(rrset, value, access);
      all.push_back(std::move(stranger));
    }
  }
  return all;
}

bool ZoneView::delegated(dns::Name const& name, dns::Type type) const {
  for (auto at = name; at.within(zone_) && at != zone_; at = at.parent())
    if (cuts_.contains(at)) return !(at == name && type == dns::type::ds);
  return false;
}

}  // namespace mailstack::kinds::dns_record
