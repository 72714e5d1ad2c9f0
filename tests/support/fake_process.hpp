#pragma once
/// \file
/// The twin of Process: programs that end as they are told to.

#include <vector>

#include "reconciler/world/process.hpp"

namespace mailstack::support {

class FakeProcess final : public world::Process {
 public:
  Result<world::Finished> run(world::Command const& command) override {
    ran.push_back(command);
    return finished;
  }

  world::Finished finished;
  std::vector<world::Command> ran;
};

}  // namespace mailstack::support
