#pragma once
/// \file
/// The name under which an address's PTR stands.

#include <string_view>

#include "core/dns/name.hpp"

namespace mailstack::kinds::ptr {

/// `203.0.113.10` → `10.113.0.203.in-addr.arpa.` (RFC 1035 3.5), `2001:db8::1` → 32 nibbles below
/// `ip6.arpa.` (RFC 3596 2.5). Fails with invalid for what is no address.
Result<dns::Name> reverse_name(std::string_view address);

}  // namespace mailstack::kinds::ptr
