#include "daemon/policy/network.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace mailstack::policy {

namespace {

constexpr unsigned mapped_bits = 96;
constexpr std::size_t mapped_octets = mapped_bits / 8;
constexpr unsigned subscriber_octets = 8;  // a /64

bool is_mapped(IpOctets const& ip) {
  return std::all_of(ip.begin(), ip.begin() + 10, [](auto octet) { return octet == 0; }) &&
         ip[10] == 0xff && ip[11] == 0xff;
}

}  // namespace

std::optional<IpOctets> parse_ip(std::string_view text) {
  std::string const numeric(text.substr(0, text.find('%')));
  IpOctets ip{};
  if (inet_pton(AF_INET6, numeric.c_str(), ip.data()) == 1) return ip;
  ip = {};
  ip[10] = ip[11] = 0xff;
  if (inet_pton(AF_INET, numeric.c_str(), ip.data() + mapped_octets) == 1) return ip;
  return std::nullopt;
}

bool Prefix::contains(IpOctets const& address) const {
  unsigned const whole = bits / 8;
  if (!std::equal(octets.begin(), octets.begin() + whole, address.begin())) return false;
  unsigned const rest = bits % 8;
  if (rest == 0) return true;
  auto const differing = static_cast<unsigned>(octets[whole] ^ address[whole]);
  return differing >> (8 - rest) == 0;
}

std::optional<Prefix> prefix_of(conf::Network const& network) {
  auto const ip = parse_ip(network.address);
  if (!ip) return std::nullopt;
  bool const four = network.address.find(':') == std::string::npos;
  auto const bits = network.bits + (four ? mapped_bits : 0);
  if (bits > 128) return std::nullopt;
  return Prefix{*ip, bits};
}

std::string client_key(std::string_view address) {
  auto const ip = parse_ip(address);
  if (!ip) return std::string(address);
  auto const from = is_mapped(*ip) ? mapped_octets : 0;
  auto const to = is_mapped(*ip) ? ip->size() : subscriber_octets;
  return {ip->begin() + static_cast<std::ptrdiff_t>(from),
          ip->begin() + static_cast<std::ptrdiff_t>(to)};
}

}  // namespace mailstack::policy
