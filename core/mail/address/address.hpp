#pragma once
/// \file
/// A mail address `local@domain` (RFC 5321 4.1.2, RFC 6531 3.3).

#include <string>
#include <string_view>

#include "core/dns/name.hpp"
#include "core/result/result.hpp"

namespace mailstack::mail {

/// The local part is compared as it is: only the domain that owns it may fold its case (RFC
/// 5321 2.4).
struct Address {
  std::string local;  ///< without quotes and escapes; UTF-8
  dns::Name domain;

  /// `local@domain` with the domain in A-labels; quotes only where the local part needs them.
  [[nodiscard]] std::string text() const;
  bool operator==(Address const&) const = default;
};

/// Parses a dot-string or a quoted string, an `@`, and a domain with U-labels or A-labels. Fails
/// with invalid and says which part is wrong: no `@`, an empty side, a local part over 64 octets, a
/// domain with one label only, an address literal, characters that need quotes.
Result<Address> parse_address(std::string_view text);

}  // namespace mailstack::mail
