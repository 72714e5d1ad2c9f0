#include "daemon/control/shown.hpp"

#include <unictype.h>
#include <unistr.h>

#include <array>
#include <cstdint>
#include <cstdio>

namespace mailstack::control {

namespace {

constexpr std::size_t most_word = 512;
constexpr std::size_t most_clause = 1024;

/// One character of UTF-8, or one octet that is none.
struct Character {
  std::string_view octets;
  std::uint32_t point = 0;
  bool valid = false;
};

Character take(std::string_view& text) {
  ucs4_t point = 0;
  auto const length =
      u8_mbtoucr(&point, reinterpret_cast<std::uint8_t const*>(text.data()), text.size());
  Character taken{text.substr(0, length > 0 ? static_cast<std::size_t>(length) : 1), point,
                  length > 0};
  text.remove_prefix(taken.octets.size());
  return taken;
}

/// Has ink: no control, no space, no mark of direction, nothing private or unassigned.
bool inked(std::uint32_t point) {
  if (point < 0x80) return point > 0x20 && point < 0x7f;
  return uc_is_general_category_withtable(point, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
                                                     UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_P |
                                                     UC_CATEGORY_MASK_S);
}

void append_escape(std::string& out, Character const& one) {
  std::array<char, 16> text{};
  if (one.valid)
    std::snprintf(text.data(), text.size(), "\\u{%x}", static_cast<unsigned>(one.point));
  else
    std::snprintf(text.data(), text.size(), "\\x%02x",
                  static_cast<unsigned>(static_cast<unsigned char>(one.octets.front())));
  out += text.data();
}

/// `text` with what has no ink escaped; spaces stay. `plain` becomes false where it is no word.
std::string escaped(std::string_view text, std::size_t most, bool quoted, bool& plain) {
  std::string out;
  std::size_t seen = 0;
  while (!text.empty()) {
    auto const one = take(text);
    seen += one.octets.size();
    if (seen > most) {
      out += "…";
      break;
    }
    bool const special = one.valid && quoted && (one.point == '"' || one.point == '\\');
    if (special || !one.valid || !inked(one.point) || one.point == '[' || one.point == ']')
      plain = false;
    if (special)
      out.append("\\").append(one.octets);
    else if (one.valid && (inked(one.point) || one.point == ' '))
      out.append(one.octets);
    else
      append_escape(out, one);
  }
  return out;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const one = take(text);
    out.append(one.valid ? one.octets : std::string_view("\xef\xbf\xbd"));
  }
  return out;
}

std::string word(std::string_view text) {
  bool plain = !text.empty();
  auto shown = escaped(text, most_word, true, plain);
  return plain ? shown : "\"" + shown + "\"";
}

std::string clause(std::string_view text) {
  bool plain = true;
  return escaped(text, most_clause, false, plain);
}

}  // namespace mailstack::control
