#pragma once
/// \file
/// A place in a file that a person wrote.

#include <string>

namespace mailstack {

/// Line and column from 1, the column in octets; 0 is none.
struct Source {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;

  bool operator==(Source const&) const = default;
};

}  // namespace mailstack
