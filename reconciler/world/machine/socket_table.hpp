#pragma once
/// \file
/// The kernel's tables of TCP sockets, as text: /proc/net/tcp and /proc/net/tcp6 (proc(5)).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mailstack::world {

struct ListeningSocket {
  std::string address;  ///< canonical
  std::uint16_t port = 0;
  unsigned user = 0;
  std::uint64_t inode = 0;

  bool operator==(ListeningSocket const&) const = default;
};

/// The sockets in state LISTEN, in the order of the table. Lines that are none are left out: the
/// table comes from the kernel, and a later one may say more.
std::vector<ListeningSocket> parse_socket_table(std::string_view table);

}  // namespace mailstack::world
