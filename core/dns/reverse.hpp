#pragma once
/// \file
/// The name under which an address's PTR stands, and what its PTRs should say.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/name.hpp"

namespace mailstack::dns {

/// `203.0.113.10` → `10.113.0.203.in-addr.arpa.` (RFC 1035 3.5), `2001:db8::1` → 32 nibbles below
/// `ip6.arpa.` (RFC 3596 2.5). Fails with invalid for what is no address.
Result<Name> reverse_name(std::string_view address);

/// What the PTRs of an address say, beside what they should.
struct ReverseMatch {
  bool right = false;               ///< one of them is the name that was wanted
  std::vector<std::string> others;  ///< all but that, without the final dot, for people
};
ReverseMatch compare_reverse(std::span<std::string const> names, std::string_view wanted);

/// `name` without its final dot; the root stays `.`.
std::string without_dot(std::string_view name);

}  // namespace mailstack::dns
