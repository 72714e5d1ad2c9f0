#pragma once
/// \file
/// RRsets as PowerDNS's API writes them, and back. Pure.

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/rrset.hpp"
#include "core/result/result.hpp"
#include "providers/dns_provider.hpp"

namespace mailstack::powerdns {

/// What a zone holds.
struct Listing {
  using Key = std::pair<dns::Name, dns::Type>;

  /// What is served, without SOA and, where `dnssec` is set, without what a signer makes. Sorted by
  /// name and type.
  std::vector<dns::RRset> rrsets;
  /// Records that somebody switched off (`disabled`), as PowerDNS spells them. They are not served
  /// and not listed, but a write of their RRset must send them along or they are gone.
  std::map<Key, std::vector<std::string>> disabled;
  /// RRsets that our codec cannot read, with the reason: PowerDNS's own types (ALIAS, LUA), or an
  /// rdata that it does not check. They are left alone.
  std::map<std::string, std::string> opaque;  ///< by `NAME TYPE`
  bool dnssec = false;

  /// The served RRset, or one without values.
  [[nodiscard]] dns::RRset find(dns::Name const& name, dns::Type type) const;
};

/// The key of Listing::opaque: `www.example.org. ALIAS`.
std::string opaque_key(dns::Name const& name, std::string_view type);

/// Reads the body of `GET /zones/{id}`. Fails with unavailable, saying where, when it is not JSON,
/// ends early, lacks a field, or is about another zone than `zone`: then it is not PowerDNS that
/// answered, or it broke off.
Result<Listing> parse_zone(std::string body, dns::Name const& zone);

/// One RRset in a PATCH: REPLACE with the served and the disabled records, or DELETE where neither
/// is left. Comments are not mentioned, and so they stay (seen with 4.7: an absent `comments`
/// leaves them, DELETE takes them along).
std::string format_change(dns::RRset const& after, std::span<std::string const> disabled);

/// The disabled records that stay beside `after`: those that it does not switch on.
std::vector<std::string> kept_disabled(Listing const& listing, dns::RRset const& after);

/// Bodies of PATCH requests, each at most `max_size` octets (a single name may exceed it), that
/// together write all `changes`. A PATCH is one transaction in which PowerDNS goes from first to
/// last: so changes at one name stay in one body (a CNAME excludes its neighbours), removals first.
struct Patch {
  std::string body;
  std::vector<std::size_t> changes;  ///< indices into the span
};
std::vector<Patch> format_patches(std::span<dns::RRset const> changes, Listing const& listing,
                                  std::size_t max_size);

/// The text of `{"error": "…"}`, or the body itself where it is something else; at most 500 octets.
std::string parse_error(std::string_view body);

/// A zone in a URL: octets other than letters, digits, `.`, `-` and `_` are `=XX` (pdns'
/// apiZoneNameToId).
std::string format_zone_id(dns::Name const& zone);

}  // namespace mailstack::powerdns
