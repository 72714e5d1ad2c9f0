#pragma once
/// \file
/// Cuts the name of an address into its parts, for the kinds whose addresses are `HOST/DOMAIN/…`.

#include <string>
#include <string_view>
#include <vector>

#include "core/dns/name.hpp"

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

/// `local@domain` for people: the domain in A-labels as everywhere, though the daemon's directory
/// has U-labels, so that one name is written one way in all that is said.
inline std::string shown_address(std::string const& local, std::string const& domain) {
  auto const name = dns::Name::parse(domain);
  return local + "@" + (name ? name->display() : domain);
}

}  // namespace mailstack::kinds
