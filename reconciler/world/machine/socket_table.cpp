#include "reconciler/world/machine/socket_table.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <sstream>

namespace mailstack::world {

namespace {

template <class Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The kernel prints the address as 32-bit words of its own byte order, whose octets in memory are
/// those of the address.
std::optional<std::string> address(std::string_view hex) {
  if (hex.size() != 8 && hex.size() != 32) return std::nullopt;
  std::array<unsigned char, 16> octets{};
  for (std::size_t at = 0; at < hex.size(); at += 8) {
    auto const word = number<std::uint32_t>(hex.substr(at, 8), 16);
    if (!word) return std::nullopt;
    std::memcpy(octets.data() + at / 2, &*word, sizeof *word);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(hex.size() == 8 ? AF_INET : AF_INET6, octets.data(), text.data(), text.size());
  return text.data();
}

std::optional<ListeningSocket> listening(std::string const& line) {
  constexpr std::string_view listen = "0A";  // TCP_LISTEN
  std::istringstream words(line);
  std::string slot, local, remote, state, queues, timer, retransmits, user, timeouts, inode;
  if (!(words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
        timeouts >> inode) ||
      state != listen)
    return std::nullopt;
  auto const colon = local.find(':');
  if (colon == std::string::npos) return std::nullopt;
  auto const where = address(std::string_view(local).substr(0, colon));
  auto const port = number<std::uint16_t>(std::string_view(local).substr(colon + 1), 16);
  auto const uid = number<unsigned>(user, 10);
  auto const node = number<std::uint64_t>(inode, 10);
  if (!where || !port || !uid || !node) return std::nullopt;
  return ListeningSocket{*where, *port, *uid, *node};
}

}  // namespace

std::vector<ListeningSocket> parse_socket_table(std::string_view table) {
  std::vector<ListeningSocket> all;
  std::istringstream lines{std::string(table)};
  for (std::string line; std::getline(lines, line);)
    if (auto one = listening(line)) all.push_back(*std::move(one));
  return all;
}

}  // namespace mailstack::world
