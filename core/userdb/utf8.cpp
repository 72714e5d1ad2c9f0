#include "core/userdb/utf8.hpp"

#include <cstdint>
#include <cstdlib>

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

namespace mailstack::userdb {

namespace {

/// RFC 8265 3.3.2 rule 1: fullwidth and halfwidth forms become their decompositions. The forms of
/// ASCII make the whole of those that a local part can hold and a keyboard gives.
ucs4_t narrow(ucs4_t rune) {
  return rune >= 0xFF01 && rune <= 0xFF5E ? rune - 0xFF01 + 0x21 : rune;
}

}  // namespace

/// Octets of the UTF-8 sequence at the start of `text`; 0 where there is none (RFC 3629 4).
std::size_t utf8_length(std::string_view text) {
  auto const octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto const follows = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && octet(i) >= low && octet(i) <= high;
  };
  unsigned const first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1, 0x80, 0xBF) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    // No overlong forms, no surrogates.
    unsigned const low = first == 0xE0 ? 0xA0 : 0x80;
    unsigned const high = first == 0xED ? 0x9F : 0xBF;
    return follows(1, low, high) && follows(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    unsigned const low = first == 0xF0 ? 0x90 : 0x80;
    unsigned const high = first == 0xF4 ? 0x8F : 0xBF;
    return follows(1, low, high) && follows(2, 0x80, 0xBF) && follows(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    auto const length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string fold_user(std::string_view name) {
  if (name.empty() || !is_utf8(name)) return std::string(name);
  std::string narrowed;
  for (auto rest = name; !rest.empty();) {
    auto const length = utf8_length(rest);
    ucs4_t rune = 0;
    u8_mbtouc(&rune, reinterpret_cast<std::uint8_t const*>(rest.data()), length);
    std::uint8_t octets[6];
    auto const written = u8_uctomb(octets, narrow(rune), sizeof octets);
    narrowed.append(reinterpret_cast<char const*>(octets), static_cast<std::size_t>(written));
    rest.remove_prefix(length);
  }
  std::size_t size = 0;
  auto* const lower = u8_tolower(reinterpret_cast<std::uint8_t const*>(narrowed.data()),
                                 narrowed.size(), nullptr, UNINORM_NFC, nullptr, &size);
  if (lower == nullptr) return narrowed;
  std::string folded(reinterpret_cast<char const*>(lower), size);
  std::free(lower);
  return folded;
}

}  // namespace mailstack::userdb
