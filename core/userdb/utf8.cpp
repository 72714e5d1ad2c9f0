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

/// What the first octet of a sequence says of the rest.
struct Lead {
  std::size_t length = 0;      ///< of the whole sequence; 0 where none starts so
  unsigned low = 0, high = 0;  ///< the bounds of the second octet
};

/// RFC 3629 4. The bounds keep out overlong forms, surrogates and what lies beyond U+10FFFF.
Lead read_lead(unsigned first) {
  if (first < 0x80) return {1};
  if (first < 0xC2 || first > 0xF4) return {};
  if (first <= 0xDF) return {2, 0x80, 0xBF};
  if (first <= 0xEF) return {3, first == 0xE0 ? 0xA0U : 0x80U, first == 0xED ? 0x9FU : 0xBFU};
  return {4, first == 0xF0 ? 0x90U : 0x80U, first == 0xF4 ? 0x8FU : 0xBFU};
}

}  // namespace

/// Octets of the UTF-8 sequence at the start of `text`; 0 where there is none (RFC 3629 4).
std::size_t utf8_length(std::string_view text) {
  auto const octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto const follows = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && octet(i) >= low && octet(i) <= high;
  };
  auto const lead = read_lead(octet(0));
  if (lead.length > 1 && !follows(1, lead.low, lead.high)) return 0;
  for (std::size_t i = 2; i < lead.length; ++i)
    if (!follows(i, 0x80, 0xBF)) return 0;
  return lead.length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    auto const length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

namespace {

/// Names as almost all are, without the tables.
std::string fold_ascii(std::string_view name) {
  std::string folded(name);
  for (char& c : folded)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return folded;
}

bool is_ascii(std::string_view text) {
  for (char const c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

}  // namespace

std::string fold_user(std::string_view name) {
  if (is_ascii(name)) return fold_ascii(name);
  if (!is_utf8(name)) return std::string(name);
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
