#pragma once
/// \file
/// Where the process stands: what relative paths of a person start at.

#include <string>

namespace mailstack::files {

/// Absolute; `/` where it cannot be said (it was removed, or lies below a closed directory).
std::string working_directory();

}  // namespace mailstack::files
