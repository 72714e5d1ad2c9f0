#pragma once
/// \file
/// Where a path leads on a disk: below a root, and through symbolic links.

#include <string>
#include <string_view>

#include "core/files/descriptor.hpp"
#include "core/result/result.hpp"

namespace mailstack::files {

/// The open parent of a path and its last component (`.` for the root itself). What is done
/// relative to `parent` is done there, wherever the path leads meanwhile.
struct Place {
  Descriptor parent;
  std::string leaf;
  std::string shown;  ///< the path with the prefix, for messages
};

/// An errno as an error with its remedy: `VERB SHOWN: No space left on device; free space …`.
tl::unexpected<Error> failure(std::string_view verb, std::string const& shown, int error);

/// openat2 below `root`, so that no link leads out of it; empty: the host itself. `path` is
/// absolute.
int open_below(std::string const& root, std::string const& path, int flags);

/// Fails with invalid for a path that is not absolute or holds `..`.
Result<> check_path(std::string const& path);

/// The place that `path` names itself: a symbolic link there is not followed.
Result<Place> find(std::string_view verb, std::string const& root, std::string const& path);

/// The place to which `path` leads: that of the file behind the symbolic links, or `path`'s own.
/// Fails with conflict where links lead in a circle or to nothing.
///
/// A link at the end counts only where it is root's, ours, or belongs to the owner of the file that
/// it leads to; one among the folders above only where it is root's or ours. Else who may write in
/// the daemon's folder could have root overwrite any file (the rule of the kernel's
/// protected_symlinks, for every folder). Fails with denied for others.
Result<Place> follow(std::string_view verb, std::string const& root, std::string const& path);

}  // namespace mailstack::files
