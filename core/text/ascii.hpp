#pragma once
/// \file
/// Letters of ASCII and no others, whatever the locale says: names of DNS, header fields and SMTP.

#include <string>
#include <string_view>

namespace mailstack::ascii {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

}  // namespace mailstack::ascii
