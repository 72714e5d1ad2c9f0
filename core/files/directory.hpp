#pragma once
/// \file
/// A directory whose files belong together, replaced as one.

#include <span>
#include <string>
#include <string_view>

#include "core/files/files.hpp"

namespace mailstack::files {

struct NewFile {
  std::string name;
  std::string_view content;
  Attributes attributes;
};

/// Makes `path` a directory with `attributes` that holds `all`. Whoever opens it sees the old files
/// or the new ones, never one of each; nothing of the new ones can be read by more than `all` says,
/// at any moment and under any umask. Files of other names that stood there go along; a directory
/// or a link of such a name is refused (conflict) before anything is changed.
///
/// `staging` is where the new directory is built and where the old one ends, on the same file
/// system; a readers' directory is no place for it. What an earlier run left there goes. Parents of
/// both must exist.
Result<> replace_directory(Files& files, std::string const& path, std::string const& staging,
                           std::span<NewFile const> all, Attributes const& attributes);

}  // namespace mailstack::files
