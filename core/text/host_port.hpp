#pragma once
/// \file
/// Where something listens, as people read and write it.

#include <cstdint>
#include <string>
#include <string_view>

namespace mailstack {

/// `192.0.2.1:25`, `[2001:db8::1]:25`, `mx.example.org:25`.
inline std::string host_port(std::string_view host, std::uint16_t port) {
  bool const six = host.find(':') != host.npos;
  std::string text(six ? "[" : "");
  text.append(host).append(six ? "]:" : ":");
  return text + std::to_string(port);
}

}  // namespace mailstack
