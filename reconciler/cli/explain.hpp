#pragma once
/// \file
/// `mailstack explain`: what a code means, what a key is and where its value came from.

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/manifest/manifest.hpp"

namespace mailstack::cli {

/// The text for a code, or for a key: `domains.example.org.dkim.selector` or, as the reference
/// writes it, `domains.*.dkim.selector`. With a manifest the value in force is added, and where it
/// comes from. Fails with not_found and what may have been meant.
Result<std::string> explain(std::string_view word, manifest::Manifest const* manifest);

}  // namespace mailstack::cli
