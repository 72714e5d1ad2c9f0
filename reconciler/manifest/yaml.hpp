#pragma once
/// \file
/// YAML text becomes a tree with places, or diagnostics.
///
/// The dialect is the safe part of YAML 1.2: one document; keys are text and stand once; no `<<`,
/// no tags; `null`, `~` and nothing are null; every other scalar is text until the key table says
/// what it should be. yaml-cpp reads the syntax (its own node tree is linear to look up, takes
/// double keys silently and forgets where a value stood, so it is not used).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/manifest/node.hpp"

namespace mailstack::manifest {

/// What a file may cost. An alias is counted with all that it repeats, so a few lines of aliases of
/// aliases end at the limit and not in memory.
struct YamlLimits {
  std::size_t octets = std::size_t{16} << 20;
  std::size_t nodes = 2'000'000;
  std::size_t repeated_nodes = 100'000;  ///< made by aliases
  unsigned depth = 32;
};

/// Parses `text`, which messages call `file`. Nothing is returned where the syntax broke (the rest
/// of the file cannot be trusted then); a double key, `<<` or a tag is an error too, but the tree
/// is returned, so that the other problems are reported in the same run. Line and column count
/// octets from 1; a byte order mark is skipped and not counted.
std::optional<Node> parse_yaml(std::string const& file, std::string_view text,
                               Diagnostics& diagnostics, YamlLimits const& limits = {});

/// Says `yaml-too-large` of the file as a whole: also before it is read, where its size is known.
void too_large(std::string const& file, YamlLimits const& limits, Diagnostics& diagnostics);

}  // namespace mailstack::manifest
