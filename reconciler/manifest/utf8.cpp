#include "reconciler/manifest/utf8.hpp"

#include <unistr.h>
#include <uniwidth.h>

#include <cstdint>

namespace mailstack::manifest {

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  auto const* start = reinterpret_cast<std::uint8_t const*>(text.data());
  std::uint8_t const* bad = u8_check(start, text.size());
  if (!bad) return std::nullopt;
  return static_cast<std::size_t>(bad - start);
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  auto const* at = reinterpret_cast<std::uint8_t const*>(text.data());
  auto const* const end = at + text.size();
  while (at < end) {
    ucs4_t character = 0;
    int const length = u8_mbtoucr(&character, at, static_cast<std::size_t>(end - at));
    if (length <= 0) return width;
    int const columns = character == '\t' ? 1 : uc_width(character, "UTF-8");
    if (columns > 0) width += static_cast<std::size_t>(columns);
    at += length;
  }
  return width;
}

}  // namespace mailstack::manifest
