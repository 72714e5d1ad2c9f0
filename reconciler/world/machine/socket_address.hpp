#pragma once
/// \file
/// An address and a port, as the kernel wants them.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "core/result/result.hpp"

namespace mailstack::world {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] sockaddr const* get() const { return reinterpret_cast<sockaddr const*>(&storage); }
};

/// Fails with invalid for what is no address.
inline Result<SocketAddress> socket_address(std::string const& address, std::uint16_t port) {
  SocketAddress made;
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (::inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    std::memcpy(&made.storage, &four, made.size = sizeof four);
  } else if (::inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    std::memcpy(&made.storage, &six, made.size = sizeof six);
  } else {
    return fail(ErrorCode::invalid, "`" + address + "` is no address");
  }
  return made;
}

}  // namespace mailstack::world
