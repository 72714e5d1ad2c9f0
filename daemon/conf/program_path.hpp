#pragma once
/// \file
/// Where the programs are that the settings name: the MDA, the commands of aliases.

#include <string>

#include "core/result/result.hpp"

namespace mailstack::conf {

/// The file that `program` is started from, as execvp(3) finds it: by our PATH where it has no `/`,
/// else below `directory` where it is relative. Fails with not_found or denied, naming the program.
Result<std::string> find_program(std::string const& program, std::string const& directory);

}  // namespace mailstack::conf
