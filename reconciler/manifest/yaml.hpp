#pragma once
/// \file
/// A file of the manifest becomes a tree: yaml/ in the words of the manifest.

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/manifest/node.hpp"
#include "yaml/parse.hpp"

namespace mailstack::manifest {

using YamlLimits = yaml::Limits;

/// yaml::parse(), with remedies that a manifest has: `include:`, `defaults:`.
std::optional<Node> parse_yaml(std::string const& file, std::string_view text,
                               Diagnostics& diagnostics, YamlLimits const& limits = {});

/// Says `yaml-too-large` of the file as a whole: also before it is read, where its size is known.
void too_large(std::string const& file, YamlLimits const& limits, Diagnostics& diagnostics);

}  // namespace mailstack::manifest
