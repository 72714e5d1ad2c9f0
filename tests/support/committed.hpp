#pragma once
/// \file
/// Files of the tree that are made from the program's tables, committed, and compared by a test.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/source_tree.hpp"

namespace mailstack {

inline std::string committed(std::string const& path) {
  std::ostringstream text;
  text << std::ifstream(support::in_source(path)).rdbuf();
  return text.str();
}

/// With UPDATE_GOLDEN in the environment the file is rewritten instead.
inline void compare_committed(std::string const& path, std::string const& made) {
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(support::in_source(path)) << made;
    return;
  }
  INFO(path << " is not what the program's tables say; UPDATE_GOLDEN=1 rewrites it");
  CHECK(committed(path) == made);
}

}  // namespace mailstack
