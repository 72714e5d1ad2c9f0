#pragma once
/// \file
/// One zone listing made searchable, and what it shows of each claim. Pure.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "reconciler/kinds/dns_record/spec.hpp"
#include "reconciler/kinds/kinds.hpp"

namespace mailstack::kinds::dns_record {

/// Addresses (their names) that mailstack asks for or owns in a zone: the rest is foreign.
using Claims = std::unordered_set<std::string>;

/// What the claims that were looked at account for in a listing.
struct Accounted {
  /// Of the RRsets in listing(): those whose only value is claimed. Nearly all of them.
  std::vector<bool> sole;
  /// In the other RRsets: which of the values in a claimed slot the claim was taken to mean.
  std::unordered_map<std::string, std::string> meant;
};

class ZoneView {
 public:
  ZoneView(dns::Name zone, std::vector<dns::RRset> listing);

  [[nodiscard]] dns::RRset const* find(dns::Name const& name, dns::Type type) const;
  [[nodiscard]] std::vector<dns::RRset> const& listing() const { return listing_; }

  /// The live value in the slot of `place`; where several stand there, `preferred` if it is among
  /// them. Empty: none. A slot that is a value names that value, also where its sort has a slot of
  /// its own (the second SPF record of a name).
  [[nodiscard]] std::string value_in(Place const& place, std::string_view preferred) const;
  /// `wish` is what is asked for there; its value is `preferred` as in value_in(). A neighbour that
  /// `access` purges does not make the RRset a shared one.
  [[nodiscard]] engine::Observation observe(Place const& place, engine::Fields const& wish,
                                            Claims const& claims, ZoneAccess const& access) const;
  /// Notes that `seen` is what observe() showed of the claim `address` at `place`.
  void account(Place const& place, engine::Address const& address, engine::Observation const& seen,
               Accounted& accounted) const;
  /// Everything that nobody claims. `access` says what of it is purged.
  [[nodiscard]] std::vector<engine::Stranger> strangers(Claims const& claims,
                                                        Accounted const& accounted,
                                                        ZoneAccess const& access) const;
  /// True where `name` lies at or below a delegation, so that this zone's servers answer with a
  /// referral.
  [[nodiscard]] bool delegated(dns::Name const& name, dns::Type type) const;

 private:
  [[nodiscard]] engine::Address address_of(dns::RRset const& rrset, std::string const& value) const;
  [[nodiscard]] std::vector<engine::Address> occupants(Place const& place) const;
  [[nodiscard]] bool purged(dns::RRset const& rrset, std::string const& value,
                            ZoneAccess const& access) const;

  dns::Name zone_;
  std::vector<dns::RRset> listing_;  // sorted by name and type
  std::unordered_map<std::string_view, std::pair<std::size_t, std::size_t>>
      names_;  // range in listing_
  std::set<dns::Name> cuts_;
};

}  // namespace mailstack::kinds::dns_record
