#include "reconciler/cli/all_keys.hpp"

#include <algorithm>

#include "providers/dns_provider.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/manifest/codes.hpp"

namespace mailstack::cli {

manifest::KeyTable const& all_keys() {
  static manifest::KeyTable const table = [] {
    manifest::KeyTable made;
    for (auto const* feature : features::features()) made.add_feature(feature->name, feature->keys);
    for (auto const* type : provider_types())
      made.add_provider(type->name, type->summary, type->keys);
    return made;
  }();
  return table;
}

std::vector<manifest::Code> const& all_codes() {
  static std::vector<manifest::Code> const all = [] {
    auto const own = manifest::codes();
    std::vector<manifest::Code> codes(own.begin(), own.end());
    for (auto const* feature : features::features())
      codes.insert(codes.end(), feature->codes.begin(), feature->codes.end());
    std::sort(codes.begin(), codes.end(),
              [](auto const& a, auto const& b) { return a.code < b.code; });
    return codes;
  }();
  return all;
}

}  // namespace mailstack::cli
