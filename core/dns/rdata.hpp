#pragma once
/// \file
/// What canonical_rdata() is made of: the types that have a parser of ours, and the door to ldns
/// for the rest. Only core/dns includes it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/dns/rrset.hpp"

namespace mailstack::dns {

/// How one field of an rdata is read and spelled.
enum class FieldForm : std::uint8_t {
  u8,
  u16,
  u32,
  period,    ///< seconds, also as `1h30m` (SOA)
  ipv4,      ///< RFC 1035 3.4.1
  ipv6,      ///< RFC 5952, never with a dotted tail: PowerDNS 4.7 refuses that
  name,      ///< absolute, lower case
  text,      ///< one character-string, quoted
  tag,       ///< RFC 8659 4.1.1: letters and digits, lower case
  value,     ///< one quoted string of any length (CAA)
  hex,       ///< the rest, joined, lower case, at least one octet
  strings,   ///< the rest as TXT
  services,  ///< the rest as SvcParams (RFC 9460 2.1)
};

struct Field {
  FieldForm form;
  std::string_view label;  ///< for errors: "preference"
};

/// The fields of `type` in order; empty where it has no parser of ours.
std::span<Field const> fields_of(Type type);

/// The SvcParams of `text` in the one spelling: sorted by key, `alpn` and the address hints bare,
/// `ech` and unnamed keys in quotes (what PowerDNS 4.7 prints, and the only form that it accepts).
/// `priority` 0 (alias mode) takes none. Fails with invalid.
Result<std::string> canonical_services(std::string_view text, unsigned priority);

/// The same from the wire (RFC 9460 2.2).
Result<std::string> services_from_wire(std::string_view wire);

/// The 4 or 16 octets of an address in canonical form, and back (RFC 5952).
std::string address_octets(std::string const& address);
std::string format_address(std::string_view octets);

/// The rdata of a type without a parser of ours, by ldns. `presentation` holds words that Words
/// accepts. Where ldns has no presentation for it, or one that does not read back, RFC 3597 form
/// (`\# 4 0a000001`).
Result<std::string> rdata_by_ldns(Type type, std::string_view presentation, Name const& origin);

/// The presentation form of an rdata given by its octets, not yet canonical.
Result<std::string> presentation_of_wire(Type type, std::string_view octets);

}  // namespace mailstack::dns
