#pragma once
/// \file
/// Which content of a file a process has loaded or should have: `PATH SHA256`, the output that
/// kinds of files offer and that units refer to.

#include <string>
#include <string_view>
#include <utility>

#include "core/digest/digest.hpp"

namespace mailstack::kinds {

/// The path is part of it, so that a list of versions says which file is which.
inline std::string format_version(std::string_view path, std::string_view content) {
  return std::string(path).append(" ").append(digest::sha256(content));
}

/// Of a thing that is there or is not, and has no content that a process could have in an older
/// state: a folder, a key that is never written over.
inline std::string format_presence(std::string_view path) { return format_version(path, {}); }

/// Path and digest; without a digest the whole text is the path.
inline std::pair<std::string, std::string> parse_version(std::string_view version) {
  auto const space = version.rfind(' ');
  if (space == std::string_view::npos) return {std::string(version), {}};
  return {std::string(version.substr(0, space)), std::string(version.substr(space + 1))};
}

}  // namespace mailstack::kinds
