#pragma once
/// \file
/// Runs a program that takes a message on its standard input: the MDA, the commands of aliases,
/// hooks.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/delivery/curfew.hpp"
#include "daemon/policy/hook.hpp"

namespace mailstack::delivery {

struct Program {
  std::vector<std::string> argv;  ///< never through a shell; the first is looked for in our PATH
  std::vector<std::string> environment;  ///< `NAME=value`; all that it gets
  std::string directory;                 ///< where it stands; empty: where we stand
  std::string_view input;
  std::chrono::milliseconds limit{30'000};
  std::shared_ptr<Curfew const> curfew = nullptr;  ///< null: there is none
  std::size_t most_output = 4096;  ///< octets that are kept; the rest is read and dropped
  bool errors_apart = false;       ///< standard error is no part of the output
};

struct Ran {
  policy::ProgramEnd end;
  std::string output;  ///< standard output and error, as they came; why it was not begun
  bool begun = false;
  std::string errors = {};  ///< standard error, where it is apart
};

/// Blocks: for a thread of the pool. The program is a session of its own, has no descriptor of ours
/// but the three, and every signal at its default. When the limit is over its whole process group
/// is killed; what it left in the background otherwise stays, and is not waited for. A program that
/// does not read its input is no failure. Once the curfew is called, nothing is begun, and only
/// what then ends with status 0 before it gets SIGTERM has ended by itself: all else is cut.
Ran run_program(Program const& program);

}  // namespace mailstack::delivery
