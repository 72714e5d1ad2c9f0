#include "core/digest/digest.hpp"

#include <openssl/evp.h>

#include <array>

namespace mailstack::digest {

std::string sha256_octets(std::string_view octets) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(octets.data(), octets.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    return {};
  return {reinterpret_cast<char const*>(digest.data()), size};
}

std::string sha256(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (char const octet : sha256_octets(octets)) {
    text += digits[static_cast<unsigned char>(octet) >> 4U];
    text += digits[static_cast<unsigned char>(octet) & 15U];
  }
  return text;
}

}  // namespace mailstack::digest
