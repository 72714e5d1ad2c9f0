#include "reconciler/kinds/ptr/reverse_name.hpp"

#include <array>
#include <string>

#include <arpa/inet.h>

namespace mailstack::kinds::ptr {

Result<dns::Name> reverse_name(std::string_view address) {
  std::string const text(address);
  std::array<unsigned char, 16> octets{};
  std::string name;
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) {
    for (std::size_t i = 4; i-- > 0;) name += std::to_string(octets[i]) + ".";
    return dns::Name::parse(name + "in-addr.arpa.");
  }
  if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = octets.size(); i-- > 0;)
      for (unsigned const shift : {0U, 4U}) {
        name += digits[(octets[i] >> shift) & 0xFU];
        name += '.';
      }
    return dns::Name::parse(name + "ip6.arpa.");
  }
  return fail(ErrorCode::invalid, "not an address: " + text);
}

}  // namespace mailstack::kinds::ptr
