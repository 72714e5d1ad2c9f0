#include "yaml/utf8.hpp"

#include <unistr.h>

#include <cstdint>

namespace mailstack::yaml {

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  auto const* start = reinterpret_cast<std::uint8_t const*>(text.data());
  std::uint8_t const* bad = u8_check(start, text.size());
  if (!bad) return std::nullopt;
  return static_cast<std::size_t>(bad - start);
}

}  // namespace mailstack::yaml
