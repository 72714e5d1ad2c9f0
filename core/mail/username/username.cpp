#include "core/mail/username/username.hpp"

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace mailstack::mail {

namespace {

std::uint8_t const* octets_of(std::string const& text) {
  return reinterpret_cast<std::uint8_t const*>(text.data());
}

void append(std::string& text, ucs4_t character) {
  std::array<std::uint8_t, 6> octets{};
  int const length =
      u8_uctomb(octets.data(), character, static_cast<std::ptrdiff_t>(octets.size()));
  for (int i = 0; i < length; ++i) text += static_cast<char>(octets[static_cast<std::size_t>(i)]);
}

/// RFC 8265 3.3.2 rule 1: the width mapping.
ucs4_t plain_width(ucs4_t character) {
  int tag = 0;
  std::array<ucs4_t, UC_DECOMPOSITION_MAX_LENGTH> parts{};
  int const length = uc_decomposition(character, &tag, parts.data());
  bool const by_width = length == 1 && (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW);
  return by_width ? parts[0] : character;
}

/// RFC 8264 9.17: a character that compatibility normalization would change.
bool has_compatibility(ucs4_t character) {
  int tag = 0;
  std::array<ucs4_t, UC_DECOMPOSITION_MAX_LENGTH> parts{};
  return uc_decomposition(character, &tag, parts.data()) >= 0 && tag != UC_DECOMP_CANONICAL;
}

/// RFC 8264 4.2: the IdentifierClass, without its rarely met exceptions by context.
bool allowed(ucs4_t character) {
  if (character < 0x80) return character > 0x20 && character != 0x7f && character != '@';
  if (has_compatibility(character)) return false;
  // ZERO WIDTH JOINER and its kin are format characters and so not among the letters.
  uc_general_category_t const letter_or_digit =
      uc_general_category_or(uc_general_category_or(UC_LETTER, UC_MARK), UC_DECIMAL_DIGIT_NUMBER);
  return uc_is_general_category(character, letter_or_digit) ||
         uc_is_general_category(character, UC_NON_SPACING_MARK);
}

template <class Visit>
void each_character(std::string const& text, Visit visit) {
  std::size_t at = 0;
  while (at < text.size()) {
    ucs4_t character = 0;
    int const length = u8_mbtouc(&character, octets_of(text) + at, text.size() - at);
    at += length > 0 ? static_cast<std::size_t>(length) : 1;
    visit(character);
  }
}

}  // namespace

Result<std::string> normalize_username(std::string_view name) {
  std::string const text(name);
  if (text.empty()) return fail(ErrorCode::invalid, "a user name cannot be empty");
  if (u8_check(octets_of(text), text.size()))
    return fail(ErrorCode::invalid, "a user name is UTF-8");
  std::string mapped;
  each_character(text, [&](ucs4_t character) { append(mapped, plain_width(character)); });

  std::size_t length = 0;
  std::uint8_t* lowered =
      u8_tolower(octets_of(mapped), mapped.size(), nullptr, UNINORM_NFC, nullptr, &length);
  if (!lowered) return fail(ErrorCode::internal, "no memory for a user name");
  std::string normal(reinterpret_cast<char const*>(lowered), length);
  std::free(lowered);

  bool legal = true;
  // `/` is legal in PRECIS and in mail, but names become parts of paths.
  each_character(
      normal, [&](ucs4_t character) { legal = legal && allowed(character) && character != '/'; });
  if (!legal)
    return fail(ErrorCode::invalid,
                "a user name holds letters, digits and ASCII signs without spaces, `@` and `/`");
  if (normal.size() > 64)  // RFC 5321 4.5.3.1.1
    return fail(ErrorCode::invalid, "a user name has at most 64 octets");
  return normal;
}

}  // namespace mailstack::mail
