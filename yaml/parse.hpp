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

#include "yaml/node.hpp"

namespace mailstack::yaml {

/// What a file may cost. An alias is counted with all that it repeats, so a few lines of aliases of
/// aliases end at the limit and not in memory.
struct Limits {
  std::size_t octets = std::size_t{16} << 20;
  std::size_t nodes = 2'000'000;
  std::size_t repeated_nodes = 100'000;  ///< made by aliases
  unsigned depth = 32;
};

/// What a file is called in messages, and the remedies that not every kind of file has.
struct Words {
  std::string_view noun = "configuration";  ///< behind `a` and `no`
  std::string_view several_documents = "remove the `---` and what follows it";
  std::string_view too_large = "look whether this is the right file";
  std::string_view too_many = "look whether this is the right file";
  std::string_view repeated = "write the values out";
  std::string_view merge_key = "repeat a whole value with `&name` and `*name`";
  std::string_view star = "quote it (`\"*\"`)";
};

/// Parses `text`, which messages call `file`. Nothing is returned where the syntax broke (the rest
/// of the file cannot be trusted then); a double key, `<<` or a tag is an error too, but the tree
/// is returned, so that the other problems are reported in the same run. Line and column count
/// octets from 1; a byte order mark is skipped and not counted.
std::optional<Node> parse(std::string const& file, std::string_view text, Diagnostics& diagnostics,
                          Words const& words = {}, Limits const& limits = {});

/// Says `yaml-too-large` of the file as a whole: also before it is read, where its size is known.
void too_large(std::string const& file, Limits const& limits, Words const& words,
               Diagnostics& diagnostics);

}  // namespace mailstack::yaml
