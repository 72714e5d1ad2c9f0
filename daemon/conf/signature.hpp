#pragma once
/// \file
/// Whether a conf tree may have changed, cheaply.

#include <span>
#include <string>

namespace mailstack::conf {

/// Stands for the state of all that load() reads below `directory`: which entries there are, and
/// inode, size, times of change (content, mode, owner) of each. Two calls give the same text where
/// nothing was touched; nothing is opened but directories, so that a thousand domains take
/// milliseconds. Links are followed, so a renewed certificate behind one is seen. Files outside of
/// the tree that mailstackd.yaml names do not count: see files_signature().
///
/// Not a proof: a file system whose clock is coarse may hide a second write of one size within one
/// tick. So whoever polls loads again once after the tree has come to rest.
std::string tree_signature(std::string const& directory);

/// The same for files wherever they are: those of Settings::secret_files.
std::string files_signature(std::span<std::string const> paths);

}  // namespace mailstack::conf
