#include "daemon/net/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace mailstack::net {

Result<SocketAddress> socket_address(Endpoint const& endpoint) {
  SocketAddress to;
  auto const& text = endpoint.address;
  if (text.find('/') != std::string::npos) {
    auto* at = reinterpret_cast<sockaddr_un*>(&to.storage);
    if (text.size() >= sizeof(at->sun_path))
      return fail(ErrorCode::invalid, text + ": a socket's path has at most 107 octets");
    at->sun_family = AF_UNIX;
    std::memcpy(at->sun_path, text.c_str(), text.size() + 1);
    to.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + 1);
    return to;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&to.storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    to.size = sizeof *v4;
    return to;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&to.storage);
  if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    to.size = sizeof *v6;
    return to;
  }
  return fail(ErrorCode::invalid, text + " is not an address");
}

Endpoint endpoint_of(SocketAddress const& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  switch (address.family()) {
    case AF_INET: {
      auto const* v4 = reinterpret_cast<sockaddr_in const*>(&address.storage);
      ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
      return {text.data(), ntohs(v4->sin_port)};
    }
    case AF_INET6: {
      auto const* v6 = reinterpret_cast<sockaddr_in6 const*>(&address.storage);
      if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        ::inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text.data(), text.size());
      else
        ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
      return {text.data(), ntohs(v6->sin6_port)};
    }
    case AF_UNIX: {
      auto const* at = reinterpret_cast<sockaddr_un const*>(&address.storage);
      bool const named = address.size > offsetof(sockaddr_un, sun_path) && at->sun_path[0] == '/';
      return {named ? std::string(at->sun_path) : std::string("unix"), 0};
    }
    default: return {};
  }
}

Endpoint local_endpoint(int fd) {
  SocketAddress at;
  at.size = sizeof at.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&at.storage), &at.size) != 0) return {};
  return endpoint_of(at);
}

Endpoint peer_endpoint(int fd) {
  SocketAddress at;
  at.size = sizeof at.storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&at.storage), &at.size) != 0) return {};
  return endpoint_of(at);
}

}  // namespace mailstack::net
