#pragma once
/// \file
/// The key table and the codes of this program: those of manifest/, of every feature and of every
/// provider that was built in.

#include <vector>

#include "reconciler/manifest/diagnostic.hpp"
#include "reconciler/manifest/key_table.hpp"

namespace mailstack::cli {

/// Made at the first call; lives as long as the program, so manifests may point into it.
manifest::KeyTable const& all_keys();

/// Sorted by code.
std::vector<manifest::Code> const& all_codes();

}  // namespace mailstack::cli
