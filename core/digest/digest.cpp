#include "core/digest/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace mailstack::digest {

namespace {

std::string digest_of(std::string_view octets, EVP_MD const* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(octets.data(), octets.size(), digest.data(), &size, algorithm, nullptr) != 1)
    return {};
  return {reinterpret_cast<char const*>(digest.data()), size};
}

std::string hmac_of(std::string_view key, std::string_view octets, EVP_MD const* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(algorithm, key.data(), static_cast<int>(key.size()),
           reinterpret_cast<unsigned char const*>(octets.data()), octets.size(), digest.data(),
           &size) == nullptr)
    return {};
  return {reinterpret_cast<char const*>(digest.data()), size};
}

std::string hexadecimal(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (char const octet : octets) {
    text += digits[static_cast<unsigned char>(octet) >> 4U];
    text += digits[static_cast<unsigned char>(octet) & 15U];
  }
  return text;
}

}  // namespace

std::string sha256_octets(std::string_view octets) { return digest_of(octets, EVP_sha256()); }

std::string sha256(std::string_view octets) { return hexadecimal(sha256_octets(octets)); }

std::string md5(std::string_view octets) { return hexadecimal(digest_of(octets, EVP_md5())); }

std::string hmac_sha1(std::string_view key, std::string_view octets) {
  return hmac_of(key, octets, EVP_sha1());
}

std::string hmac_sha256(std::string_view key, std::string_view octets) {
  return hmac_of(key, octets, EVP_sha256());
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mailstack::digest
