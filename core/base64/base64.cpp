#include "core/base64/base64.hpp"

#include <cstdint>

namespace mailstack::base64 {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string format_unpadded(std::string_view octets) {
  std::string text;
  text.reserve((octets.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char const c : octets) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      text += alphabet[(bits >> held) & 0x3FU];
    }
  }
  if (held > 0) text += alphabet[(bits << (6 - held)) & 0x3FU];
  return text;
}

std::string format(std::string_view octets) {
  auto text = format_unpadded(octets);
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string format_url(std::string_view octets) {
  auto text = format_unpadded(octets);
  for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

Result<std::string> parse(std::string_view text) {
  auto const body = text.substr(0, text.find('='));
  auto const padding = text.size() - body.size();
  if (padding > 0 && (padding > 2 || text.size() % 4 != 0 ||
                      text.substr(body.size()).find_first_not_of('=') != std::string_view::npos))
    return fail(ErrorCode::invalid, "base64 with padding in the wrong place");
  if (body.size() % 4 == 1) return fail(ErrorCode::invalid, "base64 that is cut off");
  std::string octets;
  octets.reserve(body.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char const c : body) {
    auto const value = alphabet.find(c);
    if (value == std::string_view::npos)
      return fail(ErrorCode::invalid, "a character that is not base64");
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      octets += static_cast<char>((bits >> held) & 0xFFU);
    }
  }
  if ((bits & ((1U << held) - 1)) != 0)
    return fail(ErrorCode::invalid, "base64 whose last bits are not zero");
  return octets;
}

}  // namespace mailstack::base64
