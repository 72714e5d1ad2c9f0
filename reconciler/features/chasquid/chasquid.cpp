#include "reconciler/features/chasquid/chasquid.hpp"

#include <charconv>

namespace mailstack::features::chasquid {

std::optional<Release> parse_release(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  auto const* const end = version.data() + version.size();
  Release release;
  auto const major = std::from_chars(version.data(), end, release.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  auto const minor = std::from_chars(major.ptr + 1, end, release.minor);
  if (minor.ec != std::errc()) return std::nullopt;
  return release;
}

}  // namespace mailstack::features::chasquid
