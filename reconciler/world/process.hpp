#pragma once
/// \file
/// The door to other programs: run one to its end.

#include <string>
#include <utility>
#include <vector>

#include "core/result/result.hpp"

namespace mailstack::world {

struct Command {
  std::vector<std::string> argv;  ///< argv[0] is searched in PATH; no shell
  std::string directory;          ///< working directory; empty: ours
  std::string input;              ///< standard input
  std::vector<std::pair<std::string, std::string>>
      environment;              ///< added to a minimal one (PATH, HOME, LANG=C.UTF-8)
  std::string run_as_owner_of;  ///< a path: root drops to its owner first; empty: stay
};

struct Finished {
  int status = 0;  ///< exit status; 128 + signal where one ended it
  std::string output;
  std::string errors;
};

class Process {
 public:
  virtual ~Process() = default;
  /// Fails with not_found where the program does not exist, unavailable where it cannot be started.
  virtual Result<Finished> run(Command const& command) = 0;
};

}  // namespace mailstack::world
