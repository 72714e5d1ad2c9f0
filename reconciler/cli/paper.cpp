#include "reconciler/cli/paper.hpp"

#include <unistr.h>
#include <uniwidth.h>

namespace mailstack::cli {

namespace {

std::string_view code_of(Ink ink) {
  switch (ink) {
    case Ink::plain: return "";
    case Ink::green: return "\x1b[32m";
    case Ink::yellow: return "\x1b[33m";
    case Ink::red: return "\x1b[31m";
    case Ink::cyan: return "\x1b[36m";
    case Ink::bold: return "\x1b[1m";
    case Ink::dim: return "\x1b[2m";
  }
  return "";
}

std::uint8_t const* octets(std::string_view text) {
  return reinterpret_cast<std::uint8_t const*>(text.data());
}

/// Octets of the first character of `text`; 1 for an octet that is not UTF-8, then `point` is none.
std::size_t step(std::string_view text, ucs4_t& point) {
  int const length = u8_mbtoucr(&point, octets(text), text.size());
  if (length > 0) return static_cast<std::size_t>(length);
  point = 0xfffd;
  return 1;
}

std::size_t width_of(ucs4_t point) {
  int const width = uc_width(point, "UTF-8");
  return width > 0 ? static_cast<std::size_t>(width) : 0;
}

/// Octets of the longest beginning of `text` that takes at most `limit` columns.
std::size_t prefix_within(std::string_view text, std::size_t limit) {
  std::size_t at = 0, used = 0;
  while (at < text.size()) {
    ucs4_t point = 0;
    auto const length = step(text.substr(at), point);
    used += width_of(point);
    if (used > limit) break;
    at += length;
  }
  return at;
}

}  // namespace

std::string Paper::paint(Ink ink, std::string_view text) const {
  if (!colour || ink == Ink::plain || text.empty()) return std::string(text);
  std::string painted(code_of(ink));
  painted += text;
  painted += "\x1b[0m";
  return painted;
}

std::string Paper::fit(std::string_view text, std::size_t limit) const {
  if (limit == 0 || verbose || text.size() <= limit || columns(text) <= limit)
    return std::string(text);
  if (limit < 8) return std::string(text.substr(0, prefix_within(text, limit - 1))) + "…";
  std::size_t const tail = limit / 4;
  std::string cut(text.substr(0, prefix_within(text, limit - tail - 1)));
  cut += "…";
  // The first place from which the rest fits; the text is longer than the limit, so there is one.
  std::size_t from = text.size() - std::min(text.size(), tail * 4);
  while (from < text.size() && ((static_cast<unsigned char>(text[from]) & 0xc0) == 0x80 ||
                                columns(text.substr(from)) > tail))
    ++from;
  cut += text.substr(from);
  return cut;
}

std::size_t Paper::room(std::size_t indent) const {
  if (width == 0) return 0;
  return width > indent + 20 ? width - indent : 20;
}

std::size_t columns(std::string_view text) {
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    auto const octet = static_cast<unsigned char>(text[at]);
    if (octet < 0x80) {
      used += octet >= 0x20 && octet != 0x7f;
      ++at;
      continue;
    }
    ucs4_t point = 0;
    at += step(text.substr(at), point);
    used += width_of(point);
  }
  return used;
}

std::string printable(std::string_view text, bool lines) {
  static constexpr char const* digits = "0123456789abcdef";
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto const octet = static_cast<unsigned char>(text[at]);
    if ((octet >= 0x20 && octet < 0x7f) || (lines && octet == '\n')) {
      safe += text[at++];
      continue;
    }
    ucs4_t point = octet;
    std::size_t const length = octet < 0x80 ? 1 : step(text.substr(at), point);
    bool const broken = octet >= 0x80 && length == 1;
    if (octet < 0x80 || broken || (point >= 0x80 && point < 0xa0)) {
      for (std::size_t i = 0; i < length; ++i) {
        auto const raw = static_cast<unsigned char>(text[at + i]);
        safe += "\\x";
        safe += digits[raw >> 4];
        safe += digits[raw & 15];
      }
    } else {
      safe += text.substr(at, length);
    }
    at += length;
  }
  return safe;
}

std::string count(std::size_t number, std::string_view noun) {
  std::string text = std::to_string(number);
  text += ' ';
  text += noun;
  if (number != 1) text += noun.ends_with('s') ? "es" : "s";  // aliases
  return text;
}

}  // namespace mailstack::cli
