#pragma once
/// \file
/// What the releases of chasquid differ in.

#include <compare>
#include <optional>
#include <string_view>

namespace mailstack::features::chasquid {

struct Release {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(Release const&) const = default;
};

/// Of `1.11-2+b2`, `1.15.1`, `v1.18`. nullopt for what is no version.
std::optional<Release> parse_release(std::string_view version);

/// The end of a message is CRLF.CRLF and nothing else only from this one on (CVE-2023-52354).
inline constexpr Release strict_data{1, 13};
/// Signs with the keys of `domains/D/dkim:SELECTOR.pem` itself; before it a hook must.
inline constexpr Release signs{1, 14};

inline constexpr char const* service = "chasquid.service";

}  // namespace mailstack::features::chasquid
