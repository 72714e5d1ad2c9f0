#pragma once
/// \file
/// Letters and white space of ASCII and no others, whatever the locale says: names of DNS, header
/// fields and SMTP.

#include <string>
#include <string_view>

namespace mailstack::ascii {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

/// Without the white space before and behind.
constexpr std::string_view trim(std::string_view text) {
  constexpr std::string_view white = " \t\r\n\v\f";
  auto const start = text.find_first_not_of(white);
  if (start == text.npos) return {};
  return text.substr(start, text.find_last_not_of(white) - start + 1);
}

}  // namespace mailstack::ascii
