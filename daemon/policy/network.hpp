#pragma once
/// \file
/// IP addresses as octets: in networks, and as the keys under which clients are counted.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/conf/settings.hpp"

namespace mailstack::policy {

/// 16 octets in network order; IPv4 as `::ffff:a.b.c.d` (RFC 4291 2.5.5.2), which a socket of both
/// families shows too.
using IpOctets = std::array<std::uint8_t, 16>;

/// nullopt for what is no numeric address. A zone (`%eth0`) is dropped.
std::optional<IpOctets> parse_ip(std::string_view text);

/// A conf::Network ready to be compared with.
struct Prefix {
  IpOctets octets{};
  unsigned bits = 128;  ///< of the 128; those of an IPv4 network are counted behind its 96

  [[nodiscard]] bool contains(IpOctets const& address) const;
};
/// nullopt where its address is none or its length is too long for the family.
std::optional<Prefix> prefix_of(conf::Network const& network);

/// What counts as one client: an IPv4 address, the /64 of an IPv6 address, which is one
/// subscriber's. Text that is no address is its own key.
std::string client_key(std::string_view address);

}  // namespace mailstack::policy
