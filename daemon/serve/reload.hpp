#pragma once
/// \file
/// From a conf tree to the Live that sessions work with.

#include <memory>
#include <string>

#include "daemon/conf/snapshot.hpp"
#include "daemon/serve/live.hpp"

namespace mailstack::serve {

struct Reloaded {
  std::shared_ptr<Live const> live;
  conf::Problems problems;
};

/// Reads the tree; what cannot be used stays as it is in `before` (nullptr: the first start). Makes
/// the SRS key where none is there. A
/// key that a restart only takes is a warning as long as it is not what the daemon started with.
/// Fails where nothing can run.
Result<Reloaded> reload(std::string const& directory, std::shared_ptr<Live const> const& before);

}  // namespace mailstack::serve
