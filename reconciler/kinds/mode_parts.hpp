#pragma once
/// \file
/// The mode of a file as specs and states hold it: octal text such as `0640`.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace mailstack::kinds {

/// Four digits.
inline std::string format_mode(unsigned mode) {
  std::string text;
  for (unsigned const shift : {9U, 6U, 3U, 0U})
    text += static_cast<char>('0' + ((mode >> shift) & 7U));
  return text;
}

/// Absent for what is no octal number up to 7777.
inline std::optional<unsigned> parse_mode(std::string_view text) {
  unsigned mode = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size() || mode > 07777) return std::nullopt;
  return mode;
}

/// The mode that a file should have which has `mode` and holds what only the daemon may read: its
/// group reads it, others do not. 0640 and chasquid-util's own 0660 are both right as they are;
/// what is more open than 0660, or closed to the group, becomes 0640.
inline unsigned closed_mode(unsigned mode) {
  constexpr unsigned group_reads = 0040, chasquid_utils = 0660, ours = 0640;
  bool const right = (mode & group_reads) != 0 && (mode & ~chasquid_utils) == 0;
  return right ? mode : ours;
}

}  // namespace mailstack::kinds
