#include "core/dns/reach.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "core/dns/rdata.hpp"

namespace mailstack::dns {

namespace {

struct Range {
  std::string_view first;  ///< an address of it
  unsigned bits;           ///< that all its addresses have in common
};

constexpr Range inside_networks[] = {
    {"0.0.0.0", 8},      {"10.0.0.0", 8},    {"100.64.0.0", 10},  {"127.0.0.0", 8},
    {"169.254.0.0", 16}, {"172.16.0.0", 12}, {"192.168.0.0", 16}, {"224.0.0.0", 3},
    {"::", 127},         {"fc00::", 7},      {"fe80::", 10},      {"ff00::", 8},
};

bool holds(Range const& range, std::string_view octets) {
  auto const first = address_octets(std::string(range.first));
  if (first.size() != octets.size()) return false;
  for (unsigned bit = 0; bit < range.bits; ++bit) {
    auto const differs = static_cast<unsigned char>(first[bit / 8] ^ octets[bit / 8]);
    if ((differs >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

}  // namespace

bool inside_one_network(std::string const& address) {
  auto const octets = address_octets(address);
  return std::any_of(std::begin(inside_networks), std::end(inside_networks),
                     [&](Range const& range) { return holds(range, octets); });
}

}  // namespace mailstack::dns
