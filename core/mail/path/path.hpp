#pragma once
/// \file
/// What stands between the angle brackets of MAIL and RCPT: a path of SMTP (RFC 5321 4.1.2, RFC
/// 6531 3.3). Wider than an Address: a path may be null, may name a host by its address, and
/// `postmaster` stands alone.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack::mail {

struct Path {
  static constexpr std::size_t most_local = 64;    ///< octets, RFC 5321 4.5.3.1.1
  static constexpr std::size_t most_domain = 255;  ///< octets, RFC 5321 4.5.3.1.2
  static constexpr std::size_t most_octets = 256;  ///< with the brackets, RFC 5321 4.5.3.1.3

  std::string local;   ///< without quotes and escapes; UTF-8; compared as it is; in lower case only
                       ///< where it is a bare postmaster
  std::string domain;  ///< A-labels in lower case, or a literal `[192.0.2.1]`,
                       ///< `[IPv6:2001:db8::1]`; empty for the null path and for a bare postmaster

  [[nodiscard]] bool null() const { return local.empty() && domain.empty(); }
  [[nodiscard]] bool literal() const { return domain.starts_with('['); }
  /// Whether a hop without SMTPUTF8 cannot take it: a local part that is not ASCII.
  [[nodiscard]] bool needs_utf8() const;
  /// `local@domain`, quoted where the local part needs it; empty for the null path. Parses back.
  [[nodiscard]] std::string text() const;
  bool operator==(Path const&) const = default;
};

/// Parses what stands between `<` and `>`: empty is the null path, a source route (RFC 5321
/// appendix C) is dropped, a domain may have U-labels. Fails with invalid, and says which part is
/// wrong: a limit above, a dot too many, what needs quotes, a literal that is no address, octets
/// that are no UTF-8.
Result<Path> parse_path(std::string_view text);

}  // namespace mailstack::mail
