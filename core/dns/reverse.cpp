#include "core/dns/reverse.hpp"

#include <arpa/inet.h>

#include <array>

namespace mailstack::dns {

Result<Name> reverse_name(std::string_view address) {
  std::string const text(address);
  std::array<unsigned char, 16> octets{};
  std::string name;
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) {
    for (std::size_t i = 4; i-- > 0;) name += std::to_string(octets[i]) + ".";
    return Name::parse(name + "in-addr.arpa.");
  }
  if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = octets.size(); i-- > 0;)
      for (unsigned const shift : {0U, 4U}) {
        name += digits[(octets[i] >> shift) & 0xFU];
        name += '.';
      }
    return Name::parse(name + "ip6.arpa.");
  }
  return fail(ErrorCode::invalid, "not an address: " + text);
}

ReverseMatch compare_reverse(std::span<std::string const> names, std::string_view wanted) {
  ReverseMatch match;
  for (auto const& name : names)
    if (name == wanted)
      match.right = true;
    else
      match.others.push_back(without_dot(name));
  return match;
}

std::string without_dot(std::string_view name) {
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  return std::string(name);
}

}  // namespace mailstack::dns
