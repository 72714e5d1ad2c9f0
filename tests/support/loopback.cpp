#include "tests/support/loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

namespace mailstack::support {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// The socket, bound to `port` (0: any), or none where it is taken.
files::Descriptor bound(int type, std::uint16_t& port) {
  files::Descriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  auto address = loopback(port);
  if (::bind(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return {};
  socklen_t size = sizeof address;
  ::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return socket;
}

}  // namespace

std::uint16_t free_port() {
  for (int i = 0; i < 100; ++i) {
    std::uint16_t port = 0;
    auto const tcp = bound(SOCK_STREAM, port);
    if (tcp.open() && bound(SOCK_DGRAM, port).open()) return port;
  }
  throw std::runtime_error("no free loopback port");
}

files::Descriptor listen_tcp(std::uint16_t& port) {
  port = 0;
  auto socket = bound(SOCK_STREAM, port);
  if (!socket.open() || ::listen(socket.number(), 64) != 0)
    throw std::runtime_error("cannot listen on 127.0.0.1");
  return socket;
}

files::Descriptor connect_tcp(std::uint16_t port) {
  files::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto const address = loopback(port);
  if (::connect(socket.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
    return {};
  return socket;
}

bool wait_for_port(std::uint16_t port, std::chrono::milliseconds patience) {
  auto const end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    if (connect_tcp(port).open()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace mailstack::support
