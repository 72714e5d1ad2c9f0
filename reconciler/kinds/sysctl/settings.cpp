#include "reconciler/kinds/sysctl/settings.hpp"

#include <algorithm>

#include "reconciler/kinds/sysctl/spec.hpp"

namespace mailstack::kinds::sysctl {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  auto const start = text.find_first_not_of(blanks);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(blanks) - start + 1);
}

/// Where the first separator is a slash, slashes separate and dots belong to names; else the other
/// way round (sysctl.d(5)).
std::string dotted(std::string_view key) {
  std::string text(key);
  auto const separator = text.find_first_of("./");
  if (separator == std::string::npos || text[separator] == '.') return text;
  for (auto& c : text) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return text;
}

}  // namespace

std::map<std::string, std::string> settings_in(std::string_view text) {
  std::map<std::string, std::string> all;
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('-')) line.remove_prefix(1);
    auto const equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    auto const key = trimmed(line.substr(0, equals));
    if (!key.empty()) all[dotted(key)] = plain(line.substr(equals + 1));
  }
  return all;
}

}  // namespace mailstack::kinds::sysctl
