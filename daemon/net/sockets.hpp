#pragma once
/// \file
/// Addresses of sockets as text, and the other way.

#include <sys/socket.h>

#include "core/result/result.hpp"
#include "daemon/net/stream.hpp"

namespace mailstack::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] sockaddr const* get() const { return reinterpret_cast<sockaddr const*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

/// Fails with invalid for what is neither a numeric address nor a path.
Result<SocketAddress> socket_address(Endpoint const& endpoint);
/// IPv4 in IPv6 as IPv4; a unix socket as its path, `unix` where it has none.
Endpoint endpoint_of(SocketAddress const& address);

Endpoint local_endpoint(int fd);
Endpoint peer_endpoint(int fd);

}  // namespace mailstack::net
