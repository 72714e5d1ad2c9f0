#pragma once
/// \file
/// The manifest and the files that it includes, joined into one tree.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/files/files.hpp"
#include "reconciler/manifest/key_table.hpp"
#include "reconciler/manifest/node.hpp"

namespace mailstack::manifest {

struct SourceFile {
  std::string name;  ///< as messages name it: as the manifest was given, or relative to that
  std::string path;  ///< absolute
  std::string text;
};

struct Joined {
  Node root;
  std::string directory;          ///< absolute, of the main file
  std::vector<SourceFile> files;  ///< the main file first
  bool lost = false;              ///< something was wrong and is not in `root`
};

/// The directory of `path`, absolute: relative paths start at the working directory.
std::string directory_of(std::string const& path);

/// `path` as it stands in the manifest, from `directory` on.
std::string absolute(std::string const& directory, std::string_view path);

/// Reads the main file and what its `include:` names (globs with `*` and `?` in any component,
/// never across `/`; sorted; a file is read once). Mappings whose names are ours are joined;
/// anything that stands in two files is `duplicate-key` with both places, so each host, zone and
/// domain stands whole in one file. A glob without a match is `include-no-match`. Where an
/// included file cannot be read or parsed the others still are, so that their problems are said
/// too; nothing is returned where the main file is such a one.
std::optional<Joined> read_and_join(files::Files& files, std::string const& path,
                                    KeyTable const& table, Diagnostics& diagnostics);
/// The same for a main file whose text is given.
std::optional<Joined> join(files::Files& files, SourceFile main, KeyTable const& table,
                           Diagnostics& diagnostics);

/// SHA-256 over names and contents, in hex.
std::string digest_of(std::vector<SourceFile> const& files);

}  // namespace mailstack::manifest
