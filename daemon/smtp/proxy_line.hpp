#pragma once
/// \file
/// The line in which a proxy says whom it speaks for: PROXY protocol, version 1, the text form.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailstack::smtp {

struct ProxyLine {
  enum class Fate { incomplete, wrong, whole } fate = Fate::incomplete;
  std::string address;     ///< whole: of the client, canonical; empty for UNKNOWN
  std::uint16_t port = 0;  ///< of the client
  std::size_t octets = 0;  ///< whole: how many the line took, with CRLF
};

/// Reads `PROXY TCP4|TCP6 SOURCE DESTINATION PORT PORT` or `PROXY UNKNOWN …` at the front of
/// `octets`: at most 107 of them with CRLF. Wrong as soon as it cannot become right. On a port
/// where TLS comes first the line comes before it, so the transport reads it there itself.
ProxyLine parse_proxy_line(std::string_view octets);

}  // namespace mailstack::smtp
