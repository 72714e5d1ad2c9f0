#pragma once
/// \file
/// From a conf tree to the Live that sessions work with.

#include <memory>
#include <string>

#include "daemon/conf/snapshot.hpp"
#include "daemon/serve/live.hpp"

namespace mailstack::serve {

struct Reloaded {
  std::shared_ptr<Live const> live;  ///< nullptr: nothing can run with it, and `problems` say why
  conf::Problems problems;
};

/// Reads the tree; what cannot be used stays as it is in `before` (nullptr: the first start). Makes
/// the SRS key where none is there. A
/// key that a restart only takes is a warning as long as it is not what the daemon started with.
/// What outlook.hpp sees ahead is told behind the rest.
Reloaded reload(std::string const& directory, std::shared_ptr<Live const> const& before);

}  // namespace mailstack::serve
