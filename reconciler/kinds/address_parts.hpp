#pragma once
/// \file
/// Cuts the name of an address into its parts, for the kinds whose addresses are `HOST/DOMAIN/…`.

#include <string>
#include <string_view>
#include <vector>

namespace mailstack::kinds {

/// The first `count - 1` parts between slashes, and the whole rest as the last one: a local part or
/// a path may hold slashes itself. Empty where there are fewer parts, or where one is empty.
inline std::vector<std::string> address_parts(std::string_view name, std::size_t count) {
  std::vector<std::string> parts;
  while (parts.size() + 1 < count) {
    auto const slash = name.find('/');
    if (slash == std::string_view::npos || slash == 0) return {};
    parts.emplace_back(name.substr(0, slash));
    name.remove_prefix(slash + 1);
  }
  if (name.empty()) return {};
  parts.emplace_back(name);
  return parts;
}

}  // namespace mailstack::kinds
